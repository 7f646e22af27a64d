//! Where a bad release came from: from the chain of owners of a workload to the repository, the branch, the
//! folder and the commits, and to the plan of a revert of exactly these.
//!
//! `candidates` are the sources of all owners, the nearest first. `search` looks into one after the other:
//! what the files at the tip of its branch say, and what they said before. The first that tells decides;
//! `refusal` says why none does. `reach` gets to a repository the user's way, `planning` makes the plan and
//! proves by the content of the tree that would be pushed that the release is gone, and [`relation()`] says
//! for [`crate::reconciler::follow`] what Git knows of a revision.
//!
//! Here is what fetches; nothing is pushed, and nothing in the cluster is read.

mod candidates;
mod deleted;
mod dropped;
mod planning;
mod reach;
mod refusal;
mod relation;
mod search;
mod versions;
mod whole;

use std::ffi::OsString;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use crate::config::Rewrite;
use crate::error::{Error, Result};
use crate::git::Oid;
use crate::git::manifest::closure::Inputs;
use crate::reconciler::taken::Taken;
use crate::revert::ground::Ground;
use crate::rollback::model::image::ContainerImage;
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::provenance::Brought;
use crate::rollback::model::revert::CommitView;
use crate::rollback::model::target::Target;

use self::reach::Grounds;

pub use self::dropped::dropped;
pub use self::planning::plan;
pub use self::relation::relation;
pub use self::search::own_values;
pub use self::versions::versions;
pub use self::whole::{Whole, whole};

/// An owner of the chain with its object, as [`crate::reconciler::chain`] has read it.
#[derive(Clone, Debug)]
pub struct OwnerRead {
    /// Who it is.
    pub owner: Owner,
    /// Its object; null where it could not be read.
    pub object: Value,
    /// What it takes from other objects of the cluster, each as it was read.
    pub taken: Vec<TakenRead>,
}

/// Values from an object of the cluster.
#[derive(Clone, Debug)]
pub struct TakenRead {
    /// From where.
    pub taken: Taken,
    /// The object; null where it could not be read, or was not to be.
    pub object: Value,
}

/// What is live, and what is wanted back.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The images that are live.
    pub live: &'a [ContainerImage],
    /// The images of the revision to go back to.
    pub good: &'a [ContainerImage],
    /// How people call that revision: `revision 41`.
    pub revision: &'a str,
    /// When the revision came to be.
    pub created: Option<Timestamp>,
    /// Whether the two differ in nothing but images.
    pub only_images: bool,
}

/// How repositories are reached.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Where `rb` runs: perhaps a clone of one of them.
    pub folder: &'a Path,
    /// Whether somebody can answer questions of `git`.
    pub interactive: bool,
    /// The end of the time for the whole command.
    pub until: Instant,
    /// Other URLs for the user than for the owner.
    pub rewrites: &'a [Rewrite],
}

/// The commits that brought a release, and where they are.
#[derive(Debug)]
pub struct Origin {
    /// The repository and the branch that the owner follows.
    pub ground: Ground,
    /// The branch as it was fetched.
    pub tip: Oid,
    /// Which of the owners renders it.
    pub owner: usize,
    /// Which of that owner's sources.
    pub source: usize,
    /// What is read of that source. For an owner of owners: the files that declare the one below.
    pub inputs: Inputs,
    /// The commits, and what tells.
    pub brought: Brought,
    /// Whether that owner deletes what the files do not hold any more.
    pub prunes: bool,
    /// The owner that takes values from an object of the cluster which these files declare: it has to read
    /// them again.
    pub reader: Option<Target>,
}

/// The branch is as is wanted: the owner has only to be brought to its tip.
#[derive(Debug)]
pub struct Settled {
    /// The repository and the branch that the owner follows.
    pub ground: Ground,
    /// The branch as it was fetched.
    pub tip: Oid,
    /// Which of the owners renders it.
    pub owner: usize,
    /// Which of that owner's sources.
    pub source: usize,
    /// What is read of that source.
    pub inputs: Inputs,
    /// The owner that takes values from an object of the cluster which these files declare: it has to read
    /// them again.
    pub reader: Option<Target>,
    /// The commit that took the release out, where one did.
    pub by: Option<CommitView>,
    /// Sentences without a full stop.
    pub evidence: Vec<String>,
}

/// What the search comes to.
#[derive(Debug)]
pub enum Found {
    /// Commits of a branch that an owner follows brought it.
    Origin(Box<Origin>),
    /// The files at the tip are good already.
    Nothing(Box<Settled>),
    /// No commit to revert, or somebody has to decide: what stands where, and what to do by hand.
    Refused(Error),
}

/// Finds out. `owners` are those of the workload, the nearest first.
///
/// One fetch for each repository and branch that is looked into, and more where the history that is
/// needed reaches further back. Errors: the repository cannot be reached, with hints for that.
pub async fn find(
    owners: &[OwnerRead],
    asked: &Asked<'_>,
    access: &Access<'_>,
    progress: &mut dyn FnMut(&str),
) -> Result<Found> {
    let variables: Vec<_> = std::env::vars_os().collect();
    find_in(owners, asked, access, &variables, progress).await
}

/// The same with these variables in place of those of this process: they say where `git` is and how the
/// user has set it up, and where copies are kept.
pub async fn find_in(
    owners: &[OwnerRead],
    asked: &Asked<'_>,
    access: &Access<'_>,
    variables: &[(OsString, OsString)],
    progress: &mut dyn FnMut(&str),
) -> Result<Found> {
    search::run(owners, asked, Grounds::new(access, variables), progress).await
}
