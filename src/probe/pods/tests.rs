use serde_json::{Value, json};

use super::*;
use crate::probe::fixture::{HASH, OLD, Shop, edit, set_pod, web_pod};

fn names<'a>(pods: &'a [Pod<'_>]) -> Vec<&'a str> {
    pods.iter().map(|pod| pod.state.name.as_str()).collect()
}

fn edited(mut pod: Value, edits: &Value) -> Value {
    edit(&mut pod, edits);
    pod
}

#[test]
fn every_pod_has_its_place() {
    let owner = "/metadata/ownerReferences/0";
    let mut shop = Shop::web()
        .and_pod(web_pod(OLD, "old"))
        .and_pod(edited(web_pod(HASH, "gone"), &json!({"/metadata/deletionTimestamp": "x"})))
        .and_pod(edited(web_pod(HASH, "evicted"), &json!({"/status/phase": "Failed"})));
    for (name, edits) in [
        ("a-bare", json!({"/metadata/ownerReferences": null})),
        ("b-other-set", json!({format!("{owner}/name"): format!("other-{HASH}")})),
        ("c-longer-name", json!({format!("{owner}/name"): format!("web-x-{HASH}")})),
        ("d-not-controlled", json!({format!("{owner}/controller"): false})),
        ("e-other-kind", json!({format!("{owner}/kind"): "Job"})),
        ("f-other-group", json!({format!("{owner}/apiVersion"): "example.org/v1"})),
        ("g-no-hash", json!({"/metadata/labels": {"app": "web"}})),
    ] {
        let mut pod = edited(web_pod(HASH, "x"), &edits);
        pod["metadata"]["name"] = json!(name);
        shop = shop.and_pod(pod);
    }
    let scene = shop.scene();
    let pods = Pods::of(&scene).unwrap();
    assert_eq!(names(&pods.target), [format!("web-{HASH}-b7dfr"), format!("web-{HASH}-wjbq8")]);
    assert_eq!(names(&pods.others), [format!("web-{OLD}-old")]);
    assert_eq!(names(&pods.leaving), [format!("web-{HASH}-gone")]);
    assert_eq!(names(&pods.ended), [format!("web-{HASH}-evicted")]);
    let first: Vec<String> =
        names(&pods.strangers).iter().map(|name| name[..1].to_owned()).collect();
    assert_eq!(first, ["a", "b", "c", "d", "e", "f", "g"]);
}

#[test]
fn a_name_that_is_too_long_is_cut_by_the_controller() {
    let name = "w".repeat(250);
    let deployment = Target {
        api_version: "apps/v1".into(),
        kind: "Deployment".into(),
        namespace: "shop".into(),
        name: name.clone(),
    };
    let of =
        |set: String| edited(web_pod(HASH, "x"), &json!({"/metadata/ownerReferences/0/name": set}));
    let cut = &name[..253 - 1 - HASH.len()];
    assert!(is_of_replica_set(&deployment, &of(format!("{cut}-{HASH}")), HASH));
    assert!(!is_of_replica_set(&deployment, &of(format!("{}-{HASH}", &cut[1..])), HASH));
}

#[test]
fn pods_of_a_set_are_known_by_the_uid_of_their_controller() {
    let shop = Shop::db();
    let mut other = shop.seen.workload.clone();
    other["metadata"]["uid"] = json!("of one that was there before");
    let shop = shop.and_pod(set_pod(&other, "db-2", "db-5954bb5b59"));
    let old = set_pod(&shop.seen.workload, "db-3", "db-59847dfbd6");
    let shop = shop.and_pod(old);
    let scene = shop.scene();
    let pods = Pods::of(&scene).unwrap();
    assert_eq!(names(&pods.target), ["db-0", "db-1"]);
    assert_eq!((names(&pods.strangers), names(&pods.others)), (vec!["db-2"], vec!["db-3"]));
}

#[test]
fn the_hash_is_what_the_controller_calls_the_template_now() {
    let renamed = json!({"/status/updateRevision": "db-77", "/status/currentRevision": "db-77"});
    let named = |shop: &Shop| Pods::of(&shop.scene()).map(|pods| pods.hash).ok();
    let shop = Shop::db().workload(&renamed);
    assert_eq!(named(&shop).as_deref(), Some("77"));
    // That of another template is not the target's.
    let other = json!({"/spec/template/spec/containers/0/image": "other"});
    assert_eq!(named(&shop.workload(&other)).as_deref(), Some("5954bb5b59"));
    let mut shop = Shop::web();
    shop.expected.hash.clear();
    let finding = Pods::of(&shop.scene()).err().unwrap();
    assert_eq!(finding.reason, "NotNamed");
}
