//! Repositories for tests, made by `git` itself, with nothing of the person's own configuration.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

/// A folder with bare repositories, and a home for those who run `git` on them.
pub(crate) struct Ground {
    folder: TempDir,
}

impl Ground {
    pub(crate) fn new() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("rb-git-ground-").tempdir()?;
        std::fs::create_dir(folder.path().join("home"))?;
        std::fs::create_dir(folder.path().join("served"))?;
        Ok(Self { folder })
    }

    /// Where the repositories are.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("served")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// A place for other files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn repository(&self, name: &str) -> PathBuf {
        self.root().join(format!("{name}.git"))
    }

    /// `git` in one of the repositories.
    pub(crate) fn git(&self, name: &str, words: &[&str]) -> Result<String> {
        git(&self.home(), &self.repository(name), words)
    }

    /// A bare repository with `commits` commits on `main`, each of which changes one file more or less:
    /// commit `n` is `bump n` and writes `apps/app-(n mod 10)/values.yaml`.
    pub(crate) fn with_commits(&self, name: &str, commits: usize) -> Result<()> {
        let path = self.repository(name);
        std::fs::create_dir_all(&path)?;
        let words = ["init", "--bare", "--quiet", "--initial-branch=main", "."];
        git(&self.home(), &path, &words)?;
        self.git(name, &["config", "http.receivepack", "true"])?;
        let mut stream = String::new();
        for number in 1..=commits {
            let text = format!("image: registry.test/app:1.{number}\n");
            let message = format!("bump {number}");
            writeln!(stream, "commit refs/heads/main")?;
            writeln!(stream, "committer Ann <ann@x.test> {} +0000", 1_700_000_000 + number * 60)?;
            write!(stream, "data {}\n{message}\n", message.len())?;
            writeln!(stream, "M 100644 inline apps/app-{}/values.yaml", number % 10)?;
            write!(stream, "data {}\n{text}\n", text.len())?;
        }
        let mut child = command(&self.home(), &path, &["fast-import", "--quiet"])
            .stdin(Stdio::piped())
            .spawn()?;
        let mut input = child.stdin.take().context("its stdin")?;
        input.write_all(stream.as_bytes())?;
        drop(input);
        anyhow::ensure!(child.wait()?.success(), "git fast-import failed");
        Ok(())
    }

    /// The commit that a name stands for.
    pub(crate) fn commit(&self, name: &str, revision: &str) -> Result<String> {
        Ok(self.git(name, &["rev-parse", "--verify", revision])?.trim().to_owned())
    }

    /// How many commits are on a branch.
    pub(crate) fn count(&self, name: &str, branch: &str) -> Result<usize> {
        Ok(self.git(name, &["rev-list", "--count", branch])?.trim().parse()?)
    }

    /// A commit by somebody else, straight on the branch.
    pub(crate) fn somebody_commits(&self, name: &str, branch: &str) -> Result<String> {
        let tree = format!("{branch}^{{tree}}");
        let new = self.git(name, &["commit-tree", &tree, "-p", branch, "-m", "somebody else"])?;
        let full = format!("refs/heads/{branch}");
        self.git(name, &["update-ref", &full, new.trim()])?;
        Ok(new.trim().to_owned())
    }

    /// A hook of the server: a shell script.
    pub(crate) fn hook(&self, name: &str, hook: &str, script: &str) -> Result<()> {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.repository(name).join("hooks").join(hook);
        std::fs::create_dir_all(path.parent().context("a folder")?)?;
        // Written aside: a program that is open for writing cannot be run.
        let aside = path.with_extension("new");
        std::fs::write(&aside, format!("#!/bin/sh\n{script}\n"))?;
        std::fs::set_permissions(&aside, std::fs::Permissions::from_mode(0o755))?;
        Ok(std::fs::rename(&aside, &path)?)
    }
}

/// Runs `git` in a folder, and gives what it says on stdout.
pub(crate) fn git(home: &Path, folder: &Path, words: &[&str]) -> Result<String> {
    let output = command(home, folder, words).output().context("running git")?;
    if !output.status.success() {
        bail!("git {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn command(home: &Path, folder: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("git");
    command.args(words).current_dir(folder).env_clear();
    for (name, value) in [
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "Bob"),
        ("GIT_AUTHOR_EMAIL", "bob@x.test"),
        ("GIT_COMMITTER_NAME", "Bob"),
        ("GIT_COMMITTER_EMAIL", "bob@x.test"),
    ] {
        command.env(name, value);
    }
    command.env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
}
