//! What an object says about who may write to it: a label or an annotation, whose value counts in upper and
//! lower case.

use std::fmt;

use serde_json::Value;

use super::super::marks::{annotation, label, managers_of};

const CONTROLLER: &str = "kustomize-controller";
const RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
const APPLY: &str = "kustomize.toolkit.fluxcd.io/ssa";
const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
const DRIFT: &str = "helm.toolkit.fluxcd.io/driftDetection";

/// A label or an annotation that opts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Whether it is a label; else an annotation.
    is_label: bool,
    pub key: &'static str,
    value: &'static str,
}

impl Mark {
    /// Whether the source of the Kustomization has it, as far as is known: some count only there, and a
    /// Kustomization overwrites an object that somebody else has marked so.
    fn is_of_source(&self, object: &Value) -> bool {
        let part = if self.is_label { "labels" } else { "annotations" };
        let mut others = false;
        for manager in managers_of(object, (part, self.key)) {
            if manager.starts_with(CONTROLLER) {
                return true;
            }
            others = true;
        }
        !others
    }

    /// The command of kubectl that writes such marks.
    pub(super) fn verb(&self) -> &'static str {
        if self.is_label { "label" } else { "annotate" }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_label, key, value } = self;
        let kind = if *is_label { "label" } else { "annotation" };
        write!(formatter, "{kind} {key}: {value}")
    }
}

/// What keeps a Kustomization from applying the object: then it is a no-op for it whatever its source says.
pub(super) fn of_apply(object: &Value) -> Option<Mark> {
    mark(object, RECONCILE, "disabled")
        .or_else(|| mark(object, APPLY, "Ignore"))
        .or_else(|| mark(object, APPLY, "IfNotPresent").filter(|mark| mark.is_of_source(object)))
}

/// The same for people.
pub(super) fn from_apply(object: &Value) -> Option<String> {
    Some(of_apply(object)?.to_string())
}

/// Why a Kustomization leaves what others have added, for people: what its source says is put back.
pub(super) fn from_cleanup(object: &Value) -> Option<String> {
    Some(mark(object, APPLY, "Merge")?.to_string())
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
    Some(mark(object, DRIFT, "disabled")?.to_string())
}

fn mark(object: &Value, key: &'static str, value: &'static str) -> Option<Mark> {
    let says = |found: Option<&str>| found.is_some_and(|found| found.eq_ignore_ascii_case(value));
    let is_annotated = says(annotation(object, key));
    let is_label = !is_annotated && says(label(object, key));
    (is_annotated || is_label).then_some(Mark { is_label, key, value })
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

    /// Flux looks at the manifest alone.
    #[test]
    fn if_not_present_counts_where_the_source_has_it() {
        for (managers, counts) in [
            (&[][..], true),
            (&["kubectl-annotate"][..], false),
            (&["kustomize-controller"][..], true),
            (&["kubectl-annotate", "kustomize-controller"][..], true),
        ] {
            let entry = |manager: &&str| {
                json!({"manager": manager,
                    "fieldsV1": {"f:metadata": {"f:annotations": {format!("f:{APPLY}"): {}}}}})
            };
            let entries: Vec<Value> = managers.iter().map(entry).collect();
            for (value, expected) in [("IfNotPresent", counts), ("Ignore", true)] {
                let object = json!({"metadata": {"annotations": {APPLY: value},
                    "managedFields": entries}});
                assert_eq!(of_apply(&object).is_some(), expected, "{value} {managers:?}");
            }
        }
    }
}
