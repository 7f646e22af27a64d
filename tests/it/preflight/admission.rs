//! What admits objects: policies, quotas, limits, the standards for pods. Some look at workloads, some
//! only at the pods that come later.

use serde_json::{Value, json};

use super::look;
use crate::given::{nothing_was_written, release};
use crate::rb::Rb;
use crate::scene::{assert_live, image, live, quota, releases, replica_set, wake_replica_sets};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_policy_on_workloads_stops_it,
        a_policy_on_pods_alone_stops_it,
        a_quota_that_is_used_up_is_a_warning,
        a_limit_for_pods_stops_it,
        a_standard_for_pods_stops_it,
        where_no_pod_is_made_none_is_tried,
    ]
}

/// Forbids an image in the namespace, on objects of this resource.
#[track_caller]
fn forbid(namespace: &Namespace, resource: &str, group: &str, image: &str) {
    let name = format!("{}-{resource}", namespace.name());
    let api = "admissionregistration.k8s.io/v1";
    let containers = if group.is_empty() { "object.spec" } else { "object.spec.template.spec" };
    let policy = json!({"apiVersion": api, "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name}, "spec": {
            "matchConstraints": {"resourceRules": [{"apiGroups": [group], "apiVersions": ["v1"],
                "operations": ["CREATE", "UPDATE"], "resources": [resource]}]},
            "validations": [{
                "expression": format!("{containers}.containers.all(c, !c.image.endsWith('{image}'))"),
                "message": "this image is not signed"}]}});
    let selector = json!({"matchLabels": {"kubernetes.io/metadata.name": namespace.name()}});
    let binding = json!({"apiVersion": api, "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": selector}}});
    namespace.apply(&format!("{policy}\n---\n{binding}"));
}

/// Waits until a pod with this image is refused.
#[track_caller]
fn pods_are_refused(namespace: &Namespace, image: &str) {
    namespace.wait_until("such pods are refused", |namespace| {
        let image = format!("--image=registry.test/web:{image}");
        namespace.kubectl(&["run", "probe", &image, "--dry-run=server"]).code != 0
    });
}

fn a_policy_on_workloads_stops_it(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("policy"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    forbid(&namespace, "deployments", "apps", ":1.0");
    namespace.wait_until("such Deployments are refused", |namespace| {
        let image = "app=registry.test:5000/shop/web:1.0";
        namespace.kubectl(&["set", "image", "deploy/web", image, "--dry-run=server"]).code != 0
    });
    let checked = look(&namespace, "").blocked_by(&["dryrun.workload"]);
    let said = "denied by a rule of the cluster: this image is not signed";
    let check = checked.says("dryrun.workload", "fail", said);
    assert!(check["evidence"].to_string().contains("this image is not signed"), "{check}");
    checked.says("dryrun.pod", "pass", "");
    let call = Rb::new(&proxy.kubeconfig(&namespace)).words("undo deploy/web --yes");
    call.run().ends_with(3).says("nothing was written").says("--override dryrun.workload");
    nothing_was_written(&proxy);
    assert_live(&namespace, "2.0");
}

fn a_policy_on_pods_alone_stops_it(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("pod-policy"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    forbid(&namespace, "pods", "", ":1.0");
    pods_are_refused(&namespace, "1.0");
    let checked = look(&namespace, "").blocked_by(&["dryrun.pod"]);
    checked.says("dryrun.workload", "pass", "");
    let check = checked.says("dryrun.pod", "fail", "does not admit a pod of the old template");
    assert!(check["evidence"].to_string().contains("this image is not signed"), "{check}");
    let undo = |words: &str| Rb::new(&proxy.kubeconfig(&namespace)).words(words).run();
    let ran = undo("undo deploy/web --yes").ends_with(3);
    nothing_was_written(&proxy);
    ran.says("--override dryrun.pod");
    // In an emergency, what is not essential is not looked at.
    look(&namespace, "--severity=critical").goes_on();
    let ran = undo("undo deploy/web --yes --no-wait --override dryrun.pod --reason fire");
    ran.ends_with(0).says("(overridden)");
    assert_live(&namespace, "1.0");
}

fn a_quota_that_is_used_up_is_a_warning(bed: &TestBed) {
    let namespace = bed.namespace("no-room");
    let surge = json!({"spec": {"strategy": {"rollingUpdate": {"maxUnavailable": 1}}}});
    crate::scene::releases_with(&namespace, 2, &["1.0", "2.0"], &surge);
    quota(&namespace, "pods", "2");
    let checked = look(&namespace, "").goes_on();
    let check = checked.says("dryrun.pod", "warn", "pods can be made only as old ones go");
    assert_eq!(check["reason"], "QuotaUsedUp");
    checked.says("quota", "warn", "no room for 1 pod more");
    checked.says("surge", "pass", "1 fewer than 2");
    let undo = Rb::new(namespace.kubeconfig()).words("undo deploy/web --yes").spawn();
    namespace.wait_until("pods of the old release run", |namespace| {
        wake_replica_sets(namespace);
        live(namespace) == image("1.0")
            && replica_set(namespace, "1.0")["status"]["availableReplicas"] == 2
    });
    undo.wait().ends_with(0);
}

fn a_limit_for_pods_stops_it(bed: &TestBed) {
    let namespace = bed.namespace("limit-range");
    let asks = |cpu: &str| {
        json!({"spec": {"template": {"spec": {"containers": [{"name": "app",
            "image": format!("registry.test/web:{cpu}"), "resources": {"requests": {"cpu": cpu},
            "limits": {"cpu": cpu}}}]}}}})
    };
    release(&namespace, 1, 1, "1.0", &asks("2"));
    release(&namespace, 2, 1, "2.0", &asks("1"));
    let limits = json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"},
        "spec": {"limits": [{"type": "Container", "max": {"cpu": "1"}}]}});
    namespace.apply(&limits.to_string());
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec":
        asks("2").pointer("/spec/template/spec").cloned().unwrap_or_default()});
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), pod.to_string()).expect("it can be written");
    namespace.wait_until("the limit holds", |namespace| {
        let file = file.path().display().to_string();
        namespace.kubectl(&["create", "--dry-run=server", "-f", &file]).code != 0
    });
    let checked = look(&namespace, "").blocked_by(&["dryrun.pod"]);
    let check = checked.says("dryrun.pod", "fail", "does not admit a pod");
    assert!(check["evidence"].to_string().contains("maximum cpu usage"), "{check}");
}

fn a_standard_for_pods_stops_it(bed: &TestBed) {
    let namespace = bed.namespace("pod-security");
    let strict = json!({"allowPrivilegeEscalation": false, "runAsNonRoot": true,
        "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}});
    let release = |number: usize, tag: &str, context: Value| {
        let extra = json!({"spec": {"template": {"spec": {"containers": [{"name": "app",
            "image": format!("registry.test/web:{tag}"), "securityContext": context}]}}}});
        crate::given::release(&namespace, number, 1, tag, &extra);
    };
    release(1, "1.0", json!({}));
    release(2, "2.0", strict);
    let label = "pod-security.kubernetes.io/enforce=restricted";
    namespace.kubectl_ok(&["label", "namespace", namespace.name(), label]);
    pods_are_refused(&namespace, "1.0");
    let checked = look(&namespace, "").blocked_by(&["dryrun.pod"]);
    // On the workload, the standard only warns.
    checked.says("dryrun.workload", "pass", "");
    let check = checked.says("dryrun.pod", "fail", "does not admit a pod");
    assert!(check["evidence"].to_string().contains("violates PodSecurity"), "{check}");
}

fn where_no_pod_is_made_none_is_tried(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("no-pods"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let checked = super::look_through(&namespace, &proxy, "").goes_on();
    for id in ["dryrun.pod", "quota", "surge", "hpa", "pdb"] {
        checked.says(id, "skipped", "");
    }
    let asked = proxy.requests();
    for part in ["/pods?", "resourcequotas", "autoscalers", "disruptionbudgets"] {
        assert!(asked.iter().all(|record| !record.request.path.contains(part)), "{part}");
    }
}
