//! Which app a file belongs to, as far as the repository says: the folder that is built as one.

use std::collections::{BTreeSet, HashMap};

use git2::Oid;

use crate::error::Result;
use crate::git::repository::Repository;
use crate::git::tree::draft::Draft;
use crate::rollback::model::git_path::GitPath;

/// What makes a folder one: `kustomize build` and `helm template` begin there.
pub(in crate::git) const ROOTS: [&[u8]; 4] =
    [b"kustomization.yaml", b"kustomization.yml", b"Kustomization", b"Chart.yaml"];

/// Finds the folders in one or more trees, reading each folder once.
pub(in crate::git) struct Apps<'r> {
    trees: Vec<Draft<'r>>,
    known: HashMap<GitPath, bool>,
}

impl<'r> Apps<'r> {
    /// A folder counts where one of these trees has it.
    pub(in crate::git) fn new(repository: &'r Repository, trees: &[Oid]) -> Self {
        let trees = trees.iter().map(|tree| Draft::on(repository, *tree)).collect();
        Self { trees, known: HashMap::new() }
    }

    /// The nearest folder above a file that is built as one; else the file's own folder.
    pub(in crate::git) fn of(&mut self, file: &GitPath) -> Result<GitPath> {
        let own = file.folder().unwrap_or_default();
        let mut next = Some(own.clone());
        while let Some(folder) = next {
            if self.is_root(&folder)? {
                return Ok(folder);
            }
            next = folder.folder();
        }
        Ok(own)
    }

    fn is_root(&mut self, folder: &GitPath) -> Result<bool> {
        if let Some(known) = self.known.get(folder) {
            return Ok(*known);
        }
        let mut found = false;
        for tree in &mut self.trees {
            for name in ROOTS {
                found |= tree.get(&folder.join(name))?.is_some_and(|entry| !entry.is_tree());
            }
        }
        self.known.insert(folder.clone(), found);
        Ok(found)
    }
}

/// The folders that are built as one in which these files stand, by path: the nearest above each with a
/// `kustomization.yaml` or a `Chart.yaml` in one of these trees (or commits' trees), else its own.
pub fn touched<'a>(
    repository: &Repository,
    trees: &[Oid],
    files: impl IntoIterator<Item = &'a GitPath>,
) -> Result<Vec<GitPath>> {
    let mut apps = Apps::new(repository, trees);
    let mut found = BTreeSet::new();
    for file in files {
        found.insert(apps.of(file)?);
    }
    Ok(found.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::Scratch;

    #[test]
    fn the_nearest_folder_that_is_built_as_one() {
        let scratch = Scratch::new();
        let commit = scratch.commit(&[
            ("apps/web/base/kustomization.yaml", "resources: [deploy.yaml]\n"),
            ("apps/web/base/deploy.yaml", "kind: Deployment\n"),
            ("charts/api/Chart.yaml", "name: api\n"),
            ("charts/api/templates/deep/deploy.yaml", "kind: Deployment\n"),
            ("docs/readme.md", "x\n"),
        ]);
        let repository = scratch.open();
        let tree = scratch.tree(commit);
        let path = |text: &str| GitPath::new(text.as_bytes());
        for (file, app) in [
            ("apps/web/base/deploy.yaml", "apps/web/base"),
            ("apps/web/base/patches/x.yaml", "apps/web/base"),
            ("apps/web/readme.md", "apps/web"),
            ("charts/api/templates/deep/deploy.yaml", "charts/api"),
            ("docs/readme.md", "docs"),
            ("x", ""),
        ] {
            let found = touched(&repository, &[tree], [&path(file)]).unwrap();
            assert_eq!(found, [path(app)], "{file}");
        }
        let files = [path("apps/web/base/a"), path("apps/web/base/b"), path("x")];
        let found = touched(&repository, &[tree], &files).unwrap();
        assert_eq!(found, [path(""), path("apps/web/base")]);
    }
}
