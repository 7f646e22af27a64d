//! Which connection a watch goes on.
//!
//! An API server takes 100 streams on one HTTP/2 connection, and a watch is one for as long as it is
//! open: the stream after that would wait until one of them ends. So watches may use a part of the
//! first connection only, and the rest of it stays free for reads and writes; more watches get
//! connections of their own, and so do requests to programs. Nothing is connected before it is needed.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::connector::{self, HttpClient};
use super::stream::{Dialer, Stream};

/// Half of what Kubernetes allows: many reads and writes at once must not wait either.
const ON_FIRST: usize = 50;
/// Some proxies allow a little less than Kubernetes.
const ON_OTHERS: usize = 90;

/// The connections to the API server.
pub(super) struct Lanes {
    http2: bool,
    dialer: Dialer,
    first: HttpClient,
    for_programs: OnceLock<HttpClient>,
    /// The first lane is on the first connection.
    for_watches: Mutex<Vec<Lane>>,
}

struct Lane {
    /// `None` is the first connection.
    client: Option<HttpClient>,
    room: usize,
    /// Shared with every watch that is open on it.
    taken: Arc<()>,
}

/// Keeps room for one watch on its connection until it is dropped.
pub(super) struct Place(#[expect(dead_code, reason = "it is counted, not read")] Arc<()>);

impl Lanes {
    /// Starts with a connection that is open already.
    pub(super) fn new(stream: Stream, dialer: Dialer) -> Self {
        let http2 = connector::speaks_http2(&stream);
        tracing::debug!(http2, "connected");
        let first = connector::http_client(Some(stream), http2, &dialer);
        let lane = Lane::new(None, ON_FIRST);
        let (for_programs, for_watches) = (OnceLock::new(), Mutex::new(vec![lane]));
        Self { http2, dialer, first, for_programs, for_watches }
    }

    /// For reads and writes.
    pub(super) fn first(&self) -> HttpClient {
        self.first.clone()
    }

    /// For requests that the API server hands on to programs.
    pub(super) fn for_programs(&self) -> HttpClient {
        let open = || connector::http_client_for_programs(self.http2, &self.dialer);
        self.for_programs.get_or_init(open).clone()
    }

    /// For one watch; `None` is the first connection.
    pub(super) fn for_watch(&self) -> (Option<HttpClient>, Place) {
        let mut lanes = self.for_watches.lock().unwrap_or_else(PoisonError::into_inner);
        // With HTTP/1.1 every request has a connection of its own anyway.
        if let Some(lane) = lanes.iter().find(|lane| !self.http2 || lane.has_room()) {
            return lane.take();
        }
        let client = connector::http_client(None, self.http2, &self.dialer);
        let lane = Lane::new(Some(client), ON_OTHERS);
        let taken = lane.take();
        lanes.push(lane);
        taken
    }
}

impl Lane {
    fn new(client: Option<HttpClient>, room: usize) -> Self {
        Self { client, room, taken: Arc::new(()) }
    }

    fn has_room(&self) -> bool {
        // One is the lane's own.
        Arc::strong_count(&self.taken) - 1 < self.room
    }

    fn take(&self) -> (Option<HttpClient>, Place) {
        (self.client.clone(), Place(Arc::clone(&self.taken)))
    }
}
