//! The JSON Patch of a workload that has its pod template at `/spec/template`.
//!
//! The server applies it only while uid, template and every annotation it replaces are what the
//! plan saw. The resourceVersion is not tested: the status of a crashing workload changes it all
//! the time.

use serde_json::{Value, json};

/// An annotation that the patch writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnotationEdit {
    /// The key.
    pub key: String,
    /// The value that it has now.
    pub before: Option<String>,
    /// The value that it gets.
    pub after: String,
}

/// Tests, then writes: the template byte for byte, and the annotations.
pub(super) fn json_patch(workload: &Value, template: &Value, edits: &[AnnotationEdit]) -> Value {
    let at = |pointer: &str| workload.pointer(pointer).cloned().unwrap_or_default();
    let mut operations = vec![
        json!({"op": "test", "path": "/metadata/uid", "value": at("/metadata/uid")}),
        json!({"op": "test", "path": "/spec/template", "value": at("/spec/template")}),
        json!({"op": "replace", "path": "/spec/template", "value": template}),
    ];
    let annotations = workload.pointer("/metadata/annotations");
    if annotations.is_none_or(Value::is_null) && !edits.is_empty() {
        operations.push(test("/metadata/annotations", &Value::Null));
        operations.push(json!({"op": "add", "path": "/metadata/annotations", "value": {}}));
    }
    for edit in edits {
        let path = format!("/metadata/annotations/{}", escape(&edit.key));
        // `null` is what the API server's JSON Patch finds where there is no member.
        operations.push(test(&path, &json!(edit.before)));
        operations.push(json!({"op": "add", "path": path, "value": edit.after}));
    }
    Value::Array(operations)
}

fn test(path: &str, value: &Value) -> Value {
    json!({"op": "test", "path": path, "value": value})
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_that_is_replaced_is_tested_first() {
        let workload = json!({
            "metadata": {"uid": "u", "annotations": {"kubernetes.io/change-cause": "old"}},
            "spec": {"template": {"spec": 1}},
        });
        let edits = [
            AnnotationEdit {
                key: "kubernetes.io/change-cause".into(),
                before: Some("old".into()),
                after: "new".into(),
            },
            AnnotationEdit { key: "a~b/c".into(), before: None, after: "x".into() },
        ];
        let patch = json_patch(&workload, &json!({"spec": 2}), &edits);
        assert_eq!(
            patch,
            json!([
                {"op": "test", "path": "/metadata/uid", "value": "u"},
                {"op": "test", "path": "/spec/template", "value": {"spec": 1}},
                {"op": "replace", "path": "/spec/template", "value": {"spec": 2}},
                {"op": "test", "path": "/metadata/annotations/kubernetes.io~1change-cause", "value": "old"},
                {"op": "add", "path": "/metadata/annotations/kubernetes.io~1change-cause", "value": "new"},
                {"op": "test", "path": "/metadata/annotations/a~0b~1c", "value": null},
                {"op": "add", "path": "/metadata/annotations/a~0b~1c", "value": "x"},
            ])
        );
    }

    #[test]
    fn a_missing_annotation_map_is_made() {
        let workload = json!({"metadata": {"uid": "u"}, "spec": {"template": {}}});
        let edit = AnnotationEdit { key: "k".into(), before: None, after: "v".into() };
        let patch = json_patch(&workload, &json!({}), &[edit]);
        assert_eq!(patch[4], json!({"op": "add", "path": "/metadata/annotations", "value": {}}));
    }
}
