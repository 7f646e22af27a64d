//! The marks on an object.

use serde_json::{Value, json};

use crate::rollback::model::target::Target;

pub(super) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.pointer("/metadata/annotations")?.get(key)?.as_str()
}

pub(super) fn label<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.pointer("/metadata/labels")?.get(key)?.as_str()
}

/// Whether a field manager whose name starts like this wrote the object.
pub(super) fn is_written_by(object: &Value, start: &str) -> bool {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("manager")?.as_str())
        .any(|manager| manager.starts_with(start))
}

/// Who of the field managers have this label or annotation.
pub(super) fn managers_of<'v>(
    object: &'v Value,
    (part, key): (&str, &str),
) -> impl Iterator<Item = &'v str> {
    let (part, key) = (format!("f:{part}"), format!("f:{key}"));
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(move |entry| {
        entry.pointer("/fieldsV1/f:metadata")?.get(&part)?.get(&key)?;
        entry.get("manager")?.as_str()
    })
}

/// What the object is called.
pub(super) fn reference(object: &Value) -> Target {
    let text = |pointer: &str| {
        object.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    Target {
        api_version: text("/apiVersion"),
        kind: text("/kind"),
        namespace: text("/metadata/namespace"),
        name: text("/metadata/name"),
    }
}

/// The object without all that is no mark: what is kept of it while its owners are asked.
pub(super) fn of(object: &Value) -> Value {
    let at = |pointer: &str| object.pointer(pointer).cloned().unwrap_or_default();
    let mut annotations = at("/metadata/annotations");
    if let Some(annotations) = annotations.as_object_mut() {
        // It may be as long as the object.
        annotations.remove("kubectl.kubernetes.io/last-applied-configuration");
    }
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    let managers: Vec<Value> = entries
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            // Of whom a mark is, and not of whom the rest of the object is.
            let manager = entry.get("manager")?;
            Some(match entry.pointer("/fieldsV1/f:metadata") {
                Some(marks) => json!({"manager": manager, "fieldsV1": {"f:metadata": marks}}),
                None => json!({"manager": manager}),
            })
        })
        .collect();
    json!({
        "apiVersion": at("/apiVersion"),
        "kind": at("/kind"),
        "metadata": {
            "name": at("/metadata/name"),
            "namespace": at("/metadata/namespace"),
            "uid": at("/metadata/uid"),
            "labels": at("/metadata/labels"),
            "annotations": annotations,
            "ownerReferences": at("/metadata/ownerReferences"),
            "managedFields": managers,
        },
    })
}
