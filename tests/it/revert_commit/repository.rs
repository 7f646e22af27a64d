//! A GitOps repository for a test: a bare one that takes pushes, and a checkout of it. All commits are
//! made by the real `git`, with dates that are the same in every run, and so have the same ids.

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::rb::Rb;

/// 2026-01-01T00:00:00Z
const FIRST: u64 = 1_767_225_600;
const AN_HOUR: u64 = 3_600;

pub(super) struct GitOps {
    folder: tempfile::TempDir,
    commits: Cell<u64>,
    is_frozen: Cell<bool>,
}

impl GitOps {
    /// Two applications, `checkout` and `cart`, with the image 2.8.0 each.
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let gitops = Self { folder, commits: Cell::new(0), is_frozen: Cell::new(false) };
        let [origin, work] = [gitops.origin(), gitops.work()];
        git(gitops.folder.path(), &["init", "-q", "--bare", "-b", "main", &text(&origin)], 0);
        git(gitops.folder.path(), &["clone", "-q", &text(&origin), &text(&work)], 0);
        for app in ["checkout", "cart"] {
            gitops.write(&format!("apps/{app}/kustomization.yaml"), "resources: [deploy.yaml]\n");
            gitops.image(app, "2.8.0");
        }
        gitops.commit("Add checkout and cart");
        gitops
    }

    pub(super) fn origin(&self) -> PathBuf {
        self.folder.path().join("origin.git")
    }

    /// Where both are, and the cache.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub(super) fn write(&self, path: &str, content: &str) {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }

    /// Writes a Deployment with this image.
    pub(super) fn image(&self, app: &str, tag: &str) {
        let mut manifest = String::from("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n");
        let _ =
            writeln!(manifest, "  name: {app}\nspec:\n  template:\n    spec:\n      containers:");
        let _ = writeln!(manifest, "      - name: app\n        image: registry.test/{app}:{tag}");
        self.write(&format!("apps/{app}/deploy.yaml"), &manifest);
    }

    /// Commits everything and pushes it; gives the commit.
    pub(super) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["push", "-q", "origin", "HEAD"]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// A release: a new image of an application, pushed.
    pub(super) fn release(&self, app: &str, tag: &str) -> String {
        self.image(app, tag);
        self.commit(&format!("Bump {app} to {tag}"))
    }

    /// `git` in the checkout; what it prints.
    pub(super) fn git(&self, words: &[&str]) -> String {
        if !self.is_frozen.get() {
            self.commits.set(self.commits.get() + 1);
        }
        git(&self.work(), words, self.commits.get())
    }

    /// The same, where it may end with any code.
    pub(super) fn git_may_fail(&self, words: &[&str]) -> bool {
        let mut git = Command::new("git");
        git.current_dir(self.work()).args(words).env("GIT_CONFIG_GLOBAL", "/dev/null");
        git.envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|name| (name, "Bo Dev")));
        git.envs(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "bo@x.test")));
        git.output().expect("git runs").status.success()
    }

    /// From now on all commits are of one second.
    pub(super) fn freeze(&self) {
        self.is_frozen.set(true);
    }

    /// `git` in the repository that takes the pushes.
    pub(super) fn in_origin(&self, words: &[&str]) -> String {
        git(&self.origin(), words, 0)
    }

    /// A file of the branch as it is there.
    pub(super) fn there(&self, path: &str) -> String {
        self.in_origin(&["show", &format!("main:{path}")])
    }

    /// `rb revert-commit` in the checkout; `words` is split at blanks.
    pub(super) fn rb(&self, words: &str) -> Rb {
        self.rb_in(&self.work(), words)
    }

    pub(super) fn rb_in(&self, folder: &Path, words: &str) -> Rb {
        Rb::new(Path::new("/nowhere"))
            .folder(folder)
            .env("GIT_AUTHOR_NAME", "Ada Ops")
            .env("GIT_AUTHOR_EMAIL", "ada@example.test")
            .env("GIT_COMMITTER_NAME", "Ada Ops")
            .env("GIT_COMMITTER_EMAIL", "ada@example.test")
            .env("XDG_CACHE_HOME", self.folder.path().join("cache"))
            .words("revert-commit")
            .words(words)
    }
}

/// `hour` is that of its commits since the first.
fn git(folder: &Path, words: &[&str], hour: u64) -> String {
    let date = format!("{} +0000", FIRST + hour * AN_HOUR);
    let output = Command::new("git")
        .current_dir(folder)
        .args(words)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .envs(["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"].map(|name| (name, "Bo Dev")))
        .envs(["GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"].map(|name| (name, "bo@example.test")))
        .envs(["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"].map(|name| (name, date.as_str())))
        .output()
        .expect("git runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {}: {said}", words.join(" "));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
