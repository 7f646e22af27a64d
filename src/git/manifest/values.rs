//! The files of an object that an owner takes values from, as far as they are that owner's alone: what others
//! have in the same file, or take from the same object, is not to go back with it.

use std::collections::BTreeSet;

use git2::Oid;
use serde_json::Value;

use crate::error::Result;
use crate::git::manifest::closure::{self, Cache, Inputs};
use crate::git::repository::Repository;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::target::Target;

/// Where the values stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Values {
    /// In these files, which have nothing of others.
    Own(Vec<GitPath>),
    /// In this file, with what belongs to others; or others take values from the same object: whose file that
    /// is.
    Shared(GitPath),
    /// No file that is read declares the object.
    Nowhere,
}

/// Who takes values.
#[derive(Clone, Debug)]
pub struct Taker {
    /// The owner.
    pub owner: Target,
    /// The objects whose values may go back with it.
    pub objects: Vec<Target>,
}

/// Looks for the values that somebody takes from `object` among what is read of `inputs` at a commit.
pub fn of(
    repository: &Repository,
    commit: Oid,
    inputs: &Inputs,
    object: &Target,
    Taker { owner, objects }: &Taker,
) -> Result<Values> {
    let mut cache = Cache::default();
    let closure = closure::read(repository, commit, inputs, &mut cache)?;
    let (mut own, mut shared) = (BTreeSet::new(), None);
    for (path, id) in &closure.files {
        let content = cache.content(repository, *id)?;
        let documents = content.documents.as_deref().unwrap_or_default();
        for document in documents {
            match closure::generated_alone(path, document, object) {
                // They stand there with all the rest.
                Some(files) if files.is_empty() => {
                    shared.get_or_insert_with(|| path.clone());
                }
                Some(files) => own.extend(files),
                None => {}
            }
            if is(document, object) {
                let is_ours = |one: &Value| {
                    one.is_null() || is(one, owner) || objects.iter().any(|object| is(one, object))
                };
                if documents.iter().all(is_ours) {
                    own.insert(path.clone());
                } else {
                    shared.get_or_insert_with(|| path.clone());
                }
            }
            if !is(document, owner) && takes(document, object) {
                shared.get_or_insert_with(|| path.clone());
            }
        }
    }
    let has_any = !own.is_empty();
    Ok(match shared {
        Some(path) => Values::Shared(path),
        None if has_any => Values::Own(own.into_iter().collect()),
        None => Values::Nowhere,
    })
}

/// Whether a document is the manifest of an object. Its namespace is often said elsewhere.
fn is(document: &Value, object: &Target) -> bool {
    let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str);
    let place = text("/metadata/namespace");
    text("/kind") == Some(&object.kind)
        && text("/metadata/name") == Some(&object.name)
        && place.is_none_or(|place| place == object.namespace)
}

/// Whether what a document declares takes values from the object, too.
fn takes(document: &Value, object: &Target) -> bool {
    let lists = ["/spec/valuesFrom", "/spec/postBuild/substituteFrom"];
    let references = lists.iter().filter_map(|list| document.pointer(list)?.as_array()).flatten();
    let place = document.pointer("/metadata/namespace").and_then(Value::as_str);
    let text = |reference: &Value, member: &str| {
        reference.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    place.is_none_or(|place| place == object.namespace)
        && references.into_iter().any(|reference| {
            text(reference, "kind") == object.kind
                && closure::is_named(&object.name, &text(reference, "name"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::testing::{Scratch, path};

    fn target(kind: &str, name: &str) -> Target {
        let (kind, name, namespace) = (kind.to_owned(), name.to_owned(), "shop".to_owned());
        Target { kind, namespace, name, ..Target::default() }
    }

    const VALUES: &str = "kind: ConfigMap\nmetadata: {name: values}\ndata: {tag: v1}\n";
    const WEB: &str = "kind: HelmRelease\nmetadata: {name: web}\n\
                       spec: {valuesFrom: [{kind: ConfigMap, name: values}]}\n";

    /// What is found among these files of a folder.
    fn found(files: &[(&str, &str)]) -> Values {
        let scratch = Scratch::new();
        let commit = scratch.commit(files);
        let inputs = Inputs { folder: Some(path("apps")), ..Inputs::default() };
        let object = target("ConfigMap", "values");
        let objects = vec![object.clone(), target("ConfigMap", "more")];
        let taker = Taker { owner: target("HelmRelease", "web"), objects };
        of(&scratch.open(), commit, &inputs, &object, &taker).unwrap()
    }

    #[test]
    fn what_is_of_nobody_else_is_its_own() {
        let own = |files: &[&str]| Values::Own(files.iter().map(|file| path(file)).collect());
        let both = format!("{VALUES}---\n{WEB}");
        let several = format!("{VALUES}---\nkind: ConfigMap\nmetadata: {{name: more}}\n");
        let here = VALUES.replace("name: values", "name: values, namespace: shop");
        let generator = "configMapGenerator: [{name: values, files: [values.yaml=web-values.yaml]}]\n\
                         resources: [web.yaml]\n";
        for (files, expected) in [
            (
                &[("apps/web.yaml", WEB), ("apps/values.yaml", VALUES)][..],
                own(&["apps/values.yaml"]),
            ),
            (&[("apps/web.yaml", both.as_str())], own(&["apps/web.yaml"])),
            (&[("apps/values.yaml", here.as_str())], own(&["apps/values.yaml"])),
            (&[("apps/values.yaml", several.as_str())], own(&["apps/values.yaml"])),
            (
                &[
                    ("apps/kustomization.yaml", generator),
                    ("apps/web.yaml", WEB),
                    ("apps/web-values.yaml", "tag: v1\n"),
                ],
                own(&["apps/web-values.yaml"]),
            ),
            (&[("apps/web.yaml", WEB)], Values::Nowhere),
        ] {
            assert_eq!(found(files), expected, "{files:?}");
        }
    }

    #[test]
    fn what_others_have_too_is_left_alone() {
        let shared = |file: &str| Values::Shared(path(file));
        let more = format!("{VALUES}---\nkind: ConfigMap\nmetadata: {{name: other}}\n");
        let secret = format!("{VALUES}---\nkind: Secret\nmetadata: {{name: more}}\n");
        let elsewhere = VALUES.replace("name: values", "name: values, namespace: other");
        let api = WEB.replace("name: web", "name: api");
        let variables = "kind: Kustomization\nmetadata: {name: api}\n\
                         spec: {postBuild: {substituteFrom: [{kind: ConfigMap, name: values}]}}\n";
        let literals =
            "configMapGenerator: [{name: values, literals: [tag=v1]}]\nresources: [web.yaml]\n";
        let mixed = "configMapGenerator: [{name: values, files: [values.yaml=web-values.yaml], \
                     literals: [tag=v1]}]\n";
        let twice = "configMapGenerator: [{name: values, files: [values.yaml=web-values.yaml]}, \
                     {name: other, files: [values.yaml=web-values.yaml]}]\n";
        for (files, expected) in [
            // Another document of the file.
            (
                &[("apps/web.yaml", WEB), ("apps/all.yaml", more.as_str())][..],
                shared("apps/all.yaml"),
            ),
            (&[("apps/values.yaml", secret.as_str())], shared("apps/values.yaml")),
            // Somebody else takes values from it.
            (
                &[("apps/api.yaml", api.as_str()), ("apps/values.yaml", VALUES)],
                shared("apps/api.yaml"),
            ),
            (
                &[("apps/api.yaml", variables), ("apps/values.yaml", VALUES)],
                shared("apps/api.yaml"),
            ),
            // The values stand among all that is built.
            (
                &[("apps/kustomization.yaml", literals), ("apps/web.yaml", WEB)],
                shared("apps/kustomization.yaml"),
            ),
            (
                &[("apps/kustomization.yaml", mixed), ("apps/web-values.yaml", "tag: v1\n")],
                shared("apps/kustomization.yaml"),
            ),
            (
                &[("apps/kustomization.yaml", twice), ("apps/web-values.yaml", "tag: v1\n")],
                shared("apps/kustomization.yaml"),
            ),
            // It is one of another namespace.
            (&[("apps/web.yaml", WEB), ("apps/values.yaml", elsewhere.as_str())], Values::Nowhere),
        ] {
            assert_eq!(found(files), expected, "{files:?}");
        }
    }
}
