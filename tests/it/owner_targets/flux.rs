//! Kustomizations and `HelmReleases` of the real Flux.

use serde_json::{Value, json};

use super::{WEB, image, is_bounded, told};
use crate::rb::rb;
use crate::suite::{Test, on_bed};
use crate::testbed::flux::{Flux, helm_release};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        what_a_kustomization_has_deployed_is_told_with_its_commits,
        a_kustomization_and_its_workloads_have_a_status,
        releases_of_a_chart_are_told_by_their_numbers,
        one_that_is_not_there_is_looked_for_elsewhere,
    ]
}

fn bring(flux: &Flux, namespace: &Namespace, commit: &str) {
    flux.reconcile(namespace, "gitrepository", "fleet");
    flux.wait_applied(namespace, "web", commit);
}

/// A commit that cannot be built.
fn break_it(flux: &Flux, namespace: &Namespace, fleet: &Fleet) -> String {
    fleet.write(&format!("{WEB}/broken.yaml"), "apiVersion: v1\nkind: [\n");
    let broken = fleet.push("Add a broken file");
    flux.reconcile(namespace, "gitrepository", "fleet");
    namespace.wait_until("the build has failed", |namespace| {
        let web = namespace.get("kustomization", "web");
        let conditions = web["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let is_broken = |one: &Value| one["type"] == "Ready" && one["reason"] == "BuildFailed";
        conditions.iter().any(is_broken)
            && web["status"]["lastAttemptedRevision"] == format!("main@sha1:{broken}")
    });
    broken
}

fn what_a_kustomization_has_deployed_is_told_with_its_commits(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("ks-history"), Fleet::new());
    fleet.app(WEB, "web", &image("1.0"));
    fleet.push("Add web");
    flux.deploy(&namespace, &fleet, "web", WEB);
    let bad = fleet.release(WEB, &image("1.1"));
    bring(flux, &namespace, &bad);
    let revert = fleet.revert(&bad);
    bring(flux, &namespace, &revert);
    break_it(flux, &namespace, &fleet);
    let document = rb(&namespace, "history ks/web -o json").ends_with(0).json();
    assert_eq!(
        told(&document),
        [
            // Its content came back with the revert, and Flux has but one entry for a content.
            "Add web: none",
            "Bump web to 1.1: applied reverted",
            "Revert \"Bump web to 1.1\": applied live",
            "Add a broken file: failed",
        ]
    );
    let states = document["states"].as_array().expect("states");
    assert_eq!(states[1]["revertedBy"], *revert);
    assert_eq!(states[2]["healthy"], true);
    // It was applied after it was made.
    let time = |value: &Value| value.as_str().expect("a time").parse::<jiff::Timestamp>().unwrap();
    let (made, applied) = (&states[2]["commit"]["at"], &states[2]["deployedAt"]);
    assert!(time(applied) >= time(made), "{document:#}");
    let images: Vec<&Value> = states.iter().map(|state| &state["images"][0]).collect();
    assert_eq!(images[..3], [&image("1.0"), &image("1.1"), &image("1.0")]);
    is_bounded(&rb(&namespace, "history ks/web").ends_with(0).says("Bump web"));
}

fn a_kustomization_and_its_workloads_have_a_status(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("ks-status"), Fleet::new());
    fleet.app(WEB, "web", &image("1.0"));
    fleet.push("Add web");
    flux.deploy(&namespace, &fleet, "web", WEB);
    let ran = rb(&namespace, "status ks/web").ends_with(0).says("and found it healthy");
    ran.says("deployment/web");
    let document = rb(&namespace, "status ks/web --watch=false -o json").ends_with(0).json();
    assert_eq!((&document["result"], &document["exitCode"]), (&json!("healthy"), &json!(0)));
    break_it(flux, &namespace, &fleet);
    rb(&namespace, "status ks/web --watch=false").ends_with(6).says("BuildFailed");
    rb(&namespace, "status ks/web").ends_with(6);
}

fn releases_of_a_chart_are_told_by_their_numbers(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("hr-history"), Fleet::new());
    fleet.chart("charts/web", "1.0");
    let release = helm_release("web", "fleet", "./charts/web");
    fleet.write("releases/web.yaml", &release.manifest(namespace.name()));
    let commit = fleet.push("Add a chart and its release");
    flux.deploy(&namespace, &fleet, "releases", "releases");
    flux.wait_released(&namespace, "web");
    let document = rb(&namespace, "history hr/web -o json").ends_with(0).json();
    let states = document["states"].as_array().expect("states");
    assert_eq!(states.len(), 1, "{document:#}");
    let release = &states[0]["release"];
    assert_eq!((&release["revision"], &release["chart"]), (&json!(1), &json!("web")));
    assert_eq!(release["status"], "deployed");
    assert_eq!((&states[0]["marks"], &states[0]["healthy"]), (&json!(["live"]), &json!(true)));
    // That of the Kustomization above.
    assert_eq!(states[0]["commitId"], *commit);
    assert_eq!(
        document["owners"][1]["name"],
        format!("Kustomization {}/releases", namespace.name())
    );
    let ran = rb(&namespace, "history hr/web").ends_with(0).says("CHART").says(&commit[..9]);
    is_bounded(&ran);
    let ran = rb(&namespace, "status hr/web").ends_with(0).says("it has released web");
    ran.says("above ").says("deployment/web");
}

fn one_that_is_not_there_is_looked_for_elsewhere(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("ks-elsewhere"), Fleet::new());
    let other = bed.namespace("ks-elsewhere-here");
    fleet.app(WEB, "web", &image("1.0"));
    fleet.push("Add web");
    flux.deploy(&namespace, &fleet, "web", WEB);
    let hint = format!("rb status kustomization/web -n {}", namespace.name());
    // Others have one of that name too, and not all are named.
    let ran = rb(&other, "status ks/web").ends_with(4).says("does not exist in namespace");
    assert!(ran.stderr.contains("rb status kustomization/web -n "), "{hint}: {ran}");
    rb(&other, "history hr/nobody-has-this")
        .ends_with(4)
        .says("to see all: kubectl get helmreleases");
}
