//! What the API server fills in where a pod template says nothing. A template that was stored long
//! ago lacks what newer versions fill in, and means the same.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::image::ImageRef;
use super::template;

/// Defaults by the member that they stand in, of lists and objects alike
/// (`kubernetes:pkg/apis/core/v1/defaults.go`). What is not here counts as a difference.
static DEFAULTS: LazyLock<Value> = LazyLock::new(|| {
    let container = json!({"terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File", "resources": {}});
    let probe = json!({"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1,
        "failureThreshold": 3});
    let files = json!({"defaultMode": 420});
    json!({
        "spec": {"dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "securityContext": {},
            "terminationGracePeriodSeconds": 30, "schedulerName": "default-scheduler",
            "volumeMode": "Filesystem"},
        "containers": container, "initContainers": container,
        "ports": {"protocol": "TCP"},
        "livenessProbe": probe, "readinessProbe": probe, "startupProbe": probe,
        "httpGet": {"path": "/", "scheme": "HTTP"}, "grpc": {"service": ""},
        "fieldRef": {"apiVersion": "v1"}, "fileKeyRef": {"optional": false},
        "secret": files, "configMap": files, "downwardAPI": files, "projected": files,
        "serviceAccountToken": {"expirationSeconds": 3600},
        "hostPath": {"type": ""}, "volumes": {"emptyDir": {}},
    })
});

/// Whether two templates mean the same, whichever of them says what is so anyway.
#[must_use]
pub fn same(a: &Value, b: &Value) -> bool {
    template::same(a, b) || template::same(&without(a), &without(b))
}

/// A template without what the API server would fill in again.
#[must_use]
pub fn without(template: &Value) -> Value {
    let mut template = template.clone();
    strip("", &mut template);
    template
}

fn strip(within: &str, value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                strip(name, member);
            }
            strip_members(within, members);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strip(within, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn strip_members(within: &str, members: &mut Map<String, Value>) {
    if let Some(defaults) = DEFAULTS.get(within) {
        members.retain(|name, value| defaults.get(name) != Some(value));
    }
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    match within {
        "containers" | "initContainers" => {
            let image = ImageRef::parse(text("image").unwrap_or_default());
            let is_latest = match image.tag {
                Some(tag) => tag == "latest",
                None => image.digest.is_none(),
            };
            let policy = if is_latest { "Always" } else { "IfNotPresent" };
            if text("imagePullPolicy") == Some(policy) {
                members.shift_remove("imagePullPolicy");
            }
        }
        // The old name of the same field is filled in beside it.
        "spec" if text("serviceAccount") == text("serviceAccountName") => {
            members.shift_remove("serviceAccount");
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_no_difference() {
        let declared = json!({"metadata": {"labels": {"app": "web"}}, "spec": {
            "serviceAccountName": "web",
            "containers": [{
                "name": "app", "image": "shop/web", "ports": [{"containerPort": 80}],
                "readinessProbe": {"httpGet": {"port": 80}},
                "env": [{"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
            }],
            "volumes": [{"name": "a", "configMap": {"name": "a"}}, {"name": "b"}],
        }});
        let filled = json!({"metadata": {"labels": {"app": "web"}}, "spec": {
            "serviceAccountName": "web", "serviceAccount": "web",
            "dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "securityContext": {},
            "schedulerName": "default-scheduler", "terminationGracePeriodSeconds": 30,
            "containers": [{
                "name": "app", "image": "shop/web", "imagePullPolicy": "Always",
                "ports": [{"containerPort": 80, "protocol": "TCP"}], "resources": {},
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
                "readinessProbe": {"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"},
                    "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1,
                    "failureThreshold": 3},
                "env": [{"name": "IP", "valueFrom": {
                    "fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}}],
            }],
            "volumes": [{"name": "a", "configMap": {"name": "a", "defaultMode": 420}},
                        {"name": "b", "emptyDir": {}}],
        }});
        assert!(same(&declared, &filled));
        assert!(!template::same(&declared, &filled));
    }

    #[test]
    fn what_only_looks_like_a_default_is_a_difference() {
        let container = |more: Value| {
            let mut container = json!({"name": "app", "image": "shop/web:1"});
            container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"spec": {"containers": [container]}})
        };
        let bare = container(json!({}));
        for more in [
            json!({"imagePullPolicy": "Always"}),
            json!({"resources": {"limits": {"cpu": "1"}}}),
            json!({"restartPolicy": "Always"}),
            json!({"livenessProbe": {"periodSeconds": 10}}),
        ] {
            assert!(!same(&bare, &container(more.clone())), "{more}");
        }
        let labels = |labels: Value| json!({"metadata": {"labels": labels}, "spec": {}});
        let protocol = json!({"protocol": "TCP"});
        assert!(!same(&labels(json!({"a": "b"})), &labels(protocol)));
        let grace = json!({"spec": {"terminationGracePeriodSeconds": 31}});
        assert!(!same(&json!({"spec": {}}), &grace));
    }
}
