//! The operation of an Application: the sync that runs, or the last one.

use serde_json::Value;

use super::fields::{items, text, texts};
use super::revision::shorts;

/// A failed sync of its own is tried again for so many seconds: 10 + 20 + 40 + 80 + 160.
pub(super) const RETRIES: u64 = 310;

/// Where an operation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// There was none.
    Never,
    /// Asked for, and not begun.
    Asked,
    Running,
    /// It has failed, and is tried again in a while.
    Waiting,
    Terminating,
    Succeeded,
    Failed,
}

impl Phase {
    /// Of an Application.
    pub(super) fn of(application: &Value) -> Self {
        let state = "/status/operationState";
        match text(application, &format!("{state}/phase")) {
            "Running" if text(application, &format!("{state}/finishedAt")).is_empty() => {
                Self::Running
            }
            "Running" => Self::Waiting,
            "Terminating" => Self::Terminating,
            _ if application.get("operation").is_some_and(Value::is_object) => Self::Asked,
            "Succeeded" => Self::Succeeded,
            "Failed" | "Error" => Self::Failed,
            _ => Self::Never,
        }
    }
}

/// The revisions that an operation is pinned to; empty where it does not say.
pub(super) fn pinned(application: &Value) -> String {
    let places = [
        "/status/operationState/syncResult",
        "/status/operationState/operation/sync",
        "/operation/sync",
    ];
    let asked = matches!(Phase::of(application), Phase::Asked);
    let places = if asked { &places[2..] } else { &places[..] };
    places
        .iter()
        .map(|place| shorts(revisions(application, place)))
        .find(|revisions| !revisions.is_empty())
        .unwrap_or_default()
}

/// Whether the last sync was to what is compared with now; a sync without a result counts as one. Where
/// commits that touch nothing of the Application are left out, it cannot be told, and is said to be so.
pub(super) fn is_at_compared(application: &Value, leaves_commits_out: bool) -> bool {
    let Some(state) = application.pointer("/status/operationState") else { return false };
    let synced = revisions(state, "/syncResult");
    let compared = revisions(application, "/status/sync");
    leaves_commits_out
        || !state.get("syncResult").is_some_and(Value::is_object)
        || synced == compared
}

/// `revisions`, or else `revision`.
pub(super) fn revisions<'v>(object: &'v Value, place: &str) -> Vec<&'v str> {
    let several = format!("{place}/revisions");
    if items(object, &several).is_empty() {
        let one = text(object, &format!("{place}/revision"));
        if one.is_empty() { Vec::new() } else { vec![one] }
    } else {
        texts(object, &several).filter(|revision| !revision.is_empty()).collect()
    }
}

/// What is to be said of it.
pub(super) fn note(application: &Value) -> Option<String> {
    let revision = pinned(application);
    let to = if revision.is_empty() { String::new() } else { format!(" to {revision}") };
    let message = text(application, "/status/operationState/message");
    let message = crate::text::truncate(message, 160);
    match Phase::of(application) {
        Phase::Never | Phase::Succeeded => None,
        Phase::Asked => Some(format!("a sync{to} was asked for, and another commit waits for it")),
        Phase::Running => Some(format!(
            "a sync{to} is running, and another commit waits until it ends: {message}"
        )),
        Phase::Waiting => Some(format!(
            "a sync{to} has failed and is tried again, so another commit waits up to {RETRIES} s: \
             {message}"
        )),
        Phase::Terminating => Some(format!("a sync{to} is being terminated")),
        Phase::Failed => Some(format!("its last sync{to} failed: {message}")),
    }
}
