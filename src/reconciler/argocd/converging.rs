//! How far an Application is with a commit.
//!
//! None of its words counts alone. `Synced` and `Healthy` are there while an operation to another commit
//! still runs; `Succeeded` is there before the health is looked at again; after a revert of what was never
//! applied there is no operation at all, and the last one says `Failed`. So it is: compared with the
//! commit, no operation, `Synced`.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use crate::rollback::model::convergence::{Convergence, Relation};
use crate::text::truncate;

use super::super::following::{Following, Goal, NudgeKind};
use super::fields::{flag, is_set, items, text};
use super::operation::{self, Phase, revisions};
use super::policy::{SKIP, is_automated, is_skipped, leaves_commits_out};
use super::revision::{short, shorts};
use super::{hydrator, nudging, settling};

/// Columns of a message: some hold the output of a whole program.
const COLUMNS: usize = 300;
/// Comparisons that may fail before it counts: the repository may be out of reach for a moment.
const TRIES: usize = 3;
/// Objects that are named in one sentence.
const FEW: usize = 3;
/// Conditions that say why nothing can be compared.
const ERRORS: [&str; 3] = ["InvalidSpecError", "ComparisonError", "UnknownError"];
const IN_WINDOW: &str = "Sync operation blocked by sync window";
/// It looks for what is newest by itself (`retry.refresh`), whatever its revision says still.
const NEWEST: &str = "Retrying operation with latest revisions";
/// Somebody has ended it: that is no failure of the commit.
const TERMINATED: &str = "Operation terminated";
const STATE: &str = "/status/operationState";

/// How far it is.
pub(super) fn of(application: &Value, following: &Following<'_>) -> Convergence {
    if is_set(application, "/metadata/deletionTimestamp") {
        return failed("it is being deleted".to_owned(), None);
    }
    if is_skipped(application) {
        return Convergence::Suspended { by: format!("annotation {SKIP} is on it") };
    }
    if let Some(by) = replaced(application, following) {
        return Convergence::Superseded { by };
    }
    if following.goal == Goal::Seen {
        return seen(application, following);
    }
    match Phase::of(application) {
        phase @ (Phase::Asked | Phase::Running | Phase::Waiting | Phase::Terminating) => {
            under_way(application, phase, following)
        }
        phase => at_rest(application, phase, following),
    }
}

/// Whether it has compared with the commit; what runs meanwhile is no part of that.
fn seen(application: &Value, following: &Following<'_>) -> Convergence {
    let compared = revisions(application, "/status/sync");
    if !holds(application, &compared, following) {
        return not_seen(application, &compared, following);
    }
    Convergence::Applied { revision: shorts(compared), why: None }
}

/// Whether an operation to something else is under way, which the commit has to wait for.
pub(super) fn is_pinned(application: &Value, following: &Following<'_>) -> bool {
    let pinned = operation::pinned_to(application);
    match Phase::of(application) {
        // What it is to sync, it finds out when it begins.
        Phase::Asked if pinned.is_empty() => false,
        Phase::Running if says(application, NEWEST) => false,
        Phase::Asked | Phase::Running | Phase::Waiting | Phase::Terminating => {
            !holds(application, &pinned, following)
        }
        Phase::Never | Phase::Succeeded | Phase::Failed => false,
    }
}

/// Whether a sync window holds its operation back: not even its end is worked on then.
pub(super) fn is_in_window(application: &Value) -> bool {
    says(application, IN_WINDOW)
}

fn says(application: &Value, start: &str) -> bool {
    text(application, &format!("{STATE}/message")).starts_with(start)
}

/// Whether the last operation was a whole sync to the commit.
pub(super) fn was_tried(application: &Value, following: &Following<'_>) -> bool {
    let synced = revisions(application, &format!("{STATE}/syncResult"));
    // Of some objects only, as a heal is.
    let is_whole = !is_set(application, &format!("{STATE}/operation/sync/resources"));
    is_whole && holds(application, &synced, following)
}

/// Whether the last operation had ended before the wait began: what differs now, somebody may have changed
/// since.
pub(super) fn had_ended(application: &Value, following: &Following<'_>) -> bool {
    let ended = time(application, &format!("{STATE}/finishedAt"));
    let compared = time(application, "/status/reconciledAt");
    let Some((ended, compared)) = ended.zip(compared) else { return false };
    // By the clock of the controller alone: it has not compared later than now.
    Duration::try_from(compared.duration_since(ended)).is_ok_and(|since| since > following.elapsed)
}

/// Whether these revisions of its sources have the commit in them.
fn holds(application: &Value, revisions: &[&str], following: &Following<'_>) -> bool {
    if hydrator::is_used(application) {
        let wet = hydrator::rendered(application, following).map(|(wet, _)| wet);
        return wet.is_some_and(|wet| revisions.contains(&wet));
    }
    revisions.iter().any(|revision| following.relation(revision).is_at())
}

/// The newer release that it has seen.
fn replaced(application: &Value, following: &Following<'_>) -> Option<String> {
    let rendered = hydrator::rendered(application, following).map(|(_, dry)| dry);
    let compared = revisions(application, "/status/sync");
    let mut seen = rendered.into_iter().chain(compared);
    let newer = seen.find(|revision| following.relation(revision) == Relation::Replaced);
    newer.map(|revision| short(revision).into_owned())
}

fn under_way(application: &Value, phase: Phase, following: &Following<'_>) -> Convergence {
    let message = message(application, &format!("{STATE}/message"));
    if is_in_window(application) {
        // Its end comes with that of the window, and before anything else: nobody has to wait for it.
        if phase == Phase::Terminating && following.goal == Goal::Idle {
            let by = "its sync is being terminated, which a sync window holds back".to_owned();
            return Convergence::Suspended { by };
        }
        return Convergence::Blocked { by: message, until: None, remedy: None };
    }
    if is_pinned(application, following) {
        let to = operation::pinned(application);
        let to = if to.is_empty() { String::new() } else { format!(" to {to}") };
        let (what, remedy) = match phase {
            Phase::Terminating => ("which is being terminated", None),
            Phase::Waiting => ("which has failed and is tried again", Some("terminating it")),
            Phase::Asked => ("which was asked for", None),
            _ => ("which is running", Some("terminating it")),
        };
        let remedy = remedy.map(|remedy| format!("{remedy} lets the commit pass"));
        return Convergence::Blocked { by: format!("a sync{to}, {what}"), until: None, remedy };
    }
    let (phase, since) = match phase {
        // Its state is still that of the one before.
        Phase::Asked => return running("sync, asked for", String::new(), None),
        Phase::Terminating => ("sync, being terminated", "startedAt"),
        Phase::Waiting => ("sync, tried again", "finishedAt"),
        _ => ("sync", "startedAt"),
    };
    running(phase, message, time(application, &format!("{STATE}/{since}")))
}

fn at_rest(application: &Value, phase: Phase, following: &Following<'_>) -> Convergence {
    let compared = revisions(application, "/status/sync");
    if let Some(why) = hydrator::failure(application, following) {
        return failed(format!("it cannot be rendered: {why}"), None);
    }
    let status = text(application, "/status/sync/status");
    if !holds(application, &compared, following) || !["Synced", "OutOfSync"].contains(&status) {
        return not_seen(application, &compared, following);
    }
    if !settling::is_as_declared(application) {
        let why = "its source was changed, and it has not compared with that yet".to_owned();
        return Convergence::NotSeen { has: Some(shorts(compared)), why: Some(why) };
    }
    if is_from_cache(application, following) {
        return waits("a comparison without its cache");
    }
    let revision = shorts(compared);
    if status == "Synced" {
        return synced(application, revision);
    }
    let was_tried = was_tried(application, following);
    match phase {
        Phase::Failed if was_tried && !says(application, TERMINATED) => {
            let (object, why) = first_failure(application);
            let reason = message(application, &format!("{STATE}/message"));
            failed(why.unwrap_or(reason), object)
        }
        Phase::Succeeded if was_tried => differs(application, revision),
        _ if is_automated(application) => waits("a sync of its own"),
        _ => waits("a sync, which it does not do by itself"),
    }
}

/// Whether nobody has had it compare without its cache: outside of its paths that has what the commit before
/// had.
pub(super) fn is_from_cache(application: &Value, following: &Following<'_>) -> bool {
    let path = nudging::path(application);
    let hard = NudgeKind::HardRefresh;
    let was_asked = following.last(hard, &path).is_some() && !nudging::is_refresh_open(application);
    following.waits
        && leaves_commits_out(application)
        && !was_asked
        && !following.is_refused(hard, &path)
}

fn not_seen(application: &Value, compared: &[&str], following: &Following<'_>) -> Convergence {
    let error = ERRORS.iter().find_map(|kind| {
        let conditions = items(application, "/status/conditions");
        let condition = conditions.iter().find(|condition| text(condition, "/type") == *kind)?;
        Some(message(condition, "/message"))
    });
    let path = nudging::path(application);
    let refreshes =
        following.count(NudgeKind::Refresh, &path) + following.count(NudgeKind::HardRefresh, &path);
    let is_answered = !nudging::is_refresh_open(application);
    match error {
        Some(error) if refreshes >= TRIES && is_answered => {
            failed(format!("it cannot compare with its source: {error}"), None)
        }
        why => {
            let has = Some(shorts(compared.iter().copied())).filter(|has| !has.is_empty());
            Convergence::NotSeen { has, why }
        }
    }
}

fn synced(application: &Value, revision: String) -> Convergence {
    if !is_fresh(application) {
        let why = Some("its health is from before the sync".to_owned());
        return Convergence::Applied { revision, why };
    }
    match text(application, "/status/health/status") {
        "Healthy" => Convergence::Healthy { revision },
        "" => Convergence::Applied { revision, why: None },
        health => {
            let message = message(application, "/status/health/message");
            let message = if message.is_empty() { String::new() } else { format!(" ({message})") };
            let why = Some(format!("its health is {health}{message}"));
            Convergence::Applied { revision, why }
        }
    }
}

/// The sync has succeeded, and something differs still.
fn differs(application: &Value, revision: String) -> Convergence {
    if !is_fresh(application) {
        return waits("its comparison after the sync");
    }
    let differing: Vec<&Value> = items(application, "/status/resources")
        .iter()
        .filter(|resource| text(resource, "/status") == "OutOfSync")
        .collect();
    let names: Vec<String> = differing.iter().take(FEW).map(|resource| name(resource)).collect();
    let more = differing.len().saturating_sub(FEW);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let names = format!("{}{more}", names.join(", "));
    let is_left = |resource: &&Value| flag(resource, "/requiresPruning");
    if !differing.is_empty() && differing.iter().all(is_left) {
        let why = format!("it leaves what Git does not hold any more: {names} (prune them)");
        return Convergence::Applied { revision, why: Some(why) };
    }
    waits(&format!("what differs although the sync succeeded: {names}"))
}

/// The first object that could not be applied, and why.
fn first_failure(application: &Value) -> (Option<String>, Option<String>) {
    let results = items(application, &format!("{STATE}/syncResult/resources"));
    let has_failed = |result: &&Value| {
        text(result, "/status") == "SyncFailed"
            || ["Failed", "Error"].contains(&text(result, "/hookPhase"))
    };
    let Some(result) = results.iter().find(has_failed) else { return (None, None) };
    (Some(name(result)), Some(message(result, "/message")).filter(|why| !why.is_empty()))
}

/// `Deployment shop/web`.
fn name(resource: &Value) -> String {
    let at = |member: &str| text(resource, member);
    match at("/namespace") {
        "" => format!("{} {}", at("/kind"), at("/name")),
        namespace => format!("{} {namespace}/{}", at("/kind"), at("/name")),
    }
}

/// Whether it has compared since its last operation ended. Both times are of whole seconds, so the
/// same second may still be before: whoever waits looks at the workload too.
fn is_fresh(application: &Value) -> bool {
    let Some(ended) = time(application, &format!("{STATE}/finishedAt")) else { return true };
    time(application, "/status/reconciledAt").is_none_or(|compared| compared >= ended)
}

fn failed(reason: String, object: Option<String>) -> Convergence {
    Convergence::Failed { reason, object }
}

fn waits(what: &str) -> Convergence {
    Convergence::Compared { waits: what.to_owned() }
}

fn running(phase: &str, message: String, since: Option<Timestamp>) -> Convergence {
    Convergence::Running { phase: phase.to_owned(), message, since }
}

fn message(object: &Value, pointer: &str) -> String {
    let line = text(object, pointer).lines().next().unwrap_or_default().trim();
    truncate(line, COLUMNS).into_owned()
}

fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    text(object, pointer).parse().ok()
}

#[cfg(test)]
mod tests;
