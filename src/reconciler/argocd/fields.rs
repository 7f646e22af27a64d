//! Reading members of objects that anybody may have written: what has not the shape is not there.

use serde_json::Value;

/// A text; empty where there is none.
pub(super) fn text<'v>(object: &'v Value, pointer: &str) -> &'v str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The first of two texts that is not empty.
pub(super) fn text_or<'v>(object: &'v Value, pointer: &str, otherwise: &str) -> &'v str {
    let first = text(object, pointer);
    if first.is_empty() { text(object, otherwise) } else { first }
}

/// Whether it is `true`.
pub(super) fn flag(object: &Value, pointer: &str) -> bool {
    object.pointer(pointer).and_then(Value::as_bool) == Some(true)
}

/// The items of a list; none where it is no list.
pub(super) fn items<'v>(object: &'v Value, pointer: &str) -> &'v [Value] {
    object.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// The texts of a list.
pub(super) fn texts<'v>(object: &'v Value, pointer: &str) -> impl Iterator<Item = &'v str> {
    items(object, pointer).iter().filter_map(Value::as_str)
}

/// Whether there is something: not nothing, and no empty list, object or text.
pub(super) fn is_set(object: &Value, pointer: &str) -> bool {
    match object.pointer(pointer) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(members)) => !members.is_empty(),
        Some(Value::Bool(_) | Value::Number(_)) => true,
    }
}
