//! The bodies that a proxy answers with: what the API server sends, streamed; a text of the test;
//! or one that breaks off or ends too early.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::body::{Body, Bytes, Frame, Incoming};

pub(super) type Failure = Box<dyn std::error::Error + Send + Sync>;
pub(super) type Answer = BoxBody<Bytes, Failure>;

pub(super) fn streamed(body: Incoming) -> Answer {
    body.map_err(Into::into).boxed()
}

pub(super) fn text(body: String) -> Answer {
    Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed()
}

/// Breaks off after so many bytes: with HTTP/2 the stream is reset, with HTTP/1.1 the connection
/// closes.
pub(super) fn cut(inner: Answer, after: usize) -> Answer {
    CutBody { inner, left: after, breaks: true }.boxed()
}

/// Ends after so many bytes, as if that were all.
pub(super) fn end(inner: Answer, after: usize) -> Answer {
    CutBody { inner, left: after, breaks: false }.boxed()
}

struct CutBody {
    inner: Answer,
    left: usize,
    breaks: bool,
}

impl Body for CutBody {
    type Data = Bytes;
    type Error = Failure;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Failure>>> {
        if self.left == 0 {
            let broken = self.breaks.then(|| Err("cut off by the test".into()));
            return Poll::Ready(broken);
        }
        Pin::new(&mut self.inner).poll_frame(context).map_ok(|frame| {
            frame.map_data(|data| {
                let passed = data.slice(..data.len().min(self.left));
                self.left -= passed.len();
                passed
            })
        })
    }
}
