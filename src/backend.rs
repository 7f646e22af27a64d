//! Kinds of workloads that can be rolled back: one file each, and one line in [`REGISTRY`].

mod deployment;
mod events;
mod read;
mod selector;
mod template_patch;

use futures::future::BoxFuture;
use serde_json::Value;

use crate::cluster::{Cluster, Deadline};
use crate::error::Result;
use crate::rollback::model::progress::Progress;
use crate::rollback::model::revision::{Revision, Revisions};
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::{Kind, Target};

pub use read::{CHANGE_CAUSE, owned_by};
pub use template_patch::AnnotationEdit;

/// All kinds that rb rolls back.
pub static REGISTRY: &[&dyn Rollbacker] = &[&deployment::Deployments];

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

/// How one kind of workload is read, judged and written. Only `read` does I/O; the rest are
/// functions of values.
pub trait Rollbacker: Sync {
    /// The kind's names.
    fn kind(&self) -> &'static Kind;

    /// Reads the workload, the objects that store its revisions and the Warning Events in its
    /// namespace, in one round trip; in two where the namespace holds more than a page of them.
    fn read<'a>(
        &'a self,
        cluster: &'a Cluster,
        target: &'a Target,
        deadline: Deadline,
    ) -> BoxFuture<'a, Result<Snapshot>>;

    /// The revisions that a snapshot holds.
    fn revisions(&self, snapshot: &Snapshot) -> Revisions;

    /// Whether a pod of this name was made for this revision, where names tell.
    fn made_pod(&self, revision: &Revision, pod: &str) -> bool;

    /// What stands in the way of a rollback.
    fn obstacle(&self, workload: &Value) -> Option<Obstacle>;

    /// How far the rollout is. A condition with this `stale` marker says nothing: it was there
    /// before the write.
    fn progress(&self, workload: &Value, stale: Option<&str>) -> Progress;

    /// Why the controller cannot make pods, e.g. what a quota says.
    fn pods_refused(&self, workload: &Value) -> Option<String>;

    /// Identifies the condition that reports an exceeded deadline, so that one from before a write
    /// can be told from a new one.
    fn deadline_marker(&self, workload: &Value) -> Option<String>;

    /// After how many seconds without progress the controller gives up; `None` where it never does.
    fn progress_deadline(&self, workload: &Value) -> Option<u64>;

    /// Label selector of the pods of the revision with this hash; of all pods where it is empty.
    fn pod_selector(&self, workload: &Value, hash: &str) -> String;

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

    /// Path of the object that stores a revision.
    fn revision_path(&self, target: &Target, revision: &Revision) -> String;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_kind_is_registered() {
        let shared = ["events", "read", "selector", "template_patch"];
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
