//! What a command did to one workload, and what that comes to.

use std::path::PathBuf;

use crate::exit::ExitStatus;
use crate::report::style::Marks;
use crate::report::{failure, outcome, verification};
use crate::rollback::model::check::Check;
use crate::rollback::model::decision::Nothing;
use crate::rollback::model::hint::Hints;
use crate::rollback::model::outcome::{Ending, Outcome, Waited};
use crate::rollback::model::plan::Plan;
use crate::rollback::model::request::UndoRequest;
use crate::rollback::model::target::{ClusterRef, Target};
use crate::rollback::model::verification::Verification;

use super::{BadRelease, Failure};

/// One workload.
#[derive(Clone, Debug)]
pub struct Chapter {
    /// The workload.
    pub target: Target,
    /// Who asked, and why.
    pub asked: Asked,
    /// What was planned for it; `None` where it was only verified, or where nothing was to be done.
    pub plan: Option<Box<Plan>>,
    /// What ailed the release that was left.
    pub bad: BadRelease,
    /// How it ended.
    pub end: End,
    /// What the verification came to, where there was one.
    pub verification: Option<Box<Verification>>,
    /// The folder with what was kept to find the cause, where something was.
    pub evidence: Option<PathBuf>,
}

/// Who asked for it, and why.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Who.
    pub by: String,
    /// `--reason`.
    pub reason: Option<String>,
    /// `--incident`.
    pub incident: Option<String>,
    /// How to write commands to paste.
    pub hints: Hints,
}

impl Asked {
    /// A plan from a file has the reason of who made it, and is carried out by who calls.
    pub(in crate::report) fn of(plan: &Plan, request: &UndoRequest) -> Self {
        let recorded = plan.undo();
        let reason = recorded.as_ref().and_then(|undo| undo.reason.clone());
        let incident = recorded.and_then(|undo| undo.incident);
        Self {
            by: request.by.clone(),
            reason: reason.or_else(|| request.reason.clone()),
            incident: incident.or_else(|| request.incident.clone()),
            hints: request.hints.clone(),
        }
    }
}

/// How it ended.
#[derive(Clone, Debug)]
pub enum End {
    /// It was planned, and that is all.
    Planned,
    /// The plan was carried out.
    Undone(Box<Outcome>),
    /// There was nothing to do; with the wait that was joined, if one was.
    Nothing(Box<Nothing>, Option<Box<Waited>>),
    /// Nothing is known to be written.
    Failed(Failure),
    /// Nothing was written, since another one was refused.
    LeftOut,
}

impl Chapter {
    pub(super) fn new(target: Target) -> Self {
        Self {
            target,
            asked: Asked::default(),
            plan: None,
            bad: BadRelease::default(),
            end: End::Planned,
            verification: None,
            evidence: None,
        }
    }

    /// Whether it is a verification and nothing else.
    #[must_use]
    pub fn is_verify(&self) -> bool {
        self.plan.is_none() && matches!(self.end, End::Planned) && self.verification.is_some()
    }

    /// The wait, where there was one.
    #[must_use]
    pub fn waited(&self) -> Option<&Waited> {
        match &self.end {
            End::Undone(outcome) => Some(&outcome.waited),
            End::Nothing(_, waited) => waited.as_deref(),
            End::Planned | End::Failed(_) | End::LeftOut => None,
        }
    }

    /// The cluster, where it is known.
    #[must_use]
    pub fn cluster(&self) -> Option<&ClusterRef> {
        let planned = self.plan.as_ref().map(|plan| &plan.cluster);
        planned.or_else(|| self.verification.as_ref().map(|verification| &verification.cluster))
    }

    /// How it ended, in one word: as in `rb.report/v1`, `rb.error/v1` and `rb.verify/v1`.
    #[must_use]
    pub fn result(&self) -> &'static str {
        match &self.end {
            End::Undone(outcome) => outcome.word(),
            End::Nothing(_, waited) => match waited.as_ref().map(|waited| &waited.ending) {
                None | Some(Ending::Complete | Ending::NothingRan) => "nothingToDo",
                Some(ending) => ending.word(),
            },
            End::Failed(failure) => failure.kind.word(),
            End::LeftOut => "leftOut",
            End::Planned => self.verdict().unwrap_or("planned"),
        }
    }

    /// What the verification came to.
    #[must_use]
    pub fn verdict(&self) -> Option<&'static str> {
        self.verification.as_ref().map(|verification| verification.verdict.word())
    }

    /// What a command for this workload alone ends with.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        let ended = match &self.end {
            End::Undone(outcome) => outcome.waited.ending.exit_status(),
            End::Nothing(_, waited) => {
                waited.as_ref().map_or(ExitStatus::Success, |waited| waited.ending.exit_status())
            }
            End::Failed(failure) => failure.kind.exit_status(),
            End::Planned if self.planned_checks().any(Check::blocks) => ExitStatus::Refused,
            End::Planned | End::LeftOut => ExitStatus::Success,
        };
        let verified = self.verification.as_ref().map(|verification| verification.exit_status());
        verified.map_or(ended, |verified| ended.worst(verified))
    }

    /// Whether it was rolled back, and the pods prove it.
    #[must_use]
    pub fn is_rolled_back(&self) -> bool {
        let is_complete = matches!(&self.end,
            End::Undone(outcome) if outcome.waited.ending == Ending::Complete);
        is_complete && self.exit_status() == ExitStatus::Success
    }

    /// The checks before the write.
    pub fn planned_checks(&self) -> impl Iterator<Item = &Check> {
        self.plan.iter().flat_map(|plan| &plan.checks)
    }

    /// The checks of what runs.
    pub fn verified_checks(&self) -> impl Iterator<Item = &Check> {
        self.verification.iter().flat_map(|verification| &verification.checks)
    }

    /// How it ended, in a sentence without marks: foreign text inside is safe.
    #[must_use]
    pub fn sentence(&self, marks: Marks) -> String {
        let reference = self.target.reference();
        let cause = |waited: &Waited| {
            let cause = waited.failure.as_ref().map(|failed| failure::summary(failed, marks));
            cause.map(|cause| format!("; {cause}")).unwrap_or_default()
        };
        let verified = || {
            let verified = self.verification.as_ref()?;
            let (_, word) = verification::word(verified.verdict);
            Some(format!("{word}: {}", verification::sentence(verified, marks)))
        };
        match &self.end {
            End::Undone(outcome) => {
                let waited = &outcome.waited;
                let told = self.plan.as_ref().map(|plan| outcome::sentence(plan, outcome, marks));
                told.unwrap_or(reference) + &cause(waited)
            }
            End::Nothing(nothing, Some(waited)) => {
                outcome::joined_sentence(nothing, waited, marks) + &cause(waited)
            }
            End::Nothing(nothing, None) => {
                format!("nothing to do: {}", marks.foreign(&nothing.message))
            }
            End::Failed(failure) => marks.foreign(&failure.message),
            End::LeftOut => {
                format!("left out: {reference} was not written, since another one is refused")
            }
            End::Planned => {
                verified().or_else(|| Some(planned(self.plan.as_ref()?))).unwrap_or(reference)
            }
        }
    }
}

fn planned(plan: &Plan) -> String {
    let blocking = plan.checks.iter().filter(|check| check.blocks());
    let ids: Vec<&str> = blocking.map(|check| check.id.as_str()).collect();
    let no =
        if ids.is_empty() { String::new() } else { format!("; these say no: {}", ids.join(", ")) };
    format!(
        "planned: {} from {} back to {}{no}; nothing was written",
        plan.target.reference(),
        plan.from.label(),
        plan.to.label()
    )
}
