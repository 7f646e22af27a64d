//! Asking a program through the API server, which connects to the pod.
//!
//! In: the path of a `proxy` subresource and what to ask; out: what the program answered. What the API
//! server itself says on the way ([`said`]) is no answer, whatever its status. Nothing is tried again,
//! except with new credentials where the API server rejects the old ones.

mod said;

use std::sync::Arc;

use http::{Method, StatusCode, Uri};
use tokio::time::Instant;
use tower::ServiceExt as _;

use super::answer::{HttpAnswer, HttpAsk};
use super::asked::Asked;
use super::failure::Failure;
use super::no_answer::{NoAnswer, Why};
use super::session::Session;
use super::{Cluster, Deadline, Path, path};
use crate::error::{Error, ErrorKind};

impl Cluster {
    /// Asks a program once: `proxy` is the `proxy` subresource of a Service or a pod, `behind` the
    /// program's own path and query, encoded.
    pub async fn ask_program(
        &self,
        proxy: &Path,
        behind: &str,
        ask: &HttpAsk<'_>,
        deadline: Deadline,
    ) -> Result<HttpAnswer, NoAnswer> {
        let mistaken = |error: Error| NoAnswer::of_error(Why::Configuration, &error);
        path::check(proxy).and_then(|()| path::check_behind(behind)).map_err(mistaken)?;
        let uri: Uri = format!("{proxy}{behind}").parse().map_err(|error| {
            mistaken(Error::new(ErrorKind::Usage, format!("not a path: {error}")))
        })?;
        let mut session = self.session_for_programs(deadline).await?;
        for may_renew in [true, false] {
            let answer = self.ask_once(&session, &uri, ask, deadline).await?;
            let Some(no_answer) =
                self.said_by_api_server(&session, &answer, &uri, ask, deadline).await
            else {
                return Ok(answer);
            };
            let is_rejected = answer.status == StatusCode::UNAUTHORIZED.as_u16();
            if !(may_renew && is_rejected && self.sessions.is_renewable()) {
                return Err(no_answer);
            }
            let renewed = self.sessions.renew(&session, deadline).await;
            renewed.map_err(|error| NoAnswer::of_error(Why::ApiServer, &error))?;
            session = self.session_for_programs(deadline).await?;
        }
        Err(NoAnswer::new(Why::ApiServer, "the API server does not accept the credentials"))
    }

    async fn session_for_programs(&self, deadline: Deadline) -> Result<Arc<Session>, NoAnswer> {
        let session = self.sessions.current(deadline).await;
        session.map_err(|error| NoAnswer::of_error(Why::ApiServer, &error))
    }

    async fn ask_once(
        &self,
        session: &Session,
        uri: &Uri,
        ask: &HttpAsk<'_>,
        deadline: Deadline,
    ) -> Result<HttpAnswer, NoAnswer> {
        let started = Instant::now();
        let service = session.for_programs();
        let service = service.map_err(|error| NoAnswer::of_error(Why::ApiServer, &error))?;
        let request = ask.request(uri.clone());
        let result = deadline.bound(service.oneshot(request)).await;
        let code = match &result {
            Some(Ok(response)) => response.status().as_u16(),
            _ => 0,
        };
        let ms = started.elapsed().as_millis();
        tracing::debug!(method = %ask.method, path = uri.path(), status = code, ms, "probe");
        match result {
            Some(Ok(response)) => {
                // Whoever fails says who it is in the body.
                let least = if code < 400 { 0 } else { said::LIMIT };
                Ok(HttpAnswer::read(response, ask.limit.max(least), deadline).await)
            }
            Some(Err(cause)) => {
                if let Some(no_answer) = said::broken_stream(&*cause) {
                    return Err(no_answer);
                }
                let asked = Asked::new(&ask.method, uri.path(), false);
                let error = Failure::from_client(cause).into_error(&asked, &self.peer);
                Err(NoAnswer::of_error(Why::ApiServer, &error))
            }
            None => Err(NoAnswer::new(
                Why::Timeout,
                "no answer: it hangs, or the API server has no way to this port of the pods",
            )),
        }
    }

    /// What the API server itself has said in the place of the program.
    async fn said_by_api_server(
        &self,
        session: &Session,
        answer: &HttpAnswer,
        uri: &Uri,
        ask: &HttpAsk<'_>,
        deadline: Deadline,
    ) -> Option<NoAnswer> {
        let asked = Asked::new(&ask.method, uri.path(), false);
        if ask.method != Method::HEAD || answer.status < 400 {
            return said::by_api_server(answer, &asked, &self.peer);
        }
        // Who answers is only told by a body, and this answer has none.
        let again = HttpAsk { method: Method::GET, ..ask.clone() };
        match self.ask_once(session, uri, &again, deadline).await {
            Ok(answer) => said::by_api_server(&answer, &asked, &self.peer),
            Err(no_answer) if no_answer.why == Why::ApiServer => Some(no_answer),
            Err(_) => None,
        }
    }
}
