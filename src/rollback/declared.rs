//! Which fields of a template an apply of its manifest owns. Pure.
//!
//! Not what the API server fills in, since no manifest has to declare that; and not a map or a list
//! itself beside what is in it. If an owner who applies were given these, they would seem to be deleted
//! by his next apply: Argo CD takes that for a difference, Helm and Flux write once more for nothing.

use serde_json::{Map, Value};

use super::field_sets::{ITSELF, is_leaf};
use super::model::defaults;

/// Leaves only such fields, of those below `f:template`.
pub(super) fn keep_only(fields: &mut Value, template: &Value) {
    prune(fields, template, &defaults::without(template));
}

/// `declared` is `value` without what is filled in; lists are as long in both.
fn prune(fields: &mut Value, value: &Value, declared: &Value) {
    let Some(members) = fields.as_object_mut() else { return };
    members.retain(|key, below| match key.split_once(':') {
        Some(("f", name)) => {
            let stays = keep(below, value.get(name), declared.get(name));
            if let Some(inner) = below.as_object_mut().filter(|inner| inner.len() > 1) {
                inner.shift_remove(ITSELF);
            }
            stays
        }
        Some(("k", names)) => {
            let place = place(names, value);
            keep(below, place.and_then(|at| value.get(at)), place.and_then(|at| declared.get(at)))
        }
        _ => true,
    });
}

/// Whether a field stays, without what goes of what is below it.
fn keep(below: &mut Value, value: Option<&Value>, declared: Option<&Value>) -> bool {
    match (value, declared) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(value), Some(declared)) => {
            // What has become empty would stand for all that is below it.
            let was_leaf = is_leaf(below);
            prune(below, value, declared);
            was_leaf || !is_leaf(below)
        }
    }
}

/// Where the item of a list is that has these members.
fn place(names: &str, list: &Value) -> Option<usize> {
    let names: Map<String, Value> = serde_json::from_str(names).ok()?;
    let has_them = |item: &Value| names.iter().all(|(name, value)| item.get(name) == Some(value));
    list.as_array()?.iter().position(has_them)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_declared_stays() {
        let template = json!({"metadata": {"labels": {"dnsPolicy": "ClusterFirst"}}, "spec": {
            "dnsPolicy": "ClusterFirst", "terminationGracePeriodSeconds": 60, "securityContext": {},
            "containers": [
                {"name": "app", "image": "shop/web:1", "imagePullPolicy": "Always"},
                {"name": "side", "image": "shop/side:1", "imagePullPolicy": "IfNotPresent",
                 "resources": {}, "ports": [{"containerPort": 80, "protocol": "TCP"}]},
            ],
        }});
        let mut fields = json!({"f:metadata": {"f:labels": {".": {}, "f:dnsPolicy": {}}}, "f:spec": {
            "f:dnsPolicy": {}, "f:terminationGracePeriodSeconds": {}, "f:securityContext": {},
            "f:nodeName": {},
            "f:containers": {
                "k:{\"name\":\"app\"}": {"f:imagePullPolicy": {}},
                "k:{\"name\":\"side\"}": {".": {}, "f:name": {}, "f:image": {},
                    "f:imagePullPolicy": {}, "f:resources": {},
                    "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {
                        ".": {}, "f:containerPort": {}, "f:protocol": {}}}},
                "k:{\"name\":\"gone\"}": {"f:image": {}},
            },
        }});
        keep_only(&mut fields, &template);
        let left = json!({"f:metadata": {"f:labels": {"f:dnsPolicy": {}}}, "f:spec": {
            "f:terminationGracePeriodSeconds": {}, "f:nodeName": {},
            "f:containers": {
                "k:{\"name\":\"app\"}": {"f:imagePullPolicy": {}},
                "k:{\"name\":\"side\"}": {".": {}, "f:name": {}, "f:image": {},
                    "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {
                        ".": {}, "f:containerPort": {}}}},
                "k:{\"name\":\"gone\"}": {"f:image": {}},
            },
        }});
        assert_eq!(fields, left);
    }

    #[test]
    fn nothing_that_was_emptied_is_left() {
        let template = json!({"spec": {"containers": [{"name": "app", "image": "shop/web:1",
            "imagePullPolicy": "IfNotPresent"}]}});
        let mut fields = json!({"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {"f:imagePullPolicy": {}}}}});
        keep_only(&mut fields, &template);
        assert_eq!(fields, json!({}));
        // What does not fit stays as it is.
        let mut fields = json!({"f:spec": {"f:a": {}}, "v:1": {}, "k:junk": {}});
        let before = fields.clone();
        keep_only(&mut fields, &json!("junk"));
        assert_eq!(fields, before);
    }
}
