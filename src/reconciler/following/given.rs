//! What tests of following start from: two commits, and a wait for the second.

use std::time::Duration;

use serde_json::Value;

use super::{Following, Given, Goal, NudgeKind};
use crate::rollback::model::convergence::Relation;

/// The commit that is waited for.
pub(in super::super) const REVERT: &str = "1111111111111111111111111111111111111111";
/// The one before, which it undoes.
pub(in super::super) const BAD: &str = "2222222222222222222222222222222222222222";
/// One on top that changes something else.
pub(in super::super) const ABOVE: &str = "3333333333333333333333333333333333333333";
/// One on top that is a newer release.
pub(in super::super) const NEWER: &str = "4444444444444444444444444444444444444444";

pub(in super::super) fn relation(revision: &str) -> Relation {
    match revision {
        REVERT => Relation::Ours,
        ABOVE => Relation::OnTop,
        NEWER => Relation::Replaced,
        _ => Relation::Other,
    }
}

/// A wait that has just begun.
pub(in super::super) fn following<'a>(
    others: &'a [&'a Value],
    given: &'a [Given],
) -> Following<'a> {
    Following {
        relation: &relation,
        others,
        given,
        refused: &[],
        elapsed: Duration::ZERO,
        unmoved: Duration::ZERO,
        token: "token",
        goal: Goal::Applied,
        may_sync: true,
        waits: true,
    }
}

/// The same after so many milliseconds, in which nothing moved.
pub(in super::super) fn after<'a>(
    millis: u64,
    others: &'a [&'a Value],
    given: &'a [Given],
) -> Following<'a> {
    let elapsed = Duration::from_millis(millis);
    Following { elapsed, unmoved: elapsed, ..following(others, given) }
}

/// A nudge that was given at that time.
pub(in super::super) fn nudged(kind: NudgeKind, path: &str, token: &str, millis: u64) -> Given {
    let (path, token) = (path.to_owned(), token.to_owned());
    Given { kind, path, token, at: Duration::from_millis(millis) }
}
