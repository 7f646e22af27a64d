//! A plan that was made earlier, perhaps by somebody else: whether it may still be carried out, and
//! what it really says. Pure.

use crate::backend::{Obstacle, Rollbacker};
use crate::error::{Error, ErrorKind};
use crate::text::shell_quote;

use super::diff;
use super::model::leftover::LeftPod;
use super::model::ownership::Owner;
use super::model::plan::{Action, Plan};
use super::model::request::UndoRequest;
use super::model::revision::Revision;
use super::model::snapshot::Snapshot;
use super::model::template;
use super::planner::Planner;

/// What stands in the way of a plan that was made earlier: a pause, a deletion, an owner that it
/// does not know, or a template that the workload never had.
pub fn check(
    backend: &dyn Rollbacker,
    snapshot: &Snapshot,
    request: &UndoRequest,
    plan: &Plan,
) -> Result<(), Error> {
    let planner = Planner::new(backend, snapshot, request);
    match backend.obstacle(&snapshot.workload) {
        Some(Obstacle::Deleting) => return Err(planner.being_deleted()),
        Some(Obstacle::Paused) => return Err(planner.paused()),
        None => {}
    }
    let live = plan.kept().map(|_| &planner.revisions.live_template);
    let target = plan.patch_value("replace", "/spec/template").or(live);
    let stored =
        planner.revisions.list.iter().find(|revision| {
            target.is_some_and(|target| template::same(target, &revision.template))
        });
    let Some(revision) = stored else { return Err(never_had(&planner, plan)) };
    deletes_leftovers_only(&planner, revision, plan)?;
    let is_known = |owner: &Owner| plan.owners.iter().any(|known| known.name == owner.name);
    if planner.is_owned() && !planner.owners.iter().all(is_known) {
        return Err(planner.owned(revision));
    }
    Ok(())
}

/// Pods that have been replaced meanwhile, or that never were in the way, are not deleted.
fn deletes_leftovers_only(
    planner: &Planner<'_>,
    target: &Revision,
    plan: &Plan,
) -> Result<(), Error> {
    let leftovers = planner.backend.leftovers(planner.snapshot, target);
    // One that serves is deleted only while all others do, whatever the plan says of it.
    let is_left = |pod: &LeftPod, name: &str, uid: &str, ready: bool| {
        pod.name == name && pod.uid == uid && (ready || !pod.ready)
    };
    let other = plan.steps.iter().find_map(|step| match &step.action {
        Action::DeletePod { uid, name, ready, .. } => leftovers
            .as_ref()
            .is_none_or(|left| !left.pods.iter().any(|pod| is_left(pod, name, uid, *ready)))
            .then_some(name),
        _ => None,
    });
    let Some(name) = other else { return Ok(()) };
    let reference = planner.snapshot.target.reference();
    let undo = format!("undo {}", shell_quote(&reference));
    let message = format!(
        "the plan deletes pod {name}, which is not in the way of {reference} as the plan has it"
    );
    Err(Error::new(ErrorKind::Refused, message)
        .hint(format!("to plan again: {}", planner.request.hints.rb(&undo))))
}

/// A plan from a file, told again from its patch: what is shown must be what is done.
#[must_use]
pub fn retold(mut plan: Plan, request: &UndoRequest) -> Plan {
    if plan.kept().is_some() {
        plan.diff.clear();
        return plan;
    }
    let value = |op| plan.patch_value(op, "/spec/template").cloned().unwrap_or_default();
    let (before, after) = (value("test"), value("replace"));
    plan.diff = diff::templates(&before, &after, false);
    plan.from.images = template::images(&before);
    plan.to.images = template::images(&after);
    let reference = plan.target.reference();
    let reference = shell_quote(&reference);
    let direct = if plan.owners.is_empty() { "" } else { " --direct" };
    plan.forward = (!plan.from.hash.is_empty()).then(|| {
        let undo = format!("undo {reference} --to-revision={}{direct}", plan.from.hash);
        request.hints.rb(&undo)
    });
    plan.why.alternative = None;
    for step in &mut plan.steps {
        let is_wait = matches!(step.action, Action::Wait { .. });
        step.compensation = is_wait.then(|| request.hints.rb(&format!("status {reference}")));
    }
    plan
}

fn never_had(planner: &Planner<'_>, plan: &Plan) -> Error {
    let reference = planner.snapshot.target.reference();
    let undo = format!("undo {}", shell_quote(&reference));
    Error::new(
        ErrorKind::Refused,
        format!("the plan's template of {} is none that {reference} has stored", plan.to.label()),
    )
    .hint(format!("to plan again: {}", planner.request.hints.rb(&undo)))
}
