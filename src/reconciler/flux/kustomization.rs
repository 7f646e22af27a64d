//! A Kustomization: it applies a folder of a source again and again, and puts back what differs.

mod as_owner;
mod converging;
mod course;
mod nudging;
mod state;

use jiff::Timestamp;
use serde_json::Value;

use crate::error::Result;
use crate::facts::{Ask, Facts};
use crate::rollback::model::agreement::Agreement;
use crate::rollback::model::convergence::{Applied, Convergence};
use crate::rollback::model::following::Unheard;
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::target::Target;

use super::super::following::{Address, Following, Nudge};
use super::super::holding::{Switch, UnderWay};
use super::super::marks::reference;
use super::super::rendered::Rendered;
use super::super::taken::Taken;
use super::super::{Claim, Link, Reconciler};
use super::fields::{list, text, word};
use super::ignore::Ignored;
use super::kind::{Kind, Standing, slim};
use super::source::{self, SourceRef};
use super::{
    applied, barring, dependency, health_check, held, image_automation, inventory, opt_out, path,
    renders, request, revision, settling, values_from,
};

pub(super) static KIND: Kind = Kind {
    word: "Kustomization",
    group: "kustomize.toolkit.fluxcd.io",
    version: "v1",
    plural: "kustomizations",
    labels: "kustomize.toolkit.fluxcd.io",
    manager: "kustomize-controller",
};

/// Where its source stands in it.
pub(super) const SOURCE: &str = "/spec/sourceRef";

/// Kustomizations of Flux.
#[derive(Debug)]
pub(in super::super) struct Kustomizations;

impl Reconciler for Kustomizations {
    fn claims(&self, object: &Value) -> Vec<Claim> {
        KIND.claims(object)
    }

    fn asks(&self, claim: &Claim) -> Vec<Ask> {
        KIND.asks(claim)
    }

    fn judge(&self, claim: &Claim, object: &Value, facts: &Facts<'_>) -> Vec<Link> {
        let mut owner = Owner {
            name: KIND.named(claim),
            would: "it puts back what its source says at its next run".to_owned(),
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
        owner.barriers.extend(barring::of_object(found, object, &claim.of));
        owner.notes.extend(doubt);
        owner.notes.extend(state::notes(found, object));
        vec![Link { owner, object: Some(slim(found)) }]
    }

    fn further(&self, owner: &Value) -> Vec<Ask> {
        let source = SourceRef::at(owner, SOURCE);
        let mut asks: Vec<Ask> = source.and_then(|source| source.ask()).into_iter().collect();
        asks.extend(source.iter().flat_map(image_automation::asks));
        asks.extend(dependency::asks(&KIND, owner));
        asks.extend(health_check::asks(owner));
        asks
    }

    fn complete(&self, link: &mut Owner, owner: &Value, facts: &Facts<'_>) {
        let mut artifact = None;
        if let Some(reference) = SourceRef::at(owner, SOURCE) {
            let mut read = reference.read(facts);
            read.source.path = Some(path::clean(text(owner, "/spec/path")));
            let live = state::live_revision(owner);
            // What it has fetched last is not yet what is live.
            read.source.revision = live.map(|live| source::plain(read.source.kind, live));
            let tried = word(owner, "/status/lastAttemptedRevision");
            if let (Some(artifact), Some(tried)) = (&read.artifact, tried)
                && !revision::are_same(artifact, tried)
            {
                let artifact = revision::words(artifact);
                link.notes.push(format!("its source has {artifact}, which it has not tried yet"));
            }
            link.notes.extend(read.notes);
            link.barriers.extend(read.barriers);
            link.notes.extend(image_automation::unread(&reference, facts));
            link.sources.push(read.source);
            artifact = read.artifact;
        }
        link.notes.extend(dependency::notes(&KIND, owner, artifact.as_deref(), facts));
        link.notes.extend(health_check::note(owner, facts));
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
        applied::of_kustomization(owner)
    }

    fn renders(&self, owner: &Value) -> Vec<Rendered> {
        renders::of_kustomization(owner)
    }

    fn takes(&self, owner: &Value) -> Vec<Taken> {
        values_from::of_kustomization(owner)
    }

    fn applied_of(&self, owner: &Value, _source: usize) -> Vec<Applied> {
        self.applied(owner)
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

    fn waits_for_health(&self) -> bool {
        true
    }

    fn writes_as(&self, manager: &str) -> bool {
        manager == KIND.manager
    }

    fn settled(&self, owner: &Value, others: &[&Value]) -> Result<Convergence, String> {
        settling::settled(owner, others, SourceRef::at(owner, SOURCE), converging::of)
    }

    fn agreement(&self, owner: &Value, workload: &Value, undone: Option<Timestamp>) -> Agreement {
        let ignored = Ignored::of(&reference(workload), list(owner, "/spec/ignore"));
        let left_alone = opt_out::from_apply(workload);
        let applied = applied::of_kustomization(owner);
        settling::agreement(&KIND, workload, undone, &applied, left_alone, &ignored)
    }

    fn hindrances(&self, owner: &Value, facts: &Facts<'_>) -> Vec<String> {
        settling::hindrances(owner, SourceRef::at(owner, SOURCE), facts)
    }

    fn applies(&self, owner: &Value) -> Option<String> {
        let tried = word(owner, "/status/lastAttemptedRevision");
        tried.or_else(|| state::live_revision(owner)).map(revision::words)
    }
}

#[cfg(test)]
mod tests;
