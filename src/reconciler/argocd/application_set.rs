//! An `ApplicationSet`, which makes Applications and puts their settings back at once.

use serde_json::Value;

use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::rollback::model::convergence::Convergence;
use crate::rollback::model::following::Unheard;
use crate::rollback::model::ownership::{Automation, Owner, Proof};
use crate::rollback::model::target::Target;

use super::super::dropped::{Change, Dropped};
use super::super::following::{Address, Following, Nudge};
use super::super::marks::reference;
use super::super::rendered::Rendered;
use super::super::{Claim, Link, Reconciler};
use super::fields::{flag, items, text, texts};
use super::finding::words;
use super::{API, dropping, generators, is_of_argo, regenerating, renders_set, rolling_sync};

const KIND: &str = "ApplicationSet";
const MARK: &str = "metadata.ownerReferences";
/// It puts settings back in a tenth of a second.
const AT_ONCE: u64 = 1;

/// `ApplicationSet`s.
#[derive(Debug)]
pub(in super::super) struct ApplicationSets;

/// Whether an owner reference names one.
pub(in super::super) fn is_application_set(owner: &Value) -> bool {
    is_of_argo(text(owner, "/apiVersion")) && text(owner, "/kind") == KIND
}

impl Reconciler for ApplicationSets {
    fn claims(&self, object: &Value) -> Vec<Claim> {
        let claim = |owner: &Value| Claim {
            namespace: Some(text(object, "/metadata/namespace").to_owned()),
            name: text(owner, "/name").to_owned(),
            mark: MARK.to_owned(),
            of: reference(object),
            place: None,
        };
        referred(object).map(claim).into_iter().collect()
    }

    fn asks(&self, claim: &Claim) -> Vec<Ask> {
        vec![ask(claim)]
    }

    fn judge(&self, claim: &Claim, object: &Value, facts: &Facts<'_>) -> Vec<Link> {
        let Some(referred) = referred(object) else { return Vec::new() };
        let target = Target {
            api_version: text(referred, "/apiVersion").to_owned(),
            kind: KIND.to_owned(),
            namespace: claim.namespace.clone().unwrap_or_default(),
            name: claim.name.clone(),
        };
        let unread = Owner {
            name: format!("{KIND} {}", claim.name),
            would: "it puts the settings of this Application back at once".to_owned(),
            mark: claim.mark.clone(),
            object: Some(target),
            within: Some(AT_ONCE),
            ..Owner::default()
        };
        let ask = ask(claim);
        let proof = match facts.find(&ask) {
            _ if !facts.knows(&ask) => Proof::Marked,
            Ok(Some(set)) if text(set, "/metadata/uid") == text(referred, "/uid") => {
                let owner = described(unread, set, object);
                return vec![Link { owner, object: Some(set.clone()) }];
            }
            Ok(Some(_)) => Proof::Refuted(format!("{KIND} {} is not the one it was", claim.name)),
            Ok(None) => Proof::Refuted(format!("there is no {KIND} {}", claim.name)),
            Err(error) => Proof::Unread(words(error)),
        };
        vec![Link { owner: Owner { proof, ..unread }, object: None }]
    }

    fn is_of(&self, owner: &Target) -> bool {
        owner.kind == KIND && is_of_argo(&owner.api_version)
    }

    fn renders(&self, owner: &Value) -> Vec<Rendered> {
        renders_set::of(owner)
    }

    fn makes_owners(&self) -> bool {
        true
    }

    fn drops(&self, owner: &Value, change: &Change<'_>) -> Vec<Dropped> {
        dropping::of(owner, change)
    }

    fn address(&self, owner: &Target) -> Option<Address> {
        let collection = Path::namespaced(API, &owner.namespace, "applicationsets");
        self.is_of(owner).then(|| Address { collection, target: owner.clone() })
    }

    fn convergence(&self, owner: &Value, following: &Following<'_>) -> Convergence {
        regenerating::of(owner, following)
    }

    fn nudges(&self, owner: &Value, following: &Following<'_>) -> Vec<Nudge> {
        regenerating::nudges(owner, following)
    }

    fn unheard(&self, owner: &Value, following: &Following<'_>) -> Option<Unheard> {
        regenerating::unheard(owner, following)
    }
}

fn ask(claim: &Claim) -> Ask {
    let namespace = claim.namespace.as_deref().unwrap_or_default();
    Ask::Read(Path::namespaced(API, namespace, "applicationsets").name(&claim.name).to_string())
}

/// Where the set is that makes an Application.
pub(super) fn maker(application: &Value) -> Option<Address> {
    let referred = referred(application)?;
    let namespace = text(application, "/metadata/namespace");
    let target = Target {
        api_version: text(referred, "/apiVersion").to_owned(),
        kind: KIND.to_owned(),
        namespace: namespace.to_owned(),
        name: text(referred, "/name").to_owned(),
    };
    Some(Address { collection: Path::namespaced(API, namespace, "applicationsets"), target })
}

/// The reference of an object to the set that made it.
fn referred(object: &Value) -> Option<&Value> {
    let owners = items(object, "/metadata/ownerReferences").iter();
    owners.filter(|owner| flag(owner, "/controller")).find(|owner| is_application_set(owner))
}

fn described(owner: Owner, set: &Value, application: &Value) -> Owner {
    let (would, within) = counteraction(set);
    let mut notes = Vec::new();
    let ignored = ignored(set, text(application, "/metadata/name"));
    if !ignored.is_empty() {
        notes.push(format!("it leaves {} alone", ignored.join(", ")));
    }
    if rolling_sync::is_used(set) {
        notes.push(
            "it turns the automation of its Applications off, and starts their syncs step by step"
                .to_owned(),
        );
    }
    if !flag(set, "/spec/syncPolicy/preserveResourcesOnDeletion") {
        notes.push(
            "an Application that its generators do not name any more is deleted with all its objects"
                .to_owned(),
        );
    }
    Owner {
        would,
        within,
        proof: Proof::Listed,
        automation: Some(automation(set)),
        sources: generators::sources(set),
        notes,
        ..owner
    }
}

/// What it does to the settings of an Application that somebody has changed.
fn counteraction(set: &Value) -> (String, Option<u64>) {
    if set.pointer("/metadata/deletionTimestamp").is_some_and(Value::is_string) {
        return ("it is being deleted, and its Applications with it".to_owned(), None);
    }
    match text(set, "/spec/syncPolicy/applicationsSync") {
        "create-only" | "create-delete" => {
            ("it leaves Applications alone once they are made".to_owned(), None)
        }
        _ => ("it puts the settings of this Application back at once".to_owned(), Some(AT_ONCE)),
    }
}

/// How it is set up to act by itself.
pub(super) fn automation(set: &Value) -> Automation {
    let policy = text(set, "/spec/syncPolicy/applicationsSync");
    let updates = !matches!(policy, "create-only" | "create-delete");
    let deletes = !matches!(policy, "create-only" | "create-update");
    Automation { syncs: updates, heals: updates, prunes: deletes, suspended: false }
}

/// The settings of an Application that the set leaves as they are.
pub(super) fn ignored(set: &Value, application: &str) -> Vec<String> {
    let rules = items(set, "/spec/ignoreApplicationDifferences").iter();
    let fit = rules.filter(|rule| {
        let name = text(rule, "/name");
        name.is_empty() || name == application
    });
    fit.flat_map(|rule| texts(rule, "/jsonPointers").chain(texts(rule, "/jqPathExpressions")))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{Error, ErrorKind};
    use serde_json::json;

    fn application() -> Value {
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {
        "name": "web", "namespace": "argocd", "ownerReferences": [
            {"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "y"},
            {"apiVersion": "argoproj.io/v1alpha1", "kind": KIND, "name": "fleet", "uid": "u",
             "controller": true},
        ]}})
    }

    fn set(spec: &Value) -> Value {
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": KIND, "spec": spec,
            "metadata": {"name": "fleet", "namespace": "argocd", "uid": "u"}})
    }

    fn judged(answer: Option<Value>) -> Owner {
        let claim = ApplicationSets.claims(&application()).pop().unwrap();
        let ask = ApplicationSets.asks(&claim).pop().unwrap();
        let path = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applicationsets/fleet";
        assert_eq!(ask, Ask::Read(path.to_owned()));
        let facts = Facts::of([(ask, answer)]);
        ApplicationSets.judge(&claim, &application(), &facts).pop().unwrap().owner
    }

    #[test]
    fn a_set_is_the_owner_that_the_reference_names() {
        let owner = judged(Some(set(&json!({}))));
        assert_eq!(owner.proof, Proof::Listed);
        assert_eq!(owner.name, "ApplicationSet fleet");
        assert_eq!(owner.object.unwrap().namespace, "argocd");
        let mut other = set(&json!({}));
        other["metadata"]["uid"] = json!("another");
        for (answer, why) in [
            (Some(other), "ApplicationSet fleet is not the one it was"),
            (Some(json!([])), "ApplicationSet fleet is not the one it was"),
            (None, "there is no ApplicationSet fleet"),
        ] {
            assert_eq!(judged(answer).proof, Proof::Refuted(why.to_owned()));
        }
    }

    #[test]
    fn without_the_right_to_read_it_nothing_is_known_but_its_name() {
        let claim = ApplicationSets.claims(&application()).pop().unwrap();
        let judge = |facts: &Facts<'_>| {
            ApplicationSets.judge(&claim, &application(), facts).pop().unwrap().owner
        };
        assert_eq!(judge(&Facts::default()).proof, Proof::Marked);
        let error = Error::new(ErrorKind::Forbidden, "not allowed to get it").hint("kubectl auth");
        let facts = Facts::default().with_error(ask(&claim), error);
        let why = "not allowed to get it (kubectl auth)";
        assert_eq!(judge(&facts).proof, Proof::Unread(why.to_owned()));
    }

    #[test]
    fn it_puts_settings_back_unless_it_is_told_not_to() {
        let at_once = "it puts the settings of this Application back at once";
        let preserve = json!({"preserveResourcesOnDeletion": true});
        for (spec, would, within, notes) in [
            (json!({"syncPolicy": preserve}), at_once, Some(1), vec![]),
            (
                json!({}),
                at_once,
                Some(1),
                vec![
                    "an Application that its generators do not name any more is deleted with all its \
                      objects",
                ],
            ),
            (
                json!({"syncPolicy": {"preserveResourcesOnDeletion": true,
                    "applicationsSync": "create-only"}}),
                "it leaves Applications alone once they are made",
                None,
                vec![],
            ),
            (
                json!({"syncPolicy": preserve, "ignoreApplicationDifferences": [
                    {"jsonPointers": ["/spec/syncPolicy"]},
                    {"name": "web", "jqPathExpressions": [".spec.source.helm"]},
                    {"name": "api", "jsonPointers": ["/spec/project"]},
                    {"jsonPointers": "x"}, 7]}),
                at_once,
                Some(1),
                vec!["it leaves /spec/syncPolicy, .spec.source.helm alone"],
            ),
            (
                json!({"syncPolicy": preserve, "strategy": {"type": "RollingSync"}}),
                at_once,
                Some(1),
                vec![
                    "it turns the automation of its Applications off, and starts their syncs step by \
                      step",
                ],
            ),
        ] {
            let owner = judged(Some(set(&spec)));
            assert_eq!((owner.would.as_str(), owner.within), (would, within), "{spec}");
            assert_eq!(owner.notes, notes, "{spec}");
        }
    }

    #[test]
    fn other_references_are_none_of_its_own() {
        for owners in [
            json!([{"apiVersion": "argoproj.io/v1alpha1", "kind": KIND, "name": "fleet"}]),
            json!([{"apiVersion": "other.io/v1", "kind": KIND, "name": "f", "controller": true}]),
            json!([{"apiVersion": "v1alpha1", "kind": KIND, "name": "f", "controller": true}]),
            json!({"controller": true}),
            json!([7, null, []]),
        ] {
            let object = json!({"metadata": {"ownerReferences": owners}});
            assert_eq!(ApplicationSets.claims(&object), [], "{object}");
        }
    }
}
