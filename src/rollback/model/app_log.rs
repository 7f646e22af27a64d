//! The commits that changed what an owner renders, as Git tells them: values only.

use std::collections::BTreeMap;

use super::git_path::GitPath;
use super::revert::CommitView;

/// The commits of a branch that changed an app.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AppLog {
    /// Newest first.
    pub commits: Vec<LoggedCommit>,
    /// Where the commits that an owner has deployed stand in it, by their ids; one that the
    /// repository does not have is not here.
    pub places: BTreeMap<String, Place>,
    /// Whether older ones may have been left out.
    pub has_more: bool,
    /// What the app is rendered from at the tip.
    pub paths: Vec<GitPath>,
    /// What the user should know, each a sentence without a full stop.
    pub notes: Vec<String>,
}

/// A commit that changed an app. A merge stands for all that it brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoggedCommit {
    /// The commit.
    pub commit: CommitView,
    /// The images that the app's files name after it.
    pub images: Vec<String>,
    /// Commits that its message says it reverts, by their ids.
    pub reverts: Vec<String>,
    /// The commit that took it out, where one did and nothing brought it back.
    pub reverted_by: Option<String>,
    /// Whether rb made it.
    pub is_own: bool,
}

/// Where a commit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On the branch: its state of the app is that of this commit of the log.
    At(usize),
    /// Not on the branch, or no longer.
    Off(Box<LoggedCommit>),
}
