//! A proxy for `CONNECT`, with or without a password, that can also say no.

use std::io::{self, BufReader};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};

use anyhow::Result;

use super::Entry;
use super::http::{self, Request};

/// A running one. It ends when it is dropped.
pub(crate) struct ConnectProxy {
    address: SocketAddr,
    listener: Option<JoinHandle<()>>,
    state: Arc<State>,
}

struct State {
    entry: Entry,
    says_no: bool,
    tunnels: AtomicUsize,
    is_over: AtomicBool,
}

impl ConnectProxy {
    pub(crate) fn start(entry: Entry) -> Result<Self> {
        Self::run(entry, false)
    }

    /// One that lets nobody through (403).
    pub(crate) fn start_that_says_no() -> Result<Self> {
        Self::run(Entry::Anybody, true)
    }

    fn run(entry: Entry, says_no: bool) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let (tunnels, is_over) = (AtomicUsize::new(0), AtomicBool::new(false));
        let state = Arc::new(State { entry, says_no, tunnels, is_over });
        let (address, shared) = (listener.local_addr()?, Arc::clone(&state));
        let listener = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if shared.is_over.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                thread::spawn(move || shared.serve(stream).ok());
            }
        });
        Ok(Self { address, listener: Some(listener), state })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many connections it has made for others.
    pub(crate) fn tunnels(&self) -> usize {
        self.state.tunnels.load(Ordering::Relaxed)
    }
}

impl Drop for ConnectProxy {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(self.address);
        let _ = self.listener.take().map(JoinHandle::join);
    }
}

impl State {
    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        let mut request = Request::read(&mut stream)?;
        request.head = request.head.replace("Proxy-Authorization:", "Authorization:");
        let stream = stream.get_mut();
        if request.method != "CONNECT" || self.says_no {
            return http::answer(stream, 403, "", "");
        }
        if !self.entry.admits(&request) {
            return http::answer(stream, 407, "proxy-authenticate: Basic realm=\"p\"\r\n", "");
        }
        let mut there = TcpStream::connect(&request.target)?;
        self.tunnels.fetch_add(1, Ordering::Relaxed);
        io::Write::write_all(stream, b"HTTP/1.1 200 OK\r\n\r\n")?;
        let (mut back, mut up) = (there.try_clone()?, stream.try_clone()?);
        let answers = thread::spawn(move || {
            let _ = io::copy(&mut back, &mut up);
            let _ = up.shutdown(Shutdown::Both);
        });
        let _ = io::copy(stream, &mut there);
        let _ = there.shutdown(Shutdown::Both);
        let _ = answers.join();
        Ok(())
    }
}
