//! The branch of a change request: the commit of an earlier call that is on it, or a new one.

use crate::error::{Error, ErrorKind, Result};
use crate::git::Oid;
use crate::git::branch::{Branch, BranchName};
use crate::git::history::ancestry::is_behind;
use crate::git::remote::fetch::Needs;
use crate::git::remote::push::Lease;
use crate::git::remote::retry::Made;
use crate::hosting::Hosting;
use crate::rollback::model::change_request::Wanted;
use crate::rollback::model::revert_outcome::NothingToRevert;
use crate::rollback::model::revert_plan::RevertPlan;
use crate::text::shell_quote;

use super::ground::Ground;
use super::land::{By, Order};
use super::plan::{DONE, Tried, attempt, oid};

/// Digits of a commit in the name of the branch.
const SHORT: usize = 9;
/// How many names are tried, where the first is taken.
const MOST: u32 = 20;
/// How often it is tried where others push the same branch at the same moment.
const TRIES: u32 = 3;

/// A branch with the revert.
pub(super) struct Head {
    pub(super) name: String,
    pub(super) commit: Oid,
    /// What the user should know.
    pub(super) notes: Vec<String>,
}

/// What is on a branch of this name.
enum There {
    /// There is none.
    Absent,
    /// Our revert.
    Ours(Oid),
    /// Our revert, which was merged: the change was applied again since.
    Merged,
    /// Something else: it is left alone.
    Foreign,
}

/// The name of the branch: the same for the same revert, so that a second call finds it.
fn name(plan: &RevertPlan, number: u32) -> String {
    let of = plan.asked.commits.first().or(plan.asked.good.as_ref()).unwrap_or(&plan.id);
    let short: String = of.chars().take(SHORT).collect();
    if number <= 1 { format!("rb/revert-{short}") } else { format!("rb/revert-{short}-{number}") }
}

/// Finds the branch or pushes it. `Err`: why there is nothing to do.
pub(super) async fn push(
    ground: &mut Ground,
    plan: &RevertPlan,
    by: &By,
    hosting: Option<&Hosting>,
    progress: &mut dyn FnMut(&str),
) -> Result<Result<Head, NothingToRevert>> {
    let (mut number, mut tries, mut notes) = (1, 1, Vec::new());
    while number <= MOST {
        let name = name(plan, number);
        let branch = BranchName::parse(&name)?;
        match look(ground, plan, &branch, hosting, progress).await? {
            There::Ours(commit) => return Ok(Ok(Head { name, commit, notes })),
            There::Merged => {
                number += 1;
                continue;
            }
            There::Foreign => {
                notes.push(format!("the branch {name} holds something else, and is left alone"));
                number += 1;
                continue;
            }
            There::Absent => {}
        }
        let commit = match make(ground, plan, by, progress).await? {
            Ok(commit) => commit,
            Err(nothing) => return Ok(Err(nothing)),
        };
        let push = ground.remote.push(&ground.store, &branch, commit, Lease::Absent, progress);
        match push.await {
            Ok(_) => return Ok(Ok(Head { name, commit, notes })),
            // Somebody was faster: most likely the same command elsewhere.
            Err(error) if error.kind() == ErrorKind::LostRace && tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
    Err(taken(ground, &name(plan, 1)))
}

async fn look(
    ground: &mut Ground,
    plan: &RevertPlan,
    head: &BranchName,
    hosting: Option<&Hosting>,
    progress: &mut dyn FnMut(&str),
) -> Result<There> {
    if ground.remote.look(Some(head)).await?.tip(head).is_none() {
        return Ok(There::Absent);
    }
    let needs = Needs::default();
    let mut tip = ground.remote.fetch(&mut ground.store, head, &needs, progress).await?;
    let identity = ground.remote.url().identity();
    let done = ground
        .with_enough_of(head, &mut tip, progress, |repository, tip| {
            let branch = Branch { name: BranchName::parse(&plan.branch)?, tip };
            match attempt(repository, &branch, &plan.asked, &identity)? {
                // Only of this very operation: of a change that is out in another way, more may be out.
                Tried::Nothing(nothing) if nothing.reason == DONE => Ok(nothing.commit),
                Tried::Nothing(_) | Tried::Clean(..) | Tried::Blocked(_) => Ok(None),
            }
        })
        .await?;
    let Some(commit) = done.as_deref().map(oid).transpose()? else {
        return Ok(There::Foreign);
    };
    if is_open(hosting, plan, head).await || !is_merged(ground, plan, commit, progress).await? {
        return Ok(There::Ours(commit));
    }
    Ok(There::Merged)
}

/// A request that is open was not merged: then the history has not to be looked through.
async fn is_open(hosting: Option<&Hosting>, plan: &RevertPlan, head: &BranchName) -> bool {
    let Some(hosting) = hosting else { return false };
    let head = head.as_str().to_owned();
    let wanted = Wanted { head, base: plan.branch.clone(), ..Wanted::default() };
    matches!(hosting.find(&wanted).await, Ok(Some(_)))
}

/// Whether the commit is on the branch already: a request for it would be empty.
async fn is_merged(
    ground: &mut Ground,
    plan: &RevertPlan,
    commit: Oid,
    progress: &mut dyn FnMut(&str),
) -> Result<bool> {
    let mut tip = oid(&plan.reverted.tip)?;
    ground
        .with_enough(&mut tip, progress, |repository, tip| is_behind(repository, tip, commit))
        .await
}

/// All names are taken: what somebody else has pushed is never overwritten.
fn taken(ground: &Ground, name: &str) -> Error {
    let url = shell_quote(ground.remote.url().argument()).into_owned();
    let message =
        format!("the branches {name} to {name}-{MOST} are there, and hold something else");
    Error::new(ErrorKind::LostRace, message)
        .because("what somebody else has pushed is never overwritten: nothing was pushed")
        .hint(format!("look at it: git fetch {url} {name} && git log FETCH_HEAD"))
        .hint(format!("if nobody needs it: git push {url} --delete {name}"))
}

/// A commit made here; `Err`: why there is nothing to do.
async fn make(
    ground: &mut Ground,
    plan: &RevertPlan,
    by: &By,
    progress: &mut dyn FnMut(&str),
) -> Result<Result<Oid, NothingToRevert>> {
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
