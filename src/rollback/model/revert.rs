//! A revert in Git: what is asked for, and what it comes to. Values only; commits are 40 hexadecimal
//! digits.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::git_path::GitPath;

/// How the change is taken out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// The first of the others that is clean: revert, subset, restore.
    #[default]
    Auto,
    /// All that the commits changed.
    Revert,
    /// What the commits changed below the paths.
    Subset,
    /// The paths as they were in a good commit, whatever came after it.
    Restore,
}

/// A commit, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitView {
    /// Its id.
    pub id: String,
    /// First line of its message.
    pub subject: String,
    /// Name of its author.
    pub author: String,
    /// When it was committed.
    pub at: Timestamp,
    /// How many parents it really has.
    pub parents: usize,
}

/// What happens to a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileChange {
    /// The file.
    pub path: GitPath,
    /// What it is before; `None` where it is not there.
    pub before: Option<FileEntry>,
    /// What it is afterwards; `None` where it is gone.
    pub after: Option<FileEntry>,
}

/// A file as a tree has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileEntry {
    /// Its blob, or the commit of a submodule.
    pub id: String,
    /// `100644`, `100755`, `120000` (symbolic link) or `160000` (submodule), in octal.
    pub mode: u32,
}

/// Why a file cannot be reverted without a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ConflictReason {
    /// The same lines were changed again.
    Content,
    /// One side deleted it, the other changed it.
    Deleted,
    /// It is no text.
    Binary,
    /// It is, or was, a symbolic link.
    Link,
    /// It is, or was, a submodule.
    Submodule,
    /// Whether it can be run was decided twice.
    Mode,
    /// A folder stands where the file would be, or a file where the folder would be.
    Folder,
    /// The ends of its lines were changed from one kind to the other in between.
    LineEnds,
    /// It is a pointer to a large file (Git LFS).
    LfsPointer,
}

/// A file that cannot be reverted without a decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// The file.
    pub path: GitPath,
    /// The commit of the revert at which it occurs.
    pub commit: String,
    /// The folder that is built as one, in which the file stands.
    pub app: GitPath,
    /// Why.
    pub reason: ConflictReason,
    /// As the bad commit left it.
    pub bad: Option<FileEntry>,
    /// As it is at the tip.
    pub tip: Option<FileEntry>,
    /// As it was before the bad commit.
    pub good: Option<FileEntry>,
    /// Both sides with markers, where it is text: bounded, and safe to show line by line.
    pub preview: Option<String>,
}

/// What an attempt at a revert comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "result")]
pub enum Attempt {
    /// It is clean.
    Clean(Reverted),
    /// There is nothing to take out.
    Nothing(Nothing),
    /// Somebody has to decide.
    Blocked(Blocked),
}

/// Why there is nothing to take out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum NothingReason {
    /// The commits changed no file.
    Empty,
    /// What they changed is out already.
    AlreadyReverted,
    /// The paths are as they were in the good commit.
    AlreadyRestored,
}

/// A revert that would change nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Nothing {
    /// Why.
    pub reason: NothingReason,
    /// The commits that were asked for, newest first.
    pub commits: Vec<CommitView>,
    /// The commit that says that it took one of them out, where there is one.
    pub by: Option<CommitView>,
}

/// A revert with conflicts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Blocked {
    /// The way that was tried last: never [`Mode::Auto`].
    pub mode: Mode,
    /// The commits that were asked for, newest first.
    pub commits: Vec<CommitView>,
    /// The conflicts, all at the same commit, by path.
    pub conflicts: Vec<Conflict>,
    /// What would go through, where there is such a way.
    pub next: Option<NextWay>,
}

/// A way that has no conflicts, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NextWay {
    /// The mode.
    pub mode: Mode,
    /// With these paths.
    pub paths: Vec<GitPath>,
    /// The commit that the paths go back to, where they are restored.
    pub good: Option<String>,
    /// Commits that are taken out along, newest first.
    pub also: Vec<CommitView>,
}

/// A way that [`Mode::Auto`] did not take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PassedOver {
    /// The mode.
    pub mode: Mode,
    /// Why.
    pub why: PassedOverReason,
    /// The files that stood in the way; bounded.
    pub files: Vec<GitPath>,
}

/// Why a way was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum PassedOverReason {
    /// It would change files outside the paths.
    ForeignPaths,
    /// It has conflicts.
    Conflicts,
}

/// A clean revert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reverted {
    /// The way that was taken: never [`Mode::Auto`].
    pub mode: Mode,
    /// The ways that were passed over before it.
    #[serde(default)]
    pub passed_over: Vec<PassedOver>,
    /// The commit whose state the paths get, where they are restored.
    #[serde(default)]
    pub good: Option<String>,
    /// The paths that it was limited to; none is everywhere.
    #[serde(default)]
    pub paths: Vec<GitPath>,
    /// The tree that it makes.
    pub tree: String,
    /// The commit that it is made on.
    pub tip: String,
    /// The commits that it takes out, newest first.
    pub commits: Vec<CommitView>,
    /// The commit that each of them is measured against: its parent, or that of the main line.
    #[serde(default)]
    pub parents: Vec<String>,
    /// Later commits that are taken out along, newest first: only where paths are restored.
    pub also: Vec<CommitView>,
    /// The files that change, by path.
    pub files: Vec<FileChange>,
}

/// An image that a commit changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageChange {
    /// The file that names it.
    pub path: GitPath,
    /// As it was: a reference, or a tag alone where the file has no more.
    pub before: Option<String>,
    /// As it is afterwards.
    pub after: Option<String>,
}

/// A commit that might be the bad one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The commit.
    pub commit: CommitView,
    /// The files that it changed below the paths, by path; bounded.
    pub files: Vec<FileChange>,
    /// How many more files it changed there.
    pub more_files: usize,
    /// The folders that are built as one in which these files stand, by path.
    pub apps: Vec<GitPath>,
    /// The images that it changed there.
    pub images: Vec<ImageChange>,
}
