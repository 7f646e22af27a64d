//! Real Flux on the test bed, without `rb`: that it does here what it does in a cluster.

use serde_json::{Value, json};

use crate::suite::{Test, on_bed};
use crate::testbed::flux::{git_repository, helm_release, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        a_pushed_release_is_rolled_out,
        a_direct_patch_is_put_back,
        a_short_interval_needs_no_request,
        a_suspended_kustomization_lets_a_patch_live,
        a_helm_release_is_installed_and_upgraded,
    ]
}

const WEB: &str = "apps/web";

/// A fleet whose app `web` has the image `registry.test/web:1.0`.
fn web() -> Fleet {
    let fleet = Fleet::new();
    fleet.app(WEB, "web", "registry.test/web:1.0");
    fleet.push("Add web");
    fleet
}

fn image(namespace: &Namespace) -> Value {
    namespace.get("deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

fn a_pushed_release_is_rolled_out(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("flux-release"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    namespace.rollout_done("web");
    assert_eq!(image(&namespace), "registry.test/web:1.0");

    let bad = fleet.release(WEB, "registry.test/web:1.1");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    let applied = flux.wait_applied(&namespace, "web", &bad);
    namespace.rollout_done("web");
    assert_eq!(image(&namespace), "registry.test/web:1.1");
    let id = format!("{}_web_apps_Deployment", namespace.name());
    assert_eq!(applied["status"]["inventory"]["entries"][0]["id"], *id);

    let revert = fleet.revert(&bad);
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &revert);
    assert_eq!(image(&namespace), "registry.test/web:1.0");
}

fn a_direct_patch_is_put_back(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("flux-patch"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    namespace.set_image("web", "registry.test/web:0.9");
    let word = flux.reconcile(&namespace, "kustomization", "web");
    flux.wait_handled(&namespace, "kustomization", "web", &word);
    namespace
        .wait_until("the patch is gone", |namespace| image(namespace) == "registry.test/web:1.0");
    flux.wait_applied(&namespace, "web", &fleet.head());
}

fn a_short_interval_needs_no_request(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("flux-interval"), web());
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let short = json!({"spec": {"interval": "1s", "timeout": "30s", "wait": false}});
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&short));
    flux.wait_applied(&namespace, "web", &fleet.head());
    namespace.set_image("web", "registry.test/web:0.9");
    namespace
        .wait_until("the patch is gone", |namespace| image(namespace) == "registry.test/web:1.0");
}

/// It says that it has handled the request, and does nothing: then its word says nothing.
fn a_suspended_kustomization_lets_a_patch_live(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("flux-suspended"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let suspend = |suspend: bool| {
        let patch = json!({"spec": {"suspend": suspend}}).to_string();
        namespace.kubectl_ok(&["patch", "kustomization", "web", "--type=merge", "-p", &patch]);
    };
    suspend(true);
    namespace.set_image("web", "registry.test/web:0.9");
    let word = flux.reconcile(&namespace, "kustomization", "web");
    flux.wait_handled(&namespace, "kustomization", "web", &word);
    assert_eq!(image(&namespace), "registry.test/web:0.9");
    suspend(false);
    namespace
        .wait_until("the patch is gone", |namespace| image(namespace) == "registry.test/web:1.0");
}

fn a_helm_release_is_installed_and_upgraded(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("flux-helm"), Fleet::new());
    fleet.chart("charts/web", "1.0");
    fleet.push("Add a chart");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &helm_release("web", "fleet", "./charts/web"));
    flux.wait_released(&namespace, "web");
    namespace.rollout_done("web");
    assert_eq!(image(&namespace), "registry.test/web:1.0");
    let labels = &namespace.get("deployment", "web")["metadata"]["labels"];
    assert_eq!(labels["helm.toolkit.fluxcd.io/name"], "web");
    assert!(namespace.find("secret", "sh.helm.release.v1.web.v1").is_some());

    let values = json!({"spec": {"values": {"image": {"tag": "1.1"}}}});
    flux.apply(&namespace, &helm_release("web", "fleet", "./charts/web").with(&values));
    let released = flux.wait_released(&namespace, "web");
    assert_eq!(image(&namespace), "registry.test/web:1.1");
    // Not always in the order of the versions.
    let history = released["status"]["history"].as_array().expect("a history");
    let deployed = history.iter().find(|release| release["status"] == "deployed");
    assert_eq!(deployed.map(|release| &release["version"]), Some(&json!(2)));
}
