//! Documents of `rb revert-commit`: `rb.revert-plan/v1` is the plan itself, `rb.revert/v1` what came of
//! it, `rb.revert-candidates/v1` what there is to revert.

use serde::Serialize;

use crate::rollback::model::revert::Candidate;
use crate::rollback::model::revert_outcome::RevertOutcome;
use crate::rollback::model::revert_plan::RevertPlan;

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevertDocument<'a> {
    schema: &'static str,
    #[serde(flatten)]
    outcome: &'a RevertOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a RevertPlan>,
}

impl<'a> RevertDocument<'a> {
    /// Of an outcome, with the plan where there was one.
    #[must_use]
    pub fn new(outcome: &'a RevertOutcome, plan: Option<&'a RevertPlan>) -> Self {
        Self { schema: "rb.revert/v1", outcome, plan }
    }
}

/// What there is to revert.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CandidatesDocument<'a> {
    schema: &'static str,
    candidates: &'a [Candidate],
}

impl<'a> CandidatesDocument<'a> {
    /// Newest first.
    #[must_use]
    pub fn new(candidates: &'a [Candidate]) -> Self {
        Self { schema: "rb.revert-candidates/v1", candidates }
    }
}
