//! The operation of an Application: the sync that runs, or the last one.

use jiff::SignedDuration;
use serde_json::Value;

use super::fields::{flag, items, text, texts};
use super::revision::shorts;

/// How a failed sync is tried again where nobody says otherwise: seconds before the first try, what they
/// are multiplied by each time, and their most. The first pause is twice as long as is said.
const FIRST_PAUSE: f64 = 5.0;
const FACTOR: f64 = 2.0;
const LONGEST_PAUSE: f64 = 180.0;
/// Pauses that are added up at most.
const TRIES: i64 = 1_000;

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

/// The revisions that an operation is pinned to, in words; empty where it does not say.
pub(super) fn pinned(application: &Value) -> String {
    shorts(pinned_to(application))
}

/// The revisions that an operation is pinned to; none where it does not say.
pub(super) fn pinned_to(application: &Value) -> Vec<&str> {
    let (asked, state) = ("/operation/sync", "/status/operationState");
    let (found, kept) = (format!("{state}/syncResult"), format!("{state}/operation/sync"));
    let places: &[&str] = match Phase::of(application) {
        Phase::Asked => &[asked],
        _ if looks_for_the_newest(application) => &[&found, &kept, asked],
        // Until its first pass is over, the state has still what the operation before has left in it.
        _ => &[asked, &found, &kept],
    };
    places
        .iter()
        .map(|place| revisions(application, place))
        .find(|revisions| !revisions.is_empty())
        .unwrap_or_default()
}

/// Whether it does not keep to what was asked for, but takes what is newest when it tries again.
fn looks_for_the_newest(application: &Value) -> bool {
    let tries = application.pointer("/status/operationState/retryCount").and_then(Value::as_i64);
    flag(application, "/operation/retry/refresh") && tries.unwrap_or_default() > 0
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

/// How long a sync that has failed is still tried again: the pauses that are left.
fn pauses(application: &Value) -> String {
    let state = "/status/operationState";
    let number =
        |member: &str| application.pointer(&format!("{state}/{member}")).and_then(Value::as_i64);
    let backoff = |member: &str| format!("{state}/operation/retry/backoff/{member}");
    let seconds = |member: &str| {
        let duration: SignedDuration = text(application, &backoff(member)).parse().ok()?;
        Some(duration.as_secs_f64()).filter(|seconds| *seconds > 0.0)
    };
    let limit = number("operation/retry/limit").unwrap_or_default();
    if limit < 0 {
        return "without end".to_owned();
    }
    let first = seconds("duration").unwrap_or(FIRST_PAUSE);
    let longest = seconds("maxDuration").unwrap_or(LONGEST_PAUSE);
    let factor = application.pointer(&backoff("factor")).and_then(Value::as_f64).unwrap_or(FACTOR);
    let begun = number("retryCount").unwrap_or_default().max(1);
    let pauses = (begun..=limit.min(begun.saturating_add(TRIES)))
        .map(|tries| (first * factor.powf(tries_as_number(tries))).clamp(0.0, longest));
    format!("up to {:.0} s", pauses.fold(0.0, |sum, pause| sum + pause))
}

fn tries_as_number(tries: i64) -> f64 {
    i32::try_from(tries).map_or(f64::INFINITY, f64::from)
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
            "a sync{to} has failed and is tried again, so another commit waits {}: {message}",
            pauses(application)
        )),
        Phase::Terminating => Some(format!("a sync{to} is being terminated")),
        Phase::Failed => Some(format!("its last sync{to} failed: {message}")),
    }
}
