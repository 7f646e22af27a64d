//! Writes histories for `git fast-import`: a thousand commits in a fraction of a second.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kubectl_rb::git::Oid;
use kubectl_rb::git::branch::{Branch, BranchName};
use tempfile::TempDir;

/// The files of a commit: path to mode and content. A submodule's content is the id of its commit.
pub(super) type Files = BTreeMap<String, (u32, Vec<u8>)>;

/// A bare repository with a branch `main`, and what is still to be written to it.
pub(super) struct Scribe {
    folder: TempDir,
    stream: Vec<u8>,
    commits: usize,
    random: u64,
}

impl Scribe {
    pub(super) fn new(seed: u64) -> Self {
        let folder = TempDir::new().expect("a folder");
        git(folder.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "."]);
        // They are read thousands of times, and gone soon.
        git(folder.path(), &["config", "core.compression", "0"]);
        Self { folder, stream: Vec::new(), commits: 0, random: seed }
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A number below `end`, the same in every run (splitmix64).
    pub(super) fn pick(&mut self, end: usize) -> usize {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).expect("a small number")
    }

    pub(super) fn commits(&self) -> usize {
        self.commits
    }

    /// Writes a commit of `main`. The first of the parents had the files `before`. Gives its number.
    pub(super) fn commit(
        &mut self,
        parents: &[usize],
        message: &str,
        before: &Files,
        after: &Files,
    ) -> usize {
        self.commits += 1;
        let number = self.commits;
        let at = 1_700_000_000 + number * 60;
        let mut text = format!("commit refs/heads/main\nmark :{number}\n");
        for role in ["author", "committer"] {
            text += &format!("{role} Bot <bot@shop.example> {at} +0000\n");
        }
        text += &format!("data {}\n{message}\n", message.len());
        for (index, parent) in parents.iter().enumerate() {
            text += &format!("{} :{parent}\n", if index == 0 { "from" } else { "merge" });
        }
        self.stream.extend(text.bytes());
        for path in before.keys().filter(|path| !after.contains_key(*path)) {
            self.stream.extend(format!("D {path}\n").bytes());
        }
        for (path, file) in after {
            if before.get(path) == Some(file) {
                continue;
            }
            let (mode, content) = file;
            if *mode == 0o160_000 {
                let id = String::from_utf8_lossy(content);
                self.stream.extend(format!("M {mode:o} {id} {path}\n").bytes());
                continue;
            }
            let head = format!("M {mode:o} inline {path}\ndata {}\n", content.len());
            self.stream.extend(head.bytes().chain(content.iter().copied()).chain(*b"\n"));
        }
        number
    }

    /// Writes what there is to the repository. Gives the ids of all commits so far, by number from 1.
    pub(super) fn import(&mut self) -> Vec<String> {
        let marks = self.path().join("marks");
        let marks = marks.to_str().expect("a path");
        let mut child = Command::new("git")
            .arg("-C")
            .arg(self.path())
            .args(["fast-import", "--quiet", "--force"])
            .args([format!("--import-marks-if-exists={marks}"), format!("--export-marks={marks}")])
            .stdin(Stdio::piped())
            .spawn()
            .expect("git");
        child.stdin.take().expect("its input").write_all(&self.stream).expect("it reads");
        assert!(child.wait().expect("git ends").success(), "git fast-import failed");
        self.stream.clear();
        let marks = fs::read_to_string(marks).expect("marks");
        let mut ids = vec![String::new(); self.commits];
        for line in marks.lines() {
            let (number, id) = line.trim_start_matches(':').split_once(' ').expect("a mark");
            id.clone_into(&mut ids[number.parse::<usize>().expect("a number") - 1]);
        }
        ids
    }

    /// A checkout that has the same objects.
    pub(super) fn checkout(&self) -> (TempDir, PathBuf) {
        let folder = TempDir::new().expect("a folder");
        let path = folder.path().join("work");
        let (from, to) = (self.path().to_str().expect("a path"), path.to_str().expect("a path"));
        git(folder.path(), &["clone", "--quiet", "--shared", from, to]);
        (folder, path)
    }
}

/// `git` in a folder, without anything of the user's configuration.
pub(super) fn command(folder: &Path) -> Command {
    let mut git = Command::new("git");
    git.arg("-C").arg(folder);
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1").env("LC_ALL", "C");
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        git.env_remove(name);
    }
    for (role, name) in [("AUTHOR", "Ann"), ("COMMITTER", "Ann")] {
        git.env(format!("GIT_{role}_NAME"), name);
        git.env(format!("GIT_{role}_EMAIL"), "ann@shop.example");
    }
    git
}

/// What `git` prints, without the last line end; it must succeed.
pub(super) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder).args(arguments).output().expect("git");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {error}");
    String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
}

/// A branch and where it stands, as `git` says.
pub(super) fn branch(folder: &Path, name: &str) -> Branch {
    let tip = git(folder, &["rev-parse", "--verify", &format!("refs/heads/{name}")]);
    let tip = Oid::from_str(&tip).expect("an id");
    Branch { name: BranchName::parse(name).expect("a name"), tip }
}
