//! What an Application of the real Argo CD says although it is not so, or is so no longer.

use kubectl_rb::reconciler::following::Goal;
use kubectl_rb::rollback::model::convergence::Convergence;
use serde_json::{Value, json};

use super::argocd::{pin, target, to};
use super::{Pursuit, WEB, image, web};
use crate::scene::live;
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;
use crate::testbed::argocd::automated;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        synced_and_healthy_counts_for_nothing_while_a_sync_is_left,
        a_failure_of_before_is_none_of_the_revert,
    ]
}

/// At the very commit that is waited for, while the bad one is still to be applied once more.
fn synced_and_healthy_counts_for_nothing_while_a_sync_is_left(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("rest-left"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let bad = pin(&app, &fleet);
    let revert = fleet.revert(&bad);
    app.refresh_to(&revert);
    app.wait_until("it says that all is well", |app| {
        app["status"]["sync"]["status"] == "Synced"
            && app["status"]["health"]["status"] == "Healthy"
            && app["operation"].is_object()
    });
    let pursuit = Pursuit {
        goal: Goal::Healthy,
        ..to(namespace.kubeconfig(), target(argocd, &app), &fleet, &revert)
    };
    let pursued = pursuit.run().ends("reached");
    let first = pursued.states().next();
    assert!(matches!(first, Some(Convergence::Blocked { .. })), "{:?}", pursued.told);
    assert_eq!(app.get()["operation"], Value::Null);
    assert_eq!(live(&namespace), image("1.0"));
}

/// What was never applied needs no sync to go away: the last one says that it failed, and stays so.
fn a_failure_of_before_is_none_of_the_revert(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("rest-failed"));
    let (fleet, commit) = web();
    let mut extra = automated();
    extra["spec"]["syncPolicy"]["retry"] = json!({"limit": 0});
    let app = argocd.application(&namespace, &fleet.url(), WEB, &extra);
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let path = format!("{WEB}/deployment.yaml");
    // A selector is immutable.
    fleet.write(&path, &fleet.read(&path).replace("app: web", "app: other"));
    let bad = fleet.push("Rename the label");
    app.refresh_to(&bad);
    app.wait_until("its sync has failed", |app| {
        app["status"]["operationState"]["phase"] == "Failed" && app["operation"].is_null()
    });
    let revert = fleet.revert(&bad);
    let pursuit = Pursuit {
        goal: Goal::Healthy,
        ..to(namespace.kubeconfig(), target(argocd, &app), &fleet, &revert)
    };
    let pursued = pursuit.run().ends("reached");
    assert!(!pursued.wrote("sync Argo CD application"), "{:?}", pursued.followed);
    let app = app.get();
    let state = &app["status"]["operationState"];
    assert_eq!(state["phase"], "Failed", "{app}");
    assert_eq!(state["syncResult"]["revision"], *bad, "{app}");
    assert_eq!(app["status"]["history"].as_array().map(Vec::len), Some(1), "{app}");
}
