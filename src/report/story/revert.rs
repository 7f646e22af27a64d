//! What a command did to a branch in Git.

use crate::exit::ExitStatus;
use crate::rollback::model::revert_outcome::RevertOutcome;
use crate::rollback::model::revert_plan::RevertPlan;

use super::Failure;

/// One revert.
#[derive(Clone, Debug, Default)]
pub struct RevertChapter {
    /// What was planned; `None` where there was nothing to do.
    pub plan: Option<Box<RevertPlan>>,
    /// What came of it; `None` where it was planned, and that is all.
    pub outcome: Option<Box<RevertOutcome>>,
    /// The error that ended it, where one did.
    pub failure: Option<Failure>,
}

impl RevertChapter {
    /// How it ended, in one word: as in `rb.revert/v1` and `rb.error/v1`.
    #[must_use]
    pub fn result(&self) -> &'static str {
        match (&self.failure, &self.outcome) {
            (Some(failure), _) => failure.kind.word(),
            (None, Some(outcome)) => outcome.word(),
            (None, None) => "planned",
        }
    }

    /// What the command ends with.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match (&self.failure, &self.outcome) {
            (Some(failure), _) => failure.kind.exit_status(),
            (None, Some(outcome)) => outcome.exit_status(),
            (None, None) => ExitStatus::Success,
        }
    }

    /// The commit that takes the release out, where one is known.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        match self.outcome.as_deref()? {
            RevertOutcome::Pushed(pushed) => Some(&pushed.commit),
            RevertOutcome::Requested(requested) => Some(&requested.commit),
            RevertOutcome::Nothing(nothing) => nothing.commit.as_deref(),
        }
    }

    /// The page of the change request, where there is one, or where one is opened.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        match self.outcome.as_deref()? {
            RevertOutcome::Requested(requested) => Some(&requested.url),
            RevertOutcome::Pushed(_) | RevertOutcome::Nothing(_) => None,
        }
    }
}
