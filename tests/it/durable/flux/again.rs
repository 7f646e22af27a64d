//! What brings a bad release again, or back, after the revert.

use serde_json::json;

use super::{hasty, hasty_helm};
use crate::durable::{WEB, image, live, undo, web};
use crate::given::{define, paste};
use crate::suite::{Test, on_bed};
use crate::testbed::flux::{git_repository, helm_release, kustomization};
use crate::testbed::{Fleet, Helm, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        an_image_automation_is_told_with_what_stops_it,
        a_rollback_by_helm_is_upgraded_over,
        a_release_that_is_held_does_not_fail_the_kustomization_above,
    ]
}

/// Its controller is no part of the bed: what it would do stands in its spec.
fn an_image_automation_is_told_with_what_stops_it(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("again-bot"), web());
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&hasty()));
    flux.wait_applied(&namespace, "web", &fleet.head());
    namespace.rollout_done("web");
    let group = "image.toolkit.fluxcd.io/v1";
    define(&namespace, group, "ImageUpdateAutomation", "imageupdateautomations");
    let automation = json!({"apiVersion": group, "kind": "ImageUpdateAutomation",
        "metadata": {"name": "auto"}, "spec": {"interval": "10m", "update": {"path": "./apps"},
            "sourceRef": {"kind": "GitRepository", "name": "fleet"}}});
    namespace.apply(&automation.to_string());
    let bad = fleet.release(WEB, &image("2.0-crash"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &bad);
    let plan = |words: &str, member: &str| {
        let plan = undo(&namespace, words).run().ends_with(0).json();
        let told = plan[member].as_array().cloned().unwrap_or_default();
        let told = told.iter().filter_map(|told| told.as_str());
        told.filter(|told| told.contains("auto")).map(str::to_owned).collect::<Vec<_>>()
    };
    for words in ["deploy/web --dry-run -o json", "deploy/web --now --dry-run -o json"] {
        let told = plan(words, "warnings");
        let [told] = told.as_slice() else { panic!("{words}: {told:?}") };
        assert!(told.ends_with("again at its next run, within 10m30s, which undoes a revert"));
    }
    let todo = plan("deploy/web --dry-run -o json", "todo");
    let [todo] = todo.as_slice() else { panic!("{todo:?}") };
    let (_, command) = todo.split_once(": ").expect("a command");
    paste(bed, namespace.kubeconfig(), command).ends_with(0);
    for member in ["todo", "warnings"] {
        assert_eq!(plan("deploy/web --dry-run -o json", member), [""; 0]);
    }
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
}

/// Which is why rb runs no Helm: the commit is what brings the release back.
fn a_rollback_by_helm_is_upgraded_over(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("again-helm"), Fleet::new());
    fleet.chart("charts/web", "1.0");
    fleet.push("Add a chart");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let hasty = json!({"spec": {"upgrade": hasty_helm()}});
    flux.apply(&namespace, &helm_release("web", "fleet", "./charts/web").with(&hasty));
    flux.wait_released(&namespace, "web");
    namespace.rollout_done("web");
    fleet.chart("charts/web", "2.0-crash");
    fleet.push("Bump the chart");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    namespace.wait_until("the bad release is live", |_| live(&namespace) == image("2.0-crash"));
    flux.wait_released(&namespace, "web");
    namespace.helm_ok(Helm::Four, &["rollback", "web", "1", "--force-conflicts"]);
    assert_eq!(live(&namespace), image("1.0"));
    flux.reconcile(&namespace, "helmrelease", "web");
    namespace.wait_until("it is upgraded over", |_| live(&namespace) == image("2.0-crash"));
    flux.wait_released(&namespace, "web");
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
    flux.reconcile(&namespace, "helmrelease", "web");
    flux.wait_released(&namespace, "web");
    assert_eq!(live(&namespace), image("1.0"));
}

/// It waits for the health of what it applies, and `spec.suspend` is a new generation of that.
fn a_release_that_is_held_does_not_fail_the_kustomization_above(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("again-held"), Fleet::new());
    fleet.chart("charts/web", "0.9");
    let release = |tag: &str| {
        let spec = json!({"values": {"image": {"tag": tag}}, "upgrade": hasty_helm(),
            "driftDetection": {"mode": "enabled"}});
        let release = helm_release("web", "fleet", "./charts/web").with(&json!({"spec": spec}));
        fleet.write("releases/web.yaml", &release.manifest(namespace.name()));
    };
    release("1.0");
    let first = fleet.push("Add web");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let waits = json!({"spec": {"timeout": "30s"}});
    flux.apply(&namespace, &kustomization("releases", "fleet", "releases").with(&waits));
    flux.wait_applied(&namespace, "releases", &first);
    flux.wait_released(&namespace, "web");
    namespace.rollout_done("web");
    release("2.0-crash");
    let bad = fleet.push("Bump web to 2.0");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "releases", &bad);
    namespace.wait_until("the bad release is live", |_| live(&namespace) == image("2.0-crash"));
    undo(&namespace, "deploy/web --now --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
    flux.wait_applied(&namespace, "releases", &fleet.server_head());
    assert!(namespace.get("helmrelease", "web")["spec"]["suspend"] != true);
    // As while a hold stays open.
    let suspend = json!({"spec": {"suspend": true}}).to_string();
    namespace.kubectl_ok(&["patch", "helmrelease/web", "--type=merge", "-p", &suspend]);
    let word = flux.reconcile(&namespace, "kustomization", "releases");
    flux.wait_handled(&namespace, "kustomization", "releases", &word);
    flux.wait_applied(&namespace, "releases", &fleet.server_head());
}
