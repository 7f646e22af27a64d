//! Reading a `ConfigMap` or a `Secret` without its values: they never become a value of ours.

#![expect(clippy::zero_sized_map_values, reason = "serde reads the values away")]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::request::{Call, JSON};
use super::{Cluster, Deadline};
use crate::error::Result;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keyed {
    #[serde(default)]
    metadata: Value,
    #[serde(default)]
    data: Option<BTreeMap<String, IgnoredAny>>,
    #[serde(default)]
    binary_data: Option<BTreeMap<String, IgnoredAny>>,
}

impl Cluster {
    /// Reads its `metadata` without annotations, since `kubectl apply` repeats the values there, and
    /// the names of its keys, in order, as `keys`.
    pub async fn get_keys(&self, path: &str, deadline: Deadline) -> Result<Value> {
        let call = Call::read(path, JSON);
        let body = self.read(&call, deadline).await?;
        Ok(names_of(self.parse(&body, &call)?))
    }
}

fn names_of(keyed: Keyed) -> Value {
    let mut metadata = keyed.metadata;
    if let Some(members) = metadata.as_object_mut() {
        members.shift_remove("annotations");
    }
    let mut keys: Vec<String> = [keyed.data, keyed.binary_data]
        .into_iter()
        .flatten()
        .flat_map(BTreeMap::into_keys)
        .collect();
    keys.sort_unstable();
    json!({"metadata": metadata, "keys": keys})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_value_is_left() {
        let secret = json!({
            "metadata": {"name": "db", "annotations": {"last-applied": "hunter2"}},
            "data": {"password": "aHVudGVyMg==", "user": "Ym9i"},
            "stringData": {"x": "hunter2"}, "type": "Opaque",
        });
        let names = names_of(serde_json::from_value(secret).unwrap());
        assert_eq!(names, json!({"metadata": {"name": "db"}, "keys": ["password", "user"]}));
        let empty = serde_json::from_value(json!({"data": null})).unwrap();
        assert_eq!(names_of(empty)["keys"], json!([]));
    }
}
