//! Reading what planning needs: the backend's snapshot, and pods only where the decision depends
//! on them.

use std::time::Duration;

use serde_json::Value;

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline, Path};
use crate::error::{ErrorKind, Result};

use super::again;
use super::model::pod::PodState;
use super::model::revision::Revisions;
use super::model::snapshot::Snapshot;
use super::model::target::Target;

/// Evidence must not hold up the undo.
const PATIENCE: Duration = Duration::from_secs(3);
/// Pods that are read at most: enough to know why some of them fail.
const POD_LIMIT: &str = "200";

/// Reads a workload as it is now.
pub async fn take(
    cluster: &Cluster,
    backend: &dyn Rollbacker,
    target: &Target,
    deadline: Deadline,
) -> Result<Snapshot> {
    let mut snapshot = backend.read(cluster, target, deadline).await?;
    let hashes = revisions_in_doubt(&snapshot, &backend.revisions(&snapshot));
    if hashes.is_empty() {
        return Ok(snapshot);
    }
    let selector = format!(
        "{},{} in ({})",
        backend.pod_selector(&snapshot.workload, ""),
        super::model::template::HASH_LABEL,
        hashes.join(",")
    );
    match pods(cluster, &target.namespace, &selector, deadline.earlier(PATIENCE)).await {
        Ok(pods) => snapshot.pods = pods,
        Err(error) if error.kind() == ErrorKind::Forbidden => {
            snapshot.gaps.push("no right to list pods: they are missing as evidence".to_owned());
        }
        Err(error) => snapshot
            .gaps
            .push(format!("pods could not be read ({error}): they are missing as evidence")),
    }
    Ok(snapshot)
}

/// Template hashes of revisions with pods that are not available: older ones, since that may speak
/// against them, and the live one where a recent undo made it live. Usually there is none, and the
/// round trip is saved.
#[must_use]
pub fn revisions_in_doubt(snapshot: &Snapshot, revisions: &Revisions) -> Vec<String> {
    let unavailable = |r: &&super::model::revision::Revision| {
        r.replicas.current > r.replicas.available && !r.hash.is_empty()
    };
    let live = revisions
        .live()
        .filter(|live| again::is_recent_target(snapshot, &live.hash, snapshot.taken_at));
    revisions.older().chain(live).filter(unavailable).map(|r| r.hash.clone()).collect()
}

pub(super) async fn pods(
    cluster: &Cluster,
    namespace: &str,
    selector: &str,
    deadline: Deadline,
) -> Result<Vec<PodState>> {
    #[derive(serde::Deserialize)]
    struct PodList {
        #[serde(default)]
        items: Vec<Value>,
    }
    let path = Path::namespaced("api/v1", namespace, "pods")
        .query("labelSelector", selector)
        .query("limit", POD_LIMIT);
    let list: PodList = cluster.get_as(&path, deadline).await?;
    Ok(list.items.iter().map(PodState::read).collect())
}
