use serde_json::{Value, json};

use super::*;
use crate::probe::fixture::{MADE, SINCE, Shop, verdict};
use crate::rollback::model::check::CheckStatus::{self, Fail, Pass, Unknown};

fn check(shop: fn() -> Shop, cases: Vec<(&str, Value, CheckStatus, &str, bool)>) {
    for (what, edits, status, reason, is_final) in cases {
        let finding = shop().workload(&edits).alone(&RolloutConverged);
        assert_eq!(verdict(&finding), (status, reason), "{what}: {finding:?}");
        assert_eq!(finding.is_final, is_final, "{what}");
        let kstatus = finding.evidence.iter().filter(|line| line.contains("kstatus")).count();
        assert_eq!(kstatus, usize::from(reason != "Terminating" || is_final), "{what}");
    }
}

fn late(at: &str) -> Value {
    json!({"/status/conditions/1": {"type": "Progressing", "status": "False",
        "reason": "ProgressDeadlineExceeded", "lastUpdateTime": at}})
}

#[test]
fn a_deployment_has_converged_when_all_counters_agree() {
    check(
        Shop::web,
        vec![
            ("all is as wanted", json!({}), Pass, "", false),
            ("not observed", json!({"/metadata/generation": 3}), Fail, "NotObserved", false),
            (
                "never observed",
                json!({"/status/observedGeneration": null}),
                Fail,
                "NotObserved",
                false,
            ),
            ("not all updated", json!({"/status/updatedReplicas": 1}), Fail, "LessUpdated", false),
            ("an old replica", json!({"/status/replicas": 3}), Fail, "OldPods", false),
            (
                "not available for long enough",
                json!({"/status/availableReplicas": 1}),
                Fail,
                "LessAvailable",
                false,
            ),
            ("not ready", json!({"/status/readyReplicas": 1}), Fail, "LessReady", false),
            (
                "one too many",
                json!({"/status/replicas": 3, "/status/updatedReplicas": 3,
                       "/status/availableReplicas": 3}),
                Fail,
                "ExtraPods",
                false,
            ),
            ("no pods", json!({"/status": {"observedGeneration": 2}}), Fail, "NoPods", false),
            ("no status", json!({"/status": null}), Fail, "NotObserved", false),
            ("deadline exceeded", late(MADE), Fail, "ProgressDeadlineExceeded", true),
            ("a deadline of another release", late(SINCE), Pass, "", false),
            (
                "paused in the middle",
                json!({"/spec/paused": true, "/status/updatedReplicas": 1}),
                Fail,
                "Paused",
                true,
            ),
            ("paused and done", json!({"/spec/paused": true}), Pass, "", false),
            (
                "being deleted",
                json!({"/metadata/deletionTimestamp": MADE}),
                Fail,
                "Terminating",
                true,
            ),
        ],
    );
}

#[test]
fn a_stateful_set_has_converged_when_no_pod_is_kept_back() {
    check(
        Shop::db,
        vec![
            ("all is as wanted", json!({}), Pass, "", false),
            (
                "minReadySeconds",
                json!({"/status/availableReplicas": 1}),
                Fail,
                "LessAvailable",
                false,
            ),
            ("scaled down", json!({"/status/replicas": 3}), Fail, "OldPods", false),
            (
                "the partition keeps one",
                json!({"/spec/updateStrategy/rollingUpdate/partition": 1,
                       "/status/updatedReplicas": 1, "/status/currentRevision": "db-1"}),
                Fail,
                "Partitioned",
                true,
            ),
            (
                "OnDelete keeps one",
                json!({"/spec/updateStrategy/type": "OnDelete", "/status/updatedReplicas": 1}),
                Fail,
                "OnDelete",
                true,
            ),
            (
                "OnDelete and all replaced",
                json!({"/spec/updateStrategy/type": "OnDelete"}),
                Pass,
                "",
                false,
            ),
        ],
    );
}

#[test]
fn a_daemon_set_has_converged_when_every_node_has_its_pod() {
    check(
        Shop::agent,
        vec![
            ("all is as wanted", json!({}), Pass, "", false),
            (
                "an old one",
                json!({"/status/updatedNumberScheduled": 1}),
                Fail,
                "LessUpdated",
                false,
            ),
            ("not ready", json!({"/status/numberReady": 1}), Fail, "LessReady", false),
            ("not available", json!({"/status/numberAvailable": 1}), Fail, "LessAvailable", false),
            (
                "no node fits",
                json!({"/status": {"observedGeneration": 1}}),
                Unknown,
                "NothingRan",
                false,
            ),
        ],
    );
}

#[test]
fn what_wants_no_pod_proves_nothing() {
    let finding = Shop::web().scaled_to_0().alone(&RolloutConverged);
    assert_eq!(verdict(&finding), (Unknown, "NothingRan"));
    assert_eq!(finding.message, "replicas is 0: nothing ran, so nothing is proven");
    let still_there = json!({"/status/replicas": 2, "/status/updatedReplicas": 2});
    let finding = Shop::web().scaled_to_0().workload(&still_there).alone(&RolloutConverged);
    assert_eq!(verdict(&finding), (Fail, "LessAvailable"));
}

#[test]
fn what_keeps_pods_from_being_made_is_told() {
    let refused = json!({"/status/readyReplicas": 1, "/status/updatedReplicas": 1,
        "/status/conditions/0": {"type": "ReplicaFailure", "status": "True",
            "reason": "FailedCreate", "message": "pods \"web-1\" is forbidden: exceeded quota: q"}});
    let finding = Shop::web().workload(&refused).alone(&RolloutConverged);
    assert!(finding.evidence.iter().any(|line| line.contains("exceeded quota")), "{finding:?}");
    assert_eq!(finding.hint.as_deref(), Some("rb status deployment/web -n shop --context c"));
}
