//! The revisions of a workload as `history` shows them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::context::Context;
use super::image::ContainerImage;
use super::ownership::Owner;
use super::revision::Replicas;
use super::target::{ClusterRef, Target};

/// The history of one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// When it was read.
    pub read_at: Timestamp,
    /// From where.
    pub cluster: ClusterRef,
    /// The workload.
    pub target: Target,
    /// Oldest first; the live one is last.
    pub rows: Vec<Row>,
    /// What the workload declares now.
    pub live_template: Value,
    /// Whether the controller has stored that yet.
    pub live_is_stored: bool,
    /// Who else writes to the workload.
    pub owners: Vec<Owner>,
    /// What could not be read.
    pub gaps: Vec<String>,
}

impl History {
    /// The same without pod templates, for where only the table is wanted.
    #[must_use]
    pub fn without_templates(mut self) -> Self {
        self.live_template = Value::Null;
        self.rows.iter_mut().for_each(|row| row.template = Value::Null);
        self
    }
}

/// One revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its number.
    pub revision: Option<i64>,
    /// Numbers it had before.
    pub past_numbers: Vec<i64>,
    /// Its template hash.
    pub hash: String,
    /// The object that stores it.
    pub name: String,
    /// When that was made.
    pub created: Option<Timestamp>,
    /// Its images.
    pub images: Vec<ContainerImage>,
    /// Its images in short form, those that differ from the next older revision first.
    pub short_images: Vec<String>,
    /// Its pods.
    pub replicas: Replicas,
    /// Its change-cause.
    pub change_cause: Option<String>,
    /// What is recorded of where it came from.
    pub context: Context,
    /// Who brought rb to write it, where rb did.
    pub by: Option<String>,
    /// Why, where that was recorded.
    pub reason: Option<String>,
    /// What is to know about it.
    pub marks: Vec<Mark>,
    /// The marks in words, with their evidence.
    pub evidence: Vec<String>,
    /// Its pod template.
    pub template: Value,
}

/// A mark on a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mark {
    /// It is live.
    Current,
    /// It carries a valid `verified` stamp.
    Verified,
    /// rb rolled back from it.
    RolledBack,
    /// Something else speaks against it.
    Doubtful,
}

impl Mark {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Verified => "verified",
            Self::RolledBack => "rolled back",
            Self::Doubtful => "doubtful",
        }
    }
}
