//! What planning comes to.

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
    /// It must not be done.
    Refused(Box<Error>),
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
