//! One address for two servers, as a host has it: Git below the path of the repository, the API and
//! everything else at another one. Bytes are passed on as they are.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// A running one. It ends when it is dropped.
pub(super) struct Front {
    address: SocketAddr,
    listener: Option<JoinHandle<()>>,
    is_over: Arc<AtomicBool>,
}

/// Where requests go.
#[derive(Clone, Copy)]
pub(super) struct Behind {
    pub(super) git: SocketAddr,
    /// Without one, Git has it all.
    pub(super) api: Option<SocketAddr>,
}

impl Front {
    /// `behind` is asked for each request.
    pub(super) fn start(behind: impl Fn() -> Behind + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let is_over = Arc::new(AtomicBool::new(false));
        let (over, behind) = (Arc::clone(&is_over), Arc::new(behind));
        let listener = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let behind = Arc::clone(&behind);
                // What one side does not take is its own affair.
                thread::spawn(move || pass_on(&stream, behind()).ok());
            }
        });
        Self { address, listener: Some(listener), is_over }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Wakes the thread that listens.
        let _ = TcpStream::connect(self.address);
        let _ = self.listener.take().map(JoinHandle::join);
    }
}

/// One request, and all that follows on its connection: both servers close it after their answer.
fn pass_on(mut near: &TcpStream, behind: Behind) -> io::Result<()> {
    let mut reader = BufReader::new(near.try_clone()?);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let target = head.split_whitespace().nth(1).unwrap_or_default();
    let is_git = target.starts_with("/acme/shop.git/");
    let to = behind.api.filter(|_| !is_git).unwrap_or(behind.git);
    let far = TcpStream::connect(to)?;
    (&far).write_all(head.as_bytes())?;
    let sends = far.try_clone()?;
    let sending = thread::spawn(move || io::copy(&mut reader, &mut &sends));
    let passed = io::copy(&mut &far, &mut near);
    near.shutdown(Shutdown::Both).ok();
    far.shutdown(Shutdown::Both).ok();
    let _ = sending.join();
    passed.map(drop)
}
