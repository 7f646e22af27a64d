use serde_json::{Value, json};

use super::*;
use crate::probe::fixture::{HASH, OLD, SINCE, Shop, edit, forbidden, verdict, web_pod};
use crate::rollback::model::check::CheckStatus::{Fail, Pass, Unknown, Warn};

fn event(reason: &str, edits: &Value) -> Value {
    let name = format!("web-{HASH}-b7dfr");
    let mut event = json!({"count": 6, "eventTime": null, "type": "Warning", "reason": reason,
        "firstTimestamp": "2026-11-25T21:03:58Z", "lastTimestamp": "2026-11-25T21:04:04Z",
        "involvedObject": {"kind": "Pod", "name": name, "namespace": "shop",
            "uid": format!("uid-of-{name}")},
        "message": "Back-off restarting failed container",
        "metadata": {"creationTimestamp": "2026-11-25T21:03:58Z"}});
    edit(&mut event, edits);
    event
}

fn about(kind: &str, name: &str, uid: &str) -> Value {
    json!({"/involvedObject": {"kind": kind, "name": name, "uid": uid}})
}

fn about_at(kind: &str, name: &str, at: &str) -> Value {
    let mut edits = about(kind, name, &format!("uid-of-{name}"));
    edits["/lastTimestamp"] = json!(at);
    edits
}

fn judge(shop: &Shop, events: &[Value]) -> Finding {
    let list = json!({"metadata": {}, "items": events});
    shop.judge(&Events, &Facts::of([(shop.ask(&Events), Some(list))]))
}

#[test]
fn it_depends_on_what_whom_and_when() {
    let of_workload = "379708ab-97a2-43b1-a55f-2311a157d5ad";
    let old = format!("web-{OLD}-old");
    let leaving = format!("web-{HASH}-leaving");
    let older = format!("web-{HASH}-wjbq8");
    for (what, event, expected) in [
        ("a crash", event("BackOff", &json!({})), (Fail, "BackOff")),
        ("a mount", event("FailedMount", &json!({})), (Fail, "FailedMount")),
        ("another reason", event("Failed", &json!({})), (Warn, "Warnings")),
        (
            "a new pod, in the very second",
            event("BackOff", &json!({"/lastTimestamp": SINCE})),
            (Fail, "BackOff"),
        ),
        (
            "a pod that was there, in the very second",
            event("BackOff", &about_at("Pod", &older, SINCE)),
            (Pass, ""),
        ),
        (
            "a pod that was there, later",
            event("BackOff", &about_at("Pod", &older, "2026-11-25T21:03:51Z")),
            (Fail, "BackOff"),
        ),
        (
            "of the newer kind",
            event(
                "FailedScheduling",
                &json!({"/lastTimestamp": null, "/firstTimestamp": null,
                "/count": null, "/eventTime": "2026-11-25T21:04:01.657900Z"}),
            ),
            (Fail, "FailedScheduling"),
        ),
        (
            "a series that goes on",
            event(
                "FailedScheduling",
                &json!({"/lastTimestamp": null,
                "/eventTime": "2026-11-20T00:00:00Z",
                "/series": {"count": 9, "lastObservedTime": "2026-11-25T21:04:01.657900Z"}}),
            ),
            (Fail, "FailedScheduling"),
        ),
        (
            "the ReplicaSet of the target",
            event("FailedCreate", &about("ReplicaSet", &format!("web-{HASH}"), "x")),
            (Fail, "FailedCreate"),
        ),
        (
            "the ReplicaSet of another",
            event("FailedCreate", &about("ReplicaSet", &format!("web-{OLD}"), "x")),
            (Pass, ""),
        ),
        (
            "the workload",
            event("FailedCreate", &about("Deployment", "web", of_workload)),
            (Fail, "FailedCreate"),
        ),
        (
            "one of its name from before",
            event("FailedCreate", &about("Deployment", "web", "x")),
            (Pass, ""),
        ),
        ("another workload", event("FailedCreate", &about("Job", "x", "y")), (Pass, "")),
        ("an old pod", event("BackOff", &about("Pod", &old, &format!("uid-of-{old}"))), (Pass, "")),
        (
            "a pod of the target that is being deleted",
            event("BackOff", &about("Pod", &leaving, &format!("uid-of-{leaving}"))),
            (Fail, "BackOff"),
        ),
        (
            "a pod of the target that is gone",
            event("BackOff", &about("Pod", &format!("web-{HASH}-gone1"), "gone")),
            (Fail, "BackOff"),
        ),
        ("another pod that is gone", event("BackOff", &about("Pod", "web-0", "gone")), (Pass, "")),
        (
            "a slow start",
            event("Unhealthy", &json!({"/lastTimestamp": "2026-11-25T21:03:57Z"})),
            (Pass, ""),
        ),
        ("not a slow start any more", event("Unhealthy", &json!({})), (Warn, "Warnings")),
    ] {
        let mut going = web_pod(HASH, "leaving");
        going["metadata"]["deletionTimestamp"] = json!("2026-11-25T21:05:20Z");
        let before = json!({"/metadata/creationTimestamp": "2026-11-20T00:00:00Z"});
        let shop = Shop::web().pod(1, &before).and_pod(web_pod(OLD, "old")).and_pod(going);
        let finding = judge(&shop, &[event]);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
    }
}

#[test]
fn a_pod_of_a_set_is_not_the_one_that_had_its_name_before() {
    let shop = Shop::db();
    let before = event("BackOff", &about("Pod", "db-0", "before"));
    assert_eq!(verdict(&judge(&shop, &[before])), (Pass, ""));
    let now = event("BackOff", &about("Pod", "db-0", "uid-of-db-0"));
    assert_eq!(verdict(&judge(&shop, &[now])), (Fail, "BackOff"));
}

#[test]
fn the_worst_comes_first_with_how_often_and_when() {
    let once = |reason: &str, at: &str, message: &str| {
        event(reason, &json!({"/count": 1, "/lastTimestamp": at, "/message": message}))
    };
    let finding = judge(
        &Shop::web(),
        &[
            once("Failed", "2026-11-25T21:04:50Z", "no image"),
            event("BackOff", &json!({})),
            once("BackOff", "2026-11-25T21:04:10Z", "newer"),
            once("BackOff", "2026-11-25T21:04:01Z", "older"),
        ],
    );
    let pod = format!("pod/web-{HASH}-b7dfr");
    assert_eq!(
        finding.message,
        format!(
            "2 Warnings since revision 41 is live, 1m10s ago, the worst: {pod}: BackOff 8 times, \
             last 50s ago: newer"
        )
    );
    assert_eq!(finding.evidence, [format!("{pod}: Failed, last 10s ago: no image")]);
}

#[test]
fn what_was_not_read_is_unknown() {
    let shop = Shop::web();
    let facts = Facts::default().with_error(shop.ask(&Events), forbidden("list events"));
    assert_eq!(verdict(&shop.judge(&Events, &facts)), (Unknown, "Forbidden"));
    let cut = |items: Value| json!({"metadata": {"continue": "next"}, "items": items});
    let judge = |list: Value| {
        let facts = Facts::of([(shop.ask(&Events), Some(list))]);
        verdict(&shop.judge(&Events, &facts))
    };
    assert_eq!(judge(cut(json!([]))), (Unknown, "TooMany"));
    assert_eq!(judge(cut(json!([event("BackOff", &json!({}))]))), (Fail, "BackOff"));
}
