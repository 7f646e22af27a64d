//! Which commits brought the release that is live.
//!
//! The content decides: the app's files are read as of each commit that changed them, back along first
//! parents, until they name what the revision to go back to ran. What the owner says that it applied
//! is held against that, and tells by itself only where the images are the same. Nothing is guessed
//! from the place of a commit.

mod by_images;
mod by_owner;
mod moves;
mod off_the_tip;
mod outcome;
mod owner_record;
mod proving;
mod walk;

use jiff::Timestamp;

use crate::error::Result;
use crate::git::Oid;
use crate::git::history::path_history::PathHistory;
use crate::git::manifest::closure::Inputs;
use crate::git::repository::Repository;
use crate::rollback::model::convergence::Applied;
use crate::rollback::model::image::ContainerImage;
use crate::rollback::model::provenance::{Elsewhere, Override, Provenance};

pub use self::proving::{Unproven, prove};

/// What is live, what it is to go back to, and what is known of its owner.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The tip of the branch that the owner follows.
    pub tip: Oid,
    /// What it renders.
    pub inputs: &'a Inputs,
    /// The images that are live.
    pub live: &'a [ContainerImage],
    /// The images of the revision to go back to.
    pub good: &'a [ContainerImage],
    /// How people call that revision: `revision 41`.
    pub revision: &'a str,
    /// When the revision came to be.
    pub created: Option<Timestamp>,
    /// Whether the two differ in nothing but images: then no other change has to go.
    pub only_images: bool,
    /// The commits of this source that the owner says it applied, newest first.
    pub applied: &'a [Applied],
    /// What it lays over the files.
    pub overrides: &'a [Override],
}

/// Finds out. Reads objects only.
///
/// Fails with [`crate::git::ShallowBoundary`] behind the error where more history is needed, and else
/// as [`PathHistory::new`] does.
pub fn find(repository: &Repository, question: &Question<'_>) -> Result<Provenance> {
    let mut history = PathHistory::new(repository, question.inputs, question.tip)?;
    let moves = moves::between(question.live, question.good);
    if moves.is_empty() {
        by_owner::find(&mut history, question)
    } else {
        by_images::find(&mut history, question, moves)
    }
}

/// What lies over the files and gives a live image: then they do not decide it, whatever they say.
#[must_use]
pub fn overridden(question: &Question<'_>) -> Option<Elsewhere> {
    by_images::overridden(question, &moves::between(question.live, question.good))
}

/// The live image that a value gives, of those that are to go back; as people call it.
#[must_use]
pub fn given_by(question: &Question<'_>, value: &str) -> Option<String> {
    let moves = moves::between(question.live, question.good);
    by_images::given_by(value, moves.iter().map(|image| &image.live))
}

/// The same of the images that are wanted back.
#[must_use]
pub fn wanted_by(question: &Question<'_>, value: &str) -> Option<String> {
    let moves = moves::between(question.live, question.good);
    by_images::given_by(value, moves.iter().map(|image| &image.good))
}

#[cfg(test)]
mod tests;
