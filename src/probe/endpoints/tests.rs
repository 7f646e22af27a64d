use serde_json::{Value, json};

use super::*;
use crate::probe::fixture::{HASH, OLD, Shop, edit, forbidden, verdict, web_pod};
use crate::rollback::model::check::CheckStatus::{Fail, Pass, Skipped, Unknown, Warn};

fn service(name: &str, edits: &Value) -> Value {
    let mut service = json!({"metadata": {"name": name}, "spec": {
        "type": "ClusterIP", "clusterIP": "10.0.0.75", "ipFamilies": ["IPv4"],
        "selector": {"app": "web"},
        "ports": [{"name": "a", "port": 80, "protocol": "TCP", "targetPort": "http"}]}});
    edit(&mut service, edits);
    service
}

/// An address of a pod.
fn of(pod: &str) -> Value {
    json!({"addresses": ["10.0.0.1"], "nodeName": "testbed",
        "conditions": {"ready": true, "serving": true, "terminating": false},
        "targetRef": {"kind": "Pod", "name": pod, "namespace": "shop",
                      "uid": format!("uid-of-{pod}")}})
}

fn unready(pod: &str, terminating: bool) -> Value {
    let mut address = of(pod);
    address["conditions"] =
        json!({"ready": false, "serving": terminating, "terminating": terminating});
    address
}

fn slice(service: &str, family: &str, endpoints: &[Value]) -> Value {
    json!({"addressType": family, "endpoints": endpoints,
        "metadata": {"labels": {"kubernetes.io/service-name": service}},
        "ports": [{"name": "a", "port": 8080, "protocol": "TCP"}]})
}

/// The two pods of the target.
fn own() -> [String; 2] {
    ["b7dfr", "wjbq8"].map(|suffix| format!("web-{HASH}-{suffix}"))
}

fn list(slices: &[Value]) -> Value {
    json!({"metadata": {}, "items": slices})
}

fn judge(shop: &Shop, list: Value) -> Finding {
    let ask = shop.ask(&Endpoints);
    shop.judge(&Endpoints, &Facts::of([(ask, Some(list))]))
}

fn web() -> Shop {
    Shop::web().and_service(service("web", &json!({})))
}

#[test]
fn a_service_reaches_the_pods_of_the_target_and_nobody_else() {
    let [first, second] = own();
    let old = format!("web-{OLD}-old");
    let nobody = {
        let mut address = of("x");
        address["targetRef"] = Value::Null;
        address
    };
    let unsaid = {
        let mut address = of(&first);
        address["conditions"] = json!({});
        address
    };
    for (what, endpoints, expected) in [
        ("both", vec![of(&first), of(&second)], (Pass, "")),
        ("one is not ready", vec![of(&first), unready(&second, false)], (Pass, "")),
        ("what is not said to be unready is ready", vec![unsaid], (Pass, "")),
        ("none is ready", vec![unready(&first, false)], (Fail, "NoEndpoints")),
        ("none at all", vec![], (Fail, "NoEndpoints")),
        ("the target's are going away", vec![unready(&first, true)], (Fail, "NoEndpoints")),
        ("an old pod serves", vec![of(&first), of(&old)], (Fail, "OldPods")),
        ("an old pod is unready", vec![of(&first), unready(&old, false)], (Pass, "")),
        ("an old pod goes away", vec![of(&first), unready(&old, true)], (Pass, "")),
        ("a stranger", vec![of(&first), of("bare")], (Fail, "ForeignPods")),
        ("a pod of the Service only", vec![of(&first), of("canary-1")], (Fail, "ForeignPods")),
        ("an address by hand", vec![of(&first), nobody], (Unknown, "NoTargetRef")),
        ("one that is being deleted", vec![of(&first), of("leaving")], (Pass, "")),
    ] {
        let mut bare = web_pod(HASH, "x");
        edit(
            &mut bare,
            &json!({"/metadata/name": "bare", "/metadata/uid": "uid-of-bare",
            "/metadata/ownerReferences": null}),
        );
        let mut leaving = web_pod(OLD, "x");
        edit(
            &mut leaving,
            &json!({"/metadata/name": "leaving", "/metadata/uid": "uid-of-leaving",
            "/metadata/deletionTimestamp": "2026-11-25T21:05:20Z"}),
        );
        let shop = web().and_pod(web_pod(OLD, "old")).and_pod(bare).and_pod(leaving);
        let finding = judge(&shop, list(&[slice("web", "IPv4", &endpoints)]));
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
    }
}

#[test]
fn strangers_are_told_with_whose_they_are() {
    let [first, _] = own();
    let mut bare = web_pod(HASH, "x");
    edit(
        &mut bare,
        &json!({"/metadata/name": "bare", "/metadata/uid": "uid-of-bare",
        "/metadata/ownerReferences": null}),
    );
    let shop = web().and_pod(web_pod(OLD, "old")).and_pod(bare);
    let old = format!("web-{OLD}-old");
    let endpoints = [of(&first), of(&old), of("bare"), of("canary-1")];
    let finding = judge(&shop, list(&[slice("web", "IPv4", &endpoints)]));
    assert_eq!(
        finding.message,
        format!("Service web also reaches pods that are not of revision 41: bare, canary-1, {old}")
    );
    assert_eq!(
        finding.evidence,
        [
            "10.0.0.1 of bare: not made by deployment/web, although it has its labels".to_owned(),
            "10.0.0.1 of canary-1: selected by the Service and not by deployment/web".to_owned(),
            format!("10.0.0.1 of {old}: of another revision"),
        ]
    );
    assert_eq!(
        finding.hint.as_deref(),
        Some(
            "kubectl get endpointslices -l kubernetes.io/service-name=web -o yaml -n shop \
              --context c"
        )
    );
}

#[test]
fn headless_services_and_both_families_count_and_others_are_left_out() {
    let [first, second] = own();
    let both = [of(&first), of(&second)];
    let dual =
        || web().and_service(service("dual", &json!({"/spec/ipFamilies": ["IPv4", "IPv6"]})));
    let v4 = slice("dual", "IPv4", &both);
    let (web_slice, v6) = (slice("web", "IPv4", &both), slice("dual", "IPv6", &both));
    let finding = judge(&dual(), list(&[web_slice.clone(), v4.clone(), v6]));
    assert_eq!(verdict(&finding), (Pass, ""));
    assert_eq!(finding.message, "Service web reaches 2 of 2 pods, and nobody else");
    assert_eq!(finding.evidence, ["Service dual reaches 2 of 2 pods, and nobody else"]);
    let finding = judge(&dual(), list(&[web_slice.clone(), v4]));
    assert_eq!(verdict(&finding), (Warn, "NoAddressOfFamily"));
    // The worst of all Services is what is told.
    let headless = service("headless", &json!({"/spec/clusterIP": "None"}));
    let finding = judge(&web().and_service(headless), list(std::slice::from_ref(&web_slice)));
    assert_eq!(verdict(&finding), (Fail, "NoEndpoints"));
    assert_eq!(finding.message, "Service headless has no ready address");
    let outside = service("outside", &json!({"/spec/type": "ExternalName"}));
    let by_hand = service("by-hand", &json!({"/spec/selector": null}));
    let shop = web().and_service(outside.clone()).and_service(by_hand.clone());
    assert_eq!(verdict(&judge(&shop, list(&[web_slice]))), (Pass, ""));
    let shop = Shop::web().and_service(outside).and_service(by_hand);
    assert_eq!(verdict(&judge(&shop, list(&[]))), (Skipped, ""));
}

#[test]
fn a_port_that_no_pod_has_is_no_way_to_it() {
    let [first, _] = own();
    let two = json!([{"name": "a", "port": 80, "targetPort": "http"},
                     {"name": "b", "port": 81, "targetPort": "gone"}]);
    let shop = Shop::web().and_service(service("web", &json!({"/spec/ports": two})));
    let finding = judge(&shop, list(&[slice("web", "IPv4", &[of(&first)])]));
    assert_eq!(verdict(&finding), (Warn, "NoPort"));
    let mut portless = slice("web", "IPv4", &[of(&first)]);
    portless["ports"] = Value::Null;
    let finding = judge(&web(), list(&[portless]));
    assert_eq!(verdict(&finding), (Fail, "NoPort"));
    assert_eq!(finding.message, "port 80 of Service web reaches no pod: none has a port \"http\"");
}

#[test]
fn what_cannot_be_read_is_unknown() {
    let [first, _] = own();
    let mut shop = Shop::web();
    shop.seen.services = Err("not allowed to list services".to_owned());
    let finding = shop.alone(&Endpoints);
    assert_eq!(verdict(&finding), (Unknown, "Unreadable"));
    assert_eq!(finding.hint.as_deref(), Some("kubectl get services -n shop --context c"));

    let shop = web();
    let error = forbidden("list endpointslices.discovery.k8s.io");
    let facts = Facts::default().with_error(shop.ask(&Endpoints), error);
    assert_eq!(verdict(&shop.judge(&Endpoints, &facts)), (Unknown, "Forbidden"));

    let cut = |endpoints: &[Value]| {
        let mut list = list(&[slice("web", "IPv4", endpoints)]);
        list["metadata"]["continue"] = json!("next");
        list
    };
    for endpoints in [vec![], vec![of(&first)]] {
        assert_eq!(verdict(&judge(&web(), cut(&endpoints))), (Unknown, "TooMany"));
    }
    assert_eq!(verdict(&judge(&web(), cut(&[of("x")]))), (Fail, "ForeignPods"));

    for endpoints in [vec![], vec![of(&first)], vec![of("x")]] {
        let list = list(&[slice("web", "IPv4", &endpoints)]);
        assert_eq!(verdict(&judge(&web().with_gap(), list)), (Unknown, "PodsUnknown"));
    }
    let finding = judge(&web().scaled_to_0(), list(&[]));
    assert_eq!(verdict(&finding), (Skipped, "NothingRan"));
    assert_eq!(verdict(&judge(&Shop::web(), list(&[]))), (Skipped, ""));
}
