//! Asking what a write would come to: whether it is allowed, and whether the API server would take
//! it. Nothing is changed, so these are tried again like reads.

use http::Method;
use hyper::body::Bytes;
use serde_json::{Value, json};

use super::path::append_query;
use super::request::{Call, JSON};
use super::write::{PatchKind, WriteError};
use super::{Cluster, Deadline, body};
use crate::error::Result;

/// A write that is only thought of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Write {
    /// A JSON Patch of one object.
    Patch {
        /// Its path.
        path: String,
        /// The operations.
        body: Value,
    },
    /// A new object in a collection.
    Create {
        /// Path of the collection.
        path: String,
        /// The object.
        body: Value,
    },
    /// The end of one object, if it still has this uid.
    Delete {
        /// Its path.
        path: String,
        /// Its uid.
        uid: String,
    },
}

impl Write {
    fn method(&self) -> Method {
        match self {
            Self::Patch { .. } => Method::PATCH,
            Self::Create { .. } => Method::POST,
            Self::Delete { .. } => Method::DELETE,
        }
    }

    /// Path of the object, or of the collection.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Patch { path, .. } | Self::Create { path, .. } | Self::Delete { path, .. } => {
                path
            }
        }
    }
}

/// What the API server's authorizer says of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Permission {
    /// Whether it is allowed.
    pub allowed: bool,
    /// What was asked for: `patch deployments.apps checkout in namespace shop`.
    pub phrase: String,
    /// The command that asks for the same.
    pub can_i: String,
}

impl Cluster {
    /// Whether a request with this method is allowed, as the API server's authorizer sees it: one
    /// `SelfSubjectAccessReview`.
    pub async fn may(&self, method: &str, path: &str, deadline: Deadline) -> Result<Permission> {
        let method = Method::from_bytes(method.as_bytes()).unwrap_or_default();
        let call = Call { method, ..Call::read(path, JSON) };
        let asked = call.asked();
        let body = json!({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked.attributes()},
        });
        let review = Call {
            method: Method::POST,
            body: Bytes::from(body.to_string()),
            ..Call::read("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", JSON)
        };
        let answer: Value = self.parse(&self.read(&review, deadline).await?, &review)?;
        Ok(Permission {
            allowed: answer.pointer("/status/allowed").and_then(Value::as_bool) == Some(true),
            phrase: asked.phrase(),
            can_i: asked.can_i(&self.peer.flags),
        })
    }

    /// Whether the API server would take a write, with everything that admits it, and what the
    /// object would be: a server-side dry run. Members that the API server does not know are an
    /// error here, where a real write would drop them with a warning that nobody reads.
    pub async fn rehearse(
        &self,
        write: &Write,
        field_manager: &str,
        deadline: Deadline,
    ) -> Result<Value, WriteError> {
        let mut path = write.path().to_owned();
        append_query(&mut path, "fieldManager", field_manager);
        append_query(&mut path, "dryRun", "All");
        let (content_type, body) = match write {
            Write::Patch { body, .. } => {
                append_query(&mut path, "fieldValidation", "Strict");
                (PatchKind::Json.content_type(), body::json(body))
            }
            Write::Create { body, .. } => {
                append_query(&mut path, "fieldValidation", "Strict");
                (JSON, body::json(body))
            }
            // Of a DELETE that has a body the query is not read.
            Write::Delete { uid, .. } => {
                let options = json!({"apiVersion": "v1", "kind": "DeleteOptions",
                    "preconditions": {"uid": uid}, "dryRun": ["All"]});
                (JSON, body::json(&options))
            }
        };
        let call = Call {
            method: write.method(),
            path: &path,
            accept: JSON,
            content_type,
            body,
            watch: false,
        };
        let answer = self.try_read(&call, deadline).await;
        let answer = answer.map_err(|failure| self.sort(failure, &call))?;
        self.parse(&answer, &call).map_err(WriteError::Unknown)
    }
}
