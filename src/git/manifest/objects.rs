//! Objects that manifests declare, and those that a change takes out of them.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::error::Result;
use crate::git::manifest::images::text;
use crate::git::repository::Repository;
use crate::rollback::model::revert::{FileChange, FileEntry};

/// An object by what it is called in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Declared {
    /// `Deployment`
    pub kind: String,
    /// Empty where the manifest leaves it open.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// The objects that some file declares before the change and none after it, by kind and name. Files that
/// are no manifests, or templates of some, say nothing.
pub fn removed(repository: &Repository, files: &[FileChange]) -> Result<Vec<Declared>> {
    let (mut before, mut after) = (BTreeSet::new(), BTreeSet::new());
    for file in files {
        add(repository, file.before.as_ref(), &mut before)?;
        add(repository, file.after.as_ref(), &mut after)?;
    }
    Ok(before.difference(&after).cloned().collect())
}

fn add(
    repository: &Repository,
    entry: Option<&FileEntry>,
    found: &mut BTreeSet<Declared>,
) -> Result<()> {
    let Some(entry) = entry else { return Ok(()) };
    let Some(text) = text(repository, entry)? else { return Ok(()) };
    let documents = serde_yaml::from_multiple::<Value>(&text).unwrap_or_default();
    found.extend(documents.iter().filter_map(declared));
    Ok(())
}

fn declared(document: &Value) -> Option<Declared> {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    // Without a group it is a file of settings, like a kustomization of values.
    text("/apiVersion")?;
    Some(Declared {
        kind: text("/kind")?.to_owned(),
        namespace: text("/metadata/namespace").unwrap_or_default().to_owned(),
        name: text("/metadata/name")?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{Edit, Scratch, put};

    /// What a revert of the last of two commits takes out.
    fn gone(before: &[Edit], after: &[Edit]) -> Vec<String> {
        let scratch = Scratch::new();
        let files = scratch.reverted(before, after);
        let found = removed(&scratch.open(), &files).unwrap();
        found.into_iter().map(|one| format!("{} {}", one.kind, one.name)).collect()
    }

    #[test]
    fn objects_go_with_their_file_or_their_document() {
        let object =
            |kind: &str| format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: web}}\n");
        let two = format!("{}---\n{}", object("Service"), object("ConfigMap"));
        let keep = || put("keep.yaml", "a: 1\n");
        for (before, after, expected) in [
            (vec![keep()], vec![put("new.yaml", object("Secret"))], &["Secret web"][..]),
            (vec![put("a.yaml", object("Service"))], vec![put("a.yaml", &two)], &["ConfigMap web"]),
            // What moves from one file to another stays.
            (
                vec![put("a.yaml", object("Service"))],
                vec![put("a.yaml", "# moved\n"), put("b.yaml", object("Service"))],
                &[],
            ),
            (vec![keep()], vec![put("t.yaml", "{{ if x }}\nkind: Service\n{{ end }}\n")], &[]),
            (vec![keep()], vec![put("values.yaml", "kind: x\nmetadata: {name: y}\n")], &[]),
        ] {
            assert_eq!(gone(&before, &after), expected);
        }
    }
}
