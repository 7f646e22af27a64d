//! What has to be so after a rollback, or of what is live. Pure.

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::probe::Expected;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::plan::Plan;
use crate::rollback::model::record::{Finding, Record, Verdict};
use crate::rollback::model::revision::{Revision, RevisionSpec, Revisions};
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::template;
use crate::rollback::subject::Subject;
use crate::rollback::{again, managed_fields, select, subject};
use crate::text::shell_quote;

/// Of whatever is live: it has to be what the newest template says.
pub(super) fn of_live(snapshot: &Snapshot, revisions: &Revisions) -> Expected {
    match revisions.live() {
        Some(live) => of(snapshot, revisions, live),
        None => Expected {
            template: Some(revisions.live_template.clone()),
            label: "the newest template".to_owned(),
            since: template::writes(&snapshot.workload).filter_map(|(_, at)| at).max(),
            ..Expected::default()
        },
    }
}

/// Of one revision, which has to be live.
pub(super) fn of(snapshot: &Snapshot, revisions: &Revisions, wanted: &Revision) -> Expected {
    let record = Record::on(&snapshot.workload);
    let undone = again::undo_to(snapshot, &wanted.hash)
        .map(|undo| managed_fields::undone_at(&snapshot.workload, undo.at));
    let written = || template::writes(&snapshot.workload).filter_map(|(_, at)| at).max();
    Expected {
        template: Some(wanted.template.clone()),
        hash: wanted.hash.clone(),
        label: wanted.label(),
        since: undone.or_else(written).or(wanted.created),
        ran_until: subject::ran_until(revisions, &record, wanted),
        undone,
        ..stamped(record.verdict_on(&wanted.hash, &wanted.uid))
    }
}

/// Of what a plan makes live.
pub(in crate::rollback) fn of_plan(plan: &Plan, subject: &Subject) -> Expected {
    let verdict = subject.record.verdict_on(&plan.to.hash, &subject.target_uid);
    Expected {
        template: plan
            .patch_value("replace", "/spec/template")
            .cloned()
            .or_else(|| subject.live_template.clone()),
        hash: plan.to.hash.clone(),
        label: plan.to.label(),
        since: Some(plan.made_at),
        ran_until: subject.ran_until,
        replicas_before: subject.workload.pointer("/spec/replicas").and_then(Value::as_i64),
        undone: Some(plan.made_at),
        past_owners: true,
        ..stamped(verdict)
    }
}

/// What was noted when the revision was found good before.
fn stamped(verdict: Option<&Verdict>) -> Expected {
    let good = verdict.filter(|verdict| verdict.verdict == Finding::Verified);
    let Some(verdict) = good.cloned() else { return Expected::default() };
    Expected { digests: verdict.digests, config: verdict.config, ..Expected::default() }
}

/// The one revision that the user's word names.
pub(super) fn find<'r>(
    snapshot: &Snapshot,
    revisions: &'r Revisions,
    spec: &RevisionSpec,
    hints: &Hints,
) -> Result<&'r Revision> {
    let matching = select::matching(revisions, spec);
    match matching.as_slice() {
        [] => {
            let reference = snapshot.target.reference();
            let history = hints.rb(&format!("history {}", shell_quote(&reference)));
            let message = format!("{reference} has no revision {spec}");
            Err(Error::new(ErrorKind::NoRevision, message)
                .hint(format!("to see what there is: {history}")))
        }
        [first, ..] => {
            // Of several with that image, the live one is meant.
            let live = revisions.live().filter(|live| matching.iter().any(|r| r.uid == live.uid));
            Ok(live.unwrap_or(first))
        }
    }
}
