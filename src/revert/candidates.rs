//! What there is to revert.

use crate::error::{Error, ErrorKind, Result};
use crate::git::history::candidates;
use crate::git::remote::fetch::{History, Needs};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::Candidate;
use crate::text::sanitize;

use super::ground::Ground;

/// The newest commits that changed the paths, at most `limit`, newest first; fetches as much history as
/// that takes. Not found: there is none.
pub async fn candidates(
    ground: &mut Ground,
    paths: &[GitPath],
    limit: usize,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Candidate>> {
    let needs = Needs::history(History::Deeper);
    let fetch = ground.remote.fetch(&mut ground.store, &ground.branch, &needs, progress);
    let mut tip = fetch.await?;
    let found = ground
        .with_enough(&mut tip, progress, |repository, tip| {
            candidates::list(repository, tip, paths, None, limit)
        })
        .await?;
    if found.is_empty() {
        let list: Vec<String> = paths.iter().map(ToString::to_string).collect();
        let message =
            format!("no commit on {} changed {}", ground.branch, sanitize(&list.join(", ")));
        return Err(Error::new(ErrorKind::NotFound, message)
            .because("paths begin at the root of the repository")
            .again("all commits", ["--path"]));
    }
    Ok(found)
}
