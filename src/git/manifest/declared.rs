//! The files in which an object is declared by its kind and name: of an owner that declares other owners,
//! the ones that are about one of them.

use git2::Oid;
use serde_json::Value;

use crate::error::Result;
use crate::git::manifest::closure::{self, Cache, Inputs};
use crate::git::repository::Repository;

/// What is read of an object alone; `None` where no file declares it as it is, e.g. where a template
/// does. The ones of the folder itself come last: patches lie over what they change.
pub fn within(
    repository: &Repository,
    commit: Oid,
    inputs: &Inputs,
    kind: &str,
    name: &str,
) -> Result<Option<Inputs>> {
    let mut cache = Cache::default();
    let closure = closure::read(repository, commit, inputs, &mut cache)?;
    let mut files = Vec::new();
    for (path, id) in &closure.files {
        let content = cache.content(repository, *id)?;
        let mut documents = content.documents.iter().flatten();
        if documents.any(|document| is_it(document, kind, name)) && !files.contains(path) {
            files.push(path.clone());
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    files.sort_by_key(|file| file.folder() == inputs.folder);
    let value_files = files.iter().map(|file| format!("/{}", file.argument())).collect();
    Ok(Some(Inputs { value_files, ..Inputs::default() }))
}

fn is_it(document: &Value, kind: &str, name: &str) -> bool {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    text("/kind") == Some(kind) && text("/metadata/name") == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{Scratch, path};

    fn release(name: &str, tag: &str) -> String {
        format!("kind: HelmRelease\nmetadata: {{name: {name}}}\nspec: {{values: {{tag: {tag}}}}}\n")
    }

    #[test]
    fn only_the_files_that_declare_it_are_read_and_patches_last() {
        let scratch = Scratch::new();
        let (base, other) = (release("web", "1"), release("api", "1"));
        let commit = scratch.commit(&[
            ("base/kustomization.yaml", "resources: [web.yaml, api.yaml]\n"),
            ("base/web.yaml", base.as_str()),
            ("base/api.yaml", other.as_str()),
            ("prod/kustomization.yaml", "resources: [../base]\npatches: [{path: bump.yaml}]\n"),
            ("prod/bump.yaml", base.as_str()),
            ("elsewhere/web.yaml", base.as_str()),
        ]);
        let inputs = Inputs { folder: Some(path("prod")), ..Inputs::default() };
        let repository = scratch.open();
        let files = |name: &str| {
            let found = within(&repository, commit, &inputs, "HelmRelease", name).unwrap();
            found.map(|inputs| inputs.value_files)
        };
        let both = ["/base/web.yaml", "/prod/bump.yaml"].map(str::to_owned).to_vec();
        assert_eq!(files("web"), Some(both));
        assert_eq!(files("api"), Some(vec!["/base/api.yaml".to_owned()]));
        assert_eq!(files("other"), None);
    }
}
