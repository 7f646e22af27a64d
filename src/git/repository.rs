//! A repository, opened so that nothing in it can mislead a revert.
//!
//! It is always used as a bare one: libgit2 reads attributes of a work tree, and `merge=union` there
//! turns a revert into nothing, silently. It is opened by the call that reads `shallow`, and each
//! commit is counted: one whose parents are not here is refused. A handle keeps what it has read, so
//! open the repository again after every fetch.

use std::cell::Cell;
use std::ffi::OsStr;
use std::path::Path;

use git2::{Commit, ErrorClass, ErrorCode, ObjectType, Oid, RepositoryOpenFlags, Tree};

use crate::error::{Error, ErrorKind, Result};
use crate::git::failure::{failed, shallow_boundary, unreadable, words};
use crate::rollback::model::revert::CommitView;
use crate::text::shell_quote;

/// An open repository.
pub struct Repository {
    inner: git2::Repository,
    trees_read: Cell<u64>,
}

impl Repository {
    /// Opens a bare repository, a checkout or a linked work tree at exactly this path. Fails with
    /// [`ErrorKind::Usage`] where there is none, and with [`ErrorKind::Refused`] where it belongs to
    /// another user.
    pub fn open(path: &Path) -> Result<Self> {
        let none: [&OsStr; 0] = [];
        let found = git2::Repository::open(path).map_err(|error| cannot_open(path, &error))?;
        // The parts that work trees share. `open_bare` would forget `shallow` here.
        let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::BARE;
        let inner = git2::Repository::open_ext(found.commondir(), flags, none)
            .map_err(|error| cannot_open(path, &error))?;
        Ok(Self { inner, trees_read: Cell::new(0) })
    }

    /// Where its objects and refs are.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        self.inner.path()
    }

    /// Whether history ends before its beginning.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        self.inner.is_shallow()
    }

    /// How many trees were read so far.
    #[must_use]
    pub fn trees_read(&self) -> u64 {
        self.trees_read.get()
    }

    pub(super) fn raw(&self) -> &git2::Repository {
        &self.inner
    }

    /// A commit, with or without its parents here.
    pub(super) fn find_commit(&self, id: Oid) -> Result<Commit<'_>> {
        self.inner.find_commit(id).map_err(|error| unreadable("commit", id, &error))
    }

    /// A commit all of whose parents are known: history may be walked past it.
    pub(super) fn whole_commit(&self, id: Oid) -> Result<Commit<'_>> {
        let commit = self.find_commit(id)?;
        if raw_parents(&commit) == commit.parent_count() {
            Ok(commit)
        } else {
            Err(shallow_boundary(id))
        }
    }

    /// A commit that can be taken out: it has a parent, and the parents are known.
    pub(super) fn revertible(&self, id: Oid) -> Result<Commit<'_>> {
        let commit = self.whole_commit(id)?;
        if commit.parent_count() > 0 {
            return Ok(commit);
        }
        let message = format!("commit {id} is the first of the repository and cannot be reverted");
        Err(Error::new(ErrorKind::Refused, message)
            .because(
                "its revert would delete every file that it added, and there is nothing before it",
            )
            .again("which others there are", [""]))
    }

    /// What people see of a commit.
    pub fn view(&self, id: Oid) -> Result<CommitView> {
        Ok(view(&self.find_commit(id)?))
    }

    /// The tree of a commit.
    pub fn tree_id(&self, commit: Oid) -> Result<Oid> {
        Ok(self.find_commit(commit)?.tree_id())
    }

    pub(super) fn tree(&self, id: Oid) -> Result<Tree<'_>> {
        self.trees_read.set(self.trees_read.get() + 1);
        self.inner.find_tree(id).map_err(|error| unreadable("tree", id, &error))
    }

    pub(super) fn blob(&self, id: Oid) -> Result<Vec<u8>> {
        let blob = self.inner.find_blob(id).map_err(|error| unreadable("file", id, &error))?;
        Ok(blob.content().to_vec())
    }

    /// How large a file is, without reading it. `None` where it is not here.
    pub(super) fn blob_size(&self, id: Oid) -> Option<usize> {
        let database = self.inner.odb().ok()?;
        database.read_header(id).ok().map(|(size, _)| size)
    }

    pub(super) fn write(&self, kind: ObjectType, content: &[u8]) -> Result<Oid> {
        self.inner
            .odb()
            .and_then(|database| database.write(kind, content))
            .map_err(|error| failed(format!("cannot write a {kind} into the repository"), &error))
    }
}

/// How many parents a commit really has, whatever is grafted over it.
pub(super) fn raw_parents(commit: &Commit<'_>) -> usize {
    let header = commit.raw_header_bytes();
    header.split(|byte| *byte == b'\n').filter(|line| line.starts_with(b"parent ")).count()
}

/// What people see of a commit: text that is foreign, to be sanitized where it is shown.
pub(super) fn view(commit: &Commit<'_>) -> CommitView {
    let subject = commit.summary_bytes().unwrap_or_default();
    CommitView {
        id: commit.id().to_string(),
        subject: String::from_utf8_lossy(subject).into_owned(),
        author: String::from_utf8_lossy(commit.author().name_bytes()).into_owned(),
        at: jiff::Timestamp::from_second(commit.time().seconds()).unwrap_or_default(),
        parents: raw_parents(commit),
    }
}

fn cannot_open(path: &Path, error: &git2::Error) -> Error {
    let place = path.display().to_string();
    let quoted = shell_quote(&place);
    match (error.class(), error.code()) {
        (_, ErrorCode::Owner) => Error::new(
            ErrorKind::Refused,
            format!("the repository {place} belongs to another user"),
        )
        .hint(format!("git config --global --add safe.directory {quoted}")),
        (ErrorClass::Repository, _) | (_, ErrorCode::NotFound) => {
            Error::new(ErrorKind::Usage, format!("{place} is not a Git repository"))
                .because(words(error))
                .hint("name one with --repo URL or --repo PATH")
        }
        _ => failed(format!("cannot open the repository {place}"), error),
    }
}

#[cfg(test)]
mod tests;
