//! The patch that matters: sent once, and where its answer is lost, the workload is read again before
//! anything else happens.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::cluster::{Cluster, Deadline, PatchKind, WriteError};
use crate::error::{Error, ErrorKind, Result};

use super::answer::Answer;
use super::options;
use crate::rollback::model::event::{Event, Listener};
use crate::rollback::model::plan::{Action, Plan, Step};
use crate::rollback::model::record::RECORD_POINTER;
use crate::rollback::model::template;

/// How often the patch is sent where the API server certainly did not apply it.
const ATTEMPTS: u32 = 5;
/// Before the patch is sent again, doubled each time: about 6 s in all.
const PAUSE: Duration = Duration::from_millis(200);

/// What became of the patch.
#[derive(Debug)]
pub enum Patched {
    /// The API server has it.
    Accepted(Box<Answer>),
    /// Something that the plan was made for has changed; nothing was written.
    Stale,
}

/// Sends the patch, and tells when it is accepted.
pub async fn patch(
    cluster: &Cluster,
    plan: &Plan,
    deadline: Deadline,
    listener: &mut dyn Listener,
) -> Result<Patched> {
    let patched = send(cluster, plan, deadline, listener).await?;
    if let (Patched::Accepted(_), Some(step)) = (&patched, patch_step(plan)) {
        listener.on(Event::StepDone { summary: step.summary.clone() });
    }
    Ok(patched)
}

/// The step of a plan that patches the workload.
pub(super) fn patch_step(plan: &Plan) -> Option<&Step> {
    plan.steps.iter().find(|step| matches!(step.action, Action::PatchWorkload { .. }))
}

pub(super) async fn send(
    cluster: &Cluster,
    plan: &Plan,
    deadline: Deadline,
    listener: &mut dyn Listener,
) -> Result<Patched> {
    if let Some(kept) = plan.kept() {
        return is_kept(cluster, plan, kept, deadline).await;
    }
    let (path, body) = patch_of(plan)?;
    let mut last = Error::new(ErrorKind::Internal, "the patch was never sent");
    let mut answer_was_lost = false;
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            sleep(PAUSE.saturating_mul(2_u32.pow(attempt)).min(deadline.remaining())).await;
        }
        listener.on(Event::Writing);
        let result = cluster.patch(path, PatchKind::Json, body, options(false), deadline).await;
        let error = match result {
            Ok(object) => return Ok(accepted(plan, object)),
            Err(error) => error,
        };
        answer_was_lost |= matches!(error, WriteError::Unknown(_));
        let found = match &error {
            WriteError::Rejected(_) | WriteError::Throttled { .. } => Found::Unchanged,
            WriteError::Conflict(error) | WriteError::Unknown(error) => {
                look(cluster, plan, error, deadline).await?
            }
        };
        match found {
            Found::Ours(object) if answer_was_lost => return Ok(accepted(plan, *object)),
            // Ours from an earlier run of the same plan.
            Found::Ours(_) | Found::Changed => {
                listener.on(Event::NotWritten);
                return Ok(Patched::Stale);
            }
            Found::Unchanged => listener.on(Event::NotWritten),
        }
        last = match error {
            WriteError::Rejected(error) if error.kind() == ErrorKind::NotFound => {
                return Err(gone(plan));
            }
            // Not even sent, since there was no connection: an API server that restarts.
            WriteError::Rejected(error)
                if error.kind() == ErrorKind::Unreachable && !deadline.passed() =>
            {
                error
            }
            // An earlier one may still be on its way.
            WriteError::Rejected(error) if answer_was_lost => {
                return Err(unknown_outcome(plan, &error));
            }
            WriteError::Rejected(error) => return Err(error),
            // Others kept writing, but nothing that the plan depends on: the API server gave up
            // fitting the patch in between.
            WriteError::Conflict(error) if error.kind() == ErrorKind::LostRace => error,
            WriteError::Conflict(error) => return Err(refused(plan, &error)),
            WriteError::Throttled { error, retry_after } => {
                sleep(retry_after.min(deadline.remaining())).await;
                error
            }
            // Not applied: the same patch may be sent again, its tests guard it.
            WriteError::Unknown(error) => error,
        };
    }
    Err(if answer_was_lost { unknown_outcome(plan, &last) } else { last })
}

/// A plan without a patch is for a template that is live already: it holds as long as that is so.
async fn is_kept(
    cluster: &Cluster,
    plan: &Plan,
    (path, uid, fingerprint): (&str, &str, &str),
    deadline: Deadline,
) -> Result<Patched> {
    let live = cluster.get(path, deadline).await?;
    let template = live.pointer("/spec/template").unwrap_or(&Value::Null);
    let holds = live.pointer("/metadata/uid") == Some(&Value::from(uid))
        && template::fingerprint(template) == fingerprint;
    Ok(if holds { accepted(plan, live) } else { Patched::Stale })
}

fn accepted(plan: &Plan, workload: Value) -> Patched {
    Patched::Accepted(Box::new(Answer::new(plan, workload)))
}

/// What the workload is like after an answer that does not tell.
enum Found {
    /// As the patch makes it.
    Ours(Box<Value>),
    /// As the plan saw it.
    Unchanged,
    /// Something else.
    Changed,
}

async fn look(cluster: &Cluster, plan: &Plan, error: &Error, deadline: Deadline) -> Result<Found> {
    let (path, body) = patch_of(plan)?;
    let live = match cluster.get(path, deadline).await {
        Ok(live) => live,
        // Deleted, and perhaps made again: planning says what is there.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Changed),
        Err(_) => return Err(unknown_outcome(plan, error)),
    };
    Ok(if is_ours(plan, body, &live) {
        Found::Ours(Box::new(live))
    } else if tests_hold(body, &live) {
        Found::Unchanged
    } else {
        Found::Changed
    })
}

fn patch_of(plan: &Plan) -> Result<(&str, &Value)> {
    plan.patch().ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("plan {} has no step that patches", plan.id))
    })
}

fn refused(plan: &Plan, error: &Error) -> Error {
    let message = format!("the API server refuses the rollback: {error}");
    with_status(plan, Error::new(ErrorKind::Refused, message).because(error.causes().join("; ")))
}

fn gone(plan: &Plan) -> Error {
    let (reference, namespace) = (plan.target.reference(), &plan.target.namespace);
    let message = format!(
        "{reference} was deleted from namespace {namespace} after the plan was made: nothing was \
         written"
    );
    Error::new(ErrorKind::NotFound, message)
        .hint("to have it back: apply the manifest of the good version")
}

fn unknown_outcome(plan: &Plan, error: &Error) -> Error {
    let reference = plan.target.reference();
    let message = format!(
        "the patch of {reference} was sent and no answer came ({error}): it may have been applied"
    );
    with_status(plan, Error::new(ErrorKind::Inconclusive, message))
}

fn with_status(plan: &Plan, error: Error) -> Error {
    let status = plan.steps.iter().find(|s| s.id == "wait").and_then(|s| s.compensation.clone());
    match status {
        Some(status) => error.hint(format!("to see what is live: {status}")),
        None => error,
    }
}

/// Whether all `test` operations of a JSON Patch hold for an object; a missing member is null.
pub(in crate::rollback) fn tests_hold(patch: &Value, object: &Value) -> bool {
    operations(patch, "test").all(|(path, value)| found(object, path) == value)
}

/// Whether an object is what the patch makes of it: then it was applied, and the record in it names
/// this very operation.
fn is_ours(plan: &Plan, patch: &Value, object: &Value) -> bool {
    let recorded = object
        .pointer(RECORD_POINTER)
        .and_then(Value::as_str)
        .is_some_and(|record| record.contains(&format!("\"{}\"", plan.id)));
    let all_there = || {
        operations(patch, "add")
            .filter(|(path, _)| *path != "/metadata/annotations")
            .all(|(path, value)| found(object, path) == value)
    };
    let template = || {
        operations(patch, "replace").all(|(path, value)| template::same(found(object, path), value))
    };
    template() && (recorded || all_there())
}

fn operations<'a>(patch: &'a Value, wanted: &'a str) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let list = patch.as_array().into_iter().flatten();
    list.filter(move |operation| operation.get("op") == Some(&Value::from(wanted)))
        .filter_map(|operation| Some((operation.get("path")?.as_str()?, operation.get("value")?)))
}

fn found<'a>(object: &'a Value, path: &str) -> &'a Value {
    object.pointer(path).unwrap_or(&Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_tests_of_a_patch_are_read_as_the_api_server_reads_them() {
        let patch = json!([
            {"op": "test", "path": "/metadata/uid", "value": "u"},
            {"op": "test", "path": "/metadata/annotations/a~1b", "value": null},
            {"op": "add", "path": "/metadata/annotations/a~1b", "value": "x"},
        ]);
        assert!(tests_hold(&patch, &json!({"metadata": {"uid": "u"}})));
        assert!(!tests_hold(&patch, &json!({"metadata": {"uid": "v"}})));
        assert!(!tests_hold(
            &patch,
            &json!({"metadata": {"uid": "u", "annotations": {"a/b": "y"}}})
        ));
    }
}
