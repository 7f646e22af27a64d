//! How an undo or a wait ended.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Error;
use crate::exit::ExitStatus;

use super::check::VerifyVerdict;
use super::decision::Nothing;
use super::plan::Plan;
use super::pod::Ended;
use super::progress::Progress;
use super::snapshot::now;
use super::verification::Verification;

/// How a wait ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The rollout is complete.
    Complete,
    /// It is complete, and there is not a single pod: nothing ran, nothing is proven.
    NothingRan,
    /// The time was up.
    TimedOut,
    /// The controller's own progress deadline was exceeded, after the write.
    DeadlineExceeded,
    /// Pods of the target are in a terminal state.
    PodsFailed,
    /// The template that was left is live again; by whom, where the object says so.
    PutBack(Option<String>),
    /// Another template went live meanwhile; by whom, where the object says so.
    Superseded(Option<String>),
    /// The workload was deleted.
    Deleted,
    /// Somebody paused it.
    Paused,
    /// Pods of another revision stay until somebody deletes them: these, where they are known.
    AwaitsDeletion(Vec<String>),
    /// The partition keeps pods at another revision.
    HeldByPartition,
    /// A planned deletion of a pod failed.
    HalfDone {
        /// Why.
        why: String,
        /// The pods that were to be deleted.
        pods: Vec<String>,
    },
    /// rb may not read it any more, or lost the API server for good.
    Lost(String),
    /// Nobody waited.
    NotWaited,
}

impl Ending {
    /// The exit code of an undo that ends this way.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Complete | Self::NothingRan | Self::NotWaited => ExitStatus::Success,
            Self::TimedOut
            | Self::DeadlineExceeded
            | Self::Deleted
            | Self::Paused
            | Self::AwaitsDeletion(_)
            | Self::HeldByPartition => ExitStatus::NotConverged,
            Self::HalfDone { .. } => ExitStatus::HalfDone,
            Self::PodsFailed | Self::PutBack(_) => ExitStatus::Failed,
            Self::Superseded(_) | Self::Lost(_) => ExitStatus::Inconclusive,
        }
    }

    /// The word in JSON.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::NothingRan => "nothingRan",
            Self::TimedOut => "timedOut",
            Self::DeadlineExceeded => "progressDeadlineExceeded",
            Self::PodsFailed => "podsFailed",
            Self::PutBack(_) => "putBack",
            Self::Superseded(_) => "superseded",
            Self::Deleted => "deleted",
            Self::Paused => "paused",
            Self::AwaitsDeletion(_) => "awaitsDeletion",
            Self::HeldByPartition => "heldByPartition",
            Self::HalfDone { .. } => "halfDone",
            Self::Lost(_) => "lost",
            Self::NotWaited => "notWaited",
        }
    }
}

/// The reason of a pod that runs, has no trouble to tell, and is not ready.
pub const NOT_READY: &str = "NotReady";

/// A pod that does not run, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PodFailure {
    /// The pod; empty where none could be made.
    pub pod: String,
    /// The container; empty where the whole pod is concerned.
    pub container: String,
    /// E.g. `CrashLoopBackOff`.
    pub reason: String,
    /// The kubelet's or scheduler's message.
    pub message: String,
    /// How the container last ended.
    pub ended: Option<Ended>,
    /// How often it was restarted.
    pub restarts: i64,
    /// Its last log lines, where it left no termination message.
    pub log: Vec<String>,
}

/// What a wait found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waited {
    /// How it ended.
    pub ending: Ending,
    /// The last progress seen.
    pub progress: Option<Progress>,
    /// The pod that explains it.
    pub failure: Option<PodFailure>,
    /// When another template was put on it, by the API server's clock, where that ended the wait.
    pub changed_at: Option<Timestamp>,
    /// Names of the pods that were deleted on the way.
    pub deleted: Vec<String>,
    /// Pods as they were seen last: some, as raw objects without managed fields.
    pub pods: Vec<Value>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
    /// When it ended, by this machine's clock.
    pub ended_at: Timestamp,
}

impl Waited {
    /// A wait that ended before anything was seen.
    #[must_use]
    pub fn ended(ending: Ending) -> Self {
        Self {
            ending,
            progress: None,
            failure: None,
            changed_at: None,
            deleted: Vec::new(),
            pods: Vec::new(),
            milliseconds: 0,
            ended_at: now(),
        }
    }
}

/// A write that the API server accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Written {
    /// The step's id.
    pub step: String,
    /// What it did.
    pub summary: String,
    /// When it was accepted.
    pub at: Timestamp,
}

/// What carrying out a plan came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What was written.
    pub written: Vec<Written>,
    /// Optional steps that failed, and anything else worth knowing.
    pub warnings: Vec<String>,
    /// The wait.
    pub waited: Waited,
    /// The verification after it, where there was one.
    pub verification: Option<Verification>,
}

impl Outcome {
    /// How it ended, in one word: `rolledBack`, the word of another ending, `verificationFailed` or
    /// `unverified`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        let verdict = self.verification.as_ref().map(|verification| verification.verdict);
        match (&self.waited.ending, verdict) {
            (Ending::Complete, Some(VerifyVerdict::Failed)) if self.is_replaced() => "putBack",
            (Ending::Complete, Some(VerifyVerdict::Failed)) => "verificationFailed",
            (Ending::Complete, Some(VerifyVerdict::Unverified)) => "unverified",
            (Ending::Complete, _) => "rolledBack",
            (ending, _) => ending.word(),
        }
    }

    /// Whether it was good, and somebody put another template on it while it was watched.
    fn is_replaced(&self) -> bool {
        self.verification.as_ref().is_some_and(|verified| verified.replaced_by().is_some())
    }

    /// What an undo that came to this ends with.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        let verified = self.verification.as_ref().map(Verification::exit_status);
        self.waited.ending.exit_status().worst(verified.unwrap_or(ExitStatus::Success))
    }
}

/// What became of one of several workloads.
#[derive(Debug)]
pub enum Done {
    /// Its plan was carried out.
    Undone(Box<Plan>, Box<Outcome>),
    /// It was at its target already; with the wait, where there was one.
    Joined(Box<Nothing>, Option<Box<Waited>>),
    /// Nothing was written.
    Failed(Error),
    /// Nothing was written, since another one was refused.
    LeftOut,
}

impl Done {
    /// What a command for this workload alone would end with.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Undone(_, outcome) => outcome.exit_status(),
            Self::Joined(_, None) | Self::LeftOut => ExitStatus::Success,
            Self::Joined(_, Some(waited)) => waited.ending.exit_status(),
            Self::Failed(error) => error.kind().exit_status(),
        }
    }
}
