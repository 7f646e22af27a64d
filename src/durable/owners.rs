//! The owners between a workload and Git, as they are now.

use futures::future::join_all;
use serde_json::Value;

use crate::cluster::{Cluster, Deadline};
use crate::error::Result;
use crate::reconciler;
use crate::reconciler::following::{Following, Goal, NudgeKind};
use crate::rollback::model::convergence::{Convergence, Relation};
use crate::rollback::model::ownership::{Owner, Proof};

use super::origin::OwnerRead;

/// Reads those that take something from Git, the nearest first, all at once. One that could not be read
/// before ends the chain. Errors are those of the first that cannot be read now.
pub async fn read(
    cluster: &Cluster,
    owners: &[Owner],
    deadline: Deadline,
) -> Result<Vec<OwnerRead>> {
    let known = owners.iter().take_while(|owner| !matches!(owner.proof, Proof::Unread(_)));
    let followed = known.filter(|owner| owner.counts()).filter_map(|owner| {
        let object = owner.object.as_ref()?;
        let address = reconciler::from_git(object)?.address(object)?;
        Some((owner.clone(), address.object()))
    });
    let reads = followed.map(|(owner, path)| async move {
        let object = cluster.get(path.as_str(), deadline).await?;
        Ok(OwnerRead { owner, object })
    });
    join_all(reads).await.into_iter().collect()
}

/// What stands in the way of a commit as the owner is now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InTheWay {
    /// Something is under way that can be ended first.
    pub settles: bool,
    /// The same cannot be ended, or ends by itself: what, and until when, in words.
    pub words: Option<String>,
    /// Why it would take nothing up at all.
    pub suspended: Option<String>,
}

/// Looks at one of them; asks nobody.
#[must_use]
pub fn in_the_way(owner: &OwnerRead) -> InTheWay {
    let reconciler = owner.owner.object.as_ref().and_then(reconciler::from_git);
    let Some(reconciler) = reconciler else { return InTheWay::default() };
    let none = |_: &str| Relation::Other;
    let others: [&Value; 0] = [];
    let following = Following {
        relation: &none,
        others: &others,
        given: &[],
        elapsed: std::time::Duration::ZERO,
        // Whatever is under way has been for long.
        unmoved: std::time::Duration::from_secs(3_600),
        token: "",
        goal: Goal::Idle,
        may_sync: true,
    };
    let nudges = reconciler.nudges(&owner.object, &following);
    let (words, suspended) = match reconciler.convergence(&owner.object, &following) {
        state @ Convergence::Blocked { .. } => (Some(state.to_string()), None),
        Convergence::Suspended { by } => (None, Some(by)),
        _ => (None, None),
    };
    let settles = nudges.iter().any(|nudge| nudge.kind == NudgeKind::Terminate);
    InTheWay { settles, words, suspended }
}
