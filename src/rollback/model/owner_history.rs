//! What an owner has deployed, state by state: values only.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::deployed::{DeployOutcome, Release};
use super::git_path::GitPath;
use super::ownership::Owner;
use super::revert::CommitView;
use super::target::{ClusterRef, Target};

/// The history of an Application, a Kustomization or a `HelmRelease`.
#[derive(Clone, Debug)]
pub struct OwnerHistory {
    /// When it was read.
    pub read_at: Timestamp,
    /// From where.
    pub cluster: ClusterRef,
    /// The owner.
    pub target: Target,
    /// Itself, and who owns it, the nearest first.
    pub owners: Vec<Owner>,
    /// The repository whose log is in it, where that was read.
    pub git: Option<Repository>,
    /// Oldest first.
    pub rows: Vec<OwnerRow>,
    /// Whether there may be older ones.
    pub has_more: bool,
    /// What could not be found out, each a sentence without a full stop.
    pub gaps: Vec<String>,
}

/// The repository that a log is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    /// Its URL, as it was reached.
    pub url: String,
    /// The branch.
    pub branch: String,
    /// What the owner renders: files and folders.
    pub paths: Vec<GitPath>,
}

/// One state of an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnerRow {
    /// The commit that made it, where Git was asked and knows it.
    pub commit: Option<CommitView>,
    /// The id of its commit, where one is known: of a release of Helm, that of its settings.
    pub commit_id: Option<String>,
    /// What the owner calls it, source by source; of a commit that was never deployed, its id.
    pub revisions: Vec<String>,
    /// Its images; none where they are not known.
    pub images: Vec<String>,
    /// What the owner says of it; `None`: nothing, or nothing any more.
    pub outcome: Option<DeployOutcome>,
    /// When it was deployed, the last time.
    pub at: Option<Timestamp>,
    /// Who or what started that.
    pub by: Option<String>,
    /// Whether it was healthy; `None`: the owner does not say.
    pub healthy: Option<bool>,
    /// The release of Helm.
    pub release: Option<Release>,
    /// What else is known.
    pub marks: Vec<OwnerMark>,
    /// Commits that it takes out, by their ids.
    pub reverts: Vec<String>,
    /// The commit that took it out, where one did.
    pub reverted_by: Option<String>,
}

/// What is known of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OwnerMark {
    /// It is what runs.
    Live,
    /// It is on the branch, newer than what runs, and not deployed.
    Pending,
    /// rb made this commit, to roll back.
    Rollback,
    /// Another commit has taken it out.
    Reverted,
    /// Its commit is not on the branch, or no longer.
    OffBranch,
}

impl OwnerRow {
    /// How people call it: all digits of the commit, or a version.
    #[must_use]
    pub fn name(&self) -> &str {
        let commit = self.commit.as_ref().map(|commit| commit.id.as_str());
        commit.or_else(|| self.revisions.first().map(String::as_str)).unwrap_or("?")
    }
}
