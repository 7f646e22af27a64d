use serde_json::{Value, json};

use super::*;
use crate::probe::fixture::{HASH, MADE, OLD, SINCE, Shop, crashing, verdict, waiting, web_pod};
use crate::rollback::model::check::CheckStatus::{self, Fail, Pass, Skipped, Unknown, Warn};

fn ended(exit_code: i64, reason: &str, at: &str) -> Value {
    json!({"terminated": {"exitCode": exit_code, "reason": reason, "finishedAt": at}})
}

/// Ready again after it was killed at this time, with so many restarts.
fn killed(at: &str) -> Value {
    json!({"/status/containerStatuses/0/lastState": ended(137, "OOMKilled", at),
        "/status/containerStatuses/0/restartCount": 1})
}

#[test]
fn what_keeps_a_pod_from_running_is_named() {
    let before = "2026-11-20T00:00:00Z";
    let is_older = json!({"/metadata/creationTimestamp": "2026-11-19T00:00:00Z"});
    let down = |times: i64| {
        json!({"/status/conditions/0/status": "False",
            "/status/containerStatuses/0/ready": false,
            "/status/containerStatuses/0/restartCount": times,
            "/status/containerStatuses/0/state": ended(2, "Error", MADE)})
    };
    let starting = json!({"/status/conditions/0/status": "False",
        "/status/containerStatuses/0/ready": false});
    let nowhere = json!({"/status/phase": "Pending", "/status/containerStatuses": null,
        "/status/conditions": [{"type": "PodScheduled", "status": "False",
            "reason": "Unschedulable", "message": "0/3 nodes are available"}]});
    let init = json!({"/status/phase": "Pending", "/status/conditions/0/status": "False",
        "/status/initContainerStatuses": [{"name": "migrate", "ready": false, "restartCount": 5,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}},
            "lastState": ended(1, "Error", MADE)}]});
    let cases: Vec<(&str, Vec<Value>, CheckStatus, &str, bool)> = vec![
        ("all is well", vec![], Pass, "", false),
        ("a crash loop", vec![crashing()], Fail, "CrashLoopBackOff", true),
        ("the first crash", vec![down(0)], Fail, "Crashed", false),
        ("the third crash", vec![down(2)], Fail, "Crashed", true),
        ("an init container", vec![init], Fail, "CrashLoopBackOff", true),
        ("no image yet", vec![waiting("ErrImagePull")], Fail, "ErrImagePull", false),
        ("no image", vec![waiting("ImagePullBackOff")], Fail, "ImagePullBackOff", true),
        (
            "a reference that is missing",
            vec![waiting("CreateContainerConfigError")],
            Fail,
            "CreateContainerConfigError",
            true,
        ),
        ("no name of an image", vec![waiting("InvalidImageName")], Fail, "InvalidImageName", true),
        ("it starts", vec![waiting("ContainerCreating")], Warn, "NotReady", false),
        ("it is not ready", vec![starting], Warn, "NotReady", false),
        ("no node", vec![nowhere], Fail, "Unschedulable", false),
        ("killed since", vec![killed("2026-11-25T21:04:00Z")], Fail, "OOMKilled", true),
        (
            "killed since, and older",
            vec![is_older.clone(), killed("2026-11-25T21:04:00Z")],
            Fail,
            "OOMKilled",
            true,
        ),
        ("killed before", vec![is_older.clone(), killed(before)], Pass, "", false),
        ("killed in that second", vec![is_older, killed(SINCE)], Pass, "", false),
        (
            "killed again and again",
            vec![crashing(), killed("2026-11-25T21:04:00Z")],
            Fail,
            "OOMKilled",
            true,
        ),
    ];
    for (what, edits, status, reason, is_final) in cases {
        let shop = edits.iter().fold(Shop::web(), |shop, edits| shop.pod(0, edits));
        let finding = shop.alone(&PodsHealthy);
        assert_eq!(verdict(&finding), (status, reason), "{what}: {finding:?}");
        assert_eq!(finding.is_final, is_final, "{what}");
    }
}

#[test]
fn the_worst_is_told_first_with_its_last_words() {
    let finding = Shop::web().pod(0, &waiting("ErrImagePull")).pod(1, &crashing());
    let finding = finding.alone(&PodsHealthy);
    assert_eq!(
        finding.message,
        format!(
            "2 of 2 pods of revision 41 in trouble: web-{HASH}-wjbq8: container app: \
             CrashLoopBackOff, last ended with Error, exit code 1, 4 restarts: FATAL: cannot open \
             /etc/shop/settings.json"
        )
    );
    assert_eq!(
        finding.evidence,
        [
            format!("web-{HASH}-b7dfr: container app: ErrImagePull: why"),
            format!(
                "web-{HASH}-wjbq8: kstatus Failed, ContainerCrashLooping: Containers in CrashLoop \
                 state: app"
            ),
            format!(
                "web-{HASH}-b7dfr: kstatus InProgress, PodPending: Pod is in the Pending phase"
            ),
        ]
    );
    assert_eq!(
        finding.hint.unwrap(),
        format!("kubectl logs web-{HASH}-wjbq8 -c app --previous -n shop --context c")
    );
}

#[test]
fn only_pods_of_the_target_count() {
    let mut old = web_pod(OLD, "old");
    let mut stranger = web_pod(HASH, "bare");
    let mut leaving = web_pod(HASH, "leaving");
    for pod in [&mut old, &mut stranger, &mut leaving] {
        crate::probe::fixture::edit(pod, &crashing());
    }
    stranger["metadata"]["ownerReferences"] = json!([]);
    leaving["metadata"]["deletionTimestamp"] = json!(MADE);
    let shop = Shop::web().and_pod(old).and_pod(stranger).and_pod(leaving);
    assert_eq!(verdict(&shop.alone(&PodsHealthy)), (Pass, ""));
}

#[test]
fn pods_that_are_over_are_worth_a_look_while_they_are_new() {
    let evicted = json!({"/status/phase": "Failed", "/status/reason": "Evicted",
        "/status/message": "The node was low on resource: memory"});
    let shop = || {
        let mut pod = web_pod(HASH, "evicted");
        crate::probe::fixture::edit(&mut pod, &evicted);
        Shop::web().and_pod(pod)
    };
    let finding = shop().alone(&PodsHealthy);
    assert_eq!(verdict(&finding), (Warn, "PodsEnded"));
    let line = format!("web-{HASH}-evicted: Failed, Evicted: The node was low on resource: memory");
    assert_eq!(finding.evidence[0], line);
    let before = json!({"/metadata/creationTimestamp": "2026-11-20T00:00:00Z"});
    assert_eq!(verdict(&shop().pod(2, &before).alone(&PodsHealthy)), (Pass, ""));
}

#[test]
fn without_pods_it_depends_on_whether_any_are_wanted() {
    let empty = || {
        let mut shop = Shop::web();
        shop.seen.pods.clear();
        shop
    };
    assert_eq!(verdict(&empty().alone(&PodsHealthy)), (Fail, "NoPods"));
    assert_eq!(verdict(&Shop::web().scaled_to_0().alone(&PodsHealthy)), (Skipped, "NothingRan"));
    assert_eq!(verdict(&empty().with_gap().alone(&PodsHealthy)), (Unknown, "PodsUnknown"));
    // What is known is bad enough.
    let shop = Shop::web().pod(0, &crashing()).with_gap();
    assert_eq!(verdict(&shop.alone(&PodsHealthy)), (Fail, "CrashLoopBackOff"));
    assert_eq!(verdict(&Shop::web().with_gap().alone(&PodsHealthy)), (Unknown, "PodsUnknown"));
}
