//! What a revert changes of the versions of charts.

use crate::error::Result;
use crate::git::manifest::charts;
use crate::git::repository::Repository;
use crate::revert::ground::Ground;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert_plan::RevertPlan;

/// Of the files that the revert changes, each `Chart.yaml` whose version changes with it.
///
/// # Errors
///
/// The repository cannot be read.
pub fn versions(ground: &Ground, plan: &RevertPlan) -> Result<Vec<GitPath>> {
    let repository = ground.store.open(Repository::open)?;
    charts::of_another_version(&repository, &plan.reverted.files)
}
