//! What Git knows of a revision that an owner is at.

use crate::error::Result;
use crate::git::history::ancestry::is_behind;
use crate::git::history::same_files::are_same;
use crate::git::remote::fetch::Needs;
use crate::git::repository::Repository;
use crate::git::{MissingObject, Oid, ShallowBoundary};
use crate::revert::ground::Ground;
use crate::rollback::model::convergence::Relation;
use crate::rollback::model::git_path::GitPath;

/// How a revision stands to our commit: one on top of it is a newer release where it changes these
/// files again. Fetches the branch where the revision is not known; `None`: that failed for now.
///
/// A revision may be written as Flux does (`main@sha1:9f3c…`). What is no commit, or none that the branch
/// has after a fetch, is another one.
pub async fn relation(
    ground: &mut Ground,
    ours: Oid,
    files: &[GitPath],
    revision: &str,
) -> Option<Relation> {
    let Some(seen) = commit(revision) else { return Some(Relation::Other) };
    if seen == ours {
        return Some(Relation::Ours);
    }
    for is_last in [false, true] {
        let known = {
            let repository = ground.store.open(Repository::open).ok()?;
            of(&repository, ours, files, seen)
        };
        match known {
            Ok(relation) => return Some(relation),
            // It is none of the branch, as far as anybody can tell.
            Err(error) if is_last && is_missing(&error) => return Some(Relation::Other),
            Err(error) if is_missing(&error) => {}
            Err(_) => return None,
        }
        let Ground { remote, store, branch, .. } = &mut *ground;
        remote.fetch(store, branch, &Needs::default(), &mut |_| ()).await.ok()?;
    }
    None
}

fn of(repository: &Repository, ours: Oid, files: &[GitPath], seen: Oid) -> Result<Relation> {
    // Looked for first: a commit that is not here may be one on top.
    repository.view(seen)?;
    match is_behind(repository, seen, ours) {
        Ok(true) => {}
        Ok(false) => return Ok(Relation::Other),
        // What lies before a shallow copy's edge is older than what was made in it.
        Err(error) if ShallowBoundary::of(&error).is_some() => return Ok(Relation::Other),
        Err(error) => return Err(error),
    }
    let same = are_same(repository, ours, seen, files)?;
    Ok(if same { Relation::OnTop } else { Relation::Replaced })
}

fn is_missing(error: &crate::error::Error) -> bool {
    MissingObject::of(error).is_some()
}

/// The commit of a revision.
fn commit(revision: &str) -> Option<Oid> {
    let hash = revision.rsplit(['@', ':', '/']).next()?;
    let is_whole = hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_whole.then(|| Oid::from_str(hash).ok())?
}
