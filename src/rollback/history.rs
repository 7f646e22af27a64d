//! The history of a workload: its revisions with what speaks for and against them. Pure.

use crate::backend::{CHANGE_CAUSE, Rollbacker};

use super::evidence;
use super::model::evidence::{Against, Evidence};
use super::model::history::{History, Mark, Row};
use super::model::record::{RECORD_ANNOTATION, Record, Stored};
use super::model::revision::{Revision, Revisions};
use super::model::snapshot::Snapshot;
use super::model::template::short_images;

/// Reads the history out of a snapshot.
#[must_use]
pub fn of(backend: &dyn Rollbacker, snapshot: &Snapshot) -> History {
    let revisions = backend.revisions(snapshot);
    let stored = Stored::read(snapshot.annotation(RECORD_ANNOTATION), snapshot.uid());
    let record = stored.into_record(snapshot.uid());
    let rows = revisions.list.iter().enumerate().map(|(index, revision)| {
        let older = index.checked_sub(1).and_then(|i| revisions.list.get(i));
        row(backend, snapshot, &record, &revisions, revision, older)
    });
    History {
        read_at: snapshot.taken_at,
        cluster: snapshot.cluster.clone(),
        target: snapshot.target.clone(),
        rows: rows.collect(),
        live_is_stored: revisions.live_is_stored,
        live_template: revisions.live_template.clone(),
        owners: snapshot.owners.clone(),
        gaps: snapshot.gaps.clone(),
    }
}

fn row(
    backend: &dyn Rollbacker,
    snapshot: &Snapshot,
    record: &Record,
    revisions: &Revisions,
    revision: &Revision,
    older: Option<&Revision>,
) -> Row {
    let evidence = evidence::collect(backend, snapshot, record, revisions, revision);
    let is_live = revisions.live().is_some_and(|live| live.uid == revision.uid);
    let brought = record.undos.iter().rev().find(|undo| undo.to.hash == revision.hash);
    let images = revision.images();
    let older_images = older.map(Revision::images).unwrap_or_default();
    // The workload's annotation reaches the stored revision a little later.
    let cause = if is_live { snapshot.annotation(CHANGE_CAUSE).map(str::to_owned) } else { None };
    Row {
        revision: revision.number,
        past_numbers: revision.past_numbers.clone(),
        hash: revision.hash.clone(),
        name: revision.name.clone(),
        created: revision.created,
        short_images: short_images(&images, &older_images),
        images,
        replicas: revision.replicas,
        change_cause: cause.or_else(|| revision.change_cause.clone()),
        context: revision.context.clone(),
        by: brought.map(|undo| undo.by.clone()),
        reason: brought.and_then(|undo| undo.reason.clone()),
        marks: marks(&evidence, is_live),
        evidence: words(snapshot, &evidence),
        template: revision.template.clone(),
    }
}

fn marks(evidence: &Evidence, is_live: bool) -> Vec<Mark> {
    let rolled_back = |against: &Against| matches!(against, Against::RolledBack { .. });
    [
        (is_live, Mark::Current),
        (evidence.is_verified(), Mark::Verified),
        (evidence.against.iter().any(rolled_back), Mark::RolledBack),
        (evidence.against.iter().any(|a| !rolled_back(a)), Mark::Doubtful),
    ]
    .into_iter()
    .filter_map(|(holds, mark)| holds.then_some(mark))
    .collect()
}

fn words(snapshot: &Snapshot, evidence: &Evidence) -> Vec<String> {
    let now = snapshot.taken_at;
    let against = evidence.against.iter().map(|a| a.words(now));
    against.chain(evidence.favour.iter().map(|f| f.words(now))).collect()
}
