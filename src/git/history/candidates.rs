//! Which commits might be the bad one: those that changed the paths, newest first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use git2::{Commit, Oid};
use jiff::Timestamp;

use crate::error::{Error, ErrorKind, Result};
use crate::git::manifest::apps;
use crate::git::manifest::images;
use crate::git::repository::{Repository, view};
use crate::git::tree::draft::Draft;
use crate::git::tree::paths::covers;
use crate::git::tree::tree_changes::{Change, between};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::Candidate;

/// How many files a candidate lists.
const FILES: usize = 20;

/// The newest commits that changed the paths, at most `limit`, and none older than `since`. A merge
/// counts where it differs from all of its parents. Fails with [`crate::git::ShallowBoundary`] behind the
/// error where history ends before there are enough.
pub fn list(
    repository: &Repository,
    tip: Oid,
    paths: &[GitPath],
    since: Option<Timestamp>,
    limit: usize,
) -> Result<Vec<Candidate>> {
    let mut found = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    for id in touching(repository, tip, paths)? {
        let commit = repository.find_commit(id?)?;
        if since.is_some_and(|since| is_before(&commit, since)) {
            break;
        }
        found.push(candidate(repository, &commit, paths)?);
        if found.len() >= limit {
            break;
        }
    }
    Ok(found)
}

/// The commits of the branch itself since then that changed the paths, newest first: what `--since`
/// takes out. A merge stands for all that it brought. Fails with [`ErrorKind::NotFound`] where there is
/// none.
pub fn since(
    repository: &Repository,
    tip: Oid,
    paths: &[GitPath],
    since: Timestamp,
) -> Result<Vec<Oid>> {
    let mut found = Vec::new();
    let mut next = Some(tip);
    while let Some(id) = next {
        let commit = repository.find_commit(id)?;
        if is_before(&commit, since) {
            break;
        }
        // Its parents decide whether it is one.
        let commit = repository.whole_commit(id)?;
        let parent = commit.parent_ids().next();
        if differs(repository, &commit, parent, paths)? {
            found.push(id);
        }
        next = parent;
    }
    if found.is_empty() {
        let what = if paths.is_empty() { "came onto the branch" } else { "changed the paths" };
        let message = format!("no commit {what} since {since:.0}");
        return Err(Error::new(ErrorKind::NotFound, message).again("which there are", [""]));
    }
    Ok(found)
}

fn is_before(commit: &Commit<'_>, time: Timestamp) -> bool {
    commit.time().seconds() < time.as_second()
}

fn candidate(repository: &Repository, commit: &Commit<'_>, paths: &[GitPath]) -> Result<Candidate> {
    let before = commit.parent_ids().next().map(|id| repository.find_commit(id)).transpose()?;
    let before = before.map(|parent| parent.tree_id());
    let mut changes = between(repository, before, Some(commit.tree_id()))?;
    changes.retain(|change| covers(paths, &change.path));
    let trees: Vec<Oid> = before.into_iter().chain([commit.tree_id()]).collect();
    let more_files = changes.len().saturating_sub(FILES);
    changes.truncate(FILES);
    let files: Vec<_> = changes.iter().map(Change::view).collect();
    Ok(Candidate {
        commit: view(commit),
        apps: apps::touched(repository, &trees, changes.iter().map(|change| &change.path))?,
        images: images::changes(repository, &files)?,
        files,
        more_files,
    })
}

/// The ids of the commits that changed the paths, newest first; no paths are the whole repository.
/// They are found as they are asked for.
pub(in crate::git) fn touching<'r>(
    repository: &'r Repository,
    tip: Oid,
    paths: &'r [GitPath],
) -> Result<Touching<'r>> {
    let mut touching =
        Touching { repository, paths, queue: BinaryHeap::new(), seen: HashSet::new() };
    touching.add(tip)?;
    Ok(touching)
}

/// A walk as `git log` does it: the newest of what is known comes next, and a parent is known once its
/// child has come, so that commits of one second stay in their order. libgit2 would read all of the
/// history first.
pub(in crate::git) struct Touching<'r> {
    repository: &'r Repository,
    paths: &'r [GitPath],
    /// By time; of the same time, the one that was found first.
    queue: BinaryHeap<(i64, Reverse<usize>, Oid)>,
    seen: HashSet<Oid>,
}

impl Touching<'_> {
    fn add(&mut self, id: Oid) -> Result<()> {
        if self.seen.insert(id) {
            let at = self.repository.find_commit(id)?.time().seconds();
            self.queue.push((at, Reverse(self.seen.len()), id));
        }
        Ok(())
    }

    /// The next commit of all, and whether it changed the paths.
    fn step(&mut self) -> Result<Option<(Oid, bool)>> {
        let Some((_, _, id)) = self.queue.pop() else { return Ok(None) };
        let commit = self.repository.whole_commit(id)?;
        for parent in commit.parent_ids() {
            self.add(parent)?;
        }
        Ok(Some((id, touches(self.repository, &commit, self.paths)?)))
    }
}

impl Iterator for Touching<'_> {
    type Item = Result<Oid>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.step() {
                Ok(Some((id, true))) => return Some(Ok(id)),
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Whether a commit changed the paths: it differs from all of its parents there.
pub(in crate::git) fn touches(
    repository: &Repository,
    commit: &Commit<'_>,
    paths: &[GitPath],
) -> Result<bool> {
    if commit.parent_count() == 0 {
        return differs(repository, commit, None, paths);
    }
    for parent in commit.parent_ids() {
        if !differs(repository, commit, Some(parent), paths)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn differs(
    repository: &Repository,
    commit: &Commit<'_>,
    parent: Option<Oid>,
    paths: &[GitPath],
) -> Result<bool> {
    let parent = parent.map(|id| repository.find_commit(id)).transpose()?;
    let now = commit.tree_id();
    let Some(before) = parent.map(|parent| parent.tree_id()) else {
        let mut now = Draft::on(repository, now);
        for path in paths {
            if now.get(path)?.is_some() {
                return Ok(true);
            }
        }
        return Ok(paths.is_empty());
    };
    if before == now {
        return Ok(false);
    }
    if paths.is_empty() {
        return Ok(true);
    }
    let (mut before, mut now) = (Draft::on(repository, before), Draft::on(repository, now));
    for path in paths {
        if before.get(path)? != now.get(path)? {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests;
