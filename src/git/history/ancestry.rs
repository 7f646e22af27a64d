//! Whether a commit lies behind the tip of a branch, and what came after it.

use git2::{Commit, Oid, Sort};

use crate::error::{Error, ErrorKind, Result};
use crate::git::failure::{failed, shallow_boundary};
use crate::git::history::mainline::Bad;
use crate::git::repository::{Repository, raw_parents, view};
use crate::git::tree::draft::Draft;
use crate::git::tree::file_merge::{Merged, ThreeWays, merge};
use crate::text::sanitize;

/// How it is known that a commit is in what the branch holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// It is the tip, or a parent leads to it.
    History,
    /// The history between is not here, but every file still is as the commit left it.
    Content,
}

/// Whether parents lead from `tip` to `commit`; every commit leads to itself. Fails with
/// [`crate::git::ShallowBoundary`] behind the error where the history that is here does not tell.
pub fn is_behind(repository: &Repository, tip: Oid, commit: Oid) -> Result<bool> {
    if tip == commit {
        return Ok(true);
    }
    repository.find_commit(commit)?;
    let behind = repository
        .raw()
        .graph_descendant_of(tip, commit)
        .map_err(|error| failed("cannot follow the history", &error))?;
    if !behind && repository.is_shallow() {
        return Err(boundary_behind(repository, tip)?);
    }
    Ok(behind)
}

/// Refuses a commit that is not in the branch. In a shallow repository its content proves it as well.
pub(in crate::git) fn prove(
    repository: &Repository,
    tip: Oid,
    bad: &Bad<'_>,
    branch: &str,
) -> Result<Proof> {
    let unknown = match is_behind(repository, tip, bad.commit.id()) {
        Ok(true) => return Ok(Proof::History),
        Ok(false) => None,
        Err(error) => Some(error),
    };
    let Some(unknown) = unknown else { return Err(elsewhere(bad, branch)) };
    let mut draft = Draft::on(repository, repository.find_commit(tip)?.tree_id());
    let mut changes = 0;
    for change in bad.changes()? {
        changes += 1;
        if draft.get(&change.path)? != change.after {
            return Err(unknown);
        }
    }
    if changes == 0 { Err(unknown) } else { Ok(Proof::Content) }
}

fn elsewhere(bad: &Bad<'_>, branch: &str) -> Error {
    let id = bad.commit.id();
    let subject = view(&bad.commit).subject;
    let message = format!("commit {id} ({}) is not on {}", sanitize(&subject), sanitize(branch));
    Error::new(ErrorKind::Refused, message)
        .because("its changes are not in what the branch holds, so there is nothing to take out")
        .again("if it is on another branch", ["--branch", "NAME"])
        .hint(format!("which hold it, in a checkout: git branch --all --contains {id}"))
}

/// The commits from `tip` back to what lies behind `hidden`, newest first. Fails at a shallow boundary:
/// what is missing would be missing in the answer.
pub(in crate::git) fn since<'r>(
    repository: &'r Repository,
    tip: Oid,
    hidden: &[Oid],
) -> Result<Vec<Commit<'r>>> {
    let broken = |error: git2::Error| failed("cannot follow the history", &error);
    let mut walk = repository.raw().revwalk().map_err(broken)?;
    walk.set_sorting(Sort::TOPOLOGICAL | Sort::TIME).map_err(broken)?;
    walk.push(tip).map_err(broken)?;
    for id in hidden {
        walk.hide(*id).map_err(broken)?;
    }
    walk.map(|id| repository.whole_commit(id.map_err(broken)?)).collect()
}

/// The error that more history would cure.
pub(in crate::git) fn boundary_behind(repository: &Repository, tip: Oid) -> Result<Error> {
    Ok(shallow_boundary(first_boundary(repository, tip)?.unwrap_or(tip)))
}

/// Where the history that is here ends too early.
fn first_boundary(repository: &Repository, tip: Oid) -> Result<Option<Oid>> {
    let broken = |error: git2::Error| failed("cannot follow the history", &error);
    let mut walk = repository.raw().revwalk().map_err(broken)?;
    walk.push(tip).map_err(broken)?;
    for id in walk {
        let commit = repository.find_commit(id.map_err(broken)?)?;
        if raw_parents(&commit) != commit.parent_count() {
            return Ok(Some(commit.id()));
        }
    }
    Ok(None)
}

/// What a tree holds of the change that a bad commit made to one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::git) enum State {
    /// Nothing: taking it out changes nothing.
    Gone,
    /// All of it or some: it can be taken out.
    InForce,
    /// It was changed over.
    Overwritten,
}

pub(in crate::git) fn state(repository: &Repository, ways: ThreeWays) -> Result<State> {
    Ok(match merge(repository, ways)? {
        Merged::Clean(entry) if entry == ways.tip => State::Gone,
        Merged::Clean(_) => State::InForce,
        Merged::Conflict(_) => State::Overwritten,
    })
}
