//! What an owner does just now that a commit would wait for.

use std::time::Duration;

use crate::reconciler;
use crate::reconciler::following::{Following, Goal, NudgeKind};
use crate::rollback::model::convergence::{Convergence, Relation};

use super::origin::OwnerRead;

/// What stands in the way of a commit as the owner is now. What keeps it out for longer is a
/// [`crate::rollback::model::barrier::Barrier`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InTheWay {
    /// Something is under way that can be ended first.
    pub settles: bool,
    /// The same cannot be ended, or ends by itself: what, and until when, in words.
    pub words: Option<String>,
}

/// Looks at one of them; asks nobody.
#[must_use]
pub fn of(owner: &OwnerRead) -> InTheWay {
    let reconciler = owner.owner.object.as_ref().and_then(reconciler::from_git);
    let Some(reconciler) = reconciler else { return InTheWay::default() };
    let none = |_: &str| Relation::Other;
    let following = long_since(&none, Goal::Idle);
    let nudges = reconciler.nudges(&owner.object, &following);
    let state = reconciler.convergence(&owner.object, &following);
    let words = matches!(state, Convergence::Blocked { .. }).then(|| state.to_string());
    let settles = nudges.iter().any(|nudge| nudge.kind == NudgeKind::Terminate);
    InTheWay { settles, words }
}

/// Whether it sees a commit even while it is turned off.
pub(super) fn can_see_while_off(owner: &OwnerRead) -> bool {
    let reconciler = owner.owner.object.as_ref().and_then(reconciler::from_git);
    let Some(reconciler) = reconciler else { return false };
    let none = |_: &str| Relation::Other;
    let state = reconciler.convergence(&owner.object, &long_since(&none, Goal::Seen));
    !matches!(state, Convergence::Suspended { .. })
}

/// Whatever is under way has been for long, and nobody was asked for anything.
fn long_since(relation: &dyn Fn(&str) -> Relation, goal: Goal) -> Following<'_> {
    Following {
        unmoved: Duration::from_secs(3_600),
        may_sync: true,
        goal,
        ..Following::of_nobody(relation, &[])
    }
}
