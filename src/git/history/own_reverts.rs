//! The reverts that rb made.

use git2::{Commit, Oid};

use crate::error::Result;
use crate::git::commit::trailers;
use crate::git::failure::shallow_boundary;
use crate::git::repository::{Repository, raw_parents};

/// A commit that rb made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnRevert {
    /// The commit.
    pub commit: Oid,
    /// What it was made on.
    pub parent: Oid,
    /// The id of the operation.
    pub operation: String,
    /// The commits that it says it takes out.
    pub reverts: Vec<Oid>,
}

/// The commit, where rb made it: its message names the operation. Fails with a
/// [`crate::git::ShallowBoundary`] where it did, and what it was made on is not here.
pub fn own_revert(repository: &Repository, id: Oid) -> Result<Option<OwnRevert>> {
    let commit = repository.find_commit(id)?;
    let Some(operation) = trailers::values(&commit, trailers::OPERATION).into_iter().next_back()
    else {
        return Ok(None);
    };
    let Some(parent) = parent(&commit)? else { return Ok(None) };
    let reverts = trailers::reverted(&commit);
    Ok(Some(OwnRevert { commit: id, parent, operation, reverts }))
}

/// Those on top of the branch, with nothing between them: newest first, at most `most`.
pub fn on_top(repository: &Repository, tip: Oid, most: usize) -> Result<Vec<OwnRevert>> {
    let mut found = Vec::new();
    let mut id = tip;
    while found.len() < most
        && let Some(own) = own_revert(repository, id)?
    {
        id = own.parent;
        found.push(own);
    }
    Ok(found)
}

fn parent(commit: &Commit<'_>) -> Result<Option<Oid>> {
    if raw_parents(commit) != commit.parent_count() {
        return Err(shallow_boundary(commit.id()));
    }
    Ok(commit.parent_ids().next())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{Scratch, put};

    #[test]
    fn they_are_known_by_their_trailer_and_end_at_the_first_other_commit() {
        let scratch = Scratch::new();
        let first = scratch.commit(&[("a", "1\n")]);
        let bad = scratch.on(&[first], "bad", &[put("a", "2\n")]);
        let message =
            |id: Oid| format!("Revert\n\nThis reverts commit {id}.\n\nRb-Operation: 0a\n");
        let older = scratch.on(&[bad], &message(bad), &[put("a", "1\n")]);
        let other = scratch.on(&[older], "Rb-Operation: no trailer\n\nx", &[put("b", "1\n")]);
        let one = scratch.on(&[other], &message(older), &[put("a", "2\n")]);
        let two = scratch.on(&[one], &message(one), &[put("a", "1\n")]);
        let repository = scratch.open();
        let tops = |tip: Oid, most: usize| -> Vec<Oid> {
            on_top(&repository, tip, most).unwrap().iter().map(|own| own.commit).collect()
        };
        assert_eq!(tops(two, 9), [two, one]);
        assert_eq!(tops(two, 1), [two]);
        assert_eq!(tops(other, 9), []);
        let own = own_revert(&repository, two).unwrap().unwrap();
        assert_eq!((own.parent, own.reverts), (one, vec![one]));
    }
}
