//! Requests: one try of any, and reads with their retries.
//!
//! Every try is bounded by the request timeout and by the deadline, and leaves one line in the debug
//! log: method, path, status and time, never headers or bodies.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::asked::Asked;
use super::failure::{ApiStatus, Failure};
use super::retry::{self, Retry};
use super::session::{HttpService, Session};
use super::watch_lanes::Place;
use super::{Cluster, Deadline, path};
use crate::error::{Error, ErrorKind, Result};

/// Failed tries of one read before the user hears of them.
const PATIENCE: u32 = 3;
pub(super) const AGENT: &str = concat!("rb/", env!("CARGO_PKG_VERSION"));
pub(super) const JSON: &str = "application/json";

/// One request, without server and identity.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Path and query.
    pub(super) path: &'a str,
    pub(super) accept: &'static str,
    pub(super) content_type: &'static str,
    pub(super) body: Bytes,
    pub(super) watch: bool,
}

impl<'a> Call<'a> {
    pub(super) fn read(path: &'a str, accept: &'static str) -> Self {
        let (method, body) = (Method::GET, Bytes::new());
        Self { method, path, accept, content_type: JSON, body, watch: false }
    }

    pub(super) fn asked(&self) -> Asked {
        Asked::new(&self.method, self.path, self.watch)
    }

    /// A body, unless it is an object that ends too early: somebody in between has lost the rest.
    fn whole(&self, body: Bytes) -> Result<Bytes, Failure> {
        let text = body.trim_ascii();
        let is_cut = text.starts_with(b"{") && !text.ends_with(b"}");
        if self.accept.starts_with(JSON) && is_cut {
            return Err(Failure::Lost { cause: "the answer ends too early".into(), sent: true });
        }
        Ok(body)
    }

    fn request(&self) -> Result<Request<Full<Bytes>>> {
        path::check(self.path)?;
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(self.path)
            .header(ACCEPT, self.accept)
            .header(USER_AGENT, AGENT);
        if !self.body.is_empty() {
            request = request.header(CONTENT_TYPE, self.content_type);
        }
        request.body(Full::new(self.body.clone())).map_err(|error| {
            Error::new(ErrorKind::Internal, format!("not a request path: {}", self.path))
                .because(error)
        })
    }
}

impl Cluster {
    /// Reads a body; tries again while that can help and the deadline allows it.
    pub(super) async fn read(&self, call: &Call<'_>, deadline: Deadline) -> Result<Bytes> {
        let body = self.try_read(call, deadline).await;
        body.map_err(|failure| failure.into_error(&call.asked(), &self.peer))
    }

    /// The same, with what the last try gave where there is no body.
    pub(super) async fn try_read(
        &self,
        call: &Call<'_>,
        deadline: Deadline,
    ) -> Result<Bytes, Failure> {
        let mut retry = Retry::new(deadline);
        loop {
            let session = self.sessions.current(deadline).await.map_err(Failure::Unsent)?;
            match self.exchange(&session, call, deadline).await {
                Ok(body) => return Ok(body),
                Err(failure) => self.before_retry(&mut retry, failure, &session, call).await?,
            }
        }
    }

    /// Opens a stream, with the same retries as a read.
    pub(super) async fn open(
        &self,
        call: &Call<'_>,
        deadline: Deadline,
    ) -> Result<Option<(Incoming, Place)>> {
        let mut retry = Retry::new(deadline);
        loop {
            let session = self.sessions.current(deadline).await?;
            let limit = deadline.earlier(self.request_timeout);
            let (service, place) = session.for_watch()?;
            match self.answer(&service, call, limit).await {
                Ok(response) => return Ok(Some((response.into_body(), place))),
                Err(failure) if failure.is(StatusCode::GONE) => return Ok(None),
                Err(failure) => self
                    .before_retry(&mut retry, failure, &session, call)
                    .await
                    .map_err(|failure| failure.into_error(&call.asked(), &self.peer))?,
            }
        }
    }

    /// One try: the whole answer.
    pub(super) async fn exchange(
        &self,
        session: &Session,
        call: &Call<'_>,
        deadline: Deadline,
    ) -> Result<Bytes, Failure> {
        let limit = deadline.earlier(self.request_timeout);
        let started = Instant::now();
        let response = self.answer(&session.service, call, limit).await?;
        match limit.bound(response.into_body().collect()).await {
            Some(Ok(body)) => call.whole(body.to_bytes()),
            Some(Err(error)) => Err(Failure::Lost { cause: error.into(), sent: true }),
            None => Err(Failure::Late(started.elapsed())),
        }
    }

    /// One try: the head of a successful answer, the body still to come.
    pub(super) async fn answer(
        &self,
        service: &HttpService,
        call: &Call<'_>,
        limit: Deadline,
    ) -> Result<Response<Incoming>, Failure> {
        if limit.passed() {
            let message = format!("no time left to {}", call.asked().phrase());
            let error = Error::new(ErrorKind::Unreachable, message).hint("use a longer --timeout");
            return Err(Failure::Unsent(error));
        }
        let request = call.request().map_err(Failure::Unsent)?;
        let started = Instant::now();
        let result = limit.bound(service.clone().oneshot(request)).await;
        let code = match &result {
            Some(Ok(response)) => response.status().as_u16(),
            _ => 0,
        };
        let ms = started.elapsed().as_millis();
        tracing::debug!(method = %call.method, path = call.path, status = code, ms, "request");
        let response = match result {
            Some(Ok(response)) if response.status().is_success() => return Ok(response),
            Some(Ok(response)) => response,
            Some(Err(cause)) => return Err(Failure::from_client(cause)),
            None => return Err(Failure::Late(started.elapsed())),
        };
        let (code, retry_after) = (response.status(), retry::retry_after(response.headers()));
        // Without its body the status still counts.
        let body = limit.bound(response.into_body().collect()).await;
        let body = body.and_then(Result::ok).map(http_body_util::Collected::to_bytes);
        let status = Box::new(ApiStatus::from_body(&body.unwrap_or_default()));
        Err(Failure::Status { code, status, retry_after })
    }

    /// Waits before the next try of a read, or gives the failure back where there is none.
    async fn before_retry(
        &self,
        retry: &mut Retry,
        failure: Failure,
        session: &Arc<Session>,
        call: &Call<'_>,
    ) -> Result<(), Failure> {
        if failure.is(StatusCode::UNAUTHORIZED)
            && self.sessions.is_renewable()
            && retry.may_renew_credentials()
        {
            return self.sessions.renew(session, retry.deadline()).await.map_err(Failure::Unsent);
        }
        let wait =
            if failure.is_transient() { retry.next_wait(failure.retry_after()) } else { None };
        let Some(wait) = wait else { return Err(failure) };
        tracing::debug!(path = call.path, ?wait, "trying again");
        if retry.tries() == PATIENCE {
            tracing::warn!("cannot {} yet, trying again until the deadline", call.asked().phrase());
        }
        tokio::time::sleep(wait).await;
        Ok(())
    }
}
