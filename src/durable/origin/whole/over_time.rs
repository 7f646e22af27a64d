//! The states of files over time: one log of several, and which states are the same.

use std::rc::Rc;

use crate::error::Result;
use crate::git::Oid;
use crate::git::history::path_history::{PathHistory, State};
use crate::git::manifest::closure::Inputs;
use crate::git::repository::Repository;
use crate::revert::ground::Ground;
use crate::rollback::model::app_log::{AppLog, LoggedCommit, Place};
use crate::rollback::model::owner_history::OwnerRow;

/// One log of several for the same branch.
pub(super) fn merged(mut logs: Vec<AppLog>) -> AppLog {
    if logs.len() == 1 {
        return logs.pop().unwrap_or_default();
    }
    let mut log = AppLog::default();
    for one in &logs {
        for commit in &one.commits {
            if log.commits.iter().all(|known| known.commit.id != commit.commit.id) {
                log.commits.push(commit.clone());
            }
        }
        log.has_more |= one.has_more;
        log.paths.extend(one.paths.iter().cloned());
        log.notes.extend(one.notes.iter().cloned());
    }
    log.commits.sort_by_key(|one| std::cmp::Reverse(one.commit.at));
    for one in &logs {
        for (id, place) in &one.places {
            let Place::At(at) = place else { continue };
            let commit = one.commits.get(*at).map(|commit| &commit.commit.id);
            let is_it = |known: &LoggedCommit| Some(&known.commit.id) == commit;
            let Some(found) = log.commits.iter().position(is_it) else { continue };
            // What the newer of the two left is the state of both.
            let newest = match log.places.get(id) {
                Some(Place::At(known)) => found.min(*known),
                _ => found,
            };
            log.places.insert(id.clone(), Place::At(newest));
        }
    }
    log
}

/// Numbers the contents.
pub(super) fn states(
    ground: &Ground,
    tip: Oid,
    inputs: &[Inputs],
    rows: &[OwnerRow],
) -> Result<Vec<usize>> {
    let repository = ground.store.open(Repository::open)?;
    let mut histories = Vec::new();
    for one in inputs {
        histories.push(PathHistory::new(&repository, one, tip)?);
    }
    let mut known: Vec<Vec<Option<Rc<State>>>> = Vec::new();
    let mut numbers = Vec::new();
    for row in rows {
        let id = row.commit.as_ref().map(|commit| commit.id.as_str()).unwrap_or_default();
        let mut state = Vec::new();
        for history in &mut histories {
            state.push(history.state_of(id)?);
        }
        let is_same = |other: &Vec<Option<Rc<State>>>| {
            other.iter().zip(&state).all(|pair| match pair {
                (Some(one), Some(other)) => one.is_same(other),
                _ => false,
            })
        };
        let number = known.iter().position(is_same);
        numbers.push(number.unwrap_or(known.len()));
        if number.is_none() {
            known.push(state);
        }
    }
    Ok(numbers)
}
