use serde_json::{Value, json};

use super::*;
use crate::probe::fixture::{HASH, OLD, Shop, crashing, edit, verdict, web_pod};
use crate::rollback::model::check::CheckStatus::{Fail, Pass, Skipped, Unknown, Warn};

fn restarted(times: i64, last: &str) -> Value {
    json!({"/status/containerStatuses/0/restartCount": times,
        "/status/containerStatuses/0/lastState": {"terminated":
            {"exitCode": 1, "reason": "Error", "finishedAt": last}}})
}

const AFTER: &str = "2026-11-25T21:04:02Z";
const BEFORE: &str = "2026-11-20T00:00:00Z";

fn old() -> Value {
    json!({"/metadata/creationTimestamp": "2026-11-19T00:00:00Z"})
}

#[test]
fn restarts_count_from_when_the_target_is_live() {
    let new = "restarts since revision 41 is live, 1m10s ago";
    let cases: Vec<(&str, Vec<Value>, _, String)> = vec![
        ("none", vec![], Pass, format!("no {}", new.replace("restarts", "restart"))),
        ("two of a new pod", vec![restarted(2, AFTER)], Warn, format!("2 {new}")),
        ("three of a new pod", vec![restarted(3, AFTER)], Fail, format!("3 {new}")),
        (
            "many of an old pod, the last of them since",
            vec![old(), restarted(7, AFTER)],
            Warn,
            format!("at least 1 {}", new.replace("restarts", "restart")),
        ),
        (
            "the only one of an old pod",
            vec![old(), restarted(1, AFTER)],
            Warn,
            format!("1 {}", new.replace("restarts", "restart")),
        ),
        (
            "those of an old pod before",
            vec![old(), restarted(7, BEFORE)],
            Pass,
            format!("no {}", new.replace("restarts", "restart")),
        ),
    ];
    for (what, edits, status, message) in cases {
        let shop = edits.iter().fold(Shop::web(), |shop, edits| shop.pod(0, edits));
        let finding = shop.alone(&PodsRestarts);
        assert_eq!((finding.status, finding.message), (status, message), "{what}");
    }
}

#[test]
fn restarts_of_all_containers_of_all_pods_are_added() {
    let init = json!({"/status/initContainerStatuses": [{"name": "proxy", "restartCount": 1}]});
    let shop = Shop::web().pod(0, &restarted(1, AFTER)).pod(0, &init).pod(1, &restarted(1, AFTER));
    let finding = shop.alone(&PodsRestarts);
    assert_eq!(verdict(&finding), (Fail, "Restarted"));
    assert_eq!(
        finding.evidence,
        [
            format!(
                "web-{HASH}-b7dfr: 2 restarts, container app last ended with Error, exit code 1"
            ),
            format!(
                "web-{HASH}-wjbq8: 1 restart, container app last ended with Error, exit code 1"
            ),
        ]
    );
}

#[test]
fn restarts_of_others_do_not_count() {
    let mut other = web_pod(OLD, "x");
    edit(&mut other, &crashing());
    assert_eq!(verdict(&Shop::web().and_pod(other).alone(&PodsRestarts)), (Pass, ""));
}

#[test]
fn what_is_not_known_is_no_pass() {
    assert_eq!(verdict(&Shop::web().with_gap().alone(&PodsRestarts)), (Unknown, "PodsUnknown"));
    assert_eq!(verdict(&Shop::web().scaled_to_0().alone(&PodsRestarts)), (Skipped, "NothingRan"));
    let mut shop = Shop::web();
    shop.seen.pods.clear();
    assert_eq!(verdict(&shop.alone(&PodsRestarts)), (Unknown, "NoPods"));
    let mut shop = Shop::web().pod(0, &old()).pod(0, &restarted(1, BEFORE));
    shop.expected.since = None;
    let finding = shop.alone(&PodsRestarts);
    assert_eq!(finding.status, Warn);
    assert!(finding.message.contains("is not known"), "{}", finding.message);
}
