//! Whether a status told the truth: the workload did not change, so only one answer is true, and to
//! have found none.

use serde_json::Value;

use crate::scene::text;

use super::Case;
use super::document::Document;

pub(in crate::faults) fn judge(case: &Case<'_>) -> Vec<String> {
    let document = Document::of(case);
    let mut wrong: Vec<String> = case.wrong_code().into_iter().collect();
    if case.recorded.iter().any(|record| record.request.is_write()) {
        wrong.push("a status writes".to_owned());
    }
    for seen in &case.seen {
        if !seen.is_live(case.scenario.live) {
            wrong.push(format!("{} has changed", seen.name()));
        }
        let about = document.about(seen);
        let found = of_one(case, about);
        wrong.extend(found.map(|what| format!("{}: {what}", seen.name())));
    }
    wrong.extend(document.complaints);
    wrong
}

fn of_one(case: &Case<'_>, document: &Value) -> Option<String> {
    let (schema, result) = (text(document, "/schema"), text(document, "/result"));
    let code = case.ran.code;
    let is_true = match (schema, result) {
        ("rb.status/v1", "complete") => case.scenario.code == 0 && code == 0,
        ("rb.status/v1", "podsFailed") => case.scenario.code == 6 && code == 6,
        // The time was too short to see more.
        ("rb.status/v1", "timedOut") => case.scenario.code != 0 && code == 5,
        ("rb.status/v1", "lost") => [5, 7].contains(&code),
        ("rb.error/v1", _) => [1, 3, 7, 130, 143].contains(&code),
        _ => case.was_killed(),
    };
    (!is_true).then(|| format!("{schema} with {result:?}, and code {code}"))
}
