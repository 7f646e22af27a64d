//! What `kubectl rollout undo` does wrong, shown on the real kubectl, and that rb does not do it.
//! When a first half fails, kubectl has been mended: then the claim in the README has to go.

use std::thread;

use serde_json::{Value, json};

use crate::rb::{Rb, rb};
use crate::scene::{
    REVISION, annotation, assert_live, has_missed_its_deadline, image, is_observed, live,
    missed_its_deadline, quota, release, releases, replica_set, stored, template_writes, text,
    wake_replica_sets,
};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Gate, Namespace, Proxy, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        a_second_undo_flips_back,
        annotations_are_wiped,
        a_release_of_the_last_moment_is_overwritten,
        the_output_shows_what_was_before,
        status_fails_although_the_rollback_succeeds,
        an_undo_after_a_restart_stays_at_the_release,
        an_undo_before_the_release_is_stored_goes_two_back,
    ]
}

fn a_second_undo_flips_back(bed: &TestBed) {
    let namespace = bed.namespace("flip-kubectl");
    releases(&namespace, 1, &["1.0", "2.0", "3.0-crash"]);
    undo_by_kubectl(&namespace);
    stored(&namespace, "2.0");
    undo_by_kubectl(&namespace);
    assert_live(&namespace, "3.0-crash");

    let namespace = bed.namespace("flip-rb");
    releases(&namespace, 1, &["1.0", "2.0", "3.0-crash"]);
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    assert_live(&namespace, "2.0");
    rb(&namespace, "undo deploy/web --yes --again").ends_with(0);
    assert_live(&namespace, "1.0");
    // Both newer ones were left: there is nowhere to go.
    let end = rb(&namespace, "undo deploy/web --yes --again").ends_with(4);
    end.says("revision 3 (rolled back by tester").says("no eligible revision");
    assert_live(&namespace, "1.0");
}

fn annotations_are_wiped(bed: &TestBed) {
    let foreign =
        ["annotate", "deployment/web", "--overwrite", "example.test/contact=on call: \"x\""];
    let cause = |tag: &str| format!("kubernetes.io/change-cause=deploy {tag}");
    let prepare = |namespace: &Namespace| {
        releases(namespace, 1, &["1.0"]);
        namespace.kubectl_ok(&["annotate", "deployment/web", &cause("1.0")]);
        namespace.wait_until("the ReplicaSet has the change-cause", |namespace| {
            let set = replica_set(namespace, "1.0");
            set["metadata"]["annotations"]["kubernetes.io/change-cause"] == "deploy 1.0"
        });
        release(namespace, "2.0-crash");
        namespace.kubectl_ok(&[&foreign[..], &[&cause("2.0")]].concat());
    };

    let namespace = bed.namespace("wiped-kubectl");
    prepare(&namespace);
    undo_by_kubectl(&namespace);
    assert_eq!(annotation(&namespace, "example.test/contact"), "", "kubectl kept it");
    assert_eq!(annotation(&namespace, "kubernetes.io/change-cause"), "deploy 1.0");

    let namespace = bed.namespace("wiped-rb");
    prepare(&namespace);
    let before = foreign_annotations(&namespace);
    assert_eq!(before["example.test/contact"], "on call: \"x\"");
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    assert_eq!(foreign_annotations(&namespace), before);
    let cause = annotation(&namespace, "kubernetes.io/change-cause");
    assert_eq!(cause, "rb undo: revision 2 (web:2.0-crash) back to revision 1 (web:1.0)");
}

/// All but what the undo has to write, and what the controller writes.
fn foreign_annotations(namespace: &Namespace) -> Value {
    let mut web = namespace.get("deployment", "web");
    let annotations = web["metadata"]["annotations"].as_object_mut().expect("annotations");
    annotations.retain(|key, _| {
        // Its template belongs to the undo: the next `kubectl apply` is computed from it.
        let applied = key == "kubectl.kubernetes.io/last-applied-configuration";
        key != "kubernetes.io/change-cause"
            && !key.starts_with("kubectl-rb/")
            && !applied
            && key != REVISION
    });
    json!(annotations)
}

fn a_release_of_the_last_moment_is_overwritten(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("lost-kubectl"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    let kubeconfig = format!("--kubeconfig={}", proxy.kubeconfig(&namespace).display());
    let undo = [&kubeconfig, "rollout", "undo", "deployment/web"];
    let output = with_a_release_before_the_patch(&namespace, &proxy, || namespace.kubectl(&undo));
    assert_eq!(output.code, 0, "{output}");
    assert_live(&namespace, "1.0");

    let (namespace, proxy) = (bed.namespace("lost-rb"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    let undo = Rb::new(&proxy.kubeconfig(&namespace)).words("undo deploy/web --yes");
    let ran = with_a_release_before_the_patch(&namespace, &proxy, || undo.run()).ends_with(3);
    assert_live(&namespace, "3.0");
    assert_eq!(template_writes(&proxy).len(), 1, "it is asked for again, not written:\n{ran}");
    // The card of the new plan comes after that of the old one.
    let card = ran.stdout.rsplit("namespace").next().unwrap_or_default();
    assert!(card.contains("web:3.0"), "{ran}");
    ran.says("went live between the plan and the write: nothing was written");
}

/// Holds the first write of `undo` back until another release is live.
fn with_a_release_before_the_patch<T: Send>(
    namespace: &Namespace,
    proxy: &Proxy,
    undo: impl FnOnce() -> T + Send,
) -> T {
    let gate = Gate::closed();
    let held = gate.clone();
    proxy.inject(
        move |request| {
            if request.is_write() { Action::Hold(held.clone()) } else { Action::Pass }
        },
    );
    thread::scope(|scope| {
        let undo = scope.spawn(undo);
        namespace.wait_until("the patch is sent", |_| {
            proxy.requests().iter().any(|record| record.request.is_write())
        });
        namespace.set_image("web", &image("3.0"));
        gate.open();
        undo.join().expect("it ends")
    })
}

fn the_output_shows_what_was_before(bed: &TestBed) {
    let namespace = bed.namespace("output-kubectl");
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    let printed = namespace.kubectl_ok(&["rollout", "undo", "deployment/web", "-o", "json"]);
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(text(&printed, "/spec/template/spec/containers/0/image"), image("2.0-crash"));
    assert_live(&namespace, "1.0");

    let namespace = bed.namespace("output-rb");
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    let report = rb(&namespace, "undo deploy/web --yes -o json").ends_with(0).json();
    assert_eq!(report["schema"], "rb.report/v1");
    assert_eq!(report["result"], "rolledBack");
    assert_eq!(report["plan"]["to"]["images"][0]["image"], live(&namespace));
    assert_eq!(report["wait"]["progress"]["pods"]["available"], 1);
}

/// While pods cannot be created the controller sees no progress, and its verdict on the bad release
/// stays on the Deployment. A quota makes that last as long as the test wants.
fn status_fails_although_the_rollback_succeeds(bed: &TestBed) {
    let prepare = |namespace: &Namespace| {
        quota(namespace, "pods", "0");
        let extra = json!({"spec": {"progressDeadlineSeconds": 1}});
        namespace.deployment_with("web", &image("1.0"), 1, &extra);
        stored(namespace, "1.0");
        namespace.set_image("web", &image("2.0"));
        stored(namespace, "2.0");
        missed_its_deadline(namespace);
        // Long enough for the good release, and no reason for the controller to think anew.
        let longer = r#"{"spec": {"progressDeadlineSeconds": 60}}"#;
        namespace.kubectl_ok(&["patch", "deployment/web", "-p", longer]);
    };
    let let_pods_in = |namespace: &Namespace| {
        namespace.kubectl_ok(&["delete", "quota", "only"]);
        wake_replica_sets(namespace);
    };
    let is_taken_up = |namespace: &Namespace| {
        let web = namespace.get("deployment", "web");
        live(namespace) == image("1.0") && is_observed(&web) && has_missed_its_deadline(&web)
    };

    let namespace = bed.namespace("stale-kubectl");
    prepare(&namespace);
    undo_by_kubectl(&namespace);
    namespace.wait_until("the controller has seen the undo", is_taken_up);
    let status = namespace.kubectl(&["rollout", "status", "deployment/web"]);
    assert_eq!(status.code, 1, "{status}");
    assert!(status.stderr.contains("exceeded its progress deadline"), "{status}");
    let_pods_in(&namespace);
    namespace.rollout_done("web");

    let namespace = bed.namespace("stale-rb");
    prepare(&namespace);
    let undo = Rb::new(namespace.kubeconfig()).words("undo deploy/web --yes").spawn();
    namespace.wait_until("the controller has seen the undo", is_taken_up);
    // The same for a wait without a write of its own.
    let look = rb(&namespace, "status deploy/web --watch=false").ends_with(7);
    let_pods_in(&namespace);
    undo.wait().ends_with(0).says("rolled back:");
    look.says("Waiting for deployment");
}

fn an_undo_after_a_restart_stays_at_the_release(bed: &TestBed) {
    let prepare = |namespace: &Namespace| {
        releases(namespace, 1, &["1.0", "2.0"]);
        namespace.kubectl_ok(&["rollout", "restart", "deployment/web"]);
        namespace.rollout_done("web");
        assert_eq!(annotation(namespace, REVISION), "3");
    };

    let namespace = bed.namespace("restart-kubectl");
    prepare(&namespace);
    undo_by_kubectl(&namespace);
    assert_live(&namespace, "2.0");

    let namespace = bed.namespace("restart-rb");
    prepare(&namespace);
    let undo = rb(&namespace, "undo deploy/web --yes").ends_with(0);
    assert_live(&namespace, "1.0");
    undo.says("revision 2: is the live release before a restart");
}

/// A quota keeps the controller from storing the newest release, as its lag does for a moment.
fn an_undo_before_the_release_is_stored_goes_two_back(bed: &TestBed) {
    let prepare = |namespace: &Namespace| {
        releases(namespace, 1, &["1.0", "2.0"]);
        quota(namespace, "count/replicasets.apps", "2");
        namespace.set_image("web", &image("3.0"));
        namespace.wait_until("the controller cannot store the release", |namespace| {
            let web = namespace.get("deployment", "web");
            let conditions = web["status"]["conditions"].as_array().cloned().unwrap_or_default();
            conditions
                .iter()
                .any(|c| c["type"] == "ReplicaFailure" || c["reason"] == "ReplicaSetCreateError")
        });
    };

    let namespace = bed.namespace("early-kubectl");
    prepare(&namespace);
    undo_by_kubectl(&namespace);
    assert_live(&namespace, "1.0");

    let namespace = bed.namespace("early-rb");
    prepare(&namespace);
    let undo = rb(&namespace, "undo deploy/web --yes").ends_with(0);
    assert_live(&namespace, "2.0");
    undo.says("the controller has not stored the newest template yet");
}

fn undo_by_kubectl(namespace: &Namespace) {
    namespace.kubectl_ok(&["rollout", "undo", "deployment/web"]);
}
