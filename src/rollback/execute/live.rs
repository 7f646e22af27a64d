//! A workload that its owner makes live, not rb: what rb writes before that, and everything after it,
//! as after a patch of its own.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline, PatchKind};
use crate::error::{ErrorKind, Result};
use crate::rollback::model::demand::Demand;
use crate::rollback::model::event::{Event, Listener};
use crate::rollback::model::hint::Hints;
use crate::rollback::model::outcome::{Ending, Outcome, Written};
use crate::rollback::model::plan::{Action, Plan, Step};
use crate::rollback::model::record::{RECORD_ANNOTATION, RECORD_POINTER, Record};
use crate::rollback::model::revision::{Revision, Revisions};
use crate::rollback::model::snapshot::{Snapshot, now};
use crate::rollback::model::template;
use crate::rollback::optional_write::{not_done, optional_write};
use crate::rollback::{snapshot, verify};

use super::{Accepted, Answer, Patched, ToProve, finish, note, options, ownership, patch};

/// What is optional must not hold up the rest for longer.
const PATIENCE: Duration = Duration::from_secs(5);
/// Between two looks at a workload that the owner says it has brought here, and that is not yet seen.
const PAUSE: Duration = Duration::from_millis(250);
/// For how long such a look is taken again.
const FOR_THE_TEMPLATE: Duration = Duration::from_secs(30);

/// What became of the record that is written first.
#[derive(Debug)]
pub enum Recorded {
    /// It is there, or there is none to write.
    Done(Option<Written>),
    /// It could not be written, and the rest goes on: why.
    NotDone(String),
    /// The workload is not as it was when the plan was made.
    Stale,
}

/// Something that was written elsewhere for this plan.
#[must_use]
pub fn written(step: &str, summary: &str) -> Written {
    Written { step: step.to_owned(), summary: summary.to_owned(), at: now() }
}

/// Writes the record, where the plan has it.
pub async fn record(cluster: &Cluster, plan: &Plan, deadline: Deadline) -> Recorded {
    let found = plan.steps.iter().find_map(|step| match &step.action {
        Action::Record { path, body } => Some((step, path, body)),
        _ => None,
    });
    let Some((step, path, body)) = found else { return Recorded::Done(None) };
    let after = plan.patch_value("add", RECORD_POINTER);
    let is_done = |workload: &Value| workload.pointer(RECORD_POINTER) == after;
    let deadline = deadline.earlier(PATIENCE);
    let send = async || cluster.patch(path, PatchKind::Json, body, options(false), deadline).await;
    match optional_write(cluster, path, is_done, send, deadline).await {
        Ok(()) => Recorded::Done(Some(note(step))),
        Err(error) => match cluster.get(path, deadline).await {
            Ok(workload) if !patch::tests_hold(body, &workload) => Recorded::Stale,
            Err(read) if read.kind() == ErrorKind::NotFound => Recorded::Stale,
            _ => Recorded::NotDone(not_done(&step.summary, &error)),
        },
    }
}

/// Patches the workload to what Git holds, where the plan has that, so that a health check of what is
/// left ends. What was written, and what went wrong.
pub async fn unblock(
    cluster: &Cluster,
    plan: &Plan,
    deadline: Deadline,
    listener: &mut dyn Listener,
) -> (Vec<Written>, Vec<String>) {
    let Some(alone) = unblocking(plan) else { return (Vec::new(), Vec::new()) };
    let mut warn = |message: String| {
        listener.on(Event::Warning { message: message.clone() });
        (Vec::new(), vec![message])
    };
    let mut answer = match patch::send(cluster, &alone, deadline, &mut Silent).await {
        Ok(Patched::Accepted(answer)) => answer,
        // The owner was faster, or somebody else: it says what comes of it.
        Ok(Patched::Stale) => return (Vec::new(), Vec::new()),
        Err(error) => {
            let message = format!("the health check could not be ended by a patch: {error}");
            return warn(message);
        }
    };
    let patched = patch::patch_step(&alone).map(note);
    if let Some(written) = &patched {
        listener.on(Event::StepDone { summary: written.summary.clone() });
    }
    let mut written: Vec<Written> = patched.into_iter().collect();
    let mut warnings = Vec::new();
    if let Some(owned) = answer.take_owned()
        && let Some((step, result)) = ownership::give_back(cluster, &alone, &owned).await
    {
        match result {
            Ok(()) => written.push(note(step)),
            Err(error) => warnings.push(not_done(&step.summary, &error)),
        }
    }
    (written, warnings)
}

/// Whether what is left is live still, or again, and [`unblock`] would patch it. Where it cannot be read, it would
/// not.
pub async fn is_blocking(cluster: &Cluster, plan: &Plan, deadline: Deadline) -> bool {
    let alone = unblocking(plan);
    let Some((path, body)) = alone.as_ref().and_then(Plan::patch) else { return false };
    let read = cluster.get(path, deadline.earlier(PATIENCE)).await;
    read.is_ok_and(|workload| patch::tests_hold(body, &workload))
}

/// A plan of that patch and nothing else.
fn unblocking(plan: &Plan) -> Option<Plan> {
    let mut steps = Vec::new();
    for step in &plan.steps {
        match &step.action {
            Action::Unblock { path, body } => steps.push(Step {
                action: Action::PatchWorkload { path: path.clone(), body: body.clone() },
                ..step.clone()
            }),
            Action::GiveBackFields { .. } => steps.push(step.clone()),
            _ => {}
        }
    }
    let has_patch = steps.iter().any(|step| matches!(step.action, Action::PatchWorkload { .. }));
    has_patch.then(|| Plan { steps, ..plan.clone() })
}

/// How it is to be verified.
#[derive(Clone, Debug)]
pub struct Proof {
    /// What is demanded.
    pub demand: Demand,
    /// How to write commands about it.
    pub hints: Hints,
    /// Whether the verdict is written into the record.
    pub stamps: bool,
}

/// A workload whose owner has applied what the plan wants.
pub struct Live<'a> {
    /// Where.
    pub cluster: &'a Cluster,
    /// The kind of the workload.
    pub backend: &'static dyn Rollbacker,
    /// The plan.
    pub plan: &'a Plan,
    /// Until when it is waited for.
    pub deadline: Deadline,
    /// How it is verified; `None`: it is not.
    pub proof: Option<Proof>,
}

impl Live<'_> {
    /// Waits for it, verifies it, leaves traces, and records the verdict.
    pub async fn finish(self, listener: &mut dyn Listener) -> Outcome {
        let looked = self.look().await;
        let Self { cluster, backend, plan, deadline, proof } = self;
        let snapshot = match looked {
            Ok(snapshot) => snapshot,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Outcome::ended(Ending::Deleted);
            }
            Err(error) => return Outcome::ended(Ending::Lost(error.to_string())),
        };
        let revisions = backend.revisions(&snapshot);
        if let Some(difference) = difference(plan, &revisions) {
            let ending = Ending::Differs(difference);
            listener.on(Event::Ended { elapsed: 0, ending: ending.clone() });
            return Outcome::ended(ending);
        }
        let plan = as_it_is(backend, plan, &snapshot, &revisions);
        let proof = proof.map(|proof| ToProve {
            expected: verify::of_brought(&plan, &snapshot, &revisions),
            pod_selector: backend.pod_selector(&snapshot.workload, ""),
            demand: proof.demand,
            hints: proof.hints,
            stamps: proof.stamps,
            workload: std::sync::Arc::new(snapshot.workload.clone()),
        });
        let mut answer = Answer::new(&plan, snapshot.workload);
        // The owner's write is what counts, and when that was nobody told.
        answer.written_at = None;
        let answer = Box::new(answer);
        finish(cluster, Accepted { backend, plan: &plan, answer, deadline, proof }, listener).await
    }

    /// Reads it; again for a while, as long as it has not what the owner says that it brought.
    async fn look(&self) -> Result<Snapshot> {
        let until = self.deadline.earlier(FOR_THE_TEMPLATE);
        loop {
            let target = &self.plan.target;
            let snapshot =
                snapshot::take_alone(self.cluster, self.backend, target, self.deadline).await?;
            let revisions = self.backend.revisions(&snapshot);
            if until.passed() || difference(self.plan, &revisions).is_none() {
                return Ok(snapshot);
            }
            sleep(PAUSE).await;
        }
    }
}

/// How the images that are live differ from those that were to be; `None` where they do not.
fn difference(plan: &Plan, revisions: &Revisions) -> Option<String> {
    let live = template::images(&revisions.live_template);
    let is_there = |wanted: &&_| live.contains(wanted);
    let missing = plan.to.images.iter().find(|wanted| !is_there(wanted))?;
    let found = live.iter().find(|image| image.container == missing.container);
    Some(match found {
        Some(found) => format!(
            "its container {} has the image {} and not {}",
            missing.container, found.image, missing.image
        ),
        None => format!("it has no container {}", missing.container),
    })
}

/// The same plan, for the revision that the owner made of it: it may be another one than that of before.
fn as_it_is(
    backend: &dyn Rollbacker,
    plan: &Plan,
    snapshot: &Snapshot,
    revisions: &Revisions,
) -> Plan {
    let same = |revision: &&Revision| template::same(&revision.template, &revisions.live_template);
    let found = revisions.live().or_else(|| revisions.list.iter().rev().find(same));
    let hash = found.map(|revision| revision.hash.clone()).unwrap_or_default();
    let uid = found.map(|revision| revision.uid.clone()).unwrap_or_default();
    let mut record = Record::on(&snapshot.workload);
    if let Some(undo) = record.undos.iter_mut().rev().find(|undo| undo.id == plan.id) {
        undo.to.hash.clone_from(&hash);
        undo.pending = false;
    }
    let before = snapshot.annotation(RECORD_ANNOTATION).unwrap_or_default().to_owned();
    let mut plan = plan.clone();
    plan.to.hash.clone_from(&hash);
    plan.steps.retain_mut(|step| match &mut step.action {
        Action::Wait { pod_selector, .. } => {
            *pod_selector = backend.pod_selector(&snapshot.workload, &hash);
            true
        }
        Action::StampVerdict { hash: of, revision_uid, record: written, replaces, .. } => {
            of.clone_from(&hash);
            revision_uid.clone_from(&uid);
            *written = record.clone();
            *replaces = Some(before.clone());
            found.is_some()
        }
        // What the patch would have taken was not taken.
        Action::GiveBackFields { .. } | Action::Unblock { .. } => false,
        _ => true,
    });
    plan
}

/// What is sent here is not the write that matters.
struct Silent;

impl Listener for Silent {
    fn on(&mut self, _event: Event) {}
}
