//! What went before, and what went along: other workloads of the same release, and circles.

use super::look;
use crate::rb::rb;
use crate::scene::{assert_live, hash, image, paste, releases, stored};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    on_bed![what_was_deployed_together_is_named, the_same_way_back_again_and_again_is_a_circle]
}

fn what_was_deployed_together_is_named(bed: &TestBed) {
    let namespace = bed.namespace("order");
    releases(&namespace, 0, &["1.0"]);
    namespace.deployment("api", "registry.test/api:1.0", 0);
    namespace.deployment("old", "registry.test/old:1.0", 0);
    namespace.wait_until("all are stored", |namespace| namespace.list("replicaset", "").len() == 3);
    namespace.set_image("api", "registry.test/api:2.0");
    crate::scene::release(&namespace, "2.0");
    namespace.wait_until("it is stored", |namespace| namespace.list("replicaset", "").len() == 5);
    let checked = look(&namespace, "").goes_on();
    let said = "deployed within the same minute, and not rolled back: deployment/api";
    let check = checked.says("order", "warn", said);
    let shown = paste(bed, &namespace, check["hint"].as_str().expect("a hint"));
    assert!(shown.contains("api:2.0"), "{shown}");
    // Both go back together: the third one is left.
    let ran = rb(&namespace, "undo deploy/web deploy/api --dry-run -o json").ends_with(0);
    let items = ran.json()["items"].as_array().cloned().unwrap_or_default();
    assert_eq!(items.len(), 2, "{ran}");
    for item in items {
        let checks = item["checks"].as_array().cloned().unwrap_or_default();
        let order = checks.iter().find(|check| check["id"] == "order").expect("the check");
        let message = order["message"].as_str().unwrap_or_default();
        assert!(!message.contains("/web") && !message.contains("/api"), "{order}");
    }
}

/// Something brings the bad release back each time: that is not mended by one more undo.
fn the_same_way_back_again_and_again_is_a_circle(bed: &TestBed) {
    let namespace = bed.namespace("loop");
    releases(&namespace, 0, &["1.0", "2.0"]);
    for _ in 0..2 {
        look(&namespace, "").goes_on().says("loop", "pass", "");
        rb(&namespace, "undo deploy/web --yes").ends_with(0);
        namespace.set_image("web", &image("2.0"));
        stored(&namespace, "2.0");
    }
    let checked = look(&namespace, "").blocked_by(&["loop"]);
    let check = checked.says("loop", "fail", "2 times within a day already");
    assert_eq!(check["reason"], "Toggling");
    assert_eq!(check["evidence"].as_array().map(Vec::len), Some(2));
    rb(&namespace, "undo deploy/web --yes").ends_with(3).says("--override loop");
    assert_live(&namespace, "2.0");
    // Who names the target knows what he does.
    let named = format!("--to-revision={}", hash(&namespace, "1.0"));
    let checked = look(&namespace, &named).goes_on();
    checked.says("loop", "warn", "something brings it back");
    rb(&namespace, &format!("undo deploy/web --yes {named}")).ends_with(0);
    assert_live(&namespace, "1.0");
}
