//! How bytes reach the API server: TCP, perhaps a proxy, TLS with ALPN, one HTTP client on top.
//!
//! In: kube's configuration and the proxy; out: a [`Dialer`] and an [`HttpClient`]. kube's own
//! connector is not used: it speaks HTTP/1.1 only and leaves Nagle's algorithm on.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, PathAndQuery, Scheme};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_rustls::{FixedServerNameResolver, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connection as _, HttpConnector};
use hyper_util::client::legacy::{Builder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::Config;
use kube::client::ConfigExt as _;
use tower::util::BoxCloneSyncService;
use tower::{ServiceExt as _, service_fn};

use super::pin;
use super::proxy::Proxy;
use super::stream::{Dialer, Stream, erase};
use crate::error::{Error, ErrorKind, Result, Source};

/// TCP, proxy and TLS handshakes together.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A connection that does not answer a ping in time is closed, so that a watch on it ends.
const PING_EVERY: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// About what is taken with HTTP/1.1, where a response without an end is cut off too.
const HEADERS_OF_PROGRAMS: u32 = 400 * 1024;

/// The client that keeps the connection.
pub(super) type HttpClient = Client<Dialer, Full<Bytes>>;

/// Builds the way to the API server; connects nothing yet.
pub(super) fn dialer(config: &Config, proxy: Option<&Proxy>, hint_flags: &str) -> Result<Dialer> {
    let tcp = tcp();
    if config.cluster_url.scheme_str() == Some("http") {
        // Building a TLS configuration reads the system's certificates: not needed here.
        return match proxy.filter(|proxy| proxy.uri().scheme_str() != Some("https")) {
            Some(proxy) => through(proxy, erase(tcp)),
            None => Ok(erase(tcp)),
        };
    }
    let unusable = |error: Source| {
        Error::new(ErrorKind::Usage, "cannot use the TLS settings of the kubeconfig")
            .because(error)
            .hint(pin::command("config view --minify", hint_flags))
    };
    let tls = config.rustls_client_config().map_err(|error| unusable(error.into()))?;
    let transport = match proxy {
        None => erase(tcp),
        Some(proxy) if proxy.uri().scheme_str() == Some("https") => {
            // TLS to the proxy itself, by the same rules as in Go: the cluster's authorities.
            let tls = HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http();
            through(proxy, erase(tls.enable_http1().wrap_connector(tcp)))?
        }
        Some(proxy) => through(proxy, erase(tcp))?,
    };
    let mut https = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http();
    if let Some(name) = config.tls_server_name.clone() {
        let name = name.try_into().map_err(|error: rustls::pki_types::InvalidDnsNameError| {
            unusable(format!("tls-server-name: {error}").into())
        })?;
        https = https.with_server_name_resolver(FixedServerNameResolver::new(name));
    }
    Ok(erase(https.enable_http1().enable_http2().wrap_connector(transport)))
}

pub(super) fn tcp() -> HttpConnector {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    // Divided among the addresses of the host: a dead one must not use up the whole time.
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    // HTTP/1.1 has no ping: there TCP has to notice a dead connection.
    tcp.set_keepalive(Some(PING_EVERY));
    tcp.set_keepalive_interval(Some(PING_TIMEOUT / 2));
    tcp.set_keepalive_retries(Some(2));
    tcp
}

/// A tunnel through `proxy`, which `to_proxy` connects to.
pub(super) fn through(proxy: &Proxy, to_proxy: Dialer) -> Result<Dialer> {
    let uri = proxy.uri().clone();
    let scheme = uri.scheme_str().unwrap_or_default();
    if scheme.starts_with("socks") {
        let mut socks = SocksV5::new(with_port(uri, 1080), to_proxy);
        if let Some((user, password)) = proxy.raw_auth() {
            socks = socks.with_auth(user.to_owned(), password.to_owned());
        }
        return Ok(erase(socks.map_request(explicit_port)));
    }
    if !matches!(scheme, "http" | "https") {
        return Err(Error::new(ErrorKind::Usage, format!("{scheme} proxies are not supported")));
    }
    let mut tunnel = Tunnel::new(explicit_port(uri), to_proxy);
    if let Some(auth) = proxy.basic_auth() {
        tunnel = tunnel.with_auth(auth.clone());
    }
    Ok(erase(tunnel.map_request(explicit_port)))
}

/// The tunnels take 443 where the URL has no port, for plain http too.
fn explicit_port(uri: Uri) -> Uri {
    let port = if uri.scheme() == Some(&Scheme::HTTP) { 80 } else { 443 };
    with_port(uri, port)
}

fn with_port(uri: Uri, port: u16) -> Uri {
    if uri.port().is_some() {
        return uri;
    }
    let mut parts = uri.clone().into_parts();
    let text = format!("{}:{port}", uri.host().unwrap_or_default());
    let Ok(authority) = text.parse::<Authority>() else { return uri };
    parts.authority = Some(authority);
    parts.path_and_query.get_or_insert_with(|| PathAndQuery::from_static("/"));
    Uri::from_parts(parts).unwrap_or(uri)
}

/// What was agreed on when the connection was opened.
pub(super) fn speaks_http2(stream: &Stream) -> bool {
    stream.connected().is_negotiated_h2()
}

/// An HTTP client that starts with a connection that is open already, where there is one.
///
/// Requests that start at the same time on an empty pool would each open a connection, because the
/// protocol is not known yet. Here it is: with HTTP/2 the pool makes one connection and shares it.
pub(super) fn http_client(first: Option<Stream>, http2: bool, dialer: &Dialer) -> HttpClient {
    let first = Arc::new(Mutex::new(first));
    let dialer = dialer.clone();
    let primed = service_fn(move |uri: Uri| {
        let ready = first.lock().unwrap_or_else(PoisonError::into_inner).take();
        let dialer = dialer.clone();
        async move {
            match ready {
                Some(stream) => Ok(stream),
                None => tokio::time::timeout(CONNECT_TIMEOUT, dialer.oneshot(uri)).await?,
            }
        }
    });
    builder(http2).build(BoxCloneSyncService::new(primed))
}

/// An HTTP client for answers that are not the API server's own, which nobody vouches for: with a
/// connection of its own, since a header that is too big can be the end of it.
pub(super) fn http_client_for_programs(http2: bool, dialer: &Dialer) -> HttpClient {
    let dialer = dialer.clone();
    let patient = service_fn(move |uri: Uri| {
        let dialer = dialer.clone();
        async move { tokio::time::timeout(CONNECT_TIMEOUT, dialer.oneshot(uri)).await? }
    });
    builder(http2)
        .http2_max_header_list_size(HEADERS_OF_PROGRAMS)
        .build(BoxCloneSyncService::new(patient))
}

fn builder(http2: bool) -> Builder {
    // The client sends a request again only if not one byte of it went out: a write stays single.
    let mut builder = Client::builder(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .http2_only(http2)
        .http2_keep_alive_interval(PING_EVERY)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true);
    builder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_made_explicit() {
        for (uri, expected) in [
            ("http://api", "http://api:80/"),
            ("https://api", "https://api:443/"),
            ("https://[::1]/x", "https://[::1]:443/x"),
            ("https://api:6443/", "https://api:6443/"),
        ] {
            assert_eq!(explicit_port(uri.parse().unwrap()).to_string(), expected);
        }
    }
}
