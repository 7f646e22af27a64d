//! What a proxy remembers of each request, and the count of round trips that follows from it. Pure
//! values.

use std::time::Instant;

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
}

impl RequestHead {
    /// Whether it changes something: reviews of one's own rights are asked with POST but change
    /// nothing, nor does a dry run.
    pub(crate) fn is_write(&self) -> bool {
        let reads = ["GET", "HEAD", "OPTIONS"].contains(&self.method.as_str());
        let reviews = self.path.starts_with("/apis/authorization.k8s.io/");
        !reads && !reviews && !self.path.contains("dryRun=All")
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
