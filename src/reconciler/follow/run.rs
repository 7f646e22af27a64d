//! The loop: what is seen goes into the course, what the course wants is written, until it has ended.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::super::following::{Address, Nudge, NudgeKind};
use super::Follow;
use super::course::{Course, Look};
use super::sight::{How, Seen};
use crate::error::{Error, ErrorKind};
use crate::rollback::model::convergence::Relation;
use crate::rollback::model::following::{Arrival, Followed, Told};

/// What time alone changes is looked at so often; that costs no request.
const TICK: Duration = Duration::from_millis(500);
/// Objects that are watched at most.
const MOST: usize = 24;
/// A state may name revisions that only the next look at it asks about: not more often than this.
const ROUNDS: usize = 4;
/// So many lost races for the same write are no chance any more.
const RACES: usize = 20;

/// Where the objects are.
pub(super) trait World {
    /// Watches one more.
    fn watch(&mut self, address: &Address);
    /// What is seen next; nothing is lost when this is dropped.
    async fn next(&mut self) -> Seen;
    /// Writes, once.
    async fn write(&mut self, nudge: &Nudge) -> Result<(), Refusal>;
}

/// Why something was not written.
#[derive(Debug)]
pub(super) enum Refusal {
    /// And never will be.
    Never(Error),
    /// The object has changed meanwhile.
    Changed(Error),
    /// The server wants to be left alone for so long.
    Later(Duration),
    /// Or it was: nobody knows.
    Unknown(Error),
}

/// What is remembered of writes.
#[derive(Default)]
struct Writes {
    refused: HashSet<(NudgeKind, String)>,
    races: usize,
    /// When the next may be made.
    not_before: Duration,
    written: Vec<String>,
}

/// Follows until it ends.
pub(super) async fn run(
    world: &mut impl World,
    follow: &Follow<'_>,
    owner: Address,
    mut relation: impl AsyncFnMut(&str) -> Option<Relation>,
    listener: &mut dyn FnMut(Told),
) -> Followed {
    let started = Instant::now();
    let deadline = follow.deadline.instant();
    let mut watched: Vec<Address> = vec![owner.clone()];
    world.watch(&owner);
    let mut course = Course::new(follow, owner.object().to_string());
    let mut writes = Writes::default();
    let arrival = 'ended: loop {
        let seen = tokio::select! {
            biased;
            () = sleep_until(deadline) => break Arrival::TimedOut,
            seen = world.next() => Some(seen),
            () = sleep(TICK) => None,
        };
        if let Some(Seen { path, how }) = seen {
            let is_owner = path == course.owner_path();
            match how {
                How::There(object) => course.put(path, object, started.elapsed()),
                How::Gone if is_owner => break Arrival::Deleted,
                How::Gone => course.remove(&path, started.elapsed()),
                How::Polled => listener(Told::Warning {
                    message: format!("not allowed to watch {path}: it is read every 2 s instead"),
                }),
                How::Ended(error) if is_owner => break Arrival::Lost(error),
                How::Ended(error) => listener(Told::Warning { message: error.to_string() }),
            }
        }
        for address in course.wanted() {
            if watched.len() < MOST && !watched.contains(&address) {
                world.watch(&address);
                watched.push(address);
            }
        }
        for _ in 0..ROUNDS {
            let unknown = course.unknown(started.elapsed());
            if unknown.is_empty() {
                break;
            }
            for revision in unknown {
                let Ok(found) = timeout_at(deadline, relation(&revision)).await else {
                    break 'ended Arrival::TimedOut;
                };
                course.learn(revision, found, started.elapsed());
            }
        }
        let Look { told, nudges, arrival } = course.look(started.elapsed());
        told.into_iter().for_each(&mut *listener);
        if let Some(arrival) = arrival {
            break arrival;
        }
        for nudge in &nudges {
            let now = started.elapsed();
            if let Some(arrival) =
                write(world, nudge, &mut course, &mut writes, now, listener).await
            {
                break 'ended arrival;
            }
        }
    };
    Followed {
        arrival,
        convergence: course.into_last(),
        written: writes.written,
        milliseconds: milliseconds(started.elapsed()),
    }
}

/// Writes one; says how that ends the wait, if it does.
async fn write(
    world: &mut impl World,
    nudge: &Nudge,
    course: &mut Course<'_>,
    writes: &mut Writes,
    now: Duration,
    listener: &mut dyn FnMut(Told),
) -> Option<Arrival> {
    let key = (nudge.kind, nudge.path.to_string());
    if writes.refused.contains(&key) || now < writes.not_before {
        return None;
    }
    let summary = nudge.summary.clone();
    let error = match world.write(nudge).await {
        Ok(()) => {
            writes.races = 0;
            writes.written.push(summary.clone());
            course.given(nudge, now);
            listener(Told::Nudged { summary });
            return None;
        }
        Err(Refusal::Later(pause)) => {
            writes.not_before = now.saturating_add(pause);
            return None;
        }
        Err(Refusal::Changed(_)) if writes.races < RACES => {
            writes.races += 1;
            // The new state is on its way here.
            writes.not_before = now.saturating_add(TICK);
            return None;
        }
        Err(Refusal::Unknown(error)) => {
            // What is seen next tells whether it was. It is not repeated before its time.
            course.given(nudge, now);
            let message = format!("it is not known whether rb could {summary}: {error}");
            listener(Told::Warning { message });
            return None;
        }
        Err(Refusal::Never(error) | Refusal::Changed(error)) => error,
    };
    if error.kind() == ErrorKind::NotFound {
        // It is seen to be gone, if it is.
        writes.not_before = now.saturating_add(TICK);
        return None;
    }
    writes.refused.insert(key);
    course.refused(nudge);
    if nudge.is_needed {
        return Some(Arrival::Forbidden(error));
    }
    listener(Told::NotNudged { summary, why: error.to_string() });
    None
}

/// Whole milliseconds.
pub(super) fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
