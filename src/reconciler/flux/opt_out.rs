//! What an object says about who may write to it: a label or an annotation, whose value counts in upper and
//! lower case.

use serde_json::Value;

use super::super::marks::{annotation, label};

const RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
const APPLY: &str = "kustomize.toolkit.fluxcd.io/ssa";
const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
const DRIFT: &str = "helm.toolkit.fluxcd.io/driftDetection";

/// Why a Kustomization does not apply the object, for people: then it is a no-op for it whatever its source
/// says.
pub(super) fn from_apply(object: &Value) -> Option<String> {
    mark(object, RECONCILE, "disabled")
        .or_else(|| mark(object, APPLY, "Ignore"))
        .or_else(|| mark(object, APPLY, "IfNotPresent"))
}

/// Why a Kustomization leaves what others have added, for people: what its source says is put back.
pub(super) fn from_cleanup(object: &Value) -> Option<String> {
    mark(object, APPLY, "Merge")
}

/// Whether a Kustomization never deletes the object.
pub(super) fn is_kept(object: &Value) -> bool {
    mark(object, PRUNE, "disabled")
        .or_else(|| mark(object, RECONCILE, "disabled"))
        .or_else(|| mark(object, APPLY, "Ignore"))
        .is_some()
}

/// Why a `HelmRelease` does not look whether the object has changed, for people. Its upgrades write to it all
/// the same.
pub(super) fn from_drift(object: &Value) -> Option<String> {
    mark(object, DRIFT, "disabled")
}

fn mark(object: &Value, key: &str, value: &str) -> Option<String> {
    let says = |found: Option<&str>| found.is_some_and(|found| found.eq_ignore_ascii_case(value));
    let kind = if says(annotation(object, key)) {
        "annotation"
    } else if says(label(object, key)) {
        "label"
    } else {
        return None;
    };
    Some(format!("{kind} {key}: {value}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(part: &str, key: &str, value: &str) -> Value {
        json!({"metadata": {part: {key: value}}})
    }

    #[test]
    fn a_label_or_an_annotation_opts_out() {
        for (part, key, value, apply, kept) in [
            ("annotations", RECONCILE, "disabled", true, true),
            ("labels", RECONCILE, "Disabled", true, true),
            ("annotations", RECONCILE, "enabled", false, false),
            ("annotations", APPLY, "Ignore", true, true),
            ("annotations", APPLY, "ifnotpresent", true, false),
            ("annotations", APPLY, "Merge", false, false),
            ("annotations", APPLY, "Override", false, false),
            ("annotations", PRUNE, "disabled", false, true),
            ("annotations", DRIFT, "disabled", false, false),
            ("finalizers", RECONCILE, "disabled", false, false),
        ] {
            let object = with(part, key, value);
            assert_eq!(from_apply(&object).is_some(), apply, "{object}");
            assert_eq!(is_kept(&object), kept, "{object}");
            assert_eq!(from_cleanup(&object).is_some(), value == "Merge", "{object}");
            assert_eq!(from_drift(&object).is_some(), key == DRIFT, "{object}");
        }
        assert_eq!(
            from_apply(&with("labels", RECONCILE, "DISABLED")).unwrap(),
            "label kustomize.toolkit.fluxcd.io/reconcile: disabled"
        );
        let absurd = json!({"metadata": {"annotations": [RECONCILE], "labels": {RECONCILE: true}}});
        assert_eq!(from_apply(&absurd), None);
    }
}
