//! The commits that changed an app, and where those that were deployed stand among them.

use std::collections::{BTreeMap, BTreeSet};

use git2::Oid;

use crate::error::Result;
use crate::git::ShallowBoundary;
use crate::git::commit::trailers;
use crate::git::history::path_history::{PathHistory, Step};
use crate::git::manifest::closure::{Closure, Inputs, Named};
use crate::git::repository::{Repository, view};
use crate::rollback::model::app_log::{AppLog, LoggedCommit, Place};
use crate::rollback::model::image::ImageRef;

/// Images of an app that are told at most.
const IMAGES: usize = 20;

/// What is wanted of a log.
#[derive(Clone, Debug)]
pub struct Wish {
    /// The commits that an owner has deployed, by their whole ids.
    pub deployed: BTreeSet<String>,
    /// So many commits are told where there are as many, whatever was deployed.
    pub least: usize,
    /// No more are told.
    pub most: usize,
}

/// A log, and whether more history would add to it.
#[derive(Clone, Debug)]
pub struct Found {
    /// The log.
    pub log: AppLog,
    /// Whether it ends where the history that is here does, and not all that is wanted is in it.
    pub is_cut: bool,
}

/// Reads it back from the tip along first parents. Reads objects only; errors as of
/// [`PathHistory::new`].
pub fn read(repository: &Repository, tip: Oid, inputs: &Inputs, wish: &Wish) -> Result<Found> {
    let mut history = PathHistory::new(repository, inputs, tip)?;
    let closure = &history.state().closure;
    let mut log =
        AppLog { paths: closure.paths.clone(), notes: closure.notes.clone(), ..AppLog::default() };
    let mut passing = Passing { repository, at: Some(tip), missing: wish.deployed.clone() };
    let mut steps: Vec<Step> = Vec::new();
    let mut is_cut = false;
    loop {
        let is_enough = passing.missing.is_empty() && steps.len() >= wish.least;
        if is_enough || steps.len() >= wish.most {
            log.has_more = passing.at.is_some();
            break;
        }
        let step = match history.next_change() {
            Ok(step) => step,
            Err(error) if ShallowBoundary::of(&error).is_some() => {
                log.has_more = true;
                is_cut = true;
                break;
            }
            Err(error) => return Err(error),
        };
        let Some(step) = step else {
            log.has_more = history.gave_up();
            break;
        };
        let place = steps.len();
        for id in passing.down_to(&step.commit.id)? {
            log.places.insert(id, Place::At(place));
        }
        steps.push(step);
    }
    log.commits = logged(repository, &steps)?;
    off_branch(repository, &mut history, passing.missing, &mut log)?;
    Ok(Found { log, is_cut })
}

/// The way along first parents, from commit to commit.
struct Passing<'r> {
    repository: &'r Repository,
    at: Option<Oid>,
    /// Not passed yet.
    missing: BTreeSet<String>,
}

impl Passing<'_> {
    /// Those that are wanted from here down to that commit, which is one of them.
    fn down_to(&mut self, last: &str) -> Result<Vec<String>> {
        let mut found = Vec::new();
        while let Some(id) = self.at {
            let name = id.to_string();
            let is_last = name == last;
            found.extend(self.missing.take(&name));
            self.at = self.repository.find_commit(id)?.parent_ids().next();
            if is_last {
                break;
            }
        }
        Ok(found)
    }
}

fn logged(repository: &Repository, steps: &[Step]) -> Result<Vec<LoggedCommit>> {
    let mut all = Vec::new();
    for step in steps {
        all.push(one(repository, &step.commit.id, &step.after.closure)?);
    }
    let reverted: Vec<Option<String>> =
        (0..all.len()).map(|at| reverted_by(steps, &all, at)).collect();
    for (commit, by) in all.iter_mut().zip(reverted) {
        commit.reverted_by = by;
    }
    Ok(all)
}

fn one(repository: &Repository, id: &str, closure: &Closure) -> Result<LoggedCommit> {
    let id = Oid::from_str(id).unwrap_or(Oid::ZERO_SHA1);
    let commit = repository.find_commit(id)?;
    Ok(LoggedCommit {
        commit: view(&commit),
        images: images(closure),
        reverts: trailers::reverted(&commit).iter().map(Oid::to_string).collect(),
        reverted_by: None,
        is_own: !trailers::values(&commit, trailers::OPERATION).is_empty(),
    })
}

fn images(closure: &Closure) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for reference in closure.images.iter().map(Named::reference) {
        // A tag alone tells nobody of what.
        if !found.contains(&reference) && !ImageRef::parse(&reference).repository.is_empty() {
            found.push(reference);
        }
    }
    found.truncate(IMAGES);
    found
}

/// The newest commit that says that it reverts this one, where no later one says that it reverts that,
/// and where the app was never again as this one left it: a message alone proves nothing.
fn reverted_by(steps: &[Step], all: &[LoggedCommit], at: usize) -> Option<String> {
    let own = all.get(at)?;
    let says = |commit: &LoggedCommit, id: &str| commit.reverts.iter().any(|one| one == id);
    let newer = all.get(..at)?;
    let by = newer.iter().position(|commit| says(commit, &own.commit.id))?;
    let reverting = newer.get(by)?;
    let is_undone = newer.iter().take(by).any(|commit| says(commit, &reverting.commit.id));
    let left = &steps.get(at)?.after;
    let is_back = steps.iter().take(by + 1).any(|step| step.after.is_same(left));
    (!is_undone && !is_back).then(|| reverting.commit.id.clone())
}

/// What was deployed and is not on the way: a branch that was pushed over, or another one.
fn off_branch(
    repository: &Repository,
    history: &mut PathHistory<'_>,
    missing: BTreeSet<String>,
    log: &mut AppLog,
) -> Result<()> {
    // Behind the end of the log it may be on the branch after all.
    if log.has_more {
        return Ok(());
    }
    let mut found = BTreeMap::new();
    for id in missing {
        // Not here: nobody knows.
        let Ok(Some(state)) = history.state_of(&id) else { continue };
        let commit = one(repository, &id, &state.closure)?;
        found.insert(id, Place::Off(Box::new(commit)));
    }
    log.places.extend(found);
    Ok(())
}

#[cfg(test)]
mod tests;
