//! Verifying what is live: checks of what runs, made in rounds until they are good for as long as is
//! asked for, or bad for good.
//!
//! `expect` says what has to be so, `seen` reads what nearly all checks look at, `rounds` makes
//! the checks. A rollout is waited for first, by the same watch as that of an undo.

mod expect;
mod rounds;
mod seen;
mod staying;

use jiff::Timestamp;
use serde_json::Value;

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline};
use crate::error::Result;

use super::evidence;
use super::execute::ToProve;
use super::model::check::{Check, Finding, Level, VerifyVerdict};
use super::model::demand::Demand;
use super::model::event::Listeners;
use super::model::hint::Hints;
use super::model::outcome::{Ending, Waited};
use super::model::plan::{Plan, RevisionView};
use super::model::revision::{RevisionSpec, Revisions};
use super::model::snapshot::{Snapshot, now};
use super::model::target::{ClusterRef, Target};
use super::model::verification::Verification;
use super::stamp::Stamp;
use super::status::{self, Look};
use super::subject::Subject;
use super::watch::Reach;
use crate::probe::{Expected, Seen};
use crate::reconciler::chain::{self, Marked};

pub(super) use self::rounds::{Member, Rounds};
pub(super) use self::staying::prove;

/// One workload to verify: what is kept of its snapshot.
pub struct Proof {
    /// Its kind.
    pub backend: &'static dyn Rollbacker,
    /// It.
    pub target: Target,
    cluster: ClusterRef,
    revision: RevisionView,
    expected: Expected,
    pod_selector: String,
    marks: Marked,
    stamp: Option<Stamp>,
    /// What is demanded of it.
    pub demand: Demand,
    /// How to write commands about it.
    pub hints: Hints,
}

impl Proof {
    /// Of what is live, or of the revision that has to be, and what its rollout is waited for with; [`crate::error::ErrorKind::NoRevision`]
    /// where there is none of that name.
    pub fn new(
        backend: &'static dyn Rollbacker,
        snapshot: Snapshot,
        wanted: Option<&RevisionSpec>,
        demand: Demand,
        hints: Hints,
    ) -> Result<(Self, Look)> {
        let revisions = backend.revisions(&snapshot);
        let live_state = || evidence::live_state(backend, &snapshot, &revisions);
        let (expected, revision, stamp) = match wanted {
            None => {
                let expected = expect::of_live(&snapshot, &revisions);
                let stamp =
                    revisions.live().and_then(|live| Stamp::of_live(backend, &snapshot, live));
                let view = evidence::view_of_live(&snapshot, &revisions, live_state());
                (expected, view, stamp)
            }
            Some(spec) => {
                let wanted = expect::find(&snapshot, &revisions, spec, &hints)?;
                let is_live = revisions.live().is_some_and(|live| live.uid == wanted.uid);
                let stamp = is_live.then(|| Stamp::of_live(backend, &snapshot, wanted)).flatten();
                let expected = expect::of(&snapshot, &revisions, wanted);
                let view =
                    evidence::view(wanted, if is_live { live_state() } else { String::new() });
                (expected, view, stamp)
            }
        };
        let mut expected = expected;
        if !demand.digests.is_empty() {
            expected.digests.insert(String::new(), demand.digests.clone());
        }
        let proof = Self {
            backend,
            cluster: snapshot.cluster.clone(),
            target: snapshot.target.clone(),
            revision,
            expected,
            pod_selector: backend.pod_selector(&snapshot.workload, ""),
            marks: chain::marked(&snapshot.workload, &snapshot.owners),
            stamp,
            demand,
            hints,
        };
        Ok((proof, Look::new(backend, snapshot)))
    }
}

/// Verifies several workloads at once, each until its own deadline; `everywhere` says that they were
/// looked for in all namespaces. With `stamps`, each verdict is written into the record of its
/// workload. The answers are in their order.
pub async fn verify_all(
    cluster: &Cluster,
    proofs: Vec<(Proof, Look, Deadline)>,
    everywhere: bool,
    stamps: bool,
    listeners: &mut dyn Listeners,
) -> Vec<(Verification, Vec<String>)> {
    let started_at = now();
    let mut looks = Vec::new();
    let mut kept = Vec::new();
    for (proof, look, deadline) in proofs {
        looks.push((look, deadline));
        kept.push((proof, deadline));
    }
    let waited = status::wait_all(cluster, &mut looks, everywhere, listeners).await;
    let members: Vec<Member<'_>> = kept
        .iter()
        .zip(&waited)
        .map(|((proof, deadline), waited)| Member {
            backend: proof.backend,
            target: &proof.target,
            pod_selector: proof.pod_selector.clone(),
            marks: proof.marks.clone(),
            expected: &proof.expected,
            demand: &proof.demand,
            hints: &proof.hints,
            deadline: *deadline,
            before: None,
            once: !goes_on(&waited.ending),
        })
        .collect();
    let reach = if everywhere { Reach::Cluster } else { Reach::Namespaces };
    let rounds = prove(cluster, &members, reach, listeners).await;
    let mut all = Vec::new();
    for (((proof, _), waited), rounds) in kept.iter().zip(&waited).zip(rounds) {
        let about = About {
            target: &proof.target,
            cluster: &proof.cluster,
            revision: proof.revision.clone(),
            expected: &proof.expected,
            started_at,
        };
        let verification = verification(about, waited, rounds);
        all.push((verification, Vec::new()));
    }
    if stamps {
        let stamped = kept.iter().zip(&waited).zip(&mut all).filter_map(
            |(((proof, _), waited), (verification, warnings))| {
                Some((proof.stamp.as_ref()?, waited, &*verification, warnings))
            },
        );
        super::stamp::write_all(cluster, stamped).await;
    }
    all
}

/// What is to be verified once a plan is carried out.
#[must_use]
pub fn to_prove(
    plan: &Plan,
    subject: &Subject,
    demand: Demand,
    hints: &Hints,
    stamps: bool,
) -> ToProve {
    ToProve {
        expected: expect::of_plan(plan, subject),
        pod_selector: subject.pod_selector.clone(),
        demand,
        hints: hints.clone(),
        stamps,
        workload: subject.workload.clone(),
    }
}

/// What has to be so of what an owner has made live for a plan.
pub(super) fn of_brought(plan: &Plan, snapshot: &Snapshot, revisions: &Revisions) -> Expected {
    let live = expect::of_live(snapshot, revisions);
    Expected {
        template: Some(revisions.live_template.clone()),
        hash: plan.to.hash.clone(),
        label: plan.to.label(),
        since: Some(plan.made_at),
        replicas_before: snapshot.workload.pointer("/spec/replicas").and_then(Value::as_i64),
        ..live
    }
}

/// What a wait has seen: enough to ask about, and not what the checks are made of.
pub(super) fn seen_in(workload: &Value, waited: &Waited) -> Seen {
    Seen {
        workload: workload.clone(),
        pods: waited.pods.clone(),
        pods_gap: None,
        services: Ok(Vec::new()),
        owners: Vec::new().into(),
    }
}

/// Whether a rollout that ended like this can still be found good.
fn goes_on(ending: &Ending) -> bool {
    matches!(ending, Ending::Complete | Ending::NothingRan)
}

/// What a verification is about.
pub(super) struct About<'a> {
    pub(super) target: &'a Target,
    pub(super) cluster: &'a ClusterRef,
    pub(super) revision: RevisionView,
    pub(super) expected: &'a Expected,
    pub(super) started_at: Timestamp,
}

/// What rounds of checks after a wait come to.
pub(super) fn verification(about: About<'_>, waited: &Waited, rounds: Rounds) -> Verification {
    let mut checks = rounds.checks;
    // The wait has seen more than one look does.
    if !goes_on(&waited.ending) && !checks.iter().any(Check::objects) {
        let message = format!("the rollout ended with {}", waited.ending.word());
        let finding = match waited.ending {
            Ending::Superseded(_) | Ending::Lost(_) => Finding::unknown(message),
            _ => Finding::fail(message),
        };
        checks.retain(|check| check.id != "rollout.converged");
        checks.insert(0, Check::new("rollout.converged", finding, Level::Required));
    }
    Verification {
        target: about.target.clone(),
        cluster: about.cluster.clone(),
        revision: about.revision,
        since: about.expected.since,
        started_at: about.started_at,
        ended_at: rounds.ended_at,
        rounds: rounds.count,
        ending: waited.ending.clone(),
        progress: waited.progress.clone(),
        verdict: VerifyVerdict::of(&checks),
        checks,
        staying: rounds.staying,
        digests: rounds.digests,
        config: rounds.config,
    }
}
