//! What the runs of a campaign work on: workloads of which a release is live. They are made a batch at
//! a time, in a namespace of the batch, since that takes two calls of kubectl and two waits however
//! many there are; each run has one of its own, so that it can be repeated alone.

use serde_json::{Value, json};

use crate::scene::{image, text};
use crate::testbed::{Namespace, TestBed};

use super::scenario::{GOOD, Kind, Scenario, image_of};

/// Some of them in a namespace.
pub(super) struct Batch {
    pub(super) namespace: Namespace,
    pub(super) subjects: Vec<Subject>,
}

/// What one run is about: a workload of each kind of its scenario, all of the same name.
pub(super) struct Subject {
    pub(super) name: String,
    /// The workloads as they are before the run, in the order of the kinds.
    pub(super) before: Vec<Value>,
}

impl Batch {
    /// Makes so many: the good release, then the one that is live.
    pub(super) fn stage(bed: &TestBed, scenario: &Scenario, count: usize) -> Self {
        let namespace = bed.namespace("faults");
        let names: Vec<String> = (0..count).map(|number| format!("web-{number}")).collect();
        for tag in [GOOD, scenario.live] {
            namespace.apply(&manifests(scenario, &names, tag));
            namespace.wait_until(&format!("{tag} runs"), |namespace| {
                let late = scenario.kinds.iter().flat_map(|kind| late(namespace, kind, tag));
                let late: Vec<String> = late.collect();
                if late.is_empty() { Ok(()) } else { Err(late.join(", ")) }
            });
            if tag == GOOD {
                annotate(&namespace, scenario);
            }
        }
        let mut before = Vec::new();
        for kind in scenario.kinds {
            let list = namespace.kubectl_ok(&["get", kind.word, "-o", "json"]);
            before.push(items(&list));
        }
        let subjects = names.into_iter().map(|name| Subject {
            before: before
                .iter()
                .flatten()
                .filter(|o| o["metadata"]["name"] == *name)
                .cloned()
                .collect(),
            name,
        });
        let subjects = subjects.collect();
        Self { namespace, subjects }
    }
}

/// The items of a list that kubectl has printed.
pub(super) fn items(list: &str) -> Vec<Value> {
    let list: Value = serde_json::from_str(list).expect("kubectl prints JSON");
    list["items"].as_array().cloned().unwrap_or_default()
}

fn manifests(scenario: &Scenario, names: &[String], tag: &str) -> String {
    let items: Vec<Value> = names
        .iter()
        .flat_map(|name| scenario.kinds.iter().map(|kind| manifest(kind, name, tag)))
        .collect();
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

fn manifest(kind: &Kind, name: &str, tag: &str) -> Value {
    let labels = json!({"run": name, "part": kind.word});
    let mut object = json!({
        "apiVersion": "apps/v1",
        "kind": kind.kind,
        "metadata": {
            "name": name,
            "labels": {"run": name, "team": "shop"},
            // Of others: whatever happens, they stay.
            "annotations": {
                "example.test/owner": "team-shop",
                "example.test/runbook": "https://example.test/~shop/runbook?a=1&b=\"2\"",
                "example.test/release": tag,
            },
        },
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": {"example.test/port": "9090"}},
                "spec": {"containers": [{"name": "app", "image": image(tag)}]},
            },
        },
    });
    if kind.kind == "DaemonSet" {
        // A pod on each node would only take longer.
        object["spec"].as_object_mut().expect("a spec").shift_remove("replicas");
        let node = json!({"kubernetes.io/hostname": "testbed"});
        object["spec"]["template"]["spec"]["nodeSelector"] = node;
    }
    object
}

/// What is not in the manifest: no apply may take it away, and no undo.
fn annotate(namespace: &Namespace, scenario: &Scenario) {
    let note = "example.test/note=look here before you restart it";
    let words = scenario.words();
    namespace.kubectl_ok(&["annotate", &words, "--all", note]);
}

/// The workloads of a kind that do not run this tag as it is to run, and why.
fn late(namespace: &Namespace, kind: &Kind, tag: &str) -> Vec<String> {
    let pods = namespace.list("pod", &format!("part={}", kind.word));
    let mut late = Vec::new();
    for workload in namespace.list(kind.word, "") {
        let name = text(&workload, "/metadata/name");
        let own = pods.iter().filter(|pod| text(pod, "/metadata/labels/run") == name);
        let is_observed =
            workload["status"]["observedGeneration"] == workload["metadata"]["generation"];
        let is_there = match tag {
            _ if !is_observed || image_of(&workload) != image(tag) => false,
            _ if tag.contains("crash") => own.clone().any(|pod| runs(pod, tag) && has_crashed(pod)),
            _ if tag.contains("hang") => own.clone().any(|pod| runs(pod, tag) && is_running(pod)),
            _ => is_rolled_out(kind, &workload) && own.clone().all(|pod| runs(pod, tag)),
        };
        if !is_there {
            late.push(format!("{}/{name}: {}", kind.word, workload["status"]));
        }
    }
    late
}

fn runs(pod: &Value, tag: &str) -> bool {
    image_of(pod) == image(tag)
}

fn is_running(pod: &Value) -> bool {
    pod["status"]["phase"] == "Running"
}

/// So often that nobody takes it for a slow start.
fn has_crashed(pod: &Value) -> bool {
    let container = &pod["status"]["containerStatuses"][0];
    container["restartCount"].as_u64() >= Some(3)
        && container["state"]["waiting"]["reason"] == "CrashLoopBackOff"
}

fn is_rolled_out(kind: &Kind, workload: &Value) -> bool {
    let status = &workload["status"];
    let is = |member: &str, number: u64| status[member].as_u64().unwrap_or(0) == number;
    if kind.kind == "DaemonSet" {
        return is("desiredNumberScheduled", 1)
            && is("updatedNumberScheduled", 1)
            && is("numberAvailable", 1);
    }
    is("replicas", 1) && is("updatedReplicas", 1) && is("availableReplicas", 1)
}
