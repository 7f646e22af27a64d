//! What has to be followed for a wait: one stream of workloads and one of pods, as narrow as the
//! workloads allow. Many workloads share streams: an API server takes about a hundred at once on a
//! connection.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::backend::{self, Rollbacker};
use crate::cluster::Path;

use super::Watch;
use super::feed::{Kept, Selected, Source};

/// How far the streams of several workloads may reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::rollback) enum Reach {
    /// Over the namespaces of the workloads, one by one.
    #[default]
    Namespaces,
    /// Over all namespaces at once.
    Cluster,
}

/// One stream to follow, and whom it concerns.
pub(super) struct Followed {
    pub(super) source: Source,
    /// The kind of the workloads in it; `None` for pods.
    pub(super) kind: Option<&'static str>,
    /// `None`: all namespaces.
    pub(super) namespace: Option<String>,
    /// Where to go on from; `None`: it is read first.
    pub(super) version: Option<String>,
}

impl Followed {
    /// Whether a workload of this kind and namespace may be in it.
    pub(super) fn concerns(&self, kind: &str, namespace: &str) -> bool {
        self.kind.is_none_or(|own| own == kind)
            && self.namespace.as_deref().is_none_or(|own| own == namespace)
    }
}

/// The streams for these workloads.
pub(super) fn of(watches: &[Watch<'_>], reach: Reach) -> Vec<Followed> {
    if let [only] = watches {
        return vec![one_workload(only), pods_of_one(only)];
    }
    let mut kinds = BTreeSet::new();
    let mut namespaces = BTreeSet::new();
    for watch in watches {
        let namespace = (reach == Reach::Namespaces).then(|| watch.target.namespace.clone());
        kinds.insert((watch.backend.kind().kind, namespace.clone()));
        namespaces.insert(namespace);
    }
    let list_pods = watches.iter().any(|watch| watch.list_pods);
    // The oldest state that any of them was seen in: what is newer is told again.
    let oldest = watches.iter().map(|watch| version(&watch.workload)).min_by_key(|v| numeric(v));
    let workloads = kinds.into_iter().filter_map(|(kind, namespace)| {
        let backend = backend::by_kind(kind)?;
        Some(collection(backend, namespace, oldest.clone()))
    });
    let selected: Arc<[Selected]> = watches.iter().map(Selected::by).collect();
    let pods = namespaces.into_iter().map(|namespace| {
        let path = in_namespace("api/v1", namespace.as_deref(), "pods").to_string();
        let kept = Kept::Of(Arc::clone(&selected));
        Followed {
            source: Source { read: path.clone(), watch: path, is_list: true, kept },
            kind: None,
            namespace,
            version: oldest.clone().filter(|_| !list_pods),
        }
    });
    workloads.chain(pods).collect()
}

fn one_workload(watch: &Watch<'_>) -> Followed {
    let kind = watch.backend.kind();
    let collection = Path::namespaced(
        &format!("apis/{}", kind.api_version),
        &watch.target.namespace,
        kind.plural,
    );
    let by_name = format!("metadata.name={}", watch.target.name);
    Followed {
        source: Source {
            read: collection.clone().name(&watch.target.name).to_string(),
            watch: collection.query("fieldSelector", &by_name).to_string(),
            is_list: false,
            kept: Kept::All,
        },
        kind: Some(kind.kind),
        namespace: Some(watch.target.namespace.clone()),
        version: Some(version(&watch.workload)),
    }
}

fn pods_of_one(watch: &Watch<'_>) -> Followed {
    Followed {
        source: pods(watch),
        kind: None,
        namespace: Some(watch.target.namespace.clone()),
        version: (!watch.list_pods).then(|| version(&watch.workload)),
    }
}

/// The pods that tell how one workload does.
pub(super) fn pods(watch: &Watch<'_>) -> Source {
    let path = Path::namespaced("api/v1", &watch.target.namespace, "pods")
        .query("labelSelector", &watch.pod_selector)
        .to_string();
    Source { read: format!("{path}&limit=500"), watch: path, is_list: true, kept: Kept::All }
}

fn collection(
    backend: &dyn Rollbacker,
    namespace: Option<String>,
    version: Option<String>,
) -> Followed {
    let kind = backend.kind();
    let group = format!("apis/{}", kind.api_version);
    let path = in_namespace(&group, namespace.as_deref(), kind.plural).to_string();
    Followed {
        source: Source { read: path.clone(), watch: path, is_list: true, kept: Kept::All },
        kind: Some(kind.kind),
        namespace,
        version,
    }
}

fn in_namespace(group: &str, namespace: Option<&str>, plural: &str) -> Path {
    match namespace {
        Some(namespace) => Path::namespaced(group, namespace, plural),
        None => Path::cluster_wide(group, plural),
    }
}

/// The version that an object is at.
pub(super) fn version(object: &Value) -> String {
    let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
    version.unwrap_or_default().to_owned()
}

/// Whether the first version is certainly the older one.
pub(super) fn is_older(version: &str, than: &str) -> bool {
    let numbers = version.parse::<u64>().ok().zip(than.parse::<u64>().ok());
    numbers.is_some_and(|(version, than)| version < than)
}

/// Versions are compared as numbers, which the API allows since 1.35; what is no number counts as
/// older than all.
fn numeric(version: &str) -> u64 {
    version.parse().unwrap_or_default()
}
