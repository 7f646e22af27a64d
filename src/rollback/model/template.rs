//! Pod templates as raw JSON: comparing them, and reading what people ask about.
//!
//! Templates are never passed through typed structs: fields newer than the compiled API version
//! would be dropped.

use jiff::Timestamp;
use serde_json::Value;

use super::image::{ContainerImage, ImageRef};

/// The label that the Deployment controller puts on the template of each `ReplicaSet`.
pub const HASH_LABEL: &str = "pod-template-hash";

/// The label that says from which `ControllerRevision` a pod of a `StatefulSet` or `DaemonSet` was
/// made.
pub const REVISION_LABEL: &str = "controller-revision-hash";

/// The template annotation that `kubectl rollout restart` changes.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// The template as the workload declares it: without the controller's hash label, which is the
/// only thing that the controller adds.
#[must_use]
pub fn without_hash(mut template: Value) -> Value {
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.shift_remove(HASH_LABEL);
    }
    template
}

/// Whether two templates mean the same: member order, nulls and empty metadata do not count (an
/// older API server stored `creationTimestamp: null`), nor does the hash label.
#[must_use]
pub fn same(a: &Value, b: &Value) -> bool {
    comparable(a, false) == comparable(b, false)
}

/// Whether two templates differ at most in when they were restarted: going back from one to the
/// other would restart the same release.
#[must_use]
pub fn same_but_for_restart(a: &Value, b: &Value) -> bool {
    comparable(a, true) == comparable(b, true)
}

fn comparable(template: &Value, ignore_restart: bool) -> Value {
    let mut template = without_hash(template.clone());
    if ignore_restart
        && let Some(annotations) =
            template.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut)
    {
        annotations.shift_remove(RESTARTED_AT);
    }
    if let Some(metadata) = template.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|_, value| !is_empty(value));
    }
    drop_nulls(&mut template);
    template
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty)
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, member| !member.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// A short name for what a template means: equal for templates that are [`same`]. It stands in where
/// the controller has not named the template by a hash yet.
#[must_use]
pub fn fingerprint(template: &Value) -> String {
    let mut text = String::new();
    canonical(&comparable(template, false), &mut text);
    short_hash(&text)
}

/// 16 digits that stand for a text.
#[must_use]
pub fn short_hash(text: &str) -> String {
    // FNV-1a: no secret depends on it, and it must not change with a compiler.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{hash:016x}")
}

/// JSON with the members of every object in order.
fn canonical(value: &Value, into: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            for (name, member) in members {
                *into += &format!("{name:?}:");
                canonical(member, into);
            }
            into.push('}');
        }
        Value::Array(items) => {
            for item in items {
                canonical(item, into);
            }
            into.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            *into += &format!("{value},");
        }
    }
}

/// The images of a template, containers first, then init containers.
#[must_use]
pub fn images(template: &Value) -> Vec<ContainerImage> {
    ["containers", "initContainers"]
        .iter()
        .filter_map(|list| template.pointer(&format!("/spec/{list}"))?.as_array())
        .flatten()
        .map(|container| ContainerImage {
            container: text(container, "name"),
            image: text(container, "image"),
        })
        .collect()
}

fn text(value: &Value, member: &str) -> String {
    value.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The images in their short form; those that differ from `other` first, since they name the
/// release.
#[must_use]
pub fn short_images(of: &[ContainerImage], other: &[ContainerImage]) -> Vec<String> {
    let (changed, same): (Vec<_>, Vec<_>) = of.iter().partition(|image| !other.contains(image));
    changed.into_iter().chain(same).map(|image| ImageRef::parse(&image.image).short()).collect()
}

/// What stands in the place of a value that may be secret.
const HIDDEN: &str = "<hidden>";

/// Replaces the literal values of all environment variables, however deep a template is inside.
pub fn hide_environment(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                match member {
                    Value::Array(variables) if key == "env" => hide_values(variables),
                    member => hide_environment(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide_environment),
        Value::String(text) if text.starts_with('{') => hide_in_document(text),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// An annotation may hold a whole manifest as text: what was last applied.
fn hide_in_document(text: &mut String) {
    let Ok(mut document) = serde_json::from_str::<Value>(text) else { return };
    let whole = document.clone();
    hide_environment(&mut document);
    if document != whole {
        *text = document.to_string();
    }
}

fn hide_values(variables: &mut [Value]) {
    for variable in variables {
        if let Some(value) = variable.get_mut("value") {
            *value = Value::from(HIDDEN);
        }
    }
}

/// The writes of the pod template that the managed fields tell of: by whom, and when by the API
/// server's clock, in whole seconds.
pub fn writes(workload: &Value) -> impl Iterator<Item = (&str, Option<Timestamp>)> {
    let entries = workload.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .filter(|entry| entry.pointer("/fieldsV1/f:spec/f:template").is_some())
        .filter_map(|entry| {
            let time = entry.get("time").and_then(Value::as_str);
            Some((entry.get("manager")?.as_str()?, time.and_then(|time| time.parse().ok())))
        })
}

/// Who last wrote the pod template of a workload.
#[must_use]
pub fn last_writer(workload: &Value) -> Option<String> {
    writes(workload).max_by_key(|(_, time)| *time).map(|(manager, _)| manager.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_meaning_counts() {
        let live = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"a": 1, "b": 2}});
        let stored = json!({
            "metadata": {"creationTimestamp": null, "labels": {"pod-template-hash": "x", "app": "web"}},
            "spec": {"b": 2, "a": 1, "c": null},
        });
        assert!(same(&live, &stored));
        assert_eq!(fingerprint(&live), fingerprint(&stored));
        assert_ne!(fingerprint(&live), fingerprint(&json!({"spec": {"a": 1, "b": 3}})));
        assert!(!same(&live, &json!({"metadata": {"labels": {"app": "web"}}, "spec": {"a": 1}})));
    }

    #[test]
    fn a_restart_is_the_same_release() {
        let a = json!({"metadata": {"labels": {"app": "web"}}, "spec": {}});
        let mut b = a.clone();
        b["metadata"]["annotations"] = json!({RESTARTED_AT: "2026-01-01T00:00:00Z"});
        assert!(!same(&a, &b));
        assert!(same_but_for_restart(&a, &b));
    }

    #[test]
    fn changed_images_come_first() {
        let image = |container: &str, image: &str| ContainerImage {
            container: container.into(),
            image: image.into(),
        };
        let of = [image("sidecar", "proxy:1"), image("app", "shop:2")];
        let other = [image("sidecar", "proxy:1"), image("app", "shop:1")];
        assert_eq!(short_images(&of, &other), ["shop:2", "proxy:1"]);
    }

    #[test]
    fn values_are_hidden_and_references_are_kept() {
        let mut plan = json!({"steps": [{"body": [{"value": {"spec": {"containers": [{
            "env": [{"name": "A", "value": "s3cret"},
                    {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s"}}}],
        }]}}}]}]});
        // What was last applied is a manifest inside of a string.
        plan["annotation"] = json!(plan.to_string() + "\n");
        plan["text"] = json!("{no manifest");
        hide_environment(&mut plan);
        let text = plan.to_string();
        assert!(!text.contains("s3cret") && text.contains("secretKeyRef"), "{text}");
        assert_eq!(plan["text"], "{no manifest");
    }
}
