//! What an owner says that it has deployed, and how it does: values only.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::target::Target;

/// A state that an owner has deployed, or has tried to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployed {
    /// What each source was at, in their order, as the owner writes it.
    pub revisions: Vec<String>,
    /// The commit of the first of them that is one, all of its digits.
    pub commit: Option<String>,
    /// When it came to be there, by the owner's clock.
    pub at: Option<Timestamp>,
    /// When it was applied last, where the owner says that too.
    pub again: Option<Timestamp>,
    /// Who or what started it.
    pub by: Option<String>,
    /// What came of it.
    pub outcome: DeployOutcome,
    /// Whether it was healthy; `None`: the owner does not say.
    pub healthy: Option<bool>,
    /// Whether it is what runs now.
    pub live: bool,
    /// The images, where the owner says them.
    pub images: Vec<String>,
    /// The release of Helm.
    pub release: Option<Release>,
}

/// What came of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "result", content = "message")]
pub enum DeployOutcome {
    /// It is applied.
    #[default]
    Applied,
    /// It could not be applied, or was not healthy in time: why.
    Failed(String),
    /// It is under way: what the owner says of it.
    Running(String),
}

/// A release of Helm.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Its number.
    pub revision: i64,
    /// Name of its chart.
    pub chart: String,
    /// Version of its chart.
    pub chart_version: String,
    /// The version of what the chart installs; empty where the chart says none.
    pub app_version: String,
    /// Digest of its values; empty where it is not known.
    pub config_digest: String,
    /// The word of Helm, e.g. `deployed`, `superseded`, `failed`.
    pub status: String,
}

/// An object that an owner lists as its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// The object.
    pub target: Target,
    /// Whether the owner says that something is wrong with it.
    pub is_bad: bool,
}

/// How an owner does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// In a word.
    pub state: OwnerState,
    /// In a sentence without a full stop that starts with a verb.
    pub summary: String,
    /// The revision that it wants, for people.
    pub desired: Option<String>,
    /// The revision that it has applied, for people.
    pub applied: Option<String>,
    /// What it does right now.
    pub operation: Option<OwnerOperation>,
    /// What it says of itself.
    pub conditions: Vec<OwnerCondition>,
}

/// How an owner does, in a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OwnerState {
    /// It has what it wants, and sees nothing wrong with that.
    Healthy,
    /// It is on its way there.
    Progressing,
    /// It has not what it wants, and does nothing by itself to get it.
    Behind,
    /// It cannot get there, or what it has is broken.
    Failed,
    /// No controller has looked at it yet.
    #[default]
    Unknown,
}

impl OwnerState {
    /// The word in JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Progressing => "progressing",
            Self::Behind => "behind",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// Whether waiting changes nothing.
    #[must_use]
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Healthy | Self::Behind | Self::Failed)
    }
}

/// What an owner does right now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerOperation {
    /// What, for people.
    pub what: String,
    /// Since when.
    pub since: Option<Timestamp>,
    /// When it ends at the latest.
    pub until: Option<Timestamp>,
}

/// A condition of an owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerCondition {
    /// Its type, e.g. `Ready`, `ComparisonError`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False`, `Unknown`; empty where the owner has none.
    pub status: String,
    /// One word; may be empty.
    pub reason: String,
    /// One line, cut.
    pub message: String,
    /// Since when.
    pub since: Option<Timestamp>,
}
