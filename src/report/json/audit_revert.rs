//! `rb.revert-audit/v1`: the line of the local log about a revert in Git.

use jiff::Timestamp;
use serde::Serialize;

use crate::report::story::RevertChapter;
use crate::rollback::model::git_path::GitPath;
use crate::text::plain_json;

/// What one revert came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevertAuditLine<'a> {
    schema: &'static str,
    at: Timestamp,
    operation: &'a str,
    version: &'static str,
    command: &'static str,
    by: &'a str,
    repository: &'a str,
    branch: &'a str,
    /// Those that are taken out, newest first.
    reverts: &'a [String],
    paths: &'a [GitPath],
    result: &'static str,
    /// The one that does it.
    commit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<&'a str>,
    duration_ms: u64,
}

impl<'a> RevertAuditLine<'a> {
    /// Of a revert that there was a plan for; others leave no line.
    #[must_use]
    pub fn of(chapter: &'a RevertChapter, at: Timestamp, duration_ms: u64) -> Option<Self> {
        let plan = chapter.plan.as_deref()?;
        Some(Self {
            schema: "rb.revert-audit/v1",
            at,
            operation: &plan.id,
            version: env!("CARGO_PKG_VERSION"),
            command: "revert-commit",
            by: &plan.by,
            repository: &plan.repository.url,
            branch: &plan.branch,
            reverts: &plan.asked.commits,
            paths: &plan.asked.paths,
            result: chapter.result(),
            commit: chapter.commit(),
            url: chapter.url(),
            exit_code: chapter.exit_status().code(),
            reason: plan.reason.as_deref(),
            incident: plan.incident.as_deref(),
            duration_ms,
        })
    }

    /// As it is written, with its line end.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).map(|text| plain_json(&text) + "\n").unwrap_or_default()
    }
}
