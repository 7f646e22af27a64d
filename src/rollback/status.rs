//! How a rollout does: the same wait as after an undo, without a write before it.

use std::cell::RefCell;

use futures::StreamExt as _;
use futures::stream;
use serde_json::Value;

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline};

use super::evidence;
use super::execute::AT_ONCE;
use super::model::event::{Event, Listener, Listeners};
use super::model::leftover::Leftovers;
use super::model::outcome::{Ending, Waited};
use super::model::ownership::owners;
use super::model::record::Record;
use super::model::snapshot::Snapshot;
use super::model::status::Status;
use super::watch::judge::Goal;
use super::watch::{self, Reach, Watch};

/// What a snapshot says of the rollout.
#[must_use]
pub fn of(backend: &dyn Rollbacker, snapshot: &Snapshot) -> Status {
    let revisions = backend.revisions(snapshot);
    let record = Record::on(&snapshot.workload);
    let live_hash = revisions.live().map(|live| live.hash.clone()).unwrap_or_default();
    let undo = record.last_undo().filter(|undo| undo.to.hash == live_hash).cloned();
    let state = evidence::live_state(backend, snapshot, &revisions);
    Status {
        read_at: snapshot.taken_at,
        cluster: snapshot.cluster.clone(),
        target: snapshot.target.clone(),
        live: evidence::view_of_live(snapshot, &revisions, state),
        progress: backend.progress(&snapshot.workload, None),
        owners: owners(&snapshot.workload),
        undo,
        gaps: snapshot.gaps.clone(),
    }
}

/// Waits until the rollout of what is live is done, failed, or out of time. It is about the release
/// that is live now: another one that goes live meanwhile ends it.
pub async fn wait(
    cluster: &Cluster,
    backend: &dyn Rollbacker,
    snapshot: &Snapshot,
    deadline: Deadline,
    listener: &mut dyn Listener,
) -> Waited {
    watch::wait(cluster, watch_of(backend, snapshot, deadline), listener).await
}

/// One of several workloads to look at.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Its kind.
    pub backend: &'a dyn Rollbacker,
    /// As it was read.
    pub snapshot: &'a Snapshot,
    /// Until when it is waited for.
    pub deadline: Deadline,
}

/// Waits for several at once; `everywhere` says that they were looked for in all namespaces: then
/// they are watched there.
pub async fn wait_all(
    cluster: &Cluster,
    looks: &[Look<'_>],
    everywhere: bool,
    listeners: &mut dyn Listeners,
) -> Vec<Waited> {
    let reach = if everywhere { Reach::Cluster } else { Reach::Namespaces };
    let watches =
        looks.iter().map(|look| watch_of(look.backend, look.snapshot, look.deadline)).collect();
    watch::wait_all(cluster, watches, reach, listeners).await
}

/// One look at each of several.
pub async fn once_all(
    cluster: &Cluster,
    looks: &[Look<'_>],
    listeners: &mut dyn Listeners,
) -> Vec<(Option<Ending>, Waited)> {
    let all = RefCell::new(listeners);
    let all = &all;
    stream::iter(looks.iter().enumerate())
        .map(|(index, Look { backend, snapshot, deadline })| async move {
            let mut listener = OneOf { index, all };
            once(cluster, *backend, snapshot, *deadline, &mut listener).await
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// A listener for one of several workloads.
struct OneOf<'a, 'l> {
    index: usize,
    all: &'a RefCell<&'l mut dyn Listeners>,
}

impl Listener for OneOf<'_, '_> {
    fn on(&mut self, event: Event) {
        self.all.borrow_mut().on(self.index, event);
    }
}

/// One look: no ending while the rollout goes on.
pub async fn once(
    cluster: &Cluster,
    backend: &dyn Rollbacker,
    snapshot: &Snapshot,
    deadline: Deadline,
    listener: &mut dyn Listener,
) -> (Option<Ending>, Waited) {
    watch::once(cluster, watch_of(backend, snapshot, deadline), listener).await
}

pub(super) fn watch_of<'a>(
    backend: &'a dyn Rollbacker,
    snapshot: &'a Snapshot,
    deadline: Deadline,
) -> Watch<'a> {
    let goal = goal(backend, snapshot);
    Watch {
        backend,
        target: &snapshot.target,
        pod_selector: backend.pod_selector(&snapshot.workload, &goal.hash),
        goal,
        workload: snapshot.workload.clone(),
        list_pods: true,
        deadline,
    }
}

fn goal(backend: &dyn Rollbacker, snapshot: &Snapshot) -> Goal {
    let revisions = backend.revisions(snapshot);
    let leftovers = revisions.live().and_then(|live| backend.leftovers(snapshot, live));
    let generation = snapshot.workload.pointer("/metadata/generation").and_then(Value::as_i64);
    Goal {
        template: Some(revisions.live_template.clone()),
        left: None,
        generation: generation.unwrap_or_default(),
        stale: None,
        written_at: None,
        receivers: Vec::new(),
        undo: Record::on(&snapshot.workload).last_undo().map(|undo| undo.id.clone()),
        hash: revisions.live().map(|live| live.hash.clone()).unwrap_or_default(),
        old_hashes: revisions.older().map(|r| r.hash.clone()).collect(),
        leftovers: leftovers.as_ref().map(Leftovers::name_list).unwrap_or_default(),
        deletions: Vec::new(),
        only_deletions: false,
    }
}
