//! One stream of updates from a list, a watch that goes on from it, and polling where watching is
//! not allowed.
//!
//! Survives clean closes and lost connections (it watches on from the last version seen) and
//! expired versions (it reads again). The stream keeps what is under way inside itself, so that
//! dropping a `next()` loses nothing.

use std::sync::Arc;
use std::time::Duration;

use futures::Stream;
use futures::stream::unfold;
use serde_json::Value;
use tokio::time::sleep;

use crate::cluster::{Cluster, Deadline, WatchEvent, WatchStep, WatchStream};
use crate::error::{Error, ErrorKind};

use super::{Watch, selector};

/// How often is asked where watching is not allowed.
const POLL: Duration = Duration::from_secs(2);
/// Pause before a watch is opened again that ended without a single event.
const PAUSE: Duration = Duration::from_millis(200);
/// Pods on a page of a list that several workloads share: 500 of 10 KB are 5 MB of text.
const PAGE: usize = 500;

/// What is followed.
#[derive(Clone)]
pub(in crate::rollback) struct Source {
    /// Path that reads it: an object or a list.
    pub(in crate::rollback) read: String,
    /// Path that is watched: always a collection.
    pub(in crate::rollback) watch: String,
    /// Whether `read` answers with a list.
    pub(in crate::rollback) is_list: bool,
    /// What is kept of a list.
    pub(in crate::rollback) kept: Kept,
}

/// What is kept of a list. One that several workloads share may be that of a whole cluster: it is read
/// in pages, and what concerns none of them does not stay in memory.
#[derive(Clone)]
pub(in crate::rollback) enum Kept {
    /// Everything, read with one request.
    All,
    /// The pods of these.
    Of(Arc<[Selected]>),
}

/// The pods that a workload selects.
pub(in crate::rollback) struct Selected {
    namespace: String,
    selector: Value,
}

impl Selected {
    pub(in crate::rollback) fn by(watch: &Watch<'_>) -> Self {
        Self {
            namespace: watch.target.namespace.clone(),
            selector: watch.workload.pointer("/spec/selector").cloned().unwrap_or_default(),
        }
    }

    /// Whether this pod is one of them.
    pub(in crate::rollback) fn has(&self, pod: &Value) -> bool {
        let labels = pod.pointer("/metadata/labels").unwrap_or(&Value::Null);
        pod.pointer("/metadata/namespace").and_then(Value::as_str) == Some(&self.namespace)
            && selector::matches(&self.selector, labels)
    }
}

impl Source {
    /// The path of the list, or of the page of it that begins at this token.
    fn page(&self, token: &str) -> String {
        match &self.kept {
            Kept::All => self.read.clone(),
            Kept::Of(_) if token.is_empty() => format!("{}?limit={PAGE}", self.read),
            Kept::Of(_) => format!("{}?limit={PAGE}&continue={token}", self.read),
        }
    }

    fn keeps(&self, object: &Value) -> bool {
        match &self.kept {
            Kept::All => true,
            Kept::Of(all) => all.iter().any(|selected| selected.has(object)),
        }
    }
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
        if self.source.is_list { self.read_list().await } else { self.read_object().await }
    }

    async fn read_list(&mut self) -> Update {
        let (mut kept, mut token) = (Vec::new(), String::new());
        loop {
            let list = match self.cluster.get(&self.source.page(&token), self.deadline).await {
                Ok(list) => list,
                Err(error) => return Update::Ended(error),
            };
            let text = |pointer: &str| list.pointer(pointer).and_then(Value::as_str);
            self.version = Some(text("/metadata/resourceVersion").unwrap_or_default().to_owned());
            text("/metadata/continue").unwrap_or_default().clone_into(&mut token);
            kept.extend(items(list).into_iter().filter(|item| self.source.keeps(item)));
            if token.is_empty() || matches!(self.source.kept, Kept::All) {
                return Update::Listed(kept);
            }
        }
    }

    async fn read_object(&mut self) -> Update {
        match self.cluster.get(&self.source.read, self.deadline).await {
            Ok(object) => {
                // Not its own version, which may be as old as the object: from the newest on.
                self.version = Some(String::new());
                Update::Listed(vec![object])
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Update::Listed(Vec::new()),
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
                if self.silent {
                    sleep(PAUSE).await;
                }
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
