//! A long line before a server: every byte arrives later, none is lost, and the order stays. The
//! handshake of TCP, which the kernel has done at once, is paid with the first bytes.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

const CHUNK: usize = 64 * 1024;

/// Listens on a free port for as long as this process runs, and gives the address.
pub(crate) fn before(server: SocketAddr, one_way: Duration) -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("a port for the line")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for near in listener.incoming().flatten() {
            let Ok(far) = TcpStream::connect(server) else { continue };
            let _ = (near.set_nodelay(true), far.set_nodelay(true));
            let connected = Instant::now() + 2 * one_way;
            for (from, to) in [(&near, &far), (&far, &near)] {
                if let (Ok(from), Ok(to)) = (from.try_clone(), to.try_clone()) {
                    one_direction(from, to, one_way, connected);
                }
            }
        }
    });
    Ok(address)
}

fn one_direction(mut from: TcpStream, mut to: TcpStream, one_way: Duration, connected: Instant) {
    let (sender, on_the_way) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; CHUNK];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let due = Instant::now().max(connected) + one_way;
            if sender.send((due, buffer[..length].to_vec())).is_err() {
                return;
            }
        }
        let end = Instant::now().max(connected) + one_way;
        let _ = sender.send((end, Vec::new()));
    });
    thread::spawn(move || {
        for (due, chunk) in on_the_way {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&chunk).is_err() {
                return;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
