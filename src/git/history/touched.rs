//! Which of some files a commit has changed.

use git2::Oid;

use crate::error::Result;
use crate::git::repository::Repository;
use crate::git::tree::draft::Draft;
use crate::rollback::model::git_path::GitPath;

/// Those that stand otherwise in the commit than in its first parent. Of a commit whose parent is not here, all.
pub fn touched(repository: &Repository, commit: Oid, files: &[&GitPath]) -> Result<Vec<GitPath>> {
    let commit = repository.find_commit(commit)?;
    let before = commit.parent(0).ok().map(|parent| parent.tree_id());
    let mut after = Draft::on(repository, commit.tree_id());
    let mut before = before.map(|tree| Draft::on(repository, tree));
    let mut found = Vec::new();
    for file in files {
        let was = match &mut before {
            Some(before) => before.get(file)?,
            None => None,
        };
        if before.is_none() || was != after.get(file)? {
            found.push((*file).clone());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{Scratch, gone, path, put};

    #[test]
    fn what_stands_as_before_is_not_touched() {
        let scratch = Scratch::new();
        let first = scratch.commit(&[("a", "1"), ("b", "1"), ("gone", "1")]);
        let second =
            scratch.on(&[first], "Change", &[put("b", "2"), put("new", "1"), gone("gone")]);
        let files = ["a", "b", "gone", "new", "never"].map(path);
        let files: Vec<&GitPath> = files.iter().collect();
        let touched = |commit| {
            let found = touched(&scratch.open(), commit, &files).unwrap();
            found.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(touched(second), ["b", "gone", "new"]);
        // Nothing was before.
        assert_eq!(touched(first), ["a", "b", "gone", "new", "never"]);
    }
}
