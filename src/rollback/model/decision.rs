//! What planning comes to.

use jiff::Timestamp;

use crate::error::Error;

use super::plan::{Plan, RevisionView};
use super::target::Target;

/// The answer of the planner.
#[derive(Debug)]
pub enum Decision {
    /// There is something to do, and this is it.
    Undo(Box<Plan>),
    /// There is nothing to do.
    Nothing(Box<Nothing>),
    /// What is live is what rb rolled back to a moment ago, and it is not healthy.
    Again(Box<Again>),
    /// Somebody takes the workload from Git: it has to be undone there.
    Owned(Box<Owned>),
    /// It must not be done.
    Refused(Box<Error>),
}

/// A workload that its owners take from Git, and what is to be live.
#[derive(Debug)]
pub struct Owned {
    /// What patching it directly would be, with everything that is known of both revisions. Its patch is
    /// not to be sent as it is: the owner would undo it.
    pub direct: Box<Plan>,
    /// The owner that takes it from Git.
    pub owner: Target,
    /// When the revision to go back to came to be.
    pub created: Option<Timestamp>,
    /// Whether the two revisions differ in nothing but images.
    pub only_images: bool,
    /// The same as a refusal, for those who cannot go through Git.
    pub refusal: Error,
}

/// Nothing is to be done.
#[derive(Clone, Debug, PartialEq)]
pub struct Nothing {
    /// The workload.
    pub target: Target,
    /// Why nothing, as a sentence.
    pub message: String,
    /// What is live.
    pub live: RevisionView,
    /// Whether an undo of rb is not healthy yet: the caller joins that wait, and ends as it ends.
    pub converging: bool,
}

/// The last undo is less than ten minutes old, and what it brought back is not healthy.
#[derive(Debug)]
pub struct Again {
    /// What to say when nobody can be asked: exit 3 with the `--again` line.
    pub refusal: Error,
    /// Going further back, where that is possible: what a terminal asks about.
    pub further: Option<Box<Plan>>,
}
