//! `pods.healthy`, `pods.restarts`, `pods.stale`: do the pods of the release run, and no others?

use serde_json::{Value, json};

use super::{patch_status, verify, verify_now};
use crate::scene::{hold_pods, image, releases, releases_with, stored, text};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_crash_loop_fails_at_once,
        memory_images_and_references_are_told_apart,
        a_pod_that_no_node_takes_is_told,
        restarts_since_the_release_are_counted,
        pods_on_their_way_out_are_not_stale,
        pods_of_others_do_not_count,
    ]
}

/// With a long time to wait, which is not used up: the test would take minutes.
fn a_crash_loop_fails_at_once(bed: &TestBed) {
    let namespace = bed.namespace("verify-crash");
    super::service(&namespace, "web", "web");
    releases(&namespace, 2, &["1.0", "2.0-crash"]);
    let verified = verify(&namespace, "--wait=10m").is("failed", 6);
    let check = verified.finds("pods.healthy", "fail", "CrashLoopBackOff");
    assert!(check["message"].to_string().contains("FATAL: cannot open"), "{check}");
    assert!(check["hint"].to_string().contains("kubectl logs web-"), "{check}");
    verified.check("rollout.converged");
    verified.finds("pods.restarts", "warn", "Restarted");
    verified.finds("events", "warn", "BackOff");
    // The old release still serves: the rollout is stuck in the middle.
    verified.finds("pods.stale", "fail", "StalePods");
    verified.finds("endpoints", "fail", "OldPods");
}

fn memory_images_and_references_are_told_apart(bed: &TestBed) {
    for (tag, waits_for, reason) in [
        ("1.0-oom", "CrashLoopBackOff", "OOMKilled"),
        ("1.0-missing", "ImagePullBackOff", "ImagePullBackOff"),
        ("1.0-config", "CreateContainerConfigError", "CreateContainerConfigError"),
    ] {
        let namespace = bed.namespace("verify-ails");
        namespace.deployment("web", &image(tag), 1);
        namespace.wait_until(&format!("a pod waits for {waits_for}"), |namespace| {
            let pods = namespace.pods("web");
            let waiting = "/status/containerStatuses/0/state/waiting/reason";
            pods.iter().any(|pod| text(pod, waiting) == waits_for)
        });
        verify(&namespace, "--wait=10m").is("failed", 6).finds("pods.healthy", "fail", reason);
    }
}

fn a_pod_that_no_node_takes_is_told(bed: &TestBed) {
    let namespace = bed.namespace("verify-node");
    let nowhere = json!({"spec": {"template": {"spec": {"nodeSelector": {"a": "b"}}}}});
    namespace.deployment_with("web", &image("1.0"), 1, &nowhere);
    namespace.wait_until("no node takes the pod", |namespace| {
        namespace.list("event", "").iter().any(|event| event["reason"] == "FailedScheduling")
    });
    let verified = verify_now(&namespace, "").is("failed", 6);
    verified.finds("pods.healthy", "fail", "Unschedulable");
    verified.finds("events", "warn", "FailedScheduling");
}

/// The last end of a container, as its kubelet tells it.
fn ended(times: u32, reason: &str, at: &str) -> Value {
    json!([
        {"op": "add", "path": "/status/containerStatuses/0/restartCount", "value": times},
        {"op": "add", "path": "/status/containerStatuses/0/lastState", "value": {"terminated":
            {"exitCode": 137, "reason": reason, "startedAt": at, "finishedAt": at}}},
    ])
}

fn restarts_since_the_release_are_counted(bed: &TestBed) {
    let namespace = bed.namespace("verify-restarts");
    releases(&namespace, 1, &["1.0"]);
    let restarted = |times: u32, reason: &str| {
        let pod = only_pod(&namespace);
        let now = text(&pod, "/status/startTime").to_owned();
        patch_status(&namespace, &pod, &ended(times, reason, &now));
    };
    restarted(1, "Error");
    let verified = verify(&namespace, "").is("verified-with-warnings", 0);
    let check = verified.finds("pods.restarts", "warn", "Restarted");
    assert!(check["message"].to_string().contains("1 restart since"), "{check}");
    verified.finds("pods.healthy", "pass", "");
    restarted(2, "OOMKilled");
    let verified = verify_now(&namespace, "").is("failed", 6);
    verified.finds("pods.healthy", "fail", "OOMKilled");
}

fn only_pod(namespace: &Namespace) -> Value {
    namespace.pods("web").pop().expect("a pod")
}

fn pods_on_their_way_out_are_not_stale(bed: &TestBed) {
    let namespace = bed.namespace("verify-leaving");
    super::service(&namespace, "web", "web");
    releases(&namespace, 1, &["1.0"]);
    hold_pods(&namespace, &json!(["example.org/hold"]));
    namespace.set_image("web", &image("2.0"));
    stored(&namespace, "2.0");
    namespace.rollout_done("web");
    let verified = verify(&namespace, "");
    assert_eq!(verified.ran.code, 0, "{verified}");
    // On a slow machine it is past its grace period by now.
    let check = verified.check("pods.stale");
    assert!(check["status"] == "pass" || check["reason"] == "StuckDeleting", "{check}");
    assert!(check["message"].to_string().contains("being deleted"), "{check}");
    verified.finds("endpoints", "pass", "");
    hold_pods(&namespace, &Value::Null);
}

/// Two Deployments whose pods have the same label: the selector of the one selects those of the
/// other.
fn pods_of_others_do_not_count(bed: &TestBed) {
    let namespace = bed.namespace("verify-strangers");
    let labels = json!({"app": "web", "of": "stranger"});
    let stranger = json!({"spec": {"selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}}}});
    namespace.deployment_with("stranger", &image("1.0-crash"), 1, &stranger);
    namespace.wait_until("it crashes", |namespace| {
        namespace.list("event", "").iter().any(|event| event["reason"] == "BackOff")
    });
    releases_with(&namespace, 1, &["1.0"], &Value::Null);
    let verified = verify(&namespace, "").is("verified", 0);
    verified.finds("pods.healthy", "pass", "");
    verified.finds("pods.stale", "pass", "");
    verified.finds("events", "pass", "");
    // Where they get traffic they matter.
    super::service(&namespace, "web", "web");
    namespace.set_image("stranger", &image("2.0"));
    namespace.rollout_done("stranger");
    super::serves(&namespace, "web", 2);
    let verified = verify_now(&namespace, "").is("failed", 6);
    let check = verified.finds("endpoints", "fail", "ForeignPods");
    let whose = "not made by deployment/web, although it has its labels";
    assert!(check["evidence"].to_string().contains(whose), "{check}");
}
