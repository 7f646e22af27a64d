//! The way back to a good state.

use jiff::Timestamp;

use crate::error::Result;
use crate::git::history::path_history::{PathHistory, State, Step};

/// Commits that changed the app's files, at most.
const MOST: usize = 300;
/// A state that was replaced so many seconds before the revision came to be is not the one it ran: a
/// month, since owners that are synced by hand lag behind.
const LONGEST: i64 = 30 * 24 * 60 * 60;

/// Whether a state is the one that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrived {
    No,
    /// It would do, if there is no better one further back.
    Near,
    Exactly,
}

/// The way.
pub(super) struct Walk {
    /// Newest first. Where it arrived, the last of them was made on the good state.
    pub(super) steps: Vec<Step>,
    pub(super) arrived: Arrived,
}

/// Goes back from where the history stands until `look` says that a state is the one.
pub(super) fn back<'r>(
    history: &mut PathHistory<'r>,
    created: Option<Timestamp>,
    mut look: impl FnMut(&mut PathHistory<'r>, &State) -> Result<Arrived>,
) -> Result<Walk> {
    let (mut steps, mut near) = (Vec::new(), None);
    while steps.len() < MOST
        && let Some(step) = history.next_change()?
    {
        let is_last = is_too_old(&step, created);
        let before = step.before.clone();
        steps.push(step);
        let Some(before) = before else { break };
        match look(history, &before)? {
            Arrived::Exactly => return Ok(Walk { steps, arrived: Arrived::Exactly }),
            Arrived::Near => near = near.or(Some(steps.len())),
            Arrived::No => {}
        }
        if is_last {
            break;
        }
    }
    let Some(near) = near else { return Ok(Walk { steps, arrived: Arrived::No }) };
    steps.truncate(near);
    Ok(Walk { steps, arrived: Arrived::Near })
}

fn is_too_old(step: &Step, created: Option<Timestamp>) -> bool {
    created.is_some_and(|created| {
        step.commit.at.as_second().saturating_add(LONGEST) < created.as_second()
    })
}
