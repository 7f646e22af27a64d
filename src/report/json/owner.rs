//! Documents of owners: `rb.owner-history/v1` is what they have deployed, `rb.owner-status/v1` how they
//! and their workloads do.

use jiff::Timestamp;
use serde::Serialize;

use crate::report::owner_status::word_of;
use crate::rollback::model::deployed::{DeployOutcome, OwnerCondition, OwnerOperation, Release};
use crate::rollback::model::outcome::PodFailure;
use crate::rollback::model::owner_history::{OwnerHistory, OwnerMark, OwnerRow, Repository};
use crate::rollback::model::owner_status::{Objects, OwnerStatus, Undone, WorkloadStatus};
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::revert::CommitView;
use crate::rollback::model::target::{ClusterRef, Target};

/// `rb.owner-history/v1`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerHistoryDocument<'a> {
    schema: &'static str,
    cluster: &'a ClusterRef,
    target: &'a Target,
    owners: &'a [Owner],
    git: Option<&'a Repository>,
    states: Vec<StateDocument<'a>>,
    has_more: bool,
    gaps: &'a [String],
}

/// One state within a history.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StateDocument<'a> {
    commit: Option<&'a CommitView>,
    commit_id: Option<&'a str>,
    revisions: &'a [String],
    images: &'a [String],
    deployed_at: Option<Timestamp>,
    deployed_by: Option<&'a str>,
    /// What the owner says of it.
    outcome: Option<Outcome<'a>>,
    healthy: Option<bool>,
    release: Option<&'a Release>,
    marks: &'a [OwnerMark],
    reverts: &'a [String],
    reverted_by: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    result: &'static str,
    message: Option<&'a str>,
}

impl<'a> OwnerHistoryDocument<'a> {
    /// Of a history.
    #[must_use]
    pub fn new(history: &'a OwnerHistory) -> Self {
        Self {
            schema: "rb.owner-history/v1",
            cluster: &history.cluster,
            target: &history.target,
            owners: &history.owners,
            git: history.git.as_ref(),
            states: history.rows.iter().map(StateDocument::new).collect(),
            has_more: history.has_more,
            gaps: &history.gaps,
        }
    }
}

impl<'a> StateDocument<'a> {
    fn new(row: &'a OwnerRow) -> Self {
        Self {
            commit: row.commit.as_ref(),
            commit_id: row.commit_id.as_deref(),
            revisions: &row.revisions,
            images: &row.images,
            deployed_at: row.at,
            deployed_by: row.by.as_deref(),
            outcome: row.outcome.as_ref().map(Outcome::new),
            healthy: row.healthy,
            release: row.release.as_ref(),
            marks: &row.marks,
            reverts: &row.reverts,
            reverted_by: row.reverted_by.as_deref(),
        }
    }
}

impl<'a> Outcome<'a> {
    fn new(outcome: &'a DeployOutcome) -> Self {
        match outcome {
            DeployOutcome::Applied => Self { result: "applied", message: None },
            DeployOutcome::Failed(why) => Self { result: "failed", message: Some(why) },
            DeployOutcome::Running(what) => Self { result: "running", message: Some(what) },
        }
    }
}

/// `rb.owner-status/v1`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnerStatusDocument<'a> {
    schema: &'static str,
    exit_code: u8,
    cluster: &'a ClusterRef,
    target: &'a Target,
    result: &'static str,
    summary: &'a str,
    desired: Option<&'a str>,
    applied: Option<&'a str>,
    operation: Option<&'a OwnerOperation>,
    conditions: &'a [OwnerCondition],
    hold: Option<&'a str>,
    owners: &'a [Owner],
    objects: Objects,
    workloads: Vec<WorkloadDocument<'a>>,
    milliseconds: u64,
    gaps: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    undone: Option<&'a Undone>,
}

/// One workload of an owner.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkloadDocument<'a> {
    target: &'a Target,
    result: &'static str,
    message: Option<String>,
    failure: Option<&'a PodFailure>,
}

impl<'a> OwnerStatusDocument<'a> {
    /// Of a status.
    #[must_use]
    pub fn new(status: &'a OwnerStatus) -> Self {
        let standing = &status.standing;
        Self {
            schema: "rb.owner-status/v1",
            exit_code: status.exit_status().code(),
            cluster: &status.cluster,
            target: &status.target,
            result: standing.state.word(),
            summary: &standing.summary,
            desired: standing.desired.as_deref(),
            applied: standing.applied.as_deref(),
            operation: standing.operation.as_ref(),
            conditions: &standing.conditions,
            hold: status.hold.as_deref(),
            owners: &status.owners,
            objects: status.objects,
            workloads: status.workloads.iter().map(WorkloadDocument::new).collect(),
            milliseconds: status.milliseconds,
            gaps: &status.gaps,
            undone: status.undone.as_ref(),
        }
    }
}

impl<'a> WorkloadDocument<'a> {
    fn new(one: &'a WorkloadStatus) -> Self {
        let (message, failure) = match &one.seen {
            Ok((_, _, waited)) => {
                let message = waited.progress.as_ref().map(|progress| progress.message.clone());
                (message, waited.failure.as_ref())
            }
            Err(error) => (Some(error.to_string()), None),
        };
        Self { target: &one.target, result: word_of(one), message, failure }
    }
}
