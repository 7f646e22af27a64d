//! Whether everything is as it was that `rb` has no business with: what others have noted on the
//! workload, its labels, and all of its spec but the template; also in what client-side apply goes by.

use serde_json::Value;

use crate::scene::{image, text};

use super::super::scenario::{CHANGE_CAUSE, GOOD, image_of};
use super::{Case, Seen};

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

pub(super) fn complaints(case: &Case<'_>, seen: &Seen) -> Vec<String> {
    let is_it = |before: &&Value| before["kind"] == seen.workload["kind"];
    let Some(before) = case.subject.before.iter().find(is_it) else {
        return vec!["is gone".to_owned()];
    };
    let (mut wrong, now) = (Vec::new(), &seen.workload);
    for pointer in ["/metadata/uid", "/metadata/labels"] {
        if now.pointer(pointer) != before.pointer(pointer) {
            wrong.push(format!("{pointer} has changed"));
        }
    }
    if without_template(now) != without_template(before) {
        wrong.push("more of the spec than its template has changed".to_owned());
    }
    wrong.extend(of_annotations(case, before, now, case.accepted(seen) > 0));
    wrong
}

fn without_template(object: &Value) -> Value {
    let mut spec = object["spec"].clone();
    if let Some(spec) = spec.as_object_mut() {
        spec.shift_remove("template");
    }
    spec
}

fn of_annotations(case: &Case<'_>, before: &Value, now: &Value, is_back: bool) -> Vec<String> {
    let mut wrong = Vec::new();
    let [old, new] = [before, now].map(|o| foreign(&o["metadata"]["annotations"]));
    let mut wanted = old;
    if case.is_changed {
        wanted.push(("example.test/meanwhile", "somebody else was here"));
        wanted.sort_unstable();
    }
    if new != wanted {
        wrong.push(format!("annotations of others: {new:?} and not {wanted:?}"));
    }
    let written = now["metadata"]["annotations"][CHANGE_CAUSE].as_str();
    let is_true = match written {
        Some(written) if is_back => written.starts_with("rb undo: "),
        Some(written) => case.is_changed && written == "somebody else was here",
        None => !is_back && !case.is_changed,
    };
    if !is_true {
        wrong.push(format!("the change-cause is {written:?}"));
    }
    let [old, new] = [before, now].map(|object| {
        let applied = object["metadata"]["annotations"][LAST_APPLIED].as_str().unwrap_or_default();
        serde_json::from_str::<Value>(applied).unwrap_or_default()
    });
    let tag = if is_back { GOOD } else { case.scenario.live };
    if image_of(&new) != image(tag) {
        wrong.push(format!("last applied: {} and not {tag}", image_of(&new)));
    }
    let is_same =
        old["metadata"] == new["metadata"] && without_template(&old) == without_template(&new);
    if !is_same {
        wrong.push("more of what was applied last than its template has changed".to_owned());
    }
    wrong
}

/// Those of people and their tools, in order.
fn foreign(annotations: &Value) -> Vec<(&str, &str)> {
    let all = annotations.as_object().into_iter().flatten();
    let mut foreign: Vec<_> = all
        .filter(|(key, _)| key.starts_with("example.test/"))
        .map(|(key, _)| (key.as_str(), text(annotations, &format!("/{}", key.replace('/', "~1")))))
        .collect();
    foreign.sort_unstable();
    foreign
}
