//! Requests to programs, and their answers. Whatever a program answers is an answer.

use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};

use super::Deadline;
use super::request::AGENT;
use super::unreachable::chain;
use crate::error::Source;

/// What a program is asked.
#[derive(Clone, Debug)]
pub struct HttpAsk<'a> {
    /// Programs of a workload are asked with `GET` and `HEAD` only: nothing that changes anything.
    pub method: Method,
    /// Headers of its own. They may be secret, and are never logged.
    pub headers: &'a HeaderMap,
    /// What is sent along; empty with `GET` and `HEAD`. Its type stands in the headers.
    pub body: &'a [u8],
    /// How much of the body is read; then the connection is dropped. Of a failure that the API
    /// server hands on, 64 KiB are read in any case.
    pub limit: usize,
}

impl HttpAsk<'_> {
    pub(super) fn request(&self, uri: Uri) -> Request<Full<Bytes>> {
        let mut request = Request::new(Full::new(Bytes::copy_from_slice(self.body)));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        headers.extend(self.headers.clone());
        request
    }
}

/// What a program answered.
#[derive(Clone, Debug)]
pub struct HttpAnswer {
    /// Its status.
    pub status: u16,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, up to the limit.
    pub body: Vec<u8>,
    /// How the body ended.
    pub ending: Ending,
}

/// How a body ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It is all there.
    Whole,
    /// There is more than was wanted.
    Cut,
    /// The connection broke before its end.
    Broken(String),
    /// The time was up before its end.
    Late,
}

impl HttpAnswer {
    /// Reads the body as far as it is wanted.
    pub(super) async fn read(response: Response<Incoming>, limit: usize, until: Deadline) -> Self {
        let (head, mut stream) = response.into_parts();
        let mut body = Vec::new();
        let ending = loop {
            match until.bound(stream.frame()).await {
                None => break Ending::Late,
                Some(None) => break Ending::Whole,
                Some(Some(Err(error))) => {
                    let error: Source = error.into();
                    break Ending::Broken(
                        chain(&*error).last().map(ToString::to_string).unwrap_or_default(),
                    );
                }
                Some(Some(Ok(frame))) => {
                    let Some(data) = frame.data_ref() else { continue };
                    let room = limit.saturating_sub(body.len());
                    body.extend(data.iter().take(room));
                    if data.len() > room {
                        break Ending::Cut;
                    }
                }
            }
        };
        Self { status: head.status.as_u16(), headers: head.headers, body, ending }
    }
}
