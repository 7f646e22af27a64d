//! One stream of updates from a list, a watch that goes on from it, and polling where watching is
//! not allowed.
//!
//! Survives clean closes and lost connections (it watches on from the last version seen) and
//! expired versions (it reads again). The stream keeps what is under way inside itself, so that
//! dropping a `next()` loses nothing.

use std::time::Duration;

use futures::Stream;
use futures::stream::unfold;
use serde_json::Value;
use tokio::time::sleep;

use crate::cluster::{Cluster, Deadline, WatchEvent, WatchStep, WatchStream};
use crate::error::{Error, ErrorKind};

/// How often is asked where watching is not allowed.
const POLL: Duration = Duration::from_secs(2);
/// Pause before a watch is opened again that ended without a single event.
const PAUSE: Duration = Duration::from_millis(200);

/// What is followed.
#[derive(Clone)]
pub(in crate::rollback) struct Source {
    /// Path that reads it: an object or a list.
    pub(in crate::rollback) read: String,
    /// Path that is watched: always a collection.
    pub(in crate::rollback) watch: String,
    /// Whether `read` answers with a list.
    pub(in crate::rollback) is_list: bool,
}

/// Something changed.
#[derive(Debug)]
pub(in crate::rollback) enum Update {
    /// A new object.
    Added(Value),
    /// A changed object.
    Changed(Value),
    /// An object that is gone, as it last was.
    Deleted(Value),
    /// Everything there is.
    Listed(Vec<Value>),
    /// From here on is asked again and again.
    Polling,
    /// It cannot be followed any longer.
    Ended(Error),
}

struct State<'a> {
    cluster: &'a Cluster,
    source: Source,
    version: Option<String>,
    stream: Option<WatchStream>,
    silent: bool,
    polling: bool,
    ended: bool,
    deadline: Deadline,
}

/// Follows a source from a version on, or from a first read where there is none.
pub(in crate::rollback) fn follow(
    cluster: &Cluster,
    source: Source,
    version: Option<String>,
    deadline: Deadline,
) -> impl Stream<Item = Update> {
    let state = State {
        cluster,
        source,
        version,
        stream: None,
        silent: false,
        polling: false,
        ended: false,
        deadline,
    };
    unfold(state, |mut state| async move {
        let update = state.next().await?;
        Some((update, state))
    })
}

impl State<'_> {
    async fn next(&mut self) -> Option<Update> {
        while !self.ended {
            let update = if self.polling {
                sleep(POLL).await;
                Some(self.read().await)
            } else if self.version.is_none() {
                Some(self.read().await)
            } else {
                self.watch().await
            };
            if let Some(update) = update {
                self.ended = matches!(update, Update::Ended(_));
                return Some(update);
            }
        }
        None
    }

    async fn read(&mut self) -> Update {
        match self.cluster.get(&self.source.read, self.deadline).await {
            Ok(object) => {
                let version = object.pointer("/metadata/resourceVersion").and_then(Value::as_str);
                self.version = Some(version.unwrap_or_default().to_owned());
                Update::Listed(if self.source.is_list { items(object) } else { vec![object] })
            }
            Err(error) if error.kind() == ErrorKind::NotFound && !self.source.is_list => {
                Update::Listed(Vec::new())
            }
            Err(error) => Update::Ended(error),
        }
    }

    async fn watch(&mut self) -> Option<Update> {
        let Some(stream) = &mut self.stream else { return self.open().await };
        let step = stream.next().await;
        if !matches!(step, WatchStep::Event(_)) {
            self.stream = None;
        }
        match step {
            WatchStep::Event(event) => {
                self.silent = false;
                self.on_event(event)
            }
            WatchStep::Closed => {
                if self.silent {
                    sleep(PAUSE).await;
                }
                None
            }
            WatchStep::Expired => {
                self.version = None;
                None
            }
            WatchStep::Failed(error) => Some(self.refused(error)),
        }
    }

    async fn open(&mut self) -> Option<Update> {
        let version = self.version.clone().unwrap_or_default();
        match self.cluster.watch(&self.source.watch, &version, self.deadline).await {
            Ok(stream) => {
                self.stream = Some(stream);
                self.silent = true;
                None
            }
            Err(error) => Some(self.refused(error)),
        }
    }

    fn refused(&mut self, error: Error) -> Update {
        if error.kind() != ErrorKind::Forbidden {
            return Update::Ended(error);
        }
        self.polling = true;
        Update::Polling
    }

    fn on_event(&mut self, event: WatchEvent) -> Option<Update> {
        let (object, update): (Value, fn(Value) -> Update) = match event {
            WatchEvent::Added(object) => (object, Update::Added),
            WatchEvent::Modified(object) => (object, Update::Changed),
            WatchEvent::Deleted(object) => (object, Update::Deleted),
            WatchEvent::Bookmark { resource_version } => {
                self.version = Some(resource_version);
                return None;
            }
        };
        if let Some(version) = object.pointer("/metadata/resourceVersion").and_then(Value::as_str) {
            self.version = Some(version.to_owned());
        }
        Some(update(object))
    }
}

pub(super) fn items(mut list: Value) -> Vec<Value> {
    match list.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}
