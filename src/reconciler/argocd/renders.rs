//! What an Application renders of each of its sources, and what it lays over that.

use serde_json::Value;

use crate::git::manifest::closure::Inputs;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::provenance::Override;

use super::super::flux::path::clean;
use super::super::marks::annotation;
use super::super::rendered::Rendered;
use super::super::versions;
use super::fields::{flag, items, text, texts};
use super::policy::PATHS;
use super::{qualified, sources};

/// In the order of the sources; of one that is there for others, what these take of it.
pub(super) fn of(application: &Value) -> Vec<Rendered> {
    let who = format!("Argo CD application {}", qualified(application));
    let of = Application {
        who: &who,
        paths: annotation(application, PATHS).unwrap_or_default(),
        file: name_of_file(application),
    };
    if let Some(dry) = application.pointer("/spec/sourceHydrator/drySource") {
        return of.renders(&[dry]);
    }
    of.renders(&sources::declared(application))
}

/// What a source lays over its files, or would.
pub(super) fn overrides(source: &Value, who: &str) -> Vec<Override> {
    let mut found = Vec::new();
    let of = |what: &str, name: &str| format!("{what} {name} of {who}");
    for (list, member, what) in [
        ("/helm/parameters", "value", "parameter"),
        ("/plugin/parameters", "string", "parameter"),
        ("/plugin/env", "value", "variable"),
        ("/directory/jsonnet/extVars", "value", "variable"),
        ("/directory/jsonnet/tlas", "value", "argument"),
    ] {
        found.extend(items(source, list).iter().filter_map(|item| {
            versions::one(text(item, "/name"), item.get(member)?, |name| of(what, name))
        }));
    }
    let value = |name: &str| of("value", name);
    // It takes the place of the other, whatever that says.
    match source.pointer("/helm/valuesObject").filter(|values| values.is_object()) {
        Some(values) => found.extend(versions::among(values, &value)),
        None => found.extend(versions::of_text(text(source, "/helm/values"), &value)),
    }
    found.extend(texts(source, "/kustomize/images").map(|image| {
        let (name, new) = image.split_once('=').unwrap_or((image, image));
        // `name=*:1.1` keeps the name.
        let value = new.strip_prefix("*:").or_else(|| new.strip_prefix("*@")).unwrap_or(new);
        Override { place: of("image", name), value: value.to_owned() }
    }));
    for patch in items(source, "/kustomize/patches") {
        found.extend(versions::of_text(text(patch, "/patch"), &|name| of("the patch of", name)));
    }
    found
}

struct Application<'a> {
    who: &'a str,
    paths: &'a str,
    file: String,
}

impl Application<'_> {
    fn renders(&self, sources: &[&Value]) -> Vec<Rendered> {
        let mut rendered = Vec::new();
        for (index, source) in sources.iter().copied().enumerate() {
            rendered.extend(self.own(index, source, sources));
            rendered.extend(self.for_others(index, source, sources));
        }
        rendered
    }

    /// What the source itself comes to; nothing where it only holds values.
    fn own(&self, index: usize, source: &Value, sources: &[&Value]) -> Option<Rendered> {
        let (path, chart) = (text(source, "/path"), text(source, "/chart"));
        if path.is_empty() && chart.is_empty() {
            return None;
        }
        let is_folder = chart.is_empty() && !text(source, "/repoURL").starts_with("oci://");
        let inputs = if is_folder { self.inputs(source, path, sources) } else { Inputs::default() };
        Some(Rendered { source: index, inputs, overrides: overrides(source, self.who) })
    }

    fn inputs(&self, source: &Value, path: &str, sources: &[&Value]) -> Inputs {
        let value_files = texts(source, "/helm/valueFiles").map(|name| {
            let within = referred(name).filter(|(reference, _)| {
                sources
                    .iter()
                    .any(|other| text(other, "/ref") == *reference && are_one(source, other))
            });
            within.map_or_else(|| name.to_owned(), |(_, path)| format!("/{path}"))
        });
        Inputs {
            folder: Some(GitPath::new(clean(path).into_bytes())),
            recursive: flag(source, "/directory/recurse"),
            include: text(source, "/directory/include").to_owned(),
            exclude: text(source, "/directory/exclude").to_owned(),
            value_files: value_files.collect(),
            components: texts(source, "/kustomize/components").map(str::to_owned).collect(),
            generate_paths: self.paths.to_owned(),
            application: self.file.clone(),
        }
    }

    /// The values that others take from this source. Where a chart of the same repository does, they are
    /// among its own.
    fn for_others(&self, index: usize, source: &Value, sources: &[&Value]) -> Option<Rendered> {
        let name = Some(text(source, "/ref")).filter(|name| !name.is_empty())?;
        let mut rendered = Rendered { source: index, ..Rendered::default() };
        for other in sources.iter().filter(|other| !(is_git(other) && are_one(source, other))) {
            let files = texts(other, "/helm/valueFiles").filter_map(referred);
            let files: Vec<String> = files
                .filter(|(reference, _)| *reference == name)
                .map(|(_, path)| format!("/{path}"))
                .collect();
            if !files.is_empty() {
                rendered.inputs.value_files.extend(files);
                rendered.overrides.extend(overrides(other, self.who));
            }
        }
        rendered.is_read().then_some(rendered)
    }
}

/// `$values/prod.yaml` is `prod.yaml` of `values`.
fn referred(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix('$')?.split_once('/')
}

fn is_git(source: &Value) -> bool {
    text(source, "/chart").is_empty() && !text(source, "/path").is_empty()
}

/// Whether two sources are the same state of the same repository.
fn are_one(one: &Value, other: &Value) -> bool {
    let revision = |source: &Value| match text(source, "/targetRevision") {
        "HEAD" => String::new(),
        revision => revision.to_owned(),
    };
    repository(text(one, "/repoURL")) == repository(text(other, "/repoURL"))
        && revision(one) == revision(other)
}

/// As Argo CD compares them.
pub(in super::super) fn repository(url: &str) -> String {
    let url = url.trim().to_lowercase();
    let url = url.strip_suffix(".git").unwrap_or(&url);
    match url.split_once('@') {
        Some((user, rest)) if !url.contains("://") => {
            format!("{user}@{}", rest.replacen(':', "/", 1))
        }
        _ => url.strip_prefix("ssh://").unwrap_or(url).to_owned(),
    }
}

/// What an Application is called in the names of files: with its namespace where that is not the one of
/// its control plane.
fn name_of_file(application: &Value) -> String {
    qualified(application).replace('/', "_")
}

#[cfg(test)]
mod tests;
