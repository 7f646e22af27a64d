//! Whether a verification told the truth: what is live is well, so it is verified or nothing is known,
//! and nothing but that is written.

use serde_json::Value;

use crate::scene::text;

use super::document::Document;
use super::{Case, Seen, is_done, touches, traces, unharmed};

pub(in crate::faults) fn judge(case: &Case<'_>) -> Vec<String> {
    let document = Document::of(case);
    let mut wrong: Vec<String> = case.wrong_code().into_iter().collect();
    for seen in &case.seen {
        let about = of_one(case, seen, document.about(seen));
        wrong.extend(about.into_iter().map(|what| format!("{}: {what}", seen.name())));
    }
    wrong.extend(document.complaints);
    wrong
}

fn of_one(case: &Case<'_>, seen: &Seen, document: &Value) -> Vec<String> {
    let mut wrong = unharmed::complaints(case, seen);
    let (schema, verdict) = (text(document, "/schema"), text(document, "/verdict"));
    let is_true = match (schema, verdict) {
        // What is only advisory may be unknown.
        ("rb.verify/v1", "verified" | "verified-with-warnings") => case.ran.code == 0,
        ("rb.verify/v1", "unverified") => [5, 7].contains(&case.ran.code),
        ("rb.error/v1", _) => [1, 3, 7, 130, 143].contains(&case.ran.code),
        _ => case.was_killed(),
    };
    if !is_true {
        wrong.push(format!("{schema} with {verdict:?}, and code {}", case.ran.code));
    }
    wrong.extend(seen.does_not_run(case.scenario.live));
    let writes = case.recorded.iter().filter(|record| record.request.is_write() && is_done(record));
    let is_verdict = |path: &str| {
        path == "/metadata/annotations" || path.starts_with("/metadata/annotations/kubectl-rb")
    };
    let (verdicts, others): (Vec<_>, Vec<_>) = writes.partition(|record| {
        touches(&record.request, is_verdict) && !touches(&record.request, |path| !is_verdict(path))
    });
    if verdicts.len() > 1 || !others.is_empty() {
        wrong.push(format!("{} verdicts and {} other writes", verdicts.len(), others.len()));
    }
    let record = traces::record(seen);
    let recorded: Vec<_> = record["verdicts"].as_array().into_iter().flatten().collect();
    let is_recorded = recorded.len() == verdicts.len()
        && recorded.iter().all(|recorded| recorded["verdict"] == "verified");
    if !is_recorded {
        wrong.push(format!("the record has {recorded:?} for {} verdicts", verdicts.len()));
    }
    wrong
}
