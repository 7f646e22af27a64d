//! A Stage of Kargo: it sets the revision of an Application and syncs it, once for each promotion.
//!
//! Kargo touches an Application only where an annotation on that names the Stage. It is a bot beside the
//! chain, so nobody is asked who owns the Stage.

use serde_json::Value;

use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::rollback::model::ownership::{Automation, Owner, Proof};
use crate::rollback::model::target::Target;

use super::super::marks::{annotation, reference};
use super::super::{Claim, Link, Reconciler};
use super::fields::{flag, items, text};
use super::finding::words;
use super::is_application;
use super::pausing;
use super::tracking::is_name;

/// `PROJECT:STAGE`; the project is a namespace.
const AUTHORIZED: &str = "kargo.akuity.io/authorized-stage";
const API: &str = "apis/kargo.akuity.io/v1alpha1";

/// Stages of Kargo.
#[derive(Debug)]
pub(in super::super) struct Stages;

impl Reconciler for Stages {
    fn claims(&self, object: &Value) -> Vec<Claim> {
        let authorized = annotation(object, AUTHORIZED).filter(|_| is_application(object));
        let Some((project, stage)) = authorized.and_then(|text| text.split_once(':')) else {
            return Vec::new();
        };
        vec![Claim {
            namespace: Some(project.to_owned()),
            name: stage.to_owned(),
            mark: format!("annotation {AUTHORIZED}"),
            of: reference(object),
            place: None,
        }]
    }

    fn asks(&self, claim: &Claim) -> Vec<Ask> {
        if is_possible(claim) { vec![stage(claim), policies(claim)] } else { Vec::new() }
    }

    fn judge(&self, claim: &Claim, _object: &Value, facts: &Facts<'_>) -> Vec<Link> {
        let project = claim.namespace.as_deref().unwrap_or_default();
        let mut owner = Owner {
            name: format!("Kargo stage {project}/{}", claim.name),
            would: "it sets the revision of this Application and syncs it at its next promotion"
                .to_owned(),
            mark: claim.mark.clone(),
            object: Some(Target {
                api_version: "kargo.akuity.io/v1alpha1".to_owned(),
                kind: "Stage".to_owned(),
                namespace: project.to_owned(),
                name: claim.name.clone(),
            }),
            ..Owner::default()
        };
        let ask = stage(claim);
        owner.proof = match facts.find(&ask) {
            _ if !is_possible(claim) => Proof::Refuted("no stage can be called so".to_owned()),
            _ if !facts.knows(&ask) => Proof::Marked,
            Ok(Some(stage)) => {
                describe(&mut owner, stage, promotes_by_itself(claim, facts));
                owner.pause = automatic(claim, facts)
                    .map(|(config, policy)| pausing::of_stage(config, policy, &owner.name));
                Proof::Listed
            }
            // Kargo may run in another cluster than Argo CD, so that says little.
            Ok(None) => Proof::Unread(format!(
                "there is no stage {} in project {project} of this cluster: Kargo may run in another",
                claim.name
            )),
            Err(error) => Proof::Unread(words(error)),
        };
        vec![Link { owner, object: None }]
    }

    fn writes_to_source(&self) -> bool {
        true
    }
}

fn describe(owner: &mut Owner, stage: &Value, by_itself: Option<bool>) {
    if by_itself == Some(true) {
        let would =
            "it sets the revision of this Application and syncs it as soon as there is new freight";
        would.clone_into(&mut owner.would);
    }
    if let Some(syncs) = by_itself {
        owner.automation = Some(Automation { syncs, ..Automation::default() });
    }
    let promotion = text(stage, "/status/currentPromotion/name");
    if !promotion.is_empty() {
        owner.notes.push(format!("promotion {promotion} is under way"));
    }
}

/// Whether the project lets the Stage promote without a person; `None`: nobody can tell.
fn promotes_by_itself(claim: &Claim, facts: &Facts<'_>) -> Option<bool> {
    let config = facts.value(&policies(claim)).ok()?;
    let mut policies = items(config, "/spec/promotionPolicies").iter();
    let policy = policies.find(|policy| is_of(policy, claim));
    Some(policy.is_some_and(|policy| flag(policy, "/autoPromotionEnabled")))
}

/// The policies of its project, and which of them lets it promote without a person.
fn automatic<'f>(claim: &Claim, facts: &'f Facts<'_>) -> Option<(&'f Value, usize)> {
    let config = facts.value(&policies(claim)).ok()?;
    let all = items(config, "/spec/promotionPolicies");
    let place = all.iter().position(|policy| is_of(policy, claim))?;
    flag(all.get(place)?, "/autoPromotionEnabled").then_some((config, place))
}

fn is_of(policy: &Value, claim: &Claim) -> bool {
    [text(policy, "/stage"), text(policy, "/stageSelector/name")].contains(&claim.name.as_str())
}

fn is_possible(claim: &Claim) -> bool {
    is_name(&claim.name, 253) && claim.namespace.as_deref().is_some_and(|name| is_name(name, 63))
}

fn stage(claim: &Claim) -> Ask {
    ask(claim, "stages", &claim.name)
}

/// Its policies are in an object that is called as the project is.
fn policies(claim: &Claim) -> Ask {
    ask(claim, "projectconfigs", claim.namespace.as_deref().unwrap_or_default())
}

fn ask(claim: &Claim, resource: &str, name: &str) -> Ask {
    let project = claim.namespace.as_deref().unwrap_or_default();
    Ask::Read(Path::namespaced(API, project, resource).name(name).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn application(stage: &Value) -> Value {
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {
            "name": "web", "namespace": "argocd", "annotations": {AUTHORIZED: stage}}})
    }

    fn judged(stage: Option<Value>, config: Option<Value>) -> Owner {
        let application = application(&json!("shop:prod"));
        let claim = Stages.claims(&application).pop().unwrap();
        let asks = Stages.asks(&claim);
        let facts = Facts::of(asks.into_iter().zip([stage, config]));
        Stages.judge(&claim, &application, &facts).pop().unwrap().owner
    }

    #[test]
    fn a_stage_promotes_by_itself_or_by_hand() {
        let policies = |policies: Value| Some(json!({"spec": {"promotionPolicies": policies}}));
        let by_hand = "it sets the revision of this Application and syncs it at its next promotion";
        let by_itself =
            "it sets the revision of this Application and syncs it as soon as there is new freight";
        for (config, would, syncs) in [
            (
                policies(json!([{"stage": "prod", "autoPromotionEnabled": true}])),
                by_itself,
                Some(true),
            ),
            (
                policies(
                    json!([{"stageSelector": {"name": "prod"}, "autoPromotionEnabled": true}]),
                ),
                by_itself,
                Some(true),
            ),
            (
                policies(json!([{"stage": "test", "autoPromotionEnabled": true}])),
                by_hand,
                Some(false),
            ),
            (policies(json!([{"stage": "prod"}])), by_hand, Some(false)),
            (policies(json!({"stage": "prod"})), by_hand, Some(false)),
            (None, by_hand, None),
        ] {
            let owner = judged(Some(json!({"status": []})), config);
            assert_eq!((owner.would.as_str(), owner.proof), (would, Proof::Listed));
            assert_eq!(owner.automation.map(|automation| automation.syncs), syncs);
            assert_eq!(owner.name, "Kargo stage shop/prod");
        }
        let stage = json!({"status": {"currentPromotion": {"name": "prod.01"}}});
        assert_eq!(judged(Some(stage), None).notes, ["promotion prod.01 is under way"]);
    }

    #[test]
    fn a_stage_that_is_not_here_may_be_in_another_cluster() {
        let Proof::Unread(why) = judged(None, None).proof else { panic!("it is not known") };
        assert!(why.contains("no stage prod in project shop"), "{why}");
    }

    #[test]
    fn only_a_stage_of_a_project_is_authorized_and_only_for_an_application() {
        for stage in [json!("prod"), json!(""), json!(7), json!(["shop:prod"])] {
            assert_eq!(Stages.claims(&application(&stage)), [], "{stage}");
        }
        for stage in [json!("shop:*"), json!(":"), json!("a/b:c"), json!("shop:..")] {
            let application = application(&stage);
            let claim = Stages.claims(&application).pop().unwrap();
            assert_eq!(Stages.asks(&claim), []);
            let link = Stages.judge(&claim, &application, &Facts::default()).pop().unwrap();
            assert!(!link.owner.counts(), "{stage}");
        }
        let mut other = application(&json!("shop:prod"));
        other["kind"] = json!("Deployment");
        assert_eq!(Stages.claims(&other), []);
    }
}
