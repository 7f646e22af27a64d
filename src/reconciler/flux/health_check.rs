//! The health check of a Kustomization. While it runs, nothing new is taken up: a revert waits until the
//! check of the bad release has run into its timeout, unless a gate that is off by default is on.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::cluster::Path;
use crate::facts::{Ask, Facts};

use super::condition::{Condition, true_one};
use super::duration::{self, parse, seconds, words};
use super::fields::{flag, list, text};
use super::revision;

/// Less is never waited.
const FLOOR: Duration = Duration::from_secs(30);
/// How much shorter than the interval the timeout is where nothing else is said.
const MARGIN: Duration = Duration::from_secs(30);
pub(super) const GATE: &str = "CancelHealthCheckOnNewRevision";
/// Where Flux is, unless somebody chose otherwise.
const CONTROLLER: (&str, &str) = ("flux-system", "kustomize-controller");

/// A check that runs.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Running<'v> {
    /// What is checked, as Flux writes it.
    pub revision: &'v str,
    /// How long at the most.
    pub timeout: Duration,
    /// When it ends at the latest.
    pub until: Option<Timestamp>,
}

/// The check that runs now.
pub(super) fn running(owner: &Value) -> Option<Running<'_>> {
    let message = true_one(owner, "Reconciling")?.message();
    let rest = message.strip_prefix("Running health checks for revision ")?;
    let (revision, timeout) = rest.rsplit_once(" with a timeout of ")?;
    let timeout = parse(timeout.trim_end())?;
    let checked = Condition::of(owner, "Healthy").filter(|healthy| healthy.status() == "Unknown");
    let since = checked.and_then(|healthy| healthy.since().parse::<Timestamp>().ok());
    Some(Running { revision, timeout, until: since.and_then(|at| at.checked_add(timeout).ok()) })
}

/// Whether its runs wait for health at all.
pub(super) fn is_waited_for(owner: &Value) -> bool {
    flag(owner, "/spec/wait") || !list(owner, "/spec/healthChecks").is_empty()
}

/// How long they wait at the most.
pub(super) fn timeout(owner: &Value) -> Duration {
    let said = duration::at(owner, "/spec/timeout");
    let default =
        || duration::at(owner, "/spec/interval").unwrap_or_default().saturating_sub(MARGIN);
    said.unwrap_or_else(default).max(FLOOR)
}

/// What tells whether the gate is on: only wanted where a check runs.
pub(super) fn asks(owner: &Value) -> Vec<Ask> {
    running(owner).map(|_| controller()).into_iter().collect()
}

fn controller() -> Ask {
    let (namespace, name) = CONTROLLER;
    Ask::Read(Path::namespaced("apis/apps/v1", namespace, "deployments").name(name).to_string())
}

/// What there is to know of it, in a sentence.
pub(super) fn note(owner: &Value, facts: &Facts<'_>) -> Option<String> {
    if !is_waited_for(owner) {
        return None;
    }
    let Some(running) = running(owner) else {
        let most = words(seconds(timeout(owner)));
        return Some(format!(
            "its runs wait for health, up to {most}, and what is pushed meanwhile waits too"
        ));
    };
    let what = revision::words(running.revision);
    let most = words(seconds(running.timeout));
    let until = running.until.map(|at| format!(", until {at} at the latest"));
    let held = match gate(facts) {
        Some(true) => format!("a new revision ends it at once ({GATE} is on)"),
        Some(false) => {
            format!("a revert is held back until it ends ({GATE}, which is off, would end it)")
        }
        None => format!("a revert is held back until it ends, unless {GATE} is on"),
    };
    let until = until.unwrap_or_else(|| format!(", for up to {most}"));
    Some(format!("it waits for the health of {what}{until}: {held}"))
}

/// Whether the gate is on, where that can be told.
fn gate(facts: &Facts<'_>) -> Option<bool> {
    let controller = facts.value(&controller()).ok()?;
    let containers = list(controller, "/spec/template/spec/containers");
    let is_controller = |container: &&Value| text(container, "/name") == "manager";
    let container = containers.iter().find(is_controller).or_else(|| containers.first())?;
    let arguments: Vec<&str> = list(container, "/args").iter().filter_map(Value::as_str).collect();
    let mut gates =
        arguments.iter().rev().filter_map(|argument| argument.strip_prefix("--feature-gates="));
    let on = |gates: &str| gates.split(',').any(|gate| gate.trim() == format!("{GATE}=true"));
    Some(gates.next().is_some_and(on))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SHA: &str = "0123456789abcdef0123456789abcdef01234567";

    fn checking(message: &str, since: &str) -> Value {
        json!({"spec": {"wait": true}, "status": {"conditions": [
            {"type": "Reconciling", "status": "True", "message": message},
            {"type": "Healthy", "status": "Unknown", "lastTransitionTime": since}]}})
    }

    fn message(timeout: &str) -> String {
        format!("Running health checks for revision main@sha1:{SHA} with a timeout of {timeout}")
    }

    #[test]
    fn the_timeout_has_a_default_and_a_floor() {
        for (spec, seconds) in [
            (json!({"interval": "1h"}), 3_570),
            (json!({"interval": "10m", "timeout": "2m"}), 120),
            (json!({"interval": "1m", "timeout": "5m"}), 300),
            (json!({"interval": "1m"}), 30),
            (json!({"interval": "30s"}), 30),
            (json!({"interval": "10s"}), 30),
            (json!({"interval": "1h", "timeout": "1s"}), 30),
            (json!({}), 30),
            (json!([]), 30),
            (json!({"interval": "soon", "timeout": ["1h"]}), 30),
        ] {
            let owner = json!({"spec": spec});
            assert_eq!(timeout(&owner), Duration::from_secs(seconds), "{owner}");
        }
    }

    #[test]
    fn a_check_that_runs_is_told_with_its_end() {
        let owner = checking(&message("5m0s"), "2026-11-26T04:30:00Z");
        let note = note(&owner, &Facts::of([])).unwrap();
        assert_eq!(
            note,
            "it waits for the health of main@012345678, until 2026-11-26T04:35:00Z at the latest: a \
             revert is held back until it ends, unless CancelHealthCheckOnNewRevision is on"
        );
        let unknown = checking(&message("59m30s"), "once");
        let told = super::note(&unknown, &Facts::of([])).unwrap();
        assert!(told.contains("main@012345678, for up to 59m: a revert"), "{told}");
    }

    #[test]
    fn other_messages_are_no_check() {
        for text in [
            "",
            "Building manifests for revision main@sha1:a with a timeout of 5m0s",
            "Running health checks for revision main@sha1:a",
            "Running health checks for revision main@sha1:a with a timeout of soon",
        ] {
            let owner = checking(text, "2026-11-26T04:30:00Z");
            assert_eq!(running(&owner), None, "{text}");
            assert!(asks(&owner).is_empty());
            let note = note(&owner, &Facts::of([])).unwrap();
            assert_eq!(
                note,
                "its runs wait for health, up to 30s, and what is pushed meanwhile waits too"
            );
        }
        assert_eq!(note(&json!({"spec": {"wait": false}}), &Facts::of([])), None);
        let listed = json!({"spec": {"healthChecks": [{"kind": "Deployment"}], "interval": "10m"}});
        let told = note(&listed, &Facts::of([])).unwrap();
        assert!(told.contains("up to 9m30s"), "{told}");
    }

    #[test]
    fn the_gate_is_read_from_the_controller() {
        let owner = checking(&message("5m0s"), "2026-11-26T04:30:00Z");
        let asks = asks(&owner);
        let [ask] = asks.as_slice() else { panic!("{asks:?}") };
        let controller = |args: Value| {
            json!({"spec": {"template": {"spec": {"containers": [
                {"name": "sidecar"}, {"name": "manager", "args": args}]}}}})
        };
        for (args, expected) in [
            (json!(["--feature-gates=A=true,CancelHealthCheckOnNewRevision=true"]), Some(true)),
            (json!(["--feature-gates=CancelHealthCheckOnNewRevision=false"]), Some(false)),
            (json!(["--log-level=info"]), Some(false)),
            (json!({}), Some(false)),
        ] {
            let facts = Facts::of([(ask.clone(), Some(controller(args.clone())))]);
            assert_eq!(gate(&facts), expected, "{args}");
            let told = note(&owner, &facts).unwrap();
            let on = "a new revision ends it at once";
            assert_eq!(told.contains(on), expected == Some(true), "{told}");
        }
        assert_eq!(gate(&Facts::of([(ask.clone(), None)])), None);
        assert_eq!(gate(&Facts::of([(ask.clone(), Some(json!([])))])), None);
    }
}
