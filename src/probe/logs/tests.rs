use serde_json::json;

use super::*;
use crate::error::Error;
use crate::probe::fixture::{HASH, MADE, OLD, Shop, forbidden, verdict, waiting, web_pod};
use crate::rollback::model::check::CheckStatus::{Fail, Pass, Skipped, Unknown, Warn};

const WELL: &str = "starting shop\nlistening on :8080\n";

/// All logs read this, except the first, which reads that.
fn judge(shop: &Shop, first: &str, rest: &str) -> Finding {
    let asks = Logs.asks(&shop.scene());
    let texts = std::iter::once(first).chain(std::iter::repeat(rest));
    let facts = asks.into_iter().zip(texts);
    let facts = facts.fold(Facts::default(), |facts, (ask, text)| facts.with_text(ask, text));
    shop.judge(&Logs, &facts)
}

#[test]
fn lines_decide() {
    let named = || Shop::web().logs(&["cannot open"], &[]);
    let crash = "starting shop\nFATAL: cannot open /etc/shop/settings.json\n";
    let ignored = Shop::web().logs(&["cannot open"], &["settings"]);
    for (what, shop, first, expected) in [
        ("nothing", Shop::web(), WELL, (Pass, "")),
        ("last words", Shop::web(), crash, (Warn, "LastWords")),
        ("what the user names", named(), crash, (Fail, "PatternFound")),
        ("what is ignored", ignored, crash, (Pass, "")),
        ("no pattern", Shop::web().logs(&["("], &[]), WELL, (Unknown, "BadPattern")),
        ("not all pods", Shop::web().with_gap(), WELL, (Unknown, "PodsUnknown")),
        ("no pod is wanted", Shop::web().scaled_to_0(), WELL, (Skipped, "NothingRan")),
    ] {
        let finding = judge(&shop, first, WELL);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
    }
}

#[test]
fn the_worst_and_newest_line_is_told_with_its_pod() {
    let shop = Shop::web().logs(&["lost"], &[]);
    let finding = judge(&shop, "panic: a\nitem 1 lost\nitem 2 lost\npanic: b\n", WELL);
    let pod = format!("web-{HASH}-b7dfr");
    assert_eq!(
        finding.message,
        format!("4 lines in the logs since revision 41 is live, 1m10s ago, in {pod}: item 2 lost")
    );
    let lines = ["item 1 lost", "panic: b", "panic: a"].map(|line| format!("{pod} app: {line}"));
    assert_eq!(finding.evidence, lines);
    assert_eq!(
        finding.hint.unwrap(),
        format!("kubectl logs {pod} -c app --tail=200 -n shop --context c")
    );
}

#[test]
fn every_container_that_has_run_is_asked_for_its_newest_lines() {
    let more = json!({"/status/initContainerStatuses": [
        {"name": "migrate", "state": {"terminated": {"exitCode": 0, "finishedAt": MADE}}},
        {"name": "proxy", "state": {"waiting": {"reason": "PodInitializing"}}}]});
    let shop = Shop::web().pod(0, &more).pod(1, &waiting("ContainerCreating"));
    let shop = shop.and_pod(web_pod(OLD, "old"));
    let path = |container: &str| {
        Ask::Text(format!(
            "/api/v1/namespaces/shop/pods/web-{HASH}-b7dfr/log?container={container}&tailLines=200\
             &limitBytes=65536&sinceTime=2026-11-25T21%3A03%3A50Z"
        ))
    };
    assert_eq!(Logs.asks(&shop.scene()), [path("migrate"), path("app")]);
}

#[test]
fn of_many_pods_a_sample_is_read_and_said_to_be_one() {
    let shop = (0..23).fold(Shop::web(), |shop, n| shop.and_pod(web_pod(HASH, &format!("x{n}"))));
    assert_eq!(Logs.asks(&shop.scene()).len(), SAMPLE);
    let finding = judge(&shop, WELL, WELL);
    assert_eq!(
        finding.message,
        "nothing in the logs of 10 of 25 pods since revision 41 is live, 1m10s ago"
    );
}

#[test]
fn logs_that_cannot_be_read_are_no_good_sign() {
    let shop = Shop::web();
    let [first, second] = Logs.asks(&shop.scene()).try_into().unwrap();
    let judge = |error: Error, text: &str| {
        let facts = Facts::default().with_text(second.clone(), text);
        verdict(&shop.judge(&Logs, &facts.with_error(first.clone(), error)))
    };
    assert_eq!(judge(forbidden("get pods/log"), WELL), (Unknown, "Forbidden"));
    assert_eq!(judge(forbidden("get pods/log"), "panic: x"), (Warn, "LastWords"));
    let gone = || Error::new(ErrorKind::NotFound, "no pods x in namespace shop");
    assert_eq!(judge(gone(), WELL), (Pass, ""));
    let shop = Shop::web().pod(0, &waiting("x")).pod(1, &waiting("x"));
    assert_eq!(verdict(&shop.judge(&Logs, &Facts::default())), (Unknown, "NotStarted"));
}
