//! How an Application does. Its words may be those of before a sync: who has to know looks at the
//! workloads too.

use serde_json::Value;

use crate::rollback::model::deployed::{OwnerCondition, OwnerOperation, OwnerState, Standing};
use crate::text::truncate;

use super::fields::{flag, is_set, items, text};
use super::operation::{self, Phase, revisions};
use super::policy;
use super::revision::shorts;

/// Conditions that keep it from comparing.
const TROUBLE: [&str; 2] = ["ComparisonError", "InvalidSpecError"];
/// Columns of a message.
const COLUMNS: usize = 200;
/// Conditions that are told at most.
const MOST: usize = 10;

/// How it does.
pub(super) fn of(application: &Value) -> Standing {
    let (state, summary) = state(application);
    let words = |found: Vec<&str>| Some(shorts(found)).filter(|words| !words.is_empty());
    let history = items(application, "/status/history").last();
    Standing {
        state,
        summary,
        desired: words(revisions(application, "/status/sync")),
        applied: history.and_then(|last| words(revisions(last, ""))),
        operation: operation(application),
        conditions: items(application, "/status/conditions")
            .iter()
            .take(MOST)
            .map(condition)
            .collect(),
    }
}

fn state(application: &Value) -> (OwnerState, String) {
    let sync = text(application, "/status/sync/status");
    let health = text(application, "/status/health/status");
    if is_set(application, "/metadata/deletionTimestamp") {
        return (OwnerState::Behind, "is being deleted".to_owned());
    }
    if let Some(trouble) = items(application, "/status/conditions")
        .iter()
        .find(|condition| TROUBLE.contains(&text(condition, "/type")))
    {
        let why = format!("{}: {}", text(trouble, "/type"), line(text(trouble, "/message")));
        return (OwnerState::Failed, format!("cannot compare: {why}"));
    }
    if sync.is_empty() {
        return (OwnerState::Unknown, "has not been looked at by its controller".to_owned());
    }
    let phase = Phase::of(application);
    let message = line(text(application, "/status/operationState/message"));
    let to = operation::pinned(application);
    match phase {
        Phase::Asked | Phase::Running | Phase::Terminating => {
            return (OwnerState::Progressing, format!("is at work on a sync to {to}"));
        }
        Phase::Waiting => {
            let why = format!("has failed to sync {to}, and tries again: {message}");
            return (OwnerState::Failed, why);
        }
        Phase::Failed if sync != "Synced" && operation::is_at_compared(application, false) => {
            return (OwnerState::Failed, format!("has failed to sync {to}: {message}"));
        }
        Phase::Failed | Phase::Never | Phase::Succeeded => {}
    }
    let both =
        format!("is {sync} and {}", if health.is_empty() { "of unknown health" } else { health });
    match (sync, health) {
        (_, "Degraded") => (OwnerState::Failed, both),
        ("Synced", "Healthy") => (OwnerState::Healthy, both),
        ("Synced", "Suspended") => (OwnerState::Behind, both),
        ("Synced", _) => (OwnerState::Progressing, both),
        ("OutOfSync", _) if will_sync(application) => (OwnerState::Progressing, both),
        ("OutOfSync", _) => {
            let why = format!("{both}, and does not sync by itself now");
            (OwnerState::Behind, why)
        }
        _ => (OwnerState::Failed, format!("{both}: it cannot compare")),
    }
}

/// Whether it syncs what is out of sync by itself.
fn will_sync(application: &Value) -> bool {
    if !policy::is_automated(application) || policy::is_skipped(application) {
        return false;
    }
    let heals = flag(application, "/spec/syncPolicy/automated/selfHeal");
    let prunes = flag(application, "/spec/syncPolicy/automated/prune");
    let mut out = items(application, "/status/resources")
        .iter()
        .filter(|entry| text(entry, "/status") == "OutOfSync")
        .peekable();
    // What only a pruning sync would take away stays.
    let only_leftovers =
        out.peek().is_some() && out.all(|entry| flag(entry, "/requiresPruning")) && !prunes;
    (heals || !operation::is_at_compared(application, false)) && !only_leftovers
}

fn operation(application: &Value) -> Option<OwnerOperation> {
    let at =
        |member: &str| text(application, &format!("/status/operationState/{member}")).parse().ok();
    // What it came to is in its state.
    let is_over = matches!(Phase::of(application), Phase::Failed | Phase::Succeeded);
    let what = operation::note(application).filter(|_| !is_over)?;
    Some(OwnerOperation { what, since: at("startedAt"), until: None })
}

fn condition(condition: &Value) -> OwnerCondition {
    OwnerCondition {
        kind: text(condition, "/type").to_owned(),
        status: String::new(),
        reason: String::new(),
        message: line(text(condition, "/message")),
        since: text(condition, "/lastTransitionTime").parse().ok(),
    }
}

fn line(message: &str) -> String {
    truncate(message.lines().next().unwrap_or_default().trim(), COLUMNS).into_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{OLD, SHA, application};
    use super::*;

    #[test]
    fn each_state_has_a_word() {
        let automated = json!({"syncPolicy": {"automated": {"selfHeal": true}}});
        for (extra, state, words) in [
            (json!({}), OwnerState::Healthy, "is Synced and Healthy"),
            (
                json!({"status": {"health": {"status": "Degraded"}}}),
                OwnerState::Failed,
                "is Synced and Degraded",
            ),
            (
                json!({"status": {"health": {"status": "Progressing"}}}),
                OwnerState::Progressing,
                "is Synced and Progressing",
            ),
            (
                json!({"status": {"sync": {"status": "OutOfSync"}}}),
                OwnerState::Behind,
                "is OutOfSync and Healthy, and does not sync by itself now",
            ),
            (
                json!({"spec": automated, "status": {"sync": {"status": "OutOfSync"}}}),
                OwnerState::Progressing,
                "is OutOfSync and Healthy",
            ),
            (
                // Nobody prunes it.
                json!({"spec": automated, "status": {"sync": {"status": "OutOfSync"}, "resources": [
                    {"kind": "Service", "name": "old", "status": "OutOfSync", "requiresPruning": true}]}}),
                OwnerState::Behind,
                "is OutOfSync and Healthy, and does not sync by itself now",
            ),
            (
                json!({"operation": {"sync": {"revision": SHA}}}),
                OwnerState::Progressing,
                "is at work on a sync to 9f3c2ab",
            ),
            (
                json!({"status": {"sync": {"status": "OutOfSync", "revision": OLD},
                    "operationState": {"phase": "Failed", "message": "immutable\nmore",
                        "syncResult": {"revision": OLD}}}}),
                OwnerState::Failed,
                "has failed to sync 51d0e77: immutable",
            ),
            (
                json!({"status": {"operationState": {"phase": "Running", "message": "immutable"}}}),
                OwnerState::Failed,
                "has failed to sync 9f3c2ab, and tries again: immutable",
            ),
            (
                json!({"status": {"conditions": [
                    {"type": "ComparisonError", "message": "no such path"}]}}),
                OwnerState::Failed,
                "cannot compare: ComparisonError: no such path",
            ),
            (
                json!({"status": {"sync": null}}),
                OwnerState::Unknown,
                "has not been looked at by its controller",
            ),
            (
                json!({"metadata": {"deletionTimestamp": "2026-03-02T12:00:00Z"}}),
                OwnerState::Behind,
                "is being deleted",
            ),
        ] {
            let standing = of(&application(&extra));
            assert_eq!((standing.state, standing.summary.as_str()), (state, words), "{extra}");
        }
    }

    #[test]
    fn what_is_wanted_is_held_against_what_was_applied() {
        let extra = json!({"status": {"history": [{"revision": OLD}]}});
        let standing = of(&application(&extra));
        assert_eq!(standing.desired.as_deref(), Some("9f3c2ab"));
        assert_eq!(standing.applied.as_deref(), Some("51d0e77"));
    }
}
