//! Where a release came from: the commits of a Git repository that brought it, or why they did not.
//! Values only; commits are 40 hexadecimal digits.

use serde::{Deserialize, Serialize};

use super::git_path::GitPath;
use super::revert::CommitView;

/// Where the live release came from, seen from the revision to go back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "result")]
pub enum Provenance {
    /// Commits of the branch brought it.
    Commits(Brought),
    /// No commit brought it: a revert would change nothing.
    NotInGit(NotInGit),
    /// What decides it stands somewhere else than in the app's files.
    Elsewhere(Elsewhere),
    /// Somebody has to decide.
    Ambiguous(Ambiguous),
}

/// The commits that brought a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Brought {
    /// The commits to take out, newest first: they lie on the branch itself, a merge stands for all
    /// that it brought.
    pub commits: Vec<CommitView>,
    /// A commit of the branch at which the app's files are as the revision ran.
    pub good: CommitView,
    /// Commits since then that changed the app's files as well and are no part of it, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<CommitView>,
    /// The images that go back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageMove>,
    /// Files of the app that differ between the good commit and the tip, by path.
    pub files: Vec<GitPath>,
    /// All that the app is rendered from, at the good commit and at the tip: files and folders.
    pub paths: Vec<GitPath>,
    /// What tells it.
    pub proof: Proof,
    /// Sentences without a full stop, the most telling first. Foreign text in them is sanitized.
    pub evidence: Vec<String>,
}

/// An image that is another one in the live release than in the revision to go back to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageMove {
    /// Name of the container.
    pub container: String,
    /// The live image; `None` where the container is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live: Option<String>,
    /// The image of the revision; `None` where the container is new.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good: Option<String>,
}

/// What tells which commits brought a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Proof {
    /// The app's files name the images before them and after them.
    Images,
    /// Some text in the app's files has the versions as words, before them and after them.
    Words,
    /// The owner says which commits it applied, and the app's files differ between them.
    OwnerHistory,
}

/// No commit brought the release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotInGit {
    /// Why.
    pub reason: NotInGitReason,
    /// The commit that took the release out, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<CommitView>,
    /// Sentences without a full stop.
    pub evidence: Vec<String>,
}

/// Why no commit brought it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NotInGitReason {
    /// The files at the tip are as is wanted: the live state drifted, or was not brought in line yet.
    AlreadyGood,
    /// The tag is one that is pushed again and again: the same words mean another image.
    MutableTag,
    /// The app's files are the same in all commits that the owner applied.
    Unchanged,
}

/// The files do not decide it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Elsewhere {
    /// What decides it, or may: a parameter, a chart, an address; none where nothing is known.
    pub places: Vec<String>,
    /// Whether the first of the places names the live image; else they are all there is to look at.
    pub is_certain: bool,
    /// Sentences without a full stop.
    pub evidence: Vec<String>,
}

/// Git alone does not tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ambiguous {
    /// Why.
    pub doubt: Doubt,
    /// Commits that may be meant, newest first; bounded.
    pub candidates: Vec<CommitView>,
    /// Sentences without a full stop.
    pub evidence: Vec<String>,
}

/// Why it cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Doubt {
    /// The files name neither the live image nor that of the revision any more: another release was
    /// committed since.
    Superseded,
    /// The files named the live image, and before it never that of the revision.
    NoGoodState,
    /// The images are the same, and the owner's history does not tell which commits to compare.
    NotRecorded,
    /// The state that the owner applied for the revision is not one that the branch was in.
    NotOnBranch,
}

/// Something that the owner lays over the files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Override {
    /// Where it stands, e.g. `parameter image.tag of Argo CD application checkout`.
    pub place: String,
    /// Its value: an image, or a tag or digest alone; empty where it cannot be seen from here.
    pub value: String,
}
