//! Work on objects of which not all are here: what is missing is fetched, and the work done anew.

use crate::error::{Error, Result};
use crate::git::branch::BranchName;
use crate::git::remote::fetch::{History, Needs};
use crate::git::repository::Repository;
use crate::git::{MissingObject, Oid, ShallowBoundary};

use super::ground::Ground;

/// How often more is fetched: three steps of history, then all of it.
const MOST: u32 = 6;

/// What would help, where more of the repository would.
pub(super) fn needs_of(error: &Error) -> Option<Needs> {
    ShallowBoundary::of(error).map(|_| Needs::history(History::Deeper))
}

/// Whether an object is missing that should be here.
pub(super) fn is_broken(error: &Error) -> bool {
    MissingObject::of(error).is_some()
}

impl Ground {
    /// Does the work on the tip, with as much history as it takes. The tip is that of the last fetch.
    pub(crate) async fn with_enough<T>(
        &mut self,
        tip: &mut Oid,
        progress: &mut dyn FnMut(&str),
        work: impl Fn(&Repository, Oid) -> Result<T>,
    ) -> Result<T> {
        let branch = self.branch.clone();
        self.with_enough_of(&branch, tip, progress, work).await
    }

    /// The same with the tip of another branch.
    pub(super) async fn with_enough_of<T>(
        &mut self,
        branch: &BranchName,
        tip: &mut Oid,
        progress: &mut dyn FnMut(&str),
        work: impl Fn(&Repository, Oid) -> Result<T>,
    ) -> Result<T> {
        let mut steps = 0;
        loop {
            let result = {
                let repository = self.store.open(Repository::open)?;
                work(&repository, *tip)
            };
            let needs = match &result {
                Err(error) if steps < MOST => needs_of(error),
                _ => None,
            };
            let Some(needs) = needs else { return result };
            steps += 1;
            *tip = self.remote.fetch(&mut self.store, branch, &needs, progress).await?;
        }
    }
}
