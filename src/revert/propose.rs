//! By a change request: the commit goes to a branch of its own, and somebody merges it.

use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::hosting::{AutoMerge, Hosting, Place, Step, by_hand};
use crate::rollback::model::change_request::{ChangeRequest, RequestState, Wanted};
use crate::rollback::model::revert_outcome::{Requested, RevertOutcome};
use crate::rollback::model::revert_plan::RevertPlan;

use super::ground::Ground;
use super::head;
use super::land::By;

/// How the request is to be.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    /// Which kind of host it is, in the word of `--host`.
    pub host: Option<String>,
    /// Names of labels.
    pub labels: Vec<String>,
    /// Names of users and teams.
    pub reviewers: Vec<String>,
    /// The host merges it as soon as it may.
    pub auto_merge: bool,
    /// Waits until it is merged.
    pub waits: bool,
    /// What the user should know, such as why there is nobody to open it.
    pub notes: Vec<String>,
    /// The command that waits until it is merged.
    pub follow: String,
}

/// Pushes the commit to a branch of its own and opens the request, or finds both. `hosting` is `None`
/// where the kind of host is not known, or no token for it: then a person has to open it. `tell` is
/// called before it is waited for, and after each look.
///
/// Lost race: the branch moved so that the revert would be another one than was agreed to. What fails
/// after the push says where a person can go on.
pub async fn propose(
    ground: &mut Ground,
    plan: &RevertPlan,
    by: &By,
    to: (&Place, Option<&Hosting>),
    wishes: &Wishes,
    progress: &mut dyn FnMut(&str),
    tell: &mut (dyn FnMut(Step<'_>) + Send),
) -> Result<RevertOutcome> {
    let (place, hosting) = to;
    let head = match head::push(ground, plan, by, hosting, progress).await? {
        Ok(head) => head,
        Err(nothing) => return Ok(RevertOutcome::Nothing(nothing)),
    };
    let mut requested = Requested {
        branch: plan.branch.clone(),
        url: by_hand(place, wishes.host.as_deref(), &head.name, &plan.branch),
        head: head.name,
        commit: head.commit.to_string(),
        request: None,
        merges_itself: false,
        notes: [head.notes, wishes.notes.clone()].concat(),
        follow: None,
    };
    let Some(hosting) = hosting else { return Ok(RevertOutcome::Requested(requested)) };
    let opened = hosting.open(&wanted(plan, &requested, wishes)).await;
    let opened = opened.map_err(|error| by_a_person(error, &requested))?;
    requested.notes.extend(opened.notes);
    let at = opened.request.url.clone();
    let request = follow(hosting, opened.request, &mut requested, wishes, tell).await;
    let request = request.map_err(|error| error.hint(format!("the request: {at}")))?;
    requested.url.clone_from(&request.url);
    if request.state == RequestState::Open {
        requested.follow = Some(wishes.follow.clone());
    }
    requested.request = Some(request);
    Ok(RevertOutcome::Requested(requested))
}

/// Until it is merged, as far as that was wanted.
async fn follow(
    hosting: &Hosting,
    mut request: ChangeRequest,
    requested: &mut Requested,
    wishes: &Wishes,
    tell: &mut (dyn FnMut(Step<'_>) + Send),
) -> Result<ChangeRequest> {
    if wishes.auto_merge && request.state == RequestState::Open {
        match hosting.merge_when_ready(request.number, &requested.commit).await {
            Ok(AutoMerge::Set) => requested.merges_itself = true,
            Ok(AutoMerge::Merged) => request = hosting.look(request.number).await?,
            Ok(AutoMerge::NotOffered(why)) => {
                requested.notes.push(format!("it does not merge by itself: {why}"));
            }
            // Another commit is on the branch: nobody should merge that unseen.
            Err(error) if error.kind() == ErrorKind::LostRace => return Err(error),
            Err(error) => {
                requested.notes.push(format!("could not have it merged by itself: {error}"));
            }
        }
    }
    if wishes.waits && request.state == RequestState::Open {
        // Where it is, is said before anything else can go wrong.
        let (waited, next) = (Duration::ZERO, Duration::ZERO);
        tell(Step { request: &request, waited, next, trouble: None });
        request = hosting.wait(request, tell).await?;
    }
    Ok(request)
}

fn by_a_person(error: Error, requested: &Requested) -> Error {
    let Requested { head, url, .. } = requested;
    error.hint(format!("the revert is pushed to {head}; to open the request by hand: {url}"))
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
