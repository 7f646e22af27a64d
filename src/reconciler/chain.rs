//! Reads the chain of owners of objects: a level at a time, each in one round trip, whatever the number
//! of objects. An object without marks costs nothing.

use std::collections::HashSet;

use serde_json::Value;

use crate::cluster::{Cluster, Deadline};
use crate::facts::{Ask, Facts};
use crate::rollback::model::hold::OpenHold;
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::target::Target;

use super::marks::{self, reference};
use super::rung::Rung;
use super::{Claim, Link, REGISTRY, Reconciler};

/// Levels that are climbed at most: owners may own each other in a circle.
const LEVELS: usize = 8;

/// Somebody's owner who was found, and whose further facts are still to be read.
struct Found {
    /// The workload that it is about.
    index: usize,
    reconciler: &'static dyn Reconciler,
    owner: Owner,
    object: Option<Value>,
}

/// An object whose marks are looked at.
struct Marked {
    index: usize,
    object: Value,
}

struct Claimed {
    reconciler: &'static dyn Reconciler,
    claim: Claim,
    at: usize,
}

/// What is looked at of a workload: it is much smaller than the whole.
#[must_use]
pub fn marks(workload: &Value) -> Value {
    marks::of(workload)
}

/// The owners of each workload, which is given by its [`marks()`], in its place; the nearest first. What
/// cannot be read is said in the owner's proof, and ends the chain there.
pub async fn read(
    cluster: &Cluster,
    workloads: Vec<Value>,
    field_manager: &str,
    deadline: Deadline,
) -> Vec<Vec<Owner>> {
    let chains = links(cluster, workloads, field_manager, deadline).await.into_iter();
    chains.map(|chain| chain.into_iter().map(|link| link.owner).collect()).collect()
}

/// The same with their objects, without what grows with the number of objects that they own.
pub async fn links(
    cluster: &Cluster,
    workloads: Vec<Value>,
    field_manager: &str,
    deadline: Deadline,
) -> Vec<Vec<Link>> {
    climb(workloads, async |asks| Facts::gather(cluster, asks, field_manager, deadline).await).await
}

/// The same, with whatever finds the facts out.
pub(super) async fn climb(
    workloads: Vec<Value>,
    gather: impl AsyncFn(Vec<Ask>) -> Facts<'static>,
) -> Vec<Vec<Link>> {
    let keep = |rung: &mut Rung, (object, _): (Option<Value>, &Facts<'_>)| rung.object = object;
    let chains = rungs(workloads, gather, keep).await.into_iter();
    let link = |rung: Rung| Link { owner: rung.owner, object: rung.object };
    chains.map(|chain| chain.into_iter().map(link).collect()).collect()
}

/// The same with the reconcilers. `on_close` gets each owner that is known whole, and the facts that were
/// found out last; what it does not take out of it is gone then.
pub(super) async fn rungs(
    workloads: Vec<Value>,
    gather: impl AsyncFn(Vec<Ask>) -> Facts<'static>,
    mut on_close: impl FnMut(&mut Rung, (Option<Value>, &Facts<'_>)),
) -> Vec<Vec<Rung>> {
    let mut chains: Vec<Vec<Rung>> = workloads.iter().map(|_| Vec::new()).collect();
    let mut seen: HashSet<(usize, Target)> = HashSet::new();
    let marked = |(index, object)| Marked { index, object };
    let mut level: Vec<Marked> = workloads.into_iter().enumerate().map(marked).collect();
    let mut open: Vec<Found> = Vec::new();
    for depth in 0..=LEVELS {
        let claimed = claims(&level);
        let further = open.iter().flat_map(Found::further);
        let asks: Vec<Ask> = claimed.iter().flat_map(Claimed::asks).chain(further).collect();
        let facts = gather(asks).await;
        close(&mut chains, std::mem::take(&mut open), &facts, &mut on_close);
        if claimed.is_empty() || depth == LEVELS {
            break;
        }
        let mut next = Vec::new();
        for claimed in &claimed {
            let Some(marked) = level.get(claimed.at) else { continue };
            for link in claimed.reconciler.judge(&claimed.claim, &marked.object, &facts) {
                let found = found(marked.index, claimed, link, depth);
                if let Some(object) = &found.object
                    && found.owner.counts()
                    && seen.insert((found.index, reference(object)))
                {
                    next.push(Marked { index: found.index, object: object.clone() });
                }
                open.push(found);
            }
        }
        level = next;
    }
    chains
}

/// The owners that an object's own marks claim, without asking anybody.
#[must_use]
pub fn by_marks(object: &Value) -> Vec<Owner> {
    let facts = Facts::default();
    let level = [Marked { index: 0, object: marks::of(object) }];
    let [Marked { object, .. }] = &level;
    let judged = claims(&level)
        .into_iter()
        .flat_map(|claimed| claimed.reconciler.judge(&claimed.claim, object, &facts));
    judged.map(|link| link.owner).collect()
}

fn found(index: usize, claimed: &Claimed, link: Link, depth: usize) -> Found {
    let mut owner = link.owner;
    // The workload itself is what the document is about.
    owner.of = (depth > 0).then(|| claimed.claim.of.clone());
    if let (Some(object), Some(target)) = (&link.object, &owner.object) {
        owner.holds = OpenHold::on(object, target);
    }
    Found { index, reconciler: claimed.reconciler, owner, object: link.object }
}

fn claims(level: &[Marked]) -> Vec<Claimed> {
    let mut claims = Vec::new();
    for (at, marked) in level.iter().enumerate() {
        for reconciler in REGISTRY.iter().copied() {
            let found = reconciler.claims(&marked.object).into_iter();
            claims.extend(found.map(|claim| Claimed { reconciler, claim, at }));
        }
    }
    claims
}

fn close(
    chains: &mut [Vec<Rung>],
    open: Vec<Found>,
    facts: &Facts<'_>,
    on_close: &mut impl FnMut(&mut Rung, (Option<Value>, &Facts<'_>)),
) {
    for mut found in open {
        if let Some(object) = &found.object {
            found.reconciler.complete(&mut found.owner, object, facts);
        }
        if let Some(chain) = chains.get_mut(found.index) {
            let mut rung = Rung::new(found.reconciler, found.owner);
            on_close(&mut rung, (found.object, facts));
            chain.push(rung);
        }
    }
}

impl Claimed {
    fn asks(&self) -> Vec<Ask> {
        self.reconciler.asks(&self.claim)
    }
}

impl Found {
    fn further(&self) -> Vec<Ask> {
        self.object.as_ref().map(|object| self.reconciler.further(object)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
