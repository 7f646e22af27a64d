//! The files in which an object is declared by its kind and name: of an owner that declares other owners,
//! the ones that are about one of them.

use git2::Oid;
use serde_json::Value;

use crate::error::Result;
use crate::git::manifest::closure::{self, Cache, Inputs};
use crate::git::repository::Repository;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::target::Target;

/// What is read of an object, and of others that it takes values from, and nothing else; `None` where no
/// file declares it as it is, e.g. where a template does. The ones of the folder itself come last: patches
/// lie over what they change.
pub fn within(
    repository: &Repository,
    commit: Oid,
    inputs: &Inputs,
    object: &Target,
    others: &[Target],
) -> Result<Option<Inputs>> {
    let mut files = of(repository, commit, inputs, std::slice::from_ref(object))?;
    if files.is_empty() {
        return Ok(None);
    }
    let others = of(repository, commit, inputs, others)?.into_iter();
    files.extend(others.filter(|file| !files.contains(file)).collect::<Vec<_>>());
    files.sort_by_key(|file| file.folder() == inputs.folder);
    let value_files = files.iter().map(|file| format!("/{}", file.argument())).collect();
    Ok(Some(Inputs { value_files, ..Inputs::default() }))
}

/// The files that declare any of these objects, or from which a kustomization generates them, whatever their namespace: that is often said elsewhere.
pub fn of(
    repository: &Repository,
    commit: Oid,
    inputs: &Inputs,
    objects: &[Target],
) -> Result<Vec<GitPath>> {
    let mut files = Vec::new();
    if objects.is_empty() {
        return Ok(files);
    }
    let mut cache = Cache::default();
    let closure = closure::read(repository, commit, inputs, &mut cache)?;
    for (path, id) in &closure.files {
        let content = cache.content(repository, *id)?;
        let documents = content.documents.iter().flatten();
        let found = documents.flat_map(|document| {
            objects.iter().filter_map(|object| declaring(path, document, object)).flatten()
        });
        for file in found {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// The files of an object of which a document is the manifest, or says how it is generated.
fn declaring(path: &GitPath, document: &Value, object: &Target) -> Option<Vec<GitPath>> {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let is_it = text("/kind") == Some(&object.kind) && text("/metadata/name") == Some(&object.name);
    if is_it { Some(vec![path.clone()]) } else { closure::generated(path, document, object) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{Scratch, path};

    fn target(kind: &str, name: &str) -> Target {
        Target { kind: kind.to_owned(), name: name.to_owned(), ..Target::default() }
    }

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
            let release = target("HelmRelease", name);
            let found = within(&repository, commit, &inputs, &release, &[]).unwrap();
            found.map(|inputs| inputs.value_files)
        };
        let both = ["/base/web.yaml", "/prod/bump.yaml"].map(str::to_owned).to_vec();
        assert_eq!(files("web"), Some(both));
        assert_eq!(files("api"), Some(vec!["/base/api.yaml".to_owned()]));
        assert_eq!(files("other"), None);
    }

    #[test]
    fn what_it_takes_values_from_is_read_too() {
        let scratch = Scratch::new();
        let (web, api) = (release("web", "1"), release("api", "1"));
        let values = "kind: ConfigMap\nmetadata: {name: values}\ndata: {tag: v1}\n";
        let commit = scratch.commit(&[
            ("apps/web.yaml", web.as_str()),
            ("apps/api.yaml", api.as_str()),
            ("apps/values.yaml", values),
        ]);
        let inputs = Inputs { folder: Some(path("apps")), ..Inputs::default() };
        let (repository, taken) = (scratch.open(), [target("ConfigMap", "values")]);
        let within = |name: &str| {
            let release = target("HelmRelease", name);
            let found = within(&repository, commit, &inputs, &release, &taken).unwrap();
            found.map(|inputs| inputs.value_files)
        };
        let both = ["/apps/web.yaml", "/apps/values.yaml"].map(str::to_owned).to_vec();
        assert_eq!(within("web"), Some(both));
        // Without what takes them, they are nobody's.
        assert_eq!(within("other"), None);
        let of =
            |name: &str| of(&repository, commit, &inputs, &[target("ConfigMap", name)]).unwrap();
        assert_eq!(of("values"), [path("apps/values.yaml")]);
        assert!(of("web").is_empty());
    }

    #[test]
    fn what_a_kustomization_generates_is_in_the_files_that_it_names() {
        let scratch = Scratch::new();
        let generators = "configMapGenerator:\n- {name: web, files: [values.yaml=web.yaml], env: more}\n\
                          - {name: web-other, literals: [a=b]}\n\
                          secretGenerator:\n- {name: web, envs: [../secret]}\n";
        let commit = scratch.commit(&[
            ("apps/kustomization.yaml", generators),
            ("apps/web.yaml", "tag: v1\n"),
            ("apps/more", "a=b\n"),
            ("secret", "a=b\n"),
        ]);
        let inputs = Inputs { folder: Some(path("apps")), ..Inputs::default() };
        let repository = scratch.open();
        for (kind, name, expected) in [
            ("ConfigMap", "web", &["apps/kustomization.yaml", "apps/web.yaml", "apps/more"][..]),
            (
                "ConfigMap",
                "web-6ct58987ht",
                &["apps/kustomization.yaml", "apps/web.yaml", "apps/more"],
            ),
            ("ConfigMap", "web-other", &["apps/kustomization.yaml"]),
            ("Secret", "web", &["apps/kustomization.yaml", "secret"]),
            ("ConfigMap", "web-of-another", &[]),
            ("ConfigMap", "api", &[]),
        ] {
            let found = of(&repository, commit, &inputs, &[target(kind, name)]).unwrap();
            assert_eq!(
                found,
                expected.iter().map(|file| path(file)).collect::<Vec<_>>(),
                "{kind} {name}"
            );
        }
    }
}
