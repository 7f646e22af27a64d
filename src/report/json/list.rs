//! `rb.list/v1`: the answers for several workloads in one document.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::exit::ExitStatus;
use crate::rollback::model::target::Target;

use super::v1::ErrorDocument;

/// One document with the documents of several workloads.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ListDocument {
    schema: &'static str,
    exit_code: u8,
    /// How many there are of each result: the `result` of a report or status, the `verdict` of a
    /// verification, the `kind` of an error, else `planned` or `listed`.
    summary: BTreeMap<String, usize>,
    items: Vec<Value>,
}

impl ListDocument {
    /// Of these documents, and the exit code of the whole command.
    #[must_use]
    pub fn new(items: Vec<Value>, exit: ExitStatus) -> Self {
        let mut summary = BTreeMap::new();
        for item in &items {
            *summary.entry(word(item)).or_default() += 1;
        }
        Self { schema: "rb.list/v1", exit_code: exit.code(), summary, items }
    }
}

fn word(item: &Value) -> String {
    let text = |member: &str| item.get(member).and_then(Value::as_str).map(str::to_owned);
    let says = ["result", "verdict", "kind"].into_iter().find_map(text);
    says.unwrap_or_else(|| {
        let is_plan = item.get("steps").is_some();
        if is_plan { "planned".to_owned() } else { "listed".to_owned() }
    })
}

/// The document of a workload that an error was all there is to say of.
#[must_use]
pub fn failed(target: &Target, error: &Error) -> Value {
    serde_json::to_value(ErrorDocument::new(error, Some(target))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn results_are_counted_by_their_words() {
        let items = vec![
            json!({"result": "rolledBack"}),
            json!({"result": "rolledBack"}),
            json!({"kind": "refused"}),
            json!({"verdict": "unverified"}),
            json!({"steps": []}),
            json!({"revisions": []}),
        ];
        let document = serde_json::to_value(ListDocument::new(items, ExitStatus::Refused)).unwrap();
        assert_eq!(document["exitCode"], 3);
        assert_eq!(
            document["summary"],
            json!({"listed": 1, "planned": 1, "refused": 1, "rolledBack": 2, "unverified": 1})
        );
    }
}
