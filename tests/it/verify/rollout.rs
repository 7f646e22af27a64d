//! `rollout.converged` and `rollout.target`: is all that is wanted there, and is it what is wanted?

use serde_json::{Value, json};

use super::{verify, verify_now, verify_of};
use crate::rb::rb;
use crate::scene::sets::Set;
use crate::scene::{
    missed_its_deadline, quota, release, releases, releases_with, replica_set, text,
};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_good_release_is_verified,
        sets_that_are_rolled_out_are_verified,
        what_wants_no_pod_proves_nothing,
        another_release_than_the_expected_one_is_live,
        pods_that_are_kept_back_are_not_rolled_out,
        the_deadline_of_the_release_before_does_not_count,
        pods_that_cannot_be_made_are_missing,
    ]
}

fn a_good_release_is_verified(bed: &TestBed) {
    let namespace = bed.namespace("verify-good");
    super::service(&namespace, "web", "web");
    releases(&namespace, 2, &["1.0", "2.0"]);
    let verified = verify(&namespace, "").is("verified", 0);
    verified.all_are(&["pass", "skipped"]);
    let ids: Vec<&str> = kubectl_rb::probe::REGISTRY.iter().map(|probe| probe.id()).collect();
    let checks = verified.document["checks"].as_array().cloned().unwrap_or_default();
    let told: Vec<&str> = checks.iter().filter_map(|check| check["id"].as_str()).collect();
    assert!(told.starts_with(&ids), "{told:?}");
}

fn sets_that_are_rolled_out_are_verified(bed: &TestBed) {
    for set in [
        Set::stateful(bed, "verify-sts", 2, &["1.0", "2.0"], &Value::Null),
        Set::daemon(bed, "verify-ds", &["1.0", "2.0"], &Value::Null),
    ] {
        let verified = verify_of(&set.namespace, &set.reference()).is("verified", 0);
        verified.finds("rollout.converged", "pass", "");
        verified.finds("pods.healthy", "pass", "");
        verified.finds("endpoints", "skipped", "");
    }
}

fn what_wants_no_pod_proves_nothing(bed: &TestBed) {
    let namespace = bed.namespace("verify-zero");
    releases(&namespace, 0, &["1.0"]);
    let verified = verify_now(&namespace, "").is("unverified", 7);
    verified.finds("rollout.converged", "unknown", "NothingRan");
    verified.finds("pods.healthy", "skipped", "NothingRan");
}

fn another_release_than_the_expected_one_is_live(bed: &TestBed) {
    let namespace = bed.namespace("verify-other");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let verified = verify_now(&namespace, "--expect-revision=1.0").is("failed", 6);
    let check = verified.finds("rollout.target", "fail", "OtherTemplate");
    assert_eq!(check["evidence"], json!(["image web:1.0 -> 2.0"]));
    verified.finds("pods.stale", "fail", "StalePods");
    verify(&namespace, "--expect-revision=2.0").is("verified", 0);
}

fn pods_that_are_kept_back_are_not_rolled_out(bed: &TestBed) {
    let rolling = |strategy: Value| json!({"spec": {"updateStrategy": strategy}});
    let partition = rolling(json!({"rollingUpdate": {"partition": 1}}));
    let set = Set::stateful(bed, "verify-part", 2, &["1.0", "2.0"], &partition);
    let verified = verify_of(&set.namespace, "sts/web --wait=5s").is("failed", 6);
    verified.finds("rollout.converged", "fail", "Partitioned");
    verified.finds("pods.stale", "fail", "StalePods");

    let on_delete = rolling(json!({"type": "OnDelete"}));
    let set = Set::stateful(bed, "verify-ondel", 2, &["1.0", "2.0"], &on_delete);
    let verified = verify_of(&set.namespace, "sts/web --wait=5s").is("failed", 6);
    let check = verified.finds("rollout.converged", "fail", "OnDelete");
    assert!(check["evidence"].to_string().contains("kstatus Current"), "{check}");
    let hint = check["hint"].as_str().unwrap_or_default();
    assert!(hint.contains("--delete-pods"), "{hint}");
}

/// With one replica, the controller keeps the condition when it goes back to what still runs.
fn the_deadline_of_the_release_before_does_not_count(bed: &TestBed) {
    let namespace = bed.namespace("verify-late");
    let deadline = json!({"spec": {"progressDeadlineSeconds": 1}});
    releases_with(&namespace, 1, &["1.0"], &deadline);
    release(&namespace, "2.0-hang");
    missed_its_deadline(&namespace);
    rb(&namespace, "undo deploy/web --yes --no-wait").ends_with(0);
    let verified = verify(&namespace, "").is("verified", 0);
    verified.finds("rollout.converged", "pass", "");
}

fn pods_that_cannot_be_made_are_missing(bed: &TestBed) {
    let namespace = bed.namespace("verify-quota");
    releases(&namespace, 1, &["1.0"]);
    quota(&namespace, "pods", "1");
    // Of the very second in which the release went live nobody knows what was first.
    let live_at = text(&replica_set(&namespace, "1.0"), "/metadata/creationTimestamp").to_owned();
    namespace.wait_until("that second is over", |namespace| {
        let made = namespace.kubectl_ok(&[
            "create",
            "configmap",
            "clock",
            "--dry-run=server",
            "-o",
            "json",
        ]);
        let made: Value = serde_json::from_str(&made).expect("kubectl prints JSON");
        text(&made, "/metadata/creationTimestamp") > &*live_at
    });
    namespace.kubectl_ok(&["scale", "deploy/web", "--replicas=2"]);
    namespace.wait_until("an Event says so", |namespace| {
        namespace.list("event", "").iter().any(|event| event["reason"] == "FailedCreate")
    });
    let verified = verify_now(&namespace, "").is("failed", 5);
    let check = verified.finds("rollout.converged", "fail", "LessUpdated");
    assert!(check["evidence"].to_string().contains("exceeded quota"), "{check}");
    verified.finds("events", "warn", "FailedCreate");
}
