//! Others of the kind of the owner: those that render the same object, and put their own version of it
//! back; and those that render the same files, and go back with it.

use crate::error::{Error, ErrorKind, Result};
use crate::git::Oid;
use crate::git::manifest::closure::{self, Inputs};
use crate::git::repository::Repository;
use crate::reconciler::dropped::{Place, is_one_repository};
use crate::reconciler::neighbours::{Neighbour, Neighbours};
use crate::revert::ground::Ground;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::ownership::{Owner, Source};
use crate::rollback::model::revert_plan::RevertPlan;
use crate::rollback::model::target::Target;
use crate::text::{plural, sanitize, shell_quote};

/// Owners that are named.
const NAMED: usize = 5;

/// What is said of those that have the workload among their objects too.
///
/// # Errors
///
/// One of them renders another source, and syncs by itself: each would put its own version back, for ever.
pub fn of_object(
    neighbours: &Neighbours,
    owner: &Owner,
    workload: &Target,
    command: impl Fn(&str) -> String,
) -> Result<Vec<String>> {
    let reference = sanitize(&workload.reference()).into_owned();
    let mut warnings = Vec::new();
    for other in neighbours.list.iter().filter(|other| other.shares) {
        let (own, name) = (sanitize(&owner.name), sanitize(&other.name));
        let is_same = has_same_source(other, &owner.sources);
        if other.acts && !is_same {
            let message = format!(
                "{reference} is among the objects of two owners ({own}, whose mark is on it, and \
                 {name}): nothing is done before that is settled"
            );
            let error = Error::new(ErrorKind::Refused, message)
                .because(format!("{name} syncs by itself, and puts its own version back"))
                .hint(format!("take it out of what {name} renders, or of what {own} does"));
            return Err(match &owner.object {
                Some(object) => {
                    let (what, place) = (object.qualified(), &object.namespace);
                    let (what, place) = (shell_quote(&what), shell_quote(place));
                    let undo = command(&format!("undo {what} -n {place}"));
                    error.hint(format!("to take {own} back all the same: {undo}"))
                }
                None => error,
            });
        }
        let would =
            if is_same { "of the same files" } else { "and each sync of it puts its own there" };
        warnings.push(format!("{name} has {reference} among its objects too, {would}"));
    }
    Ok(warnings)
}

fn has_same_source(other: &Neighbour, sources: &[Source]) -> bool {
    let is_it = |source: &Source| {
        let same = |one: &Source| {
            is_one_repository(&one.url, &source.url)
                && one.wants == source.wants
                && one.path == source.path
        };
        other.reads.iter().any(|(one, _)| same(one))
    };
    sources.iter().any(is_it)
}

/// What is said of those that render files which the revert changes.
pub fn of_files(
    neighbours: &Neighbours,
    ground: &Ground,
    plan: &RevertPlan,
    source: Option<&Source>,
) -> Result<Vec<String>> {
    let Some(source) = source else { return Ok(Vec::new()) };
    let tip = Oid::from_str(&plan.reverted.tip).map_err(|error| {
        Error::new(ErrorKind::Internal, "a plan of ours names what is no commit").because(error)
    })?;
    let repository = ground.store.open(Repository::open)?;
    let place = Place { url: &source.url, branch: ground.branch.as_str() };
    let files: Vec<&GitPath> = plan.reverted.files.iter().map(|file| &file.path).collect();
    let reads = |other: &&Neighbour| {
        let of_it = other.reads.iter().filter(|(one, _)| {
            one.wants == source.wants && is_one_repository(&one.url, &source.url)
                || place.is_read_as(&one.url, &one.wants)
        });
        of_it.into_iter().any(|(_, inputs)| meets(&repository, tip, inputs, &files))
    };
    let others: Vec<&str> =
        neighbours.list.iter().filter(reads).map(|other| other.name.as_str()).collect();
    Ok(words(&others, neighbours.only))
}

/// Whether any of the files is among what is rendered.
fn meets(repository: &Repository, tip: Oid, inputs: &Inputs, files: &[&GitPath]) -> bool {
    let folder = || inputs.folder.clone().into_iter().collect();
    // What is not here says nothing of itself; the folder it is in any case.
    let paths: Vec<GitPath> = closure::of(repository, tip, inputs).map_or_else(
        |_| folder(),
        |found| found.paths.into_iter().filter(|path| !found.hinted.contains(path)).collect(),
    );
    files.iter().any(|file| paths.iter().any(|path| file.is_in(path)))
}

fn words(others: &[&str], only: Option<usize>) -> Vec<String> {
    let more = i64::try_from(others.len().saturating_sub(NAMED)).unwrap_or(i64::MAX);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let named = others.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let mut said = Vec::new();
    if !others.is_empty() {
        said.push(format!("the files go back for others too: {}{more}", sanitize(&named)));
    }
    said.extend(only.map(|count| {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        format!("who else renders the files was looked at of {} only", plural(count, "other owner"))
    }));
    said
}

#[cfg(test)]
mod tests;
