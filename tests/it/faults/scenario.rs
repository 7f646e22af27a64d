//! The calls of `rb` that the campaign breaks. Another one is one more value.

use serde_json::Value;

use crate::testbed::Namespace;

use super::oracle::{self, Case};

/// The tag that works, and that an undo goes back to.
pub(super) const GOOD: &str = "1.0";

/// A kind of workload.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kind {
    /// `Deployment`.
    pub(super) kind: &'static str,
    /// As `rb` and kubectl call it.
    pub(super) word: &'static str,
}

const DEPLOYMENT: Kind = Kind { kind: "Deployment", word: "deployment" };
const STATEFULSET: Kind = Kind { kind: "StatefulSet", word: "statefulset" };
const DAEMONSET: Kind = Kind { kind: "DaemonSet", word: "daemonset" };

/// One call of `rb`.
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// The command and its options; the workloads come after it.
    pub(super) command: &'static str,
    /// What it is called for: a workload of each kind.
    pub(super) kinds: &'static [Kind],
    /// The tag of the release that is live.
    pub(super) live: &'static str,
    /// The time that it has.
    pub(super) timeout: &'static str,
    /// What it ends with where nothing is wrong.
    pub(super) code: i32,
    /// Whether it changes anything: else many runs share a workload.
    pub(super) writes: bool,
    /// What somebody else does while the first write is under way.
    pub(super) meanwhile: Option<fn(&Namespace, &str)>,
    /// What has to be true after it.
    pub(super) judge: fn(&Case<'_>) -> Vec<String>,
}

pub(super) const UNDO: Scenario = Scenario {
    name: "undo",
    command: "undo --yes",
    kinds: &[DEPLOYMENT],
    live: "2.0",
    timeout: "60s",
    code: 0,
    writes: true,
    meanwhile: None,
    judge: oracle::undo::judge,
};

pub(super) const UNDO_THREE: Scenario =
    Scenario { name: "undo of three", kinds: &[DEPLOYMENT, STATEFULSET, DAEMONSET], ..UNDO };

/// What an undo replaces changes under its plan, so it plans again.
pub(super) const UNDO_PLANNED_AGAIN: Scenario =
    Scenario { name: "undo, planned again", meanwhile: Some(change_the_cause), ..UNDO };

pub(super) const STATUS: Scenario = Scenario {
    name: "status of what is well",
    command: "status",
    writes: false,
    judge: oracle::status::judge,
    ..UNDO
};

pub(super) const STATUS_OF_A_CRASH: Scenario =
    Scenario { name: "status of what crashes", live: "2.0-crash", code: 6, ..STATUS };

pub(super) const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

fn change_the_cause(namespace: &Namespace, name: &str) {
    let cause = format!("{CHANGE_CAUSE}=somebody else was here");
    let note = "example.test/meanwhile=somebody else was here";
    namespace.kubectl_ok(&["annotate", "deployment", name, &cause, note]);
}

impl Scenario {
    /// What it is called for: `deployment/web-3`.
    pub(super) fn targets(&self, name: &str) -> Vec<String> {
        self.kinds.iter().map(|kind| format!("{}/{name}", kind.word)).collect()
    }

    /// The kinds for kubectl: `deployment,statefulset`.
    pub(super) fn words(&self) -> String {
        let words: Vec<_> = self.kinds.iter().map(|kind| kind.word).collect();
        words.join(",")
    }
}

/// The image of a pod, or of a workload's template.
pub(super) fn image_of(object: &Value) -> &str {
    let pod = object.pointer("/spec/template").unwrap_or(object);
    pod.pointer("/spec/containers/0/image").and_then(Value::as_str).unwrap_or_default()
}
