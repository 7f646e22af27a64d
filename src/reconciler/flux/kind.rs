//! A kind of object that applies others: its labels, where it is read, and what can be said where it
//! cannot be read.

use serde_json::{Map, Value};

use crate::cluster::Path;
use crate::error::{Error, ErrorKind};
use crate::facts::{Ask, Facts};
use crate::rollback::model::ownership::Proof;
use crate::rollback::model::target::Target;

use super::super::Claim;
use super::super::following::Address;
use super::super::marks::{self, label, reference};
use super::fields::{list, text};

/// A kind of owner.
#[derive(Debug)]
pub(super) struct Kind {
    /// As the API has it, e.g. `Kustomization`.
    pub word: &'static str,
    /// The group of the API.
    pub group: &'static str,
    /// The version of the API that is read.
    pub version: &'static str,
    /// The resource of the API, e.g. `kustomizations`.
    pub plural: &'static str,
    /// What its labels start with; then comes `/name` or `/namespace`.
    pub labels: &'static str,
    /// The name under which its controller writes.
    pub manager: &'static str,
}

/// What became of an owner that was looked for.
#[derive(Debug)]
pub(super) enum Standing<'f> {
    /// Nobody asked.
    Unasked,
    /// Here it is.
    There(&'f Value),
    /// It is not there, or could not be read.
    Not(Proof),
}

enum Served {
    Yes,
    No,
    /// In these versions.
    Otherwise(String),
    Unknown,
}

impl Kind {
    /// What the labels of an object claim. An object that applies itself, as the first Kustomization of a
    /// cluster does, ends the chain.
    pub(super) fn claims(&self, object: &Value) -> Vec<Claim> {
        let key = format!("{}/name", self.labels);
        let set = |key: &str| label(object, key).filter(|value| !value.is_empty());
        let Some(name) = set(&key) else { return Vec::new() };
        let claim = Claim {
            namespace: set(&format!("{}/namespace", self.labels)).map(str::to_owned),
            name: name.to_owned(),
            mark: format!("label {key}"),
            of: reference(object),
            place: None,
        };
        let is_itself = self.is_of(&claim.of) && self.target(&claim) == claim.of;
        if is_itself { Vec::new() } else { vec![claim] }
    }

    /// The owner itself, and, at the same time, in which versions the cluster has such objects: a cluster
    /// without them and an object that is not there look the same.
    pub(super) fn asks(&self, claim: &Claim) -> Vec<Ask> {
        let read = claim.namespace.as_ref().map(|namespace| self.read(namespace, &claim.name));
        // Where one has been read, there are such objects.
        let versions = (!self.is_of(&claim.of)).then(|| self.versions());
        read.into_iter().chain(versions).collect()
    }

    /// Reads one.
    pub(super) fn read(&self, namespace: &str, name: &str) -> Ask {
        let group_version = format!("apis/{}/{}", self.group, self.version);
        Ask::Read(Path::namespaced(&group_version, namespace, self.plural).name(name).to_string())
    }

    /// Where one is read, watched and patched.
    pub(super) fn address(&self, namespace: &str, name: &str) -> Address {
        let api_version = format!("{}/{}", self.group, self.version);
        let collection = Path::namespaced(&format!("apis/{api_version}"), namespace, self.plural);
        let target = Target {
            api_version,
            kind: self.word.to_owned(),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        };
        Address { collection, target }
    }

    /// Where this one is.
    pub(super) fn address_of(&self, owner: &Value) -> Address {
        let at = |pointer: &str| text(owner, pointer);
        self.address(at("/metadata/namespace"), at("/metadata/name"))
    }

    fn versions(&self) -> Ask {
        Ask::Read(Path::cluster_wide("apis", self.group).to_string())
    }

    /// The owner that is claimed.
    pub(super) fn find<'f>(&self, claim: &Claim, facts: &'f Facts<'_>) -> Standing<'f> {
        let Some(namespace) = &claim.namespace else {
            let why = format!("there is no label {}/namespace beside it", self.labels);
            return Standing::Not(Proof::Refuted(why));
        };
        let read = self.read(namespace, &claim.name);
        if !facts.knows(&read) {
            return Standing::Unasked;
        }
        match facts.value(&read) {
            Ok(object) => Standing::There(object),
            Err(error) => Standing::Not(self.missing(claim, error, facts)),
        }
    }

    fn missing(&self, claim: &Claim, error: &Error, facts: &Facts<'_>) -> Proof {
        let (group, word) = (self.group, self.word);
        match self.served(claim, facts) {
            Served::No => Proof::Unread(format!(
                "this cluster has no {word}s ({group}): Flux is not installed here, or applies \
                 this from another cluster"
            )),
            Served::Otherwise(versions) => Proof::Unread(format!(
                "this cluster has {word}s ({group}) as {versions} only, and {} is wanted",
                self.version
            )),
            Served::Yes if error.kind() == ErrorKind::NotFound => Proof::Refuted(format!(
                "there is no {}: it was deleted, or is on another cluster",
                self.named(claim)
            )),
            Served::Yes | Served::Unknown => Proof::Unread(error.to_string()),
        }
    }

    fn served(&self, claim: &Claim, facts: &Facts<'_>) -> Served {
        if self.is_of(&claim.of) {
            return Served::Yes;
        }
        let group = match facts.value(&self.versions()) {
            Ok(group) => group,
            Err(error) if error.kind() == ErrorKind::NotFound => return Served::No,
            Err(_) => return Served::Unknown,
        };
        let versions: Vec<&str> =
            list(group, "/versions").iter().map(|version| text(version, "/version")).collect();
        if versions.is_empty() {
            Served::Unknown
        } else if versions.contains(&self.version) {
            Served::Yes
        } else {
            Served::Otherwise(versions.join(", "))
        }
    }

    /// For people: `Kustomization flux-system/apps`.
    pub(super) fn named(&self, claim: &Claim) -> String {
        let namespace = claim.namespace.as_deref().map(|namespace| format!("{namespace}/"));
        format!("{} {}{}", self.word, namespace.unwrap_or_default(), claim.name)
    }

    /// Its object.
    pub(super) fn target(&self, claim: &Claim) -> Target {
        Target {
            api_version: format!("{}/{}", self.group, self.version),
            kind: self.word.to_owned(),
            namespace: claim.namespace.clone().unwrap_or_default(),
            name: claim.name.clone(),
        }
    }

    /// Whether an object is one of these.
    pub(super) fn is_of(&self, object: &Target) -> bool {
        let group = object.api_version.split_once('/').map(|(group, _)| group);
        object.kind == self.word && group == Some(self.group)
    }
}

/// What is kept of an owner: without the list of all that it applied, which may be longer than all else.
pub(super) fn slim(owner: &Value) -> Value {
    let Some(members) = owner.as_object() else { return Value::Null };
    let mut slim: Map<String, Value> = Map::new();
    for (key, member) in members {
        let kept = match (key.as_str(), member.as_object()) {
            ("metadata", Some(_)) => metadata(owner),
            ("status", Some(status)) => {
                let kept = status.iter().filter(|(key, _)| *key != "inventory");
                kept.map(|(key, value)| (key.clone(), value.clone())).collect()
            }
            _ => member.clone(),
        };
        slim.insert(key.clone(), kept);
    }
    Value::Object(slim)
}

/// The marks, and what tells whether a controller is up to date.
fn metadata(owner: &Value) -> Value {
    let mut kept = marks::of(owner).pointer("/metadata").cloned().unwrap_or_default();
    if let Some(kept) = kept.as_object_mut() {
        for key in ["generation", "deletionTimestamp"] {
            let value = owner.pointer(&format!("/metadata/{key}"));
            kept.extend(value.map(|value| (key.to_owned(), value.clone())));
        }
    }
    kept
}

#[cfg(test)]
mod tests;
