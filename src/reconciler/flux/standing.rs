//! How an owner of Flux does: what a Kustomization and a `HelmRelease` have in common.

use serde_json::Value;

use crate::rollback::model::deployed::{OwnerCondition, OwnerState};
use crate::text::truncate;

use super::condition::{Condition, failure, is_true, is_unfinished, true_one};
use super::fields::{is_set, list, number, text};

/// Failures that pass by themselves: what it needs is not there yet, or something newer came.
const WAITS: [&str; 3] = ["DependencyNotReady", "SourceNotReady", "HealthCheckCanceled"];
/// The archive of its source is not there yet, and is looked for again.
const AGAIN: &str = "artifact not found, retrying in";
/// Between two tries.
const RETRIES: &str = "ProgressingWithRetry";
const COLUMNS: usize = 200;
/// Conditions that are told at most.
const MOST: usize = 10;

/// How it does, by its conditions alone; `None`: its last run has come to a good end, and nothing is
/// under way.
pub(super) fn of(owner: &Value) -> Option<(OwnerState, String)> {
    if is_set(owner, "/metadata/deletionTimestamp") {
        return Some((OwnerState::Behind, "is being deleted".to_owned()));
    }
    let is_observed =
        number(owner, "/status/observedGeneration") == number(owner, "/metadata/generation");
    if let Some(stalled) = true_one(owner, "Stalled").filter(|_| is_observed) {
        return Some((OwnerState::Failed, format!("is stalled: {}", stalled.words())));
    }
    let Some(ready) = Condition::of(owner, "Ready") else {
        let words = "has not been looked at by its controller".to_owned();
        return Some((OwnerState::Unknown, words));
    };
    let run = true_one(owner, "Reconciling").filter(|run| run.reason() != RETRIES);
    if let Some(ready) = failure(owner) {
        if let Some(run) = run {
            return Some((OwnerState::Progressing, format!("is at work: {}", run.words())));
        }
        let passes = WAITS.contains(&ready.reason()) || ready.message().contains(AGAIN);
        let state = if passes { OwnerState::Progressing } else { OwnerState::Failed };
        return Some((state, format!("is not ready: {}", ready.words())));
    }
    if ready.status() != "True" || is_true(owner, "Reconciling") {
        let run = run.unwrap_or(ready);
        return Some((OwnerState::Progressing, format!("is at work: {}", run.words())));
    }
    is_unfinished(owner).then(|| {
        let words = "has a new spec, which its controller has not looked at yet";
        (OwnerState::Progressing, words.to_owned())
    })
}

/// What it says of itself.
pub(super) fn conditions(owner: &Value) -> Vec<OwnerCondition> {
    list(owner, "/status/conditions").iter().take(MOST).map(condition).collect()
}

fn condition(condition: &Value) -> OwnerCondition {
    let line = text(condition, "/message").lines().next().unwrap_or_default().trim();
    OwnerCondition {
        kind: text(condition, "/type").to_owned(),
        status: text(condition, "/status").to_owned(),
        reason: text(condition, "/reason").to_owned(),
        message: truncate(line, COLUMNS).into_owned(),
        since: text(condition, "/lastTransitionTime").parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn owner(conditions: &Value) -> Value {
        json!({"metadata": {"generation": 2},
            "status": {"observedGeneration": 2, "conditions": conditions}})
    }

    #[test]
    fn conditions_come_to_a_word() {
        let ready = |status: &str, reason: &str| json!({"type": "Ready", "status": status, "reason": reason, "message": "m"});
        let run = |reason: &str| json!({"type": "Reconciling", "status": "True", "reason": reason, "message": "Building"});
        for (conditions, expected) in [
            (json!([ready("True", "R")]), None),
            (json!([]), Some(OwnerState::Unknown)),
            (json!([ready("True", "R"), run("Progressing")]), Some(OwnerState::Progressing)),
            (json!([ready("Unknown", "R"), run("Progressing")]), Some(OwnerState::Progressing)),
            (json!([ready("False", "BuildFailed"), run(RETRIES)]), Some(OwnerState::Failed)),
            (
                json!([ready("False", "BuildFailed"), run("Progressing")]),
                Some(OwnerState::Progressing),
            ),
            (json!([ready("False", "DependencyNotReady")]), Some(OwnerState::Progressing)),
            (
                json!([ready("False", "R"), {"type": "Stalled", "status": "True", "reason": "S"}]),
                Some(OwnerState::Failed),
            ),
        ] {
            let state = of(&owner(&conditions)).map(|(state, _)| state);
            assert_eq!(state, expected, "{conditions}");
        }
        let mut new = owner(&json!([ready("True", "R")]));
        new["metadata"]["generation"] = json!(3);
        assert_eq!(of(&new).map(|(state, _)| state), Some(OwnerState::Progressing));
        assert_eq!(of(&json!([])).map(|(state, _)| state), Some(OwnerState::Unknown));
    }
}
