//! Owners with all that was read of them: for whoever wants to know how they do, and not only who they
//! are.

use std::collections::HashSet;

use serde_json::Value;

use crate::cluster::{Cluster, Deadline};
use crate::facts::{Ask, Facts};
use crate::rollback::model::ownership::Owner;

use super::Reconciler;
use super::chain::{Marked, rungs};
use super::following::Address;

/// Levels of what an owner takes its objects from: a chart, and the repository that it is built from.
const LEVELS: usize = 2;

/// One owner of a chain.
#[derive(Clone, Debug)]
pub struct Rung {
    /// Its kind.
    pub reconciler: &'static dyn Reconciler,
    /// Who it is.
    pub owner: Owner,
    /// Its object, where it could be read.
    pub object: Option<Value>,
    /// What it takes its objects from and depends on, where that could be read.
    pub others: Vec<Value>,
    /// What keeps it from taking up a commit by itself, each a sentence about it.
    pub hindrances: Vec<String>,
}

impl Rung {
    pub(super) fn new(reconciler: &'static dyn Reconciler, owner: Owner) -> Self {
        Self { reconciler, owner, object: None, others: Vec::new(), hindrances: Vec::new() }
    }

    /// Whether it has a source, and what it says is about the workload: it owns the workload, or the
    /// release that owns it.
    #[must_use]
    pub fn is_near(&self) -> bool {
        let of = self.owner.of.as_ref();
        self.owner.counts() && self.reconciler.has_source() && of.is_none_or(super::is_release)
    }
}

/// The owners of each workload in its place, the nearest first, with their objects and those of their
/// sources. An object without marks costs nothing.
pub async fn read(
    cluster: &Cluster,
    workloads: Vec<Marked>,
    field_manager: &str,
    deadline: Deadline,
) -> Vec<Vec<Rung>> {
    let gather = async |asks: Vec<Ask>| Facts::gather(cluster, asks, field_manager, deadline).await;
    climb(workloads, gather).await
}

/// The same, with whatever finds the facts out.
pub(super) async fn climb(
    workloads: Vec<Marked>,
    gather: impl AsyncFn(Vec<Ask>) -> Facts<'static>,
) -> Vec<Vec<Rung>> {
    let keep = |rung: &mut Rung, (object, facts): (Option<Value>, &Facts<'_>)| {
        if let Some(object) = object {
            rung.hindrances = rung.reconciler.hindrances(&object, facts);
            rung.others = known(rung.reconciler, &object, &[], facts);
            rung.object = Some(object);
        }
    };
    let mut chains = rungs(workloads, &gather, keep).await;
    let mut asked: HashSet<Ask> = HashSet::new();
    for _ in 0..LEVELS {
        let near = chains.iter().flatten().filter(|rung| rung.is_near());
        let asks = near.flat_map(missing).map(|address| ask(&address));
        // What was not there is not asked for again.
        let asks: Vec<Ask> = asks.filter(|ask| asked.insert(ask.clone())).collect();
        if asks.is_empty() {
            break;
        }
        let facts = gather(asks).await;
        for rung in chains.iter_mut().flatten().filter(|rung| rung.is_near()) {
            let Some(object) = &rung.object else { continue };
            let more = known(rung.reconciler, object, &rung.others, &facts);
            rung.others.extend(more);
        }
    }
    chains
}

fn ask(address: &Address) -> Ask {
    Ask::Read(address.object().to_string())
}

/// What is to be known besides an owner, and is not among the others.
fn wanted(reconciler: &dyn Reconciler, object: &Value, others: &[Value]) -> Vec<Address> {
    let all = std::iter::once(object).chain(others).flat_map(|one| reconciler.watched(one));
    let is_there = |address: &Address| {
        others.iter().any(|other| {
            let at = |pointer: &str| other.pointer(pointer).and_then(Value::as_str);
            let target = &address.target;
            at("/kind") == Some(&target.kind)
                && at("/metadata/namespace") == Some(&target.namespace)
                && at("/metadata/name") == Some(&target.name)
        })
    };
    all.filter(|address| !is_there(address)).collect()
}

fn missing(rung: &Rung) -> Vec<Address> {
    let object = rung.object.as_ref();
    object.map(|object| wanted(rung.reconciler, object, &rung.others)).unwrap_or_default()
}

/// What of that the facts know.
fn known(
    reconciler: &dyn Reconciler,
    object: &Value,
    others: &[Value],
    facts: &Facts<'_>,
) -> Vec<Value> {
    let wanted = wanted(reconciler, object, others);
    wanted.iter().filter_map(|address| facts.value(&ask(address)).ok().cloned()).collect()
}

#[cfg(test)]
mod tests;
