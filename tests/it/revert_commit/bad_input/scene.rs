//! What each of these tests looks at: everything that a call says, with names in the place of what is
//! other in each run; and the repository and the checkout, which have to stay as they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use regex_lite::Regex;
use snapbox::data::Inline;
use snapbox::{IntoData as _, assert_data_eq};

use crate::rb::{Ran, Rb};
use crate::revert_commit::repository::GitOps;
use crate::testbed::git_server::{GitServer, Ground};

/// All files of a folder, and what is in them.
pub(super) fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else {
                found.insert(path.clone(), fs::read(&path).unwrap_or_default());
            }
        }
    }
    found
}

/// Texts that are other in each run, and what stands for them.
#[derive(Clone, Default)]
pub(super) struct Names(Vec<(String, String)>);

impl Names {
    pub(super) fn add(&mut self, text: &str, name: &str) {
        self.0.push((text.to_owned(), name.to_owned()));
    }

    /// A commit: `<BAD>` for its whole id, `<bad>` for the beginning of it.
    pub(super) fn commit(&mut self, id: &str, name: &str) {
        self.add(id, &format!("<{}>", name.to_uppercase()));
        self.add(&id[..9], &format!("<{name}>"));
        self.add(&id[..7], &format!("<{name}>"));
    }

    fn replace(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }
}

/// A repository on this machine, with a checkout.
pub(super) struct Scene {
    pub(super) gitops: GitOps,
    pub(super) names: Names,
    /// The first commit, which adds both applications.
    pub(super) first: String,
    /// The second one, which brings `checkout:2.8.1`.
    pub(super) bad: String,
}

impl Scene {
    pub(super) fn new() -> Self {
        let gitops = GitOps::new();
        let first = gitops.git(&["rev-parse", "HEAD"]);
        let bad = gitops.release("checkout", "2.8.1");
        let mut names = Names::default();
        names.add(&gitops.work().display().to_string(), "WORK");
        names.add(&gitops.origin().display().to_string(), "ORIGIN");
        names.add(&gitops.folder().display().to_string(), "FOLDER");
        names.commit(&first, "first");
        names.commit(&bad, "bad");
        Self { gitops, names, first, bad }
    }

    /// Names another commit.
    pub(super) fn name(&mut self, id: &str, name: &str) {
        self.names.commit(id, name);
    }

    /// All refs of the repository.
    pub(super) fn refs(&self) -> String {
        self.gitops.in_origin(&["for-each-ref"])
    }

    /// In the checkout, with `words` split at blanks.
    #[track_caller]
    pub(super) fn refuses(&self, words: &str, code: i32, said: Inline) -> Ran {
        self.refuses_call(self.gitops.rb(words), code, said)
    }

    /// It ends with this code, says this on stderr and nothing on stdout, and nothing has changed: no
    /// ref of the repository, no file of the checkout or of its `.git`.
    #[track_caller]
    pub(super) fn refuses_call(&self, rb: Rb, code: i32, said: Inline) -> Ran {
        let ran = self.harmless(rb).ends_with(code);
        assert_eq!(ran.stdout, "", "{ran}");
        assert_data_eq!(self.names.replace(&ran.stderr), said.raw());
        ran
    }

    /// Nothing has changed, whatever it says.
    #[track_caller]
    pub(super) fn harmless(&self, rb: Rb) -> Ran {
        let before = (self.refs(), files(&self.gitops.work()));
        let ran = rb.run();
        assert_eq!(self.refs(), before.0, "{ran}");
        assert!(files(&self.gitops.work()) == before.1, "the checkout has changed: {ran}");
        ran
    }
}

/// A repository behind a server: `shop`, with the commits `bump 1` and so on.
pub(super) struct Shop {
    pub(super) ground: Arc<Ground>,
    pub(super) server: GitServer,
    pub(super) names: Names,
    pub(super) folder: tempfile::TempDir,
}

impl Shop {
    pub(super) fn new() -> Self {
        let ground = Arc::new(Ground::new().expect("a ground"));
        ground.with_commits("shop", 12).expect("a repository");
        let server = GitServer::start(&ground).expect("a server");
        Self::of(ground, server)
    }

    pub(super) fn of(ground: Arc<Ground>, server: GitServer) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut names = Names::default();
        names.add(&server.address().to_string(), "SERVER");
        names.add(&server.address().port().to_string(), "PORT");
        names.add(&folder.path().display().to_string(), "FOLDER");
        Self { ground, server, names, folder }
    }

    /// The newest commit, by its id.
    pub(super) fn newest(&self) -> String {
        self.ground.commit("shop", "main").expect("a commit")
    }

    /// `rb revert-commit` on the newest commit.
    pub(super) fn rb(&self, words: &str) -> Rb {
        self.rb_at(&self.server.url("shop"), words)
    }

    /// The same at another URL.
    pub(super) fn rb_at(&self, url: &str, words: &str) -> Rb {
        outside(self.folder.path())
            .arg(self.newest())
            .arg(format!("--repo={url}"))
            .words("--branch main --yes")
            .words(words)
    }

    /// What was said, with names in it.
    pub(super) fn said(&self, text: &str, newest: &str) -> String {
        let mut names = self.names.clone();
        names.commit(newest, "newest");
        let time = Regex::new(r"after \d+ ms").expect("an expression");
        time.replace_all(&names.replace(text), "after N ms").into_owned()
    }

    /// It ends with this code and says this on stderr, and no ref has changed.
    #[track_caller]
    pub(super) fn refuses(&self, rb: Rb, code: i32, said: Inline) -> Ran {
        let refs = || self.ground.git("shop", &["for-each-ref"]).expect("refs");
        let before = refs();
        let ran = rb.run();
        assert_eq!(refs(), before, "{ran}");
        let ran = ran.ends_with(code);
        assert_data_eq!(self.said(&ran.stderr, &self.newest()), said.raw());
        ran
    }
}

/// `rb revert-commit` in this folder, which is no checkout, with a cache in it.
pub(super) fn outside(folder: &Path) -> Rb {
    Rb::new(Path::new("/nowhere"))
        .folder(folder)
        .env("GIT_AUTHOR_NAME", "Ada Ops")
        .env("GIT_AUTHOR_EMAIL", "ada@example.test")
        .env("GIT_COMMITTER_NAME", "Ada Ops")
        .env("GIT_COMMITTER_EMAIL", "ada@example.test")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .words("revert-commit")
}
