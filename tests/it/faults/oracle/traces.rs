//! Whether what a report says of its steps is true, done or not done, and whether the record on the
//! workload is.

use serde_json::Value;

use crate::scene::text;
use crate::testbed::Recorded;

use super::{Case, Seen, is_done, touches};

const RECORD: &str = "kubectl-rb/record";

pub(super) fn complaints(case: &Case<'_>, seen: &Seen, report: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let steps = report["plan"]["steps"].as_array().cloned().unwrap_or_default();
    for step in &steps {
        let id = text(step, "/id");
        let Some(done) = done(case, seen, id) else { continue };
        // An annotation that is the same the second time changes nothing.
        if done > 1 && id != "annotate" {
            wrong.push(format!("step {id} was done {done} times"));
        }
        let is_listed = list(report, "written").iter().any(|written| written["step"] == id);
        if is_listed && done == 0 {
            wrong.push(format!("step {id} is said to be written"));
        }
        let summary = text(step, "/summary");
        let is_denied = is_warned(report, &format!("could not {summary}"));
        if is_denied && done > 0 {
            wrong.push(format!("step {id} is said to have failed"));
        }
        let is_open =
            is_warned(report, &format!("it is not known whether this was done: {summary}"));
        // Without a verdict there is nothing to stamp.
        let is_due = id != "stamp" || report["result"] == "rolledBack" && case.ran.code == 0;
        if is_due && !is_listed && !is_denied && !is_open {
            wrong.push(format!("of step {id} nothing is said"));
        }
    }
    wrong.extend(of_the_record(case, seen));
    wrong
}

fn is_warned(report: &Value, start: &str) -> bool {
    let mut warnings = list(report, "warnings").iter().filter_map(Value::as_str);
    warnings.any(|warning| warning.starts_with(start))
}

fn list<'a>(report: &'a Value, member: &str) -> &'a [Value] {
    report[member].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// How often the API server did what a step of the plan asks for; `None` for what is no write.
fn done(case: &Case<'_>, seen: &Seen, step: &str) -> Option<usize> {
    let kind = text(&seen.workload, "/kind");
    let own = format!("/{}s/{}", kind.to_lowercase(), text(&seen.workload, "/metadata/name"));
    let is_own = |record: &Recorded| super::path_of(&record.request).ends_with(&own);
    let touches = |record: &Recorded, path: &str| touches(&record.request, |p| p.starts_with(path));
    let is_it = |record: &&Recorded| match step {
        "patch" => is_own(record) && touches(record, "/spec/template"),
        "ownership" => is_own(record) && touches(record, "/metadata/managedFields"),
        "stamp" => {
            is_own(record)
                && touches(record, "/metadata/annotations/kubectl-rb")
                && !touches(record, "/spec/template")
        }
        "annotate" => record.request.path.contains("/replicasets/"),
        "event" => {
            let event: Value = serde_json::from_slice(&record.request.body).unwrap_or_default();
            record.request.path.contains("/events") && event["involvedObject"]["kind"] == kind
        }
        _ => false,
    };
    if !["patch", "ownership", "stamp", "annotate", "event"].contains(&step) {
        return None;
    }
    let writes = case.recorded.iter().filter(|record| record.request.is_write() && is_done(record));
    Some(writes.filter(is_it).count())
}

/// One undo for each write, and a verdict only where there is proof.
fn of_the_record(case: &Case<'_>, seen: &Seen) -> Vec<String> {
    let mut wrong = Vec::new();
    let record = seen.workload["metadata"]["annotations"][RECORD].as_str();
    let record: Value =
        record.and_then(|record| serde_json::from_str(record).ok()).unwrap_or_default();
    let (undos, accepted) = (list(&record, "undos").len(), case.accepted(seen));
    if undos != accepted {
        wrong.push(format!("the record has {undos} undos for {accepted} writes"));
    }
    for verdict in list(&record, "verdicts") {
        if verdict["verdict"] == "verified" {
            wrong.extend(seen.not_back().map(|why| format!("stamped as verified: {why}")));
        } else {
            wrong.push(format!("stamped: {verdict}"));
        }
    }
    wrong
}
