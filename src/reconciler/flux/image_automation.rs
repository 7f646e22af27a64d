//! An `ImageUpdateAutomation`: it writes the newest image into a folder of the Git repository that an owner
//! takes its objects from. A revert there lives until its next run.
//!
//! Looked for in the namespace of the repository.

use serde_json::Value;

use crate::cluster::Path;
use crate::error::{Error, ErrorKind};
use crate::facts::{Ask, Facts};
use crate::rollback::model::hint::kubectl_on;
use crate::rollback::model::image::ImageRef;
use crate::rollback::model::ownership::{Automation, Owner, Pause, Proof};
use crate::rollback::model::target::Target;

use super::super::marks::reference;
use super::super::{Claim, Link, Reconciler};
use super::condition::trouble;
use super::duration::{self, within, words};
use super::fields::{first_few, flag, text, word};
use super::source::SourceRef;
use super::source::git::{Follows, follows};
use super::{helm_release, kustomization, path};

const WORD: &str = "ImageUpdateAutomation";
const GROUP: &str = "image.toolkit.fluxcd.io";
/// Newest first; before Flux 2.7 there was only the other.
const VERSIONS: [&str; 2] = ["v1", "v1beta2"];
const GIT: &str = "GitRepository";

/// Automations that write images into sources.
#[derive(Debug)]
pub(in super::super) struct ImageAutomations;

impl Reconciler for ImageAutomations {
    /// An owner that takes its objects from a Git repository may have one beside it.
    fn claims(&self, object: &Value) -> Vec<Claim> {
        let Some((source, _)) = folder(object) else { return Vec::new() };
        vec![Claim {
            namespace: Some(source.namespace.to_owned()),
            name: source.name.to_owned(),
            mark: format!("spec.sourceRef of {WORD}s"),
            of: reference(object),
            place: None,
        }]
    }

    fn asks(&self, claim: &Claim) -> Vec<Ask> {
        let source = repository(claim);
        asks(&source).into_iter().chain(source.ask()).collect()
    }

    fn judge(&self, claim: &Claim, object: &Value, facts: &Facts<'_>) -> Vec<Link> {
        let source = repository(claim);
        let (Some((_, folder)), Ok((version, items))) = (folder(object), lists(&source, facts))
        else {
            return Vec::new();
        };
        let branch =
            source.find(facts).and_then(Result::ok).and_then(|object| match follows(object) {
                Follows::Branch(branch) => Some(branch),
                Follows::Pin(..) => None,
            });
        let about = items.iter().filter(|item| is_about(item, &source, &folder));
        about.map(|item| link(item, version, &source, branch)).collect()
    }

    fn writes_to_source(&self) -> bool {
        true
    }
}

/// The lists that are wanted for a source: its namespace in each version, where it is of Git.
pub(super) fn asks(source: &SourceRef<'_>) -> Vec<Ask> {
    let versions = VERSIONS.iter().filter(|_| source.kind == GIT);
    versions.map(|version| list(version, source.namespace)).collect()
}

fn list(version: &str, namespace: &str) -> Ask {
    let group_version = format!("apis/{GROUP}/{version}");
    let path = Path::namespaced(&group_version, namespace, "imageupdateautomations");
    Ask::Read(path.query("limit", "500").to_string())
}

/// Why it is not known whether any writes to the source, where that is so.
pub(super) fn unread(source: &SourceRef<'_>, facts: &Facts<'_>) -> Option<String> {
    let is_asked = asks(source).iter().any(|ask| facts.knows(ask));
    let error = lists(source, facts).err().filter(|_| is_asked)?;
    Some(format!("whether {WORD}s write to its source is not known: {error}"))
}

/// All in the namespace of the source, in the newest version that there is; nothing where there is none.
fn lists<'f>(
    source: &SourceRef<'_>,
    facts: &'f Facts<'_>,
) -> Result<(&'static str, &'f [Value]), &'f Error> {
    for version in VERSIONS {
        match facts.items(&list(version, source.namespace)) {
            Ok(items) => return Ok((version, items)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok((VERSIONS[0], &[]))
}

fn repository(claim: &Claim) -> SourceRef<'_> {
    let namespace = claim.namespace.as_deref().unwrap_or_default();
    SourceRef { kind: GIT, namespace, name: &claim.name }
}

/// The repository and the folder in it that an owner takes its objects from.
fn folder(object: &Value) -> Option<(SourceRef<'_>, String)> {
    let target = reference(object);
    let (pointer, folder) = if kustomization::KIND.is_of(&target) {
        (kustomization::SOURCE, text(object, "/spec/path"))
    } else if helm_release::KIND.is_of(&target) {
        (helm_release::SOURCE, text(object, "/spec/chart/spec/chart"))
    } else {
        return None;
    };
    let source = SourceRef::at(object, pointer).filter(|source| source.kind == GIT)?;
    Some((source, path::clean(folder)))
}

/// Whether it writes to this folder of this repository.
fn is_about(item: &Value, source: &SourceRef<'_>, folder: &str) -> bool {
    let own = text(item, "/metadata/namespace");
    word(item, "/spec/sourceRef/kind").unwrap_or(GIT) == GIT
        && text(item, "/spec/sourceRef/name") == source.name
        && word(item, "/spec/sourceRef/namespace").unwrap_or(own) == source.namespace
        && path::overlap(&path::clean(text(item, "/spec/update/path")), folder)
}

/// `branch`: the one that the repository follows, where it is known.
fn link(item: &Value, version: &str, source: &SourceRef<'_>, branch: Option<&str>) -> Link {
    let name = text(item, "/metadata/name");
    let namespace = text(item, "/metadata/namespace");
    let suspended = flag(item, "/spec/suspend");
    let within = duration::at(item, "/spec/interval").map(within).filter(|_| !suspended);
    let folder = path::clean(text(item, "/spec/update/path"));
    let place =
        if folder.is_empty() { source.named() } else { format!("{folder} of {}", source.named()) };
    let other = other_branch(item, branch);
    let latest = within.map(|within| format!(", within {}", words(within))).unwrap_or_default();
    let would = if suspended {
        format!(
            "it does nothing while it is suspended, and writes the newest image to {place} after that"
        )
    } else if let Some(other) = &other {
        format!(
            "it writes the newest image to {other} for {place}, which undoes a revert once that is merged"
        )
    } else {
        format!(
            "it writes the newest image to {place} again at its next run{latest}, which undoes a revert"
        )
    };
    let owner = Owner {
        name: format!("{WORD} {namespace}/{name}"),
        would,
        mark: "spec.sourceRef".to_owned(),
        object: Some(Target {
            api_version: format!("{GROUP}/{version}"),
            kind: WORD.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }),
        proof: Proof::Listed,
        within: within.filter(|_| other.is_none()),
        automation: Some(Automation {
            syncs: other.is_none(),
            heals: other.is_none(),
            prunes: false,
            suspended,
        }),
        notes: notes(item),
        ..Owner::default()
    };
    let brings_it = !suspended && other.is_none();
    let pause = owner.object.as_ref().filter(|_| brings_it).map(|object| pause(item, object));
    let owner = Owner { pause, ..owner };
    Link { owner, object: None }
}

/// How it is kept from that: whoever wants it to go on has to leave the tag out first.
fn pause(item: &Value, object: &Target) -> Pause {
    let policies = item.pointer("/status/observedPolicies").and_then(Value::as_object);
    let wanted = policies.into_iter().flatten().filter_map(wanted);
    let images = wanted.map(|image| ImageRef::parse(&image).repository.to_owned()).collect();
    let suspend = kubectl_on("patch", object, "--type=merge -p '{\"spec\":{\"suspend\":true}}'");
    let how = format!(
        "to suspend {} until its ImagePolicy leaves the bad tag out: {suspend}",
        object.name
    );
    Pause { images, how }
}

/// Where it writes, if that is not what is deployed: a branch that somebody has to merge first.
fn other_branch(item: &Value, deployed: Option<&str>) -> Option<String> {
    let pushed = word(item, "/spec/git/push/branch");
    let checked_out = word(item, "/spec/git/checkout/ref/branch");
    let refspec = word(item, "/spec/git/push/refspec").filter(|_| pushed.is_none());
    match (pushed.or(checked_out), refspec) {
        (_, Some(refspec)) => Some(format!("refspec {refspec}")),
        (Some(branch), None) if deployed.is_some_and(|deployed| deployed != branch) => {
            Some(format!("branch {branch}"))
        }
        _ => None,
    }
}

fn notes(item: &Value) -> Vec<String> {
    let mut notes = Vec::new();
    let policies = item.pointer("/status/observedPolicies").and_then(Value::as_object);
    let wanted: Vec<String> = policies.into_iter().flatten().filter_map(wanted).collect();
    if !wanted.is_empty() {
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        notes.push(format!("the newest images that it knows: {}", first_few(&wanted)));
    }
    notes.extend(trouble(item));
    notes
}

/// What a policy wants.
fn wanted((_, image): (&String, &Value)) -> Option<String> {
    // Before Flux 2.7 it was one text.
    if let Some(image) = image.as_str() {
        return Some(image.to_owned());
    }
    Some(format!("{}:{}", word(image, "/name")?, word(image, "/tag")?))
}

#[cfg(test)]
mod tests;
