//! What an owner of Flux renders of its source, and what it lays over that.

use serde_json::Value;

use crate::git::manifest::closure::Inputs;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::provenance::Override;

use super::super::rendered::Rendered;
use super::super::taken::Taken;
use super::super::versions;
use super::fields::{list, text, word};
use super::{helm_release, path, values_from};

/// A Kustomization builds a folder. One that is no kustomization becomes one of all that is below it.
pub(super) fn of_kustomization(owner: &Value) -> Vec<Rendered> {
    let who = named("Kustomization", owner);
    let inputs = Inputs {
        folder: Some(folder(text(owner, "/spec/path"))),
        recursive: true,
        components: strings(owner, "/spec/components"),
        ..Inputs::default()
    };
    let mut overrides = substitutes(owner, &who);
    overrides.extend(of_kustomize(owner.pointer("/spec").unwrap_or(&Value::Null), &who));
    vec![Rendered { source: 0, inputs, overrides }]
}

/// A `HelmRelease` renders a chart with values that stand in itself and in objects of the cluster.
pub(super) fn of_release(owner: &Value) -> Vec<Rendered> {
    let who = named("HelmRelease", owner);
    let chart = owner.pointer("/spec/chart/spec").unwrap_or(&Value::Null);
    let is_of_git = text(owner, &format!("{}/kind", helm_release::SOURCE)) == "GitRepository";
    // These files are named from the root of the source.
    let files =
        strings(chart, "/valuesFiles").into_iter().map(|name| format!("/{}", path::clean(&name)));
    let inputs = if is_of_git {
        let folder = Some(folder(text(chart, "/chart")));
        Inputs { folder, value_files: files.collect(), ..Inputs::default() }
    } else {
        Inputs::default()
    };
    let mut overrides = Vec::new();
    for renderer in list(owner, "/spec/postRenderers") {
        let kustomize = renderer.pointer("/kustomize").unwrap_or(&Value::Null);
        overrides.extend(of_kustomize(kustomize, &who));
    }
    let values = owner.pointer("/spec/values").unwrap_or(&Value::Null);
    overrides.extend(versions::among(values, &|name| format!("value {name} of {who}")));
    overrides.extend(unseen(&values_from::of_release(owner)));
    vec![Rendered { source: 0, inputs, overrides }]
}

/// `images` and `patches`, which stand in several kinds of objects.
fn of_kustomize(spec: &Value, who: &str) -> Vec<Override> {
    let images = list(spec, "/images").iter().filter_map(|image| {
        let value = ["/digest", "/newTag", "/newName"].iter().find_map(|at| word(image, at))?;
        let place = format!("image {} (images of {who})", text(image, "/name"));
        Some(Override { place, value: value.to_owned() })
    });
    let patches = list(spec, "/patches").iter().flat_map(|patch| {
        versions::of_text(text(patch, "/patch"), &|name| format!("the patch of {name} of {who}"))
    });
    images.chain(patches).collect()
}

/// Variables in the manifests.
fn substitutes(owner: &Value, who: &str) -> Vec<Override> {
    let variables = owner.pointer("/spec/postBuild/substitute").unwrap_or(&Value::Null);
    let mut found =
        versions::among(variables, &|name| format!("variable {name} (postBuild of {who})"));
    found.extend(unseen(&values_from::of_kustomization(owner)));
    found
}

fn unseen(taken: &[Taken]) -> impl Iterator<Item = Override> {
    taken.iter().map(|taken| versions::unseen(taken.place()))
}

fn named(kind: &str, owner: &Value) -> String {
    format!("{kind} {}/{}", text(owner, "/metadata/namespace"), text(owner, "/metadata/name"))
}

fn folder(path: &str) -> GitPath {
    GitPath::new(path::clean(path).into_bytes())
}

fn strings(value: &Value, pointer: &str) -> Vec<String> {
    list(value, pointer).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
