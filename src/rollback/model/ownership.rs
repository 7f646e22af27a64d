//! Who else writes to a workload: the chain of its owners, and what each would do to a direct write.

use serde::{Deserialize, Serialize};

use super::barrier::Barrier;
use super::hold::OpenHold;
use super::target::Target;

/// Somebody who writes to an object: to the workload, or to another owner in the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// What it is and its name, e.g. `Argo CD application checkout`.
    pub name: String,
    /// What it would do to a direct write, as the end of a sentence that starts with its name.
    pub would: String,
    /// The mark that says so, e.g. `annotation argocd.argoproj.io/tracking-id`.
    pub mark: String,
    /// Its own object, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Target>,
    /// What it owns, where that is not the workload but another owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub of: Option<Target>,
    /// Whether it is so.
    #[serde(default)]
    pub proof: Proof,
    /// Within how many seconds it does what it would do, at the most; `None`: at no time that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within: Option<u64>,
    /// How it is set up to act by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automation: Option<Automation>,
    /// Where it takes its objects from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<Source>,
    /// What else is to be known of it, each a sentence without a full stop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What else it does when it applies a commit, each a sentence without a full stop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub besides: Vec<String>,
    /// What lets it do what it leaves undone otherwise, each a command with what it is for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remedies: Vec<String>,
    /// Of a program that brings releases by itself: how it is kept from that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause: Option<Pause>,
    /// What keeps it from taking a commit up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub barriers: Vec<Barrier>,
    /// Who of rb holds it: its automation is off until they let go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<OpenHold>,
}

/// Whether a mark tells the truth.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Proof {
    /// The owner lists the object among its own.
    Listed,
    /// There is the mark, and nothing that could confirm it.
    #[default]
    Marked,
    /// The owner is there and does not list the object, or there is no such owner: in words. The mark
    /// is stale or forged, and counts for nothing.
    Refuted(String),
    /// The owner could not be read: why.
    Unread(String),
}

/// How a program that brings releases by itself is kept from bringing one back that was taken out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// The images that it sets, without tags; empty: whatever.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<String>,
    /// What stops it, as a command to paste with what it is for: `to …: kubectl …`.
    pub how: String,
}

/// How an owner acts by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each may be on or off by itself")]
pub struct Automation {
    /// Whether it brings a new state of its source to the cluster by itself.
    pub syncs: bool,
    /// Whether it puts back what others change.
    pub heals: bool,
    /// Whether it deletes what its source does not hold any more.
    pub prunes: bool,
    /// Whether somebody has suspended it.
    pub suspended: bool,
}

/// Where an owner takes its objects from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// What it is.
    pub kind: SourceKind,
    /// The URL, as the owner has it.
    pub url: String,
    /// Branch, tag, commit or version that is followed; empty: the default branch.
    pub wants: String,
    /// Whether that is a branch: then a commit on it is taken up.
    pub is_branch: bool,
    /// The folder in it; `None` for charts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The commit or version that was compared or applied last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// The object that declares it, where that is another one than the owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Target>,
}

/// What a source is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SourceKind {
    /// A Git repository.
    #[default]
    Git,
    /// A chart from a Helm repository.
    Chart,
    /// An OCI artifact.
    Oci,
    /// A bucket.
    Bucket,
    /// An artifact that another program made, e.g. from parts of several sources.
    Artifact,
}

impl Owner {
    /// Whether it counts: its mark is not known to be stale or forged.
    #[must_use]
    pub fn counts(&self) -> bool {
        !matches!(self.proof, Proof::Refuted(_))
    }
}
