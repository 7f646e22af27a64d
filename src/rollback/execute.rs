//! Carrying out a plan: the only writer.
//!
//! [`patch()`] sends the write that matters, [`finish`] does the rest. Traces are written beside the
//! wait; without the right to write them rb warns.

mod ownership;
mod patch;

use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline, PatchKind, WriteError, WriteOptions};
use crate::error::{Error, ErrorKind, Result};

pub use self::patch::{Patched, dry_run, patch};
use super::managed_fields;
use super::model::event::{Event, Listener};
use super::model::outcome::{Ending, Outcome, Waited, Written};
use super::model::plan::{Action, Plan, Step};
use super::model::record::{FIELD_MANAGER, Finding, RECORD_POINTER, Record, Verdict};
use super::model::snapshot::now;
use super::watch::judge::Goal;
use super::watch::{self, Watch};

/// What is optional must not hold up the verdict for longer.
const FOR_TRACES: Duration = Duration::from_secs(5);

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
    let owned = Box::pin(ownership::give_back(cluster, plan, &accepted));
    let wait = wait(cluster, backend, plan, accepted.clone(), deadline, listener);
    let (waited, traces, owned) = futures::join!(wait, traces(cluster, plan), owned);
    let mut warnings = Vec::new();
    let verdict = stamp(cluster, plan, &template, &waited.ending).await;
    for (step, result) in owned.into_iter().chain(traces).chain(verdict) {
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
        written_at: managed_fields::written_by_rb(&accepted),
        receivers: plan.receivers(),
        undo: Some(plan.id.clone()),
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
            (step, result.map(drop).map_err(moved_on))
        })?
        .await
        .into()
}

/// A failed test says that the workload moved on: that is no fault of this revision.
fn moved_on(error: WriteError) -> Error {
    match error {
        WriteError::Conflict(_) => {
            Error::new(ErrorKind::LostRace, "somebody changed the workload meanwhile")
        }
        error => error.into_error(),
    }
}

fn stamp_patch(uid: &str, template: &Value, before: &Record, after: &Record) -> Value {
    json!([
        {"op": "test", "path": "/metadata/uid", "value": uid},
        {"op": "test", "path": "/spec/template", "value": template},
        {"op": "test", "path": RECORD_POINTER, "value": before.to_annotation()},
        {"op": "replace", "path": RECORD_POINTER, "value": after.to_annotation()},
    ])
}

fn options(dry_run: bool) -> WriteOptions {
    WriteOptions { dry_run, field_manager: FIELD_MANAGER }
}
