//! What the owner says that it applied, and when.

use crate::rollback::model::provenance::Applied;

use super::Question;

/// Clocks differ, and the time of a revision is in whole seconds.
const SLACK: i64 = 5;

/// The commit that it applied when the revision came to be: the controller makes the revision while the
/// owner is at it, so it is the first one that the owner was done with afterwards. `None` where its
/// history does not reach so far back, and where that is the commit that is live.
pub(super) fn of_revision<'a>(question: &Question<'a>) -> Option<&'a Applied> {
    let created = question.created?.as_second();
    let is_after = |applied: &&Applied| {
        applied.at.is_some_and(|at| at.as_second().saturating_add(SLACK) >= created)
    };
    let timed = |applied: &&Applied| applied.at.is_some();
    let reaches_back = question.applied.iter().rev().find(timed).is_some_and(|oldest| {
        // The oldest entry may be the revision's own, or that of a later one: only its commit tells.
        is_after(&oldest)
    });
    let found = question.applied.iter().rev().find(is_after).filter(|_| reaches_back)?;
    let live = question.applied.first()?;
    (found.commit != live.commit).then_some(found)
}
