//! A bare repository with a branch `main`, a branch that takes a change back and one that conflicts
//! with it. Merges are real ones, made by `git`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The branch that takes a change back.
pub(crate) const HEAD: &str = "rb/revert-9f3c2ab";
/// A branch that conflicts with `main`.
pub(crate) const CONFLICT: &str = "rb/revert-0000000";

const HISTORY: &str = "\
commit refs/heads/main\nmark :1\ncommitter t <t@t> 1700000000 +0000\ndata 4\ngood
M 100644 inline app.yaml\ndata 13\nimage: v2.8.0\n
commit refs/heads/main\nmark :2\ncommitter t <t@t> 1700000100 +0000\ndata 4\nbump
from :1\nM 100644 inline app.yaml\ndata 13\nimage: v2.8.1\n
commit refs/heads/rb/revert-9f3c2ab\nmark :3\ncommitter t <t@t> 1700000200 +0000\ndata 6\nrevert
from :2\nM 100644 inline app.yaml\ndata 13\nimage: v2.8.0\n
commit refs/heads/rb/revert-0000000\nmark :4\ncommitter t <t@t> 1700000200 +0000\ndata 3\nold
from :1\nM 100644 inline app.yaml\ndata 13\nimage: v0.0.0\n
";

pub(crate) struct Repository {
    folder: PathBuf,
    #[expect(dead_code, reason = "it is there as long as the repository")]
    kept: Option<TempDir>,
}

impl Repository {
    pub(crate) fn new() -> Self {
        let kept = TempDir::new().expect("a folder");
        let repository = Self { folder: kept.path().to_owned(), kept: Some(kept) };
        repository.git(&["init", "--quiet", "--bare", "--initial-branch=main", "."], "");
        repository.git(&["fast-import", "--quiet"], HISTORY);
        repository
    }

    /// One that is there.
    pub(crate) fn at(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), kept: None }
    }

    /// The newest commit of a branch.
    pub(crate) fn tip(&self, branch: &str) -> Option<String> {
        let name = format!("refs/heads/{branch}");
        self.try_git(&["rev-parse", "--verify", "--quiet", &name], "")
            .map(|id| id.trim().to_owned())
    }

    pub(crate) fn file(&self, commit: &str) -> String {
        self.git(&["show", &format!("{commit}:app.yaml")], "")
    }

    pub(crate) fn parents(&self, commit: &str) -> usize {
        self.git(&["rev-list", "--parents", "--max-count=1", commit], "").split(' ').count() - 1
    }

    /// Whether there is nothing on `head` that `base` has not.
    pub(crate) fn is_behind(&self, head: &str, base: &str) -> bool {
        self.try_git(&["merge-base", "--is-ancestor", head, base], "").is_some()
    }

    /// Whether a merge would be clean.
    pub(crate) fn merges(&self, head: &str, base: &str) -> bool {
        self.try_git(&["merge-tree", "--write-tree", base, head], "").is_some()
    }

    /// Merges `head` into `base`; the commit that `base` gets, or `None` for a conflict.
    pub(crate) fn merge(&self, head: &str, base: &str, is_squash: bool) -> Option<String> {
        let tree = self.try_git(&["merge-tree", "--write-tree", base, head], "")?;
        let (head, old) = (self.tip(head)?, self.tip(base)?);
        let mut words = vec!["commit-tree", tree.trim(), "-m", "Merge", "-p", &old];
        if !is_squash {
            words.extend(["-p", &head]);
        }
        let commit = self.git(&words, "").trim().to_owned();
        self.git(&["update-ref", &format!("refs/heads/{base}"), &commit, &old], "");
        Some(commit)
    }

    /// Somebody else pushes to a branch.
    pub(crate) fn push_to(&self, branch: &str) {
        let old = self.tip(branch).expect("a branch");
        let tree = format!("{old}^{{tree}}");
        let commit = self.git(&["commit-tree", &tree, "-m", "more", "-p", &old], "");
        self.git(&["update-ref", &format!("refs/heads/{branch}"), commit.trim(), &old], "");
    }

    /// Somebody else writes a file.
    pub(crate) fn write(&self, branch: &str, path: &str, text: &str) {
        let commit = format!(
            "commit refs/heads/{branch}\ncommitter t <t@t> 1700000400 +0000\ndata 4\nmore\n\
             from refs/heads/{branch}^0\nM 100644 inline {path}\ndata {}\n{text}\n",
            text.len()
        );
        self.git(&["fast-import", "--quiet"], &commit);
    }

    fn git(&self, words: &[&str], input: &str) -> String {
        self.try_git(words, input).unwrap_or_else(|| panic!("git {words:?}"))
    }

    fn try_git(&self, words: &[&str], input: &str) -> Option<String> {
        let mut child = git(&self.folder)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("git");
        child.stdin.take().expect("stdin").write_all(input.as_bytes()).ok();
        let output = child.wait_with_output().expect("git ends");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// `git`, with nothing of the person's own.
fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.current_dir(folder).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "t").env(format!("GIT_{role}_EMAIL"), "t@t");
        command.env(format!("GIT_{role}_DATE"), "1700000300 +0000");
    }
    command.env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1");
    command
}
