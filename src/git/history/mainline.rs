//! Which parent of a bad commit is the good side.

use git2::{Commit, Oid};

use crate::error::{Error, ErrorKind, Result};
use crate::git::failure::shallow_boundary;
use crate::git::repository::{Repository, raw_parents, view};
use crate::git::tree::tree_changes::{Change, between};
use crate::text::{sanitize, shorten};

/// A commit to take out, and the parent that it is measured against.
pub(in crate::git) struct Bad<'r> {
    repository: &'r Repository,
    pub(in crate::git) commit: Commit<'r>,
    pub(in crate::git) parent: Commit<'r>,
}

impl<'r> Bad<'r> {
    /// Finds the parent. A merge is measured against its first one only where that is the branch
    /// itself; otherwise somebody has to say which side is good.
    pub(in crate::git) fn resolve(
        repository: &'r Repository,
        tip: Oid,
        id: Oid,
        mainline: Option<u32>,
    ) -> Result<Self> {
        let commit = repository.revertible(id)?;
        let parents = commit.parent_count();
        let number = match mainline {
            Some(number) => usize::try_from(number).unwrap_or(usize::MAX),
            None if parents == 1 => 1,
            None if is_on_first_parents(repository, tip, parent_id(&commit, 1)?)? => 1,
            None => return Err(which_parent(repository, &commit)?),
        };
        let parent = repository.find_commit(parent_id(&commit, number)?)?;
        Ok(Self { repository, commit, parent })
    }

    /// The files that it changed: from good to bad.
    pub(in crate::git) fn changes(&self) -> Result<Vec<Change>> {
        between(self.repository, Some(self.parent.tree_id()), Some(self.commit.tree_id()))
    }

    pub(in crate::git) fn is_merge(&self) -> bool {
        self.commit.parent_count() > 1
    }
}

/// The parent of this number, counted from 1.
pub(in crate::git) fn parent_id(commit: &Commit<'_>, number: usize) -> Result<Oid> {
    let found = number.checked_sub(1).and_then(|index| commit.parent_id(index).ok());
    found.ok_or_else(|| no_such_parent(commit, number))
}

/// Whether the first parents lead from `tip` to `wanted`.
fn is_on_first_parents(repository: &Repository, tip: Oid, wanted: Oid) -> Result<bool> {
    let mut id = tip;
    loop {
        if id == wanted {
            return Ok(true);
        }
        let commit = repository.find_commit(id)?;
        if raw_parents(&commit) != commit.parent_count() {
            return Err(shallow_boundary(id));
        }
        match commit.parent_ids().next() {
            Some(parent) => id = parent,
            None => return Ok(false),
        }
    }
}

fn no_such_parent(commit: &Commit<'_>, number: usize) -> Error {
    let (id, parents) = (commit.id(), commit.parent_count());
    let message = format!("commit {id} has no parent {number}");
    let error = Error::new(ErrorKind::Usage, message);
    if parents == 1 {
        return error.because("it is no merge").again("", ["--mainline"]);
    }
    error.because(format!("it has {parents}")).again("", ["--mainline", "1"])
}

fn which_parent(repository: &Repository, commit: &Commit<'_>) -> Result<Error> {
    let id = commit.id();
    let message = format!("commit {id} is a merge: which of its parents is the good side?");
    let mut error = Error::new(ErrorKind::Usage, message)
        .because("its first parent is not on the branch itself");
    for (index, parent) in commit.parent_ids().enumerate() {
        let subject = view(&repository.find_commit(parent)?).subject;
        let number = index + 1;
        let subject = sanitize(&subject).into_owned();
        let short: String = parent.to_string().chars().take(9).collect();
        let label = format!("{short} {}", shorten(&subject, 50));
        error = error.again(&label, ["--mainline".to_owned(), number.to_string()]);
    }
    Ok(error)
}

#[cfg(test)]
mod tests;
