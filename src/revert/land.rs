//! Carrying a plan out: the commit is made and pushed. Where others push meanwhile it is made again on
//! the new tip, as long as it comes to what was agreed to.

use jiff::Zoned;

use crate::error::{Error, ErrorKind, Result};
use crate::git::Oid;
use crate::git::branch::{Branch, BranchName};
use crate::git::commit::identity::Identity;
use crate::git::commit::signing::Signing;
use crate::git::commit::{self, NewCommit};
use crate::git::remote::retry::{Made, Pace};
use crate::git::repository::Repository;
use crate::git::store::Store;
use crate::rollback::model::revert::Reverted;
use crate::rollback::model::revert_outcome::{NothingToRevert, Pushed, RevertOutcome};
use crate::rollback::model::revert_plan::RevertPlan;

use super::enough::{is_broken, needs_of};
use super::ground::Ground;
use super::plan::{Tried, attempt, done_before, oid};
use super::refusal;

/// Who the commit is by, and how it is signed.
#[derive(Clone, Debug)]
pub struct By {
    /// Who wanted it.
    pub author: Identity,
    /// Who makes it.
    pub committer: Identity,
    /// The key, where commits are signed.
    pub signing: Option<Signing>,
}

/// Makes the commit and pushes it, never by force. Lost race: the branch moved each time, or so that
/// the revert would be another one than was agreed to. Refused: a rule of ours or of the server.
pub async fn land(
    ground: &mut Ground,
    plan: &RevertPlan,
    by: &By,
    progress: &mut dyn FnMut(&str),
) -> Result<RevertOutcome> {
    let tip = oid(&plan.reverted.tip)?;
    let Ground { remote, store, branch, .. } = ground;
    let url = remote.url().identity();
    let order = Order { plan, url: &url, by };
    let make = |store: &Store, tip: Oid| order.make(store, tip);
    let pushed =
        remote.push_with_retry(store, branch, tip, Pace::default(), progress, make).await?;
    let Some(commit) = pushed.commit else {
        let gone = || Error::new(ErrorKind::Internal, "neither a commit nor a reason for none");
        return pushed.value.map(RevertOutcome::Nothing).ok_or_else(gone);
    };
    if pushed.landed.by_others {
        return Ok(RevertOutcome::Nothing(done_before(&commit.to_string())));
    }
    let mut warnings = Vec::new();
    if pushed.landed.bypassed {
        warnings.push("the server's rules for this branch were passed over for you".to_owned());
    }
    Ok(RevertOutcome::Pushed(Pushed {
        branch: plan.branch.clone(),
        commit: commit.to_string(),
        tip_before: pushed.on.to_string(),
        attempts: pushed.tries,
        remote: pushed.landed.said,
        warnings,
        forward: format!("rb revert-commit {}", refusal::short(&commit.to_string())),
    }))
}

/// What is to be made of any tip.
pub(super) struct Order<'a> {
    pub(super) plan: &'a RevertPlan,
    /// The identity of the repository.
    pub(super) url: &'a str,
    pub(super) by: &'a By,
}

impl Order<'_> {
    fn make(&self, store: &Store, tip: Oid) -> Result<Made<Option<NothingToRevert>>> {
        let repository = store.open(Repository::open)?;
        match self.try_to_make(&repository, tip) {
            Ok(made) => Ok(made),
            Err(error) => match needs_of(&error) {
                Some(needs) => Ok(Made::Needs(needs)),
                None if is_broken(&error) => Ok(Made::Broken(error)),
                None => Err(error),
            },
        }
    }

    pub(super) fn try_to_make(
        &self,
        repository: &Repository,
        tip: Oid,
    ) -> Result<Made<Option<NothingToRevert>>> {
        let Self { plan, url, by } = *self;
        let branch = Branch { name: BranchName::parse(&plan.branch)?, tip };
        let reverted = match attempt(repository, &branch, &plan.asked, url)? {
            Tried::Clean(reverted, _) => reverted,
            Tried::Nothing(nothing) => return Ok(Made::Nothing(Some(nothing))),
            Tried::Blocked(blocked) => return Err(refusal::blocked(&blocked, false)),
        };
        if !is_agreed(&plan.reverted, &reverted) {
            return Err(moved(plan));
        }
        let new = NewCommit {
            tree: oid(&reverted.tree)?,
            parent: tip,
            message: &plan.message,
            author: &by.author,
            committer: &by.committer,
            at: &Zoned::now(),
        };
        let commit = commit::create(repository, &new, by.signing.as_ref())?;
        commit::keep(repository, &plan.id, commit)?;
        Ok(Made::Commit(commit, None))
    }
}

/// The same way, for the same commits, with the same change of the same files.
fn is_agreed(agreed: &Reverted, now: &Reverted) -> bool {
    agreed.mode == now.mode
        && agreed.commits == now.commits
        && agreed.also == now.also
        && agreed.files == now.files
}

fn moved(plan: &RevertPlan) -> Error {
    let message = format!(
        "{} moved between the plan and the push, and the revert would be another one now: nothing \
         was pushed",
        plan.branch
    );
    Error::new(ErrorKind::LostRace, message).hint("run the same command again for the new plan")
}
