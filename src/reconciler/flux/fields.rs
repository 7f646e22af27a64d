//! Members of objects, whatever their shape: what is not there, or is something else, is empty.

use serde_json::Value;

/// The text there.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The text there, where it says something.
pub(super) fn word<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    Some(text(value, pointer)).filter(|text| !text.is_empty())
}

/// Whether it is `true` there.
pub(super) fn flag(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).and_then(Value::as_bool).unwrap_or_default()
}

/// The number there.
pub(super) fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

/// The items there.
pub(super) fn list<'v>(value: &'v Value, pointer: &str) -> &'v [Value] {
    value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Whether there is anything at all.
pub(super) fn is_set(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer).is_some_and(|value| !value.is_null())
}

/// The first of these words, and how many more there are.
pub(super) fn first_few(words: &[&str]) -> String {
    const FEW: usize = 3;
    let few = words.iter().take(FEW).copied().collect::<Vec<_>>().join(", ");
    match words.len().saturating_sub(FEW) {
        0 => few,
        more => format!("{few} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn whatever_has_another_shape_is_empty() {
        for shape in [
            json!(null),
            json!([]),
            json!("spec"),
            json!({"spec": []}),
            json!({"spec": {"a": {}}}),
            json!({"spec": {"a": [[1]]}}),
            json!({"spec": {"a": 1.5}}),
        ] {
            assert_eq!(text(&shape, "/spec/a"), "", "{shape}");
            assert_eq!(word(&shape, "/spec/a"), None, "{shape}");
            assert!(!flag(&shape, "/spec/a"), "{shape}");
            assert_eq!(number(&shape, "/spec/a"), None, "{shape}");
            assert_eq!(text(&shape, "/spec/a/0/b"), "", "{shape}");
        }
        assert!(list(&json!({"spec": {"a": {}}}), "/spec/a").is_empty());
        assert!(!is_set(&json!({"spec": {"a": null}}), "/spec/a"));
        assert!(is_set(&json!({"spec": {"a": {}}}), "/spec/a"));
    }

    #[test]
    fn many_words_are_counted() {
        assert_eq!(first_few(&["a", "b", "c"]), "a, b, c");
        assert_eq!(first_few(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
