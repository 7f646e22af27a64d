//! The commits that changed an app, from a repository that may be far away.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::git::history::app_log::{self, Wish};
use crate::git::manifest::closure::Inputs;
use crate::git::remote::fetch::{History, Needs};
use crate::git::repository::Repository;
use crate::rollback::model::app_log::AppLog;

use super::ground::Ground;

/// How often more history is fetched: 200 commits, then 1000. All of it is more than a look is worth.
const DEEPER: usize = 2;
/// Commits that are told where there are as many, and at most.
const LEAST: usize = 10;
const MOST: usize = 50;

/// Fetches the branch and reads the log: as far back as what was deployed, where that is not too far.
pub async fn read(
    ground: &mut Ground,
    inputs: &Inputs,
    deployed: BTreeSet<String>,
    progress: &mut dyn FnMut(&str),
) -> Result<AppLog> {
    let wish = Wish { deployed, least: LEAST, most: MOST };
    let branch = ground.branch.clone();
    let needs = Needs::history(History::Deeper);
    let mut fetched = 0;
    loop {
        let tip = ground.remote.fetch(&mut ground.store, &branch, &needs, progress).await?;
        let found = {
            let repository = ground.store.open(Repository::open)?;
            app_log::read(&repository, tip, inputs, &wish)?
        };
        if !found.is_cut || fetched >= DEEPER {
            return Ok(found.log);
        }
        fetched += 1;
    }
}
