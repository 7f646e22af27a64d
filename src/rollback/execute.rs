//! Carrying out a plan: the only writer.
//!
//! The patch that matters is sent once. Where its answer is lost, the workload is read again
//! before anything else happens. Traces are written beside the wait; without the right to write
//! them rb warns.

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline, PatchKind, WriteError, WriteOptions};
use crate::error::{Error, ErrorKind, Result};

use super::model::event::{Event, Listener};
use super::model::outcome::{Ending, Outcome, Waited, Written};
use super::model::plan::{Action, Plan, Step};
use super::model::record::{Finding, RECORD_ANNOTATION, Record, Verdict};
use super::model::snapshot::now;
use super::watch::judge::Goal;
use super::watch::{self, Watch};

/// The name that rb's writes carry. It must not start with `kubectl`: Flux takes those over.
const FIELD_MANAGER: &str = "rb";
/// How often the patch is sent where the API server certainly did not apply it.
const ATTEMPTS: u32 = 4;
/// What is optional must not hold up the verdict for longer.
const FOR_TRACES: Duration = Duration::from_secs(5);

/// What became of the patch.
#[derive(Debug)]
pub enum Patched {
    /// The API server has it; the workload as it then was.
    Accepted(Box<Value>),
    /// Something that the plan was made for has changed; nothing was written.
    Stale,
}

/// Asks the API server whether it would accept the patch; nothing is changed.
pub async fn dry_run(cluster: &Cluster, plan: &Plan, deadline: Deadline) -> Result<Patched> {
    let (path, body) = patch_of(plan)?;
    match cluster.patch(path, PatchKind::Json, body, options(true), deadline).await {
        Ok(object) => Ok(Patched::Accepted(Box::new(object))),
        Err(WriteError::Conflict(error)) => {
            let live = cluster.get(path, deadline).await?;
            if tests_hold(body, &live) { Err(refused(&error)) } else { Ok(Patched::Stale) }
        }
        Err(error) => Err(error.into_error()),
    }
}

/// Sends the patch.
pub async fn patch(
    cluster: &Cluster,
    plan: &Plan,
    deadline: Deadline,
    listener: &mut dyn Listener,
) -> Result<Patched> {
    let (path, body) = patch_of(plan)?;
    let mut last = Error::new(ErrorKind::Internal, "the patch was never sent");
    for _ in 0..ATTEMPTS {
        listener.on(Event::Writing);
        last = match cluster.patch(path, PatchKind::Json, body, options(false), deadline).await {
            Ok(object) => return Ok(Patched::Accepted(Box::new(object))),
            Err(WriteError::Rejected(error)) => {
                listener.on(Event::NotWritten);
                return Err(if error.kind() == ErrorKind::NotFound { gone(plan) } else { error });
            }
            Err(WriteError::Throttled { error, retry_after }) => {
                listener.on(Event::NotWritten);
                sleep(retry_after.min(deadline.remaining())).await;
                error
            }
            Err(WriteError::Conflict(error)) => {
                match look(cluster, plan, &error, deadline).await? {
                    Found::Ours(object) => return Ok(Patched::Accepted(object)),
                    Found::Changed => {
                        listener.on(Event::NotWritten);
                        return Ok(Patched::Stale);
                    }
                    Found::Unchanged => {
                        listener.on(Event::NotWritten);
                        return Err(refused(&error));
                    }
                }
            }
            Err(WriteError::Unknown(error)) => match look(cluster, plan, &error, deadline).await? {
                Found::Ours(object) => return Ok(Patched::Accepted(object)),
                Found::Changed => {
                    listener.on(Event::NotWritten);
                    return Ok(Patched::Stale);
                }
                // Not applied: the same patch may be sent again, its tests guard it.
                Found::Unchanged => {
                    listener.on(Event::NotWritten);
                    error
                }
            },
        };
    }
    Err(last)
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

fn options(dry_run: bool) -> WriteOptions {
    WriteOptions { dry_run, field_manager: FIELD_MANAGER }
}

fn refused(error: &Error) -> Error {
    let message = format!("the API server refuses the rollback: {error}");
    error.causes().into_iter().fold(Error::new(ErrorKind::Refused, message), Error::hint)
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
    let hint = plan.steps.iter().find(|s| s.id == "wait").and_then(|s| s.compensation.clone());
    let error = Error::new(
        ErrorKind::Inconclusive,
        format!(
            "the patch of {} was sent and no answer came ({error}): it may have been applied",
            plan.target.reference()
        ),
    );
    match hint {
        Some(hint) => error.hint(format!("to see what is live: {hint}")),
        None => error,
    }
}

/// Whether all `test` operations of a JSON Patch hold for an object; a missing member is null.
fn tests_hold(patch: &Value, object: &Value) -> bool {
    operations(patch, "test").all(|(path, value)| found(object, path) == value)
}

/// Whether an object is what the patch makes of it: then it was applied, and the record in it names
/// this very operation.
fn is_ours(plan: &Plan, patch: &Value, object: &Value) -> bool {
    let recorded = object
        .pointer(&format!("/metadata/annotations/{}", RECORD_ANNOTATION.replace('/', "~1")))
        .and_then(Value::as_str)
        .is_some_and(|record| record.contains(&format!("\"{}\"", plan.id)));
    let all_there = || {
        operations(patch, "add")
            .filter(|(path, _)| *path != "/metadata/annotations")
            .all(|(path, value)| found(object, path) == value)
    };
    let template = || {
        operations(patch, "replace")
            .all(|(path, value)| super::model::template::same(found(object, path), value))
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

/// Everything after the patch was accepted: traces and the wait at the same time, then the verdict.
pub async fn finish(
    cluster: &Cluster,
    backend: &dyn Rollbacker,
    plan: &Plan,
    accepted: Value,
    deadline: Deadline,
    listener: &mut dyn Listener,
) -> Outcome {
    let mut written = Vec::new();
    if let Some(step) = plan.steps.iter().find(|s| matches!(s.action, Action::PatchWorkload { .. }))
    {
        written.push(note(step));
        listener.on(Event::StepDone { summary: step.summary.clone() });
    }
    let template = accepted.pointer("/spec/template").cloned().unwrap_or_default();
    let wait = wait(cluster, backend, plan, accepted, deadline, listener);
    let (waited, traces) = futures::join!(wait, traces(cluster, plan));
    let mut warnings = Vec::new();
    let verdict = stamp(cluster, plan, &template, &waited.ending).await;
    for (step, result) in traces.into_iter().chain(verdict) {
        match result {
            Ok(()) => written.push(note(step)),
            Err(error) => {
                let message = format!("could not {}: {error}", step.summary);
                listener.on(Event::Warning { message: message.clone() });
                warnings.push(message);
            }
        }
    }
    Outcome { written, warnings, waited }
}

fn note(step: &Step) -> Written {
    Written { step: step.id.clone(), summary: step.summary.clone(), at: now() }
}

async fn wait(
    cluster: &Cluster,
    backend: &dyn Rollbacker,
    plan: &Plan,
    accepted: Value,
    deadline: Deadline,
    listener: &mut dyn Listener,
) -> Waited {
    let Some((pod_selector, _)) = plan.wait() else {
        return Waited {
            ending: Ending::NotWaited,
            progress: None,
            failure: None,
            milliseconds: 0,
        };
    };
    let generation = accepted.pointer("/metadata/generation").and_then(Value::as_i64);
    let goal = Goal {
        template: accepted.pointer("/spec/template").cloned(),
        left: plan.patch_value("test", "/spec/template").cloned(),
        generation: generation.unwrap_or_default(),
        stale: backend.deadline_marker(&accepted),
        hash: plan.to.hash.clone(),
        old_hashes: Vec::new(),
    };
    let watch = Watch {
        backend,
        target: &plan.target,
        goal,
        workload: accepted,
        pod_selector: pod_selector.to_owned(),
        list_pods: false,
    };
    watch::wait(cluster, watch, deadline, listener).await
}

/// The optional steps that only leave a trace.
async fn traces<'p>(cluster: &Cluster, plan: &'p Plan) -> Vec<(&'p Step, Result<()>)> {
    let deadline = Deadline::after(FOR_TRACES);
    let writes = plan.steps.iter().filter_map(|step| match &step.action {
        Action::AnnotateRevision { path, body } => Some((step, path, body, true)),
        Action::CreateEvent { path, body } => Some((step, path, body, false)),
        _ => None,
    });
    join_all(writes.map(|(step, path, body, is_patch)| async move {
        let result = if is_patch {
            cluster.patch(path, PatchKind::Merge, body, options(false), deadline).await
        } else {
            cluster.create(path, body, options(false), deadline).await
        };
        (step, result.map(drop).map_err(WriteError::into_error))
    }))
    .await
}

/// Writes the verdict into the record, if there is a verdict and nothing else changed meanwhile.
async fn stamp<'p>(
    cluster: &Cluster,
    plan: &'p Plan,
    template: &Value,
    ending: &Ending,
) -> Option<(&'p Step, Result<()>)> {
    let deadline = Deadline::after(FOR_TRACES);
    let verdict = match ending {
        Ending::Complete => Finding::Verified,
        Ending::PodsFailed => Finding::Failed,
        _ => return None,
    };
    plan.steps
        .iter()
        .find_map(|step| match &step.action {
            Action::StampVerdict { path, uid, hash, revision_uid, record } => {
                let stamped = record.clone().with_verdict(Verdict {
                    uid: revision_uid.clone(),
                    hash: hash.clone(),
                    verdict,
                    at: now(),
                });
                Some((step, path, stamp_patch(uid, template, record, &stamped)))
            }
            _ => None,
        })
        .map(|(step, path, body)| async move {
            let result =
                cluster.patch(path, PatchKind::Json, &body, options(false), deadline).await;
            (step, result.map(drop).map_err(WriteError::into_error))
        })?
        .await
        .into()
}

fn stamp_patch(uid: &str, template: &Value, before: &Record, after: &Record) -> Value {
    let path = format!("/metadata/annotations/{}", RECORD_ANNOTATION.replace('/', "~1"));
    json!([
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "test", "path": "/spec/template", "value": template},
        {"op": "test", "path": path, "value": before.to_annotation()},
        {"op": "replace", "path": path, "value": after.to_annotation()},
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

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
