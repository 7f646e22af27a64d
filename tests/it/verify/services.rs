//! `endpoints`: do the Services lead to the pods of the release?

use serde_json::json;

use super::{serves, verify, verify_now};
use crate::scene::{image, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        every_kind_of_service_is_looked_at,
        a_service_without_a_ready_address_fails,
        a_port_that_the_release_does_not_have_is_not_reached,
    ]
}

fn every_kind_of_service_is_looked_at(bed: &TestBed) {
    let namespace = bed.namespace("verify-services");
    for (name, spec) in [
        ("plain", json!({"selector": {"app": "web"}, "ports": [{"port": 80}]})),
        ("headless", json!({"selector": {"app": "web"}, "clusterIP": "None"})),
        ("outside", json!({"type": "ExternalName", "externalName": "shop.example"})),
        ("by-hand", json!({"ports": [{"port": 80}]})),
        ("others", json!({"selector": {"app": "db"}, "ports": [{"port": 80}]})),
    ] {
        let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": spec});
        namespace.apply(&service.to_string());
    }
    releases(&namespace, 2, &["1.0"]);
    for name in ["plain", "headless"] {
        serves(&namespace, name, 2);
    }
    let verified = verify(&namespace, "").is("verified", 0);
    let check = verified.finds("endpoints", "pass", "");
    let said = [check["message"].to_string(), check["evidence"].to_string()].concat();
    for name in ["plain", "headless"] {
        assert!(said.contains(&format!("Service {name} reaches 2 of 2 pods")), "{check}");
    }
    assert_eq!(check["evidence"].as_array().map(Vec::len), Some(1), "{check}");
}

fn a_service_without_a_ready_address_fails(bed: &TestBed) {
    let namespace = bed.namespace("verify-unready");
    super::service(&namespace, "web", "web");
    namespace.deployment("web", &image("1.0-hang"), 1);
    namespace.wait_until("the pod runs", |namespace| {
        namespace.pods("web").iter().any(|pod| pod["status"]["phase"] == "Running")
    });
    serves(&namespace, "web", 0);
    let verified = verify_now(&namespace, "").is("failed", 6);
    verified.finds("endpoints", "fail", "NoEndpoints");
    verified.finds("rollout.converged", "fail", "LessAvailable");
    verified.finds("pods.healthy", "warn", "NotReady");
}

fn a_port_that_the_release_does_not_have_is_not_reached(bed: &TestBed) {
    let namespace = bed.namespace("verify-port");
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]}});
    namespace.apply(&service.to_string());
    releases(&namespace, 1, &["1.0"]);
    serves(&namespace, "web", 1);
    let verified = verify_now(&namespace, "").is("failed", 6);
    let check = verified.finds("endpoints", "fail", "NoPort");
    assert!(check["message"].to_string().contains("none has a port"), "{check}");
}
