//! How far a Kustomization is with a commit.
//!
//! Its status is written in several steps, conditions first: `Ready` is there for the new revision while
//! the rest is of the old one. And a run that was handled is no run that did anything. So it is done
//! where all of it fits: the revision applied, `Ready`, nothing going on, the newest generation seen.

use serde_json::Value;

use crate::rollback::model::convergence::{Convergence, Relation};
use crate::text::truncate;

use super::super::super::following::{Following, Goal, NudgeKind};
use super::super::condition::{Condition, failure, is_true, is_unfinished, true_one};
use super::super::fetching::{self, is_at};
use super::super::fields::{flag, is_set, number, word};
use super::super::health_check::{self, GATE};
use super::super::request;
use super::super::revision;
use super::super::source::SourceRef;
use super::super::values_from;
use super::{KIND, SOURCE};

const COLUMNS: usize = 300;
/// What it says while what it depends on is not done.
const WAITS: &str = "DependencyNotReady";
/// A newer revision has ended the check: that is no failure of the commit.
const CANCELLED: &str = "HealthCheckCanceled";
/// What is written did not come to be well in time.
const UNHEALTHY: &str = "HealthCheckFailed";
/// The archive of its source is not there yet, and is looked for again.
const AGAIN: &str = "artifact not found, retrying in";
/// Between two tries.
const RETRIES: &str = "ProgressingWithRetry";

/// How far it is.
pub(super) fn of(owner: &Value, following: &Following<'_>) -> Convergence {
    if is_set(owner, "/metadata/deletionTimestamp") {
        return Convergence::Failed { reason: "it is being deleted".to_owned(), object: None };
    }
    let is_wanted = following.goal != Goal::Seen;
    // A run of a suspended one does nothing, and leaves all the signs of a good one.
    if is_wanted && flag(owner, "/spec/suspend") {
        return Convergence::Suspended { by: "spec.suspend is true".to_owned() };
    }
    let Some(source) = SourceRef::at(owner, SOURCE) else {
        let why = Some("it names no source".to_owned());
        return Convergence::NotSeen { has: None, why };
    };
    let fetched = fetching::of(&source, following);
    if !is_wanted {
        let seen = Convergence::Applied { revision: source.named(), why: None };
        return fetched.err().unwrap_or(seen);
    }
    if let Err(state) = &fetched
        && !matches!(state, Convergence::NotSeen { .. })
    {
        return state.clone();
    }
    if let Some(newer) = newer(owner, following) {
        return Convergence::Superseded { by: revision::words(newer) };
    }
    if let Some(written) = written(owner, following) {
        return written;
    }
    if let Some(blocked) = blocked(owner, following) {
        return blocked;
    }
    let applied = word(owner, "/status/lastAppliedRevision");
    if is_at(applied, following)
        && !is_unfinished(owner)
        && values_from::are_read(&KIND, owner, following)
    {
        let revision = revision::words(applied.unwrap_or_default());
        return if health_check::is_waited_for(owner) {
            Convergence::Healthy { revision }
        } else {
            Convergence::Applied { revision, why: None }
        };
    }
    // Where the source may not be read, what was tried says that it had it.
    if let Err(state) = fetched
        && !is_at(word(owner, "/status/lastAttemptedRevision"), following)
    {
        return state;
    }
    lost(owner, following).unwrap_or_else(|| under_way(owner, following))
}

/// Whether its last run ended because what it depends on is not done.
pub(super) fn is_dependent(owner: &Value) -> bool {
    failure(owner).is_some_and(|ready| ready.reason() == WAITS)
}

fn newer<'v>(owner: &'v Value, following: &Following<'_>) -> Option<&'v str> {
    let revisions = ["/status/lastAttemptedRevision", "/status/lastAppliedRevision"];
    let mut revisions = revisions.iter().filter_map(|pointer| word(owner, pointer));
    revisions.find(|revision| fetching::relation(revision, following) == Relation::Replaced)
}

/// What is checked, or was, has been written.
fn written(owner: &Value, following: &Following<'_>) -> Option<Convergence> {
    if following.goal != Goal::Written {
        return None;
    }
    let (revision, why) = if let Some(running) = health_check::running(owner) {
        (running.revision, "its health check runs".to_owned())
    } else {
        let failed = failure(owner).filter(|ready| ready.reason() == UNHEALTHY)?;
        (word(owner, "/status/lastAttemptedRevision")?, failed.words())
    };
    let written = Convergence::Applied { revision: revision::words(revision), why: Some(why) };
    is_at(Some(revision), following).then_some(written)
}

/// The health check of another revision, which has to end, or what it depends on.
fn blocked(owner: &Value, following: &Following<'_>) -> Option<Convergence> {
    if let Some(running) = health_check::running(owner)
        && (!is_at(Some(running.revision), following)
            || values_from::are_to_be_read(&KIND, owner, following))
    {
        let what = revision::words(running.revision);
        return Some(Convergence::Blocked {
            by: format!("the health check of {what}"),
            until: running.until,
            remedy: Some(format!(
                "patching its objects to what Git holds ends it, and so does Flux's gate {GATE}"
            )),
        });
    }
    let waits = failure(owner).filter(|_| is_dependent(owner))?;
    Some(Convergence::Blocked { by: waits.words(), until: None, remedy: None })
}

/// Why nothing will come of it. What it says of an older revision is not meant.
fn lost(owner: &Value, following: &Following<'_>) -> Option<Convergence> {
    let is_tried = is_at(word(owner, "/status/lastAttemptedRevision"), following);
    let is_observed =
        number(owner, "/status/observedGeneration") == number(owner, "/metadata/generation");
    if let Some(stalled) = true_one(owner, "Stalled").filter(|_| is_observed) {
        return Some(failed(stalled));
    }
    let ready = failure(owner)?;
    if ready.reason() == "ArtifactFailed" {
        if ready.message().contains(AGAIN) {
            return None;
        }
        // A folder that is not there leaves the revision that was tried as it was.
        let path = KIND.address_of(owner).object();
        let last = following.last(NudgeKind::Refresh, &path)?;
        return request::is_handled(owner, last).then(|| failed(ready));
    }
    let is_over = is_true(owner, "Reconciling") && running_reason(owner) == RETRIES;
    let is_ours = is_tried && values_from::are_read(&KIND, owner, following);
    (is_ours && is_over && ready.reason() != CANCELLED).then(|| failed(ready))
}

fn running_reason(owner: &Value) -> &str {
    true_one(owner, "Reconciling").map(Condition::reason).unwrap_or_default()
}

fn under_way(owner: &Value, following: &Following<'_>) -> Convergence {
    let is_tried = is_at(word(owner, "/status/lastAttemptedRevision"), following);
    let run = true_one(owner, "Reconciling").filter(|run| run.reason() != RETRIES);
    if let Some(run) = run {
        let is_checking = health_check::running(owner).is_some();
        let phase = if is_checking { "health check" } else { "run" };
        let since = Condition::of(owner, "Healthy").filter(|_| is_checking).unwrap_or(run);
        return Convergence::Running {
            phase: phase.to_owned(),
            message: line(run.message()),
            since: since.since().parse().ok(),
        };
    }
    if is_tried && values_from::are_read(&KIND, owner, following) {
        // Between two writes of its status.
        let (phase, message) = ("run".to_owned(), String::new());
        return Convergence::Running { phase, message, since: None };
    }
    Convergence::Compared { waits: "its next run".to_owned() }
}

fn failed(condition: Condition<'_>) -> Convergence {
    let reason = truncate(&condition.words(), COLUMNS).into_owned();
    Convergence::Failed { reason, object: object(condition.message()) }
}

/// The first object that a health check has waited for:
/// `timeout waiting for: [Deployment/shop/web status: 'InProgress', …]`.
fn object(message: &str) -> Option<String> {
    let (_, list) = message.split_once('[')?;
    let (object, _) = list.split_once(" status:")?;
    let (kind, name) = object.split_once('/')?;
    let is_one = |text: &str| !text.is_empty() && !text.contains(char::is_whitespace);
    (is_one(kind) && is_one(name)).then(|| format!("{kind} {name}"))
}

fn line(message: &str) -> String {
    truncate(message.lines().next().unwrap_or_default().trim(), COLUMNS).into_owned()
}

#[cfg(test)]
mod tests;
