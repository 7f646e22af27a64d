//! By a change request: the commit goes to a branch of its own, and somebody merges it.

use crate::error::{Error, ErrorKind, Result};
use crate::git::Oid;
use crate::git::branch::Branch;
use crate::git::branch::BranchName;
use crate::git::remote::fetch::Needs;
use crate::git::remote::push::Lease;
use crate::git::remote::retry::Made;
use crate::git::repository::Repository;
use crate::hosting::{AutoMerge, Hosting, Place, Step, by_hand};
use crate::rollback::model::change_request::{RequestState, Wanted};
use crate::rollback::model::revert_outcome::{Requested, RevertOutcome};
use crate::rollback::model::revert_plan::RevertPlan;
use crate::text::shell_quote;

use super::ground::Ground;
use super::land::{By, Order};
use super::plan::{Tried, attempt, oid};

/// Digits of a commit in the name of the branch.
const SHORT: usize = 9;

/// How the request is to be.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// `--host`: which kind of host it is.
    pub host: Option<String>,
    /// Names of labels.
    pub labels: Vec<String>,
    /// Names of users and teams.
    pub reviewers: Vec<String>,
    /// The host merges it as soon as it may.
    pub auto_merge: bool,
    /// Waits until it is merged.
    pub waits: bool,
}

/// The branch of the request: the same for the same revert, so that a second call finds it.
#[must_use]
pub fn head(plan: &RevertPlan) -> String {
    let of = plan.asked.commits.first().unwrap_or(&plan.id);
    format!("rb/revert-{}", of.chars().take(SHORT).collect::<String>())
}

/// Pushes the commit to a branch of its own and opens the request, or finds both. `hosting` is `None`
/// where the kind of host is not known: then a person has to open it. `tell` is called while it is
/// waited for.
///
/// Lost race: the branch moved so that the revert would be another one than was agreed to, or somebody
/// else uses the branch of the request.
pub async fn propose(
    ground: &mut Ground,
    plan: &RevertPlan,
    by: &By,
    to: (&Place, Option<&Hosting>),
    wishes: &Wishes,
    progress: &mut dyn FnMut(&str),
    tell: &mut (dyn FnMut(Step<'_>) + Send),
) -> Result<RevertOutcome> {
    let head = head(plan);
    let branch = BranchName::parse(&head)?;
    let (commit, is_pushed) = match commit_there(ground, plan, &branch, progress).await? {
        Some(commit) => (commit, true),
        None => match commit_here(ground, plan, by, progress).await? {
            Ok(commit) => (commit, false),
            Err(nothing) => return Ok(RevertOutcome::Nothing(nothing)),
        },
    };
    if !is_pushed {
        let push = ground.remote.push(&ground.store, &branch, commit, Lease::Absent, progress);
        push.await?;
    }
    let (place, hosting) = to;
    let mut requested = Requested {
        branch: plan.branch.clone(),
        head: head.clone(),
        commit: commit.to_string(),
        url: by_hand(place, wishes.host.as_deref(), &head, &plan.branch),
        request: None,
        notes: Vec::new(),
    };
    let Some(hosting) = hosting else { return Ok(RevertOutcome::Requested(requested)) };
    let opened = hosting.open(&wanted(plan, &requested, wishes)).await?;
    requested.notes = opened.notes;
    let mut request = opened.request;
    if wishes.auto_merge && request.state == RequestState::Open {
        match hosting.merge_when_ready(request.number, &requested.commit).await? {
            AutoMerge::Set => {}
            AutoMerge::Merged => request = hosting.look(request.number).await?,
            AutoMerge::NotOffered(why) => requested.notes.push(why),
        }
    }
    if wishes.waits && request.state == RequestState::Open {
        request = hosting.wait(request, tell).await?;
    }
    requested.url.clone_from(&request.url);
    requested.request = Some(request);
    Ok(RevertOutcome::Requested(requested))
}

fn wanted(plan: &RevertPlan, requested: &Requested, wishes: &Wishes) -> Wanted {
    let (title, body) = plan.message.split_once('\n').unwrap_or((&plan.message, ""));
    Wanted {
        head: requested.head.clone(),
        head_commit: requested.commit.clone(),
        base: plan.branch.clone(),
        title: title.to_owned(),
        body: body.trim().to_owned(),
        operation: plan.id.clone(),
        labels: wishes.labels.clone(),
        reviewers: wishes.reviewers.clone(),
    }
}

/// The commit of an earlier call that is on the branch of the request.
async fn commit_there(
    ground: &mut Ground,
    plan: &RevertPlan,
    head: &BranchName,
    progress: &mut dyn FnMut(&str),
) -> Result<Option<Oid>> {
    if ground.remote.look(Some(head)).await?.tip(head).is_none() {
        return Ok(None);
    }
    let needs = Needs::default();
    let tip = ground.remote.fetch(&mut ground.store, head, &needs, progress).await?;
    let repository = ground.store.open(Repository::open)?;
    let branch = Branch { name: BranchName::parse(&plan.branch)?, tip };
    let identity = ground.remote.url().identity();
    if let Tried::Nothing(nothing) = attempt(&repository, &branch, &plan.asked, &identity)?
        && let Some(commit) = nothing.commit
    {
        return oid(&commit).map(Some);
    }
    let name = head.as_str();
    let message = format!("the branch {name} is there, and holds something else");
    Err(Error::new(ErrorKind::LostRace, message)
        .hint(format!("look at it: git log {}", shell_quote(name)))
        .hint(format!("if nobody needs it: git push origin --delete {}", shell_quote(name))))
}

/// A commit made here; `Err`: why there is nothing to do.
async fn commit_here(
    ground: &mut Ground,
    plan: &RevertPlan,
    by: &By,
    progress: &mut dyn FnMut(&str),
) -> Result<Result<Oid, crate::rollback::model::revert_outcome::NothingToRevert>> {
    let identity = ground.remote.url().identity();
    let order = Order { plan, url: &identity, by };
    let mut tip = oid(&plan.reverted.tip)?;
    let made = ground
        .with_enough(&mut tip, progress, |repository, tip| order.try_to_make(repository, tip))
        .await?;
    match made {
        Made::Commit(commit, _) => Ok(Ok(commit)),
        Made::Nothing(Some(nothing)) => Ok(Err(nothing)),
        Made::Nothing(None) | Made::Needs(_) | Made::Broken(_) => {
            Err(Error::new(ErrorKind::Internal, "neither a commit nor a reason for none"))
        }
    }
}
