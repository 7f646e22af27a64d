//! Fields of objects, by their place.

use serde_json::Value;

/// The text at a place (`/status/phase`); empty where there is none, or no text.
pub(crate) fn text<'a>(object: &'a Value, place: &str) -> &'a str {
    object.pointer(place).and_then(Value::as_str).unwrap_or_default()
}

/// The status of a condition: `True`, `False`, `Unknown`; empty where there is none.
pub(crate) fn condition<'a>(object: &'a Value, kind: &str) -> &'a str {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    let found = conditions.into_iter().flatten().find(|found| text(found, "/type") == kind);
    found.map(|condition| text(condition, "/status")).unwrap_or_default()
}
