//! What the API server says for itself where it was to hand a request on.
//!
//! It uses the same statuses as programs do, so its own answers are told by their text: a `Status`
//! about the very Service or pod
//! (kubernetes:pkg/registry/core/service/storage/storage.go and pod/strategy.go, `ResourceLocation`;
//! staging/src/k8s.io/apimachinery/pkg/util/proxy). Pure.

use serde::Deserialize;

use super::super::answer::HttpAnswer;
use super::super::asked::Asked;
use super::super::no_answer::{NoAnswer, Why};
use super::super::peer::Peer;
use super::super::unreachable::chain;

/// A `Status` is never longer.
pub(super) const LIMIT: usize = 64 * 1024;
/// Every answer that has passed an API server has this header.
const AUDIT_ID: &str = "audit-id";
/// What the API server says when it has too much to do; with this no `Status`.
const THROTTLED: &str = "Too many requests, please try again later.";

/// A `Status`, as far as it matters here.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    kind: String,
    api_version: String,
    #[serde(rename = "status")]
    outcome: String,
    message: String,
    code: u16,
    details: Details,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Details {
    kind: String,
}

/// What the API server itself has said; `None` where it is the program that answered.
pub(super) fn by_api_server(answer: &HttpAnswer, asked: &Asked, peer: &Peer) -> Option<NoAnswer> {
    let status: Status = serde_json::from_slice(&answer.body).unwrap_or_default();
    let is_status = status.kind == "Status"
        && status.api_version == "v1"
        && status.outcome == "Failure"
        && status.code == answer.status;
    let said = is_status.then(|| of_status(&status, asked, peer)).flatten();
    said.or_else(|| of_others(answer, peer))
}

fn of_status(status: &Status, asked: &Asked, peer: &Peer) -> Option<NoAnswer> {
    let message = status.message.as_str();
    let own = || NoAnswer::new(Why::ApiServer, format!("the API server says: {message}"));
    let says = |part: &str| message.contains(part);
    match status.code {
        400 if message == "address not allowed" => Some(NoAnswer::new(
            Why::ProxyRefused,
            "the API server does not connect to loopback and link-local addresses",
        )),
        400 if says("invalid service request") || says("invalid pod request") => {
            Some(NoAnswer::new(Why::Configuration, message))
        }
        401 => Some(own().hint(peer.command("auth whoami"))),
        // A program that is an API server itself says the same of its own paths.
        403 if says("/proxy\"") || says("cannot impersonate") => {
            let message = format!("not allowed to {}", asked.phrase());
            Some(NoAnswer::new(Why::Forbidden, message).hint(asked.can_i(&peer.flags)))
        }
        404 if matches!(status.details.kind.as_str(), "services" | "endpoints" | "pods") => {
            Some(NoAnswer::new(Why::NotFound, message))
        }
        500 if says("error trying to parse Location header") => {
            Some(NoAnswer::new(Why::NotHttp, "it redirects to what is not a URL"))
        }
        503 => Some(match message.strip_prefix("error trying to reach service: ") {
            Some(cause) => not_reached(cause),
            None if says("no endpoints available") => {
                NoAnswer::new(Why::NoEndpoints, "no pod behind it is ready")
            }
            None if says("no service port") => NoAnswer::new(Why::NoPort, message),
            None => own(),
        }),
        429 | 500..=599 => Some(own()),
        _ => None,
    }
}

/// From the words of Go's HTTP client. Only what a program does is held against it: that the API
/// server has no way to the pods, as on clusters with a firewall in between, is not.
fn not_reached(cause: &str) -> NoAnswer {
    let says = |part: &str| cause.contains(part);
    if says("connection refused") {
        return NoAnswer::new(Why::Refused, "it refuses connections");
    }
    if says("response headers exceeded") {
        return NoAnswer::new(Why::HugeHeaders, "its headers are too big");
    }
    if says("malformed") {
        return NoAnswer::new(Why::NotHttp, format!("what it answers is not HTTP: {cause}"));
    }
    if says("tls: ") || says("x509: ") || says("HTTP response to HTTPS client") {
        return NoAnswer::new(Why::Tls, format!("no TLS connection to it: {cause}"));
    }
    let is_broken = ["connection reset", "broken pipe", "server closed idle connection"];
    if cause.ends_with("EOF") || is_broken.iter().any(|part| says(part)) {
        return NoAnswer::new(Why::Closed, "it closes the connection without an answer");
    }
    NoAnswer::new(Why::NotReached, format!("the API server cannot reach it: {cause}"))
}

/// Answers without a `Status`: of the API server, and of what stands before it.
fn of_others(answer: &HttpAnswer, peer: &Peer) -> Option<NoAnswer> {
    if answer.status == 429 && answer.body.trim_ascii() == THROTTLED.as_bytes() {
        return Some(NoAnswer::new(Why::ApiServer, "the API server is overloaded"));
    }
    let between = matches!(answer.status, 502..=504) && !answer.headers.contains_key(AUDIT_ID);
    between.then(|| {
        let message = format!("status {} from something before the API server", answer.status);
        NoAnswer::new(Why::ApiServer, message).hint(peer.command("get --raw /readyz"))
    })
}

/// Where the exchange failed on its own stream of HTTP/2 and the connection did not: the answer is at
/// fault. The API server breaks a stream off where the program does so with its answer; headers that
/// are too big are refused here.
pub(super) fn broken_stream(cause: &(dyn std::error::Error + 'static)) -> Option<NoAnswer> {
    let texts: Vec<String> = chain(cause).map(ToString::to_string).collect();
    let says = |part: &str| texts.iter().any(|text| text.contains(part));
    if says("stream error received: unexpected internal error") {
        return Some(NoAnswer::new(Why::Truncated, "its answer breaks off"));
    }
    // The words of h2 for what it does not take.
    says("error detected: ").then(|| NoAnswer::new(Why::HugeHeaders, "its headers are too big"))
}

#[cfg(test)]
mod tests;
