//! What an Application has deployed: its history, what was synced without a trace in it, and the
//! operation that has not made it there.

use serde_json::Value;

use crate::rollback::model::deployed::{DeployOutcome, Deployed};
use crate::text::truncate;

use super::applied;
use super::fields::{flag, items, text, texts};
use super::operation::{Phase, pinned_to, revisions};
use super::revision::is_commit;

/// Columns of a message.
const COLUMNS: usize = 200;

/// The newest first.
pub(super) fn of(application: &Value) -> Vec<Deployed> {
    let entries = items(application, "/status/history").iter().rev();
    let mut all: Vec<Deployed> = entries.filter_map(entry).collect();
    let healthy = applied::of(application).first().and_then(|last| last.healthy);
    if let Some(last) = all.first_mut() {
        last.healthy = healthy;
        last.live = true;
    }
    let compared = revisions(application, "/status/sync");
    if text(application, "/status/sync/status") == "Synced" && !compared.is_empty() {
        settle(&mut all, &compared, application);
    }
    if let Some(operation) = operation(application, &all) {
        all.insert(0, operation);
    }
    all
}

fn entry(entry: &Value) -> Option<Deployed> {
    let found = revisions(entry, "");
    if found.is_empty() {
        return None;
    }
    let at = |pointer: &str| text(entry, pointer).parse().ok();
    Some(Deployed {
        at: at("/deployedAt").or_else(|| at("/deployStartedAt")),
        by: by(entry, "/initiatedBy"),
        ..new(&found)
    })
}

fn new(revisions: &[&str]) -> Deployed {
    Deployed {
        revisions: revisions.iter().map(|revision| (*revision).to_owned()).collect(),
        commit: revisions.iter().find(|one| is_commit(one)).map(|one| (*one).to_owned()),
        ..Deployed::default()
    }
}

fn by(object: &Value, pointer: &str) -> Option<String> {
    if flag(object, &format!("{pointer}/automated")) {
        return Some("automated sync".to_owned());
    }
    let user = text(object, &format!("{pointer}/username"));
    (!user.is_empty()).then(|| user.to_owned())
}

/// What is synced is what runs. A commit that leaves the objects as they are is never applied, and so
/// does not come into the history.
fn settle(all: &mut Vec<Deployed>, compared: &[&str], application: &Value) {
    let images: Vec<String> =
        texts(application, "/status/summary/images").map(str::to_owned).collect();
    let is_last = all.first().is_some_and(|last| last.revisions == *compared);
    if !is_last {
        for one in all.iter_mut() {
            one.live = false;
        }
        let healthy = match text(application, "/status/health/status") {
            "Healthy" => Some(true),
            "Degraded" => Some(false),
            _ => None,
        };
        all.insert(0, Deployed { live: true, healthy, ..new(compared) });
    }
    if let Some(last) = all.first_mut() {
        last.images = images;
    }
}

/// The operation that runs, or that came to nothing; `None` where it is in the history.
fn operation(application: &Value, all: &[Deployed]) -> Option<Deployed> {
    let state = "/status/operationState";
    let message = text(application, &format!("{state}/message"));
    let message = truncate(message.lines().next().unwrap_or_default(), COLUMNS).into_owned();
    let is_part = !items(application, &format!("{state}/operation/sync/resources")).is_empty();
    let outcome = match Phase::of(application) {
        // A heal of some objects is no deployment.
        _ if is_part => return None,
        Phase::Never | Phase::Succeeded => return None,
        Phase::Asked => DeployOutcome::Running("it was asked for".to_owned()),
        Phase::Running | Phase::Terminating => DeployOutcome::Running(message),
        Phase::Waiting => DeployOutcome::Failed(format!("{message}; it is tried again")),
        Phase::Failed => DeployOutcome::Failed(message),
    };
    let found = pinned_to(application);
    let ended = text(application, &format!("{state}/finishedAt")).parse().ok();
    let started = text(application, &format!("{state}/startedAt")).parse().ok();
    let at = ended.or(started);
    // What failed, and was deployed later on, is told by that.
    let is_over = all.iter().any(|one| one.revisions == found && one.at > at);
    if found.is_empty() || is_over {
        return None;
    }
    let by = by(application, &format!("{state}/operation/initiatedBy"));
    Some(Deployed { at, by, outcome, ..new(&found) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{OLD, SHA, application};
    use super::*;

    fn told(extra: &Value) -> Vec<(String, bool, Option<bool>, &'static str)> {
        let application = application(extra);
        let word = |one: &Deployed| match one.outcome {
            DeployOutcome::Applied => "applied",
            DeployOutcome::Failed(_) => "failed",
            DeployOutcome::Running(_) => "running",
        };
        of(&application)
            .iter()
            .map(|one| (one.commit.clone().unwrap_or_default(), one.live, one.healthy, word(one)))
            .collect()
    }

    fn history() -> Value {
        json!([
            {"id": 0, "revision": OLD, "deployedAt": "2026-03-01T10:00:00Z",
                "initiatedBy": {"username": "ada"}},
            "absurd",
            {"id": 1, "revision": SHA, "deployedAt": "2026-03-02T11:00:00Z",
                "initiatedBy": {"automated": true}},
        ])
    }

    #[test]
    fn the_history_tells_who_and_when_and_only_of_the_last_how_it_does() {
        let extra = json!({"status": {"history": history(), "summary": {"images": ["web:2"]}}});
        let all = of(&application(&extra));
        let by: Vec<Option<&str>> = all.iter().map(|one| one.by.as_deref()).collect();
        assert_eq!(by, [Some("automated sync"), Some("ada")]);
        assert_eq!(all[0].images, ["web:2"]);
        assert!(all[1].images.is_empty());
        let (new, old) = (SHA.to_owned(), OLD.to_owned());
        let expected = [(new, true, Some(true), "applied"), (old, false, None, "applied")];
        assert_eq!(told(&extra), expected);
    }

    #[test]
    fn what_was_synced_without_a_trace_is_what_runs() {
        let newest = "a".repeat(40);
        let extra = json!({"status": {"history": history(), "sync": {"revision": newest}}});
        let told = told(&extra);
        assert_eq!(told[0], (newest, true, Some(true), "applied"));
        assert_eq!(told.iter().filter(|one| one.1).count(), 1);
    }

    #[test]
    fn an_operation_that_is_not_in_the_history_is_told() {
        let bad = "b".repeat(40);
        for (state, expected) in [
            (json!({"phase": "Failed", "finishedAt": "2026-03-03T11:00:00Z"}), Some("failed")),
            (json!({"phase": "Running", "finishedAt": "2026-03-03T11:00:00Z"}), Some("failed")),
            (json!({"phase": "Running", "finishedAt": null}), Some("running")),
            (json!({"phase": "Succeeded"}), None),
            // A heal that failed.
            (json!({"phase": "Failed", "operation": {"sync": {"resources": [{}]}}}), None),
        ] {
            let mut extra = json!({"status": {"history": history(),
                "sync": {"status": "OutOfSync", "revision": bad}, "operationState": state}});
            extra["status"]["operationState"]["syncResult"] = json!({"revision": bad});
            let told = told(&extra);
            let first = Some(told[0].3).filter(|_| told[0].0 == bad);
            assert_eq!(first, expected, "{extra}");
            let live: Vec<&str> =
                told.iter().filter(|one| one.1).map(|one| one.0.as_str()).collect();
            assert_eq!(live, [SHA], "{extra}");
        }
    }

    #[test]
    fn whatever_the_shape_nothing_fails() {
        for status in [json!(null), json!([]), json!({"history": {}}), json!({"history": [[], 1]})]
        {
            assert!(of(&json!({"status": status})).is_empty());
        }
    }
}
