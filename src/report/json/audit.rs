//! `rb.audit/v1`: one line of the local log.

use jiff::Timestamp;
use serde::Serialize;

use crate::report::story::Chapter;
use crate::rollback::model::check::Check;
use crate::rollback::model::plan::RevisionView;
use crate::rollback::model::target::{ClusterRef, Target};
use crate::text::plain_json;

/// What one workload came to.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditLine<'a> {
    schema: &'static str,
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'a str>,
    version: &'static str,
    command: &'static str,
    by: &'a str,
    cluster: ClusterRef,
    target: &'a Target,
    from: Option<Side<'a>>,
    to: Option<Side<'a>>,
    result: &'static str,
    verdict: Option<&'static str>,
    exit_code: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<&'a str>,
    overrides: Vec<&'a str>,
    duration_ms: u64,
    checks: Vec<&'a str>,
}

/// A revision.
#[derive(Debug, Serialize)]
struct Side<'a> {
    revision: Option<i64>,
    hash: &'a str,
    images: Vec<&'a str>,
}

impl<'a> From<&'a RevisionView> for Side<'a> {
    fn from(view: &'a RevisionView) -> Self {
        let images = view.images.iter().map(|image| image.image.as_str()).collect();
        Self { revision: view.revision, hash: &view.hash, images }
    }
}

impl<'a> AuditLine<'a> {
    /// Of a workload that there was a plan for, or that was verified; others leave no line.
    #[must_use]
    pub fn of(chapter: &'a Chapter, at: Timestamp, duration_ms: u64) -> Option<Self> {
        let (plan, verified) = (chapter.plan.as_deref(), chapter.verification.as_deref());
        if plan.is_none() && verified.is_none() {
            return None;
        }
        let to = plan.map(|plan| &plan.to).or(verified.map(|verified| &verified.revision));
        let overridden = chapter.planned_checks().filter(|check| check.overridden);
        let checks = chapter.planned_checks().chain(chapter.verified_checks());
        let doubtful = checks.filter(|check| check.is_warning() || check.blocks());
        let id = |check: &'a Check| check.id.as_str();
        Some(Self {
            schema: "rb.audit/v1",
            at,
            operation: plan.map(|plan| plan.id.as_str()),
            version: env!("CARGO_PKG_VERSION"),
            command: if chapter.is_verify() { "verify" } else { "undo" },
            by: &chapter.asked.by,
            cluster: chapter.cluster().cloned().unwrap_or_default(),
            target: &chapter.target,
            from: plan.map(|plan| Side::from(&plan.from)),
            to: to.map(Side::from),
            result: chapter.result(),
            verdict: chapter.verdict(),
            exit_code: chapter.exit_status().code(),
            reason: chapter.asked.reason.as_deref(),
            incident: chapter.asked.incident.as_deref(),
            overrides: overridden.map(id).collect(),
            duration_ms,
            checks: doubtful.map(id).collect(),
        })
    }

    /// As it is written, with its line end.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).map(|text| plain_json(&text) + "\n").unwrap_or_default()
    }
}
