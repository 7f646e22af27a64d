//! Brings paths back to what they were in a good commit, whatever came after it. It has no conflicts,
//! and its price is every later change below the paths: those commits are listed.

use std::collections::HashSet;

use git2::{Commit, Oid};

use crate::error::{Error, ErrorKind, Result};
use crate::git::history::ancestry::{is_behind, since};
use crate::git::history::candidates::touches;
use crate::git::history::mainline::Bad;
use crate::git::repository::{Repository, view};
use crate::git::tree::draft::Draft;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::CommitView;
use crate::text::sanitize;

/// The tree with the paths as they were.
pub(in crate::git) fn tree(
    repository: &Repository,
    tip_tree: Oid,
    good: &Commit<'_>,
    paths: &[GitPath],
) -> Result<Oid> {
    let mut was = Draft::on(repository, good.tree_id());
    let mut draft = Draft::on(repository, tip_tree);
    for path in outermost(paths) {
        let (before, now) = (was.get(path)?, draft.get(path)?);
        if before.is_none() && now.is_none() {
            return Err(no_such_path(path, good));
        }
        if before == now {
            continue;
        }
        if before.is_some()
            && let Some(file) = draft.file_above(path)?
        {
            let message = format!("cannot restore {}", sanitize(&path.to_string()));
            return Err(Error::new(ErrorKind::Refused, message)
                .because(format!("{} is a file now and no folder", sanitize(&file.to_string())))
                .again("restore that path instead", ["--path".to_owned(), file.argument()]));
        }
        draft.set(path.clone(), before);
    }
    draft.write()
}

/// The commits after `good` that changed the paths and are none of the bad ones, newest first.
pub(in crate::git) fn also(
    repository: &Repository,
    tip: Oid,
    good: Oid,
    paths: &[GitPath],
    bads: &[Bad<'_>],
) -> Result<Vec<CommitView>> {
    let mut named: HashSet<Oid> = bads.iter().map(|bad| bad.commit.id()).collect();
    for bad in bads.iter().filter(|bad| bad.is_merge()) {
        // What a merge brought is part of it.
        let brought = since(repository, bad.commit.id(), &[bad.parent.id()])?;
        named.extend(brought.iter().map(Commit::id));
    }
    let mut also = Vec::new();
    for commit in since(repository, tip, &[good])? {
        if !named.contains(&commit.id()) && touches(repository, &commit, paths)? {
            also.push(view(&commit));
        }
    }
    Ok(also)
}

/// Refuses a commit that the branch has not been at, or that came after what is to be taken out.
pub(in crate::git) fn check_good(
    repository: &Repository,
    tip: Oid,
    good: Oid,
    bads: &[Bad<'_>],
    branch: &str,
) -> Result<()> {
    if !is_behind(repository, tip, good)? {
        let message = format!("commit {good} is not on {}", sanitize(branch));
        return Err(Error::new(ErrorKind::Refused, message)
            .because("the paths were never like that on this branch")
            .hint(format!("which hold it, in a checkout: git branch --all --contains {good}")));
    }
    for bad in bads {
        let id = bad.commit.id();
        if id == good || !is_behind(repository, id, good)? {
            let message = if id == good {
                format!("commit {good} is to be taken out: it cannot be the good one")
            } else {
                format!("commit {good} came after commit {id}, or beside it")
            };
            return Err(Error::new(ErrorKind::Usage, message)
                .because("going back to it would not take the bad commit out")
                .again("", ["--to".to_owned(), bad.parent.id().to_string()]));
        }
    }
    Ok(())
}

/// Without the paths that lie in another one.
fn outermost(paths: &[GitPath]) -> Vec<&GitPath> {
    let lies_in_another =
        |path: &GitPath| paths.iter().any(|other| other != path && path.is_in(other));
    let mut kept: Vec<&GitPath> = paths.iter().filter(|path| !lies_in_another(path)).collect();
    kept.sort_unstable();
    kept.dedup();
    kept
}

fn no_such_path(path: &GitPath, good: &Commit<'_>) -> Error {
    let path = path.to_string();
    let message = format!("there is no path {} in the repository", sanitize(&path));
    Error::new(ErrorKind::NotFound, message)
        .because(format!("neither the branch nor commit {} has it", good.id()))
        .again("which commits there are", ["", "--path"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_within_another_is_part_of_it() {
        let path = |text: &str| GitPath::new(text.as_bytes());
        let paths = [path("apps/web"), path("apps"), path("apps"), path("apps-2"), path("b")];
        assert_eq!(outermost(&paths), [&path("apps"), &path("apps-2"), &path("b")]);
        assert_eq!(outermost(&[path(""), path("a")]), [&path("")]);
    }
}
