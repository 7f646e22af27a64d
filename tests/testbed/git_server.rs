//! Git over HTTP: the real `git http-backend` behind a small HTTP server, with the faults that a test
//! asks for between the two. What Git says is never imitated; what a network, a proxy or the front of a
//! host does to it is.
//!
//! `http` reads requests and writes answers; `backend` runs `git`; `fault` is what goes wrong; `ground`
//! makes repositories, with the real `git` too; `connect_proxy`, `ssh` and `nginx` are other ways in.

mod backend;
mod connect_proxy;
mod fault;
mod ground;
mod http;
mod nginx;
mod ssh;

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use anyhow::{Context as _, Result};
use base64::Engine as _;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use self::backend::Backend;
pub(crate) use self::connect_proxy::ConnectProxy;
pub(crate) use self::fault::Fault;
pub(crate) use self::ground::{Ground, git};
use self::http::Request;
pub(crate) use self::nginx::Nginx;
pub(crate) use self::ssh::Sshd;
use super::certificates::{Authority, Identity};

/// Who is let in.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    Anybody,
    Basic(&'static str, &'static str),
    Bearer(&'static str),
}

/// A running one. It ends when it is dropped.
pub(crate) struct GitServer {
    address: SocketAddr,
    listener: Option<JoinHandle<()>>,
    state: Arc<State>,
}

struct State {
    ground: Arc<Ground>,
    tls: Option<Arc<ServerConfig>>,
    settings: Mutex<Settings>,
    heads: Mutex<Vec<String>>,
    is_over: AtomicBool,
}

struct Settings {
    entry: Entry,
    only_v0: bool,
    faults: Vec<fault::Rule>,
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

impl GitServer {
    /// Serves what is on this ground.
    pub(crate) fn start(ground: &Arc<Ground>) -> Result<Self> {
        Self::run(ground, None)
    }

    /// The same with TLS.
    pub(crate) fn start_with_tls(ground: &Arc<Ground>, identity: &Identity) -> Result<Self> {
        let (chain, key) = identity.der();
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?;
        Self::run(ground, Some(Arc::new(config)))
    }

    fn run(ground: &Arc<Ground>, tls: Option<Arc<ServerConfig>>) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a port for Git")?;
        let settings = Settings { entry: Entry::Anybody, only_v0: false, faults: Vec::new() };
        let state = Arc::new(State {
            ground: Arc::clone(ground),
            tls,
            settings: Mutex::new(settings),
            heads: Mutex::default(),
            is_over: AtomicBool::new(false),
        });
        let (address, shared) = (listener.local_addr()?, Arc::clone(&state));
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

    /// The URL of a repository.
    pub(crate) fn url(&self, name: &str) -> String {
        let scheme = if self.state.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}/{name}.git", self.address)
    }

    pub(crate) fn let_in(&self, entry: Entry) {
        self.state.settings().entry = entry;
    }

    /// Speaks the old protocol from now on.
    pub(crate) fn speak_only_v0(&self) {
        self.state.settings().only_v0 = true;
    }

    /// What goes wrong with the next `times` requests whose first line contains `part`.
    pub(crate) fn fault(&self, part: &'static str, times: usize, fault: Fault) {
        self.state.settings().faults.push(fault::Rule { part, left: times, fault });
    }

    pub(crate) fn heal(&self) {
        self.state.settings().faults.clear();
    }

    /// The heads of the requests so far, in the order of their arrival.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How many requests had this in their first line. Each call of `git` over the network begins with
    /// one for `/info/refs`, and one more where it is asked who it is.
    pub(crate) fn count(&self, part: &str) -> usize {
        let first = |head: &String| head.lines().next().is_some_and(|line| line.contains(part));
        self.requests().iter().filter(|head| first(head)).count()
    }
}

impl Drop for GitServer {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Relaxed);
        // Wakes the thread that listens.
        let _ = TcpStream::connect(self.address);
        let _ = self.listener.take().map(JoinHandle::join);
    }
}

impl State {
    fn settings(&self) -> std::sync::MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut stream: BufReader<Box<dyn Stream>> = BufReader::new(match &self.tls {
            None => Box::new(stream),
            Some(config) => {
                let connection = ServerConnection::new(Arc::clone(config));
                Box::new(StreamOwned::new(connection.map_err(io::Error::other)?, stream))
            }
        });
        let request = Request::read(&mut stream)?;
        let mut heads = self.heads.lock().unwrap_or_else(PoisonError::into_inner);
        heads.push(request.head.clone());
        drop(heads);
        let (fault, entry, only_v0) = {
            let mut settings = self.settings();
            let fault = fault::take(&mut settings.faults, &request);
            (fault, settings.entry.clone(), settings.only_v0)
        };
        let stream = stream.get_mut();
        if !entry.admits(&request) {
            return http::answer(stream, 401, entry.challenge(), "who are you?\n");
        }
        let protocol = request.header("git-protocol").filter(|_| !only_v0);
        let (root, home) = (self.ground.root(), self.ground.home());
        let backend = Backend { root: &root, home: &home, protocol };
        match fault {
            None => backend.pass(&request, stream),
            Some(fault) => fault.apply(&request, stream, || backend.run(&request)),
        }
    }
}

impl Entry {
    fn admits(&self, request: &Request) -> bool {
        let given = request.header("authorization");
        match self {
            Self::Anybody => true,
            Self::Basic(user, password) => {
                let word =
                    base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
                given == Some(&format!("Basic {word}"))
            }
            Self::Bearer(token) => given == Some(&format!("Bearer {token}")),
        }
    }

    fn challenge(&self) -> &'static str {
        match self {
            Self::Bearer(_) => "www-authenticate: Bearer\r\n",
            _ => "www-authenticate: Basic realm=\"git\"\r\n",
        }
    }
}

/// An authority for tests, and a server identity that it vouches for.
pub(crate) fn authority() -> Result<(Authority, Identity)> {
    let authority = Authority::generate()?;
    let identity = authority.issue()?;
    Ok((authority, identity))
}

/// Whether a program is there: on the PATH, or where daemons are.
pub(crate) fn find_program(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain([Path::new("/usr/sbin").into()]);
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}
