//! The documents of a run: what `rb` says of each workload.

use serde_json::Value;

use crate::schemas;

use super::{Case, Seen};

/// The codes, the worst first: what several workloads end with together.
const SEVERITY: [i64; 15] = [130, 143, 9, 1, 6, 5, 11, 7, 3, 4, 2, 10, 12, 8, 0];

/// What a run printed.
pub(super) struct Document {
    pub(super) value: Value,
    pub(super) complaints: Vec<String>,
}

impl Document {
    pub(super) fn of(case: &Case<'_>) -> Self {
        let ran = case.ran;
        let mut complaints = Vec::new();
        if ran.stderr.contains("panicked") {
            complaints.push("it panicked".to_owned());
        }
        let value: Value = match serde_json::from_str(&ran.stdout) {
            Ok(value) => value,
            // Killed before it could say anything.
            Err(_) if case.was_killed() && ran.stdout.is_empty() => Value::Null,
            Err(error) => {
                complaints.push(format!("stdout is not one JSON document: {error}"));
                Value::Null
            }
        };
        if !value.is_null() {
            let invalid = schemas::complaints(&value);
            complaints.extend(invalid.iter().map(|what| format!("the document: {what}")));
            let code = value["exitCode"].as_i64();
            if code != Some(ran.code.into()) {
                complaints.push(format!("the document says that it ends with {code:?}"));
            }
            complaints.extend(is_not_the_worst(&value));
        }
        Self { value, complaints }
    }

    /// What it says of one workload; of all, where it is about none.
    pub(super) fn about(&self, seen: &Seen) -> &Value {
        let items = self.value["items"].as_array();
        let is_it = |item: &&Value| {
            ["kind", "name"].iter().all(|member| {
                let known = if *member == "kind" {
                    &seen.workload["kind"]
                } else {
                    &seen.workload["metadata"]["name"]
                };
                item["target"][*member] == *known
            })
        };
        items.into_iter().flatten().find(is_it).unwrap_or(&self.value)
    }
}

fn is_not_the_worst(list: &Value) -> Option<String> {
    let codes: Vec<_> =
        list["items"].as_array()?.iter().filter_map(|item| item["exitCode"].as_i64()).collect();
    let worst = SEVERITY.iter().find(|code| codes.contains(code));
    let code = list["exitCode"].as_i64();
    (worst.copied() != code).then(|| format!("of {codes:?} the list makes {code:?}"))
}

/// Everything that an error says.
pub(super) fn words(document: &Value) -> String {
    let causes = document["causes"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let message = document["message"].as_str();
    message.into_iter().chain(causes).collect::<Vec<_>>().join("; ")
}
