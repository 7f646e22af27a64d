//! What came of a revert in Git.

use serde::Serialize;

use super::change_request::{ChangeRequest, RequestState};
use crate::exit::ExitStatus;

/// How it ended well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "result")]
pub enum RevertOutcome {
    /// The commit is on the branch.
    #[serde(rename = "pushed")]
    Pushed(Pushed),
    /// A change request is open, or was merged.
    #[serde(rename = "requested")]
    Requested(Requested),
    /// There was nothing to do.
    #[serde(rename = "nothingToDo")]
    Nothing(NothingToRevert),
}

/// A commit that is on the branch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pushed {
    /// The branch.
    pub branch: String,
    /// The commit.
    pub commit: String,
    /// Where the branch was before.
    pub tip_before: String,
    /// How often it was made and pushed.
    pub attempts: u32,
    /// What the server said.
    pub remote: Vec<String>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// The command that goes forward again.
    pub forward: String,
}

/// Why nothing was pushed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NothingToRevert {
    /// One word for machines: `alreadyReverted`, `alreadyDone` (by this operation), `noChange`.
    pub reason: &'static str,
    /// In words.
    pub message: String,
    /// The commit that did it, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// A commit on a branch of its own that somebody has to merge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Requested {
    /// The branch that it is to get onto.
    pub branch: String,
    /// The branch that it is on.
    pub head: String,
    /// The commit.
    pub commit: String,
    /// The page of the request, or the one on which a person opens it.
    pub url: String,
    /// The request; null where the kind of host is not known, and nobody has opened one.
    pub request: Option<ChangeRequest>,
    /// The host merges it as soon as it may.
    pub merges_itself: bool,
    /// What the user should know: what did not work on the way.
    pub notes: Vec<String>,
    /// The command that waits until it is merged; `None` where there is no open request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow: Option<String>,
}

impl RevertOutcome {
    /// As `result` of `rb.revert/v1` names it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Pushed(_) => "pushed",
            Self::Requested(_) => "requested",
            Self::Nothing(_) => "nothingToDo",
        }
    }

    /// Waiting, until a request is merged; refused, where that will not happen by itself.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        let Self::Requested(requested) = self else { return ExitStatus::Success };
        match &requested.request {
            Some(request) if request.state == RequestState::Merged => ExitStatus::Success,
            Some(request) if request.state == RequestState::Closed => ExitStatus::Refused,
            Some(request) if request.has_conflict == Some(true) => ExitStatus::Refused,
            _ => ExitStatus::Waiting,
        }
    }
}
