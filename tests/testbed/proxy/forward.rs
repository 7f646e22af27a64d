//! One request: recorded, held or broken as the test wants, forwarded to the API server, its answer
//! streamed back.

use std::sync::Arc;
use std::time::Instant;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::http::request;
use hyper::{Request, Response};

use super::body::{self, Answer, Failure};
use super::connection::Line;
use super::fault::Action;
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
    tokio::time::sleep(delay).await;
    match &action {
        Action::Hold(gate) => gate.opened().await,
        Action::ResetBefore => return broken(&line).await,
        Action::Respond { status, headers, body } => {
            shared.answered(index, started, *status, true);
            return respond(*status, headers, body);
        }
        Action::Pass | Action::ResetAfter | Action::CutBodyAfter(_) => {}
    }
    let response = shared.upstream.request(onward(&shared.server, head, body)?).await?;
    let seen = !matches!(action, Action::ResetAfter);
    shared.answered(index, started, response.status().as_u16(), seen);
    if !seen {
        return broken(&line).await;
    }
    let (mut head, body) = response.into_parts();
    remove_hop_by_hop(&mut head.headers);
    let body = match action {
        Action::CutBodyAfter(bytes) => body::cut(body::streamed(body), bytes),
        _ => body::streamed(body),
    };
    Ok(Response::from_parts(head, body))
}

/// The connection ends while this waits, and this with it.
async fn broken(line: &Line) -> Result<Response<Answer>, Failure> {
    line.reset();
    std::future::pending().await
}

fn respond(
    status: u16,
    headers: &[(String, String)],
    body: &str,
) -> Result<Response<Answer>, Failure> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    Ok(response.body(body::text(body.to_owned()))?)
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
