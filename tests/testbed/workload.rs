//! Workloads in one line. What becomes of the pods is decided by the image tag: see
//! `kwok/behaviour.jq`.

use serde_json::{Value, json};

use super::namespace::Namespace;

impl Namespace {
    /// Applies a minimal Deployment: label `app=NAME`, one container called `app`.
    #[track_caller]
    pub(crate) fn deployment(&self, name: &str, image: &str, replicas: u32) {
        self.deployment_with(name, image, replicas, &Value::Null);
    }

    /// The same with more in it: `extra` is merged over the Deployment (a JSON merge patch: lists
    /// are replaced, null removes). For example `json!({"spec": {"progressDeadlineSeconds": 5}})`.
    #[track_caller]
    pub(crate) fn deployment_with(&self, name: &str, image: &str, replicas: u32, extra: &Value) {
        let replicas = json!({"spec": {"replicas": replicas}});
        self.workload("Deployment", name, image, &[&replicas, extra]);
    }

    /// Applies a minimal StatefulSet, with more in it as `deployment_with` has it. It names no
    /// Service.
    #[track_caller]
    pub(crate) fn statefulset_with(&self, name: &str, image: &str, replicas: u32, extra: &Value) {
        let replicas = json!({"spec": {"replicas": replicas}});
        self.workload("StatefulSet", name, image, &[&replicas, extra]);
    }

    /// Applies a minimal DaemonSet: it has a pod on each of the three nodes.
    #[track_caller]
    pub(crate) fn daemonset_with(&self, name: &str, image: &str, extra: &Value) {
        self.workload("DaemonSet", name, image, &[extra]);
    }

    #[track_caller]
    fn workload(&self, kind: &str, name: &str, image: &str, extras: &[&Value]) {
        let mut object = json!({
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": {"name": name},
            "spec": {
                "selector": {"matchLabels": {"app": name}},
                "template": {
                    "metadata": {"labels": {"app": name}},
                    "spec": {"containers": [{"name": "app", "image": image}]},
                },
            },
        });
        for extra in extras {
            merge(&mut object, extra);
        }
        self.apply(&object.to_string());
    }

    /// `kubectl set image` of the container `app`.
    #[track_caller]
    pub(crate) fn set_image(&self, deployment: &str, image: &str) {
        self.kubectl_ok(&[
            "set",
            "image",
            &format!("deployment/{deployment}"),
            &format!("app={image}"),
        ]);
    }

    /// A JSON merge patch of an object, e.g. of `kustomization/web`.
    #[track_caller]
    pub(crate) fn merge_patch(&self, object: &str, patch: &Value) {
        self.kubectl_ok(&["patch", object, "--type=merge", "-p", &patch.to_string()]);
    }

    /// Waits until the Deployment's newest template is what runs, all of it available.
    #[track_caller]
    pub(crate) fn rollout_done(&self, deployment: &str) {
        self.wait_until(&format!("deployment/{deployment} is rolled out"), |namespace| {
            is_rolled_out(&namespace.get("deployment", deployment))
        });
    }

    /// Waits until the controller has seen the Deployment as it is: by then it has numbered the template.
    #[track_caller]
    pub(crate) fn deployment_observed(&self, deployment: &str) {
        self.wait_until(&format!("deployment/{deployment} is observed"), |namespace| {
            is_observed(&namespace.get("deployment", deployment))
        });
    }

    /// The pods of a workload that was made here.
    #[track_caller]
    pub(crate) fn pods(&self, workload: &str) -> Vec<Value> {
        self.list("pod", &format!("app={workload}"))
    }
}

fn is_observed(deployment: &Value) -> bool {
    number(deployment, "/status/observedGeneration") >= number(deployment, "/metadata/generation")
}

fn is_rolled_out(deployment: &Value) -> bool {
    let wanted = number(deployment, "/spec/replicas");
    is_observed(deployment)
        && ["replicas", "updatedReplicas", "availableReplicas"]
            .iter()
            .all(|count| number(deployment, &format!("/status/{count}")) == wanted)
}

fn number(deployment: &Value, pointer: &str) -> u64 {
    deployment.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// RFC 7386, over objects.
pub(super) fn merge(into: &mut Value, from: &Value) {
    let (Value::Object(target), Value::Object(source)) = (&mut *into, from) else {
        if !from.is_null() {
            *into = from.clone();
        }
        return;
    };
    for (key, value) in source {
        if value.is_null() {
            target.remove(key);
        } else {
            merge(target.entry(key.clone()).or_insert(json!({})), value);
        }
    }
}
