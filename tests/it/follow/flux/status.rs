//! What the status of the real Flux says while it is not so, or not about the commit.

use serde_json::{Value, json};

use super::{HELM, followed, pursue};
use crate::follow::{WEB, image, web};
use crate::scene::live;
use crate::suite::{Test, on_bed};
use crate::testbed::flux::{Flux, git_repository, helm_release, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_run_of_a_suspended_one_has_all_signs_of_success,
        a_failure_of_the_bad_commit_is_none_of_the_revert,
        a_host_that_is_behind_is_asked_again,
        after_a_remediation_there_is_no_new_release,
        a_check_that_was_cancelled_is_no_failure_of_the_revert,
    ]
}

fn condition<'v>(object: &'v Value, kind: &str) -> &'v Value {
    let conditions = object["status"]["conditions"].as_array();
    let found = conditions.and_then(|all| all.iter().find(|one| one["type"] == kind));
    found.unwrap_or(&Value::Null)
}

/// It says that the request was handled, that it is ready, and that it has seen its newest generation.
fn a_run_of_a_suspended_one_has_all_signs_of_success(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("status-suspended"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    namespace.merge_patch("kustomization/web", &json!({"spec": {"suspend": true}}));
    let next = fleet.release(WEB, &image("1.1"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    let word = flux.reconcile(&namespace, "kustomization", "web");
    flux.wait_handled(&namespace, "kustomization", "web", &word);
    namespace.wait_until("its generation is seen", |namespace| {
        let web = namespace.get("kustomization", "web");
        web["status"]["observedGeneration"] == web["metadata"]["generation"]
    });
    assert_eq!(condition(&namespace.get("kustomization", "web"), "Ready")["status"], "True");
    let pursued = followed(&namespace, &fleet, &next).ends("suspended");
    assert_eq!(pursued.last(), "does nothing: spec.suspend is true");
    assert_eq!(live(&namespace), image("1.0"));
    namespace.merge_patch("kustomization/web", &json!({"spec": {"suspend": false}}));
    followed(&namespace, &fleet, &next).ends("reached");
    assert_eq!(live(&namespace), image("1.1"));
}

/// The failure stands there until the revert is tried.
fn a_failure_of_the_bad_commit_is_none_of_the_revert(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("status-failed"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    fleet.write("apps/web/kustomization.yaml", r#"{"resources": ["missing.yaml"]}"#);
    let bad = fleet.push("Break it");
    let word = flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_handled(&namespace, "gitrepository", "fleet", &word);
    namespace.wait_until("the bad commit has failed", |namespace| {
        let web = namespace.get("kustomization", "web");
        condition(&web, "Ready")["reason"] == "BuildFailed"
    });
    // A run that has failed is handled as well.
    let word = flux.reconcile(&namespace, "kustomization", "web");
    flux.wait_handled(&namespace, "kustomization", "web", &word);
    let revert = fleet.revert(&bad);
    let pursued = followed(&namespace, &fleet, &revert).ends("reached");
    assert!(pursued.last().contains(&revert[..9]), "{}", pursued.last());
}

/// As where a host answers from a copy that has not got the push yet: the request is handled without an
/// error, and the revision stays the old one.
fn a_host_that_is_behind_is_asked_again(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("status-behind"), web());
    fleet.copy("copy");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url_of("copy")));
    flux.apply(&namespace, &kustomization("web", "fleet", WEB));
    flux.wait_applied(&namespace, "web", &fleet.head());
    let next = fleet.release(WEB, &image("1.1"));
    let looked = || fleet.server().count("/copy.git/info/refs");
    let before = looked();
    let pursued = std::thread::scope(|scope| {
        let catch_up = || {
            namespace.wait_until("the old copy was looked at twice", |_| looked() >= before + 2);
            fleet.copy("copy");
        };
        scope.spawn(catch_up);
        followed(&namespace, &fleet, &next)
    });
    let pursued = pursued.ends("reached");
    let asked = "ask GitRepository ";
    let requests = pursued.followed.written.iter().filter(|one| one.starts_with(asked)).count();
    assert!(requests >= 3, "{:?}", pursued.followed.written);
    assert_eq!(live(&namespace), image("1.1"));
}

/// A chart in Git, released by the controller with the gate.
fn released(flux: &Flux, namespace: &Namespace, extra: &Value) -> Fleet {
    let fleet = Fleet::new();
    fleet.chart("charts/web", "1.0");
    fleet.push("Add a chart");
    flux.apply(namespace, &git_repository("fleet", &fleet.url()));
    let release = helm_release("web", "fleet", "./charts/web").with(extra);
    flux.apply(namespace, &release.cancelling());
    flux.wait_released(namespace, "web");
    fleet
}

fn newest_version(namespace: &Namespace) -> u64 {
    let web = namespace.get("helmrelease", "web");
    let history = web["status"]["history"].as_array().cloned().unwrap_or_default();
    history.iter().filter_map(|entry| entry["version"].as_u64()).max().unwrap_or_default()
}

/// Helm has rolled back by itself: what the revert says is there, under a version that is none of its own.
fn after_a_remediation_there_is_no_new_release(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("status-remediated"), Fleet::new());
    fleet.chart("charts/web", "0.9");
    let release = |tag: &str| {
        let upgrade = json!({"remediation": {"retries": 0, "remediateLastFailure": true}});
        // With `Revision` each commit makes another chart, which is released in any case.
        let chart = json!({"spec": {"reconcileStrategy": "ChartVersion"}});
        let spec = json!({"timeout": "15s", "upgrade": upgrade, "chart": chart,
            "values": {"image": {"tag": tag}}});
        let release = helm_release("web", "fleet", "./charts/web").with(&json!({"spec": spec}));
        fleet.write("releases/web.yaml", &release.manifest(namespace.name()));
    };
    release("1.0");
    let first = fleet.push("Add web");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let hasty = json!({"spec": {"wait": false}});
    flux.apply(&namespace, &kustomization("releases", "fleet", "releases").with(&hasty));
    flux.wait_applied(&namespace, "releases", &first);
    flux.wait_released(&namespace, "web");
    release("1.1-hang");
    let bad = fleet.push("Bump web to 1.1");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    namespace.wait_until("it was rolled back, and nothing is tried any more", |namespace| {
        let web = namespace.get("helmrelease", "web");
        let is_true = |kind| condition(&web, kind)["status"] == "True";
        is_true("Remediated") && is_true("Stalled")
    });
    assert_eq!(live(&namespace), image("1.0"));
    let version = newest_version(&namespace);
    let revert = fleet.revert(&bad);
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "releases", &revert);
    pursue(&namespace, HELM, &fleet, "charts/web", &revert).ends("reached");
    assert_eq!(live(&namespace), image("1.0"));
    assert_eq!(newest_version(&namespace), version);
}

/// With the gate a new revision ends the check, which marks the release as failed and rolls it back.
fn a_check_that_was_cancelled_is_no_failure_of_the_revert(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("status-cancelled"));
    flux.start_cancelling(bed);
    let remediation = json!({"retries": 1});
    let extra = json!({"spec": {"timeout": "5m", "upgrade": {"remediation": remediation}}});
    let fleet = released(flux, &namespace, &extra);
    fleet.chart("charts/web", "1.1-hang");
    let bad = fleet.push("Bump the chart");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    namespace.wait_until("the upgrade waits", |namespace| {
        let web = namespace.get("helmrelease", "web");
        let message = condition(&web, "Reconciling")["message"].as_str().unwrap_or_default();
        live(namespace) == image("1.1-hang") && message.starts_with("Running 'upgrade' action")
    });
    let revert = fleet.revert(&bad);
    pursue(&namespace, HELM, &fleet, "charts/web", &revert).ends("reached");
    assert_eq!(live(&namespace), image("1.0"));
}
