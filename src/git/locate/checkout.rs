//! The checkout that `rb` runs in: what it has, and whether its objects can be used. It is only read.

use std::path::{Path, PathBuf};

use super::shown;
use crate::error::{Error, ErrorKind, Result};
use crate::git::program::{Git, Output};
use crate::text::{self, shell_quote};

/// A checkout, or a bare repository with remotes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// Where `rb` runs in it.
    pub folder: PathBuf,
    /// The folder of its objects, where they can be used: all of them are there.
    pub objects: Option<PathBuf>,
    /// Whether files differ from the commit.
    pub is_dirty: bool,
}

impl Checkout {
    pub(super) fn notes(&self) -> Option<String> {
        let note = "your working tree has changes that are not committed: they stay as they are";
        self.is_dirty.then(|| note.to_owned())
    }
}

/// Whether there is a bare repository at this path itself.
pub(super) async fn is_bare(git: &Git, path: &Path) -> Result<bool> {
    let answers = ask(git, path, &["rev-parse", "--is-bare-repository"]).await?;
    Ok(answers.first().is_some_and(|answer| answer == "true"))
}

pub(super) async fn find(git: &Git, folder: &Path) -> Result<Checkout> {
    let answers = ask(
        git,
        folder,
        &[
            "rev-parse",
            "--path-format=absolute",
            "--is-shallow-repository",
            "--is-inside-work-tree",
            "--git-path",
            "objects",
        ],
    )
    .await?;
    let answer = |index: usize| answers.get(index).map(String::as_str).unwrap_or_default();
    let (is_shallow, has_files) = (answer(0) == "true", answer(1) == "true");
    let objects = PathBuf::from(answer(2));
    let filters = ["config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$"];
    let is_partial = !git.at(folder, &filters).await?.stdout.is_empty();
    // Where objects are missing, ours would be incomplete and nobody would fetch the rest.
    let usable = !is_shallow && !is_partial && objects.is_absolute() && objects.is_dir();
    let is_dirty = has_files && is_dirty(git, folder).await;
    let objects = usable.then_some(objects);
    Ok(Checkout { folder: folder.to_owned(), objects, is_dirty })
}

/// The index is not refreshed on disk: `GIT_OPTIONAL_LOCKS=0`. Where it takes too long, nothing is said.
async fn is_dirty(git: &Git, folder: &Path) -> bool {
    let status = ["status", "--porcelain", "--untracked-files=no", "--ignore-submodules=dirty"];
    // A file system monitor would be a program of the user that stays.
    let words: Vec<&str> = ["-c", "core.fsmonitor=false"].into_iter().chain(status).collect();
    git.at(folder, &words).await.is_ok_and(|output| !output.stdout.is_empty())
}

async fn ask(git: &Git, folder: &Path, words: &[&str]) -> Result<Vec<String>> {
    let output = git.at(folder, words).await?;
    if !output.status.success() {
        return Err(no_repository(folder, &output));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().map(str::to_owned).collect())
}

fn no_repository(folder: &Path, output: &Output) -> Error {
    let place = shown(folder);
    let said = output.said.join("; ");
    if said.contains("dubious ownership") {
        let quoted = shell_quote(&place).into_owned();
        return Error::new(ErrorKind::Refused, format!("{place} belongs to another user"))
            .because("Git does not read a repository that somebody else can change")
            .hint(format!("git config --global --add safe.directory {quoted}"));
    }
    let is_read = said.contains("not a git repository") || said.is_empty();
    let has_one = folder.join(".git").exists();
    let message = if is_read && !has_one {
        format!("{place} is in no Git repository")
    } else {
        format!("Git cannot read the repository of {place}")
    };
    let error = Error::new(ErrorKind::Usage, message);
    let error = if is_read && !has_one {
        error
    } else {
        let quoted = shell_quote(&place).into_owned();
        error.because(text::sanitize(&said).into_owned()).hint(format!("git -C {quoted} status"))
    };
    error.again("name the repository", ["--repo", "URL", "--branch", "NAME"])
}
