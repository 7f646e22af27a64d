//! Argo CD Image Updater: it sets the newest tag again, every 2 minutes, wherever that is kept.
//!
//! Since 1.0 an `ImageUpdater` says for which Applications; before, annotations on them did. It is a
//! bot beside the chain. Who may not list them is told nothing: on most clusters there are none.

use serde_json::Value;

use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::rollback::model::ownership::{Automation, Owner, Proof};
use crate::text::{shorten, truncate};

use super::super::marks::{annotation, reference};
use super::super::{Claim, Link, Reconciler};
use super::fields::{flag, items, text, text_or};
use super::pausing;
use super::selection::{fits, selects};
use super::{is_application, named};

const API: &str = "apis/argocd-image-updater.argoproj.io/v1alpha1";
pub(super) const IMAGES: &str = "argocd-image-updater.argoproj.io/image-list";
const METHOD: &str = "argocd-image-updater.argoproj.io/write-back-method";
/// It looks for new tags every 2 minutes, unless it is told otherwise.
const INTERVAL: u64 = 120;
const RULE: &str = "spec.applicationRefs";
/// Images that are named.
const NAMES: usize = 5;

/// Those who update the images of an Application.
#[derive(Debug)]
pub(in super::super) struct ImageUpdaters;

impl Reconciler for ImageUpdaters {
    fn claims(&self, object: &Value) -> Vec<Claim> {
        if !is_application(object) {
            return Vec::new();
        }
        let claim = |mark: String| Claim {
            namespace: Some(text(object, "/metadata/namespace").to_owned()),
            name: text(object, "/metadata/name").to_owned(),
            mark,
            of: reference(object),
            place: None,
        };
        let annotated = annotation(object, IMAGES).map(|_| format!("annotation {IMAGES}"));
        // A rule is in the updater, so nothing on the Application tells whether there is one.
        [Some(RULE.to_owned()), annotated].into_iter().flatten().map(claim).collect()
    }

    fn asks(&self, _claim: &Claim) -> Vec<Ask> {
        vec![list()]
    }

    fn judge(&self, claim: &Claim, object: &Value, facts: &Facts<'_>) -> Vec<Link> {
        let updaters = facts.items(&list()).unwrap_or_default();
        let rules = updaters.iter().filter_map(|updater| Some((updater, rule(updater, object)?)));
        let link = |owner: Owner| Link { owner, object: None };
        if claim.mark == RULE {
            return rules.map(|(updater, rule)| link(by_rule(updater, rule, object))).collect();
        }
        // A rule that says to use the annotations has been told with the rule.
        let is_used = |rule: &Value| flag(rule, "/useAnnotations");
        if rules.into_iter().any(|(_, rule)| is_used(rule)) {
            return Vec::new();
        }
        let images = annotation(object, IMAGES).unwrap_or_default();
        let images = images.split(',').map(|image| {
            let image = image.trim();
            image.split_once('=').map_or(image, |(_, image)| image).to_owned()
        });
        let method = annotation(object, METHOD).unwrap_or_default();
        let name = "Argo CD Image Updater".to_owned();
        let mut owner = owner(name, claim.mark.clone(), method, &images.collect::<Vec<_>>());
        owner.pause = Some(pausing::by_annotations(object, &owner.name));
        vec![link(owner)]
    }

    fn writes_to_source(&self) -> bool {
        true
    }
}

fn by_rule(updater: &Value, rule: &Value, application: &Value) -> Owner {
    let method = match text(rule, "/writeBackConfig/method") {
        "" if flag(rule, "/useAnnotations") => annotation(application, METHOD).unwrap_or_default(),
        "" => text(updater, "/spec/writeBackConfig/method"),
        method => method,
    };
    let images = items(rule, "/images").iter().map(|image| text(image, "/imageName").to_owned());
    let target = reference(updater);
    let name = format!("Argo CD Image Updater {}/{}", target.namespace, target.name);
    let mut owner = owner(name, RULE.to_owned(), method, &images.collect::<Vec<_>>());
    owner.pause = pausing::by_rule(updater, rule, application, &owner.name);
    owner.proof = Proof::Listed;
    owner.object = Some(target);
    owner
}

fn owner(name: String, mark: String, method: &str, images: &[String]) -> Owner {
    let would = if method.split(':').next() == Some("git") {
        "it commits the newest tag that it finds again"
    } else {
        "it sets the newest tag that it finds in this Application again"
    };
    let images: Vec<_> = images.iter().filter(|image| !image.is_empty()).collect();
    let named = images.iter().take(NAMES).map(|image| shorten(image, 60)).collect::<Vec<_>>();
    let more = images.len().saturating_sub(NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let note = format!("it updates {}{more}", named.join(", "));
    Owner {
        name,
        would: format!("{would}, within 2 min"),
        mark,
        within: Some(INTERVAL),
        automation: Some(Automation { syncs: true, ..Automation::default() }),
        notes: if named.is_empty() { Vec::new() } else { vec![truncate(&note, 200).into_owned()] },
        ..Owner::default()
    }
}

/// The first rule of an updater that takes the Application.
fn rule<'u>(updater: &'u Value, application: &Value) -> Option<&'u Value> {
    let target = named(application);
    let namespace = text_or(updater, "/spec/namespace", "/metadata/namespace");
    if namespace != target.namespace {
        return None;
    }
    items(updater, "/spec/applicationRefs").iter().find(|rule| {
        let selector = rule.get("labelSelectors").filter(|selector| selector.is_object());
        fits(text(rule, "/namePattern"), &target.name)
            && selector.is_none_or(|selector| selects(selector, application))
    })
}

fn list() -> Ask {
    Ask::Read(Path::cluster_wide(API, "imageupdaters").query("limit", "500").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn application(annotations: &Value) -> Value {
        json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {
            "name": "web-prod", "namespace": "argocd", "annotations": annotations,
            "labels": {"tier": "web"}}})
    }

    fn updater(spec: &Value) -> Value {
        json!({"apiVersion": "argocd-image-updater.argoproj.io/v1alpha1", "kind": "ImageUpdater",
            "metadata": {"name": "tags", "namespace": "argocd"}, "spec": spec})
    }

    fn found(application: &Value, updaters: Option<&Value>) -> Vec<Owner> {
        let claims = ImageUpdaters.claims(application);
        let asks = claims.iter().flat_map(|claim| ImageUpdaters.asks(claim));
        let facts = Facts::of(asks.map(|ask| (ask, updaters.cloned())));
        let links = claims.iter().flat_map(|c| ImageUpdaters.judge(c, application, &facts));
        links.map(|link| link.owner).collect()
    }

    #[test]
    fn an_updater_says_which_applications_it_updates() {
        let sets = "it sets the newest tag that it finds in this Application again, within 2 min";
        let commits = "it commits the newest tag that it finds again, within 2 min";
        let images = json!([{"imageName": "registry.test/web"}]);
        for (spec, expected) in [
            (json!({"applicationRefs": [{"namePattern": "web-*", "images": images}]}), Some(sets)),
            (
                json!({"namespace": "argocd", "writeBackConfig": {"method": "git"},
                    "applicationRefs": [{"namePattern": "*", "images": images}]}),
                Some(commits),
            ),
            (
                json!({"writeBackConfig": {"method": "git"}, "applicationRefs": [
                    {"namePattern": "*", "images": images, "writeBackConfig": {"method": "argocd"}}]}),
                Some(sets),
            ),
            (
                json!({"applicationRefs": [{"namePattern": "*", "images": images,
                    "writeBackConfig": {"method": "git:secret:argocd/creds"}}]}),
                Some(commits),
            ),
            (
                json!({"applicationRefs": [{"namePattern": "*", "images": images,
                    "labelSelectors": {"matchLabels": {"tier": "web"}}}]}),
                Some(sets),
            ),
            (
                json!({"applicationRefs": [{"namePattern": "*", "images": images,
                    "labelSelectors": {"matchLabels": {"tier": "db"}}}]}),
                None,
            ),
            (json!({"applicationRefs": [{"namePattern": "api-*"}]}), None),
            (json!({"namespace": "team", "applicationRefs": [{"namePattern": "*"}]}), None),
            (json!({"applicationRefs": {"namePattern": "*"}}), None),
            (json!([]), None),
        ] {
            let owners =
                found(&application(&json!({})), Some(&json!({"items": [updater(&spec), 7]})));
            let would = owners.first().map(|owner| owner.would.as_str());
            assert_eq!(would, expected, "{spec}");
            for owner in owners {
                assert_eq!(owner.proof, Proof::Listed);
                assert_eq!(owner.name, "Argo CD Image Updater argocd/tags");
                assert_eq!(owner.notes, ["it updates registry.test/web"]);
            }
        }
    }

    #[test]
    fn annotations_are_the_older_way() {
        let annotated =
            application(&json!({IMAGES: "web=registry.test/web:1.x, registry.test/api",
            METHOD: "git"}));
        let owners = found(&annotated, None);
        assert_eq!(owners.len(), 1);
        assert_eq!(owners[0].proof, Proof::Marked);
        assert_eq!(owners[0].notes, ["it updates registry.test/web:1.x, registry.test/api"]);
        assert!(owners[0].would.starts_with("it commits"), "{}", owners[0].would);
        // Since 1.0 a rule may say to use them.
        let spec = json!({"applicationRefs": [{"namePattern": "*", "useAnnotations": true}]});
        let owners = found(&annotated, Some(&json!({"items": [updater(&spec)]})));
        assert_eq!(owners.len(), 1);
        assert_eq!(owners[0].mark, RULE);
        assert!(owners[0].would.starts_with("it commits"), "{}", owners[0].would);
    }

    #[test]
    fn an_application_without_an_updater_has_none() {
        assert_eq!(found(&application(&json!({})), None), []);
        assert_eq!(found(&application(&json!([])), Some(&json!({"items": {}}))), []);
        let other = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"annotations": {IMAGES: "x"}}});
        assert_eq!(ImageUpdaters.claims(&other), []);
    }
}
