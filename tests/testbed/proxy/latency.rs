//! A long line: every byte arrives later, none is lost, and the order stays. It works below TLS, so
//! that handshakes take their round trips too; the handshake of TCP, which the kernel has done at
//! once, is paid with the first bytes.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

const CHUNK: usize = 16 * 1024;

/// Carries bytes between the socket and `near` until both directions have ended.
pub(super) async fn carry(socket: TcpStream, near: DuplexStream, one_way: Duration) {
    let (from_client, to_client) = socket.into_split();
    let (from_server, to_server) = tokio::io::split(near);
    let connected = Instant::now() + 2 * one_way;
    tokio::join!(
        one_direction(from_client, to_server, one_way, connected),
        one_direction(from_server, to_client, one_way, connected),
    );
}

async fn one_direction(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    one_way: Duration,
    connected: Instant,
) {
    let (sender, mut on_the_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let depart = async move {
        let mut buffer = vec![0; CHUNK];
        while let Ok(length @ 1..) = from.read(&mut buffer).await {
            let due = Instant::now().max(connected) + one_way;
            let chunk = buffer.get(..length).unwrap_or_default().to_vec();
            if sender.send((due, chunk)).is_err() {
                return;
            }
        }
    };
    let arrive = async move {
        while let Some((due, chunk)) = on_the_way.recv().await {
            sleep_until(due).await;
            if to.write_all(&chunk).await.is_err() {
                return;
            }
        }
        let _ = to.shutdown().await;
    };
    tokio::join!(depart, arrive);
}
