//! Version 1 of the documents. The plan is its own document: `rb.plan/v1`.

use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::exit::ExitStatus;
use crate::rollback::model::context::Context;
use crate::rollback::model::decision::Nothing;
use crate::rollback::model::history::{History, Mark, Row};
use crate::rollback::model::image::ContainerImage;
use crate::rollback::model::outcome::{Ending, Outcome, PodFailure, Waited, Written};
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::plan::{Plan, RevisionView};
use crate::rollback::model::progress::Progress;
use crate::rollback::model::record::Undo;
use crate::rollback::model::revision::Replicas;
use crate::rollback::model::status::Status;
use crate::rollback::model::target::{ClusterRef, Target};
use crate::rollback::model::template;

use super::revert::RevertDocument;
use super::verify::VerifyDocument;

/// `rb.error/v1`: the command failed before it had an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDocument<'a> {
    schema: &'static str,
    kind: &'static str,
    message: String,
    causes: Vec<String>,
    hints: &'a [String],
    exit_code: u8,
    /// Absent where it is not known yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a Target>,
    /// After a lost race: what would be done now.
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a Value>,
}

impl<'a> ErrorDocument<'a> {
    /// Of an error; with the workload that it is about, where that is known.
    #[must_use]
    pub fn new(error: &'a Error, target: Option<&'a Target>) -> Self {
        Self {
            schema: "rb.error/v1",
            kind: error.kind().word(),
            message: error.to_string(),
            causes: error.causes(),
            hints: error.hints(),
            exit_code: error.kind().exit_status().code(),
            target,
            plan: error.plan(),
        }
    }
}

/// `rb.report/v1`: what an undo did, or why it did nothing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportDocument<'a> {
    schema: &'static str,
    exit_code: u8,
    /// `rolledBack`, `nothingToDo`, or the word of another ending.
    result: &'static str,
    message: String,
    target: &'a Target,
    live: Option<&'a RevisionView>,
    plan: Option<&'a Plan>,
    wait: Option<WaitDocument<'a>>,
    /// What was verified after the wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<VerifyDocument<'a>>,
    written: &'a [Written],
    warnings: &'a [String],
    /// What came of the revert in Git.
    #[serde(skip_serializing_if = "Option::is_none")]
    revert: Option<RevertDocument<'a>>,
}

/// A wait within a document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WaitDocument<'a> {
    ending: &'static str,
    progress: Option<&'a Progress>,
    failure: Option<&'a PodFailure>,
    milliseconds: u64,
}

impl<'a> From<&'a Waited> for WaitDocument<'a> {
    fn from(waited: &'a Waited) -> Self {
        Self {
            ending: waited.ending.word(),
            progress: waited.progress.as_ref(),
            failure: waited.failure.as_ref(),
            milliseconds: waited.milliseconds,
        }
    }
}

impl<'a> ReportDocument<'a> {
    /// Of an undo that was carried out.
    #[must_use]
    pub fn done(plan: &'a Plan, outcome: &'a Outcome) -> Self {
        Self {
            schema: "rb.report/v1",
            exit_code: outcome.exit_status().code(),
            result: outcome.word(),
            message: format!("{} back to {}", plan.from.label(), plan.to.label()),
            target: &plan.target,
            live: None,
            plan: Some(plan),
            wait: Some(WaitDocument::from(&outcome.waited)),
            verification: outcome.verification.as_ref().map(VerifyDocument::from),
            written: &outcome.written,
            warnings: &outcome.warnings,
            revert: outcome.reverted.as_deref().map(|reverted| RevertDocument::new(reverted, None)),
        }
    }

    /// Of an undo that had nothing to do; with the wait that it joined, if it did.
    #[must_use]
    pub fn nothing(nothing: &'a Nothing, waited: Option<&'a Waited>) -> Self {
        let status = waited.map_or(ExitStatus::Success, |waited| waited.ending.exit_status());
        Self {
            schema: "rb.report/v1",
            exit_code: status.code(),
            result: match waited.map(|waited| &waited.ending) {
                None | Some(Ending::Complete | Ending::NothingRan) => "nothingToDo",
                Some(ending) => ending.word(),
            },
            message: nothing.message.clone(),
            target: &nothing.target,
            live: Some(&nothing.live),
            plan: None,
            wait: waited.map(WaitDocument::from),
            verification: None,
            written: &[],
            warnings: &[],
            revert: None,
        }
    }
}

/// `rb.history/v1`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryDocument<'a> {
    schema: &'static str,
    cluster: &'a ClusterRef,
    target: &'a Target,
    live_is_stored: bool,
    owners: &'a [Owner],
    revisions: Vec<RevisionDocument<'a>>,
    gaps: &'a [String],
}

/// One revision within a history.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionDocument<'a> {
    revision: Option<i64>,
    past_numbers: &'a [i64],
    hash: &'a str,
    name: &'a str,
    created: Option<jiff::Timestamp>,
    images: &'a [ContainerImage],
    replicas: Replicas,
    change_cause: Option<&'a str>,
    commit: Option<&'a str>,
    #[serde(skip_serializing_if = "Context::is_empty")]
    context: &'a Context,
    by: Option<&'a str>,
    reason: Option<&'a str>,
    marks: &'a [Mark],
    evidence: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    template: Option<Value>,
}

impl<'a> HistoryDocument<'a> {
    /// Of all revisions, or of those that `wanted` names, then with their templates.
    #[must_use]
    pub fn new(history: &'a History, only: Option<&'a Row>, show_values: bool) -> Self {
        let rows: Vec<&Row> = match only {
            Some(row) => vec![row],
            None => history.rows.iter().collect(),
        };
        let with_template = only.is_some();
        let revision = |row| RevisionDocument::new(row, with_template, show_values);
        Self {
            schema: "rb.history/v1",
            cluster: &history.cluster,
            target: &history.target,
            live_is_stored: history.live_is_stored,
            owners: &history.owners,
            revisions: rows.into_iter().map(revision).collect(),
            gaps: &history.gaps,
        }
    }
}

impl<'a> RevisionDocument<'a> {
    fn new(row: &'a Row, with_template: bool, show_values: bool) -> Self {
        let template = with_template.then(|| {
            let mut shown = row.template.clone();
            if !show_values {
                template::hide_environment(&mut shown);
            }
            shown
        });
        Self {
            revision: row.revision,
            past_numbers: &row.past_numbers,
            hash: &row.hash,
            name: &row.name,
            created: row.created,
            images: &row.images,
            replicas: row.replicas,
            change_cause: row.change_cause.as_deref(),
            commit: row.context.commit.as_deref(),
            context: &row.context,
            by: row.by.as_deref(),
            reason: row.reason.as_deref(),
            marks: &row.marks,
            evidence: &row.evidence,
            template,
        }
    }
}

/// `rb.status/v1`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusDocument<'a> {
    schema: &'static str,
    exit_code: u8,
    cluster: &'a ClusterRef,
    target: &'a Target,
    live: &'a RevisionView,
    progress: Option<&'a Progress>,
    /// The word of an ending, or `inProgress`.
    result: &'static str,
    failure: Option<&'a PodFailure>,
    owners: &'a [Owner],
    undo: Option<&'a Undo>,
    milliseconds: u64,
    gaps: &'a [String],
}

impl<'a> StatusDocument<'a> {
    /// Of a status, with how the wait ended; `exit` is what the command ends with.
    #[must_use]
    pub fn new(
        status: &'a Status,
        waited: &'a Waited,
        result: &'static str,
        exit: ExitStatus,
    ) -> Self {
        Self {
            schema: "rb.status/v1",
            exit_code: exit.code(),
            cluster: &status.cluster,
            target: &status.target,
            live: &status.live,
            progress: waited.progress.as_ref(),
            result,
            failure: waited.failure.as_ref(),
            owners: &status.owners,
            undo: status.undo.as_ref(),
            milliseconds: waited.milliseconds,
            gaps: &status.gaps,
        }
    }
}
