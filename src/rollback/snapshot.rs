//! Reading what planning needs: the backend's snapshot, and pods only where the decision depends
//! on them.

pub mod many;

use std::time::Duration;

use serde_json::Value;

use crate::backend::{PodsInDoubt, Rollbacker};
use crate::cluster::{Cluster, Deadline, Path};
use crate::error::{ErrorKind, Result};

use crate::reconciler::{Link, chain};

use super::again;
use super::model::pod::PodState;
use super::model::record::FIELD_MANAGER;
use super::model::revision::Revision;
use super::model::snapshot::Snapshot;
use super::model::target::Target;
use super::model::template::HASH_LABEL;

/// Evidence must not hold up the undo.
const PATIENCE: Duration = Duration::from_secs(3);
/// Who owns a workload decides whether it is written at all.
const OWNERS: Duration = Duration::from_secs(10);
/// Pods that are read at most: enough to know why some of them fail.
const POD_LIMIT: &str = "500";

/// Reads a workload as it is now.
pub async fn take(
    cluster: &Cluster,
    backend: &dyn Rollbacker,
    target: &Target,
    deadline: Deadline,
) -> Result<Snapshot> {
    let mut snapshot = backend.read(cluster, target, deadline).await?;
    let marks = chain::marks(&snapshot.workload);
    let (owners, ()) = tokio::join!(
        chain::links(cluster, vec![marks], FIELD_MANAGER, deadline.earlier(OWNERS)),
        add_pods(cluster, backend, &mut snapshot, deadline),
    );
    for Link { owner, object } in owners.into_iter().flatten() {
        snapshot.owner_objects.extend(owner.object.clone().zip(object));
        snapshot.owners.push(owner);
    }
    Ok(snapshot)
}

/// The same without its owners, its pods and their Events: enough to wait for it.
pub async fn take_alone(
    cluster: &Cluster,
    backend: &dyn Rollbacker,
    target: &Target,
    deadline: Deadline,
) -> Result<Snapshot> {
    backend.read_again(cluster, target, deadline).await
}

/// Adds the pods that the decision depends on. Without them something is missing as evidence, and
/// that is said.
pub(super) async fn add_pods(
    cluster: &Cluster,
    backend: &dyn Rollbacker,
    snapshot: &mut Snapshot,
    deadline: Deadline,
) {
    let all = backend.pod_selector(&snapshot.workload, "");
    let selector = match pods_in_doubt(backend, snapshot) {
        PodsInDoubt::None => return,
        PodsInDoubt::Of(hashes) => format!("{all},{HASH_LABEL} in ({})", hashes.join(",")),
        PodsInDoubt::All => all,
    };
    let deadline = deadline.earlier(PATIENCE);
    match pods(cluster, &snapshot.target.namespace, &selector, deadline).await {
        Ok((pods, complete)) => {
            snapshot.pods = pods;
            if !complete {
                snapshot.gaps.push(format!("only the first {POD_LIMIT} pods were read"));
            }
        }
        Err(error) if error.kind() == ErrorKind::Forbidden => {
            snapshot.gaps.push("no right to list pods: they are missing as evidence".to_owned());
        }
        Err(error) => snapshot
            .gaps
            .push(format!("pods could not be read ({error}): they are missing as evidence")),
    }
}

/// Which pods the decision depends on; how the live revision does matters where a recent undo made
/// it live. Usually there is none, and the round trip is saved.
#[must_use]
pub fn pods_in_doubt(backend: &dyn Rollbacker, snapshot: &Snapshot) -> PodsInDoubt {
    let revisions = backend.revisions(snapshot);
    let is_recent =
        |live: &Revision| again::is_recent_target(snapshot, &live.hash, snapshot.taken_at);
    backend.pods_in_doubt(snapshot, revisions.live().is_some_and(is_recent))
}

/// The pods with these labels, and whether that is all of them.
async fn pods(
    cluster: &Cluster,
    namespace: &str,
    selector: &str,
    deadline: Deadline,
) -> Result<(Vec<PodState>, bool)> {
    #[derive(serde::Deserialize)]
    struct PodList {
        #[serde(default)]
        metadata: Value,
        #[serde(default)]
        items: Vec<Value>,
    }
    let path = Path::namespaced("api/v1", namespace, "pods")
        .query("labelSelector", selector)
        .query("limit", POD_LIMIT);
    let list: PodList = cluster.get_as(&path, deadline).await?;
    let more = list.metadata.get("continue").and_then(Value::as_str).unwrap_or_default();
    Ok((list.items.iter().map(PodState::read).collect(), more.is_empty()))
}
