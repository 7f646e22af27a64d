//! What went wrong with one request, and what that means for trying again.
//!
//! In: an HTTP status with its body, or a transport error; out: a [`Failure`], and from it the
//! [`Error`] that the user reads. The API's own message is the cause. Pure.

use std::time::Duration;

use http::StatusCode;
use hyper_util::client::legacy;
use serde::Deserialize;
use serde_json::Value;

use super::asked::Asked;
use super::peer::Peer;
use super::{pin, unreachable};
use crate::error::{Error, ErrorKind, Source};

/// How much of a body that is not a Status goes into the error.
const TEXT_LIMIT: usize = 300;

/// Why one try of one request gave nothing.
pub(super) enum Failure {
    /// Nothing was sent, for a reason that is final.
    Unsent(Error),
    /// The server answered something else than success.
    Status { code: StatusCode, status: Box<ApiStatus>, retry_after: Option<Duration> },
    /// The connection could not be made (`sent` is false) or was lost.
    Lost { cause: Source, sent: bool },
    /// No answer within this time.
    Late(Duration),
}

/// The interesting fields of a `Status` object.
#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(super) struct ApiStatus {
    pub(super) code: u16,
    reason: Option<String>,
    message: Option<String>,
    details: Details,
}

#[derive(Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(default)]
struct Details {
    name: Option<String>,
}

impl ApiStatus {
    /// From the body of an error answer; text of a proxy or of an aggregated API becomes the message.
    pub(super) fn from_body(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| {
            let text: String =
                String::from_utf8_lossy(body).trim().chars().take(TEXT_LIMIT).collect();
            Self { message: Some(text).filter(|text| !text.is_empty()), ..Self::default() }
        })
    }

    /// From the object of a watch's ERROR event.
    pub(super) fn from_value(value: Value) -> Self {
        serde_json::from_value(value).unwrap_or_default()
    }

    fn says(&self, part: &str) -> bool {
        self.message.as_deref().is_some_and(|message| message.contains(part))
    }
}

impl Failure {
    /// From the error of the HTTP client.
    pub(super) fn from_client(cause: Source) -> Self {
        let connecting =
            cause.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect);
        Self::Lost { cause, sent: !connecting }
    }

    /// Whether the same read may succeed a little later.
    pub(super) fn is_transient(&self) -> bool {
        match self {
            Self::Unsent(_) => false,
            Self::Status { code, .. } => matches!(code.as_u16(), 429 | 500 | 502 | 503 | 504),
            Self::Lost { cause, .. } => !unreachable::is_permanent(&**cause),
            Self::Late(_) => true,
        }
    }

    pub(super) fn is(&self, status: StatusCode) -> bool {
        matches!(self, Self::Status { code, .. } if *code == status)
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The error for the user.
    pub(super) fn into_error(self, asked: &Asked, peer: &Peer) -> Error {
        match self {
            Self::Unsent(error) => error,
            Self::Lost { cause, sent } => {
                unreachable::describe(&*cause, sent, &peer.server, &peer.flags)
            }
            Self::Late(time) => {
                let place = unreachable::address(&peer.server);
                let what = asked.phrase();
                let message = format!("{place} did not answer in time ({what})");
                Error::new(ErrorKind::Unreachable, message)
                    .because(format!("gave up after {time:.1?}"))
                    .hint(peer.command("get --raw /readyz"))
            }
            Self::Status { code, status, .. } => {
                let error = status_error(code, &status, asked, peer);
                match status.message {
                    Some(message) => error.because(message),
                    None => error.because(format!("HTTP status {code}")),
                }
            }
        }
    }
}

fn status_error(code: StatusCode, status: &ApiStatus, asked: &Asked, peer: &Peer) -> Error {
    let place = unreachable::address(&peer.server);
    let (what, object) = (asked.phrase(), asked.object());
    match code.as_u16() {
        401 => {
            let who = if peer.user.is_empty() { "no user" } else { &peer.user };
            let message =
                format!("{place} does not accept the credentials ({who}): expired or wrong");
            Error::new(ErrorKind::Unauthenticated, message).hint(peer.command("auth whoami"))
        }
        403 if peer.impersonates.is_some() && status.says(" cannot impersonate") => {
            let who = peer.impersonates.as_deref().unwrap_or_default();
            let hint = pin::command("auth can-i impersonate users", &peer.own_flags);
            Error::new(ErrorKind::Forbidden, format!("not allowed to impersonate {who}")).hint(hint)
        }
        // Quotas, webhooks and policies answer 403 too; only RBAC says who cannot do what.
        403 if status.says("User \"") || status.message.is_none() => {
            Error::new(ErrorKind::Forbidden, format!("not allowed to {what}"))
                .hint(asked.can_i(&peer.flags))
        }
        403 => Error::new(ErrorKind::Refused, format!("a rule of the cluster forbids to {what}")),
        404 if asked.name.is_some() && status.details.name.is_some() => {
            Error::new(ErrorKind::NotFound, format!("no {object}"))
        }
        404 => Error::new(ErrorKind::NotFound, format!("{place} does not serve {object}"))
            .hint(peer.command("api-resources")),
        409 if status.reason.as_deref() == Some("AlreadyExists") => Error::new(
            ErrorKind::Refused,
            format!("cannot {what}: one of that name exists already"),
        ),
        409 => Error::new(ErrorKind::LostRace, format!("{object} was changed by somebody else")),
        410 => Error::new(ErrorKind::Internal, format!("too old a version was asked for ({what})")),
        429 => {
            Error::new(ErrorKind::Unreachable, format!("{place} is overloaded and turned us away"))
        }
        500..=599 | 408 => {
            Error::new(ErrorKind::Unreachable, format!("{place} failed to {what} ({code})"))
                .hint(peer.command("get --raw /readyz"))
        }
        300..=399 => {
            let message = format!("{place} answers with a redirect: it is not an API server");
            Error::new(ErrorKind::Unreachable, message).hint(peer.command("config view --minify"))
        }
        _ => Error::new(ErrorKind::Refused, format!("{place} refused to {what} ({code})")),
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    fn error(method: &Method, code: u16, body: &str) -> Error {
        let path = "/apis/apps/v1/namespaces/shop/deployments/checkout";
        let failure = Failure::Status {
            code: StatusCode::from_u16(code).unwrap(),
            status: Box::new(ApiStatus::from_body(body.as_bytes())),
            retry_after: None,
        };
        failure.into_error(&Asked::new(method, path, false), &Peer::for_tests())
    }

    #[test]
    fn statuses_become_errors() {
        let rbac = r#"{"kind":"Status","message":"x is forbidden: User \"jane\" cannot patch","code":403}"#;
        let nobody =
            r#"{"message":"x is forbidden: User \"jane\" cannot impersonate resource \"users\""}"#;
        let webhook = r#"{"message":"admission webhook \"w\" denied the request: no","code":403}"#;
        let gone = r#"{"reason":"NotFound","message":"deployments.apps \"checkout\" not found","details":{"name":"checkout"}}"#;
        for (code, body, kind, message, hint) in [
            (
                401,
                "{}",
                ErrorKind::Unauthenticated,
                "does not accept the credentials (jane)",
                "kubectl auth whoami --context prod",
            ),
            (
                403,
                rbac,
                ErrorKind::Forbidden,
                "not allowed to patch deployments.apps checkout in namespace shop",
                "kubectl auth can-i patch deployments.apps -n shop --context prod",
            ),
            (
                403,
                nobody,
                ErrorKind::Forbidden,
                "not allowed to impersonate bob",
                "kubectl auth can-i impersonate users --context prod",
            ),
            (403, webhook, ErrorKind::Refused, "a rule of the cluster forbids", ""),
            (404, gone, ErrorKind::NotFound, "no deployments.apps checkout in namespace shop", ""),
            (
                404,
                "404 page not found",
                ErrorKind::NotFound,
                "does not serve deployments.apps",
                "kubectl api-resources --context prod",
            ),
            (409, "{}", ErrorKind::LostRace, "changed by somebody else", ""),
            (422, "{}", ErrorKind::Refused, "refused to patch", ""),
            (429, "{}", ErrorKind::Unreachable, "overloaded", ""),
            (
                503,
                "{}",
                ErrorKind::Unreachable,
                "failed to patch",
                "kubectl get --raw /readyz --context prod",
            ),
            (
                302,
                "",
                ErrorKind::Unreachable,
                "redirect",
                "kubectl config view --minify --context prod",
            ),
        ] {
            let error = error(&Method::PATCH, code, body);
            assert_eq!(error.kind(), kind, "{code}");
            assert!(error.to_string().contains(message), "{code}: {error}");
            assert_eq!(error.hints().first().map_or("", String::as_str), hint, "{code}");
            assert_eq!(error.causes().len(), 1, "{code}");
        }
    }

    #[test]
    fn reads_are_tried_again_only_where_it_can_help() {
        for (code, transient) in
            [(429, true), (500, true), (501, false), (503, true), (404, false), (401, false)]
        {
            let code = StatusCode::from_u16(code).unwrap();
            let failure = Failure::Status { code, status: Box::default(), retry_after: None };
            assert_eq!(failure.is_transient(), transient, "{code}");
        }
    }

    #[test]
    fn bodies_that_are_no_status_are_cut() {
        let status = ApiStatus::from_body("ü".repeat(1000).as_bytes());
        assert_eq!(status.message.unwrap().chars().count(), TEXT_LIMIT);
        assert_eq!(ApiStatus::from_body(b" ").message, None);
    }
}
