//! Reading the metadata of many objects: what they are, whose, and since when.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::request::Call;
use super::{Cluster, Deadline};
use crate::error::Result;

/// What the API server answers for a list of any kind: specs and statuses stay with it.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";

/// What else there is, `managedFields` first of all, is read away: it is most of the list.
#[derive(Deserialize, Serialize)]
struct List {
    #[serde(default)]
    metadata: Value,
    /// Null where there are none.
    #[serde(default)]
    items: Option<Vec<Item>>,
}

#[derive(Deserialize, Serialize)]
struct Item {
    metadata: Metadata,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: Value,
    namespace: Value,
    creation_timestamp: Value,
    annotations: Value,
    owner_references: Value,
}

impl Cluster {
    /// Reads of each object of a list its `metadata` with `name`, `namespace`, `creationTimestamp`,
    /// `annotations` and `ownerReferences`; what an object does not have is null.
    pub async fn get_metadata(&self, path: &str, deadline: Deadline) -> Result<Value> {
        let call = Call::read(path, METADATA);
        let body = self.read(&call, deadline).await?;
        let list: List = self.parse(&body, &call)?;
        Ok(serde_json::to_value(list).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_nobody_asks_about_is_read_away() {
        let text = json!({"kind": "PartialObjectMetadataList", "metadata": {"continue": "next"},
            "items": [{"metadata": {"name": "web-1", "uid": "1", "managedFields": [{}],
                "ownerReferences": [{"name": "web"}]}}]});
        let list: List = serde_json::from_value(text).unwrap();
        assert_eq!(
            serde_json::to_value(list).unwrap(),
            json!({"metadata": {"continue": "next"}, "items": [{"metadata": {"name": "web-1",
                "namespace": null, "creationTimestamp": null, "annotations": null,
                "ownerReferences": [{"name": "web"}]}}]})
        );
    }

    #[test]
    fn an_empty_list_has_no_items() {
        let list: List = serde_json::from_value(json!({"metadata": {}, "items": null})).unwrap();
        assert_eq!(serde_json::to_value(list).unwrap()["items"], Value::Null);
    }
}
