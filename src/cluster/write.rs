//! Writes: sent exactly once, and sorted by what is known about their effect.
//!
//! Whoever writes decides what to do next; nothing here tries again, not even after a rejection of the
//! credentials.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::failure::Failure;
use super::path::append_query;
use super::request::{Call, JSON};
use super::{Cluster, Deadline, body};
use crate::error::Error;

/// The wait after a 429 that names none.
const THROTTLED: Duration = Duration::from_secs(1);

/// The format of a patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchKind {
    /// RFC 6902: a list of operations; the only one with preconditions (`test`).
    Json,
    /// RFC 7386: an object that is merged in.
    Merge,
}

impl PatchKind {
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json-patch+json",
            Self::Merge => "application/merge-patch+json",
        }
    }
}

/// How a write is made.
#[derive(Clone, Copy, Debug)]
pub struct WriteOptions {
    /// The API server checks and answers, and stores nothing.
    pub dry_run: bool,
    /// The name under which the changed fields are owned.
    pub field_manager: &'static str,
}

/// A write that was not confirmed, by what is known about its effect.
#[derive(Debug)]
pub enum WriteError {
    /// Definitely not applied, and sending it again gives the same: 400, 401, 403, 404, 405, 413, and
    /// everything that went wrong before it was sent.
    Rejected(Error),
    /// Definitely not applied: 409 or 422, so a precondition may have failed. The API's message is the
    /// error's cause.
    Conflict(Error),
    /// Definitely not applied: 429.
    Throttled {
        /// What happened.
        error: Error,
        /// When the server wants to be asked again; one second if it did not say.
        retry_after: Duration,
    },
    /// May or may not have been applied: connection lost, timeout, 5xx, or an answer that cannot be
    /// read. Read the object again.
    Unknown(Error),
}

impl WriteError {
    /// What happened, in words.
    #[must_use]
    pub fn error(&self) -> &Error {
        match self {
            Self::Rejected(error)
            | Self::Conflict(error)
            | Self::Throttled { error, .. }
            | Self::Unknown(error) => error,
        }
    }

    /// What happened, in words.
    #[must_use]
    pub fn into_error(self) -> Error {
        match self {
            Self::Rejected(error)
            | Self::Conflict(error)
            | Self::Throttled { error, .. }
            | Self::Unknown(error) => error,
        }
    }
}

impl std::fmt::Display for WriteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error().fmt(f)
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(self.error())
    }
}

impl Cluster {
    /// Patches one object and returns it as it is afterwards. Sent exactly once.
    pub async fn patch(
        &self,
        path: &str,
        kind: PatchKind,
        body: &Value,
        options: WriteOptions,
        deadline: Deadline,
    ) -> Result<Value, WriteError> {
        self.write(Method::PATCH, kind.content_type(), path, body, options, deadline).await
    }

    /// Deletes one object, if it still has this uid. Sent exactly once.
    pub async fn delete(
        &self,
        path: &str,
        uid: &str,
        options: WriteOptions,
        deadline: Deadline,
    ) -> Result<Value, WriteError> {
        // Of a DELETE that has a body the query is not read
        // (kubernetes:staging/src/k8s.io/apiserver/pkg/endpoints/handlers/delete.go): without this a
        // dry run would be done.
        let dry_run: &[&str] = if options.dry_run { &["All"] } else { &[] };
        let body = json!({
            "apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid},
            "dryRun": dry_run,
        });
        self.write(Method::DELETE, JSON, path, &body, options, deadline).await
    }

    /// Creates an object in the collection `path` and returns it as it was stored. Sent exactly once.
    pub async fn create(
        &self,
        path: &str,
        body: &Value,
        options: WriteOptions,
        deadline: Deadline,
    ) -> Result<Value, WriteError> {
        self.write(Method::POST, JSON, path, body, options, deadline).await
    }

    async fn write(
        &self,
        method: Method,
        content_type: &'static str,
        path: &str,
        body: &Value,
        options: WriteOptions,
        deadline: Deadline,
    ) -> Result<Value, WriteError> {
        let mut path = path.to_owned();
        append_query(&mut path, "fieldManager", options.field_manager);
        if options.dry_run {
            append_query(&mut path, "dryRun", "All");
        }
        let body = body::json(body);
        let call = Call { method, path: &path, accept: JSON, content_type, body, watch: false };
        let session = self.sessions.current(deadline).await.map_err(WriteError::Rejected)?;
        let answer = self
            .exchange(&session, &call, deadline)
            .await
            .map_err(|failure| self.sort(failure, &call))?;
        // Accepted, but what it looks like now is not known.
        self.parse(&answer, &call).map_err(WriteError::Unknown)
    }

    pub(super) fn sort(&self, failure: Failure, call: &Call<'_>) -> WriteError {
        let effect = effect(&failure);
        let retry_after = failure.retry_after().unwrap_or(THROTTLED);
        let error = failure.into_error(&call.asked(), &self.peer);
        match effect {
            Effect::None => WriteError::Rejected(error),
            Effect::Precondition => WriteError::Conflict(error),
            Effect::Later => WriteError::Throttled { error, retry_after },
            Effect::Unknown => WriteError::Unknown(error),
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Effect {
    None,
    Precondition,
    Later,
    Unknown,
}

/// What is known about a write that failed like this.
fn effect(failure: &Failure) -> Effect {
    match failure {
        Failure::Unsent(_) | Failure::Lost { sent: false, .. } => Effect::None,
        Failure::Lost { .. } | Failure::Late(_) => Effect::Unknown,
        Failure::Status { code, .. } => match code.as_u16() {
            409 | 422 => Effect::Precondition,
            429 => Effect::Later,
            408 | 500..=599 => Effect::Unknown,
            _ => Effect::None,
        },
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn only_a_definite_no_counts_as_not_applied() {
        for (code, expected) in [
            (400, Effect::None),
            (401, Effect::None),
            (403, Effect::None),
            (404, Effect::None),
            (413, Effect::None),
            (409, Effect::Precondition),
            (422, Effect::Precondition),
            (429, Effect::Later),
            (408, Effect::Unknown),
            (500, Effect::Unknown),
            (504, Effect::Unknown),
        ] {
            let code = StatusCode::from_u16(code).unwrap();
            let failure = Failure::Status { code, status: Box::default(), retry_after: None };
            assert_eq!(effect(&failure), expected, "{code}");
        }
        for (sent, expected) in [(false, Effect::None), (true, Effect::Unknown)] {
            assert_eq!(effect(&Failure::Lost { cause: "reset".into(), sent }), expected);
        }
        assert_eq!(effect(&Failure::Late(Duration::ZERO)), Effect::Unknown);
    }
}
