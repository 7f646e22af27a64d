//! Whether a verification told the truth: the workload is well, so the only true answers are that it
//! is, and not to have found out. It writes its verdict and nothing else.

use serde_json::Value;

use crate::scene::text;

use super::document::Document;
use super::{Case, Seen, is_done, touches};

const RECORD: &str = "/metadata/annotations/kubectl-rb~1record";

pub(in crate::faults) fn judge(case: &Case<'_>) -> Vec<String> {
    let document = Document::of(case);
    let mut wrong: Vec<String> = case.wrong_code().into_iter().collect();
    let writes = case.recorded.iter().filter(|r| r.request.is_write() && is_done(r));
    for record in writes {
        let is_other = |path: &str| path != RECORD && path != "/metadata/annotations";
        if record.request.method != "PATCH" || touches(&record.request, is_other) {
            wrong.push(format!("{} writes more than a verdict", record.request.path));
        }
    }
    for seen in &case.seen {
        if !seen.is_live(case.scenario.live) {
            wrong.push(format!("{} has changed", seen.name()));
        }
        let about = document.about(seen);
        let found = of_one(case, about).into_iter().chain(of_the_record(case, about, seen));
        wrong.extend(found.map(|what| format!("{}: {what}", seen.name())));
    }
    wrong.extend(document.complaints);
    wrong
}

fn of_one(case: &Case<'_>, document: &Value) -> Option<String> {
    let (schema, verdict) = (text(document, "/schema"), text(document, "/verdict"));
    let code = case.ran.code;
    let is_true = match (schema, verdict) {
        ("rb.verify/v1", "verified" | "verified-with-warnings") => code == 0,
        ("rb.verify/v1", "unverified") => code == 7,
        ("rb.error/v1", _) => [1, 3, 7, 130, 143].contains(&code),
        _ => case.was_killed(),
    };
    (!is_true).then(|| format!("{schema} with {verdict:?}, and code {code}"))
}

/// A verdict that was found is in the record, or it is said that it may not be; and there is no other.
fn of_the_record(case: &Case<'_>, document: &Value, seen: &Seen) -> Option<String> {
    let record = text(&seen.workload, "/metadata/annotations/kubectl-rb~1record");
    let record: Value = serde_json::from_str(record).unwrap_or_default();
    let verdicts = record["verdicts"].as_array().cloned().unwrap_or_default();
    if verdicts.iter().any(|verdict| verdict["verdict"] != "verified") {
        return Some(format!("the record says {verdicts:?} of what is well"));
    }
    let is_told = case.ran.stderr.contains("the verdict");
    let is_found = text(document, "/verdict").starts_with("verified");
    (is_found && verdicts.is_empty() && !is_told)
        .then(|| "the verdict is not recorded, and nothing is said of it".to_owned())
}
