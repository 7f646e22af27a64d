//! What a proxy remembers of each request, and the count of round trips that follows from it. Pure
//! values.

use std::time::Instant;

use serde_json::{Value, json};

/// A request as it arrived, without its credentials.
#[derive(Clone, Debug)]
pub(crate) struct RequestHead {
    pub(crate) method: String,
    /// With the query.
    pub(crate) path: String,
    pub(crate) user_agent: String,
    pub(crate) content_type: String,
    pub(crate) body: Vec<u8>,
}

/// A request, and what came of it.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    pub(crate) request: RequestHead,
    /// Which connection of the proxy it came on, from 1.
    pub(crate) connection: usize,
    pub(crate) started: Instant,
    /// When the head of the answer went to the client.
    pub(crate) answered: Option<Instant>,
    /// What the API server, or the fault in its place, answered; also when the client never saw it.
    pub(crate) status: Option<u16>,
    /// What the API server answered; `None` where it never saw the request.
    pub(crate) upstream: Option<u16>,
}

impl RequestHead {
    /// Whether it changes something: reviews of one's own rights are asked with POST but change
    /// nothing, and neither do dry runs.
    pub(crate) fn is_write(&self) -> bool {
        let reads = ["GET", "HEAD", "OPTIONS"].contains(&self.method.as_str());
        !reads && !self.is_review() && !self.is_dry_run()
    }

    /// Whether it asks what one may do.
    pub(crate) fn is_review(&self) -> bool {
        self.path.starts_with("/apis/authorization.k8s.io/")
    }

    /// Whether the API server is to do it without storing anything. Of a DELETE with a body it does
    /// not read the query.
    pub(crate) fn is_dry_run(&self) -> bool {
        if self.method == "DELETE" && !self.body.is_empty() {
            let options: Value = serde_json::from_slice(&self.body).unwrap_or_default();
            return options.get("dryRun") == Some(&json!(["All"]));
        }
        self.path.contains("dryRun=All")
    }

    pub(crate) fn is_watch(&self) -> bool {
        self.path.contains("watch=true") || self.path.contains("watch=1")
    }
}

/// The length of the longest chain, each link of which began after the answer to the one before,
/// that ends with the first request that `until` accepts.
pub(crate) fn round_trips(requests: &[Recorded], until: impl Fn(&Recorded) -> bool) -> usize {
    let mut chains: Vec<(Option<Instant>, usize)> = Vec::new();
    for request in requests {
        let before = chains.iter().filter(|(end, _)| end.is_some_and(|end| end <= request.started));
        let length = 1 + before.map(|(_, length)| *length).max().unwrap_or(0);
        if until(request) {
            return length;
        }
        chains.push((request.answered, length));
    }
    0
}
