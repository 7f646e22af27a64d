//! Whether a bad commit is taken out already.
//!
//! The content decides: what merges to no change is out. Only where a later change stands in the way
//! does the history speak: a commit says that it reverts the bad one, did so for this file, and nothing
//! has put the bad change back since. A message alone proves nothing: a squash or a bot may have
//! brought the bad version back under any name.

use git2::{Commit, Oid};

use crate::error::Result;
use crate::git::commit::trailers;
use crate::git::failure::ShallowBoundary;
use crate::git::history::ancestry::{State, since, state};
use crate::git::repository::Repository;
use crate::git::tree::draft::Draft;
use crate::git::tree::file_merge::ThreeWays;
use crate::git::tree::tree_changes::Change;

/// A revert that was made before, and what came after it.
pub struct Earlier<'r> {
    repository: &'r Repository,
    /// The commit that says so.
    pub(in crate::git) by: Commit<'r>,
    /// What came after it, oldest first.
    later: Vec<Commit<'r>>,
}

impl Earlier<'_> {
    /// The commit that says that it reverts the bad one.
    #[must_use]
    pub fn id(&self) -> Oid {
        self.by.id()
    }

    /// Whether it took this change out, and nothing has put it back since.
    pub(in crate::git) fn took_out(&self, change: &Change) -> Result<bool> {
        if self.state_in(&self.by, change)? != State::Gone {
            return Ok(false);
        }
        for commit in &self.later {
            if self.state_in(commit, change)? == State::InForce {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn state_in(&self, commit: &Commit<'_>, change: &Change) -> Result<State> {
        let tip = Draft::on(self.repository, commit.tree_id()).get(&change.path)?;
        state(self.repository, ThreeWays { bad: change.after, tip, good: change.before })
    }
}

/// The newest commit between `bad` and `tip` that says that it reverts `bad`, unless a later one says
/// that it reverts that. None where the history that is here does not reach so far: then only the
/// content is known.
pub fn earlier(repository: &Repository, tip: Oid, bad: Oid) -> Result<Option<Earlier<'_>>> {
    let commits = match since(repository, tip, &[bad]) {
        Ok(commits) => commits,
        Err(error) if ShallowBoundary::of(&error).is_some() => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut found: Option<Earlier<'_>> = None;
    for commit in commits.into_iter().rev() {
        let reverted = trailers::reverted(&commit);
        if reverted.contains(&bad) {
            found = Some(Earlier { repository, by: commit, later: Vec::new() });
        } else if found.as_ref().is_some_and(|found| reverted.contains(&found.by.id())) {
            found = None;
        } else if let Some(found) = &mut found {
            found.later.push(commit);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
