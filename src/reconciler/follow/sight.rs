//! One object as a stream of its states: a read, a watch that goes on from there, and polling where
//! watching is not allowed. What ends or breaks off is opened again.

use std::time::Duration;

use futures::Stream;
use futures::stream::unfold;
use serde_json::Value;
use tokio::time::sleep;

use super::super::following::Address;
use crate::cluster::{Cluster, Deadline, WatchEvent, WatchStep, WatchStream};
use crate::error::{Error, ErrorKind};

/// How often is asked where watching is not allowed.
const POLL: Duration = Duration::from_secs(2);
/// Pause before a watch is opened again that ended without a single event.
const PAUSE: Duration = Duration::from_millis(200);

/// What was seen of an object.
#[derive(Debug)]
pub(in crate::reconciler) struct Seen {
    /// Its path.
    pub(in crate::reconciler) path: String,
    /// How it is.
    pub(in crate::reconciler) how: How,
}

/// How an object is.
#[derive(Debug)]
pub(in crate::reconciler) enum How {
    /// So.
    There(Value),
    /// Not at all.
    Gone,
    /// From here on it is asked for again and again.
    Polled,
    /// It cannot be followed any longer.
    Ended(Error),
}

struct State<'a> {
    cluster: &'a Cluster,
    address: Address,
    deadline: Deadline,
    /// From where to watch; `None`: it has to be read first.
    version: Option<String>,
    stream: Option<WatchStream>,
    is_silent: bool,
    is_polled: bool,
    has_ended: bool,
}

/// Follows an object from a first read on.
pub(in crate::reconciler) fn of<'a>(
    cluster: &'a Cluster,
    address: &Address,
    deadline: Deadline,
) -> impl Stream<Item = Seen> + use<'a> {
    let state = State {
        cluster,
        address: address.clone(),
        deadline,
        version: None,
        stream: None,
        is_silent: false,
        is_polled: false,
        has_ended: false,
    };
    unfold(state, |mut state| async move {
        let how = state.next().await?;
        let path = state.address.object().to_string();
        Some((Seen { path, how }, state))
    })
}

impl State<'_> {
    async fn next(&mut self) -> Option<How> {
        while !self.has_ended {
            let how = if self.is_polled {
                sleep(POLL).await;
                Some(self.read().await)
            } else if self.version.is_none() {
                Some(self.read().await)
            } else {
                self.watch().await
            };
            if let Some(how) = how {
                self.has_ended = matches!(how, How::Ended(_));
                return Some(how);
            }
        }
        None
    }

    async fn read(&mut self) -> How {
        let path = self.address.object();
        // Not from the version of the object, which may be as old as it: from the newest on.
        self.version = Some(String::new());
        match self.cluster.get(&path, self.deadline).await {
            Ok(object) => How::There(object),
            Err(error) if error.kind() == ErrorKind::NotFound => How::Gone,
            Err(error) => How::Ended(error),
        }
    }

    async fn watch(&mut self) -> Option<How> {
        let Some(stream) = &mut self.stream else { return self.open().await };
        let step = stream.next().await;
        if !matches!(step, WatchStep::Event(_)) {
            self.stream = None;
            if self.is_silent {
                sleep(PAUSE).await;
            }
        }
        match step {
            WatchStep::Event(event) => {
                self.is_silent = false;
                self.event(event)
            }
            WatchStep::Closed => None,
            WatchStep::Expired => {
                self.version = None;
                None
            }
            WatchStep::Failed(error) => Some(self.refused(error)),
        }
    }

    async fn open(&mut self) -> Option<How> {
        let version = self.version.clone().unwrap_or_default();
        match self.cluster.watch(&self.address.watch(), &version, self.deadline).await {
            Ok(stream) => {
                self.stream = Some(stream);
                self.is_silent = true;
                None
            }
            Err(error) => Some(self.refused(error)),
        }
    }

    fn refused(&mut self, error: Error) -> How {
        if error.kind() != ErrorKind::Forbidden {
            return How::Ended(error);
        }
        self.is_polled = true;
        How::Polled
    }

    fn event(&mut self, event: WatchEvent) -> Option<How> {
        let (object, is_there) = match event {
            WatchEvent::Added(object) | WatchEvent::Modified(object) => (object, true),
            WatchEvent::Deleted(object) => (object, false),
            WatchEvent::Bookmark { resource_version } => {
                self.version = Some(resource_version);
                return None;
            }
        };
        if let Some(version) = object.pointer("/metadata/resourceVersion").and_then(Value::as_str) {
            self.version = Some(version.to_owned());
        }
        Some(if is_there { How::There(object) } else { How::Gone })
    }
}
