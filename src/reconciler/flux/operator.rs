//! The objects of the Flux operator: a `ResourceSet` makes objects from a template, a `FluxInstance` sets up
//! Flux itself. Both apply again and again what they were told, and list it as a Kustomization does.

use std::time::Duration;

use serde_json::Value;

use crate::facts::{Ask, Facts};
use crate::rollback::model::ownership::{Automation, Owner};

use super::super::marks::annotation;
use super::super::{Claim, Link, Reconciler};
use super::acts::Acts;
use super::condition::trouble;
use super::duration::{parse, within, words};
use super::fields::is_set;
use super::inventory;
use super::kind::{Kind, Standing, slim};

static SET: Kind = Kind {
    word: "ResourceSet",
    group: "fluxcd.controlplane.io",
    version: "v1",
    plural: "resourcesets",
    labels: "resourceset.fluxcd.controlplane.io",
    manager: "flux-operator",
};

static INSTANCE: Kind = Kind {
    word: "FluxInstance",
    group: "fluxcd.controlplane.io",
    version: "v1",
    plural: "fluxinstances",
    labels: "fluxcd.controlplane.io",
    manager: "flux-operator",
};

/// Says `disabled` where it does nothing.
const RECONCILE: &str = "fluxcd.controlplane.io/reconcile";
/// How often it runs.
const EVERY: &str = "fluxcd.controlplane.io/reconcileEvery";
const DEFAULT_INTERVAL: Duration = Duration::from_secs(3_600);

/// `ResourceSet`s.
#[derive(Debug)]
pub(in super::super) struct ResourceSets;

/// `FluxInstance`s.
#[derive(Debug)]
pub(in super::super) struct FluxInstances;

impl Reconciler for ResourceSets {
    fn claims(&self, object: &Value) -> Vec<Claim> {
        SET.claims(object)
    }

    fn asks(&self, claim: &Claim) -> Vec<Ask> {
        SET.asks(claim)
    }

    fn judge(&self, claim: &Claim, object: &Value, facts: &Facts<'_>) -> Vec<Link> {
        judge(&SET, claim, object, facts)
    }
}

impl Reconciler for FluxInstances {
    fn claims(&self, object: &Value) -> Vec<Claim> {
        INSTANCE.claims(object)
    }

    fn asks(&self, claim: &Claim) -> Vec<Ask> {
        INSTANCE.asks(claim)
    }

    fn judge(&self, claim: &Claim, object: &Value, facts: &Facts<'_>) -> Vec<Link> {
        judge(&INSTANCE, claim, object, facts)
    }
}

fn judge(kind: &Kind, claim: &Claim, object: &Value, facts: &Facts<'_>) -> Vec<Link> {
    let mut owner = Owner {
        name: kind.named(claim),
        would: "it puts back what it says itself at its next run".to_owned(),
        mark: claim.mark.clone(),
        object: Some(kind.target(claim)),
        ..Owner::default()
    };
    let found = match kind.find(claim, facts) {
        Standing::Unasked => return vec![Link { owner, object: None }],
        Standing::Not(proof) => {
            owner.proof = proof;
            return vec![Link { owner, object: None }];
        }
        Standing::There(found) => found,
    };
    let (proof, doubt) = inventory::proof(kind, claim, object, found);
    owner.proof = proof;
    course(found).tell(&mut owner);
    owner.notes.extend(doubt);
    owner.notes.extend(trouble(found));
    vec![Link { owner, object: Some(slim(found)) }]
}

/// What it makes stands in its own spec: a commit reaches it where somebody applies that from Git.
fn course(owner: &Value) -> Acts {
    let says = annotation(owner, RECONCILE).unwrap_or_default();
    let suspended = says.eq_ignore_ascii_case("disabled");
    let automation = Automation { syncs: true, heals: true, prunes: true, suspended };
    if is_set(owner, "/metadata/deletionTimestamp") {
        let would = "it is being deleted, and deletes what it made".to_owned();
        return Acts { would, within: None, automation };
    }
    if suspended {
        let would = format!(
            "it does nothing while it is switched off (annotation {RECONCILE}: disabled), and puts back \
             what it says itself after that"
        );
        return Acts { would, within: None, automation };
    }
    let interval = annotation(owner, EVERY).and_then(parse).unwrap_or(DEFAULT_INTERVAL);
    let latest = within(interval);
    let would =
        format!("it puts back what it says itself at its next run, within {}", words(latest));
    Acts { would, within: Some(latest), automation }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rollback::model::ownership::Proof;

    fn labelled(start: &str) -> Value {
        json!({"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
            "metadata": {"namespace": "flux-system", "name": "apps", "labels": {
                format!("{start}/name"): "flux", format!("{start}/namespace"): "flux-system"}}})
    }

    fn owner(annotations: &Value, id: &str) -> Value {
        json!({"metadata": {"annotations": annotations, "generation": 1}, "status": {
            "observedGeneration": 1, "inventory": {"entries": [{"id": id}]},
            "conditions": [{"type": "Ready", "status": "True"}]}})
    }

    const APPS: &str = "flux-system_apps_kustomize.toolkit.fluxcd.io_Kustomization";

    #[test]
    fn they_are_known_by_their_labels_and_their_lists() {
        for (reconciler, labels, plural, word) in [
            (
                &ResourceSets as &dyn Reconciler,
                "resourceset.fluxcd.controlplane.io",
                "resourcesets",
                "ResourceSet",
            ),
            (&FluxInstances, "fluxcd.controlplane.io", "fluxinstances", "FluxInstance"),
        ] {
            let object = labelled(labels);
            let claims = reconciler.claims(&object);
            let [claim] = claims.as_slice() else { panic!("{claims:?}") };
            let path =
                format!("/apis/fluxcd.controlplane.io/v1/namespaces/flux-system/{plural}/flux");
            let asks = reconciler.asks(claim);
            assert_eq!(asks.first(), Some(&Ask::Read(path)));
            for (id, is_listed) in [(APPS, true), ("flux-system_other__ConfigMap", false)] {
                let known = [(asks[0].clone(), Some(owner(&json!({}), id)))];
                let links = reconciler.judge(claim, &object, &Facts::of(known));
                let owner = &links[0].owner;
                assert_eq!(owner.name, format!("{word} flux-system/flux"));
                assert_eq!(owner.proof == Proof::Listed, is_listed);
                assert_eq!(owner.counts(), is_listed);
            }
        }
        assert!(ResourceSets.claims(&labelled("fluxcd.controlplane.io")).is_empty());
    }

    #[test]
    fn annotations_say_how_often_they_run() {
        for (annotations, would, within) in [
            (json!({}), "at its next run, within 63m", Some(3_780)),
            (json!({EVERY: "10m"}), "at its next run, within 10m30s", Some(630)),
            (json!({EVERY: "soon"}), "at its next run, within 63m", Some(3_780)),
            (json!({RECONCILE: "Disabled"}), "it does nothing while it is switched off", None),
            (json!([]), "within 63m", Some(3_780)),
        ] {
            let acts = course(&owner(&annotations, APPS));
            assert!(acts.would.contains(would), "{annotations} {}", acts.would);
            assert_eq!(acts.within, within, "{annotations}");
            assert_eq!(acts.automation.suspended, would.contains("off"));
        }
        let going = json!({"metadata": {"deletionTimestamp": "t"}});
        assert_eq!(course(&going).would, "it is being deleted, and deletes what it made");
    }
}
