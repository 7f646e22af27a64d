//! Syncs of the real Argo CD that look for the newest commit at each try (`retry.refresh`).

use kubectl_rb::rollback::model::convergence::Convergence;
use serde_json::{Value, json};

use super::argocd::{pin, target, to};
use super::{WEB, image, web};
use crate::scene::{ingress, live};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;
use crate::testbed::argocd::automated;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_try_that_has_found_the_newest_commit_is_left_alone,
        a_try_that_is_still_to_come_is_not_waited_for,
    ]
}

/// Takes new commits up, also with the next try of a sync that has failed.
fn refreshing(seconds: u32) -> Value {
    let mut extra = automated();
    let duration = format!("{seconds}s");
    let backoff = json!({"duration": duration, "factor": 1, "maxDuration": duration});
    extra["spec"]["syncPolicy"]["retry"] =
        json!({"limit": -1, "refresh": true, "backoff": backoff});
    extra
}

/// The operation began with the bad commit, which it names still.
fn a_try_that_has_found_the_newest_commit_is_left_alone(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("retry-newest"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &refreshing(1));
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let bad = pin(&app, &fleet);
    fleet.git(&["revert", "--no-edit", &bad]);
    fleet.write(&format!("{WEB}/ingress.yaml"), ingress::FIRST);
    let revert = fleet.push("Serve web");
    app.wait_until("a try is at work on the revert", |app| {
        let state = &app["status"]["operationState"];
        state["phase"] == "Running" && state["syncResult"]["revision"] == *revert
    });
    let proxy = bed.proxy();
    let kubeconfig = proxy.kubeconfig(&namespace);
    let pursuit = to(&kubeconfig, target(argocd, &app), &fleet, &revert);
    let pursued = std::thread::scope(|scope| {
        let pursuing = scope.spawn(|| pursuit.run());
        namespace.wait_until("the Application was looked at", |_| {
            let mut requests = proxy.requests().into_iter();
            requests.any(|one| one.request.is_watch() && one.status == Some(200))
        });
        ingress::serve(&namespace);
        pursuing.join().expect("it ends")
    });
    let pursued = pursued.ends("reached");
    let first = pursued.states().next();
    assert!(matches!(first, Some(Convergence::Running { .. })), "{:?}", pursued.told);
    assert!(!pursued.wrote("terminate the sync"), "{:?}", pursued.followed);
    let state = app.get()["status"]["operationState"].clone();
    assert_eq!(state["phase"], "Succeeded", "{state}");
    assert_eq!(state["syncResult"]["revision"], *revert, "{state}");
    assert!(state["retryCount"].as_u64() > Some(0), "{state}");
    assert_eq!(live(&namespace), image("1.0"));
}

/// It would come after minutes.
fn a_try_that_is_still_to_come_is_not_waited_for(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("retry-later"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &refreshing(600));
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let bad = pin(&app, &fleet);
    let revert = fleet.revert(&bad);
    let pursuit = to(namespace.kubeconfig(), target(argocd, &app), &fleet, &revert);
    let pursued = pursuit.run().ends("reached");
    assert!(pursued.wrote("terminate the sync to"), "{:?}", pursued.followed);
    let app = app.get();
    assert_eq!(app["operation"], Value::Null);
    assert_eq!(app["status"]["sync"]["revision"], *revert);
}
