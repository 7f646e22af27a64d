//! One TCP connection to a proxy: accepted, perhaps lengthened, TLS, then HTTP in the version that
//! the client asks for.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rustls::ServerConfig;
use rustls::crypto::ring;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_rustls::TlsAcceptor;

use super::super::certificates::Identity;
use super::port::Port;
use super::{Shared, forward, latency};

const LINE_BUFFER: usize = 1024 * 1024;
/// As many at once on one HTTP/2 connection as kube-apiserver takes.
const STREAMS: u32 = 100;

/// A connection as its requests see it.
pub(super) struct Line {
    pub(super) number: usize,
    reset: Notify,
}

impl Line {
    /// Breaks the connection, with all requests on it.
    pub(super) fn reset(&self) {
        self.reset.notify_one();
    }
}

pub(super) fn acceptor(identity: &Identity) -> Result<TlsAcceptor> {
    let (chain, key) = identity.der();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("setting up TLS")?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("setting up the proxy's certificate")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// What `accept` needs.
pub(super) struct Door {
    pub(super) port: Port,
    pub(super) acceptor: TlsAcceptor,
    /// For how long nobody is to listen.
    pub(super) outages: mpsc::UnboundedReceiver<Duration>,
}

/// Serves connections until the proxy is dropped; then they all end, because the set ends them. In
/// an outage they end too, after nobody listens any more.
pub(super) async fn accept(mut listener: TcpListener, mut door: Door, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let Ok((socket, _)) = accepted else { return };
                let number = shared.count_connection();
                connections.spawn(serve(socket, number, door.acceptor.clone(), Arc::clone(&shared)));
                while connections.try_join_next().is_some() {}
            }
            Some(outage) = door.outages.recv() => {
                drop(listener);
                connections.shutdown().await;
                sleep(outage).await;
                let Ok(again) = door.port.listen() else { return };
                listener = again;
            }
        }
    }
}

async fn serve(socket: TcpStream, number: usize, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let Ok((socket, handle)) = with_handle(socket) else { return };
    let line = Arc::new(Line { number, reset: Notify::new() });
    let one_way = shared.latency();
    let serving = async {
        if one_way.is_zero() {
            speak_http(socket, acceptor, &line, &shared).await;
        } else {
            let (near, far) = tokio::io::duplex(LINE_BUFFER);
            tokio::join!(
                latency::carry(socket, near, one_way),
                speak_http(far, acceptor, &line, &shared),
            );
        }
    };
    tokio::select! {
        () = serving => {}
        // Without lingering the last close sends RST, as a broken connection does.
        () = line.reset.notified() => { let _ = handle.set_zero_linger(); }
    }
}

/// A second handle of the socket: it stays when TLS has taken the first one in.
fn with_handle(socket: TcpStream) -> io::Result<(TcpStream, TcpStream)> {
    socket.set_nodelay(true)?;
    let socket = socket.into_std()?;
    let handle = TcpStream::from_std(socket.try_clone()?)?;
    Ok((TcpStream::from_std(socket)?, handle))
}

async fn speak_http<S>(stream: S, acceptor: TlsAcceptor, line: &Arc<Line>, shared: &Arc<Shared>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Ok(stream) = acceptor.accept(stream).await else { return };
    let service = service_fn(|request| {
        forward::answer(request, Instant::now(), Arc::clone(line), Arc::clone(shared))
    });
    // An error here is a client that went away, or a connection that the test broke.
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http2().max_concurrent_streams(STREAMS);
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}
