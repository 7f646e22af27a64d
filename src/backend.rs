//! Kinds of workloads that can be rolled back: one file each, and one line in [`REGISTRY`].

mod controller_revision;
mod daemonset;
mod deployment;
mod events;
mod read;
mod read_many;
mod selector;
mod statefulset;
mod template_patch;

use futures::future::BoxFuture;
use serde_json::Value;

use crate::cluster::{Cluster, Deadline};
use crate::error::Result;
use crate::rollback::model::evidence::Favour;
use crate::rollback::model::leftover::Leftovers;
use crate::rollback::model::progress::Progress;
use crate::rollback::model::revision::{Revision, Revisions};
use crate::rollback::model::snapshot::{PodWarning, Snapshot};
use crate::rollback::model::target::{Kind, Target};

pub use read::{CHANGE_CAUSE, owned_by};
pub use read_many::{Reading, Scope, Workload, count};
pub use template_patch::AnnotationEdit;

/// All kinds that rb rolls back.
pub static REGISTRY: &[&dyn Rollbacker] =
    &[&deployment::Deployments, &statefulset::StatefulSets, &daemonset::DaemonSets];

/// The kind with this name in the API.
#[must_use]
pub fn by_kind(kind: &str) -> Option<&'static dyn Rollbacker> {
    REGISTRY.iter().copied().find(|backend| backend.kind().kind == kind)
}

/// The kind that the user's word names.
#[must_use]
pub fn by_word(word: &str) -> Option<&'static dyn Rollbacker> {
    REGISTRY.iter().copied().find(|backend| backend.kind().is_named(word))
}

/// Why a workload cannot be rolled back as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// It is being deleted.
    Deleting,
    /// Its rollout is paused: a new template would not be rolled out.
    Paused,
}

/// Which pods have to be read, since what is decided depends on them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PodsInDoubt {
    /// None: the workload and its revisions tell enough.
    None,
    /// Those of the revisions with these template hashes.
    Of(Vec<String>),
    /// All of the workload.
    All,
}

/// How one kind of workload is read, judged and written. Only `read` does I/O; the rest are
/// functions of values.
pub trait Rollbacker: Sync + std::fmt::Debug {
    /// The kind's names.
    fn kind(&self) -> &'static Kind;

    /// The kind of the objects that store its revisions.
    fn stores(&self) -> &'static Kind;

    /// Reads the workload, the objects that store its revisions and the Warning Events in its
    /// namespace, in one round trip; in two where the namespace holds more than a page of them.
    fn read<'a>(
        &'a self,
        cluster: &'a Cluster,
        target: &'a Target,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<Snapshot>> {
        Box::pin(read::snapshot(cluster, self.kind(), self.stores(), target, true, deadline))
    }

    /// The same without the Warning Events: they tell of what was, and are for planning.
    fn read_again<'a>(
        &'a self,
        cluster: &'a Cluster,
        target: &'a Target,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<Snapshot>> {
        Box::pin(read::snapshot(cluster, self.kind(), self.stores(), target, false, deadline))
    }

    /// The revisions that a snapshot holds.
    fn revisions(&self, snapshot: &Snapshot) -> Revisions;

    /// Whether the controller copies the annotations of the workload to a stored revision again
    /// when that is gone back to, over those that it had.
    fn renews_annotations(&self) -> bool {
        false
    }

    /// Which pods have to be read. `live_too` where it matters how the live revision does.
    fn pods_in_doubt(&self, snapshot: &Snapshot, live_too: bool) -> PodsInDoubt;

    /// Whether an Event is on a pod that was made for this revision, where that can be told.
    fn made_pod(&self, snapshot: &Snapshot, revision: &Revision, warning: &PodWarning) -> bool {
        let is_it = |uid: &str, hash: &str| uid == warning.uid && hash == revision.hash;
        !revision.hash.is_empty() && snapshot.pods.iter().any(|pod| is_it(&pod.uid, &pod.hash))
    }

    /// What the controller itself says for a revision.
    fn favour(&self, _snapshot: &Snapshot, _revision: &Revision) -> Option<Favour> {
        None
    }

    /// What stands in the way of a rollback.
    fn obstacle(&self, workload: &Value) -> Option<Obstacle> {
        let deleting =
            workload.pointer("/metadata/deletionTimestamp").is_some_and(Value::is_string);
        deleting.then_some(Obstacle::Deleting)
    }

    /// Why no pod would run, whatever the template: then nothing can be proven.
    fn runs_nothing(&self, workload: &Value) -> Option<&'static str> {
        let replicas = workload.pointer("/spec/replicas");
        (replicas == Some(&Value::from(0))).then_some("replicas is 0")
    }

    /// What the user should know before `target` becomes live, as sentences.
    fn caveats(&self, _snapshot: &Snapshot, _target: &Revision) -> Vec<String> {
        Vec::new()
    }

    /// Pods that the controller would leave as they are when `target` becomes live.
    fn leftovers(&self, _snapshot: &Snapshot, _target: &Revision) -> Option<Leftovers> {
        None
    }

    /// How far the rollout is. A condition with this `stale` marker says nothing: it was there
    /// before the write.
    fn progress(&self, workload: &Value, stale: Option<&str>) -> Progress;

    /// The hash of the newest template, where the workload names it.
    fn live_hash(&self, _workload: &Value) -> Option<String> {
        None
    }

    /// Why the controller cannot make pods, e.g. what a quota says.
    fn pods_refused(&self, _workload: &Value) -> Option<String> {
        None
    }

    /// Identifies the condition that reports an exceeded deadline, so that one from before a write
    /// can be told from a new one.
    fn deadline_marker(&self, _workload: &Value) -> Option<String> {
        None
    }

    /// After how many seconds without progress the controller gives up; `None` where it never does.
    fn progress_deadline(&self, _workload: &Value) -> Option<u64> {
        None
    }

    /// Label selector of the pods that tell how the revision with this hash does; of all pods where
    /// it is empty.
    fn pod_selector(&self, workload: &Value, _hash: &str) -> String {
        selector::to_query(workload.pointer("/spec/selector").unwrap_or(&Value::Null))
    }

    /// The JSON Patch that makes `revision` live: it tests every value that it replaces.
    fn undo_patch(
        &self,
        workload: &Value,
        revision: &Revision,
        annotations: &[AnnotationEdit],
    ) -> Value {
        template_patch::json_patch(workload, &revision.template, annotations)
    }

    /// Path of the workload below the API server's URL.
    fn path(&self, target: &Target) -> String {
        read::object_path(self.kind(), target)
    }

    /// Path of the object that stores a revision, where people look at such objects: it gets a
    /// copy of the record.
    fn revision_path(&self, _target: &Target, _revision: &Revision) -> Option<String> {
        None
    }
}

/// Path of a pod below the API server's URL.
#[must_use]
pub fn pod_path(namespace: &str, name: &str) -> String {
    read::path_of(&read::POD, namespace, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_kind_is_registered() {
        let shared =
            ["controller_revision", "events", "read", "read_many", "selector", "template_patch"];
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/backend");
        let kinds = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
            .filter(|name| !shared.contains(&name.as_str()));
        for name in kinds {
            assert!(by_word(&name).is_some(), "src/backend/{name}.rs has no line in REGISTRY");
        }
    }
}
