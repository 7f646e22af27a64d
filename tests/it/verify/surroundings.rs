//! `capacity`, `events`, `logs`: what is around the pods; and what is found out without rights, and
//! at what cost.

use serde_json::{Value, json};

use super::{Verified, verify, verify_as};
use crate::given::allow_only;
use crate::rb::Rb;
use crate::scene::{releases, text};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_budget_that_is_short_is_a_warning,
        last_words_in_a_log_are_a_warning,
        events_of_others_are_not_told,
        without_rights_nothing_passes,
        each_list_is_asked_for_once_in_a_round,
    ]
}

fn a_budget_that_is_short_is_a_warning(bed: &TestBed) {
    let namespace = bed.namespace("verify-budget");
    releases(&namespace, 2, &["1.0"]);
    let budget = |healthy: u32| {
        let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
            "metadata": {"name": "web"},
            "spec": {"minAvailable": healthy, "selector": {"matchLabels": {"app": "web"}}}});
        namespace.apply(&budget.to_string());
        namespace.wait_until("the budget is counted", |namespace| {
            namespace.get("poddisruptionbudget", "web")["status"]["desiredHealthy"] == healthy
        });
    };
    budget(2);
    verify(&namespace, "").is("verified", 0).finds("capacity", "pass", "");
    budget(3);
    let verified = verify(&namespace, "").is("verified-with-warnings", 0);
    let check = verified.finds("capacity", "warn", "BudgetShort");
    assert_eq!(check["message"], "PDB web wants 3 healthy pods, and 2 are");
}

/// Has the kubelet show this as the log of a pod. It is from far in the future: what was written before
/// the release does not count.
#[track_caller]
fn write_log(namespace: &Namespace, pod: &Value, folder: &tempfile::TempDir, line: &str) {
    let file = folder.path().join("log");
    let text_of_log = format!("2100-01-01T08:00:00.000000000Z stdout F {line}\n");
    std::fs::write(&file, text_of_log).expect("a file that can be written");
    let logs = json!({"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": "Logs",
        "metadata": {"name": text(pod, "/metadata/name")},
        "spec": {"logs": [{"containers": ["app"], "logsFile": file}]}});
    namespace.apply(&logs.to_string());
    let name = text(pod, "/metadata/name");
    namespace.wait_until("the log is shown", |namespace| {
        namespace.kubectl(&["logs", name, "-c", "app"]).stdout.contains(line)
    });
}

fn last_words_in_a_log_are_a_warning(bed: &TestBed) {
    let namespace = bed.namespace("verify-logs");
    let folder = tempfile::tempdir().expect("a folder");
    releases(&namespace, 1, &["1.0"]);
    verify(&namespace, "").is("verified", 0).finds("logs", "pass", "");
    let pod = namespace.pods("web").pop().expect("a pod");
    write_log(&namespace, &pod, &folder, "INFO the panic button works");
    verify(&namespace, "").is("verified", 0).finds("logs", "pass", "");
    write_log(&namespace, &pod, &folder, "panic: runtime error: index out of range");
    let verified = verify(&namespace, "").is("verified-with-warnings", 0);
    let check = verified.finds("logs", "warn", "LastWords");
    assert!(check["message"].to_string().contains("index out of range"), "{check}");
    let config = folder.path().join("rb.yaml");
    let rules = "version: 1\nverify:\n  logs: {patterns: ['index out']}\n";
    std::fs::write(&config, rules).expect("a file that can be written");
    let verified = verify(&namespace, &format!("--config={}", config.display()));
    verified.finds("logs", "warn", "PatternFound");
}

/// Pods of the release before crash on until they are gone: that is no fault of what replaced them.
fn events_of_others_are_not_told(bed: &TestBed) {
    let namespace = bed.namespace("verify-events");
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    crate::rb::rb(&namespace, "undo deploy/web --yes --no-wait").ends_with(0);
    let verified = verify(&namespace, "");
    verified.finds("events", "pass", "");
    let pod = namespace.pods("web").pop().expect("a pod");
    let event = |reason: &str| {
        let name = text(&pod, "/metadata/name");
        let event = json!({"apiVersion": "v1", "kind": "Event", "type": "Warning",
            "metadata": {"name": format!("{name}.{}", reason.to_lowercase())},
            "involvedObject": {"kind": "Pod", "name": name, "namespace": namespace.name(),
                "uid": pod["metadata"]["uid"]},
            "reason": reason, "message": "in words", "count": 1,
            "lastTimestamp": "2100-01-01T00:00:00Z"});
        namespace.apply(&event.to_string());
    };
    event("FailedMount");
    let verified = verify(&namespace, "").is("verified-with-warnings", 0);
    verified.finds("events", "warn", "FailedMount");
}

/// Whoever may only see the workload and its pods is told what nobody knows, and how to ask for the
/// rights.
fn without_rights_nothing_passes(bed: &TestBed) {
    let namespace = bed.namespace("verify-rights");
    super::service(&namespace, "web", "web");
    releases(&namespace, 1, &["1.0"]);
    let first = ["get,list,watch deployments.apps", "list replicasets.apps", "list,watch pods"];
    allow_only(&namespace, "alice", &first);
    let verified = verify_as(&namespace, "alice").is("unverified", 7);
    verified.finds("pods.healthy", "pass", "");
    verified.finds("endpoints", "unknown", "Unreadable");
    for (id, right) in [
        ("capacity", "list horizontalpodautoscalers.autoscaling"),
        ("events", "list events"),
        ("logs", "get pods/log"),
    ] {
        let check = verified.finds(id, "unknown", "Forbidden");
        let hint = check["hint"].as_str().unwrap_or_default();
        assert!(hint.starts_with("kubectl auth can-i"), "{id}: {hint}");
        assert!(check["message"].to_string().contains(right), "{id}: {check}");
    }
    allow_only(&namespace, "bob", &[first[0], first[1], first[2], "list services"]);
    let verified = verify_as(&namespace, "bob").is("unverified", 7);
    let check = verified.finds("endpoints", "unknown", "Forbidden");
    assert!(check["message"].to_string().contains("endpointslices.discovery.k8s.io"), "{check}");
}

fn each_list_is_asked_for_once_in_a_round(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("verify-cost"), bed.proxy());
    for name in ["one", "two"] {
        super::service(&namespace, name, "web");
    }
    releases(&namespace, 12, &["1.0"]);
    let call = Rb::new(&proxy.kubeconfig(&namespace)).words("verify deploy/web --no-stamp -o json");
    let verified = Verified::of(call.run()).is("verified", 0);
    let rounds = verified.document["rounds"].as_u64().unwrap_or_default();
    let rounds = usize::try_from(rounds).expect("a few rounds");
    let requests = proxy.requests();
    let asked = |part: &str| requests.iter().filter(|r| r.request.path.contains(part)).count();
    for list in ["/endpointslices?", "/horizontalpodautoscalers?", "/poddisruptionbudgets?"] {
        assert_eq!(asked(list), rounds, "{list}: {requests:?}");
    }
    assert_eq!(asked("/events?fieldSelector=type%3DWarning&"), rounds, "{requests:?}");
    // Nobody owns it, and that costs nothing.
    for group in ["argoproj.io", "fluxcd.io"] {
        assert_eq!(asked(group), 0, "{requests:?}");
    }
    // Of twelve pods, the logs of ten.
    assert_eq!(asked("/log?"), 10 * rounds, "{requests:?}");
    let check = verified.finds("logs", "pass", "");
    assert!(check["message"].to_string().contains("10 of 12 pods"), "{check}");
}
