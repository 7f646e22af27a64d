//! One HTTP watch, as it comes.
//!
//! In: a path and a resource version; out: events one by one. It does not list, resume or reconnect:
//! whoever watches decides what the end of a stream means.

use std::collections::VecDeque;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use serde_json::Value;

use super::failure::{ApiStatus, Failure};
use super::path::append_query;
use super::request::{Call, JSON};
use super::watch_lanes::Place;
use super::watch_line::{Line, Lines, parse};
use super::{Cluster, Deadline, retry};
use crate::error::{Error, ErrorKind, Result};

/// How much longer than asked for a watch may stay open before it counts as dead.
const GRACE: Duration = Duration::from_secs(15);

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum WatchEvent {
    /// The object came into existence, or into the selection.
    Added(Value),
    /// The object changed.
    Modified(Value),
    /// The object is gone, or left the selection; this is its last state.
    Deleted(Value),
    /// Nothing happened up to this version.
    Bookmark {
        /// Where to go on from.
        resource_version: String,
    },
}

/// What came next.
#[derive(Debug)]
pub enum WatchStep {
    /// An event; more may follow.
    Event(WatchEvent),
    /// The stream is over: ended by the server, connection lost, or the deadline passed. Go on from the
    /// last version seen.
    Closed,
    /// The version is too old (410): read again before watching.
    Expired,
    /// The server refuses (401, 403), or sends what cannot be understood.
    Failed(Error),
}

/// An open watch. Dropping it closes it.
pub struct WatchStream {
    body: Option<(Incoming, Place)>,
    lines: Lines,
    ready: VecDeque<Line>,
    ends: Deadline,
    /// What `ERROR` events with a refusal become; built where the request is known.
    refused: Box<dyn Fn(ApiStatus) -> Error + Send + Sync>,
    path: String,
}

impl Cluster {
    /// Opens one watch from `resource_version`; `path` may have a query, without watch parameters.
    ///
    /// Opening is retried like a read. A version that is too old is not an error here: the stream's
    /// first step is [`WatchStep::Expired`].
    pub async fn watch(
        &self,
        path: &str,
        resource_version: &str,
        deadline: Deadline,
    ) -> Result<WatchStream> {
        // Random, so that the watches of many clients do not end together.
        let seconds = 290 + retry::random() % 31;
        let mut url = path.to_owned();
        append_query(&mut url, "watch", "1");
        append_query(&mut url, "allowWatchBookmarks", "true");
        append_query(&mut url, "resourceVersion", resource_version);
        append_query(&mut url, "timeoutSeconds", &seconds.to_string());
        let call = Call { watch: true, ..Call::read(&url, JSON) };
        let body = self.open(&call, deadline).await?;
        let ready = if body.is_none() { VecDeque::from([Line::Expired]) } else { VecDeque::new() };
        let (asked, peer) = (call.asked(), std::sync::Arc::clone(&self.peer));
        let refused = Box::new(move |status: ApiStatus| {
            let code = http::StatusCode::from_u16(status.code).unwrap_or_default();
            let status = Box::new(status);
            Failure::Status { code, status, retry_after: None }.into_error(&asked, &peer)
        });
        let ends = deadline.earlier(Duration::from_secs(seconds) + GRACE);
        Ok(WatchStream {
            body,
            lines: Lines::default(),
            ready,
            ends,
            refused,
            path: path.to_owned(),
        })
    }
}

impl WatchStream {
    /// The next step. After anything but an event the stream is over: from then on it is `Closed`.
    ///
    /// May be dropped half-way, as in `select!`, without losing events.
    pub async fn next(&mut self) -> WatchStep {
        loop {
            if let Some(line) = self.ready.pop_front() {
                return self.step(line);
            }
            let Some((body, _)) = &mut self.body else { return WatchStep::Closed };
            match self.ends.bound(body.frame()).await {
                Some(Some(Ok(frame))) => {
                    if let Some(bytes) = frame.data_ref() {
                        let ready = &mut self.ready;
                        self.lines.push(bytes, |line| ready.extend(parse(line)));
                    }
                }
                Some(Some(Err(error))) => return self.close(&error.to_string()),
                Some(None) => return self.close("ended by the server"),
                None => return self.close("its time is over"),
            }
        }
    }

    fn step(&mut self, line: Line) -> WatchStep {
        let step = match line {
            Line::Event(event) => return WatchStep::Event(event),
            Line::Expired => WatchStep::Expired,
            Line::Refused(status) => WatchStep::Failed((self.refused)(status)),
            Line::Error(reason) => return self.close(&reason),
            Line::Garbled(cause) => WatchStep::Failed(
                Error::new(ErrorKind::Internal, format!("cannot read the watch of {}", self.path))
                    .because(cause),
            ),
        };
        self.close("refused by the server");
        step
    }

    fn close(&mut self, reason: &str) -> WatchStep {
        let truncated = !self.lines.rest.is_empty();
        tracing::debug!(path = self.path, reason, truncated, "watch closed");
        self.body = None;
        self.ready.clear();
        self.lines.rest.clear();
        WatchStep::Closed
    }
}
