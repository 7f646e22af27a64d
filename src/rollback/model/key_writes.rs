//! Who wrote which keys of a `ConfigMap` or a Secret, and when, as far as its managed fields tell.

use jiff::Timestamp;
use serde_json::Value;

/// A write of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyWrite<'o> {
    /// When, by the API server's clock, in whole seconds.
    pub at: Timestamp,
    /// By which field manager.
    pub manager: &'o str,
    /// The keys, in no order.
    pub keys: Vec<&'o str>,
}

/// The writes of keys, one for each field manager that still owns some.
pub fn key_writes(object: &Value) -> impl Iterator<Item = KeyWrite<'_>> {
    let entries = object.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries.into_iter().flatten().filter_map(|entry| {
        let fields = ["f:data", "f:binaryData"]
            .into_iter()
            .filter_map(|member| entry.pointer("/fieldsV1")?.get(member)?.as_object())
            .flatten();
        let keys: Vec<&str> = fields.filter_map(|(field, _)| field.strip_prefix("f:")).collect();
        let manager = entry.get("manager").and_then(Value::as_str).unwrap_or("somebody");
        let at = entry.get("time")?.as_str()?.parse().ok()?;
        (!keys.is_empty()).then_some(KeyWrite { at, manager, keys })
    })
}
