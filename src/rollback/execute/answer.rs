//! What the API server answered to the patch. A hundred of them are kept until all have converged, so
//! the fields' owners, which are the bigger part of a workload, are kept as text and only where they
//! are asked about again.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::ownership;
use crate::rollback::managed_fields;
use crate::rollback::model::plan::Plan;

/// A workload as the patch left it.
#[derive(Debug, Default)]
pub struct Answer {
    /// It, without `managedFields`.
    pub(super) workload: Value,
    /// When it was written, by the API server's clock.
    pub(super) written_at: Option<Timestamp>,
    /// What giving fields back begins with, where the plan does that.
    owned: Option<String>,
}

impl Answer {
    pub(super) fn new(plan: &Plan, mut workload: Value) -> Self {
        let written_at = managed_fields::written_by_rb(&workload);
        let metadata = workload.get_mut("metadata").and_then(Value::as_object_mut);
        let fields = metadata.and_then(|metadata| metadata.shift_remove("managedFields"));
        let owned = ownership::is_due(plan).then(|| {
            let at = |pointer: &str| workload.pointer(pointer).unwrap_or(&Value::Null);
            json!({
                "metadata": {"uid": at("/metadata/uid"), "managedFields": fields},
                "spec": {"template": at("/spec/template")},
            })
            .to_string()
        });
        Self { workload, written_at, owned }
    }

    /// The uid, the template and the `managedFields` of the workload, where fields are given back.
    pub(super) fn take_owned(&mut self) -> Option<String> {
        self.owned.take()
    }
}
