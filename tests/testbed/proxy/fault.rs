//! What a test can have a proxy do to a request. Each fault is one a client meets in production.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;

/// What becomes of one request.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    /// It goes through.
    Pass,
    /// It goes through once the test opens the gate.
    Hold(Gate),
    /// The same, and what happens to it then.
    HoldThen(Gate, Box<Action>),
    /// It is forwarded, and its answer goes to the client once the test opens the gate.
    HoldAnswer(Gate),
    /// It is forwarded after so long.
    Delay(Duration),
    /// It is answered here; the API server never sees it.
    Respond(Reply),
    /// It is forwarded, and the client gets this in the place of the API server's answer: a gateway
    /// that gave up too early.
    RespondAfter(Reply),
    /// All connections break before the request is forwarded, and for so long nobody listens: an
    /// API server that restarts.
    Refuse(Duration),
    /// The connection breaks before the request is forwarded: nothing happened.
    ResetBefore,
    /// The request is forwarded, and the connection breaks before the answer: it happened, unknown
    /// to the client.
    ResetAfter,
    /// The connection breaks first, and the request reaches the API server so long after that.
    ResetThenForward(Duration),
    /// The answer breaks off after so many bytes of its body: for watches and lists.
    CutBodyAfter(usize),
    /// The answer ends after so many bytes of its body, as if that were all of it.
    EndBodyAfter(usize),
}

/// An answer of the proxy's own.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    /// A body of JSON: a document, or the lines of a watch.
    pub(crate) fn json(status: u16, body: impl Into<String>) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// An answer as the API server gives it, with a `Status` object of that reason (such as
    /// `Conflict` or `TooManyRequests`).
    pub(crate) fn refusal(status: u16, reason: &str, message: &str) -> Self {
        let body = serde_json::json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {},
            "status": "Failure", "code": status, "reason": reason, "message": message,
        });
        Self::json(status, body.to_string())
    }

    pub(crate) fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Action {
    /// Answers with a `Status` object in the place of the API server, which sees nothing.
    pub(crate) fn refuse(status: u16, reason: &str, message: &str) -> Self {
        Self::Respond(Reply::refusal(status, reason, message))
    }
}

/// Holds requests until the test opens it. Clones are the same gate.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Leaf>);

#[derive(Debug)]
struct Leaf {
    open: watch::Sender<bool>,
    reached: AtomicUsize,
}

impl Gate {
    pub(crate) fn closed() -> Self {
        Self(Arc::new(Leaf { open: watch::Sender::new(false), reached: AtomicUsize::new(0) }))
    }

    pub(crate) fn open(&self) {
        self.0.open.send_replace(true);
    }

    /// Whether something has come to it.
    pub(crate) fn is_reached(&self) -> bool {
        self.0.reached.load(Ordering::SeqCst) > 0
    }

    pub(super) async fn opened(&self) {
        self.0.reached.fetch_add(1, Ordering::SeqCst);
        // The sender lives as long as `self`, so this cannot fail.
        let _ = self.0.open.subscribe().wait_for(|open| *open).await;
    }
}
