//! The undo record: what rb wrote on a workload, kept on the workload itself.
//!
//! One bounded annotation, written in the same patch as the undo. The Deployment controller copies
//! annotations to `ReplicaSet`s and `kubectl rollout undo` copies them back, so the record names
//! the uid of its workload, and each entry names template hashes: what arrives elsewhere counts
//! for nothing.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::KeptContext;
use super::template;

/// Annotations and labels of rb's own start with this.
pub const PREFIX: &str = "kubectl-rb/";
/// The annotation that holds the record.
pub const RECORD_ANNOTATION: &str = "kubectl-rb/record";
/// Where that annotation is in an object, as a JSON pointer.
pub const RECORD_POINTER: &str = "/metadata/annotations/kubectl-rb~1record";
/// On an owner: who of rb holds it, and how its automation was set up before. On a workload or a namespace:
/// a lock that somebody else has put there.
pub const HOLD_ANNOTATION: &str = "kubectl-rb/hold";
/// Where that annotation is in an object, as a JSON pointer.
pub const HOLD_POINTER: &str = "/metadata/annotations/kubectl-rb~1hold";
/// The copy for people on the object that stores the revision that was left.
pub const ROLLED_BACK_ANNOTATION: &str = "kubectl-rb/rolled-back";

/// The name that rb's writes carry. It must not start with `kubectl`: Flux takes those over.
pub const FIELD_MANAGER: &str = "rb";

/// The format that this build writes.
const VERSION: u32 = 1;
/// Entries that are kept of each list: enough to know what was left within the usual ten
/// revisions, small enough (usually 5 KB) to be no burden on the object.
const KEPT: usize = 16;
/// How long the details of all verdicts together may be, in bytes of JSON.
const DETAILS: usize = 6_000;

/// What rb did to one workload, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The format; 1.
    #[serde(rename = "v")]
    pub version: u32,
    /// uid of the workload.
    pub uid: String,
    /// The undos.
    #[serde(default)]
    pub undos: Vec<Undo>,
    /// The verdicts on revisions.
    #[serde(default)]
    pub verdicts: Vec<Verdict>,
}

/// One undo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Undo {
    /// The operation that wrote it: how rb recognises its own write after a lost connection.
    pub id: String,
    /// When it was planned.
    pub at: Timestamp,
    /// Who asked for it.
    pub by: String,
    /// What was live.
    pub from: Side,
    /// What was made live.
    pub to: Side,
    /// Why, in the user's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The incident's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// It goes through Git, and nobody has seen its owner bring it: it may wait for a merge, or have come
    /// to nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pending: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl Undo {
    /// Whether another one leaves the same for the same.
    fn is_same_way(&self, other: &Self) -> bool {
        let side = |side: &Side| (side.hash.clone(), side.fingerprint.clone());
        side(&self.from) == side(&other.from) && side(&self.to) == side(&other.to)
    }
}

/// One side of an undo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Side {
    /// The number at that time; numbers move.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// The template hash; empty where the controller had not stored the template.
    pub hash: String,
    /// Where the hash is empty: the template's fingerprint, since the controller may store it later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// The images, for `--from IMAGE` and for people.
    #[serde(default)]
    pub images: Vec<String>,
    /// The commit it came from, where that was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Of what was made live: what else was recorded, where the cluster is about to lose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<KeptContext>,
}

/// What was found out about a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// uid of the object that stores the revision.
    pub uid: String,
    /// Its template hash.
    pub hash: String,
    /// Good or bad.
    pub verdict: Finding,
    /// When.
    pub at: Timestamp,
    /// What its pods read then: the `resourceVersion` of each object, by `ConfigMap/settings`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub config: BTreeMap<String, String>,
    /// What its pods ran then: the digests of the images of each container, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub digests: BTreeMap<String, Vec<String>>,
}

impl Verdict {
    /// How long its details are, in bytes of JSON.
    fn details(&self) -> usize {
        let length = |text: &str| text.len() + 3;
        let config = self.config.iter().map(|(name, version)| length(name) + length(version));
        let digests = self.digests.iter().map(|(container, digests)| {
            length(container) + digests.iter().map(|digest| length(digest)).sum::<usize>()
        });
        config.chain(digests).sum()
    }
}

/// A verdict in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Finding {
    /// All its pods were available.
    Verified,
    /// Its pods reached a terminal state.
    Failed,
}

/// What the annotation of a workload holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stored {
    /// No annotation, or the one of another workload.
    Nothing,
    /// A record of this workload.
    Record(Record),
    /// Not a record: it is replaced, and the user is told.
    Unreadable,
    /// Written by a newer rb: it is neither read nor replaced.
    Newer(u32),
}

impl Stored {
    /// Reads the annotation of the workload with this uid.
    #[must_use]
    pub fn read(annotation: Option<&str>, uid: &str) -> Self {
        #[derive(Deserialize)]
        struct Head {
            v: u32,
        }
        let Some(text) = annotation else { return Self::Nothing };
        match serde_json::from_str::<Head>(text) {
            Ok(head) if head.v > VERSION => return Self::Newer(head.v),
            Ok(_) => {}
            Err(_) => return Self::Unreadable,
        }
        match serde_json::from_str::<Record>(text) {
            Ok(record) if record.uid == uid => Self::Record(record),
            Ok(_) => Self::Nothing,
            Err(_) => Self::Unreadable,
        }
    }

    /// The record, or an empty one.
    #[must_use]
    pub fn into_record(self, uid: &str) -> Record {
        match self {
            Self::Record(record) => record,
            Self::Nothing | Self::Unreadable | Self::Newer(_) => Record {
                version: VERSION,
                uid: uid.to_owned(),
                undos: Vec::new(),
                verdicts: Vec::new(),
            },
        }
    }
}

impl Record {
    /// The record on a workload, or an empty one.
    #[must_use]
    pub fn on(workload: &Value) -> Self {
        let text = |pointer| workload.pointer(pointer).and_then(Value::as_str);
        let uid = text("/metadata/uid").unwrap_or_default();
        Stored::read(text(RECORD_POINTER), uid).into_record(uid)
    }

    /// The annotation's value.
    #[must_use]
    pub fn to_annotation(&self) -> String {
        // A record has only strings, numbers and lists: writing it cannot fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// With one more undo. It takes the `verified` stamp off what it leaves: times are whole
    /// seconds of different clocks, so they cannot tell which of the two was later. It takes the place of
    /// an earlier try that nobody has seen arrive.
    #[must_use]
    pub fn with_undo(mut self, undo: Undo) -> Self {
        self.verdicts.retain(|v| v.verdict != Finding::Verified || v.hash != undo.from.hash);
        self.undos.retain(|earlier| !earlier.pending || !earlier.is_same_way(&undo));
        self.undos.push(undo);
        keep_newest(&mut self.undos);
        self
    }

    /// With one more verdict; it replaces an older one on the same revision. Where there is no room
    /// for the details of all, those of the oldest go.
    #[must_use]
    pub fn with_verdict(mut self, verdict: Verdict) -> Self {
        self.verdicts.retain(|old| old.hash != verdict.hash);
        self.verdicts.push(verdict);
        keep_newest(&mut self.verdicts);
        let mut room = DETAILS;
        for verdict in self.verdicts.iter_mut().rev() {
            let Some(rest) = room.checked_sub(verdict.details()) else {
                verdict.config.clear();
                verdict.digests.clear();
                continue;
            };
            room = rest;
        }
        self
    }

    /// The same, whose last undo is only begun.
    #[must_use]
    pub fn with_last_pending(mut self) -> Self {
        if let Some(undo) = self.undos.last_mut() {
            undo.pending = true;
        }
        self
    }

    /// The newest undo.
    #[must_use]
    pub fn last_undo(&self) -> Option<&Undo> {
        self.undos.last()
    }

    /// The newest undo that left the revision with this hash and template.
    #[must_use]
    pub fn undo_from(&self, hash: &str, template: &Value) -> Option<&Undo> {
        let is_it = |side: &Side| match &side.fingerprint {
            Some(fingerprint) => *fingerprint == template::fingerprint(template),
            None => !hash.is_empty() && side.hash == hash,
        };
        self.undos.iter().rev().find(|undo| is_it(&undo.from))
    }

    /// The verdict on the revision with this hash and uid.
    #[must_use]
    pub fn verdict_on(&self, hash: &str, uid: &str) -> Option<&Verdict> {
        self.verdicts.iter().rev().find(|v| v.hash == hash && v.uid == uid)
    }
}

fn keep_newest<T>(list: &mut Vec<T>) {
    let surplus = list.len().saturating_sub(KEPT);
    list.drain(..surplus);
}

#[cfg(test)]
mod tests;
