//! Whether two commits hold the same files at some paths.

use git2::Oid;

use crate::error::Result;
use crate::git::repository::Repository;
use crate::git::tree::draft::Draft;
use crate::rollback::model::git_path::GitPath;

/// Whether at each of these paths, files or folders, both have the same, or nothing.
pub fn are_same(repository: &Repository, one: Oid, other: Oid, paths: &[GitPath]) -> Result<bool> {
    let mut one = Draft::on(repository, repository.tree_id(one)?);
    let mut other = Draft::on(repository, repository.tree_id(other)?);
    for path in paths {
        if one.get(path)? != other.get(path)? {
            return Ok(false);
        }
    }
    Ok(true)
}
