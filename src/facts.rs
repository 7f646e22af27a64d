//! Facts about a cluster: what checks ask for, gathered side by side and each only once.
//!
//! A check says what it wants to know as a list of [`Ask`]s and judges the answers without any I/O of
//! its own: so it is a function of values, and what several checks ask for costs one request.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::Instant;

use crate::cluster::{Cluster, Deadline, Permission, Write, WriteError};
use crate::error::{Error, ErrorKind, Result};

/// Requests that are under way at once.
pub const AT_ONCE: usize = 32;

/// One thing to ask the API server; equal ones are asked once. All are paths below its URL.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// An object or a list.
    Read(String),
    /// A `ConfigMap` or a `Secret` without its values: its `metadata` without annotations (which may
    /// repeat the values), and the names of its keys as the list `keys`.
    Keys(String),
    /// Of all objects of a list the name, the owners, the age and the annotations.
    Metadata(String),
    /// Text, such as the log of a container.
    Text(String),
    /// Whether a request with this method is allowed.
    May(&'static str, String),
    /// Whether the API server would take a write.
    Rehearse(Write),
}

enum Answer {
    Value(Value),
    Text(String),
    Permission(Permission),
}

enum Missing {
    Error(Error),
    Write(WriteError),
}

struct Fact {
    answer: Result<Answer, Missing>,
    took: Duration,
}

/// What was found out.
#[derive(Default)]
pub struct Facts<'a> {
    known: HashMap<Ask, Fact>,
    /// When they were asked.
    asked_at: Timestamp,
    /// What was found out before, or for others too.
    common: Option<&'a Facts<'a>>,
}

/// What stands in for an answer to what was never asked.
static UNASKED: LazyLock<Error> =
    LazyLock::new(|| Error::new(ErrorKind::Internal, "it was not asked for"));

impl Facts<'_> {
    /// Asks everything at the same time; what has no answer at the deadline is an error.
    pub async fn gather(
        cluster: &Cluster,
        asks: impl IntoIterator<Item = Ask>,
        field_manager: &str,
        deadline: Deadline,
    ) -> Self {
        let asked_at = Timestamp::now();
        let distinct: HashSet<Ask> = asks.into_iter().collect();
        let known = stream::iter(distinct)
            .map(|ask| async move {
                let started = Instant::now();
                let answer = ask_one(cluster, &ask, field_manager, deadline).await;
                (ask, Fact { answer, took: started.elapsed() })
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        Self { known, asked_at, common: None }
    }

    /// These, and what was found out before.
    #[must_use]
    pub fn and<'b>(self, before: &'b Facts<'b>) -> Facts<'b> {
        Facts { known: self.known, asked_at: self.asked_at, common: Some(before) }
    }

    /// When they were asked: what depends on the time of day is judged by it.
    #[must_use]
    pub fn asked_at(&self) -> Timestamp {
        self.asked_at
    }

    /// Whether this was asked.
    #[must_use]
    pub fn knows(&self, ask: &Ask) -> bool {
        self.fact(ask).is_some()
    }

    /// The answer to [`Ask::Read`], [`Ask::Keys`] or [`Ask::Metadata`].
    pub fn value(&self, ask: &Ask) -> Result<&Value, &Error> {
        match self.answer(ask)? {
            Answer::Value(value) => Ok(value),
            Answer::Text(_) | Answer::Permission(_) => Err(&UNASKED),
        }
    }

    /// The same, where an object that does not exist is no error.
    pub fn find(&self, ask: &Ask) -> Result<Option<&Value>, &Error> {
        match self.value(ask) {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The items of a list.
    pub fn items(&self, ask: &Ask) -> Result<&[Value], &Error> {
        let items = self.value(ask)?.get("items").and_then(Value::as_array);
        Ok(items.map(Vec::as_slice).unwrap_or_default())
    }

    /// The answer to [`Ask::Text`].
    pub fn text(&self, ask: &Ask) -> Result<&str, &Error> {
        match self.answer(ask)? {
            Answer::Text(text) => Ok(text),
            Answer::Value(_) | Answer::Permission(_) => Err(&UNASKED),
        }
    }

    /// The answer to [`Ask::May`].
    pub fn permission(&self, ask: &Ask) -> Result<&Permission, &Error> {
        match self.answer(ask)? {
            Answer::Permission(permission) => Ok(permission),
            Answer::Value(_) | Answer::Text(_) => Err(&UNASKED),
        }
    }

    /// The answer to [`Ask::Rehearse`]; `None` where it was never asked.
    #[must_use]
    pub fn rehearsal(&self, ask: &Ask) -> Option<Result<&Value, &WriteError>> {
        match &self.fact(ask)?.answer {
            Ok(Answer::Value(value)) => Some(Ok(value)),
            Err(Missing::Write(error)) => Some(Err(error)),
            Ok(_) | Err(Missing::Error(_)) => None,
        }
    }

    /// How long the slowest of these took.
    #[must_use]
    pub fn took(&self, asks: &[Ask]) -> Duration {
        asks.iter().filter_map(|ask| self.fact(ask)).map(|fact| fact.took).max().unwrap_or_default()
    }

    fn fact(&self, ask: &Ask) -> Option<&Fact> {
        self.known.get(ask).or_else(|| self.common?.fact(ask))
    }

    fn answer(&self, ask: &Ask) -> Result<&Answer, &Error> {
        match self.fact(ask).map(|fact| &fact.answer) {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(Missing::Error(error))) => Err(error),
            Some(Err(Missing::Write(error))) => Err(error.error()),
            None => Err(&UNASKED),
        }
    }
}

/// Gathers facts for several askers, and hands each its own: what more than one of them asks for is
/// asked once, and the own facts of one are gone when it has judged them. The results are in the
/// order of the askers.
pub async fn gather_each<S, T>(
    cluster: &Cluster,
    askers: &[S],
    asks: impl Fn(&S) -> Vec<Ask>,
    field_manager: &str,
    deadline: Deadline,
    judge: impl AsyncFn(&S, &Facts<'_>) -> T,
) -> Vec<T> {
    let common = Facts::gather(cluster, common(askers, &asks), field_manager, deadline).await;
    let (common, asks, judge) = (&common, &asks, &judge);
    stream::iter(askers)
        .map(|asker| async move {
            let own = asks(asker).into_iter().filter(|ask| !common.known.contains_key(ask));
            let own = Facts::gather(cluster, own, field_manager, deadline).await;
            judge(asker, &Facts { common: Some(common), ..own }).await
        })
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// What more than one of them asks for. A rehearsal is nobody else's, and holds a whole template: so
/// it is made when its turn comes, and not for all of them at once.
fn common<S>(askers: &[S], asks: impl Fn(&S) -> Vec<Ask>) -> HashSet<Ask> {
    let mut seen = HashSet::new();
    let mut common = HashSet::new();
    // One alone has nothing in common with others, and waits for its write.
    if askers.len() < 2 {
        return common;
    }
    for asker in askers {
        let own: HashSet<Ask> = asks(asker).into_iter().collect();
        for ask in own.into_iter().filter(|ask| !matches!(ask, Ask::Rehearse(_))) {
            if seen.contains(&ask) {
                common.insert(ask);
            } else {
                seen.insert(ask);
            }
        }
    }
    common
}

#[cfg(test)]
impl Facts<'_> {
    /// Facts for the test of a check: objects and lists, and what does not exist.
    pub(crate) fn of(known: impl IntoIterator<Item = (Ask, Option<Value>)>) -> Self {
        let fact = |(ask, value): (Ask, Option<Value>)| {
            let missing = || Missing::Error(Error::new(ErrorKind::NotFound, "there is no such"));
            let answer = value.map(Answer::Value).ok_or_else(missing);
            (ask, Fact { answer, took: Duration::ZERO })
        };
        Self { known: known.into_iter().map(fact).collect(), ..Self::default() }
    }

    /// As if they had been asked then.
    pub(crate) fn at(mut self, time: Timestamp) -> Self {
        self.asked_at = time;
        self
    }

    /// With a text.
    pub(crate) fn with_text(mut self, ask: Ask, text: &str) -> Self {
        let answer = Ok(Answer::Text(text.to_owned()));
        self.known.insert(ask, Fact { answer, took: Duration::ZERO });
        self
    }

    /// With something that could not be found out.
    pub(crate) fn with_error(mut self, ask: Ask, error: Error) -> Self {
        let answer = Err(Missing::Error(error));
        self.known.insert(ask, Fact { answer, took: Duration::ZERO });
        self
    }
}

async fn ask_one(
    cluster: &Cluster,
    ask: &Ask,
    field_manager: &str,
    deadline: Deadline,
) -> Result<Answer, Missing> {
    match ask {
        Ask::Read(path) => cluster.get(path, deadline).await.map(Answer::Value),
        Ask::Keys(path) => cluster.get_keys(path, deadline).await.map(Answer::Value),
        Ask::Metadata(path) => cluster.get_metadata(path, deadline).await.map(Answer::Value),
        Ask::Text(path) => cluster.get_text(path, deadline).await.map(Answer::Text),
        Ask::May(method, path) => cluster.may(method, path, deadline).await.map(Answer::Permission),
        Ask::Rehearse(write) => {
            let answer = cluster.rehearse(write, field_manager, deadline).await;
            return answer.map(Answer::Value).map_err(Missing::Write);
        }
    }
    .map_err(Missing::Error)
}
