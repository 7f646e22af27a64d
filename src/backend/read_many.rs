//! Reading many workloads of one kind with a few requests.

use std::collections::{BTreeSet, HashMap};

use futures::join;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::read::{self, ListMeta, RawList, api};
use super::{Rollbacker, events, selector};
use crate::cluster::{Cluster, Deadline, Path};
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::snapshot::{PodWarning, Snapshot, now};
use crate::rollback::model::target::{ClusterRef, Kind, Target};

/// Size of a page where many workloads are read.
const PAGE: usize = 500;
/// Following a page costs a round trip; the lists of single workloads go out in parallel, about so
/// many to a round trip.
const PARALLEL: usize = 16;

/// Where to look.
#[derive(Clone, Debug)]
pub struct Scope {
    /// `None`: in all namespaces.
    pub namespace: Option<String>,
    /// Labels of the workloads; `None`: any.
    pub selector: Option<String>,
}

impl Scope {
    fn collection(&self, kind: &Kind) -> Path {
        match &self.namespace {
            Some(namespace) => Path::namespaced(&api(kind), namespace, kind.plural),
            None => Path::cluster_wide(&api(kind), kind.plural),
        }
    }
}

/// A workload of which the rest is still to be read.
pub struct Workload {
    /// Its name.
    pub target: Target,
    object: Box<RawValue>,
}

/// What was read of all of them together.
pub struct Reading {
    backend: &'static dyn Rollbacker,
    workloads: Vec<Workload>,
    /// What stores their revisions, by the uid of the workload.
    stored: HashMap<String, Vec<Box<RawValue>>>,
    /// Whether `stored` has all there is.
    is_complete: bool,
    /// By namespace.
    warnings: HashMap<String, Vec<PodWarning>>,
    gap: Option<String>,
}

#[derive(Deserialize)]
struct Head {
    metadata: Meta,
}

#[derive(Deserialize)]
struct Meta {
    name: String,
    namespace: String,
    #[serde(default)]
    uid: String,
}

impl Reading {
    /// Asks for the workloads, the first page of what stores revisions, and the Warning Events.
    pub async fn start(
        cluster: &Cluster,
        backend: &'static dyn Rollbacker,
        scope: &Scope,
        names: Option<&BTreeSet<&str>>,
        deadline: Deadline,
    ) -> Result<Self> {
        let stores = scope.collection(backend.stores());
        let first = stores.clone().query("limit", &PAGE.to_string());
        let (workloads, page, (warnings, gap)) = join!(
            workloads(cluster, backend.kind(), scope, names, deadline),
            cluster.get_as::<RawList>(&first, deadline),
            events::pod_warnings(cluster, scope.namespace.as_deref(), deadline),
        );
        let (workloads, uids) = workloads?;
        let mut by_namespace: HashMap<String, Vec<PodWarning>> = HashMap::new();
        for warning in warnings {
            by_namespace.entry(warning.namespace.clone()).or_default().push(warning);
        }
        let mut reading = Self {
            backend,
            workloads,
            stored: HashMap::new(),
            is_complete: true,
            warnings: by_namespace,
            gap,
        };
        reading.add_pages(cluster, &stores, page?, &uids, deadline).await?;
        Ok(reading)
    }

    /// The workloads, in the order of their names.
    pub fn take_workloads(&mut self) -> Vec<Workload> {
        std::mem::take(&mut self.workloads)
    }

    /// All that is known of one of them; asks for its revisions where they were too many to read
    /// all together.
    pub async fn snapshot(
        &self,
        cluster: &Cluster,
        workload: Workload,
        deadline: Deadline,
    ) -> Result<Snapshot> {
        let object: Value = serde_json::from_str(workload.object.get())
            .map_err(|error| unreadable(&workload.target, &error))?;
        let uid = object.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
        let stored = if self.is_complete {
            let own = self.stored.get(uid).map(Vec::as_slice).unwrap_or_default();
            own.iter().filter_map(|item| serde_json::from_str(item.get()).ok()).collect()
        } else {
            let kind = self.backend.stores();
            let query =
                selector::to_query(object.pointer("/spec/selector").unwrap_or(&Value::Null));
            let path = Path::namespaced(&api(kind), &workload.target.namespace, kind.plural)
                .query("labelSelector", &query);
            let list: RawList = cluster.get_as(&path, deadline).await?;
            read::owned_by(uid, list.items)
        };
        let warnings = self.warnings.get(&workload.target.namespace).cloned();
        Ok(Snapshot {
            taken_at: now(),
            cluster: ClusterRef {
                context: cluster.context_name().to_owned(),
                server: cluster.server().to_owned(),
            },
            target: workload.target,
            workload: object,
            stored,
            pods: Vec::new(),
            warnings: warnings.unwrap_or_default(),
            owners: Vec::new(),
            owner_objects: Vec::new(),
            gaps: self.gap.iter().cloned().collect(),
        })
    }

    /// Goes through the pages as long as that is the shorter way.
    async fn add_pages(
        &mut self,
        cluster: &Cluster,
        collection: &Path,
        mut page: RawList,
        uids: &BTreeSet<String>,
        deadline: Deadline,
    ) -> Result<()> {
        loop {
            for item in page.items {
                if let Some(owner) = read::controller_of(&item).filter(|uid| uids.contains(uid)) {
                    self.stored.entry(owner).or_default().push(item);
                }
            }
            let ListMeta { more, remaining } = page.metadata;
            let Some(token) = more.filter(|token| !token.is_empty()) else { return Ok(()) };
            let pages = remaining.unwrap_or(i64::MAX).div_euclid(PAGE_I64).saturating_add(1);
            if usize::try_from(pages).unwrap_or(usize::MAX) > uids.len() / PARALLEL + 1 {
                self.is_complete = false;
                self.stored = HashMap::new();
                return Ok(());
            }
            let next =
                collection.clone().query("limit", &PAGE.to_string()).query("continue", &token);
            page = cluster.get_as(&next, deadline).await?;
        }
    }
}

/// The same for arithmetic with the API's numbers.
const PAGE_I64: i64 = 500;

/// The workloads of the scope, all pages of them, and their uids.
async fn workloads(
    cluster: &Cluster,
    kind: &'static Kind,
    scope: &Scope,
    names: Option<&BTreeSet<&str>>,
    deadline: Deadline,
) -> Result<(Vec<Workload>, BTreeSet<String>)> {
    let mut path = scope.collection(kind);
    if let Some(selector) = &scope.selector {
        path = path.query("labelSelector", selector);
    }
    path = path.query("limit", &PAGE.to_string());
    let (mut workloads, mut uids) = (Vec::new(), BTreeSet::new());
    let mut token = String::new();
    loop {
        let next =
            if token.is_empty() { path.clone() } else { path.clone().query("continue", &token) };
        let list: RawList =
            cluster.get_as(&next, deadline).await.map_err(|error| bad_selector(error, scope))?;
        for object in list.items {
            let Ok(Head { metadata }) = serde_json::from_str::<Head>(object.get()) else {
                continue;
            };
            if names.is_some_and(|names| !names.contains(metadata.name.as_str())) {
                continue;
            }
            uids.insert(metadata.uid);
            let target = Target::new(kind, &metadata.namespace, &metadata.name);
            workloads.push(Workload { target, object });
        }
        match list.metadata.more {
            Some(more) if !more.is_empty() => token = more,
            _ => return Ok((workloads, uids)),
        }
    }
}

/// The API server refuses what it cannot read as a selector.
fn bad_selector(error: Error, scope: &Scope) -> Error {
    match &scope.selector {
        Some(selector) if error.kind() == ErrorKind::Refused => {
            Error::new(ErrorKind::Usage, format!("{selector:?} is no selector of labels"))
                .because(error.causes().join("; "))
                .hint("selectors look like app=checkout,tier!=db or 'env in (prod,stage)'")
        }
        _ => error,
    }
}

fn unreadable(target: &Target, error: &serde_json::Error) -> Error {
    let message = format!("what the API server says of {} cannot be read", target.reference());
    Error::new(ErrorKind::Internal, message).because(error.to_string())
}

/// How many workloads of a kind there are.
pub async fn count(
    cluster: &Cluster,
    backend: &'static dyn Rollbacker,
    namespace: Option<&str>,
    deadline: Deadline,
) -> Result<i64> {
    let scope = Scope { namespace: namespace.map(str::to_owned), selector: None };
    let path = scope.collection(backend.kind()).query("limit", "1");
    let list: RawList = cluster.get_as(&path, deadline).await?;
    let first = i64::try_from(list.items.len()).unwrap_or(i64::MAX);
    Ok(first.saturating_add(list.metadata.remaining.unwrap_or_default()))
}
