//! Asking a URL from here: the way that users take, with name, certificate and whatever stands between.
//!
//! Trust and proxies are those of this machine, not of the kubeconfig. Each request has a connection
//! of its own, so that each may meet another instance of the program; redirects are answers, and
//! nothing is ever sent twice.

use std::sync::OnceLock;

use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{Uri, uri::Scheme};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use kube::Config;
use kube::client::ConfigExt as _;
use rustls::ClientConfig;
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::answer::{HttpAnswer, HttpAsk};
use super::connector::{tcp, through};
use super::no_answer::{NoAnswer, Why};
use super::proxy::{self, Proxy};
use super::stream::{Dialer, Stream, erase};
use super::{Deadline, unreachable};
use crate::error::Error;

/// Asks a URL once.
pub async fn ask_url(
    url: &Uri,
    ask: &HttpAsk<'_>,
    deadline: Deadline,
) -> Result<HttpAnswer, NoAnswer> {
    let proxy =
        proxy::choose(None, url).map_err(|error| NoAnswer::of_error(Why::Configuration, &error))?;
    ask_through(url, ask, proxy.as_ref(), deadline).await
}

async fn ask_through(
    url: &Uri,
    ask: &HttpAsk<'_>,
    proxy: Option<&Proxy>,
    deadline: Deadline,
) -> Result<HttpAnswer, NoAnswer> {
    let mut request = ask.request(url.clone());
    let is_plain = url.scheme() == Some(&Scheme::HTTP);
    if let Some(auth) = proxy.filter(|_| is_plain).and_then(|proxy| proxy.basic_auth()) {
        request.headers_mut().insert(PROXY_AUTHORIZATION, auth.clone());
    }
    // With HTTP/2 the name of the host stands in the URL.
    let http2 = !request.headers().contains_key(HOST);
    let dialer = dialer(is_plain, http2, proxy)?;
    let client = Client::builder(TokioExecutor::new())
        .timer(TokioTimer::new())
        .pool_max_idle_per_host(0)
        .retry_canceled_requests(false)
        .build::<_, Full<Bytes>>(dialer);

    let started = Instant::now();
    let result = deadline.bound(client.request(request)).await;
    let code = match &result {
        Some(Ok(response)) => response.status().as_u16(),
        _ => 0,
    };
    let ms = started.elapsed().as_millis();
    let place = unreachable::address(url);
    tracing::debug!(method = %ask.method, place, path = url.path(), status = code, ms, "probe");
    match result {
        Some(Ok(response)) => Ok(HttpAnswer::read(response, ask.limit, deadline).await),
        Some(Err(error)) => Err(NoAnswer::of_client(&error)),
        None => Err(NoAnswer::new(Why::Timeout, "no answer")),
    }
}

/// The way there. Plain requests are handed to a proxy, others are tunnelled through it.
fn dialer(is_plain: bool, http2: bool, proxy: Option<&Proxy>) -> Result<Dialer, NoAnswer> {
    let unusable = |error: Error| NoAnswer::of_error(Why::Configuration, &error);
    let speaks_tls = |proxy: &Proxy| proxy.uri().scheme_str() == Some("https");
    let transport = match proxy {
        None => erase(tcp()),
        Some(proxy) => {
            let to_proxy = if speaks_tls(proxy) {
                let tls = HttpsConnectorBuilder::new().with_tls_config(trust()?).https_or_http();
                erase(tls.enable_http1().wrap_connector(tcp()))
            } else {
                erase(tcp())
            };
            let is_socks = proxy.uri().scheme_str().is_some_and(|s| s.starts_with("socks"));
            if is_plain && !is_socks {
                let place = proxy.uri().clone();
                erase(
                    to_proxy
                        .map_request(move |_: Uri| place.clone())
                        .map_response(Stream::at_proxy),
                )
            } else {
                through(proxy, to_proxy).map_err(unusable)?
            }
        }
    };
    if is_plain {
        return Ok(transport);
    }
    let secure = HttpsConnectorBuilder::new().with_tls_config(trust()?).https_or_http();
    let secure = secure.enable_http1();
    Ok(if http2 {
        erase(secure.enable_http2().wrap_connector(transport))
    } else {
        erase(secure.wrap_connector(transport))
    })
}

/// Whom this machine trusts. Reading that takes some milliseconds, so it is done once.
fn trust() -> Result<ClientConfig, NoAnswer> {
    static TRUST: OnceLock<ClientConfig> = OnceLock::new();
    if let Some(trust) = TRUST.get() {
        return Ok(trust.clone());
    }
    // kube asks the system where no authority is named.
    let config = Config::new(Uri::from_static("https://localhost"));
    let trust = config.rustls_client_config().map_err(|error| {
        let message = format!("cannot tell which certificates this machine trusts: {error}");
        NoAnswer::new(Why::Configuration, message)
    })?;
    Ok(TRUST.get_or_init(|| trust).clone())
}

#[cfg(test)]
mod tests;
