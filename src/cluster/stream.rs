//! One type for every connection: plain, through a proxy, with TLS.
//!
//! Proxies and TLS wrap types in types; erasing them here keeps the rest free of generics. It moves
//! bytes and decides nothing.

use std::io::{IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection};
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Service, ServiceExt as _};

/// Something that connects: URL in, [`Stream`] out.
pub(super) type Dialer = BoxCloneSyncService<Uri, Stream, BoxError>;

trait Io: Read + Write + Connection + Unpin + Send {}

impl<T: Read + Write + Connection + Unpin + Send> Io for T {}

/// A connection of any kind.
pub(super) struct Stream {
    io: Box<dyn Io>,
    /// Whether it ends at a proxy that has to be told the whole URL.
    at_proxy: bool,
}

impl Stream {
    /// The same to a proxy that carries requests and not bytes.
    pub(super) fn at_proxy(self) -> Self {
        Self { at_proxy: true, ..self }
    }
}

/// Erases the type of a connector.
pub(super) fn erase<S>(connector: S) -> Dialer
where
    S: Service<Uri> + Clone + Send + Sync + 'static,
    S::Response: Read + Write + Connection + Unpin + Send + 'static,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
{
    BoxCloneSyncService::new(
        connector
            .map_response(|io| Stream { io: Box::new(io), at_proxy: false })
            .map_err(Into::<BoxError>::into),
    )
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        let connected = self.io.connected();
        if self.at_proxy { connected.proxy(true) } else { connected }
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut *self.io).poll_read(cx, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut *self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut *self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        Pin::new(&mut *self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        Pin::new(&mut *self.io).poll_write_vectored(cx, buffers)
    }
}
