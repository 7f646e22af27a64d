//! "Again": whether an undo would go further back than its caller knows.
//!
//! A retried CI step or a second person on call repeats `rb undo` while the first one is still
//! converging. For ten minutes, what rb rolled back to is not left without `--again`.

use jiff::{SignedDuration, Timestamp};

use crate::backend::Rollbacker;
use crate::error::{Error, ErrorKind};
use crate::text;

use super::evidence;
use super::managed_fields;
use super::model::decision::{Again, Decision, Nothing};
use super::model::evidence::ago;
use super::model::plan::Plan;
use super::model::progress::Phase;
use super::model::record::{Record, Undo};
use super::model::request::UndoRequest;
use super::model::revision::{Revision, RevisionSpec, Revisions};
use super::model::snapshot::Snapshot;

/// For how long after an undo a second one needs `--again`.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// The newest undo, if it made the live revision live.
pub(super) fn undo_to(snapshot: &Snapshot, live_hash: &str) -> Option<Undo> {
    let record = Record::on(&snapshot.workload);
    record.last_undo().filter(|undo| !live_hash.is_empty() && undo.to.hash == live_hash).cloned()
}

/// Whether the live revision was rolled back to less than ten minutes ago.
pub(super) fn is_recent_target(snapshot: &Snapshot, live_hash: &str, now: Timestamp) -> bool {
    undo_to(snapshot, live_hash).is_some_and(|undo| is_recent(snapshot, &undo, now))
}

fn is_recent(snapshot: &Snapshot, undo: &Undo, now: Timestamp) -> bool {
    // A plan may have been carried out long after it was made: then the API server knows when.
    let at = managed_fields::undone_at(&snapshot.workload, undo.at);
    // A clock that runs ahead elsewhere must not shorten the window.
    now.duration_since(at) < WINDOW
}

/// How what rb rolled back to does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Converging,
    Healthy,
    Unhealthy,
}

/// Decides, or returns `None` where the guard does not apply. `further` plans the step that the
/// guard holds back.
pub(super) fn decide(
    backend: &dyn Rollbacker,
    snapshot: &Snapshot,
    revisions: &Revisions,
    request: &UndoRequest,
    further: impl FnOnce() -> Option<Box<Plan>>,
) -> Option<Decision> {
    let now = snapshot.taken_at;
    // A target that was named, or a live revision that was named as the bad one, says that the
    // caller knows what is live. An offset does not: it counts from whatever is live.
    let names_a_target =
        matches!(&request.to, Some(RevisionSpec::Number(_) | RevisionSpec::Word(_)));
    if request.again || names_a_target || request.from.is_some() {
        return None;
    }
    let live = revisions.live()?;
    let undo = undo_to(snapshot, &live.hash).filter(|undo| is_recent(snapshot, undo, now))?;
    let health = health(backend, snapshot, live, &undo);
    if health == Health::Unhealthy {
        let refusal = refusal(snapshot, live, &undo, request);
        return Some(Decision::Again(Box::new(Again { refusal, further: further() })));
    }
    let state = evidence::live_state(backend, snapshot, revisions);
    Some(Decision::Nothing(Box::new(already_done(snapshot, live, &undo, state, health))))
}

/// The answer to a call that names with `--from` what rb has already undone.
pub(super) fn already_undone(
    backend: &dyn Rollbacker,
    snapshot: &Snapshot,
    revisions: &Revisions,
    undo: &Undo,
) -> Nothing {
    let state = evidence::live_state(backend, snapshot, revisions);
    let live = revisions.live().filter(|live| live.hash == undo.to.hash);
    match live {
        Some(live) => {
            let health = health(backend, snapshot, live, undo);
            already_done(snapshot, live, undo, state, health)
        }
        None => Nothing {
            target: snapshot.target.clone(),
            message: format!("already rolled back {}", who_and_when(undo, snapshot.taken_at)),
            live: evidence::view_of_live(snapshot, revisions, state),
            converging: false,
        },
    }
}

fn health(backend: &dyn Rollbacker, snapshot: &Snapshot, live: &Revision, undo: &Undo) -> Health {
    let phase = backend.progress(&snapshot.workload, None).phase;
    let ailing = snapshot.pods.iter().any(|pod| pod.hash == live.hash && pod.ailment().is_some());
    let warned = evidence::warnings_on(backend, snapshot, live)
        .any(|warning| warning.last.as_second() > undo.at.as_second());
    match phase {
        Phase::Complete => Health::Healthy,
        Phase::DeadlineExceeded | Phase::Paused => Health::Unhealthy,
        Phase::Unobserved | Phase::Rolling | Phase::AwaitsDeletion | Phase::Partitioned
            if ailing || warned =>
        {
            Health::Unhealthy
        }
        // What a partition keeps back is not rolled back.
        Phase::Unobserved | Phase::Rolling | Phase::AwaitsDeletion | Phase::Partitioned => {
            Health::Converging
        }
    }
}

fn who_and_when(undo: &Undo, now: Timestamp) -> String {
    format!("by {}, {} ago", undo.by, ago(now, undo.at))
}

fn already_done(
    snapshot: &Snapshot,
    live: &Revision,
    undo: &Undo,
    state: String,
    health: Health,
) -> Nothing {
    let done = who_and_when(undo, snapshot.taken_at);
    let now = match health {
        Health::Converging => "still converging",
        Health::Healthy => "healthy; --again goes further back",
        Health::Unhealthy => "not healthy",
    };
    Nothing {
        target: snapshot.target.clone(),
        message: format!("already rolled back {done}: {} is live and {now}", live.label()),
        live: evidence::view(live, state),
        converging: health != Health::Healthy,
    }
}

fn refusal(snapshot: &Snapshot, live: &Revision, undo: &Undo, request: &UndoRequest) -> Error {
    let reference = snapshot.target.reference();
    let message = format!(
        "{reference} was rolled back to {} {}, and that is not healthy: going further back needs \
         --again",
        live.label(),
        who_and_when(undo, snapshot.taken_at)
    );
    let direct = if request.direct { " --direct" } else { "" };
    let again = format!("undo {} --again{direct}", text::shell_quote(&reference));
    let again = request.hints.rb(&again);
    let status = request.hints.rb(&format!("status {}", text::shell_quote(&reference)));
    Error::new(ErrorKind::Refused, message)
        .hint(format!("to go further back: {again}"))
        .hint(format!("to see what is wrong: {status}"))
}
