//! How far a source is with a commit, and what makes it fetch now.

use std::time::Duration;

use serde_json::Value;

use crate::rollback::model::convergence::{Convergence, Relation};

use super::super::following::{Following, Nudge, NudgeKind};
use super::condition::{Condition, failure, true_one};
use super::fields::{flag, is_set, word};
use super::request;
use super::revision;
use super::source::SourceRef;

/// So long nothing is said of a source that was not read yet.
const TO_BE_READ: Duration = Duration::from_secs(2);
/// Requests that may come to nothing before it counts: the host may be out of reach for a moment.
const TRIES: usize = 2;
/// Pauses before the next request, where a host of Git does not show yet what was pushed.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
];
const LONG_PAUSE: Duration = Duration::from_secs(10);

/// What Git says of a revision as Flux writes it.
pub(super) fn relation(revision: &str, following: &Following<'_>) -> Relation {
    following.relation(revision::commit(revision).unwrap_or(revision))
}

/// Whether a revision as Flux writes it has the commit in it.
pub(super) fn is_at(revision: Option<&str>, following: &Following<'_>) -> bool {
    revision.is_some_and(|revision| relation(revision, following).is_at())
}

/// What the source has fetched last.
pub(super) fn artifact<'a>(source: &SourceRef<'_>, following: &Following<'a>) -> Option<&'a str> {
    word(following.other(&source.target())?, "/status/artifact/revision")
}

/// Whether the source has the commit; if not, how far it is.
pub(super) fn of(source: &SourceRef<'_>, following: &Following<'_>) -> Result<(), Convergence> {
    let Some(object) = following.other(&source.target()) else {
        let missing = || format!("{} was not found, or cannot be read", source.named());
        let why = (following.elapsed >= TO_BE_READ).then(missing);
        return Err(Convergence::NotSeen { has: None, why });
    };
    let artifact = word(object, "/status/artifact/revision");
    match artifact.map(|artifact| relation(artifact, following)) {
        Some(Relation::Ours | Relation::OnTop) => return Ok(()),
        Some(Relation::Replaced) => {
            let by = artifact.map(revision::words).unwrap_or_default();
            return Err(Convergence::Superseded { by });
        }
        Some(Relation::Other) | None => {}
    }
    if is_set(object, "/metadata/deletionTimestamp") {
        let reason = format!("{} is being deleted", source.named());
        return Err(Convergence::Failed { reason, object: None });
    }
    if flag(object, "/spec/suspend") {
        let by = format!("{} is suspended, so it fetches nothing new", source.named());
        return Err(Convergence::Suspended { by });
    }
    Err(behind(source, object, artifact, following))
}

fn behind(
    source: &SourceRef<'_>,
    object: &Value,
    artifact: Option<&str>,
    following: &Following<'_>,
) -> Convergence {
    let unsigned =
        Condition::of(object, "SourceVerified").filter(|verified| verified.status() == "False");
    let stalled = true_one(object, "Stalled");
    let error = unsigned.or(stalled).or(true_one(object, "FetchFailed")).or(failure(object));
    let Some(error) = error else {
        return Convergence::NotSeen { has: artifact.map(revision::words), why: None };
    };
    let path = source.address().map(|address| address.object());
    let last = path.as_ref().and_then(|path| following.last(NudgeKind::Fetch, path));
    let tries = path.as_ref().map_or(0, |path| following.count(NudgeKind::Fetch, path));
    // What is not signed now will not be signed the next time.
    let is_final = unsigned.is_some() || stalled.is_some() || tries >= TRIES;
    if is_final && last.is_some_and(|last| request::is_handled(object, last)) {
        return Convergence::Failed { reason: error.words(), object: Some(source.named()) };
    }
    Convergence::NotSeen { has: artifact.map(revision::words), why: Some(error.words()) }
}

/// Asks the source to fetch. Once it has, all that use it are queued by themselves. It is asked again
/// where it has looked and the host did not show it the commit.
pub(super) fn nudge(source: &SourceRef<'_>, following: &Following<'_>) -> Option<Nudge> {
    let Err(Convergence::NotSeen { .. }) = of(source, following) else { return None };
    let address = source.address()?;
    let object = following.other(&address.target)?;
    let path = address.object();
    if let Some(last) = following.last(NudgeKind::Fetch, &path) {
        let count = following.count(NudgeKind::Fetch, &path);
        let pause = PAUSES.get(count.saturating_sub(1)).copied().unwrap_or(LONG_PAUSE);
        let is_handled = request::is_handled(object, last);
        if !is_handled || !following.is_due(NudgeKind::Fetch, &path, pause) {
            return None;
        }
    }
    Some(request::of(NudgeKind::Fetch, &address, following))
}
