//! Room for the pods of the old template, and who else counts them.

use serde_json::json;

use super::look;
use crate::given::release;
use crate::scene::{paste, quota, releases, releases_with};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_roll_that_cannot_begin_is_told,
        old_pods_that_want_more_than_is_left_are_told,
        an_autoscaler_at_its_limit_is_told,
        a_budget_without_a_pod_to_spare_is_told,
    ]
}

fn a_roll_that_cannot_begin_is_told(bed: &TestBed) {
    let namespace = bed.namespace("surge");
    releases(&namespace, 1, &["1.0", "2.0"]);
    look(&namespace, "").goes_on().says("surge", "pass", "at most 1 more and 0 fewer than 1");
    quota(&namespace, "pods", "1");
    let checked = look(&namespace, "").goes_on();
    let check = checked.says("surge", "warn", "the roll cannot begin: no pod may be missing");
    assert_eq!(check["reason"], "CannotBegin");
    checked.says("quota", "warn", "quota only: pods 1 wanted, 0 left");
    paste(bed, &namespace, check["hint"].as_str().expect("a hint"));
    look(&namespace, "").goes_on().says("surge", "pass", "at most 1 more and 1 fewer than 1");
}

fn old_pods_that_want_more_than_is_left_are_told(bed: &TestBed) {
    let namespace = bed.namespace("quota");
    let asks = |tag: &str, memory: &str| {
        json!({"spec": {"template": {"spec": {"containers": [{"name": "app",
            "image": format!("registry.test:5000/shop/web:{tag}"),
            "resources": {"requests": {"memory": memory}}}]}}}})
    };
    release(&namespace, 1, 2, "1.0", &asks("1.0", "1Gi"));
    release(&namespace, 2, 2, "2.0", &asks("2.0", "512Mi"));
    let create = ["create", "quota", "only", "--hard=requests.memory=1536Mi"];
    namespace.kubectl_ok(&create);
    namespace.wait_until("the quota is counted", |namespace| {
        namespace.get("resourcequota", "only")["status"]["used"]["requests.memory"] == "1Gi"
    });
    let checked = look(&namespace, "").goes_on();
    let said = "no room for 2 pods of the old template: quota only: requests.memory 1Gi wanted, \
         512Mi left";
    checked.says("quota", "warn", said);
    namespace.kubectl_ok(&[
        "patch",
        "quota",
        "only",
        "--type=merge",
        "-p",
        r#"{"spec":{"hard":{"requests.memory":"4Gi"}}}"#,
    ]);
    namespace.wait_until("the quota is bigger", |namespace| {
        namespace.get("resourcequota", "only")["status"]["hard"]["requests.memory"] == "4Gi"
    });
    look(&namespace, "").goes_on().says("quota", "pass", "room for 1 pod more");
}

fn an_autoscaler_at_its_limit_is_told(bed: &TestBed) {
    let namespace = bed.namespace("autoscaler");
    releases(&namespace, 2, &["1.0", "2.0"]);
    look(&namespace, "").goes_on().says("hpa", "skipped", "no HorizontalPodAutoscaler scales it");
    namespace.kubectl_ok(&["autoscale", "deployment/web", "--min=1", "--max=2", "--cpu=80%"]);
    let checked = look(&namespace, "").goes_on();
    let range = "HorizontalPodAutoscaler web keeps 1 to 2 pods, 2 now";
    // The controller may have seen already that there are no metrics here.
    let check = checked.says("hpa", "warn", range);
    paste(bed, &namespace, check["hint"].as_str().expect("a hint"));
    // As the controller writes it where there are no metrics.
    let status = json!({"status": {"desiredReplicas": 2, "currentReplicas": 2, "conditions": [{
        "type": "ScalingActive", "status": "False", "reason": "FailedGetResourceMetric",
        "message": "no metrics for cpu", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}});
    let status = status.to_string();
    namespace.kubectl_ok(&[
        "patch",
        "hpa",
        "web",
        "--subresource=status",
        "--type=merge",
        "-p",
        &status,
    ]);
    let checked = look(&namespace, "").goes_on();
    let check = checked.says("hpa", "warn", &format!("{range}, and cannot scale: "));
    assert_eq!(check["reason"], "ScalingInactive");
}

fn a_budget_without_a_pod_to_spare_is_told(bed: &TestBed) {
    let namespace = bed.namespace("budget-pods");
    releases_with(&namespace, 2, &["1.0", "2.0"], &json!({}));
    namespace.kubectl_ok(&["create", "pdb", "spare", "--selector=app=web", "--min-available=1"]);
    let is_counted = |wanted: u64| {
        namespace.wait_until("the budget is counted", |namespace| {
            let status = namespace.get("pdb", "spare")["status"].clone();
            status["desiredHealthy"] == wanted && status["currentHealthy"] == 2
        });
    };
    is_counted(1);
    look(&namespace, "").goes_on().says("pdb", "pass", "has the pods that it wants");
    let patch = r#"{"spec":{"minAvailable":5}}"#;
    namespace.kubectl_ok(&["patch", "pdb", "spare", "--type=merge", "-p", patch]);
    is_counted(5);
    let checked = look(&namespace, "").goes_on();
    checked.says("pdb", "warn", "PodDisruptionBudget spare wants 5 healthy pods and has 2");
}
