//! The plan of a revert in Git: a value that leaves nothing to decide while it is carried out.
//!
//! It is also its own document, `rb.revert-plan/v1`: printed by a dry run, written by `--plan-out`,
//! read by `--plan`. Readers ignore fields that they do not know.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::git_path::GitPath;
use super::revert::{ImageChange, Mode, Reverted};

/// The schema's name.
pub const SCHEMA: &str = "rb.revert-plan/v1";

/// What will be done, to which branch, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RevertPlan {
    /// `rb.revert-plan/v1`.
    pub schema: String,
    /// The operation's id: the same for the same revert of the same branch, so that a second call
    /// finds the commit of the first.
    pub id: String,
    /// When it was made.
    pub made_at: Timestamp,
    /// The repository.
    pub repository: Repository,
    /// The branch: a name without `refs/heads/`.
    pub branch: String,
    /// What was asked for, so that it can be made again on another tip.
    pub asked: Asked,
    /// What it makes of the branch.
    pub reverted: Reverted,
    /// Images that change, by file.
    pub images: Vec<ImageChange>,
    /// Folders of other applications that change, too.
    pub others: Vec<GitPath>,
    /// How it gets onto the branch.
    pub way: Way,
    /// The message of the commit, whole.
    pub message: String,
    /// Who asked for it.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Id of the incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<String>,
    /// What the user should know before saying yes.
    pub warnings: Vec<String>,
    /// What somebody has to do besides, so that it stays out, each with its command: `to …: kubectl …`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub todo: Vec<String>,
}

/// Where the branch is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    /// Its URL or path, without credentials.
    pub url: String,
}

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// The commits, newest first.
    pub commits: Vec<String>,
    /// How.
    pub mode: Mode,
    /// Below these paths only; none is everywhere.
    pub paths: Vec<GitPath>,
    /// The commit whose state the paths get, where they are restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<String>,
    /// The parent of merge commits that is the branch, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mainline: Option<u32>,
    /// How many files more may be deleted than the commits had added.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub allow_delete: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// How the commit gets onto the branch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// Pushed.
    #[default]
    Push,
    /// By a change request, which somebody has to merge.
    Request,
}
