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
use super::revert_outcome::RevertOutcome;
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
    /// The commit is in Git, and the owner of the workload did not bring it here.
    OwnerStopped(Stopped),
    /// The owner has applied the commit, and the workload has other images than were expected: in words.
    Differs(String),
    /// The workload is patched, and an owner is held still, since Git does not agree yet.
    HoldOpen {
        /// Why, as a sentence without a full stop.
        why: String,
        /// The command that finishes it.
        finish: String,
        /// The command that gives it up.
        give_up: String,
    },
    /// The change request is open: nothing changes before it is merged.
    AwaitsMerge {
        /// The page of the request, or the one on which a person opens it.
        url: String,
        /// Why it will not come to that by itself, where that is so.
        trouble: Option<String>,
    },
}

/// How following an owner ended before it had applied the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// The word in JSON.
    pub word: &'static str,
    /// What happened, as a sentence without a full stop.
    pub sentence: String,
    /// The exit code that this comes to.
    pub exit: ExitStatus,
    /// A command to paste that shows more, where there is one.
    pub check: Option<String>,
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
            Self::PodsFailed | Self::PutBack(_) | Self::Differs(_) => ExitStatus::Failed,
            Self::Superseded(_) | Self::Lost(_) => ExitStatus::Inconclusive,
            Self::OwnerStopped(stopped) => stopped.exit,
            Self::AwaitsMerge { trouble: None, .. } => ExitStatus::Waiting,
            Self::AwaitsMerge { .. } => ExitStatus::Refused,
            Self::HoldOpen { .. } => ExitStatus::Held,
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
            Self::OwnerStopped(stopped) => stopped.word,
            Self::Differs(_) => "differs",
            Self::AwaitsMerge { .. } => "awaitsMerge",
            Self::HoldOpen { .. } => "holdOpen",
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
    /// What came of the revert in Git, where the plan had one.
    pub reverted: Option<Box<RevertOutcome>>,
}

impl Outcome {
    /// One that ended like this before anything was written.
    #[must_use]
    pub fn ended(ending: Ending) -> Self {
        Self {
            written: Vec::new(),
            warnings: Vec::new(),
            waited: Waited::ended(ending),
            verification: None,
            reverted: None,
        }
    }

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
