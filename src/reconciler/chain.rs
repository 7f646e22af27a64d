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

/// A workload whose owners are looked for.
#[derive(Clone, Debug, Default)]
pub struct Marked {
    /// What is looked at of it: see [`marks()`].
    pub marks: Value,
    /// Those who were found to own it before, and those above them: they are asked for where they were.
    pub known: Vec<Target>,
}

impl From<Value> for Marked {
    fn from(marks: Value) -> Self {
        Self { marks, known: Vec::new() }
    }
}

/// An object of one level.
struct At {
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

/// The same, for somebody who has read its owners before.
#[must_use]
pub fn marked(workload: &Value, owners: &[Owner]) -> Marked {
    let known = owners.iter().filter(|owner| owner.counts());
    Marked {
        marks: marks(workload),
        known: known.filter_map(|owner| owner.object.clone()).collect(),
    }
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
    let workloads = workloads.into_iter().map(Marked::from).collect();
    climb(workloads, async |asks| Facts::gather(cluster, asks, field_manager, deadline).await).await
}

/// The same, with whatever finds the facts out.
pub(super) async fn climb(
    workloads: Vec<Marked>,
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
    workloads: Vec<Marked>,
    gather: impl AsyncFn(Vec<Ask>) -> Facts<'static>,
    mut on_close: impl FnMut(&mut Rung, (Option<Value>, &Facts<'_>)),
) -> Vec<Vec<Rung>> {
    let mut chains: Vec<Vec<Rung>> = workloads.iter().map(|_| Vec::new()).collect();
    let mut seen: HashSet<(usize, Target)> = HashSet::new();
    let (objects, known): (Vec<Value>, Vec<Vec<Target>>) =
        workloads.into_iter().map(|one| (one.marks, one.known)).unzip();
    let at = |(index, object)| At { index, object };
    let mut level: Vec<At> = objects.into_iter().enumerate().map(at).collect();
    let mut open: Vec<Found> = Vec::new();
    for depth in 0..=LEVELS {
        let claimed = claims(&level, &known);
        let further = open.iter().flat_map(Found::further);
        let asks: Vec<Ask> = claimed.iter().flat_map(Claimed::asks).chain(further).collect();
        let facts = gather(asks).await;
        close(&mut chains, std::mem::take(&mut open), &facts, &mut on_close);
        if claimed.is_empty() || depth == LEVELS {
            break;
        }
        let mut next = Vec::new();
        for claimed in &claimed {
            let Some(at) = level.get(claimed.at) else { continue };
            for link in claimed.reconciler.judge(&claimed.claim, &at.object, &facts) {
                let found = found(at.index, claimed, link, depth);
                if let Some(object) = &found.object
                    && found.owner.counts()
                    && seen.insert((found.index, reference(object)))
                {
                    next.push(At { index: found.index, object: object.clone() });
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
    let level = [At { index: 0, object: marks::of(object) }];
    let [At { object, .. }] = &level;
    let judged = claims(&level, &[])
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

fn claims(level: &[At], known: &[Vec<Target>]) -> Vec<Claimed> {
    let mut claims = Vec::new();
    for (at, one) in level.iter().enumerate() {
        let known = known.get(one.index).map(Vec::as_slice).unwrap_or_default();
        for reconciler in REGISTRY.iter().copied() {
            let found = reconciler.claims(&one.object).into_iter();
            let claimed = |claim: Claim| {
                let claim = claim.placed(reconciler, known);
                Claimed { reconciler, claim, at }
            };
            claims.extend(found.map(claimed));
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
