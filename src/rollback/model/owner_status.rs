//! How an owner and what it owns do, as `status` shows it.

use jiff::Timestamp;
use serde::Serialize;

use crate::error::{Error, ErrorKind};
use crate::exit::ExitStatus;

use super::deployed::{OwnerState, Standing};
use super::outcome::{Ending, Waited};
use super::ownership::Owner;
use super::status::Status;
use super::target::{ClusterRef, Target};

/// The status of an owner.
#[derive(Debug)]
pub struct OwnerStatus {
    /// When it was read.
    pub read_at: Timestamp,
    /// From where.
    pub cluster: ClusterRef,
    /// The owner.
    pub target: Target,
    /// Itself, and who owns it, the nearest first.
    pub owners: Vec<Owner>,
    /// How it does.
    pub standing: Standing,
    /// Why it is held, where it is.
    pub hold: Option<String>,
    /// What it lists.
    pub objects: Objects,
    /// How its workloads do.
    pub workloads: Vec<WorkloadStatus>,
    /// Whether there was a wait.
    pub was_waited: bool,
    /// Whether it is not at what its source has, and that is what was wanted.
    pub is_left_behind: bool,
    /// What was done to it before, where something was.
    pub undone: Option<Undone>,
    /// The exit code of what was to be done to it before and did not come to its end.
    pub stopped: Option<ExitStatus>,
    /// How long that took.
    pub milliseconds: u64,
    /// What could not be found out, each a sentence without a full stop.
    pub gaps: Vec<String>,
}

/// A rollback of a whole owner.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Undone {
    /// One word: `pushed`, `merged`, `nothingToDo`, `operation`.
    pub result: &'static str,
    /// The state that was left: a commit, or a version.
    pub from: Option<String>,
    /// The state that it went back to.
    pub to: Option<String>,
    /// The commit that the owner was brought to; of an operation none.
    pub commit: Option<String>,
}

/// How many objects an owner lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Objects {
    /// All of them.
    pub listed: usize,
    /// Those of which it says that something is wrong.
    pub bad: usize,
    /// Those that are workloads.
    pub workloads: usize,
    /// Workloads that nobody looked at, since there are so many.
    pub not_looked_at: usize,
}

/// How one of its workloads does.
#[derive(Debug)]
pub struct WorkloadStatus {
    /// Which.
    pub target: Target,
    /// How it does and how the wait ended, or why that could not be read.
    pub seen: Result<(Status, Option<Ending>, Waited), Error>,
}

impl WorkloadStatus {
    /// What it adds to the exit code.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match &self.seen {
            // One that is listed, and so wanted, and gone counts as one that is not there yet.
            Ok((_, Some(ending), _)) => ending.exit_status(),
            Err(error) if error.kind() == ErrorKind::NotFound => ExitStatus::NotConverged,
            Err(error) if error.kind() == ErrorKind::Unreachable => ExitStatus::Error,
            Ok((_, None, _)) | Err(_) => ExitStatus::Inconclusive,
        }
    }
}

impl OwnerStatus {
    /// The exit code: that of the worst of it and its workloads.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        let own = match self.standing.state {
            OwnerState::Healthy => ExitStatus::Success,
            OwnerState::Failed => ExitStatus::Failed,
            OwnerState::Behind if self.is_left_behind => ExitStatus::Success,
            OwnerState::Behind => ExitStatus::NotConverged,
            OwnerState::Progressing | OwnerState::Unknown if self.was_waited => {
                ExitStatus::NotConverged
            }
            OwnerState::Progressing | OwnerState::Unknown => ExitStatus::Inconclusive,
        };
        let workloads = self.workloads.iter().map(WorkloadStatus::exit_status);
        if let Some(stopped) = self.stopped {
            // Nobody has waited for these.
            return stopped;
        }
        if self.undone.is_some() && !self.was_waited {
            return ExitStatus::Success;
        }
        workloads.fold(own, ExitStatus::worst)
    }
}
