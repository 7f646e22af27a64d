//! `image.digest`: is it the very image that was good before?

use serde_json::{Value, json};

use super::{patch_status, verify, verify_now};
use crate::scene::{image, releases, text};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_tag_that_was_moved_is_noticed,
        what_was_verified_is_what_has_to_run,
        the_digest_that_is_asked_for_has_to_run,
    ]
}

const OTHER: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
const ID: &str = "/status/containerStatuses/0/imageID";

/// Has a pod run another image, as its kubelet would tell it.
#[track_caller]
fn move_tag(namespace: &Namespace, pod: &Value) {
    let id = format!("registry.test:5000/shop/web@{OTHER}");
    patch_status(namespace, pod, &json!([{"op": "replace", "path": ID, "value": id}]));
}

fn a_tag_that_was_moved_is_noticed(bed: &TestBed) {
    let namespace = bed.namespace("verify-tag");
    releases(&namespace, 2, &["1.0"]);
    let pod = namespace.pods("web").pop().expect("a pod");
    move_tag(&namespace, &pod);
    let verified = verify_now(&namespace, "").is("failed", 6);
    let check = verified.finds("image.digest", "fail", "MutableTag");
    assert_eq!(check["level"], "required");
    assert!(check["evidence"].to_string().contains(OTHER), "{check}");
}

fn what_was_verified_is_what_has_to_run(bed: &TestBed) {
    let namespace = bed.namespace("verify-record");
    releases(&namespace, 1, &["1.0"]);
    let verified = verify(&namespace, "").is("verified", 0);
    let pod = namespace.pods("web").pop().expect("a pod");
    let digest = text(&pod, ID).split('@').next_back().unwrap_or_default();
    let mut digests = serde_json::Map::new();
    digests.insert(image("1.0"), json!([digest]));
    assert_eq!(verified.document["digests"], Value::Object(digests));
    let verified = verify(&namespace, "").is("verified", 0);
    let check = verified.finds("image.digest", "pass", "");
    assert_eq!(check["level"], "required");
    move_tag(&namespace, &pod);
    let verified = verify_now(&namespace, "").is("failed", 6);
    let check = verified.finds("image.digest", "fail", "OtherDigest");
    assert!(check["evidence"].to_string().contains(digest), "{check}");
}

fn the_digest_that_is_asked_for_has_to_run(bed: &TestBed) {
    let namespace = bed.namespace("verify-digest");
    releases(&namespace, 1, &["1.0"]);
    let pod = namespace.pods("web").pop().expect("a pod");
    let digest = text(&pod, ID).split('@').next_back().unwrap_or_default();
    verify(&namespace, &format!("--expect-digest={digest} --no-stamp")).is("verified", 0);
    let words = format!("--expect-digest={OTHER} --no-stamp");
    let verified = verify_now(&namespace, &words).is("failed", 6);
    verified.finds("image.digest", "fail", "OtherDigest");
}
