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

/// One log of several for the same branch. `leads_to` says whether parents lead from the first of two commits to
/// the second.
pub(super) fn merged(mut logs: Vec<AppLog>, leads_to: impl Fn(&str, &str) -> bool) -> AppLog {
    if logs.len() == 1 {
        return logs.pop().unwrap_or_default();
    }
    let mut log = AppLog { commits: in_order(&logs, leads_to), ..AppLog::default() };
    for one in &logs {
        log.has_more |= one.has_more;
        log.paths.extend(one.paths.iter().cloned());
        log.notes.extend(one.notes.iter().cloned());
    }
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

/// The commits of all, the newest first, and each once. Each log keeps its order.
fn in_order(logs: &[AppLog], leads_to: impl Fn(&str, &str) -> bool) -> Vec<LoggedCommit> {
    let is_newer = |one: &LoggedCommit, other: &LoggedCommit| {
        let (one, other) = (&one.commit, &other.commit);
        // Programs push several within a second.
        one.at > other.at || (one.at == other.at && leads_to(&one.id, &other.id))
    };
    let mut rest: Vec<&[LoggedCommit]> = logs.iter().map(|log| log.commits.as_slice()).collect();
    let mut commits: Vec<LoggedCommit> = Vec::new();
    loop {
        let heads = rest.iter().filter_map(|log| log.first());
        let newest = heads.reduce(|newest, one| if is_newer(one, newest) { one } else { newest });
        let Some(newest) = newest.cloned() else { return commits };
        for log in &mut rest {
            if let Some((first, older)) = log.split_first()
                && first.commit.id == newest.commit.id
            {
                *log = older;
            }
        }
        if commits.iter().all(|known| known.commit.id != newest.commit.id) {
            commits.push(newest);
        }
    }
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

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::rollback::model::revert::CommitView;

    /// A log of commits, each a letter and the second in which it was made.
    fn log(words: &str) -> AppLog {
        let commit = |word: &str| {
            let (id, at) = word.split_at(1);
            let commit = CommitView {
                id: id.to_owned(),
                subject: String::new(),
                author: String::new(),
                at: Timestamp::from_second(at.parse().unwrap()).unwrap(),
                parents: 1,
            };
            LoggedCommit {
                commit,
                images: Vec::new(),
                reverts: Vec::new(),
                reverted_by: None,
                is_own: false,
            }
        };
        let commits: Vec<_> = words.split_whitespace().map(commit).collect();
        let places =
            commits.iter().enumerate().map(|(at, one)| (one.commit.id.clone(), Place::At(at)));
        AppLog { places: places.collect(), commits, ..AppLog::default() }
    }

    #[test]
    fn the_order_is_that_of_the_branch_also_within_a_second() {
        // Of the branch: a, then b, and so on.
        let leads_to = |one: &str, other: &str| one > other;
        for (logs, expected) in [
            (&["c3 a1", "d4 b2"][..], "d c b a"),
            // Of one second, whatever the order of the logs.
            (&["a1", "c3 b1"], "c b a"),
            (&["c3 b1", "a1"], "c b a"),
            (&["b1 a1", "d1 c1"], "d c b a"),
            // Some in both.
            (&["c3 b2 a1", "c3 a1"], "c b a"),
            // A clock that goes wrong: no log loses its order.
            (&["c1 a3", "b2"], "b c a"),
            (&["", "a1"], "a"),
            (&["", ""], ""),
        ] {
            let merged = merged(logs.iter().map(|words| log(words)).collect(), leads_to);
            let ids: Vec<&str> = merged.commits.iter().map(|one| one.commit.id.as_str()).collect();
            assert_eq!(ids.join(" "), expected, "{logs:?}");
            for (at, id) in ids.iter().enumerate() {
                assert_eq!(merged.places.get(*id), Some(&Place::At(at)), "{logs:?}");
            }
        }
    }
}
