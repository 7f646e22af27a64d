//! What may name a version among the values that an owner lays over its files.

use serde_json::Value;

use crate::rollback::model::provenance::Override;

/// Values that are looked at.
const MOST: usize = 500;
/// How deep they nest.
const DEEPEST: usize = 20;
/// Parts of names that speak of a version.
const SPEAKING: [&str; 5] = ["image", "tag", "digest", "version", "release"];

/// One of them by its name, where it may.
pub(super) fn one(
    name: &str,
    value: &Value,
    place: impl FnOnce(&str) -> String,
) -> Option<Override> {
    let value = scalar(value)?;
    may_be(name, &value).then(|| Override { place: place(name), value })
}

/// All of them in a tree of values, each by its way: `image.tag`.
pub(super) fn among(values: &Value, place: &dyn Fn(&str) -> String) -> Vec<Override> {
    let mut found = Vec::new();
    collect(values, "", 0, place, &mut found);
    found
}

/// The same of a text that is YAML.
pub(super) fn of_text(text: &str, place: &dyn Fn(&str) -> String) -> Vec<Override> {
    let documents = serde_yaml::from_multiple::<Value>(text).unwrap_or_default();
    documents.iter().flat_map(|document| among(document, place)).collect()
}

/// Something whose value stands elsewhere: it may name one.
pub(super) fn unseen(place: String) -> Override {
    Override { place, value: String::new() }
}

fn collect(
    value: &Value,
    at: &str,
    depth: usize,
    place: &dyn Fn(&str) -> String,
    found: &mut Vec<Override>,
) {
    if depth > DEEPEST || found.len() >= MOST {
        return;
    }
    let below = |key: &str| if at.is_empty() { key.to_owned() } else { format!("{at}.{key}") };
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                collect(member, &below(key), depth + 1, place, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{at}[{index}]"), depth + 1, place, found);
            }
        }
        leaf => found.extend(one(at, leaf, |name| place(name))),
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A whole number is a version only where its name says so: it may count anything.
fn may_be(name: &str, value: &str) -> bool {
    let name = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let speaks = SPEAKING.iter().any(|part| name.contains(part));
    let is_plain =
        value.bytes().all(|byte| byte.is_ascii_digit()) || matches!(value, "true" | "false");
    !value.is_empty() && (speaks || !is_plain)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(values: &Value) -> Vec<(String, String)> {
        let found = among(values, &|name| format!("value {name}"));
        found.into_iter().map(|over| (over.place, over.value)).collect()
    }

    #[test]
    fn a_number_counts_unless_its_name_speaks_of_a_version() {
        for (values, expected) in [
            (json!({"image": {"tag": "1.1"}}), vec![("value image.tag", "1.1")]),
            (json!({"image": {"tag": 7}}), vec![("value image.tag", "7")]),
            (json!({"replicas": 7, "port": "8080", "debug": "true", "x": true, "y": null}), vec![]),
            (json!({"appVersion": 1.5}), vec![("value appVersion", "1.5")]),
            (json!({"a": [{"b": "v1"}]}), vec![("value a[0].b", "v1")]),
            (json!({"IMAGE_TAG": "3"}), vec![("value IMAGE_TAG", "3")]),
            (json!("1.1"), vec![("value ", "1.1")]),
            (json!({"tag": ""}), vec![]),
        ] {
            let expected: Vec<(String, String)> =
                expected.into_iter().map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
            assert_eq!(found(&values), expected, "{values}");
        }
    }

    #[test]
    fn a_text_is_read_as_yaml_and_anything_else_says_nothing() {
        let of = |text: &str| of_text(text, &str::to_owned).len();
        assert_eq!(of("image:\n  tag: 1.1\n---\ntag: 2\n"), 2);
        assert_eq!(of("{{ broken"), 0);
        assert_eq!(of(""), 0);
    }

    #[test]
    fn values_without_end_are_cut_off() {
        let many: Vec<Value> = (0..2_000).map(|n| json!({"tag": n})).collect();
        assert_eq!(found(&json!(many)).len(), MOST);
        let mut deep = json!({"tag": "1"});
        for _ in 0..100 {
            deep = json!({"a": deep});
        }
        assert!(found(&deep).is_empty());
    }
}
