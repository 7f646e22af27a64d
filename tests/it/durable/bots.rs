//! Programs beside an Application that bring releases by themselves. Their controllers are no part of the bed:
//! what is read of them stands in their objects, which are real ones.

use serde_json::{Value, json};

use super::{bad_release, deployed, image, live, undo, web};
use crate::given::define;
use crate::rb::Ran;
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::{Application, ArgoCd};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        an_image_updater_is_told_with_what_stops_it,
        annotations_for_an_image_updater_are_told_with_what_stops_it,
        a_stage_that_promotes_by_itself_is_told_with_what_stops_it,
    ]
}

/// Has the API server know the kind of Image Updater.
pub(super) fn image_updater(namespace: &Namespace) {
    let group_version = "argocd-image-updater.argoproj.io/v1alpha1";
    define(namespace, group_version, "ImageUpdater", "imageupdaters");
}

/// Has an Image Updater set that image in the Git of an Application.
pub(super) fn updates(argocd: &ArgoCd, app: &Application<'_>, name: &str, image: &str) {
    argocd.apply(&json!({
        "apiVersion": "argocd-image-updater.argoproj.io/v1alpha1", "kind": "ImageUpdater",
        "metadata": {"name": name},
        "spec": {"writeBackConfig": {"method": "git"}, "applicationRefs": [
            {"namePattern": app.name(), "images": [{"alias": "it", "imageName": image}]}]},
    }));
}

/// Runs the one command that the plan has for somebody to paste, as a shell would.
#[track_caller]
fn paste(namespace: &Namespace, plan: &Value) {
    let todo = plan["todo"].as_array().cloned().unwrap_or_default();
    let [only] = todo.as_slice() else { panic!("not one command: {plan}") };
    let (_, command) = only.as_str().unwrap_or_default().split_once(": kubectl ").expect("kubectl");
    // Every other part is one in quotes.
    let parts = command.split('\'').enumerate();
    let words = parts.flat_map(|(number, part)| {
        if number % 2 == 1 { vec![part] } else { part.split_whitespace().collect() }
    });
    namespace.kubectl_ok(&words.collect::<Vec<_>>());
}

#[track_caller]
fn assert_told(ran: Ran, name: &str, would: &str) {
    assert!(
        ran.stdout.contains(&format!("to keep {name} from bringing it back: kubectl")),
        "{ran}"
    );
    ran.tells(&format!("{name}: {would}"));
}

fn an_image_updater_is_told_with_what_stops_it(bed: &TestBed) {
    let (argocd, namespace, (fleet, _)) = (bed.argocd(), bed.namespace("bot-updater"), web());
    image_updater(&namespace);
    let app = deployed(bed, &namespace, &fleet);
    bad_release(&app, &fleet);
    let place = app.place();
    let other = format!("{}-other", app.name());
    updates(argocd, &app, app.name(), "registry.test/web:1.x");
    // What it sets is not what goes back.
    updates(argocd, &app, &other, "registry.test/api");
    let plan = undo(&namespace, "deploy/web --dry-run -o json").run().ends_with(0).json();
    let name = format!("Argo CD Image Updater {place}/{}", app.name());
    let ran = undo(&namespace, "deploy/web --dry-run").run().ends_with(0);
    assert!(
        !ran.stdout.contains(&format!("to keep Argo CD Image Updater {place}/{other}")),
        "{ran}"
    );
    assert_told(ran, &name, "it commits the newest tag that it finds again");
    paste(&namespace, &plan);
    let get = ["get", "imageupdater", app.name(), "-n", place, "-o", "json"];
    let stored: Value = serde_json::from_str(&namespace.kubectl_ok(&get)).expect("an object");
    let image = &stored["spec"]["applicationRefs"][0]["images"][0];
    assert_eq!(image["commonUpdateSettings"]["ignoreTags"], json!(["*"]));
    assert_eq!(image["imageName"], "registry.test/web:1.x");
}

/// Up to its version 0.x.
fn annotations_for_an_image_updater_are_told_with_what_stops_it(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("bot-notes"), web());
    let app = deployed(bed, &namespace, &fleet);
    bad_release(&app, &fleet);
    let prefix = "argocd-image-updater.argoproj.io";
    let annotations = json!({
        format!("{prefix}/image-list"): "it=registry.test/web:1.x",
        format!("{prefix}/it.ignore-tags"): "latest",
    });
    app.patch(&json!({"metadata": {"annotations": annotations}}));
    let plan = undo(&namespace, "deploy/web --dry-run -o json").run().ends_with(0).json();
    paste(&namespace, &plan);
    let stored = app.get()["metadata"]["annotations"].clone();
    assert_eq!(stored[format!("{prefix}/it.ignore-tags")], "*");
    assert_eq!(stored[format!("{prefix}/ignore-tags")], "*");
    // It is said before and after.
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    let would = "it sets the newest tag that it finds in this Application again";
    let count = ran.stdout.matches("to keep Argo CD Image Updater from bringing it back").count();
    assert_eq!(count, 2, "{ran}");
    assert_told(ran, "Argo CD Image Updater", would);
    assert_eq!(live(&namespace), image("1.0"));
}

fn a_stage_that_promotes_by_itself_is_told_with_what_stops_it(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("bot-stage"), web());
    let group = "kargo.akuity.io";
    let version = format!("{group}/v1alpha1");
    define(&namespace, &version, "Stage", "stages");
    define(&namespace, &version, "ProjectConfig", "projectconfigs");
    let app = deployed(bed, &namespace, &fleet);
    bad_release(&app, &fleet);
    // A project is a namespace.
    let project = namespace.name();
    let object = |kind: &str, name: &str, spec: Value| json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": spec});
    let policy =
        |stage: &str| json!({"stageSelector": {"name": stage}, "autoPromotionEnabled": true});
    let policies = json!({"promotionPolicies": [policy("test"), policy("prod")]});
    namespace.apply(&object("Stage", "prod", json!({})).to_string());
    namespace.apply(&object("ProjectConfig", project, policies).to_string());
    let annotation = format!("{group}/authorized-stage");
    app.patch(&json!({"metadata": {"annotations": {annotation: format!("{project}:prod")}}}));
    let ran = undo(&namespace, "deploy/web --dry-run").run().ends_with(0);
    let name = format!("Kargo stage {project}/prod");
    assert_told(ran, &name, "it sets the revision of this Application and syncs it as soon as");
    let plan = undo(&namespace, "deploy/web --dry-run -o json").run().ends_with(0).json();
    paste(&namespace, &plan);
    let config = namespace.get("projectconfig", project);
    let policies = &config["spec"]["promotionPolicies"];
    assert_eq!(policies[0]["autoPromotionEnabled"], true, "{config}");
    assert_eq!(policies[1]["autoPromotionEnabled"], false, "{config}");
    let plan = undo(&namespace, "deploy/web --dry-run -o json").run().ends_with(0).json();
    assert_eq!(plan["todo"], Value::Null, "{plan}");
}
