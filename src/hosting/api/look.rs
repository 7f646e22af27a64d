//! Looking at one request, and looking again.

use std::time::Duration;

use http::HeaderValue;
use http::header::ETAG;

use super::{Answer, Api, pause};
use crate::error::{Error, Result};
use crate::rollback::model::change_request::{ChangeRequest, RequestState};

/// What a further look shows.
#[derive(Debug)]
pub(in crate::hosting) enum Look {
    /// Nothing that was not there before.
    Same,
    /// The request as it is now.
    Now(Box<ChangeRequest>),
    /// Nothing for now; how long the host wants to be left alone.
    NotNow(Error, Option<Duration>),
}

impl Api {
    /// A request as it is now, without what other requests would tell of its checks.
    pub async fn request(&self, number: u64) -> Result<ChangeRequest> {
        let answer = self.get(&self.host().path(self.place(), number)).await?;
        self.read(&answer, number)
    }

    /// Looks again. Sets the tag by which the host tells that nothing has changed, and gives along
    /// how far apart looks have to be so that the rate limit lasts.
    pub(in crate::hosting) async fn look_again(
        &self,
        number: u64,
        tag: &mut Option<HeaderValue>,
    ) -> Result<(Look, Duration)> {
        let path = self.host().path(self.place(), number);
        let answer = match self.get_since(&path, tag.as_ref()).await {
            Ok(answer) => answer,
            Err(error) if is_passing(&error) => {
                return Ok((Look::NotNow(error, None), Duration::ZERO));
            }
            Err(error) => return Err(error),
        };
        let spacing = pause::spacing(&answer.headers);
        if answer.status == 304 {
            return Ok((Look::Same, spacing));
        }
        match self.read(&answer, number) {
            Ok(request) => {
                *tag = answer.headers.get(ETAG).cloned();
                Ok((Look::Now(Box::new(request)), spacing))
            }
            Err(error) if is_passing(&error) => {
                Ok((Look::NotNow(error, pause::asked(&answer.headers)), spacing))
            }
            Err(error) => Err(error),
        }
    }

    fn read(&self, answer: &Answer, number: u64) -> Result<ChangeRequest> {
        let document = answer.ok(self, &format!("read request {number}"))?;
        let request = self.host().read(document);
        request.ok_or_else(|| self.odd("it does not say what has become of the request"))
    }

    /// Adds how the checks stand, where the request is still open.
    pub(in crate::hosting) async fn with_checks(&self, request: ChangeRequest) -> ChangeRequest {
        if request.state != RequestState::Open {
            return request;
        }
        let checks = self.host().checks(self, &request).await;
        ChangeRequest { checks, ..request }
    }
}

/// Whether a later look may go better. Rights and redirects stay as they are.
fn is_passing(error: &Error) -> bool {
    error.kind() == crate::error::ErrorKind::Unreachable
}
