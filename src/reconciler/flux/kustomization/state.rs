//! How far a Kustomization is, and what it sets besides what its source says.

use serde_json::Value;

use super::super::super::marks::annotation;
use super::super::condition::{Condition, failure, trouble};
use super::super::fields::{first_few, list, text, word};
use super::super::health_check;
use super::super::{opt_out, path, revision};

/// Written by kustomize, as lines of YAML.
const ORIGIN: &str = "config.kubernetes.io/origin";
/// Failures that come after everything has been applied.
const APPLIED: [&str; 3] = ["HealthCheckFailed", "HealthCheckCanceled", "PruneFailed"];
/// Failures that come before anything is.
const NOT_APPLIED: [&str; 3] = ["BuildFailed", "ArtifactFailed", "DependencyNotReady"];

/// The revision whose objects are in the cluster. That is not always the last one that came to a good end:
/// a bad release stays where it is while its health check runs, and after that has failed.
pub(super) fn live_revision(owner: &Value) -> Option<&str> {
    if let Some(running) = health_check::running(owner) {
        return Some(running.revision);
    }
    let reason = failure(owner).map(Condition::reason).unwrap_or_default();
    let unhealthy =
        Condition::of(owner, "Healthy").is_some_and(|healthy| healthy.status() != "True");
    let is_tried = APPLIED.contains(&reason) || (unhealthy && !NOT_APPLIED.contains(&reason));
    let tried = word(owner, "/status/lastAttemptedRevision").filter(|_| is_tried);
    tried.or_else(|| word(owner, "/status/lastAppliedRevision"))
}

/// Each a sentence about it.
pub(super) fn notes(owner: &Value, object: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(mark) = opt_out::from_cleanup(object) {
        notes.push(format!("it leaves what others add to this object ({mark})"));
    }
    if let Some(file) = origin(owner, object) {
        notes.push(format!("this object comes from {file} (annotation {ORIGIN})"));
    }
    notes.extend(trouble(owner));
    notes.extend(behind(owner));
    notes.extend(names(owner));
    notes.extend(overrides(owner));
    notes
}

/// The file that the object comes from, where `spec.buildMetadata` has it written down: from the folder
/// that is built, or from another repository.
fn origin(owner: &Value, object: &Value) -> Option<String> {
    let written = annotation(object, ORIGIN)?;
    let line = |key: &str| {
        let values = written.lines().filter_map(|line| line.strip_prefix(key));
        values.map(str::trim).find(|value| !value.is_empty())
    };
    let file = line("path:")?;
    Some(match line("repo:") {
        Some(repository) => format!("{file} of {repository}"),
        None => path::clean(&format!("{}/{file}", text(owner, "/spec/path"))),
    })
}

/// What it tried against what it has.
fn behind(owner: &Value) -> Option<String> {
    let tried = word(owner, "/status/lastAttemptedRevision")?;
    let Some(applied) = word(owner, "/status/lastAppliedRevision") else {
        let tried = revision::words(tried);
        return Some(format!("it has tried {tried}, and nothing has come to a good end yet"));
    };
    (!revision::are_same(tried, applied)).then(|| {
        let (tried, applied) = (revision::words(tried), revision::words(applied));
        format!("it has tried {tried} last, and {applied} is what came to a good end")
    })
}

/// What its folder alone does not tell: other folders, and other names.
fn names(owner: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    let components: Vec<&str> =
        list(owner, "/spec/components").iter().filter_map(Value::as_str).collect();
    if !components.is_empty() {
        notes.push(format!("it takes in {} too (spec.components)", first_few(&components)));
    }
    for (member, place) in [("namePrefix", "before"), ("nameSuffix", "behind")] {
        if let Some(part) = word(owner, &format!("/spec/{member}")) {
            notes.push(format!("it puts {part} {place} every name (spec.{member})"));
        }
    }
    notes
}

/// What a commit in its folder does not change, since it is set here.
fn overrides(owner: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    let images: Vec<String> = list(owner, "/spec/images").iter().filter_map(image).collect();
    if !images.is_empty() {
        let images: Vec<&str> = images.iter().map(String::as_str).collect();
        let images = first_few(&images);
        notes.push(format!(
            "it sets images itself, whatever its source says: {images} (spec.images)"
        ));
    }
    let patches = list(owner, "/spec/patches").len();
    if patches > 0 {
        notes.push(format!("it patches what its source says (spec.patches, {patches})"));
    }
    let substitute = owner.pointer("/spec/postBuild/substitute").and_then(Value::as_object);
    let names: Vec<&str> =
        substitute.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    if !names.is_empty() {
        let names = first_few(&names);
        notes.push(format!("it sets variables itself: {names} (spec.postBuild.substitute)"));
    }
    let from = list(owner, "/spec/postBuild/substituteFrom").iter();
    let from: Vec<String> = from.filter_map(variables).collect();
    if !from.is_empty() {
        let from: Vec<&str> = from.iter().map(String::as_str).collect();
        notes.push(format!(
            "it takes variables from {} (spec.postBuild.substituteFrom): a change there is seen at \
             once only with the label reconcile.fluxcd.io/watch: Enabled",
            first_few(&from)
        ));
    }
    notes
}

fn image(image: &Value) -> Option<String> {
    let name = word(image, "/newName").or_else(|| word(image, "/name"))?;
    Some(match (word(image, "/digest"), word(image, "/newTag")) {
        (Some(digest), _) => format!("{name}@{digest}"),
        (None, Some(tag)) => format!("{name}:{tag}"),
        (None, None) => name.to_owned(),
    })
}

fn variables(from: &Value) -> Option<String> {
    Some(format!("{} {}", text(from, "/kind"), word(from, "/name")?))
}
