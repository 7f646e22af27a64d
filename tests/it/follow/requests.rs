//! Requests to an Application that nobody does.

use kubectl_rb::rollback::model::target::Target;
use serde_json::{Value, json};

use super::argocd::to;
use super::{Pursued, WEB, web};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::automated;
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![a_request_that_was_lost_is_made_again, an_operation_that_does_not_move_is_looked_at,]
}

const REFRESH: &str = "argocd.argoproj.io/refresh";

/// Waits for a request to compare.
#[track_caller]
fn asked(namespace: &Namespace) {
    namespace.wait_until("it is asked to compare", |namespace| {
        namespace.get("application", "web")["metadata"]["annotations"][REFRESH] == "normal"
    });
}

/// An Application of the real Argo CD that is synced to a commit, as it was then: called `web`, in a
/// namespace that no Argo CD looks at.
#[track_caller]
fn left_alone(bed: &TestBed, namespace: &Namespace, fleet: &Fleet, commit: &str) -> Value {
    let elsewhere = bed.namespace("follow-looked-at");
    let app = bed.argocd().application(&elsewhere, &fleet.url(), WEB, &automated());
    let mut object = app.wait_synced(commit);
    object["metadata"] = json!({"name": "web", "namespace": namespace.name()});
    object
}

fn owner(namespace: &Namespace) -> Target {
    Target {
        api_version: "argoproj.io/v1alpha1".to_owned(),
        kind: "Application".to_owned(),
        namespace: namespace.name().to_owned(),
        name: "web".to_owned(),
    }
}

/// A commit that changes nothing of the app.
#[track_caller]
fn other_work(fleet: &Fleet) -> String {
    fleet.write("README.md", "what runs here\n");
    fleet.push("Say what runs here")
}

#[track_caller]
fn assert_asked(pursued: &Pursued, times: usize) {
    let written = &pursued.followed.written;
    assert_eq!(written.len(), times, "{written:?}");
    assert!(written.iter().all(|one| one.ends_with(" to compare with Git")), "{written:?}");
}

/// Up to 3.5.1 a comparison that has begun before the request takes it away.
fn a_request_that_was_lost_is_made_again(bed: &TestBed) {
    let (namespace, (fleet, commit)) = (bed.namespace("follow-lost"), web());
    namespace.apply(&left_alone(bed, &namespace, &fleet, &commit).to_string());
    let next = other_work(&fleet);
    let pursuit = to(namespace.kubeconfig(), owner(&namespace), &fleet, &next);
    let pursued = std::thread::scope(|scope| {
        let pursuing = scope.spawn(|| pursuit.run());
        asked(&namespace);
        let taken = json!({"annotations": {REFRESH: null}});
        namespace.merge_patch("application/web", &json!({"metadata": taken}));
        asked(&namespace);
        namespace.merge_patch(
            "application/web",
            &json!({"metadata": taken, "status": {"sync": {"revision": next}}}),
        );
        pursuing.join().expect("it ends")
    });
    assert_asked(&pursued.ends("reached"), 2);
}

/// 3.5.3 does not get rid of an operation.
fn an_operation_that_does_not_move_is_looked_at(bed: &TestBed) {
    let (namespace, (fleet, commit)) = (bed.namespace("follow-stuck"), web());
    let next = other_work(&fleet);
    let mut object = left_alone(bed, &namespace, &fleet, &next);
    object["operation"] = json!({"sync": {"revision": commit}});
    namespace.apply(&object.to_string());
    let pursuit = to(namespace.kubeconfig(), owner(&namespace), &fleet, &next);
    let pursued = std::thread::scope(|scope| {
        let pursuing = scope.spawn(|| pursuit.run());
        asked(&namespace);
        namespace.merge_patch(
            "application/web",
            &json!({"metadata": {"annotations": {REFRESH: null}}, "operation": null}),
        );
        pursuing.join().expect("it ends")
    });
    assert_asked(&pursued.ends("reached"), 1);
}
