//! Reading many workloads: with as few requests as there are pages, and one workload in memory as a
//! value at a time.
//!
//! Workloads, Warning Events and the first page of what stores revisions are asked for at the same
//! time, once for all. Where that page was not all, either the rest is paged through or each
//! workload's own are asked for, whatever takes fewer round trips.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::StreamExt as _;
use futures::stream;

use crate::backend::{self, Reading, Rollbacker, Scope};
use crate::cluster::{Cluster, Deadline};
use crate::error::{Error, ErrorKind, Result};
use crate::reconciler::chain;
use crate::rollback::execute::AT_ONCE;
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::Target;

/// Up to so many workloads are read one by one, in parallel.
const FEW: usize = 8;

/// Which workloads to read.
pub enum Wish {
    /// These.
    Named(Vec<(&'static dyn Rollbacker, Target)>),
    /// All of these kinds with these labels.
    Selected {
        /// The kinds.
        backends: Vec<&'static dyn Rollbacker>,
        /// `None`: whatever their labels.
        selector: Option<String>,
        /// `None`: in all namespaces.
        namespace: Option<String>,
    },
}

/// One workload, or why it could not be read.
pub struct Found<T> {
    /// Its kind.
    pub backend: &'static dyn Rollbacker,
    /// It.
    pub target: Target,
    /// What was made of its snapshot.
    pub result: Result<T>,
}

/// Reads each workload, hands its snapshot to `make` and keeps what that makes of it, in the order
/// of the names. [`ErrorKind::NotFound`] where nothing fits the selection.
pub async fn each<T>(
    cluster: &Cluster,
    wish: Wish,
    deadline: Deadline,
    make: impl Fn(&'static dyn Rollbacker, Snapshot) -> T,
) -> Result<Vec<Found<T>>> {
    match wish {
        Wish::Named(named) if named.len() <= FEW => few(cluster, named, deadline, &make).await,
        Wish::Named(named) => named_many(cluster, named, deadline, make).await,
        Wish::Selected { backends, selector, namespace } => {
            let scope = Scope { namespace, selector };
            let mut all = Vec::new();
            for backend in &backends {
                all.extend(read(cluster, *backend, &scope, None, deadline, &make).await?);
            }
            if all.is_empty() { Err(nothing_fits(&backends, &scope)) } else { Ok(all) }
        }
    }
}

/// How many workloads of these kinds there are, at the cost of one small request each.
pub async fn count(
    cluster: &Cluster,
    backends: &[&'static dyn Rollbacker],
    namespace: Option<&str>,
    deadline: Deadline,
) -> Result<i64> {
    let mut count = 0;
    for backend in backends {
        count += backend::count(cluster, *backend, namespace, deadline).await?;
    }
    Ok(count)
}

async fn few<T>(
    cluster: &Cluster,
    named: Vec<(&'static dyn Rollbacker, Target)>,
    deadline: Deadline,
    make: &impl Fn(&'static dyn Rollbacker, Snapshot) -> T,
) -> Result<Vec<Found<T>>> {
    let mut all: Vec<Found<T>> = stream::iter(named)
        .map(|(backend, target)| async move {
            let snapshot = super::take(cluster, backend, &target, deadline).await;
            let result = snapshot.map(|snapshot| make(backend, snapshot));
            Found { backend, target, result }
        })
        .buffered(FEW)
        .collect()
        .await;
    // Said once, and not of each workload.
    let is_outage = |found: &Found<T>| {
        let kind = found.result.as_ref().err().map(Error::kind);
        matches!(kind, Some(ErrorKind::Unreachable | ErrorKind::Unauthenticated))
    };
    if all.iter().all(is_outage)
        && let Some(Found { result: Err(error), .. }) = all.pop()
    {
        return Err(error);
    }
    Ok(all)
}

/// Names that are many: all of their kind and namespace are listed, and these are kept.
async fn named_many<T>(
    cluster: &Cluster,
    named: Vec<(&'static dyn Rollbacker, Target)>,
    deadline: Deadline,
    make: impl Fn(&'static dyn Rollbacker, Snapshot) -> T,
) -> Result<Vec<Found<T>>> {
    let mut groups: BTreeMap<(&str, String), Vec<usize>> = BTreeMap::new();
    for (index, (backend, target)) in named.iter().enumerate() {
        let group = (backend.kind().kind, target.namespace.clone());
        groups.entry(group).or_default().push(index);
    }
    let mut found: HashMap<Target, Found<T>> = HashMap::new();
    for ((_, namespace), indexes) in groups {
        let group: Vec<_> = indexes.iter().filter_map(|index| named.get(*index)).collect();
        let Some((backend, _)) = group.first() else { continue };
        let kept: BTreeSet<&str> = group.iter().map(|(_, target)| target.name.as_str()).collect();
        let scope = Scope { namespace: Some(namespace), selector: None };
        let read = match read(cluster, *backend, &scope, Some(&kept), deadline, &make).await {
            // Who may get a workload may not be allowed to list them.
            Err(error) if error.kind() == ErrorKind::Forbidden => {
                let group = group.iter().map(|(backend, target)| (*backend, target.clone()));
                few(cluster, group.collect(), deadline, &make).await?
            }
            read => read?,
        };
        found.extend(read.into_iter().map(|one| (one.target.clone(), one)));
    }
    let missing = |backend: &'static dyn Rollbacker, target: Target| {
        let (reference, namespace) = (target.reference(), target.namespace.clone());
        let message = format!("{reference} does not exist in namespace {namespace}");
        let get = format!("kubectl get {} -n {namespace} {}", backend.kind().plural, cluster.pin());
        let error = Error::new(ErrorKind::NotFound, message)
            .hint(format!("to see what is there: {}", get.trim_end()));
        Found { backend, target, result: Err(error) }
    };
    let one = |(backend, target): (&'static dyn Rollbacker, Target)| {
        found.remove(&target).unwrap_or_else(|| missing(backend, target))
    };
    Ok(named.into_iter().map(one).collect())
}

/// Reads the workloads of one kind.
async fn read<T>(
    cluster: &Cluster,
    backend: &'static dyn Rollbacker,
    scope: &Scope,
    names: Option<&BTreeSet<&str>>,
    deadline: Deadline,
    make: &impl Fn(&'static dyn Rollbacker, Snapshot) -> T,
) -> Result<Vec<Found<T>>> {
    let mut reading = Reading::start(cluster, backend, scope, names, deadline).await?;
    let workloads = reading.take_workloads();
    let reading = &reading;
    let all = stream::iter(workloads)
        .map(|workload| async move {
            let target = workload.target.clone();
            let result = match reading.snapshot(cluster, workload, deadline).await {
                Ok(mut snapshot) => {
                    super::add_pods(cluster, backend, &mut snapshot, deadline).await;
                    snapshot.owners = chain::by_marks(&snapshot.workload);
                    Ok(make(backend, snapshot))
                }
                Err(error) => Err(error),
            };
            Found { backend, target, result }
        })
        .buffered(AT_ONCE)
        .collect()
        .await;
    Ok(all)
}

fn nothing_fits(backends: &[&'static dyn Rollbacker], scope: &Scope) -> Error {
    let kinds: Vec<&str> = backends.iter().map(|backend| backend.kind().singular).collect();
    let place = match &scope.namespace {
        Some(namespace) => format!("in namespace {namespace}"),
        None => "in any namespace".to_owned(),
    };
    let labels = match &scope.selector {
        Some(selector) => format!(" has labels that fit {selector}"),
        None => " exists".to_owned(),
    };
    Error::new(ErrorKind::NotFound, format!("no {} {place}{labels}", kinds.join(" or ")))
}
