//! What a change does to files and folders that somebody reads as lists of what there is to be: each file
//! as values, each folder by its name.

use std::collections::BTreeSet;

use git2::Oid;
use serde_json::Value;

use crate::error::Result;
use crate::git::manifest::images::text;
use crate::git::repository::Repository;
use crate::git::tree::draft::Draft;
use crate::git::tree::entry::Entry;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::{FileChange, FileEntry};

pub use super::closure::is_of_pattern;

/// What changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Entries {
    /// The files, by path.
    pub files: Vec<EntryFile>,
    /// The folders in which no file is left.
    pub folders: Vec<GitPath>,
}

/// A file as values.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryFile {
    /// Where it is.
    pub path: GitPath,
    /// What it holds before; `None` where it is not there, null where that is no YAML or JSON.
    pub before: Option<Value>,
    /// The same afterwards.
    pub after: Option<Value>,
}

/// What a change of these files comes to; `tree` is the one after it.
pub fn of(repository: &Repository, tree: Oid, files: &[FileChange]) -> Result<Entries> {
    let mut read = Vec::new();
    let mut above = BTreeSet::new();
    for file in files {
        let before = values(repository, file.before.as_ref())?;
        let after = values(repository, file.after.as_ref())?;
        if after.is_none() {
            above.extend(std::iter::successors(file.path.folder(), GitPath::folder));
        }
        read.push(EntryFile { path: file.path.clone(), before, after });
    }
    let mut after = Draft::on(repository, tree);
    let mut folders = Vec::new();
    for folder in above {
        if !after.get(&folder)?.is_some_and(Entry::is_tree) {
            folders.push(folder);
        }
    }
    Ok(Entries { files: read, folders })
}

fn values(repository: &Repository, entry: Option<&FileEntry>) -> Result<Option<Value>> {
    let Some(entry) = entry else { return Ok(None) };
    let text = text(repository, entry)?;
    let values = text.and_then(|text| serde_yaml::from_str::<Value>(&text).ok());
    Ok(Some(values.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::git::testing::{Scratch, gone, path, put};

    #[test]
    fn files_are_values_and_folders_go_with_their_last_file() {
        let scratch = Scratch::new();
        let first = scratch.on(
            &[],
            "first",
            &[
                put("envs/eu/config.json", "{\"tag\": \"2\"}"),
                put("envs/us/config.json", "{\"tag\": \"2\"}"),
                put("envs/us/deep/notes.txt", "a: [b"),
                put("apps/web/a.yaml", "a: 1\n"),
                put("apps/web/b.yaml", "a: 1\n"),
            ],
        );
        let last = scratch.on(
            &[first],
            "last",
            &[
                put("envs/eu/config.json", "{\"tag\": \"1\"}"),
                gone("envs/us/config.json"),
                gone("envs/us/deep/notes.txt"),
                gone("apps/web/a.yaml"),
            ],
        );
        let repository = scratch.open();
        let entry = |tree: Oid, name: &str| {
            let found = Draft::on(&repository, tree).get(&path(name)).unwrap()?;
            Some(FileEntry { id: found.id.to_string(), mode: 0o100_644 })
        };
        let (before, after) = (scratch.tree(first), scratch.tree(last));
        let names = [
            "envs/eu/config.json",
            "envs/us/config.json",
            "envs/us/deep/notes.txt",
            "apps/web/a.yaml",
        ];
        let change = |name: &str| FileChange {
            path: path(name),
            before: entry(before, name),
            after: entry(after, name),
        };
        let found = of(&repository, after, &names.map(change)).unwrap();
        assert_eq!(found.folders, [path("envs/us"), path("envs/us/deep")]);
        let values: Vec<_> =
            found.files.into_iter().map(|file| (file.before, file.after)).collect();
        assert_eq!(
            values,
            [
                (Some(json!({"tag": "2"})), Some(json!({"tag": "1"}))),
                (Some(json!({"tag": "2"})), None),
                (Some(Value::Null), None),
                (Some(json!({"a": 1})), None),
            ]
        );
    }
}
