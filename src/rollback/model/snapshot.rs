//! Everything that was read of one workload at one moment; planning reads nothing else.

use jiff::Timestamp;
use serde_json::Value;

use super::ownership::Owner;
use super::pod::PodState;
use super::target::{ClusterRef, Target};

/// What was read.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// When, by this machine's clock.
    pub taken_at: Timestamp,
    /// From where.
    pub cluster: ClusterRef,
    /// The workload's name.
    pub target: Target,
    /// The workload, as the API server sent it.
    pub workload: Value,
    /// The objects that store its revisions: those with the workload as their controller.
    pub stored: Vec<Value>,
    /// Pods that the decision depends on: of revisions that have unavailable pods.
    pub pods: Vec<PodState>,
    /// Warning Events on pods in the namespace.
    pub warnings: Vec<PodWarning>,
    /// Who owns it, the nearest first, with those whose marks are stale or forged.
    pub owners: Vec<Owner>,
    /// The objects of those that were read, without what grows with the number of objects that they
    /// own.
    pub owner_objects: Vec<(Target, Value)>,
    /// What could not be read and why: named in the plan as evidence that is missing.
    pub gaps: Vec<String>,
}

impl Snapshot {
    /// uid of the workload.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.workload.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default()
    }

    /// Those of its owners that count.
    pub fn true_owners(&self) -> impl Iterator<Item = &Owner> {
        self.owners.iter().filter(|owner| owner.counts())
    }

    /// An annotation of the workload.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.workload.pointer("/metadata/annotations")?.get(key)?.as_str()
    }
}

/// This machine's time in whole seconds, as the API tells time.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::from_second(Timestamp::now().as_second()).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// A Warning Event on a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodWarning {
    /// Namespace of the pod.
    pub namespace: String,
    /// Name of the pod.
    pub pod: String,
    /// uid of the pod: pods of a `StatefulSet` come back under the same name.
    pub uid: String,
    /// E.g. `BackOff`, `Failed`.
    pub reason: String,
    /// The message.
    pub message: String,
    /// When it was first seen.
    pub first: Timestamp,
    /// When it was last seen.
    pub last: Timestamp,
}

impl PodWarning {
    /// Reads an Event; `None` where it is not on a pod or has no time at all.
    #[must_use]
    pub fn read(event: &Value) -> Option<Self> {
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        (text("/involvedObject/kind")? == "Pod").then_some(())?;
        let last = last_seen(event)?;
        let first = time(event, &["/firstTimestamp", "/eventTime", "/metadata/creationTimestamp"]);
        Some(Self {
            namespace: text("/involvedObject/namespace").unwrap_or_default().to_owned(),
            pod: text("/involvedObject/name")?.to_owned(),
            uid: text("/involvedObject/uid").unwrap_or_default().to_owned(),
            reason: text("/reason").unwrap_or_default().to_owned(),
            message: text("/message").unwrap_or_default().to_owned(),
            first: first.unwrap_or(last),
            last,
        })
    }
}

/// When an Event was last seen; `None` where it has no time at all.
#[must_use]
pub fn last_seen(event: &Value) -> Option<Timestamp> {
    time(
        event,
        &[
            "/series/lastObservedTime",
            "/lastTimestamp",
            "/eventTime",
            "/metadata/creationTimestamp",
        ],
    )
}

fn time(event: &Value, pointers: &[&str]) -> Option<Timestamp> {
    let mut texts = pointers.iter().filter_map(|pointer| event.pointer(pointer)?.as_str());
    texts.find_map(|text| text.parse().ok())
}
