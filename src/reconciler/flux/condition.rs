//! Conditions of an object of Flux.

use serde_json::Value;

use crate::text::truncate;

use super::fields::{list, number, text};

/// Columns of a message: some hold the output of a whole dry run.
const COLUMNS: usize = 200;

/// One condition.
#[derive(Clone, Copy, Debug)]
pub(super) struct Condition<'v>(&'v Value);

impl<'v> Condition<'v> {
    /// The condition of this type, where the object has it.
    pub(super) fn of(object: &'v Value, kind: &str) -> Option<Self> {
        let conditions = list(object, "/status/conditions");
        conditions.iter().find(|condition| text(condition, "/type") == kind).map(Self)
    }

    pub(super) fn status(self) -> &'v str {
        text(self.0, "/status")
    }

    pub(super) fn reason(self) -> &'v str {
        text(self.0, "/reason")
    }

    pub(super) fn message(self) -> &'v str {
        text(self.0, "/message")
    }

    /// When it took this status.
    pub(super) fn since(self) -> &'v str {
        text(self.0, "/lastTransitionTime")
    }

    /// For people: the reason and the first line of the message.
    pub(super) fn words(self) -> String {
        let line = truncate(self.message().lines().next().unwrap_or_default().trim(), COLUMNS);
        match (self.reason(), line.as_ref()) {
            ("", "") => "no reason is given".to_owned(),
            (reason, "") => reason.to_owned(),
            ("", line) => line.to_owned(),
            (reason, line) => format!("{reason}: {line}"),
        }
    }
}

/// Whether the object has this condition, and it is true.
pub(super) fn is_true(object: &Value, kind: &str) -> bool {
    Condition::of(object, kind).is_some_and(|condition| condition.status() == "True")
}

/// The condition of this type, where it is true.
pub(super) fn true_one<'v>(object: &'v Value, kind: &str) -> Option<Condition<'v>> {
    Condition::of(object, kind).filter(|condition| condition.status() == "True")
}

/// The condition `Ready`, where it is false.
pub(super) fn failure(object: &Value) -> Option<Condition<'_>> {
    Condition::of(object, "Ready").filter(|condition| condition.status() == "False")
}

/// Whether its last run has not come to a good end, or there is something that no run has seen.
pub(super) fn is_unfinished(object: &Value) -> bool {
    let seen = number(object, "/status/observedGeneration");
    !is_true(object, "Ready")
        || is_true(object, "Reconciling")
        || seen != number(object, "/metadata/generation")
}

/// What is to be said of an object that is not as it should be, as a sentence about it.
pub(super) fn trouble(object: &Value) -> Option<String> {
    if let Some(stalled) = true_one(object, "Stalled") {
        return Some(format!("it is stalled: {}", stalled.words()));
    }
    let Some(ready) = Condition::of(object, "Ready") else {
        let text =
            "it has no condition Ready: its controller has not looked at it, or does not run";
        return Some(text.to_owned());
    };
    match ready.status() {
        "True"
            if number(object, "/status/observedGeneration")
                < number(object, "/metadata/generation") =>
        {
            Some("its spec was changed, and its controller has not looked at that yet".to_owned())
        }
        "True" => None,
        "False" => Some(format!("it is not ready: {}", ready.words())),
        _ => {
            let run = true_one(object, "Reconciling").unwrap_or(ready);
            Some(format!("a run is under way: {}", run.words()))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(ready: &str, extra: &Value) -> Value {
        json!({"metadata": {"generation": 2}, "status": {"observedGeneration": 2, "conditions": [
            "absurd",
            {"type": "Ready", "status": ready, "reason": "BuildFailed",
                "message": "no such file\nthe rest"},
            extra,
        ]}})
    }

    #[test]
    fn trouble_is_told_in_words() {
        let changed = json!({"metadata": {"generation": 3}, "status": {"observedGeneration": 2,
            "conditions": [{"type": "Ready", "status": "True"}]}});
        let running = json!({"type": "Reconciling", "status": "True", "reason": "Progressing",
            "message": "Building manifests"});
        let stalled = json!({"type": "Stalled", "status": "True", "reason": "RetriesExceeded", "message": ""});
        for (object, expected) in [
            (object("True", &json!({})), None),
            (object("False", &json!({})), Some("it is not ready: BuildFailed: no such file")),
            (
                object("Unknown", &running),
                Some("a run is under way: Progressing: Building manifests"),
            ),
            (object("False", &stalled), Some("it is stalled: RetriesExceeded")),
            (changed, Some("its spec was changed, and its controller has not looked at that yet")),
            (
                json!({"status": {"conditions": {"Ready": "True"}}}),
                Some(
                    "it has no condition Ready: its controller has not looked at it, or does not run",
                ),
            ),
        ] {
            assert_eq!(trouble(&object).as_deref(), expected, "{object}");
        }
    }

    #[test]
    fn a_run_that_is_not_over_is_seen() {
        let running = json!({"type": "Reconciling", "status": "True"});
        for (object, expected) in [
            (object("True", &json!({})), false),
            (object("True", &running), true),
            (object("False", &json!({})), true),
            (object("Unknown", &json!({})), true),
            (json!([]), true),
        ] {
            assert_eq!(is_unfinished(&object), expected, "{object}");
        }
    }

    #[test]
    fn long_messages_are_cut() {
        let long = json!({"status": {"conditions": [
            {"type": "Ready", "status": "False", "message": "ü".repeat(20_000)}]}});
        assert!(trouble(&long).unwrap().chars().count() < 250);
        let silent = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}});
        assert_eq!(trouble(&silent).unwrap(), "it is not ready: no reason is given");
    }
}
