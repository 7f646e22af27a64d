//! What the checks look at beside the plan and the answers of the cluster: of a hundred workloads
//! there is no room for all their revisions, so this is what is kept of the snapshot.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::capture::About;
use super::preflight::Left;
use crate::backend::Rollbacker;
use crate::rollback::model::context::Context;
use crate::rollback::model::plan::Plan;
use crate::rollback::model::record::Record;
use crate::rollback::model::revision::{Revision, Revisions};
use crate::rollback::model::snapshot::Snapshot;

/// The workload of a plan, as it was read to make it.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The kind of the workload.
    pub(super) backend: &'static dyn Rollbacker,
    /// The workload without its pod template and its managed fields: the plan has the one, and
    /// nobody asks for the others.
    pub(super) workload: Arc<Value>,
    /// Its pod template, where the plan patches nothing and so does not have it.
    pub(super) live_template: Option<Value>,
    /// Label selector of all its pods.
    pub(super) pod_selector: String,
    /// What rb did to it before.
    pub(super) record: Record,
    /// Name of the object that stores the target; empty where nothing is patched.
    pub(super) target_name: String,
    /// Its uid.
    pub(super) target_uid: String,
    /// What pods of the target name as their controller.
    pub(super) pod_owner: Option<Value>,
    /// Since when what is live has been stored.
    pub(super) live_created: Option<Timestamp>,
    /// What is newer than the target and says something of being left, newest first.
    pub(super) left: Vec<Left>,
    /// When the target stopped being what is deployed: what changed since, it has never met.
    pub(super) ran_until: Option<Timestamp>,
}

impl Subject {
    /// Of the snapshot that a plan was made from.
    #[must_use]
    pub fn new(backend: &'static dyn Rollbacker, snapshot: &Snapshot, plan: &Plan) -> Self {
        let revisions = backend.revisions(snapshot);
        let record = Record::on(&snapshot.workload);
        let target = revisions.list.iter().find(|revision| revision.hash == plan.to.hash);
        Self {
            backend,
            pod_selector: backend.pod_selector(&snapshot.workload, ""),
            workload: Arc::new(trimmed(&snapshot.workload)),
            live_template: plan.kept().map(|_| revisions.live_template.clone()),
            pod_owner: target.map(|target| pod_owner(backend, snapshot, target)),
            ran_until: target.and_then(|target| ran_until(&revisions, &record, target)),
            live_created: revisions.live().and_then(|live| live.created),
            left: target.map(|target| left(&revisions, target)).unwrap_or_default(),
            target_name: target.map(|target| target.name.clone()).unwrap_or_default(),
            target_uid: target.map(|target| target.uid.clone()).unwrap_or_default(),
            record,
        }
    }
}

impl Subject {
    /// What evidence is to be taken of before the plan is carried out.
    #[must_use]
    pub fn about<'a>(&self, plan: &'a Plan) -> About<'a> {
        About {
            target: &plan.target,
            path: self.backend.path(&plan.target),
            pod_selector: self.pod_selector.clone(),
            hash: &plan.from.hash,
        }
    }
}

fn trimmed(workload: &Value) -> Value {
    let mut workload = workload.clone();
    for (parent, member) in [("/metadata", "managedFields"), ("/spec", "template")] {
        if let Some(members) = workload.pointer_mut(parent).and_then(Value::as_object_mut) {
            members.shift_remove(member);
        }
    }
    workload
}

/// `ReplicaSet`s make their pods; of what only stores a revision, the workload does.
fn pod_owner(backend: &dyn Rollbacker, snapshot: &Snapshot, target: &Revision) -> Value {
    let stores = backend.stores();
    let (kind, name, uid) = if stores.kind == "ReplicaSet" {
        (stores, &*target.name, &*target.uid)
    } else {
        (backend.kind(), &*snapshot.target.name, snapshot.uid())
    };
    // Without `blockOwnerDeletion`: that asks for a right which only controllers have.
    json!({"apiVersion": kind.api_version, "kind": kind.kind, "name": name, "uid": uid,
        "controller": true})
}

pub(super) fn ran_until(
    revisions: &Revisions,
    record: &Record,
    target: &Revision,
) -> Option<Timestamp> {
    let left = record.undo_from(&target.hash, &target.template).map(|undo| undo.at);
    let later = |created: &Timestamp| target.created.is_some_and(|at| *created > at);
    let successor = revisions.list.iter().filter_map(|r| r.created).filter(later).min();
    left.max(successor).or(target.created)
}

/// A rollback by several revisions leaves all of them.
fn left(revisions: &Revisions, target: &Revision) -> Vec<Left> {
    let newer = revisions.list.iter().rev().take_while(|revision| revision.uid != target.uid);
    let live = &revisions.live_template;
    let unstored = || Left::of("the newest template".to_owned(), live, &Context::on(live));
    let unstored = (!revisions.live_is_stored).then(unstored).flatten();
    let stored = newer.filter_map(|r| Left::of(r.label(), &r.template, &r.context));
    unstored.into_iter().chain(stored).collect()
}
