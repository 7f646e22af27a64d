//! How a rollout does: the same wait as after an undo, without a write before it.

use serde_json::Value;

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline};

use super::evidence;
use super::model::event::{Event, Listener, Listeners};
use super::model::leftover::{Leftovers, WhyLeft};
use super::model::outcome::{Ending, Waited};
use super::model::ownership::owners;
use super::model::record::Record;
use super::model::revision::Revision;
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
    let mut gaps = snapshot.gaps.clone();
    gaps.extend(revisions.live().and_then(|live| in_the_way_of(backend, snapshot, live)));
    Status {
        read_at: snapshot.taken_at,
        cluster: snapshot.cluster.clone(),
        target: snapshot.target.clone(),
        live: evidence::view_of_live(snapshot, &revisions, state),
        progress: backend.progress(&snapshot.workload, None),
        owners: owners(&snapshot.workload),
        undo,
        gaps,
    }
}

/// What keeps the live revision from being rolled out, where that is no pod of its own.
fn in_the_way_of(backend: &dyn Rollbacker, snapshot: &Snapshot, live: &Revision) -> Option<String> {
    let stuck =
        backend.leftovers(snapshot, live).filter(|leftovers| leftovers.why == WhyLeft::Stuck)?;
    let (words, label) = (stuck.words(), live.label());
    Some(format!("{words} of another revision, not ready, is waited for before {label} goes on"))
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
    let mut ends = Vec::new();
    for (index, Look { backend, snapshot, deadline }) in looks.iter().enumerate() {
        let mut listener = OneOf { index, all: &mut *listeners };
        ends.push(once(cluster, *backend, snapshot, *deadline, &mut listener).await);
    }
    ends
}

/// A listener for one of several workloads.
struct OneOf<'a> {
    index: usize,
    all: &'a mut dyn Listeners,
}

impl Listener for OneOf<'_> {
    fn on(&mut self, event: Event) {
        self.all.on(self.index, event);
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
