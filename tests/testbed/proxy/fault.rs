//! What a test can have a proxy do to a request. Each fault is one a client meets in production.

use std::sync::Arc;

use tokio::sync::watch;

/// What becomes of one request.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// It goes through.
    Pass,
    /// It goes through once the test opens the gate.
    Hold(Gate),
    /// It is answered here; the API server never sees it.
    Respond { status: u16, headers: Vec<(String, String)>, body: String },
    /// The connection breaks before the request is forwarded: nothing happened.
    ResetBefore,
    /// The request is forwarded, and the connection breaks before the answer: it happened, unknown
    /// to the client.
    ResetAfter,
    /// The answer breaks off after so many bytes of its body: for watches and lists.
    CutBodyAfter(usize),
}

impl Action {
    /// An answer as the API server gives it, with a `Status` object of that reason (such as
    /// `Conflict` or `TooManyRequests`).
    pub(crate) fn refuse(status: u16, reason: &str, message: &str) -> Self {
        let body = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure", "code": status, "reason": reason, "message": message,
        });
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self::Respond { status, headers, body: body.to_string() }
    }
}

/// Holds requests until the test opens it. Clones are the same gate.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<watch::Sender<bool>>);

impl Gate {
    pub(crate) fn closed() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }

    pub(crate) fn open(&self) {
        self.0.send_replace(true);
    }

    pub(super) async fn opened(&self) {
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.0.subscribe().wait_for(|open| *open).await;
    }
}
