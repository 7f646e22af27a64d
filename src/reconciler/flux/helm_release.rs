//! A `HelmRelease`: it installs and upgrades a chart. Between two upgrades it leaves its objects alone unless
//! it is set up to detect drift, and its next upgrade puts back what the release says.

mod as_owner;
mod chart;
mod converging;
mod course;
mod nudging;
mod state;

use jiff::Timestamp;
use serde_json::Value;

use crate::error::Result;
use crate::facts::{Ask, Facts};
use crate::rollback::model::agreement::Agreement;
use crate::rollback::model::convergence::{Applied, Convergence, Relation};
use crate::rollback::model::following::Unheard;
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::target::Target;

use super::super::following::{Address, Following, Nudge};
use super::super::holding::{Switch, UnderWay};
use super::super::marks::reference;
use super::super::rendered::Rendered;
use super::super::taken::Taken;
use super::super::{Claim, Link, Reconciler};
use super::fields::{list, text};
use super::ignore::Ignored;
use super::kind::{Kind, Standing, slim};
use super::source::SourceRef;
use super::{
    applied, barring, dependency, held, image_automation, inventory, renders, request, settling,
    values_from,
};

pub(super) static KIND: Kind = Kind {
    word: "HelmRelease",
    group: "helm.toolkit.fluxcd.io",
    version: "v2",
    plural: "helmreleases",
    labels: "helm.toolkit.fluxcd.io",
    manager: "helm-controller",
};

/// Where the source of its chart stands in it.
pub(super) const SOURCE: &str = "/spec/chart/spec/sourceRef";

/// `HelmReleases` of Flux.
#[derive(Debug)]
pub(in super::super) struct HelmReleases;

impl Reconciler for HelmReleases {
    fn claims(&self, object: &Value) -> Vec<Claim> {
        KIND.claims(object)
    }

    fn asks(&self, claim: &Claim) -> Vec<Ask> {
        KIND.asks(claim)
    }

    fn judge(&self, claim: &Claim, object: &Value, facts: &Facts<'_>) -> Vec<Link> {
        let mut owner = Owner {
            name: KIND.named(claim),
            would: "its next upgrade puts back what the release says".to_owned(),
            mark: claim.mark.clone(),
            object: Some(KIND.target(claim)),
            ..Owner::default()
        };
        let found = match KIND.find(claim, facts) {
            Standing::Unasked => return vec![Link { owner, object: None }],
            Standing::Not(proof) => {
                owner.proof = proof;
                return vec![Link { owner, object: None }];
            }
            Standing::There(found) => found,
        };
        let (proof, doubt) = inventory::proof(&KIND, claim, object, found);
        owner.proof = proof;
        course::of(found, object, &claim.of).tell(&mut owner);
        owner.barriers.extend(barring::of(found, &KIND.target(claim)));
        owner.notes.extend(doubt);
        owner.notes.extend(state::notes(found));
        vec![Link { owner, object: Some(slim(found)) }]
    }

    fn further(&self, owner: &Value) -> Vec<Ask> {
        let source = SourceRef::at(owner, SOURCE);
        let mut asks = chart::asks(owner);
        asks.extend(source.iter().flat_map(image_automation::asks));
        asks.extend(dependency::asks(&KIND, owner));
        asks
    }

    fn complete(&self, link: &mut Owner, owner: &Value, facts: &Facts<'_>) {
        let source = SourceRef::at(owner, SOURCE);
        let chart::Found { source: source_of_chart, notes, barriers } = chart::read(owner, facts);
        link.sources.extend(source_of_chart);
        link.notes.extend(notes);
        link.barriers.extend(barriers);
        link.notes.extend(source.and_then(|source| image_automation::unread(&source, facts)));
        link.notes.extend(dependency::notes(&KIND, owner, None, facts));
    }

    fn address(&self, owner: &Target) -> Option<Address> {
        KIND.is_of(owner).then(|| KIND.address(&owner.namespace, &owner.name))
    }

    fn watched(&self, owner: &Value) -> Vec<Address> {
        nudging::watched(owner)
    }

    fn convergence(&self, owner: &Value, following: &Following<'_>) -> Convergence {
        converging::of(owner, following)
    }

    fn nudges(&self, owner: &Value, following: &Following<'_>) -> Vec<Nudge> {
        nudging::of(owner, following)
    }

    fn unheard(&self, owner: &Value, following: &Following<'_>) -> Option<Unheard> {
        request::unheard(owner, &KIND.address_of(owner), following)
    }

    fn applied(&self, owner: &Value) -> Vec<Applied> {
        applied::of_release(owner)
    }

    fn renders(&self, owner: &Value) -> Vec<Rendered> {
        renders::of_release(owner)
    }

    fn takes(&self, owner: &Value) -> Vec<Taken> {
        values_from::of_release(owner)
    }

    fn switch(&self, owner: &Value, _makers: &[Value]) -> Result<Switch> {
        held::switch(owner)
    }

    fn under_way(&self, owner: &Value) -> Option<UnderWay> {
        held::under_way(owner)
    }

    fn has_source(&self) -> bool {
        true
    }

    fn is_release(&self) -> bool {
        true
    }

    fn waits_for_health(&self) -> bool {
        true
    }

    fn writes_as(&self, manager: &str) -> bool {
        manager == KIND.manager
    }

    fn settled(&self, owner: &Value, others: &[&Value]) -> Result<Convergence, String> {
        let all = Following::of_nobody(&|_| Relation::Other, others);
        let fetchers = converging::fetchers(owner, &all);
        settling::settled(owner, others, fetchers.repository.or(fetchers.chart), converging::of)
    }

    fn agreement(&self, owner: &Value, workload: &Value, undone: Option<Timestamp>) -> Agreement {
        let rules = list(owner, "/spec/driftDetection/ignore");
        let ignored = Ignored::of(&reference(workload), rules);
        let applied = applied::of_release(owner);
        settling::agreement(&KIND, workload, undone, &applied, None, &ignored)
    }

    fn hindrances(&self, owner: &Value, facts: &Facts<'_>) -> Vec<String> {
        settling::hindrances(owner, SourceRef::at(owner, SOURCE), facts)
    }

    fn applies(&self, owner: &Value) -> Option<String> {
        let latest = state::latest(owner)?;
        Some(format!("{} {}", text(latest, "/chartName"), text(latest, "/chartVersion")))
    }
}

#[cfg(test)]
mod tests;
