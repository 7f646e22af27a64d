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
use super::model::leftover::{Leftovers, WhyLeft};
use super::model::outcome::{Ending, Waited};
use super::model::ownership::Owner;
use super::model::record::Record;
use super::model::revision::Revision;
use super::model::snapshot::Snapshot;
use super::model::status::Status;
use super::model::target::Target;
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
        owners: owners(snapshot),
        undo,
        gaps,
    }
}

/// The owners, each hold on them for this workload with how far it has come.
fn owners(snapshot: &Snapshot) -> Vec<Owner> {
    let mut owners = snapshot.owners.clone();
    let holds = owners.iter_mut().flat_map(|owner| &mut owner.holds);
    for open in holds.filter(|open| open.hold.workload == snapshot.target) {
        open.phase = open.hold.phase(Some(&snapshot.workload));
    }
    owners
}

/// What keeps the live revision from being rolled out, where that is no pod of its own.
fn in_the_way_of(backend: &dyn Rollbacker, snapshot: &Snapshot, live: &Revision) -> Option<String> {
    let stuck =
        backend.leftovers(snapshot, live).filter(|leftovers| leftovers.why == WhyLeft::Stuck)?;
    let (words, label) = (stuck.words(), live.label());
    Some(format!("{words} of another revision, not ready, is waited for before {label} goes on"))
}

/// Waits for an undo that was written before, by whomever.
pub async fn join(
    cluster: &Cluster,
    backend: &dyn Rollbacker,
    snapshot: &Snapshot,
    deadline: Deadline,
    listener: &mut dyn Listener,
) -> Waited {
    let mut watch = watch_of(backend, snapshot, deadline);
    watch.goal.of_undo = true;
    watch::wait(cluster, watch, listener).await
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

/// One of several workloads to look at: what a wait needs of its snapshot, without the revisions.
pub struct Look {
    backend: &'static dyn Rollbacker,
    target: Target,
    goal: Goal,
    workload: Value,
    pod_selector: String,
    /// For how long it is waited for by default, in seconds.
    pub seconds: u64,
}

impl Look {
    /// At this workload as it was read.
    #[must_use]
    pub fn new(backend: &'static dyn Rollbacker, snapshot: Snapshot) -> Self {
        let goal = goal(backend, &snapshot);
        Self {
            backend,
            pod_selector: backend.pod_selector(&snapshot.workload, &goal.hash),
            goal,
            seconds: super::default_timeout(backend, &snapshot.workload),
            target: snapshot.target,
            workload: snapshot.workload,
        }
    }

    /// Of an undo that was written before, by whomever.
    #[must_use]
    pub fn of_undo(mut self) -> Self {
        self.goal.of_undo = true;
        self
    }

    /// What to watch; a second call finds nothing left.
    pub(super) fn watch(&mut self, deadline: Deadline) -> Watch<'_> {
        Watch {
            backend: self.backend,
            target: &self.target,
            pod_selector: std::mem::take(&mut self.pod_selector),
            goal: std::mem::take(&mut self.goal),
            workload: std::mem::take(&mut self.workload),
            list_pods: true,
            deadline,
        }
    }
}

/// Waits for several at once, for each until its own deadline; `everywhere` says that they were
/// looked for in all namespaces: then they are watched there.
pub async fn wait_all(
    cluster: &Cluster,
    looks: &mut [(Look, Deadline)],
    everywhere: bool,
    listeners: &mut dyn Listeners,
) -> Vec<Waited> {
    let reach = if everywhere { Reach::Cluster } else { Reach::Namespaces };
    let watches = looks.iter_mut().map(|(look, deadline)| look.watch(*deadline)).collect();
    watch::wait_all(cluster, watches, reach, listeners).await
}

/// One look at each of several.
pub async fn once_all(
    cluster: &Cluster,
    looks: &mut [(Look, Deadline)],
    listeners: &mut dyn Listeners,
) -> Vec<(Option<Ending>, Waited)> {
    let all = RefCell::new(listeners);
    let all = &all;
    stream::iter(looks.iter_mut().enumerate())
        .map(|(index, (look, deadline))| async move {
            let mut listener = OneOf { index, all };
            watch::once(cluster, look.watch(*deadline), &mut listener).await
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

fn watch_of<'a>(
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
        of_undo: false,
        deletions: Vec::new(),
        only_deletions: false,
        stays: false,
    }
}
