//! A proxy of one test between a client and the API server. It speaks TLS with HTTP/2 and HTTP/1.1
//! like the real one, forwards each request with the client's own credentials, streams the answers
//! (a watch flows at once), and records what it saw. A test may have it delay or break what it
//! forwards. It never changes what passes: a fault is one of `Action`.

mod body;
mod connection;
mod fault;
mod forward;
mod latency;
mod port;
mod record;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use http_body_util::Full;
use hyper::body::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use self::connection::Door;
pub(crate) use self::fault::{Action, Gate, Reply};
use self::port::Port;
pub(crate) use self::record::{Recorded, RequestHead, round_trips};
use super::api::{HttpClient, Versions, http_client};
use super::cluster::Cluster;
use super::namespace::{Namespace, proper};
use super::runtime::runtime;
use super::users;

/// Decides what becomes of a request.
type Injector = Box<dyn FnMut(&RequestHead) -> Action + Send>;

/// A running proxy; dropping it cuts all its connections.
pub(crate) struct Proxy {
    cluster: Arc<Cluster>,
    address: SocketAddr,
    shared: Arc<Shared>,
    listening: JoinHandle<()>,
}

/// What the test and the connections of a proxy share.
struct Shared {
    upstream: HttpClient<Full<Bytes>>,
    server: String,
    outages: mpsc::UnboundedSender<Duration>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    requests: Vec<Recorded>,
    connections: usize,
    delay: Duration,
    latency: Duration,
    /// Requests that the API server has not answered yet; the client may be gone.
    on_their_way: usize,
    injector: Option<Injector>,
}

impl Proxy {
    #[track_caller]
    pub(crate) fn start(cluster: &Arc<Cluster>) -> Self {
        proper(Self::try_start(cluster))
    }

    fn try_start(cluster: &Arc<Cluster>) -> Result<Self> {
        let acceptor = connection::acceptor(&cluster.authority.issue()?)?;
        let port = Port::free().context("finding a port for the proxy")?;
        let address = port.address();
        let listener = {
            let _within = runtime().enter();
            port.listen().context("listening for the proxy")?
        };
        let (sender, outages) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            // Connections of its own for what is under way at the same time: the limit on streams
            // is the client's to meet.
            upstream: http_client(&cluster.authority, Versions::Http1)?,
            server: cluster.server.clone(),
            outages: sender,
            state: Mutex::default(),
        });
        let door = Door { port, acceptor, outages };
        let listening = runtime().spawn(connection::accept(listener, door, Arc::clone(&shared)));
        Ok(Self { cluster: Arc::clone(cluster), address, shared, listening })
    }

    /// A kubeconfig of the administrator that goes through the proxy, with that namespace.
    #[track_caller]
    pub(crate) fn kubeconfig(&self, namespace: &Namespace) -> PathBuf {
        self.kubeconfig_of(users::ADMIN, namespace)
    }

    /// The same for an ordinary user.
    #[track_caller]
    pub(crate) fn kubeconfig_of(&self, user: &str, namespace: &Namespace) -> PathBuf {
        let name = format!("proxy-{}-{}-{user}", self.address.port(), namespace.name());
        let server = format!("https://{}", self.address);
        proper(users::token(user).and_then(|token| {
            self.cluster.write_kubeconfig(&name, &server, &token, namespace.name())
        }))
    }

    /// All requests so far, in the order of their arrival.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.shared.state().requests.clone()
    }

    /// How many round trips, one after the other, it took to the first request that `until`
    /// accepts: the longest chain of requests each of which started after the answer to the one
    /// before had begun. 0 when there is no such request.
    pub(crate) fn round_trips(&self, until: impl Fn(&Recorded) -> bool) -> usize {
        round_trips(&self.requests(), until)
    }

    /// TCP connections that were made.
    pub(crate) fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Forgets what was recorded. Faults and delays stay.
    pub(crate) fn clear(&self) {
        let mut state = self.shared.state();
        state.requests.clear();
        state.connections = 0;
    }

    /// Holds each request back for so long before it is forwarded.
    pub(crate) fn set_delay(&self, delay: Duration) {
        self.shared.state().delay = delay;
    }

    /// Makes every byte take so long in each direction, as a long line does: so TCP and TLS
    /// handshakes pay too. It is for connections made from now on. A round trip takes twice as
    /// long.
    pub(crate) fn set_latency(&self, one_way: Duration) {
        self.shared.state().latency = one_way;
    }

    /// Whether the API server is yet to answer a request; its client may be gone.
    pub(crate) fn is_forwarding(&self) -> bool {
        self.shared.state().on_their_way > 0
    }

    /// Asks `injector` about every request from now on, in the order of their arrival.
    pub(crate) fn inject(&self, injector: impl FnMut(&RequestHead) -> Action + Send + 'static) {
        self.shared.state().injector = Some(Box::new(injector));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count_connection(&self) -> usize {
        let mut state = self.state();
        state.connections += 1;
        state.connections
    }

    fn latency(&self) -> Duration {
        self.state().latency
    }

    /// Records a request and says what is to become of it, and after how long.
    fn arrived(&self, connection: usize, started: Instant, request: RequestHead) -> Arrival {
        let mut state = self.state();
        let action = state.injector.as_mut().map_or(Action::Pass, |injector| injector(&request));
        let index = state.requests.len();
        state.requests.push(Recorded {
            request,
            connection,
            started,
            answered: None,
            status: None,
            upstream: None,
        });
        Arrival { index, action, delay: state.delay }
    }

    /// Records what the API server has answered; the client may get something else.
    fn done(&self, index: usize, started: Instant, status: u16) {
        self.note(index, started, |record| record.upstream = Some(status));
    }

    /// Records an answer; `seen` says whether it goes to the client.
    fn answered(&self, index: usize, started: Instant, status: u16, seen: bool) {
        self.note(index, started, |record| {
            record.status = Some(status);
            record.answered = seen.then(Instant::now);
        });
    }

    fn note(&self, index: usize, started: Instant, note: impl FnOnce(&mut Recorded)) {
        let mut state = self.state();
        // After `clear` another request may stand at this place, or none.
        let record = state.requests.get_mut(index);
        if let Some(record) = record.filter(|record| record.started == started) {
            note(record);
        }
    }

    fn listen_again_after(&self, time: Duration) {
        // Fails only when the proxy is dropped: then nobody listens anyway.
        let _ = self.outages.send(time);
    }

    fn is_on_its_way(&self, is: bool) {
        let on_their_way = &mut self.state().on_their_way;
        *on_their_way = if is { *on_their_way + 1 } else { on_their_way.saturating_sub(1) };
    }
}

/// A request that was recorded.
struct Arrival {
    index: usize,
    action: Action,
    delay: Duration,
}
