//! What came of a revert in Git.

use serde::Serialize;

/// How it ended well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "result")]
pub enum RevertOutcome {
    /// The commit is on the branch.
    #[serde(rename = "pushed")]
    Pushed(Pushed),
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
