//! The Warning Events on pods of a namespace: evidence against the revisions that made the pods.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::cluster::{Cluster, Deadline, Path};
use crate::error::{Error, ErrorKind};
use crate::rollback::model::snapshot::PodWarning;

/// Evidence must not hold up the undo: an API server whose store of Events is down answers late.
const PATIENCE: Duration = Duration::from_secs(3);
/// As many as are read: one request, whatever the namespace goes through.
const LIMIT: usize = 500;

#[derive(Deserialize)]
struct EventList {
    #[serde(default)]
    metadata: ListMeta,
    #[serde(default)]
    items: Vec<Value>,
}

#[derive(Default, Deserialize)]
struct ListMeta {
    #[serde(default, rename = "continue")]
    more: Option<String>,
}

/// Reads them; in all namespaces where none is named. Missing rights and failures are a gap in the evidence, not an error. `Unhealthy` is
/// left out: every slow start emits it.
pub(super) async fn pod_warnings(
    cluster: &Cluster,
    namespace: Option<&str>,
    deadline: Deadline,
) -> (Vec<PodWarning>, Option<String>) {
    let path = match namespace {
        Some(namespace) => Path::namespaced("api/v1", namespace, "events"),
        None => Path::cluster_wide("api/v1", "events"),
    };
    let path = path
        .query("fieldSelector", "involvedObject.kind=Pod,type=Warning,reason!=Unhealthy")
        .query("limit", &LIMIT.to_string());
    match cluster.get_as::<EventList>(&path, deadline.earlier(PATIENCE)).await {
        Ok(list) => {
            let more = list.metadata.more.is_some_and(|token| !token.is_empty());
            let gap = more.then(|| format!("only the first {LIMIT} Warning events were read"));
            (list.items.iter().filter_map(PodWarning::read).collect(), gap)
        }
        Err(error) => (Vec::new(), Some(gap(&error))),
    }
}

fn gap(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Forbidden => "no right to list events: they are missing as evidence".to_owned(),
        _ => format!("events could not be read ({error}): they are missing as evidence"),
    }
}
