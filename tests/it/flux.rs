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
        a_blocked_health_check_holds_a_revert_back,
        a_health_check_may_be_cancelled,
        a_helm_release_is_installed_and_upgraded,
        what_no_controller_has_is_left_alone,
        a_namespace_with_objects_of_flux_ends,
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

/// Pushes a release that never becomes ready, waits until Flux waits for it, and pushes the revert.
/// Gives that commit.
fn revert_under_a_health_check(bed: &TestBed, namespace: &Namespace, fleet: &Fleet) -> String {
    let flux = bed.flux();
    flux.wait_applied(namespace, "web", &fleet.head());
    let bad = fleet.release(WEB, "registry.test/web:1.1-hang");
    flux.reconcile(namespace, "gitrepository", "fleet");
    namespace.wait_until("the bad release is deployed, and checked", |namespace| {
        let web = namespace.get("kustomization", "web");
        let conditions = web["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let checks = |condition: &Value| {
            let message = condition["message"].as_str().unwrap_or_default();
            condition["type"] == "Reconciling" && message.starts_with("Running health checks")
        };
        image(namespace) == "registry.test/web:1.1-hang" && conditions.iter().any(checks)
    });
    let revert = fleet.revert(&bad);
    flux.reconcile(namespace, "gitrepository", "fleet");
    flux.wait_fetched(namespace, "fleet", &revert);
    revert
}

/// The trap: a revert that is pushed waits until the check of what it reverts has run into its timeout.
fn a_blocked_health_check_holds_a_revert_back(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("flux-blocked"), web());
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let timeout = json!({"spec": {"timeout": "20s"}});
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&timeout));
    let revert = revert_under_a_health_check(bed, &namespace, &fleet);
    flux.wait_applied(&namespace, "web", &revert);
    assert_eq!(image(&namespace), "registry.test/web:1.0");
    let failed = namespace.list("event", "").into_iter().find(|event| {
        event["reason"] == "HealthCheckFailed" && event["involvedObject"]["name"] == "web"
    });
    let failed = failed.expect("the check of the bad release has failed first");
    let message = failed["message"].as_str().unwrap_or_default();
    assert!(message.contains("timeout waiting for"), "{message}");
}

/// The same with the gate of Flux that is off by default. The timeout is an hour, less half a minute.
fn a_health_check_may_be_cancelled(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("flux-cancel"), web());
    flux.start_cancelling(bed);
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).cancelling());
    let revert = revert_under_a_health_check(bed, &namespace, &fleet);
    flux.wait_applied(&namespace, "web", &revert);
    assert_eq!(image(&namespace), "registry.test/web:1.0");
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

fn what_no_controller_has_is_left_alone(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("flux-nobody"), web());
    flux.apply(&namespace, &kustomization("forgotten", "fleet", WEB).of_nobody());
    flux.reconcile(&namespace, "kustomization", "forgotten");
    flux.deploy(&namespace, &fleet, "web", WEB);
    // The API server writes that when the object is made.
    let status = json!({"observedGeneration": -1});
    assert_eq!(namespace.get("kustomization", "forgotten")["status"], status);
}

/// A Kustomization and a `HelmRelease` hold back the end of their namespace until Flux has tidied up.
fn a_namespace_with_objects_of_flux_ends(bed: &TestBed) {
    let (flux, observer, fleet) = (bed.flux(), bed.namespace("flux-observer"), web());
    fleet.chart("charts/shop", "1.0");
    fleet.push("Add a chart");
    let namespace = bed.namespace("flux-end");
    flux.deploy(&namespace, &fleet, "web", WEB);
    flux.apply(&namespace, &helm_release("shop", "fleet", "./charts/shop"));
    flux.wait_released(&namespace, "shop");
    let name = namespace.name().to_owned();
    drop(namespace);
    observer.wait_until("the namespace is gone", |observer| {
        observer.find("namespace", &name).is_none()
    });
}
