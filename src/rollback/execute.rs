//! Carrying out a plan: the only writer.
//!
//! [`patch()`] sends the write that matters, [`finish`] does the rest. Traces are written beside the
//! wait; without the right to write them rb warns.

mod answer;
mod delete;
pub mod live;
pub mod many;
mod ownership;
mod patch;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use jiff::Timestamp;
use serde_json::Value;

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline, PatchKind, WriteOptions};
use crate::error::Result;
use crate::probe::Expected;
use crate::reconciler::chain;

pub use self::answer::Answer;
pub(super) use self::delete::{Deleted, delete_pod};
pub(super) use self::patch::tests_hold;
pub use self::patch::{Patched, patch};
use super::model::demand::Demand;
use super::model::event::{Event, Listener, Listeners, Only};
use super::model::hint::Hints;
use super::model::leftover::Leftovers;
use super::model::outcome::{Ending, Outcome, Waited, Written};
use super::model::plan::{Action, Plan, Step};
use super::model::record::FIELD_MANAGER;
use super::model::snapshot::now;
use super::model::verification::Verification;
use super::optional_write::{not_done, optional_write};
use super::stamp::{self, Stamp};
use super::verify::{self, Member};
use super::watch::judge::Goal;
use super::watch::{self, Reach, Watch};

/// What is optional must not hold up the verdict for longer.
const FOR_TRACES: Duration = Duration::from_secs(5);
/// Writes that are under way at once: the API server takes about a hundred requests on a connection,
/// and some of them are watches.
pub const AT_ONCE: usize = 32;

/// A plan whose patch was accepted.
pub struct Accepted<'a> {
    /// The kind of its workload.
    pub backend: &'a dyn Rollbacker,
    /// The plan.
    pub plan: &'a Plan,
    /// What was answered to its patch.
    pub answer: Box<Answer>,
    /// Until when it is waited for.
    pub deadline: Deadline,
    /// What has to be so once it has converged; `None`: nothing is verified.
    pub proof: Option<ToProve>,
}

/// What is to be verified after a rollout.
#[derive(Clone, Debug)]
pub struct ToProve {
    /// What has to be so.
    pub expected: Expected,
    /// How it is verified.
    pub demand: Demand,
    /// How to write commands about it.
    pub hints: Hints,
    /// Label selector of all pods of the workload.
    pub pod_selector: String,
    /// Whether the verdict is written into the record.
    pub stamps: bool,
    /// The workload as it was read, without its pod template.
    pub workload: Arc<Value>,
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
    outcomes.into_iter().next().unwrap_or_else(|| Outcome::ended(Ending::NotWaited))
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
    let (mut plans, mut watches, mut stamps, mut proving) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut kept = Vec::new();
    for Accepted { backend, plan, mut answer, deadline, proof } in accepted {
        plans.push(plan);
        kept.push(answer.take_owned());
        outcomes.push(patch::patch_step(plan).map(note).into_iter().collect::<Vec<_>>());
        let stamps_it = proof.as_ref().is_none_or(|proof| proof.stamps);
        stamps.push(stamp_of(plan, &answer.workload).filter(|_| stamps_it));
        proving.push(proof.map(|proof| (backend, proof, deadline)));
        watches.push(watch_of(backend, plan, *answer, deadline));
    }
    watches.extend(joined);
    let started_at = now();
    let wait = watch::wait_all(cluster, watches, reach, listeners);
    let owned = Box::pin(give_back_all(cluster, &plans, &kept));
    let (mut waited, traces, owned) = futures::join!(wait, traces(cluster, &plans), owned);
    let joined = waited.split_off(plans.len());
    let verified =
        prove_all(cluster, &plans, &proving, &waited, started_at, reach, listeners).await;
    let verdicts = stream::iter(stamps.iter().zip(&waited).zip(&verified).enumerate())
        .map(|(index, ((stamp, waited), verification))| async move {
            let (step, stamp) = stamp.as_ref()?;
            let verdict = stamp::verdict_of(waited, verification.as_ref())?;
            Some((index, *step, stamp.write(cluster, verdict).await))
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(|verdict| async { verdict })
        .collect::<Vec<_>>()
        .await;
    let mut outcomes: Vec<Outcome> = outcomes
        .into_iter()
        .zip(waited.into_iter().zip(verified))
        .map(|(written, (waited, verification))| Outcome {
            written,
            warnings: Vec::new(),
            waited,
            verification,
            reverted: None,
        })
        .collect();
    for (outcome, plan) in outcomes.iter_mut().zip(&plans) {
        outcome.written.extend(deletions_done(plan, &outcome.waited));
    }
    for (index, step, result) in owned.into_iter().chain(traces).chain(verdicts) {
        let Some(outcome) = outcomes.get_mut(index) else { continue };
        match result {
            Ok(()) => outcome.written.push(note(step)),
            Err(error) => {
                let message = not_done(&step.summary, &error);
                listeners.on(index, Event::Warning { message: message.clone() });
                outcome.warnings.push(message);
            }
        }
    }
    (outcomes, joined)
}

/// Verifies those that have converged; the answers are in the order of the plans.
async fn prove_all(
    cluster: &Cluster,
    plans: &[&Plan],
    proving: &[Option<(&dyn Rollbacker, ToProve, Deadline)>],
    waited: &[Waited],
    started_at: Timestamp,
    reach: Reach,
    listeners: &mut dyn Listeners,
) -> Vec<Option<Verification>> {
    let (mut places, mut members) = (Vec::new(), Vec::new());
    for (place, ((plan, proving), waited)) in plans.iter().zip(proving).zip(waited).enumerate() {
        let Some((backend, proof, deadline)) = proving else { continue };
        if waited.ending != Ending::Complete {
            continue;
        }
        places.push(place);
        members.push(Member {
            backend: *backend,
            target: &plan.target,
            pod_selector: proof.pod_selector.clone(),
            marks: chain::marked(&proof.workload, &plan.owners),
            expected: &proof.expected,
            demand: &proof.demand,
            hints: &proof.hints,
            deadline: *deadline,
            before: Some(verify::seen_in(&proof.workload, waited)),
            once: false,
        });
    }
    let mut listeners = SomeOf { places: &places, all: listeners };
    let rounds = verify::prove(cluster, &members, reach, &mut listeners).await;
    let mut all: Vec<Option<Verification>> = plans.iter().map(|_| None).collect();
    for ((place, member), rounds) in places.iter().zip(&members).zip(rounds) {
        let Some((plan, waited)) = plans.get(*place).zip(waited.get(*place)) else { continue };
        let subject = verify::About {
            target: member.target,
            cluster: &plan.cluster,
            revision: plan.to.clone(),
            expected: member.expected,
            started_at,
        };
        if let Some(slot) = all.get_mut(*place) {
            *slot = Some(verify::verification(subject, waited, rounds));
        }
    }
    all
}

/// Passes the events of some of several workloads on, with their own places.
struct SomeOf<'a, 'l> {
    places: &'a [usize],
    all: &'l mut dyn Listeners,
}

impl Listeners for SomeOf<'_, '_> {
    fn on(&mut self, index: usize, event: Event) {
        if let Some(place) = self.places.get(index) {
            self.all.on(*place, event);
        }
    }
}

fn stamp_of<'p>(plan: &'p Plan, workload: &Value) -> Option<(&'p Step, Stamp)> {
    plan.steps.iter().find_map(|step| Some((step, Stamp::of_step(&step.action, workload)?)))
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
    answer: Answer,
    deadline: Deadline,
) -> Watch<'a> {
    let Answer { workload: accepted, written_at, .. } = answer;
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
            written_at,
            receivers: plan.receivers(),
            undo: Some(plan.id.clone()),
            hash: plan.to.hash.clone(),
            old_hashes: Vec::new(),
            leftovers: plan.leftovers.as_ref().map(Leftovers::name_list).unwrap_or_default(),
            of_undo: true,
            deletions: delete::of(plan),
            only_deletions: plan.wait().is_none(),
            stays: false,
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
    accepted: &[Option<String>],
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
                let send = || cluster.patch(path, PatchKind::Merge, body, options(false), deadline);
                optional_write(
                    cluster,
                    path,
                    |object| has_annotations(object, body),
                    send,
                    deadline,
                )
                .await
            } else {
                let send = || cluster.create(path, body, options(false), deadline);
                let name = body.pointer("/metadata/name").and_then(Value::as_str);
                let event = format!("{path}/{}", name.unwrap_or_default());
                // Nobody else makes one of that name.
                optional_write(cluster, &event, |_| true, send, deadline).await
            };
            (index, step, result)
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// Whether an object has the annotations that a merge patch writes.
fn has_annotations(object: &Value, patch: &Value) -> bool {
    let annotations = |value: &Value| value.pointer("/metadata/annotations").cloned();
    let (Some(has), Some(Value::Object(wanted))) = (annotations(object), annotations(patch)) else {
        return false;
    };
    wanted.iter().all(|(key, value)| has.get(key) == Some(value))
}

fn options(dry_run: bool) -> WriteOptions {
    WriteOptions { dry_run, field_manager: FIELD_MANAGER }
}
