use serde_json::{Value, json};

use super::*;
use crate::probe::fixture::{HASH, OLD, Shop, crashing, edit, set_pod, verdict, web_pod};
use crate::rollback::model::check::CheckStatus::{Fail, Pass, Unknown, Warn};

fn edited(mut pod: Value, edits: &Value) -> Value {
    edit(&mut pod, edits);
    pod
}

fn leaving(until: &str) -> Value {
    json!({"/metadata/deletionTimestamp": until})
}

#[test]
fn no_pod_of_another_revision_may_run() {
    let old = || web_pod(OLD, "old");
    for (what, pod, expected) in [
        ("one of the target more", web_pod(HASH, "more"), (Pass, "")),
        ("an old one", old(), (Fail, "StalePods")),
        ("an old one that crashes", edited(old(), &crashing()), (Fail, "StalePods")),
        ("an old one on its way out", edited(old(), &leaving("2026-11-25T21:05:20Z")), (Pass, "")),
        (
            "one that has to report its end",
            edited(old(), &leaving("2026-11-25T21:04:51Z")),
            (Pass, ""),
        ),
        (
            "one that does not go",
            edited(old(), &leaving("2026-11-25T21:04:30Z")),
            (Warn, "StuckDeleting"),
        ),
        ("one that is over", edited(old(), &json!({"/status/phase": "Failed"})), (Pass, "")),
        ("a stranger", edited(old(), &json!({"/metadata/ownerReferences": null})), (Pass, "")),
    ] {
        let finding = Shop::web().and_pod(pod).alone(&PodsStale);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
    }
}

#[test]
fn stale_pods_are_told_with_what_they_run() {
    let shop =
        Shop::web().and_pod(web_pod(OLD, "a")).and_pod(edited(web_pod(OLD, "b"), &crashing()));
    let finding = shop.alone(&PodsStale);
    assert_eq!(
        finding.message,
        format!("2 pods of another revision still there: web-{OLD}-a, web-{OLD}-b")
    );
    assert_eq!(
        finding.evidence,
        [
            format!("web-{OLD}-a: web:1.0, hash {OLD}, ready"),
            format!("web-{OLD}-b: web:1.0, hash {OLD}, CrashLoopBackOff"),
        ]
    );
    assert_eq!(
        finding.hint.as_deref(),
        Some("kubectl get pods -l app=web -L pod-template-hash -o wide -n shop --context c")
    );
}

#[test]
fn sets_have_pods_of_other_revisions_too() {
    let shop = Shop::db();
    let old = set_pod(&shop.seen.workload, "db-0", "db-59847dfbd6");
    let finding = shop.and_pod(old).alone(&PodsStale);
    assert_eq!(verdict(&finding), (Fail, "StalePods"));
    assert!(finding.hint.unwrap().contains("-L controller-revision-hash"));
    assert_eq!(verdict(&Shop::agent().alone(&PodsStale)), (Pass, ""));
}

#[test]
fn pods_that_are_not_known_may_be_stale() {
    assert_eq!(verdict(&Shop::web().with_gap().alone(&PodsStale)), (Unknown, "PodsUnknown"));
    let mut shop = Shop::web();
    shop.expected.hash.clear();
    assert_eq!(verdict(&shop.alone(&PodsStale)), (Unknown, "NotNamed"));
}
