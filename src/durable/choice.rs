//! Which of its states a whole owner goes back to. Pure.

use crate::rollback::model::deployed::DeployOutcome;
use crate::rollback::model::owner_history::{OwnerMark, OwnerRow};

/// Digits of a commit that must be given at least.
const DIGITS: usize = 4;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Back<'a> {
    /// The newest state before the one that is left, with nothing against it.
    Newest,
    /// So many states before the one that is left, whatever is known of them.
    Steps(usize),
    /// The state of this commit: its beginning.
    To(&'a str),
}

impl<'a> Back<'a> {
    /// Of what `--to-revision` says; `None`: it is neither a number below zero nor a name.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        match text.strip_prefix('-') {
            Some(steps) => {
                let steps = steps.parse().ok().filter(|steps| *steps > 0)?;
                Some(Self::Steps(steps))
            }
            None => (!text.is_empty()).then_some(Self::To(text)),
        }
    }
}

/// A state by its place among the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// What is left.
    pub from: usize,
    /// What is gone back to.
    pub to: usize,
    /// Why that one, in words.
    pub why: String,
    /// What speaks against it all the same: it was asked for by name.
    pub against: Option<String>,
    /// Those that were passed over, with the reasons.
    pub passed: Vec<(usize, String)>,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoState {
    /// None is older, or all that are have something against them.
    Older(Vec<(usize, String)>),
    /// There are not so many.
    Steps(usize),
    /// None is called so.
    Unknown,
    /// More than one is.
    Several(Vec<usize>),
}

/// Chooses. The rows are the newest first; `states` says of each which content it has: rows with the same
/// number are the same state.
pub fn choose(rows: &[OwnerRow], states: &[usize], back: Back<'_>) -> Result<Chosen, NoState> {
    let against = against(rows, states);
    let reason = |at: usize| against.get(at).cloned().flatten();
    // What was tried is what there is to be left, also where it never got so far as to run.
    let is_left = |row: &OwnerRow| row.outcome.is_some() || row.marks.contains(&OwnerMark::Live);
    let from = rows.iter().position(is_left).unwrap_or_default();
    let older = distinct(states, from);
    let chosen = |to: usize, why: String, passed| {
        let against = reason(to);
        Ok(Chosen { from, to, why, against, passed })
    };
    match back {
        Back::Steps(steps) => match older.get(steps - 1) {
            Some(to) => chosen(*to, format!("asked for: {steps} before"), Vec::new()),
            None => Err(NoState::Steps(older.len())),
        },
        Back::To(text) => {
            let is_it = |row: &OwnerRow| {
                text.len() >= DIGITS && names(row).any(|one| one.starts_with(text))
            };
            let found: Vec<usize> =
                (0..rows.len()).filter(|at| rows.get(*at).is_some_and(is_it)).collect();
            match found.as_slice() {
                [] => Err(NoState::Unknown),
                [only] => chosen(*only, "asked for".to_owned(), Vec::new()),
                several => Err(NoState::Several(several.to_vec())),
            }
        }
        Back::Newest => {
            let good: Vec<usize> =
                older.iter().copied().filter(|at| reason(*at).is_none()).collect();
            let ran = |at: &usize| rows.get(*at).is_some_and(|row| row.outcome.is_some());
            let healthy = |at: &usize| rows.get(*at).is_some_and(|row| row.healthy == Some(true));
            let Some(newest) = good.first().copied() else {
                let passed = older.iter().filter_map(|at| Some((*at, reason(*at)?)));
                return Err(NoState::Older(passed.collect()));
            };
            // A commit that was passed by on the way to the next one proves nothing.
            let proven = if ran(&newest) { None } else { good.iter().copied().find(healthy) };
            let to = proven.unwrap_or(newest);
            let passed = older.iter().copied().take_while(|at| *at != to).map(|at| {
                let why = reason(at).unwrap_or_else(|| "it is not known to have run".to_owned());
                (at, why)
            });
            let why = match rows.get(to).and_then(|row| row.healthy) {
                Some(true) => "the newest before it with nothing against it; it was healthy",
                _ => "the newest before it with nothing against it",
            };
            chosen(to, why.to_owned(), passed.collect())
        }
    }
}

/// Of each state that is older than the row, and another one, its newest row.
fn distinct(states: &[usize], from: usize) -> Vec<usize> {
    let mut seen: Vec<usize> = states.get(from).copied().into_iter().collect();
    let mut found = Vec::new();
    for (at, state) in states.iter().enumerate().skip(from + 1) {
        if !seen.contains(state) {
            seen.push(*state);
            found.push(at);
        }
    }
    found
}

/// What speaks against each.
fn against(rows: &[OwnerRow], states: &[usize]) -> Vec<Option<String>> {
    let rolled = rolled_back(rows, states);
    let of = |(at, row): (usize, &OwnerRow)| {
        if let Some(by) = rolled.get(at).copied().flatten().and_then(|by| rows.get(by)) {
            return Some(format!("rb has rolled back from it, by {}", short(by)));
        }
        if let Some(by) = &row.reverted_by {
            return Some(format!("{} has taken it out", by.chars().take(9).collect::<String>()));
        }
        match (&row.outcome, row.healthy) {
            (Some(DeployOutcome::Failed(why)), _) => Some(format!("it failed: {why}")),
            (_, Some(false)) => Some("it was not healthy".to_owned()),
            _ => None,
        }
    };
    rows.iter().enumerate().map(of).collect()
}

/// Of each row the newer one that rb made to get away from it: it stands between that and the state which
/// that brought back.
fn rolled_back(rows: &[OwnerRow], states: &[usize]) -> Vec<Option<usize>> {
    let mut found = vec![None; rows.len()];
    for (at, row) in rows.iter().enumerate() {
        if !row.marks.contains(&OwnerMark::Rollback) {
            continue;
        }
        let same = |(_, state): &(usize, &usize)| Some(*state) == states.get(at);
        let back = states.iter().enumerate().skip(at + 1).find(same);
        let Some((back, _)) = back else { continue };
        for one in found.iter_mut().take(back).skip(at + 1) {
            one.get_or_insert(at);
        }
    }
    found
}

fn names(row: &OwnerRow) -> impl Iterator<Item = &str> {
    let commit = row.commit.as_ref().map(|commit| commit.id.as_str());
    commit
        .into_iter()
        .chain(row.commit_id.as_deref())
        .chain(row.revisions.iter().map(String::as_str))
}

/// A state as people read it.
#[must_use]
pub fn short(row: &OwnerRow) -> String {
    let name = row.name();
    let is_commit = name.len() == 40 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    name.chars().take(if is_commit { 9 } else { 40 }).collect()
}

#[cfg(test)]
mod tests;
