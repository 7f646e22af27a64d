//! Reading a workload whose revisions are objects of their own, in one round trip.
//!
//! The workload, the first page of the objects that store revisions and the Warning Events are
//! asked for at the same time. The selector is not known before the workload is, so the page is
//! not selective: where it was not all, the namespace is big and a second, selective list follows.
//! Pages are never walked.

use futures::join;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{events, selector};
use crate::cluster::{Cluster, Deadline, Path};
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::{ClusterRef, Kind, Target};
use crate::rollback::model::template;

/// The annotation that says why a revision came to be.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// Size of the first page: 100 `ReplicaSet`s of 7 KB peak at 17 MiB, 500 at 55.
const PAGE: &str = "100";

/// Pods, which every kind ends in.
pub(super) const POD: Kind =
    Kind { api_version: "v1", kind: "Pod", plural: "pods", singular: "pod", short: &["po"] };

/// A list of which the items stay text until it is known whose they are.
#[derive(Deserialize)]
pub(super) struct RawList {
    #[serde(default)]
    pub(super) metadata: ListMeta,
    #[serde(default)]
    pub(super) items: Vec<Box<RawValue>>,
}

#[derive(Default, Deserialize)]
pub(super) struct ListMeta {
    /// Where to go on from; empty or missing where that was all.
    #[serde(default, rename = "continue")]
    pub(super) more: Option<String>,
    /// How many more there are, where the API server says so.
    #[serde(default, rename = "remainingItemCount")]
    pub(super) remaining: Option<i64>,
}

#[derive(Deserialize)]
struct Owned {
    metadata: OwnedMeta,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnedMeta {
    #[serde(default)]
    owner_references: Vec<OwnerReference>,
}

#[derive(Deserialize)]
struct OwnerReference {
    uid: String,
    #[serde(default)]
    controller: bool,
}

/// Reads the workload, its revisions of kind `stores`, and, `with_warnings`, the Warning Events.
pub(super) async fn snapshot(
    cluster: &Cluster,
    kind: &Kind,
    stores: &Kind,
    target: &Target,
    with_warnings: bool,
    deadline: Deadline,
) -> Result<Snapshot> {
    let workload_path =
        Path::namespaced(&api(kind), &target.namespace, kind.plural).name(&target.name);
    let collection = Path::namespaced(&api(stores), &target.namespace, stores.plural);
    let first_page = collection.clone().query("limit", PAGE);
    let warnings = async {
        if with_warnings {
            events::pod_warnings(cluster, Some(&target.namespace), deadline).await
        } else {
            (Vec::new(), None)
        }
    };
    let (workload, page, (warnings, gap)) = join!(
        cluster.get(&workload_path, deadline),
        cluster.get_as::<RawList>(&first_page, deadline),
        warnings,
    );
    let workload = match workload {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(not_found(cluster, target, kind, deadline).await);
        }
        workload => workload?,
    };
    let mut list = page?;
    if list.metadata.more.is_some_and(|token| !token.is_empty()) {
        let query = selector::to_query(workload.pointer("/spec/selector").unwrap_or(&Value::Null));
        list = cluster.get_as(&collection.query("labelSelector", &query), deadline).await?;
    }
    let uid = workload.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    let revisions = owned_by(uid, list.items);
    Ok(Snapshot {
        taken_at: crate::rollback::model::snapshot::now(),
        cluster: ClusterRef {
            context: cluster.context_name().to_owned(),
            server: cluster.server().to_owned(),
        },
        target: target.clone(),
        workload,
        stored: revisions,
        pods: Vec::new(),
        warnings,
        owners: Vec::new(),
        owner_objects: Vec::new(),
        gaps: gap.into_iter().collect(),
    })
}

/// The items that the workload with this uid controls. Labels are not enough: another workload may
/// have stored templates with the same labels.
#[must_use]
pub fn owned_by(uid: &str, items: Vec<Box<RawValue>>) -> Vec<Value> {
    items
        .into_iter()
        .filter(|item| controller_of(item).is_some_and(|owner| owner == uid))
        .filter_map(|item| serde_json::from_str(item.get()).ok())
        .collect()
}

/// uid of the object that controls an item.
pub(super) fn controller_of(item: &RawValue) -> Option<String> {
    let owned = serde_json::from_str::<Owned>(item.get()).ok()?;
    owned.metadata.owner_references.into_iter().find(|owner| owner.controller).map(|o| o.uid)
}

/// Which of the two does not exist: the API server says the same of both.
async fn not_found(cluster: &Cluster, target: &Target, kind: &Kind, deadline: Deadline) -> Error {
    let namespace = &target.namespace;
    let command = |words: &str| format!("kubectl {words} {}", cluster.pin()).trim_end().to_owned();
    let path = Path::cluster_wide("api/v1", "namespaces").name(namespace);
    // Who may not read namespaces is told less, and nothing wrong.
    if let Err(error) = cluster.get(&path, deadline).await
        && error.kind() == ErrorKind::NotFound
    {
        let message = format!("namespace {namespace} does not exist on {}", cluster.server());
        return Error::new(ErrorKind::NotFound, message)
            .hint(format!("to see those that do: {}", command("get namespaces")));
    }
    let message = format!("{} does not exist in namespace {namespace}", target.reference());
    let get = command(&format!("get {} -n {namespace}", kind.plural));
    Error::new(ErrorKind::NotFound, message).hint(format!("to see what is there: {get}"))
}

/// `apis/apps/v1`, or `api/v1` for the core group.
pub(super) fn api(kind: &Kind) -> String {
    let root = if kind.group().is_empty() { "api" } else { "apis" };
    format!("{root}/{}", kind.api_version)
}

/// Path of the workload below the API server's URL.
pub(super) fn object_path(kind: &Kind, target: &Target) -> String {
    path_of(kind, &target.namespace, &target.name)
}

/// Path of an object below the API server's URL.
pub(super) fn path_of(kind: &Kind, namespace: &str, name: &str) -> String {
    Path::namespaced(&api(kind), namespace, kind.plural).name(name).to_string()
}

/// An annotation of an object.
pub(super) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.pointer("/metadata/annotations")?.get(key)?.as_str()
}

/// Whether somebody wrote the pod template at `time` or later, as far as the managed fields tell.
/// They tell whole seconds.
pub(super) fn template_is_not_older_than(workload: &Value, time: &str) -> bool {
    let Ok(time) = time.parse::<Timestamp>() else { return false };
    template::writes(workload).filter_map(|(_, written)| written).any(|written| written >= time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn raw(value: &Value) -> Box<RawValue> {
        RawValue::from_string(value.to_string()).unwrap()
    }

    #[test]
    fn only_what_the_workload_controls_is_its_own() {
        let item = |name: &str, owners: Value| {
            raw(&json!({"metadata": {"name": name, "ownerReferences": owners}}))
        };
        let items = vec![
            item("mine", json!([{"uid": "u", "controller": true}])),
            item("not controlled", json!([{"uid": "u"}])),
            item("another's", json!([{"uid": "v", "controller": true}])),
            raw(&json!({"metadata": {"name": "orphan"}})),
            raw(&json!({})),
        ];
        let mine = owned_by("u", items);
        assert_eq!(mine.len(), 1);
        assert_eq!(mine[0]["metadata"]["name"], "mine");
    }
}
