//! What an owner is judged by while it is followed, and what it may be asked for: values, no I/O.

use std::time::Duration;

use serde_json::Value;

use crate::cluster::Path;
use crate::rollback::model::convergence::Relation;
use crate::rollback::model::target::Target;

use super::marks::reference;

/// An object by its place in the API, so that it can be read, watched and patched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The collection that it is in.
    pub collection: Path,
    /// What it is called, for messages and to find it among others.
    pub target: Target,
}

impl Address {
    /// Its own path.
    #[must_use]
    pub fn object(&self) -> Path {
        self.collection.clone().name(&self.target.name)
    }

    /// What is watched: of its collection only this one.
    #[must_use]
    pub fn watch(&self) -> Path {
        let selector = format!("metadata.name={}", self.target.name);
        self.collection.clone().query("fieldSelector", &selector)
    }
}

/// What a nudge is for; the same is not asked for again too soon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NudgeKind {
    /// The source is to be fetched.
    Fetch,
    /// The owner is to compare, or to apply what its source has.
    Refresh,
    /// The same without what it has in its cache.
    HardRefresh,
    /// An operation that stands in the way is to end.
    Terminate,
    /// The commit is to be applied, which the owner does not do by itself.
    Sync,
}

/// A write that makes a controller act now.
#[derive(Clone, Debug, PartialEq)]
pub struct Nudge {
    /// What it is for.
    pub kind: NudgeKind,
    /// The object that is written.
    pub path: Path,
    /// The JSON merge patch.
    pub body: Value,
    /// By what the controller's answer is known; empty where it does not repeat it.
    pub token: String,
    /// In words, e.g. `ask Argo CD application web to compare with Git`.
    pub summary: String,
    /// Whether nothing comes of the commit without it.
    pub is_needed: bool,
}

/// A nudge that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given {
    /// What it was for.
    pub kind: NudgeKind,
    /// The object that was written.
    pub path: String,
    /// By what the controller's answer is known.
    pub token: String,
    /// When, since the wait began.
    pub at: Duration,
}

/// What is wanted of the owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Nothing runs or waits to run: what is pushed then is taken up at once. No commit is looked at.
    Idle,
    /// The owner has the commit at hand: whatever makes it act takes that one, and nothing older. It may
    /// be suspended.
    Seen,
    /// The objects of the commit are written: whether they come to be well is not waited for.
    Written,
    /// The commit is applied.
    Applied,
    /// It is, by a run that has begun since the wait did: what the owner takes from other objects of the
    /// cluster has changed.
    Anew,
    /// It is, and the owner says that all is healthy.
    Healthy,
}

/// All that there is to know besides the owner itself.
pub struct Following<'a> {
    /// What Git says of a revision: a commit, or whatever a source that is no repository has.
    pub relation: &'a dyn Fn(&str) -> Relation,
    /// The objects of [`super::Reconciler::watched`] that are there.
    pub others: &'a [&'a Value],
    /// What has been asked for so far.
    pub given: &'a [Given],
    /// What may not be asked for: of what kind, of which object.
    pub refused: &'a [(NudgeKind, String)],
    /// Since the wait began.
    pub elapsed: Duration,
    /// Since the owner or one of the others took a step.
    pub unmoved: Duration,
    /// By this the wait is known, in what it writes; unique among all waits.
    pub token: &'a str,
    /// What is wanted.
    pub goal: Goal,
    /// Whether it may be made to apply the commit where it does not do so by itself.
    pub may_sync: bool,
    /// Whether somebody waits for it: else it is only judged.
    pub waits: bool,
}

impl<'a> Following<'a> {
    /// To judge how an owner stands while nobody waits: nothing was asked of it.
    #[must_use]
    pub fn of_nobody(relation: &'a dyn Fn(&str) -> Relation, others: &'a [&'a Value]) -> Self {
        Self {
            relation,
            others,
            given: &[],
            refused: &[],
            elapsed: Duration::ZERO,
            unmoved: Duration::ZERO,
            token: "",
            goal: Goal::Applied,
            may_sync: false,
            waits: false,
        }
    }

    /// What Git says of a revision.
    #[must_use]
    pub fn relation(&self, revision: &str) -> Relation {
        (self.relation)(revision)
    }

    /// One of the others, by kind, namespace and name.
    #[must_use]
    pub fn other(&self, target: &Target) -> Option<&'a Value> {
        let is_it = |object: &&&Value| {
            let found = reference(object);
            found.kind == target.kind
                && found.namespace == target.namespace
                && found.name == target.name
        };
        self.others.iter().find(is_it).copied()
    }

    /// The last nudge of this kind that an object got.
    #[must_use]
    pub fn last(&self, kind: NudgeKind, path: &Path) -> Option<&'a Given> {
        let is_it = |given: &&Given| given.kind == kind && given.path == path.as_str();
        self.given.iter().rev().find(is_it)
    }

    /// Whether rb may not ask an object for this.
    #[must_use]
    pub fn is_refused(&self, kind: NudgeKind, path: &Path) -> bool {
        self.refused.iter().any(|(refused, of)| *refused == kind && of == path.as_str())
    }

    /// How many nudges of this kind an object got.
    #[must_use]
    pub fn count(&self, kind: NudgeKind, path: &Path) -> usize {
        let is_it = |given: &&Given| given.kind == kind && given.path == path.as_str();
        self.given.iter().filter(is_it).count()
    }

    /// Whether the last nudge of this kind is at least so long ago, or there was none.
    #[must_use]
    pub fn is_due(&self, kind: NudgeKind, path: &Path, pause: Duration) -> bool {
        self.last(kind, path).is_none_or(|last| self.elapsed >= last.at.saturating_add(pause))
    }

    /// A token for the next nudge of this kind: another one each time.
    #[must_use]
    pub fn next_token(&self, kind: NudgeKind, path: &Path) -> String {
        match self.count(kind, path) {
            0 => self.token.to_owned(),
            count => format!("{}.{count}", self.token),
        }
    }
}

#[cfg(test)]
pub(super) mod given;
#[cfg(test)]
mod tests;
