//! How far a rollout is.

use serde::{Deserialize, Serialize};

/// Where a rollout stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// The phase in one word.
    pub phase: Phase,
    /// The sentence that `kubectl rollout status` would print.
    pub message: String,
    /// How many pods there are.
    pub pods: PodCounts,
}

/// The phase of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// The controller has not seen the newest template yet.
    Unobserved,
    /// Pods are being replaced or becoming available.
    Rolling,
    /// The controller gave up waiting for progress.
    DeadlineExceeded,
    /// Paused with a change that is not rolled out.
    Paused,
    /// Pods are of older templates, and stay until somebody deletes them (`OnDelete`).
    AwaitsDeletion,
    /// All that the partition lets through is done; the pods below it are of another revision.
    Partitioned,
    /// Every pod is of the newest template and available.
    Complete,
}

/// How many pods a workload has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodCounts {
    /// Wanted.
    pub desired: i64,
    /// Existing, of any template.
    pub total: i64,
    /// Of the newest template.
    pub updated: i64,
    /// Ready, of any template.
    pub ready: i64,
    /// Available, of any template.
    pub available: i64,
}

impl Progress {
    /// Whether the controller has nothing left to do by itself.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        matches!(self.phase, Phase::Complete | Phase::Partitioned)
    }
}
