//! Whether an undo told the truth.

use serde_json::Value;

use crate::scene::text;

use super::super::strike::Moment;
use super::document::{Document, words};
use super::{Case, Seen, is_done, traces, unharmed};

pub(in crate::faults) fn judge(case: &Case<'_>) -> Vec<String> {
    let document = Document::of(case);
    let mut wrong: Vec<String> = case.wrong_code().into_iter().collect();
    for seen in &case.seen {
        let about = of_one(case, seen, document.about(seen));
        let name = seen.name();
        wrong.extend(about.into_iter().map(|what| format!("{name}: {what}")));
    }
    wrong.extend(document.complaints);
    wrong
}

fn of_one(case: &Case<'_>, seen: &Seen, document: &Value) -> Vec<String> {
    let mut wrong = unharmed::complaints(case, seen);
    let accepted = case.accepted(seen);
    if accepted > 1 {
        wrong.push(format!("was written {accepted} times"));
    }
    let live = if accepted == 0 { case.scenario.live } else { super::GOOD };
    if !seen.is_live(live) {
        wrong.push(format!("{accepted} writes were accepted, but {live} is not live"));
    }
    if case.ran.code == 0 {
        wrong.extend(seen.not_back().map(|why| format!("not back: {why}")));
    }
    match text(document, "/schema") {
        "rb.report/v1" => {
            wrong.extend(of_report(seen, document, accepted));
            wrong.extend(traces::complaints(case, seen, document));
        }
        "rb.error/v1" => wrong.extend(of_error(case, seen, document, accepted)),
        _ if case.was_killed() => {}
        other => wrong.push(format!("no report and no error but {other:?}")),
    }
    wrong
}

fn of_report(seen: &Seen, report: &Value, accepted: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    let code = report["exitCode"].as_i64().unwrap_or(-1);
    let (result, wanted) = match text(report, "/result") {
        "rolledBack" => {
            wrong.extend(seen.not_back().map(|why| format!("said to be rolled back: {why}")));
            ("rolledBack", 1)
        }
        "nothingToDo" => ("nothingToDo", 0),
        // What goes wrong after the write; nothing is wrong with these pods.
        result @ ("timedOut" | "lost") => (result, 1),
        other => {
            wrong.push(format!("ended as {other:?}, which cannot be"));
            return wrong;
        }
    };
    if accepted != wanted {
        wrong.push(format!("{result}, but {accepted} writes were accepted"));
    }
    let codes: &[i64] = match result {
        "rolledBack" | "nothingToDo" => &[0],
        "timedOut" => &[5],
        _ => &[5, 7],
    };
    if !codes.contains(&code) {
        wrong.push(format!("{result} ends with {code}"));
    }
    wrong
}

fn of_error(case: &Case<'_>, seen: &Seen, error: &Value, accepted: usize) -> Vec<String> {
    let mut wrong = Vec::new();
    let said = words(error);
    let may_be = said.contains("may have been applied") || said.contains("more may be");
    let is_written = said.contains("is written") || said.contains("are written");
    let nothing = said.contains("nothing was written");
    if accepted > 0 && !may_be && !is_written {
        wrong.push(format!("was written, but the error does not say so: {said}"));
    }
    // About one of several, or about all of them.
    let is_own = error["target"].is_object();
    let meant = || case.seen.iter().filter(|other| !is_own || other.name() == seen.name());
    let is_alone = case.seen.len() == 1;
    let any = || case.recorded.iter().any(|record| record.request.is_write() && is_done(record));
    if nothing && (meant().any(|seen| case.accepted(seen) > 0) || is_alone && any()) {
        wrong.push("said that nothing was written".to_owned());
    }
    if may_be && meant().all(|seen| case.template_writes(seen).next().is_none()) {
        wrong.push("said that something may have been applied that was never sent".to_owned());
    }
    if is_written && meant().all(|seen| case.accepted(seen) == 0) {
        wrong.push("said that it is written".to_owned());
    }
    let code = error["exitCode"].as_i64().unwrap_or(-1);
    let is_unharmed = [1, 2, 3, 4, 10].contains(&code);
    if is_unharmed && accepted > 0 {
        wrong.push(format!("was written, and ended with {code}"));
    }
    if let Some((_, Moment::Before)) = case.signal()
        && case.template_writes(seen).next().is_none()
        && !nothing
    {
        wrong.push("did not say that nothing was written".to_owned());
    }
    let hints = error["hints"].as_array().map(Vec::len).unwrap_or_default();
    if hints == 0 && !nothing {
        wrong.push("the error leaves one alone: no hint".to_owned());
    }
    wrong
}
