//! Carrying out a plan: the only writer.
//!
//! [`patch()`] sends the write that matters, [`finish`] does the rest. Traces are written beside the
//! wait; without the right to write them rb warns.

mod delete;
pub mod many;
mod ownership;
mod patch;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use serde_json::{Value, json};

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline, PatchKind, WriteError, WriteOptions};
use crate::error::{Error, ErrorKind, Result};

pub(super) use self::delete::{Deleted, delete_pod};
pub(super) use self::patch::tests_hold;
pub use self::patch::{Patched, patch};
use super::managed_fields;
use super::model::event::{Event, Listener, Listeners};
use super::model::leftover::Leftovers;
use super::model::outcome::{Ending, Outcome, Waited, Written};
use super::model::plan::{Action, Plan, Step};
use super::model::record::{FIELD_MANAGER, Finding, RECORD_POINTER, Record, Verdict};
use super::model::snapshot::now;
use super::watch::judge::Goal;
use super::watch::{self, Only, Reach, Watch};

/// What is optional must not hold up the verdict for longer.
const FOR_TRACES: Duration = Duration::from_secs(5);
/// Writes that are under way at once: the API server takes about a hundred requests on a connection,
/// and some of them are watches.
pub const AT_ONCE: usize = 32;

/// What the verdict has to know of the workload as it was left.
struct Kept {
    template: Value,
    has_annotations: bool,
}

/// A plan whose patch was accepted.
pub struct Accepted<'a> {
    /// The kind of its workload.
    pub backend: &'a dyn Rollbacker,
    /// The plan.
    pub plan: &'a Plan,
    /// The workload as the patch left it.
    pub workload: Value,
    /// Until when it is waited for.
    pub deadline: Deadline,
}

/// Everything after the patch was accepted: traces and the wait at the same time, then the verdict.
pub async fn finish(
    cluster: &Cluster,
    accepted: Accepted<'_>,
    listener: &mut dyn Listener,
) -> Outcome {
    let (waiting, joined) = (vec![accepted], Vec::new());
    let (outcomes, _) =
        finish_all(cluster, waiting, joined, Reach::Namespaces, &mut Only(listener)).await;
    // One plan, one outcome.
    outcomes.into_iter().next().unwrap_or_else(|| Outcome {
        written: Vec::new(),
        warnings: Vec::new(),
        waited: Waited::ended(Ending::NotWaited),
    })
}

/// The same for several workloads at once. `joined` are waited for with them, although nothing was
/// written; for the listeners they come after the others.
pub(super) async fn finish_all(
    cluster: &Cluster,
    accepted: Vec<Accepted<'_>>,
    joined: Vec<Watch<'_>>,
    reach: Reach,
    listeners: &mut dyn Listeners,
) -> (Vec<Outcome>, Vec<Waited>) {
    let mut outcomes = Vec::new();
    let (mut plans, mut templates, mut watches) = (Vec::new(), Vec::new(), Vec::new());
    let mut kept = Vec::new();
    for Accepted { backend, plan, workload, deadline } in accepted {
        plans.push(plan);
        kept.push(ownership::is_due(plan).then(|| workload.clone()));
        outcomes.push(patch::patch_step(plan).map(note).into_iter().collect::<Vec<_>>());
        templates.push(Kept {
            template: workload.pointer("/spec/template").cloned().unwrap_or_default(),
            has_annotations: workload.pointer("/metadata/annotations").is_some(),
        });
        watches.push(watch_of(backend, plan, workload, deadline));
    }
    watches.extend(joined);
    let wait = watch::wait_all(cluster, watches, reach, listeners);
    let owned = Box::pin(give_back_all(cluster, &plans, &kept));
    let (mut waited, traces, owned) = futures::join!(wait, traces(cluster, &plans), owned);
    let joined = waited.split_off(plans.len());
    let verdicts = stream::iter(plans.iter().zip(&templates).zip(&waited).enumerate())
        .map(|(index, ((plan, template), waited))| async move {
            let verdict = stamp(cluster, plan, template, waited).await;
            verdict.map(|(step, result)| (index, step, result))
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(|verdict| async { verdict })
        .collect::<Vec<_>>()
        .await;
    let mut outcomes: Vec<Outcome> = outcomes
        .into_iter()
        .zip(waited)
        .map(|(written, waited)| Outcome { written, warnings: Vec::new(), waited })
        .collect();
    for (outcome, plan) in outcomes.iter_mut().zip(&plans) {
        outcome.written.extend(deletions_done(plan, &outcome.waited));
    }
    for (index, step, result) in owned.into_iter().chain(traces).chain(verdicts) {
        let Some(outcome) = outcomes.get_mut(index) else { continue };
        match result {
            Ok(()) => outcome.written.push(note(step)),
            Err(error) => {
                let message = format!("could not {}: {error}", step.summary);
                listeners.on(index, Event::Warning { message: message.clone() });
                outcome.warnings.push(message);
            }
        }
    }
    (outcomes, joined)
}

fn note(step: &Step) -> Written {
    Written { step: step.id.clone(), summary: step.summary.clone(), at: now() }
}

fn deletions_done<'p>(plan: &'p Plan, waited: &'p Waited) -> impl Iterator<Item = Written> + 'p {
    let is_done = |step: &&Step| match &step.action {
        Action::DeletePod { name, .. } => waited.deleted.contains(name),
        _ => false,
    };
    plan.steps.iter().filter(is_done).map(note)
}

fn watch_of<'a>(
    backend: &'a dyn Rollbacker,
    plan: &'a Plan,
    accepted: Value,
    deadline: Deadline,
) -> Watch<'a> {
    let generation = accepted.pointer("/metadata/generation").and_then(Value::as_i64);
    let selector = || backend.pod_selector(&accepted, &plan.to.hash);
    Watch {
        backend,
        target: &plan.target,
        pod_selector: plan.wait().map_or_else(selector, |(selector, _)| selector.to_owned()),
        goal: Goal {
            template: accepted.pointer("/spec/template").cloned(),
            left: plan.patch_value("test", "/spec/template").cloned(),
            generation: generation.unwrap_or_default(),
            stale: backend.deadline_marker(&accepted),
            written_at: managed_fields::written_by_rb(&accepted),
            receivers: plan.receivers(),
            undo: Some(plan.id.clone()),
            hash: plan.to.hash.clone(),
            old_hashes: Vec::new(),
            leftovers: plan.leftovers.as_ref().map(Leftovers::name_list).unwrap_or_default(),
            of_undo: true,
            deletions: delete::of(plan),
            only_deletions: plan.wait().is_none(),
        },
        workload: accepted,
        list_pods: false,
        deadline,
    }
}

/// Gives the fields back that the patches took, with the place of each plan.
async fn give_back_all<'p>(
    cluster: &Cluster,
    plans: &[&'p Plan],
    accepted: &[Option<Value>],
) -> Vec<(usize, &'p Step, Result<()>)> {
    let due = plans.iter().zip(accepted).enumerate();
    stream::iter(
        due.filter_map(|(index, (plan, accepted))| Some((index, plan, accepted.as_ref()?))),
    )
    .map(|(index, plan, accepted)| async move {
        let given = ownership::give_back(cluster, plan, accepted).await;
        given.map(|(step, result)| (index, step, result))
    })
    .buffered(AT_ONCE)
    .filter_map(|given| async { given })
    .collect()
    .await
}

/// The optional steps that only leave a trace, with the place of their plan.
async fn traces<'p>(cluster: &Cluster, plans: &[&'p Plan]) -> Vec<(usize, &'p Step, Result<()>)> {
    let rounds = u32::try_from(plans.len() / AT_ONCE).unwrap_or(u32::MAX).saturating_add(1);
    let deadline = Deadline::after(FOR_TRACES.saturating_mul(rounds));
    let writes = plans.iter().enumerate().flat_map(|(index, plan)| {
        plan.steps.iter().filter_map(move |step| match &step.action {
            Action::AnnotateRevision { path, body } => Some((index, step, path, body, true)),
            Action::CreateEvent { path, body } => Some((index, step, path, body, false)),
            _ => None,
        })
    });
    stream::iter(writes)
        .map(|(index, step, path, body, is_patch)| async move {
            let result = if is_patch {
                cluster.patch(path, PatchKind::Merge, body, options(false), deadline).await
            } else {
                cluster.create(path, body, options(false), deadline).await
            };
            (index, step, result.map(drop).map_err(WriteError::into_error))
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// Writes the verdict into the record, if there is a verdict and nothing else changed meanwhile.
async fn stamp<'p>(
    cluster: &Cluster,
    plan: &'p Plan,
    accepted: &Kept,
    waited: &Waited,
) -> Option<(&'p Step, Result<()>)> {
    let deadline = Deadline::after(FOR_TRACES);
    let verdict = match waited.ending {
        Ending::Complete => Finding::Verified,
        Ending::PodsFailed => Finding::Failed,
        _ => return None,
    };
    plan.steps
        .iter()
        .find_map(|step| match &step.action {
            Action::StampVerdict { path, uid, hash, revision_uid, record, replaces } => {
                let stamped = record.clone().with_verdict(Verdict {
                    uid: revision_uid.clone(),
                    hash: hash.clone(),
                    verdict,
                    // Not now: others may have been waited for since.
                    at: waited.ended_at,
                    config: BTreeMap::new(),
                    digests: BTreeMap::new(),
                });
                let before = replaces.clone().unwrap_or_else(|| record.to_annotation());
                let body = stamp_patch(uid, accepted, &before, &stamped);
                Some((step, path, body))
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

/// `before` is the annotation as it is, empty where there is none.
fn stamp_patch(uid: &str, accepted: &Kept, before: &str, after: &Record) -> Value {
    let before = if before.is_empty() { Value::Null } else { Value::from(before) };
    let mut operations = vec![
        json!({"op": "test", "path": "/metadata/uid", "value": uid}),
        json!({"op": "test", "path": "/spec/template", "value": accepted.template}),
    ];
    if !accepted.has_annotations {
        operations.push(json!({"op": "test", "path": "/metadata/annotations", "value": null}));
        operations.push(json!({"op": "add", "path": "/metadata/annotations", "value": {}}));
    }
    operations.push(json!({"op": "test", "path": RECORD_POINTER, "value": before}));
    operations.push(json!({"op": "add", "path": RECORD_POINTER, "value": after.to_annotation()}));
    Value::Array(operations)
}

fn options(dry_run: bool) -> WriteOptions {
    WriteOptions { dry_run, field_manager: FIELD_MANAGER }
}
