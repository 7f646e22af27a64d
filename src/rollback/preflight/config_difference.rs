//! What going from one `ConfigMap` to another changes, by keys. Of Secrets there are only keys.

use serde_json::{Map, Value};

/// `changed LIMIT, back OLD, gone NEW`; no value is told.
pub(super) fn difference(old: &Value, new: &Value) -> String {
    let is_known = old.get("keys").is_none();
    let (old, new) = (values(old), values(new));
    let only_in = |one: &Map<String, Value>, other: &Map<String, Value>| {
        let keys = one.keys().filter(|key| !other.contains_key(*key));
        keys.cloned().collect::<Vec<_>>()
    };
    let changed = old.iter().filter(|(key, value)| new.get(*key).is_some_and(|new| new != *value));
    let changed: Vec<String> = changed.map(|(key, _)| key.clone()).collect();
    let parts =
        [("changed", changed), ("back", only_in(&old, &new)), ("gone", only_in(&new, &old))];
    let parts = parts.into_iter().filter(|(_, keys)| !keys.is_empty());
    let parts: Vec<String> =
        parts.map(|(word, keys)| format!("{word} {}", keys.join(", "))).collect();
    match parts.is_empty() {
        false => parts.join(", "),
        true if is_known => "the same".to_owned(),
        true => "the same keys".to_owned(),
    }
}

/// The values by their keys.
fn values(object: &Value) -> Map<String, Value> {
    let names = object.get("keys").and_then(Value::as_array).into_iter().flatten();
    let mut all: Map<String, Value> =
        names.filter_map(|name| Some((name.as_str()?.to_owned(), Value::Null))).collect();
    for member in ["data", "binaryData"] {
        all.extend(object.get(member).and_then(Value::as_object).cloned().unwrap_or_default());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_keys_are_told() {
        let data = |data: Value| json!({"data": data, "metadata": {"name": "x"}});
        for (old, new, words) in [
            (data(json!({"A": "1"})), data(json!({"A": "1"})), "the same"),
            (data(json!({"A": "1"})), data(json!({"A": "2"})), "changed A"),
            (data(json!({"A": "1", "B": "1"})), data(json!({"C": "1"})), "back A, B, gone C"),
            (json!({"binaryData": {"A": "x"}}), json!({"binaryData": {"A": "y"}}), "changed A"),
            (json!({"keys": ["A"]}), json!({"keys": ["A"]}), "the same keys"),
            (json!({"keys": ["A"]}), json!({"keys": ["A", "B"]}), "gone B"),
            (json!({}), json!({}), "the same"),
        ] {
            assert_eq!(difference(&old, &new), words, "{old} {new}");
        }
    }
}
