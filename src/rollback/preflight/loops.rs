//! `loop`: are we going round in circles? Either the target is what somebody has just gone back from,
//! or the same way back is taken again and again, since something brings the bad release back.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{Preflight, Scene};
use crate::facts::{Ask, Facts};
use crate::rollback::evidence::goes_forward;
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::evidence::ago;
use crate::rollback::model::record::{Finding as Word, Side, Undo};
use crate::rollback::model::template;

/// What is older is another story.
const DAY: SignedDuration = SignedDuration::from_hours(24);
/// How often the same way back may have been taken.
const OFTEN: usize = 2;

pub(super) struct Loop;

impl Preflight for Loop {
    fn id(&self) -> &'static str {
        "loop"
    }

    fn level(&self) -> Level {
        Level::Required
    }

    fn asks(&self, _scene: &Scene<'_>) -> Vec<Ask> {
        Vec::new()
    }

    fn judge(&self, scene: &Scene<'_>, _facts: &Facts<'_>) -> Finding {
        let Some(template) = scene.template() else {
            return Finding::skipped("the template is live already");
        };
        let (record, plan) = (&scene.subject.record, scene.plan);
        let (from, to) = (plan.from.label(), plan.to.label());
        let left = record.undo_from(&plan.to.hash, template);
        let left = left.filter(|undo| is_recent(undo, scene.now) && !goes_forward(record, undo));
        // A stamp on it is newer than the undo: that takes it off.
        let verdict = record.verdict_on(&plan.to.hash, &scene.subject.target_uid);
        let is_verified = verdict.is_some_and(|verdict| verdict.verdict == Word::Verified);
        let left = left.filter(|_| !is_verified);
        let taken: Vec<&Undo> = record
            .undos
            .iter()
            .filter(|undo| !undo.pending && is_recent(undo, scene.now) && is_it(undo, scene))
            .collect();
        let finding = if let Some(undo) = left {
            let when = ago(scene.now, undo.at);
            let message = format!("{} has gone back from {to} only {when} ago", undo.by);
            Finding::fail(message).because("LeftBefore").evidence([told(undo, scene.now)])
        } else if taken.len() >= OFTEN {
            let message = format!(
                "{from} was rolled back to {to} {} times within a day already: something brings it \
                 back",
                taken.len()
            );
            let evidence = taken.into_iter().map(|undo| told(undo, scene.now));
            Finding::fail(message).because("Toggling").evidence(evidence)
        } else {
            return Finding::pass("this way back is no circle");
        };
        // Who names the target knows where it goes.
        let level = if scene.is_named() { Level::Advisory } else { Level::Required };
        finding.level(level).hint(scene.rb("history"))
    }
}

fn is_recent(undo: &Undo, now: Timestamp) -> bool {
    now.duration_since(undo.at) < DAY
}

/// Whether an undo took the same way as this plan.
fn is_it(undo: &Undo, scene: &Scene<'_>) -> bool {
    let plan = scene.plan;
    is_side(&undo.from, &plan.from.hash, scene.left_template())
        && is_side(&undo.to, &plan.to.hash, scene.template())
}

/// Where there is no hash yet, the template tells.
fn is_side(side: &Side, hash: &str, live: Option<&Value>) -> bool {
    match &side.fingerprint {
        Some(fingerprint) => live.is_some_and(|live| *fingerprint == template::fingerprint(live)),
        None => !hash.is_empty() && side.hash == hash,
    }
}

fn told(undo: &Undo, now: Timestamp) -> String {
    let reason = undo.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{} ago by {}{reason}", ago(now, undo.at), undo.by)
}

#[cfg(test)]
mod tests {
    use super::super::given::Given;
    use super::*;
    use crate::rollback::model::check::CheckStatus;
    use crate::rollback::model::revision::RevisionSpec;
    use serde_json::json;

    fn undo(from: &str, to: &str, at: &str) -> Undo {
        serde_json::from_value(json!({"id": at, "at": at, "by": "bob",
            "from": {"hash": from}, "to": {"hash": to}}))
        .unwrap()
    }

    #[test]
    fn circles_are_seen_and_going_forward_is_none() {
        let [long_ago, early, late] =
            ["2025-12-31T23:59:59Z", "2026-01-01T20:00:00Z", "2026-01-01T23:00:00Z"];
        // The plan goes from h2 back to h1.
        for (undos, reason) in [
            (vec![], ""),
            (vec![undo("h1", "h0", early)], "LeftBefore"),
            (vec![undo("h1", "h0", long_ago)], ""),
            // It was left to go forward again, to what had been left for it.
            (vec![undo("h2", "h1", early), undo("h1", "h2", late)], ""),
            (vec![undo("h2", "h1", early)], ""),
            (vec![undo("h2", "h1", early), undo("h2", "h1", late)], "Toggling"),
            (vec![undo("h2", "h1", long_ago), undo("h2", "h1", late)], ""),
            (vec![undo("h2", "h0", early), undo("h2", "h1", late)], ""),
        ] {
            let mut given = Given::specs(&json!({}), &json!({}));
            given.subject.record.undos = undos;
            for named in [false, true] {
                given.request.to = named.then_some(RevisionSpec::Number(1));
                let found = given.find(&Loop, []);
                assert_eq!(found.reason, reason, "{:?}", given.subject.record.undos);
                let is_bad = found.status == CheckStatus::Fail;
                assert_eq!(is_bad, !reason.is_empty());
                let level = if named { Level::Advisory } else { Level::Required };
                assert_eq!(found.level, is_bad.then_some(level));
            }
        }
    }

    #[test]
    fn what_was_well_again_since_is_no_circle() {
        let mut given = Given::specs(&json!({}), &json!({}));
        given.subject.record.undos = vec![undo("h1", "h0", "2026-01-01T20:00:00Z")];
        let verdict = json!({"uid": "r1", "hash": "h1", "verdict": "verified",
            "at": "2026-01-01T21:00:00Z"});
        given.subject.record.verdicts = vec![serde_json::from_value(verdict).unwrap()];
        assert_eq!(given.find(&Loop, []).status, CheckStatus::Pass);
    }

    #[test]
    fn who_and_when_is_told() {
        let mut given = Given::specs(&json!({}), &json!({}));
        let mut last = undo("h2", "h1", "2026-01-01T23:00:00Z");
        last.reason = Some("errors".into());
        given.subject.record.undos = vec![undo("h2", "h1", "2026-01-01T20:00:00Z"), last];
        let found = given.find(&Loop, []);
        assert_eq!(found.evidence, ["4h ago by bob", "60m ago by bob: errors"]);
        let message = "revision 2 was rolled back to revision 1 2 times within a day already: \
             something brings it back";
        assert_eq!(found.message, message);
        assert_eq!(found.hint.as_deref(), Some("rb history deployment/web -n shop"));
    }
}
