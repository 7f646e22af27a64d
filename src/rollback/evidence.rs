//! Collecting the evidence on revisions from a snapshot and the record. Pure.

use crate::backend::Rollbacker;

use super::again;
use super::model::context::Context;
use super::model::evidence::{Against, Evidence, Favour, ago};
use super::model::plan::RevisionView;
use super::model::record::{Finding, Record, Undo};
use super::model::revision::{Revision, Revisions};
use super::model::snapshot::{PodWarning, Snapshot};
use super::model::template;

/// Event reasons that say a pod could not run. `Unhealthy` is not one: every slow start emits it.
const REASONS: &[&str] = &["BackOff", "Failed"];

/// What speaks for and against a revision. A `verified` stamp outdates everything older than
/// itself; what is so now, it does not.
pub(super) fn collect(
    backend: &dyn Rollbacker,
    snapshot: &Snapshot,
    record: &Record,
    revisions: &Revisions,
    revision: &Revision,
) -> Evidence {
    let verdict = record.verdict_on(&revision.hash, &revision.uid);
    let verified = verdict.filter(|v| v.verdict == Finding::Verified).map(|v| v.at);
    let mut against: Vec<Against> = Vec::new();
    if let Some(undo) = left(record, revisions, revision).filter(|undo| !goes_forward(record, undo))
    {
        against.push(Against::RolledBack { at: undo.at, by: undo.by.clone() });
    }
    if let Some(failed) = verdict.filter(|v| v.verdict == Finding::Failed) {
        against.push(Against::VerifyFailed { at: failed.at });
    }
    against.extend(failing_pod(snapshot, revision));
    against.extend(worst_event(backend, snapshot, revision));
    // Events tell time in whole seconds: one of the stamp's own second is not newer.
    against.retain(|a| match (a.at(), verified) {
        (Some(at), Some(verified)) => at.as_second() > verified.as_second(),
        (None, _) | (_, None) => true,
    });
    let mut favour = Vec::new();
    if let Some(at) = verified.filter(|_| against.is_empty()) {
        favour.push(Favour::Verified { at });
    }
    favour.extend(backend.favour(snapshot, revision).filter(|_| against.is_empty()));
    if revision.replicas.available > 0 {
        favour.push(Favour::PodsAvailable { count: revision.replicas.available });
    }
    Evidence { against, favour }
}

/// Whether an undo went forward again, to what an earlier one had left for the same release: that
/// one was not bad, and where going forward fails it is the way back.
pub(super) fn goes_forward(record: &Record, undo: &Undo) -> bool {
    let earlier = record.undos.iter().take_while(|other| other.id != undo.id);
    !undo.to.hash.is_empty()
        && earlier
            .filter(|other| other.from.hash == undo.to.hash)
            .any(|other| other.to.hash == undo.from.hash)
}

/// The newest undo that left this release. What differs only in when it was restarted is the same
/// release: going there would be going back to what was left.
fn left<'r>(record: &'r Record, revisions: &Revisions, revision: &Revision) -> Option<&'r Undo> {
    revisions
        .list
        .iter()
        .filter_map(|other| Some((other, record.undo_from(&other.hash, &other.template)?)))
        .filter(|(other, _)| template::same_but_for_restart(&other.template, &revision.template))
        .map(|(_, undo)| undo)
        .max_by_key(|undo| undo.at)
}

fn failing_pod(snapshot: &Snapshot, revision: &Revision) -> Option<Against> {
    snapshot.pods.iter().filter(|pod| pod.hash == revision.hash).find_map(|pod| {
        let ailment = pod.ailment()?;
        Some(Against::PodFailing { pod: pod.name.clone(), reason: ailment.reason })
    })
}

fn worst_event(
    backend: &dyn Rollbacker,
    snapshot: &Snapshot,
    revision: &Revision,
) -> Option<Against> {
    let newest = warnings_on(backend, snapshot, revision).max_by_key(|warning| warning.last)?;
    Some(Against::Events {
        reason: newest.reason.clone(),
        message: newest.message.clone(),
        at: newest.last,
    })
}

/// The events which say that pods of this revision could not run.
pub(super) fn warnings_on<'a>(
    backend: &'a dyn Rollbacker,
    snapshot: &'a Snapshot,
    revision: &'a Revision,
) -> impl Iterator<Item = &'a PodWarning> {
    snapshot.warnings.iter().filter(move |warning| {
        REASONS.contains(&warning.reason.as_str()) && backend.made_pod(snapshot, revision, warning)
    })
}

/// How the live revision does: `0 of 6 ready, CrashLoopBackOff for 4m, 4 older pods serve`.
pub(super) fn live_state(
    backend: &dyn Rollbacker,
    snapshot: &Snapshot,
    revisions: &Revisions,
) -> String {
    let pods = backend.progress(&snapshot.workload, None).pods;
    let Some(live) = revisions.live() else {
        return format!("not rolled out yet, {} of {} pods ready", pods.ready, pods.desired);
    };
    let ready = format!("{} of {} ready", live.replicas.ready, pods.desired);
    if live.replicas.ready >= pods.desired {
        return ready;
    }
    // In the middle of a rollout "0 ready" alone reads like an outage.
    let older: i64 = revisions.older().map(|r| r.replicas.available).sum();
    let serving = match older {
        0 => None,
        1 => Some("1 older pod serves".to_owned()),
        count => Some(format!("{count} older pods serve")),
    };
    // What is older than the undo that made it live is not the present.
    let since = again::undo_to(snapshot, &live.hash).map(|undo| undo.at);
    let present =
        warnings_on(backend, snapshot, live).filter(|w| since.is_none_or(|at| w.last > at));
    let trouble = present.max_by_key(|w| w.last).map(|warning| {
        format!("{} for {}", trouble_word(warning), ago(snapshot.taken_at, warning.first))
    });
    [Some(ready), trouble, serving].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The kubelet writes `BackOff` for two troubles and tells them apart in the message only
/// (kubernetes:pkg/kubelet/events, kuberuntime and images).
fn trouble_word(warning: &PodWarning) -> &str {
    match warning.reason.as_str() {
        "BackOff" if warning.message.contains("pulling image") => "ImagePullBackOff",
        "BackOff" => "CrashLoopBackOff",
        other => other,
    }
}

/// A stored revision for people.
pub(super) fn view(revision: &Revision, state: String) -> RevisionView {
    RevisionView {
        revision: revision.number,
        hash: revision.hash.clone(),
        images: revision.images(),
        replicas: revision.replicas,
        state,
        created: revision.created,
        change_cause: revision.change_cause.clone(),
        commit: revision.context.commit.clone(),
        context: revision.context.clone(),
    }
}

/// What is live, for people, also where the controller has not stored it yet.
pub(super) fn view_of_live(
    snapshot: &Snapshot,
    revisions: &Revisions,
    state: String,
) -> RevisionView {
    match revisions.live() {
        Some(live) => RevisionView {
            // The workload's own annotation is the newest word on why it is as it is.
            change_cause: snapshot
                .annotation(crate::backend::CHANGE_CAUSE)
                .map(str::to_owned)
                .or_else(|| live.change_cause.clone()),
            ..view(live, state)
        },
        None => view_of_unstored(snapshot, revisions, state),
    }
}

fn view_of_unstored(snapshot: &Snapshot, revisions: &Revisions, state: String) -> RevisionView {
    let context = Context::of(&snapshot.workload, &revisions.live_template);
    RevisionView {
        images: template::images(&revisions.live_template),
        state,
        commit: context.commit.clone(),
        context,
        ..RevisionView::default()
    }
}
