//! What an undo costs the API server: round trips, connections, and nothing that is not needed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::rb::Rb;
use crate::scene::{accepted, assert_live, releases, template_writes, writes_template};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Namespace, Proxy, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        events_that_cannot_be_read_do_not_hold_it_up,
        the_write_is_accepted_after_three_round_trips,
        nothing_is_given_back_to_nobody,
        a_big_namespace_costs_a_fourth_round_trip,
        replicas_are_left_to_the_autoscaler,
    ]
}

/// Long enough that requests which wait for each other are told from those that do not.
const DELAY: Duration = Duration::from_millis(150);

/// What the checks ask beside the namespace.
const CHECKS: [&str; 10] = [
    "GET controllerrevisions",
    "GET horizontalpodautoscalers",
    "GET poddisruptionbudgets",
    "GET replicasets",
    "GET resourcequotas",
    // Dry runs.
    "PATCH deployments/web",
    "POST pods",
    // The workload, the ReplicaSet that is left, an Event.
    "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
];

fn the_write_is_accepted_after_three_round_trips(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("budget"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    proxy.set_delay(DELAY);
    undo(&namespace, &proxy);
    // The reads, the checks, the write.
    assert_eq!(proxy.round_trips(|record| writes_template(&record.request)), 3);
    assert_eq!(proxy.connections(), 1);
    assert_eq!(accepted(&proxy), 1);
    assert_eq!(template_writes(&proxy).len(), 1);

    // Nothing else, and no discovery.
    let mut asked = asked(&namespace, &proxy);
    without_lost_races(&proxy, &mut asked);
    assert!(asked[..5].iter().any(|request| request == "GET replicasets?limit=100"));
    for request in &mut asked {
        request.truncate(request.find('?').unwrap_or(request.len()));
    }
    let (reads, rest) = asked.split_at_mut(5);
    reads.sort();
    let expected = [
        "GET configmaps/rb-config",
        "GET configmaps/rollback-config",
        "GET deployments/web",
        "GET events",
        "GET replicasets",
    ];
    assert_eq!(reads, expected);
    let (checks, rest) = rest.split_at_mut(CHECKS.len() + 1);
    checks.sort();
    let namespace = format!("GET /api/v1/namespaces/{}", namespace.name());
    let mut expected = CHECKS.to_vec();
    expected.push(&namespace);
    expected.sort_unstable();
    assert_eq!(checks, expected);
    let (write, rest) = rest.split_at_mut(1);
    assert_eq!(write, ["PATCH deployments/web"]);
    rest.sort();
    let left = rest.iter().position(|request| request.starts_with("PATCH replicasets/web-"));
    rest[left.expect("the left ReplicaSet is annotated")].truncate("PATCH replicasets/web-".len());
    let log = rest.iter().position(|request| request.starts_with("GET pods/web-"));
    rest[log.expect("its log is read")].truncate("GET pods/web-".len());
    let within = |request: &String| request.rsplit('/').next().map(|last| format!("GET {last}"));
    for request in rest.iter_mut().filter(|request| request.starts_with("GET /apis/")) {
        *request = within(request).unwrap_or_default();
    }
    rest.sort();
    let expected = [
        "GET deployments",
        // The wait, and what is verified after it.
        "GET deployments/web",
        "GET endpointslices",
        "GET events",
        "GET horizontalpodautoscalers",
        "GET poddisruptionbudgets",
        "GET pods",
        "GET pods",
        "GET pods/web-",
        "GET services",
        // The fields that the undo took, and the verdict.
        "PATCH deployments/web",
        "PATCH deployments/web",
        "PATCH replicasets/web-",
        "POST events",
    ];
    assert_eq!(rest, expected);
}

/// Where nobody owned the template, no fields are given back.
fn nothing_is_given_back_to_nobody(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("budget-nobody"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    let forget = r#"[{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]"#;
    namespace.kubectl_ok(&["patch", "deployment/web", "--type=json", "-p", forget]);
    undo(&namespace, &proxy);
    let asked = asked(&namespace, &proxy);
    let is_patch =
        |asked: &&String| asked.starts_with("PATCH deployments/web") && !asked.contains("dryRun");
    let patches = asked.iter().filter(is_patch).count();
    // The undo and the verdict.
    assert_eq!(patches, 2, "{asked:?}");
}

fn a_big_namespace_costs_a_fourth_round_trip(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("budget-big"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    others(&namespace, 100);
    proxy.set_delay(DELAY);
    undo(&namespace, &proxy);
    assert_eq!(proxy.round_trips(|record| writes_template(&record.request)), 4);
    let asked = asked(&namespace, &proxy);
    assert_eq!(asked[5], "GET replicasets?labelSelector=app%3Dweb");
    assert_live(&namespace, "1.0");
}

/// As many ReplicaSets of nobody; in the order of names they come first.
fn others(namespace: &Namespace, count: usize) {
    let labels = json!({"app": "other"});
    let items: Vec<Value> = (0..count)
        .map(|number| {
            json!({
                "apiVersion": "apps/v1", "kind": "ReplicaSet",
                "metadata": {"name": format!("other-{number:03}")},
                "spec": {"replicas": 0, "selector": {"matchLabels": labels}, "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "app", "image": "registry.test/other:1"}]},
                }},
            })
        })
        .collect();
    let file = tempfile::NamedTempFile::new().expect("a file");
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string();
    std::fs::write(file.path(), list).expect("it can be written");
    namespace.kubectl_ok(&["create", "-f", &file.path().display().to_string()]);
}

fn replicas_are_left_to_the_autoscaler(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("hpa"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    let autoscale = ["autoscale", "deployment/web", "--min=1", "--max=5", "--cpu=80%"];
    namespace.kubectl_ok(&autoscale);
    // As the autoscaler would do it, if there were metrics.
    namespace.kubectl_ok(&["scale", "deployment/web", "--replicas=3"]);
    namespace.rollout_done("web");
    undo(&namespace, &proxy);
    assert_eq!(namespace.get("deployment", "web")["spec"]["replicas"], 3);
    for record in proxy.requests().iter().filter(|record| record.request.is_write()) {
        if record.request.path.contains("/deployments/") {
            let operations: Value = serde_json::from_slice(&record.request.body).expect("JSON");
            for operation in operations.as_array().expect("a JSON patch") {
                let path = operation["path"].as_str().expect("a path");
                let allowed = path == "/spec/template" || path.starts_with("/metadata/");
                assert!(allowed, "{operation}");
            }
        } else {
            let body = String::from_utf8_lossy(&record.request.body).into_owned();
            assert!(!body.contains("\"spec\""), "{body}");
        }
    }
}

fn undo(namespace: &Namespace, proxy: &Proxy) {
    Rb::new(&proxy.kubeconfig(namespace)).words("undo deploy/web --yes").run().ends_with(0);
}

/// Leaves out what came of a race with the controller: entries of managed fields are named by their
/// place, a status in a new second may move them, and then the workload is read and patched again.
fn without_lost_races(proxy: &Proxy, asked: &mut Vec<String>) {
    let records = proxy.requests();
    let write = records.iter().position(|record| writes_template(&record.request));
    let after = write.expect("a write") + 1;
    let lost = records.iter().skip(after).filter(|record| record.status == Some(422)).count();
    for request in ["PATCH deployments/web", "GET deployments/web"] {
        for _ in 0..lost {
            let is_it = |asked: &String| asked.starts_with(request);
            let place = asked.iter().skip(after).position(is_it).expect("it is tried again");
            asked.remove(place + after);
        }
    }
}

/// Method and path within the namespace of each request, in the order of their arrival.
fn asked(namespace: &Namespace, proxy: &Proxy) -> Vec<String> {
    let folder = format!("/namespaces/{}/", namespace.name());
    let request = |record: crate::testbed::Recorded| {
        let path = record.request.path;
        let path = path.split_once(&folder).map_or(path.as_str(), |(_, rest)| rest).to_owned();
        format!("{} {path}", record.request.method)
    };
    proxy.requests().into_iter().map(request).collect()
}

/// Clusters often keep Events in a store of their own; it may be down when it is needed least.
fn events_that_cannot_be_read_do_not_hold_it_up(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("no-event-store"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    proxy.inject(|head| {
        if head.method == "GET" && head.path.contains("/events?") {
            Action::refuse(503, "ServiceUnavailable", "the store of Events is down")
        } else {
            Action::Pass
        }
    });
    Rb::new(&proxy.kubeconfig(&namespace))
        .words("undo deploy/web --yes --timeout=30s")
        .run()
        .ends_with(0)
        .says("warning  events could not be read");
    assert_live(&namespace, "1.0");
}
