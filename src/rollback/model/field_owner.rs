//! Field managers as the API server tells them apart in `metadata.managedFields`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One owner of fields: entries of `managedFields` that agree in all of this are one and the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldOwner {
    /// Its name, e.g. `kubectl`.
    pub manager: String,
    /// `Apply` (server-side) or `Update` (everything else).
    pub operation: String,
    /// The version in which its fields are named.
    pub api_version: String,
    /// The subresource that it wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subresource: Option<String>,
}

impl FieldOwner {
    /// The owner that an entry is about.
    #[must_use]
    pub fn of(entry: &Value) -> Option<Self> {
        let text = |member| entry.get(member).and_then(Value::as_str).map(str::to_owned);
        Some(Self {
            manager: text("manager")?,
            operation: text("operation")?,
            api_version: text("apiVersion")?,
            subresource: text("subresource").filter(|name| !name.is_empty()),
        })
    }

    /// Whether it applies on the server: then a field of somebody else is a conflict.
    #[must_use]
    pub fn applies(&self) -> bool {
        self.operation == "Apply"
    }
}

impl fmt::Display for FieldOwner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.manager)
    }
}

/// The fields of the pod template that one owner had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OwnedFields {
    /// The owner.
    pub owner: FieldOwner,
    /// What it had below `f:spec`, `f:template`, in the form of `fieldsV1`.
    pub fields: Value,
}

/// An annotation that the undo writes and does not keep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GivenAnnotation {
    /// Its key.
    pub key: String,
    /// Who had it before; nobody where that is `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<FieldOwner>,
}
