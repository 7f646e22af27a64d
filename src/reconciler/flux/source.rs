//! The source of an owner: the object that fetches what is applied, where from, and how far it is.

pub(super) mod git;
mod unmanaged;

use serde_json::Value;

use crate::cluster::Path;
use crate::error::{Error, ErrorKind};
use crate::facts::{Ask, Facts};
use crate::rollback::model::barrier::Barrier;
use crate::rollback::model::ownership::{Source, SourceKind};
use crate::rollback::model::target::Target;

use super::super::following::Address;
use super::barring;
use super::condition::{failure, true_one};
use super::fields::{flag, is_set, text, word};
use super::revision;

const GROUP_VERSION: &str = "source.toolkit.fluxcd.io/v1";

/// A source by its kind and name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SourceRef<'v> {
    pub kind: &'v str,
    pub namespace: &'v str,
    pub name: &'v str,
}

/// What was read of it.
#[derive(Debug, Default)]
pub(super) struct Read {
    /// With the revision that it has fetched last.
    pub source: Source,
    /// What else is to be known of it.
    pub notes: Vec<String>,
    /// The revision that it has fetched last, as Flux writes it.
    pub artifact: Option<String>,
    /// What keeps commits from getting through it.
    pub barriers: Vec<Barrier>,
}

impl<'v> SourceRef<'v> {
    /// What an owner refers to there, by default in the owner's own namespace.
    pub(super) fn at(owner: &'v Value, pointer: &str) -> Option<Self> {
        let reference = owner.pointer(pointer)?;
        let own = text(owner, "/metadata/namespace");
        Some(Self {
            kind: word(reference, "/kind")?,
            namespace: word(reference, "/namespace").unwrap_or(own),
            name: word(reference, "/name")?,
        })
    }

    /// Reads it. A kind that is not known cannot be read.
    pub(super) fn ask(&self) -> Option<Ask> {
        Some(Ask::Read(self.collection()?.name(self.name).to_string()))
    }

    /// Lists its kind in its namespace.
    pub(super) fn list(&self) -> Option<Ask> {
        Some(Ask::Read(self.collection()?.query("limit", "500").to_string()))
    }

    /// Where it is read, watched and patched.
    pub(super) fn address(&self) -> Option<Address> {
        Some(Address { collection: self.collection()?, target: self.target() })
    }

    fn collection(&self) -> Option<Path> {
        let plural = match self.kind {
            "GitRepository" => "gitrepositories",
            "OCIRepository" => "ocirepositories",
            "Bucket" => "buckets",
            "ExternalArtifact" => "externalartifacts",
            "HelmRepository" => "helmrepositories",
            "HelmChart" => "helmcharts",
            _ => return None,
        };
        Some(Path::namespaced(&format!("apis/{GROUP_VERSION}"), self.namespace, plural))
    }

    /// Its object.
    pub(super) fn target(&self) -> Target {
        Target {
            api_version: GROUP_VERSION.to_owned(),
            kind: self.kind.to_owned(),
            namespace: self.namespace.to_owned(),
            name: self.name.to_owned(),
        }
    }

    /// For people: `GitRepository flux-system/fleet`.
    pub(super) fn named(&self) -> String {
        format!("{} {}/{}", self.kind, self.namespace, self.name)
    }

    /// The object, where it was read or is among those that were listed.
    pub(super) fn find<'f>(&self, facts: &'f Facts<'_>) -> Option<Result<&'f Value, &'f Error>> {
        let (one, all) = (self.ask()?, self.list()?);
        if facts.knows(&one) || !facts.knows(&all) {
            return Some(facts.value(&one));
        }
        let items = match facts.items(&all) {
            Ok(items) => items,
            Err(error) => return Some(Err(error)),
        };
        items.iter().find(|item| text(item, "/metadata/name") == self.name).map(Ok)
    }

    /// What is known of it.
    pub(super) fn read(&self, facts: &Facts<'_>) -> Read {
        match self.find(facts) {
            Some(Ok(object)) => self.tell(object),
            Some(Err(error)) if error.kind() != ErrorKind::NotFound => {
                self.unread(format!("{} could not be read: {error}", self.named()))
            }
            Some(Err(_)) => self.unread(format!("{} does not exist", self.named())),
            None if self.collection().is_some() => {
                self.unread(format!("{} was not found", self.named()))
            }
            None => self.unread(format!("{} is a kind of source that is not known", self.named())),
        }
    }

    fn unread(&self, note: String) -> Read {
        let source = Source {
            kind: match self.kind {
                "OCIRepository" => SourceKind::Oci,
                "Bucket" => SourceKind::Bucket,
                "HelmRepository" | "HelmChart" => SourceKind::Chart,
                "GitRepository" => SourceKind::Git,
                _ => SourceKind::Artifact,
            },
            object: Some(self.target()),
            ..Source::default()
        };
        Read { source, notes: vec![note], ..Read::default() }
    }

    fn tell(&self, object: &Value) -> Read {
        let mut read = match self.kind {
            "GitRepository" => git::read(self, object),
            _ => unmanaged::read(self, object),
        };
        let artifact = word(object, "/status/artifact/revision");
        read.source.object = Some(self.target());
        read.source.revision = artifact.map(|artifact| plain(read.source.kind, artifact));
        read.artifact = artifact.map(str::to_owned);
        read.notes.extend(self.state(object));
        if read.source.kind == SourceKind::Git {
            read.barriers = barring::of_repository(object, &self.target(), &self.named());
        }
        read
    }

    fn state(&self, object: &Value) -> Vec<String> {
        let who = self.named();
        let mut notes = Vec::new();
        if flag(object, "/spec/suspend") {
            notes.push(format!("{who} is suspended: it fetches nothing new"));
        }
        if let Some(failed) = true_one(object, "FetchFailed") {
            notes.push(format!("{who} cannot be fetched: {}", failed.words()));
        } else if let Some(ready) = failure(object) {
            notes.push(format!("{who} is not ready: {}", ready.words()));
        }
        if is_set(object, "/metadata/deletionTimestamp") {
            notes.push(format!("{who} is being deleted"));
        }
        notes
    }
}

/// The commit of a revision of Git; any other as Flux writes it.
pub(super) fn plain(kind: SourceKind, revision: &str) -> String {
    let commit = revision::commit(revision).filter(|_| kind == SourceKind::Git);
    commit.unwrap_or(revision).to_owned()
}

#[cfg(test)]
mod tests;
