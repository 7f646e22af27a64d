//! The open connection together with the credentials in use.
//!
//! Connects once, and swaps the credentials when they expire or are rejected: the connection stays,
//! unless the new credentials are a client certificate. It sends no request of its own.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use jiff::Timestamp;
use kube::Config;
use kube::client::ConfigExt as _;
use tokio::time::Instant;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer as _, ServiceExt as _};

use super::connector::{self, CONNECT_TIMEOUT, HttpClient};
use super::credentials::{Issued, Source};
use super::kubeconfig::Access;
use super::proxy::Proxy;
use super::stream::{Dialer, Stream};
use super::watch_lanes::{Lanes, Place};
use super::{Deadline, pin, unreachable};
use crate::error::{Error, ErrorKind, Result};

/// How long a refused first connection is tried again: an API server that restarts.
const REFUSED_PATIENCE: Duration = Duration::from_secs(2);
const REFUSED_PAUSE: Duration = Duration::from_millis(200);

/// Adds server, identity and impersonation to a request and sends it.
pub(super) type HttpService =
    BoxCloneSyncService<Request<Full<Bytes>>, Response<Incoming>, BoxError>;

/// One set of credentials and the connections that it is used on.
pub(super) struct Session {
    /// For reads and writes.
    pub(super) service: HttpService,
    lanes: Arc<Lanes>,
    /// With the credentials.
    config: Config,
    flags: String,
    issued: Issued,
    since: Instant,
}

/// The current session and the means to make the next one.
pub(super) struct Sessions {
    /// Without the credentials that are fetched.
    config: Config,
    proxy: Option<Proxy>,
    flags: String,
    source: Source,
    current: RwLock<Arc<Session>>,
    /// Held while credentials are fetched: parallel requests run a plugin once.
    renewal: futures::lock::Mutex<()>,
}

impl Sessions {
    /// Fetches credentials and opens the connection.
    pub(super) async fn open(access: Access, deadline: Deadline) -> Result<Self> {
        let Access { mut config, cluster, proxy, pin: flags, .. } = access;
        let source = Source::take(&mut config.auth_info, &cluster)
            .map_err(|error| error.hint(pin::command("config view --minify", &flags)))?;
        let issued = source.issue(deadline).await?;
        let (config_now, dialer) = prepare(&config, proxy.as_ref(), &flags, &issued)?;
        let stream = dial(&dialer, &config, &flags, deadline).await?;
        let lanes = Arc::new(Lanes::new(stream, dialer));
        let session = Session::new(config_now, lanes, issued, &flags)?;
        let current = RwLock::new(Arc::new(session));
        let renewal = futures::lock::Mutex::new(());
        Ok(Self { config, proxy, flags, source, current, renewal })
    }

    /// The session to send the next request on; fetches credentials that are about to expire.
    pub(super) async fn current(&self, deadline: Deadline) -> Result<Arc<Session>> {
        let session = self.peek();
        if !self.source.is_stale(&session.issued, session.since.elapsed(), Timestamp::now()) {
            return Ok(session);
        }
        self.renew(&session, deadline).await?;
        Ok(self.peek())
    }

    /// Whether [`Self::renew`] can help against a rejection.
    pub(super) fn is_renewable(&self) -> bool {
        self.source.is_renewable()
    }

    /// Replaces `old`, unless somebody else did so meanwhile.
    pub(super) async fn renew(&self, old: &Arc<Session>, deadline: Deadline) -> Result<()> {
        let _one_at_a_time = self.renewal.lock().await;
        if !Arc::ptr_eq(&self.peek(), old) {
            return Ok(());
        }
        tracing::debug!("fetching credentials again");
        let issued = self.source.issue(deadline).await?;
        let next = if issued.certificate == old.issued.certificate {
            let config = with_credentials(&self.config, &issued);
            Session::new(config, Arc::clone(&old.lanes), issued, &self.flags)?
        } else {
            let (config, dialer) =
                prepare(&self.config, self.proxy.as_ref(), &self.flags, &issued)?;
            let stream = dial(&dialer, &self.config, &self.flags, deadline).await?;
            let lanes = Arc::new(Lanes::new(stream, dialer));
            Session::new(config, lanes, issued, &self.flags)?
        };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        Ok(())
    }

    fn peek(&self) -> Arc<Session> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn with_credentials(config: &Config, issued: &Issued) -> Config {
    let mut config = config.clone();
    issued.apply(&mut config.auth_info);
    config
}

fn prepare(
    config: &Config,
    proxy: Option<&Proxy>,
    flags: &str,
    issued: &Issued,
) -> Result<(Config, Dialer)> {
    let config = with_credentials(config, issued);
    let dialer = connector::dialer(&config, proxy, flags)?;
    Ok((config, dialer))
}

impl Session {
    fn new(config: Config, lanes: Arc<Lanes>, issued: Issued, flags: &str) -> Result<Self> {
        let service = service(&config, lanes.first(), flags)?;
        let since = Instant::now();
        Ok(Self { service, lanes, config, flags: flags.to_owned(), issued, since })
    }

    /// Where to send what the API server hands on to a program.
    pub(super) fn for_programs(&self) -> Result<HttpService> {
        service(&self.config, self.lanes.for_programs(), &self.flags)
    }

    /// Where to open a watch; it keeps its place for as long as it is open.
    pub(super) fn for_watch(&self) -> Result<(HttpService, Place)> {
        let (client, place) = self.lanes.for_watch();
        let service = match client {
            None => self.service.clone(),
            Some(client) => service(&self.config, client, &self.flags)?,
        };
        Ok((service, place))
    }
}

/// Puts kube's layers around a client.
fn service(config: &Config, client: HttpClient, flags: &str) -> Result<HttpService> {
    let unusable = |error: kube::Error| {
        Error::new(ErrorKind::Usage, "cannot use the credentials of the kubeconfig")
            .because(error)
            .hint(pin::command("config view --minify", flags))
    };
    let service = client.map_err(BoxError::from);
    let service = config.extra_headers_layer().map_err(unusable)?.layer(service);
    let service = config.base_uri_layer().layer(service);
    Ok(match config.auth_layer().map_err(unusable)? {
        Some(auth) => BoxCloneSyncService::new(auth.layer(service)),
        None => BoxCloneSyncService::new(service),
    })
}

/// Opens the first connection. Refused connections are tried again for a moment, nothing else is.
async fn dial(dialer: &Dialer, config: &Config, flags: &str, deadline: Deadline) -> Result<Stream> {
    let server = &config.cluster_url;
    let patience = deadline.earlier(REFUSED_PATIENCE);
    loop {
        let limit = deadline.earlier(CONNECT_TIMEOUT);
        let Some(result) = limit.bound(dialer.clone().oneshot(server.clone())).await else {
            let message = format!("no connection to {} in time", unreachable::address(server));
            return Err(Error::new(ErrorKind::Unreachable, message)
                .because("no answer to the TCP or TLS handshake: wrong address, firewall or VPN?")
                .hint(pin::command("cluster-info", flags)));
        };
        match result {
            Ok(stream) => return Ok(stream),
            Err(error)
                if unreachable::is_refused(&*error) && patience.remaining() > REFUSED_PAUSE =>
            {
                tokio::time::sleep(REFUSED_PAUSE).await;
            }
            Err(error) => return Err(unreachable::describe(&*error, false, server, flags)),
        }
    }
}
