//! One request: recorded, held or broken as the test wants, forwarded to the API server, its answer
//! streamed back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::http::request;
use hyper::{Request, Response};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::body::{self, Answer, Failure};
use super::connection::Line;
use super::fault::{Action, Reply};
use super::record::RequestHead;
use super::{Arrival, Shared};

/// Headers that are about one connection, not about the request.
const HOP_BY_HOP: [HeaderName; 5] =
    [header::CONNECTION, header::TRANSFER_ENCODING, header::UPGRADE, header::HOST, header::TE];

pub(super) async fn answer(
    request: Request<Incoming>,
    started: Instant,
    line: Arc<Line>,
    shared: Arc<Shared>,
) -> Result<Response<Answer>, Failure> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let Arrival { index, action, delay } =
        shared.arrived(line.number, started, describe(&head, &body));
    sleep(delay).await;
    let mut action = action;
    while let Action::HoldThen(gate, then) = action {
        gate.opened().await;
        action = *then;
    }
    let onward = onward(&shared.server, head, body)?;
    match &action {
        Action::Hold(gate) => gate.opened().await,
        Action::Delay(time) => sleep(*time).await,
        Action::ResetBefore => return broken(&line).await,
        Action::Refuse(time) => return refused(&shared, *time).await,
        Action::ResetThenForward(after) => {
            forward(Arc::clone(&shared), onward, *after, (index, started));
            return broken(&line).await;
        }
        Action::Respond(reply) => {
            shared.answered(index, started, reply.status, true);
            return respond(reply);
        }
        _ => {}
    }
    // On its own: what the API server has begun it ends, also when the client is gone.
    let forwarding = forward(Arc::clone(&shared), onward, Duration::ZERO, (index, started));
    let response = forwarding.await??;
    let status = response.status().as_u16();
    match &action {
        Action::HoldAnswer(gate) => gate.opened().await,
        Action::ResetAfter => {
            shared.answered(index, started, status, false);
            return broken(&line).await;
        }
        Action::RespondAfter(reply) => {
            shared.answered(index, started, reply.status, true);
            return respond(reply);
        }
        _ => {}
    }
    shared.answered(index, started, status, true);
    let (mut head, body) = response.into_parts();
    remove_hop_by_hop(&mut head.headers);
    let body = match action {
        Action::CutBodyAfter(bytes) => body::cut(body::streamed(body), bytes),
        Action::EndBodyAfter(bytes) => {
            head.headers.remove(header::CONTENT_LENGTH);
            body::end(body::streamed(body), bytes)
        }
        _ => body::streamed(body),
    };
    Ok(Response::from_parts(head, body))
}

/// The connection ends while this waits, and this with it.
async fn broken(line: &Line) -> Result<Response<Answer>, Failure> {
    line.reset();
    std::future::pending().await
}

/// So do all connections.
async fn refused(shared: &Shared, time: Duration) -> Result<Response<Answer>, Failure> {
    shared.listen_again_after(time);
    std::future::pending().await
}

/// Forwards a request, and records what the API server answers.
fn forward(
    shared: Arc<Shared>,
    request: Request<Full<Bytes>>,
    after: Duration,
    (index, started): (usize, Instant),
) -> JoinHandle<Result<Response<Incoming>, Failure>> {
    shared.is_on_its_way(true);
    tokio::spawn(async move {
        sleep(after).await;
        let answered = shared.upstream.request(request).await;
        if let Ok(response) = &answered {
            shared.done(index, started, response.status().as_u16());
        }
        shared.is_on_its_way(false);
        Ok(answered?)
    })
}

fn respond(reply: &Reply) -> Result<Response<Answer>, Failure> {
    let mut response = Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    Ok(response.body(body::text(reply.body.clone()))?)
}

/// The same request for the API server: method, path, query, headers, credentials.
fn onward(
    server: &str,
    head: request::Parts,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, Failure> {
    let mut request = Request::builder()
        .method(&head.method)
        .uri(format!("{server}{}", path(&head)))
        .body(Full::new(body))?;
    *request.headers_mut() = head.headers;
    remove_hop_by_hop(request.headers_mut());
    Ok(request)
}

fn remove_hop_by_hop(headers: &mut HeaderMap) {
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

fn describe(head: &request::Parts, body: &Bytes) -> RequestHead {
    let header = |name: HeaderName| {
        head.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    RequestHead {
        method: head.method.to_string(),
        path: path(head),
        user_agent: header(header::USER_AGENT).unwrap_or_default(),
        content_type: header(header::CONTENT_TYPE).unwrap_or_default(),
        body: body.to_vec(),
    }
}

fn path(head: &request::Parts) -> String {
    head.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}
