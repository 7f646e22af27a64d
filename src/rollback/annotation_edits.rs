//! The annotations that an undo writes, and what it does to the manifest of the last client-side
//! `kubectl apply`. Pure.

use serde_json::Value;

use crate::backend::AnnotationEdit;

use super::model::last_applied::{LAST_APPLIED, with_template};
use super::model::record::{RECORD_ANNOTATION, Undo};
use super::model::revision::Revision;
use super::planner::Planner;

/// How much text the annotations of an object may have (`TotalAnnotationSizeLimitB` of
/// k8s.io/apimachinery).
const MAX_ANNOTATIONS: usize = 256 * 1024;

/// The annotations that the patch writes: why, the record, and what was last applied.
pub(super) fn of(
    planner: &Planner<'_>,
    target: &Revision,
    undo: &Undo,
    cause: String,
) -> Vec<AnnotationEdit> {
    let mut edits = own(planner, undo, cause);
    if let LastApplied::Changes(edit) = last_applied(planner, target, &edits) {
        edits.push(edit);
    }
    edits
}

/// What the user has to know where the manifest of the last apply cannot be put right.
pub(super) fn warning(
    planner: &Planner<'_>,
    target: &Revision,
    undo: &Undo,
    cause: String,
) -> Option<String> {
    let edits = own(planner, undo, cause);
    matches!(last_applied(planner, target, &edits), LastApplied::TooBig).then(|| {
        format!(
            "the annotation {LAST_APPLIED} stays as it is, since annotations may have 256 KiB in \
             all: the next kubectl apply will keep what only {} has",
            target.label()
        )
    })
}

fn own(planner: &Planner<'_>, undo: &Undo, cause: String) -> Vec<AnnotationEdit> {
    let mut edits = vec![planner.change_cause(cause)];
    if let Some(record) = planner.record_with(undo) {
        edits.push(planner.annotation(RECORD_ANNOTATION, record.to_annotation()));
    }
    edits
}

/// What becomes of the manifest of the last client-side apply.
enum LastApplied {
    /// There is none, or none with a pod template, or it has the target's.
    Stays,
    /// It gets the target's template: so the next apply deletes what only that has.
    Changes(AnnotationEdit),
    /// The API server would refuse so much text.
    TooBig,
}

fn last_applied(planner: &Planner<'_>, target: &Revision, edits: &[AnnotationEdit]) -> LastApplied {
    let before = planner.snapshot.annotation(LAST_APPLIED);
    let after = before.and_then(|before| with_template(before, &target.template));
    let Some(after) = after.filter(|after| before != Some(after)) else {
        return LastApplied::Stays;
    };
    let edit = planner.annotation(LAST_APPLIED, after);
    let all = edits.iter().chain([&edit]);
    if annotations_size(&planner.snapshot.workload, all) > MAX_ANNOTATIONS {
        return LastApplied::TooBig;
    }
    LastApplied::Changes(edit)
}

/// How much text the annotations have after these edits, as the API server counts it: keys and values.
fn annotations_size<'e>(
    workload: &Value,
    edits: impl Iterator<Item = &'e AnnotationEdit>,
) -> usize {
    let annotations = workload.pointer("/metadata/annotations").and_then(Value::as_object);
    let size = |key: &str, value: &Value| key.len() + value.as_str().unwrap_or_default().len();
    let now: usize = annotations.into_iter().flatten().map(|(key, value)| size(key, value)).sum();
    edits.fold(now, |sum, edit| {
        let (before, after) = (edit.before.as_ref(), edit.after.len());
        let before = before.map_or(0, |before| edit.key.len() + before.len());
        (sum + edit.key.len() + after).saturating_sub(before)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keys_and_values_count_after_the_edits() {
        let workload = json!({"metadata": {"annotations": {"ab": "cde", "f": "g"}}});
        let edit = |key: &str, before: Option<&str>, after: &str| AnnotationEdit {
            key: key.to_owned(),
            before: before.map(str::to_owned),
            after: after.to_owned(),
        };
        let size = |edits: &[AnnotationEdit]| annotations_size(&workload, edits.iter());
        assert_eq!(size(&[]), 7);
        assert_eq!(size(&[edit("ab", Some("cde"), "c")]), 5);
        assert_eq!(size(&[edit("ab", Some("cde"), "c"), edit("new", None, "four")]), 12);
        assert_eq!(annotations_size(&json!({}), [edit("k", None, "v")].iter()), 2);
    }
}
