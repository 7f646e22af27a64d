//! Follows an owner until it has applied a commit: watches it and what it takes its state from, asks it
//! to act where it would not do so in time, and says how far it is and why it does not go on.
//!
//! `course` decides, from what was seen and when, and does no I/O; `run` is the loop; `sight` turns reads
//! and watches into a stream. What is particular to a kind of owner is in its
//! [`super::Reconciler`]. Here is what touches the cluster.

mod course;
mod run;
pub mod settle;
pub(super) mod sight;

use futures::StreamExt as _;
use futures::stream::{BoxStream, SelectAll};

use crate::cluster::{Cluster, Deadline, PatchKind, WriteError, WriteOptions};
use crate::error::{Error, ErrorKind};
use crate::rollback::model::convergence::Relation;
use crate::rollback::model::following::{Arrival, Followed, Told};
use crate::rollback::model::record::FIELD_MANAGER;
use crate::rollback::model::target::Target;

use self::run::{Refusal, World};
use self::sight::Seen;
use super::Reconciler;
use super::following::{Address, Goal, Nudge};

/// Whom to follow, and to where.
#[derive(Clone, Copy, Debug)]
pub struct Follow<'a> {
    /// The kind of owner.
    pub reconciler: &'a dyn Reconciler,
    /// The owner's object.
    pub owner: &'a Target,
    /// By this the wait is known, in what it writes; unique among all waits.
    pub token: &'a str,
    /// What is wanted of it.
    pub goal: Goal,
    /// Whether it may be made to apply the commit where it does not do so by itself.
    pub may_sync: bool,
    /// When to give up.
    pub deadline: Deadline,
}

/// Follows it to the end; never longer than its deadline.
///
/// `relation` says what Git knows of a revision: of a commit, or of whatever else a source has; `None`
/// where that cannot be found out now, and then it is asked again after a while. It may fetch.
pub async fn follow(
    cluster: &Cluster,
    follow: Follow<'_>,
    relation: impl AsyncFnMut(&str) -> Option<Relation>,
    listener: &mut dyn FnMut(Told),
) -> Followed {
    let Some(address) = follow.reconciler.address(follow.owner) else {
        let message = format!("{} {} takes nothing from Git", follow.owner.kind, follow.owner.name);
        let arrival = Arrival::Lost(Error::new(ErrorKind::Internal, message));
        let (convergence, written) = (None, Vec::new());
        return Followed { arrival, convergence, written, milliseconds: 0 };
    };
    let mut world = OnCluster { cluster, deadline: follow.deadline, sights: SelectAll::new() };
    let mut followed = run::run(&mut world, &follow, address, relation, listener).await;
    if let Arrival::Unheard(unheard) = &mut followed.arrival
        && !cluster.pin().is_empty()
    {
        let pinned = format!("kubectl {}", cluster.pin());
        unheard.check = unheard.check.replacen("kubectl", &pinned, 1);
    }
    followed
}

struct OnCluster<'a> {
    cluster: &'a Cluster,
    deadline: Deadline,
    sights: SelectAll<BoxStream<'a, Seen>>,
}

impl World for OnCluster<'_> {
    fn watch(&mut self, address: &Address) {
        let sight = sight::of(self.cluster, address, self.deadline);
        self.sights.push(sight.boxed());
    }

    async fn next(&mut self) -> Seen {
        match self.sights.next().await {
            Some(seen) => seen,
            // Each has said that it ended.
            None => std::future::pending().await,
        }
    }

    async fn write(&mut self, nudge: &Nudge) -> Result<(), Refusal> {
        let options = WriteOptions { dry_run: false, field_manager: FIELD_MANAGER };
        let (path, body) = (nudge.path.as_str(), &nudge.body);
        let kind = PatchKind::Merge;
        match self.cluster.patch(path, kind, body, options, self.deadline).await {
            Ok(_) => Ok(()),
            Err(WriteError::Rejected(error)) => Err(Refusal::Never(error)),
            Err(WriteError::Conflict(error)) => Err(Refusal::Changed(error)),
            Err(WriteError::Throttled { retry_after, .. }) => Err(Refusal::Later(retry_after)),
            Err(WriteError::Unknown(error)) => Err(Refusal::Unknown(error)),
        }
    }
}
