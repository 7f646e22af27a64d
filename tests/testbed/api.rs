//! A small client of the API server for what the harness itself reads and writes: JSON in, JSON
//! out, as the administrator. It exists because a waiting test looks many times a second, which
//! would cost a process each with kubectl. It must not be used to do what a test is about: that is
//! done by `rb` and kubectl, as a person would.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::{Method, Request, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use rustls::crypto::ring;
use serde_json::Value;

use super::certificates::Authority;
use super::runtime::runtime;
use super::wait::wait_until;

const BUSY_LIMIT: Duration = Duration::from_secs(10);

/// An HTTP client that trusts the authority of the test bed.
pub(crate) type HttpClient<B> = Client<HttpsConnector<HttpConnector>, B>;

/// The versions of HTTP that a client offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Versions {
    Http1,
    All,
}

/// Makes such a client; it has a connection pool of its own.
pub(crate) fn http_client<B>(authority: &Authority, versions: Versions) -> Result<HttpClient<B>>
where
    B: hyper::body::Body + Send,
    B::Data: Send,
{
    let mut roots = rustls::RootCertStore::empty();
    roots.add(authority.certificate().clone()).context("trusting the authority")?;
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("setting up TLS")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_only();
    let connector = match versions {
        Versions::Http1 => connector.enable_http1().wrap_connector(tcp),
        Versions::All => connector.enable_all_versions().wrap_connector(tcp),
    };
    Ok(Client::builder(TokioExecutor::new()).build(connector))
}

/// The API server as seen by the harness.
pub(crate) struct Api {
    client: HttpClient<Full<Bytes>>,
    server: String,
    token: String,
}

/// What the API server answered; `body` is null where it was not JSON.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Api {
    pub(crate) fn new(authority: &Authority, server: &str, token: String) -> Result<Self> {
        Ok(Self {
            client: http_client(authority, Versions::All)?,
            server: server.to_owned(),
            token,
        })
    }

    /// The object or list at a path; `None` when there is none. A server that has too much to do,
    /// or is still reading a kind that is new, is asked again: 429.
    pub(crate) fn get(&self, path: &str) -> Result<Option<Value>> {
        wait_until("the API server takes requests", BUSY_LIMIT, || {
            let answer = self.send(&Method::GET, path, "application/json", &Value::Null)?;
            match answer.status {
                200 => Ok(Ok(Some(answer.body))),
                404 => Ok(Ok(None)),
                429 => Ok(Err(answer.to_string())),
                _ => bail!("GET {path}: {answer}"),
            }
        })
    }

    pub(crate) fn create(&self, path: &str, object: &Value) -> Result<Value> {
        let answer = self.send(&Method::POST, path, "application/json", object)?;
        match answer.status {
            200..=299 => Ok(answer.body),
            _ => bail!("POST {path}: {answer}"),
        }
    }

    /// Any request, with whatever answer comes back. `accept` goes with a body and without.
    pub(crate) fn send(
        &self,
        method: &Method,
        path: &str,
        accept: &str,
        body: &Value,
    ) -> Result<Answer> {
        let sent = async {
            let response = self.client.request(self.request(method, path, accept, body)?).await?;
            let status = response.status().as_u16();
            let bytes = response.into_body().collect().await?.to_bytes();
            anyhow::Ok(Answer {
                status,
                body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            })
        };
        runtime().block_on(sent).with_context(|| format!("{method} {path}"))
    }

    /// Deletes these, one after the other, without waiting for the answers: for tidying up behind a
    /// test that has ended.
    pub(crate) fn delete_in_background(&self, paths: &[String]) {
        let request =
            |path: &String| self.request(&Method::DELETE, path, "application/json", &Value::Null);
        let requests: Vec<_> = paths.iter().flat_map(request).collect();
        let client = self.client.clone();
        runtime().spawn(async move {
            for request in requests {
                let _ = client.request(request).await;
            }
        });
    }

    fn request(
        &self,
        method: &Method,
        path: &str,
        accept: &str,
        body: &Value,
    ) -> Result<Request<Full<Bytes>>> {
        let bytes = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.server))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::ACCEPT, accept)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "kubectl-rb-testbed")
            .body(Full::new(bytes))
            .context("building a request")
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HTTP {}: {}", self.status, self.body)
    }
}
