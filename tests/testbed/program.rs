//! A program for pods to be: a small HTTP server whose answers are what the path says, well or badly.
//! What it was asked is recorded, so that a test can count.
//!
//! | path | answer |
//! |---|---|
//! | `/ok` | 200, `ok` |
//! | `/status/503` | that status |
//! | `/flaky/3` | 503 to every third request of that path, else 200 |
//! | `/pod/web-1` | 503 where it is asked as that pod through the API server, else 200 |
//! | `/version/2.8.0` | 200 with the header `x-version: 2.8.0` |
//! | `/echo` | 200, the head of the request |
//! | `/redirect` | 302 to `/login?token=abc` |
//! | `/http10`, `/chunked` | 200, `ok`, in that manner |
//! | `/huge` | 200 and 2 GiB, as far as they are read |
//! | `/headers` | 200 with 600 KiB of headers |
//! | `/hang` | none, for as long as the other side waits |
//! | `/begin` | 200, the beginning of a body, and no end of it |
//! | `/truncated` | 200, and fewer bytes than were promised |
//! | `/garbage` | what is not HTTP |
//! | `/close`, `/reset` | none: the connection is closed, or reset |
//!
//! It has a connection for each request, and a thread for each connection.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const GIB: u64 = 1024 * 1024 * 1024;

/// An address of this machine that is not for itself only, where it has one: a pod that has it
/// (`testbed/pod-ip`) is reached by the API server, which connects to no loopback address.
pub(crate) fn own_address() -> Option<IpAddr> {
    // Connecting a UDP socket sends nothing: it only picks the way. Nobody has this address.
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((Ipv4Addr::new(203, 0, 113, 1), 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    let is_local = match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(_) => true,
    };
    (!is_local && !address.is_unspecified()).then_some(address)
}

/// A running one. It ends when it is dropped.
pub(crate) struct Program {
    address: SocketAddr,
    listener: Option<JoinHandle<()>>,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    heads: Mutex<Vec<String>>,
    sent: AtomicU64,
    is_over: AtomicBool,
    tls: Option<Arc<ServerConfig>>,
}

impl Program {
    /// Listens on a free port of this address.
    pub(crate) fn start(address: IpAddr) -> Result<Self> {
        Self::run(address, State::default())
    }

    /// The same with TLS, and a certificate that nobody else has signed.
    pub(crate) fn start_with_tls(address: IpAddr) -> Result<Self> {
        let own = rcgen::generate_simple_self_signed(vec![address.to_string()])?;
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der());
        let key = key.map_err(anyhow::Error::msg)?;
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)?;
        Self::run(address, State { tls: Some(Arc::new(config)), ..State::default() })
    }

    fn run(address: IpAddr, state: State) -> Result<Self> {
        let listener = TcpListener::bind((address, 0)).context("a port for the program")?;
        let (address, state) = (listener.local_addr()?, Arc::new(state));
        let shared = Arc::clone(&state);
        let listener = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                // What the other side does not take is its own affair.
                thread::spawn(move || shared.serve(stream).ok());
            }
        });
        Ok(Self { address, listener: Some(listener), state })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The heads of the requests so far, in the order of their arrival.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many bytes of bodies were written.
    pub(crate) fn sent(&self) -> u64 {
        self.state.sent.load(Ordering::Relaxed)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Relaxed);
        // Wakes the thread that listens.
        let _ = TcpStream::connect(self.address);
        let _ = self.listener.take().map(JoinHandle::join);
    }
}

impl State {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut first = [0; 32];
        let seen = stream.peek(&mut first)?;
        if first.get(..seen).is_some_and(|text| text.starts_with(b"GET /reset ")) {
            self.record("GET /reset".to_owned());
            // What was sent and not read makes the system answer with a reset.
            return Ok(());
        }
        match &self.tls {
            None => self.answer(stream),
            Some(config) => {
                let connection = ServerConnection::new(Arc::clone(config));
                self.answer(StreamOwned::new(connection.map_err(io::Error::other)?, stream))
            }
        }
    }

    fn answer(&self, mut stream: impl Read + Write) -> io::Result<()> {
        let head = read_head(&mut stream)?;
        let mut words = head.split_whitespace();
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or("/"));
        let target = target.to_owned();
        let path = target.split('?').next().unwrap_or_default();
        let (what, detail) = path
            .trim_start_matches('/')
            .split_once('/')
            .unwrap_or((path.trim_start_matches('/'), ""));
        let body = if method == "HEAD" { "" } else { "ok\n" };
        let times = self.record(head.clone());
        let stream = &mut stream;
        match what {
            // It is no proxy.
            _ if method == "CONNECT" => whole(stream, "403", "", ""),
            "status" => whole(stream, detail, "", &format!("status {detail}\n")),
            "flaky" if detail.parse().is_ok_and(|every| times.is_multiple_of(every)) => {
                whole(stream, "503", "", "not this time\n")
            }
            "pod" if head.contains(&format!("/pods/{detail}:")) => {
                whole(stream, "503", "", "not on this pod\n")
            }
            "version" => whole(stream, "200", &format!("x-version: {detail}\r\n"), body),
            "echo" => whole(stream, "200", "", &head),
            "redirect" => whole(stream, "302", "location: /login?token=abc\r\n", ""),
            "http10" => stream.write_all(b"HTTP/1.0 200 OK\r\n\r\nok\n"),
            "chunked" => {
                let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
                stream.write_all(head)?;
                stream.write_all(b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n")
            }
            "huge" => self.huge(stream),
            "headers" => {
                let line = format!("x-filler: {}\r\n", "x".repeat(6 * 1024));
                whole(stream, "200", &line.repeat(100), body)
            }
            "hang" => until_closed(stream),
            "begin" => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok")?;
                until_closed(stream)
            }
            "truncated" => stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nok"),
            "garbage" => stream.write_all(b"hello, this is not HTTP\r\n\r\n"),
            "close" => Ok(()),
            _ => whole(stream, "200", "", body),
        }
    }

    /// Keeps a head, and says how often this method and path were asked for.
    fn record(&self, head: String) -> usize {
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.push(head);
        let line = |head: &str| head.lines().next().map(str::to_owned);
        let last = heads.last().and_then(|head| line(head));
        heads.iter().filter(|head| line(head) == last).count()
    }

    fn huge(&self, stream: &mut impl Write) -> io::Result<()> {
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", 2 * GIB);
        stream.write_all(head.as_bytes())?;
        let block = [b'x'; 16 * 1024];
        while self.sent.load(Ordering::Relaxed) < 2 * GIB {
            stream.write_all(&block)?;
            self.sent.fetch_add(block.len() as u64, Ordering::Relaxed);
        }
        Ok(())
    }
}

fn read_head(stream: &mut (impl Read + Write)) -> io::Result<String> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte)? == 1 {
        head.extend(byte);
        if !head.is_ascii() || head.starts_with(b"\x16") {
            whole(stream, "400", "", "not HTTP\n")?;
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

fn whole(stream: &mut impl Write, status: &str, headers: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} Whatever\r\n{headers}connection: close\r\n");
    stream.write_all(format!("{head}content-length: {length}\r\n\r\n{body}").as_bytes())?;
    stream.flush()
}

fn until_closed(stream: &mut (impl Read + Write)) -> io::Result<()> {
    stream.flush()?;
    while stream.read(&mut [0; 512])? > 0 {}
    Ok(())
}
