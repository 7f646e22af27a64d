//! What a pod says of itself, reduced to what a rollback asks: is it ready, and if not, why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::template::HASH_LABEL;

/// A pod, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodState {
    /// Name of the pod.
    pub name: String,
    /// uid of the pod.
    pub uid: String,
    /// The template hash in its labels; empty where there is none.
    pub hash: String,
    /// When it was made, by the API server's clock, in whole seconds.
    pub created: Option<Timestamp>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Its condition Ready.
    pub ready: bool,
    /// Why no node takes it, where that is so.
    pub unschedulable: Option<String>,
    /// Its containers, init containers first.
    pub containers: Vec<ContainerState>,
}

/// A container of a pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerState {
    /// Name of the container.
    pub name: String,
    /// Whether it passes its readiness check; for an init container: whether it completed.
    pub ready: bool,
    /// How often it was restarted.
    pub restarts: i64,
    /// Why it waits, e.g. `CrashLoopBackOff`, with the kubelet's message.
    pub waiting: Option<(String, String)>,
    /// How it last ended.
    pub ended: Option<Ended>,
}

/// How a container ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// E.g. `Error`, `OOMKilled`.
    pub reason: String,
    /// The exit code.
    pub exit_code: i64,
    /// The container's last words, where it wrote any.
    pub message: String,
}

impl PodState {
    /// Reads a pod; what is missing counts as "no".
    #[must_use]
    pub fn read(pod: &Value) -> Self {
        let text = |pointer| pod.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let condition = |kind: &str| {
            pod.pointer("/status/conditions")
                .and_then(Value::as_array)
                .and_then(|list| list.iter().find(|c| c.get("type") == Some(&Value::from(kind))))
        };
        Self {
            name: text("/metadata/name").to_owned(),
            uid: text("/metadata/uid").to_owned(),
            hash: text(&format!("/metadata/labels/{HASH_LABEL}")).to_owned(),
            created: text("/metadata/creationTimestamp").parse().ok(),
            deleting: pod.pointer("/metadata/deletionTimestamp").is_some(),
            ready: condition("Ready").is_some_and(|c| c["status"] == "True"),
            unschedulable: condition("PodScheduled")
                .filter(|c| c["status"] == "False" && c["reason"] == "Unschedulable")
                .and_then(|c| Some(c.get("message")?.as_str()?.to_owned())),
            containers: ["initContainerStatuses", "containerStatuses"]
                .iter()
                .filter_map(|list| pod.pointer(&format!("/status/{list}"))?.as_array())
                .flatten()
                .map(ContainerState::read)
                .collect(),
        }
    }

    /// The container that keeps the pod from being ready, worst first, with what ails it.
    #[must_use]
    pub fn ailment(&self) -> Option<Ailment> {
        if self.ready || self.deleting {
            return None;
        }
        self.containers.iter().filter_map(ContainerState::ailment).max_by_key(|a| a.severity)
    }
}

/// How bad the state of a container is, mildest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// An image cannot be pulled or a reference is missing: may mend by itself within seconds.
    Stuck,
    /// It ended and is being restarted.
    Crashed,
}

/// What keeps a container from running.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ailment {
    /// Name of the container.
    pub container: String,
    /// E.g. `CrashLoopBackOff`, `ImagePullBackOff`, `CreateContainerConfigError`.
    pub reason: String,
    /// The kubelet's message.
    pub message: String,
    /// How it last ended.
    pub ended: Option<Ended>,
    /// How often it was restarted.
    pub restarts: i64,
    /// How bad it is.
    pub severity: Severity,
}

/// Waiting reasons that do not go away by waiting a little.
const STUCK: &[&str] = &[
    "ErrImagePull",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "ImageInspectError",
    "RegistryUnavailable",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

impl ContainerState {
    fn read(status: &Value) -> Self {
        let text = |pointer: &str| {
            status.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let ended = ["/state/terminated", "/lastState/terminated"]
            .iter()
            .find_map(|pointer| status.pointer(pointer))
            .map(Ended::read);
        Self {
            name: text("/name"),
            ready: status.get("ready").and_then(Value::as_bool).unwrap_or_default(),
            restarts: status.get("restartCount").and_then(Value::as_i64).unwrap_or_default(),
            waiting: status
                .pointer("/state/waiting")
                .map(|_| (text("/state/waiting/reason"), text("/state/waiting/message"))),
            ended,
        }
    }

    fn ailment(&self) -> Option<Ailment> {
        if self.ready {
            return None;
        }
        let (reason, message) = self.waiting.clone().unwrap_or_default();
        let severity = if STUCK.contains(&reason.as_str()) {
            Severity::Stuck
        } else if reason == "CrashLoopBackOff" || self.failed() {
            Severity::Crashed
        } else {
            return None;
        };
        let reason = match &self.ended {
            Some(ended) if reason.is_empty() => ended.reason.clone(),
            _ => reason,
        };
        Some(Ailment {
            container: self.name.clone(),
            reason,
            message,
            ended: self.ended.clone(),
            restarts: self.restarts,
            severity,
        })
    }

    fn failed(&self) -> bool {
        self.ended.as_ref().is_some_and(|ended| ended.exit_code != 0)
    }
}

impl Ended {
    fn read(terminated: &Value) -> Self {
        let text = |member: &str| {
            terminated.get(member).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        Self {
            reason: text("reason"),
            exit_code: terminated.get("exitCode").and_then(Value::as_i64).unwrap_or_default(),
            message: text("message"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(status: &Value) -> PodState {
        PodState::read(&json!({
            "metadata": {"name": "web-1", "labels": {"pod-template-hash": "abc"}},
            "status": {"containerStatuses": [status]},
        }))
    }

    #[test]
    fn a_crash_loop_is_told_with_how_it_ended() {
        let pod = pod(&json!({
            "name": "app", "ready": false, "restartCount": 3,
            "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s"}},
            "lastState": {"terminated": {"reason": "Error", "exitCode": 1, "message": "FATAL"}},
        }));
        let ailment = pod.ailment().unwrap();
        assert_eq!(ailment.reason, "CrashLoopBackOff");
        assert_eq!(ailment.severity, Severity::Crashed);
        assert_eq!(ailment.ended.unwrap().message, "FATAL");
        assert_eq!(pod.hash, "abc");
    }

    #[test]
    fn a_container_that_just_starts_ails_nothing() {
        for status in [
            json!({"name": "app", "state": {"waiting": {"reason": "ContainerCreating"}}}),
            json!({"name": "app", "state": {"running": {}}}),
            json!({"name": "init", "state": {"terminated": {"reason": "Completed", "exitCode": 0}}}),
        ] {
            assert_eq!(pod(&status).ailment(), None, "{status}");
        }
    }

    #[test]
    fn a_pod_that_is_ready_or_going_away_ails_nothing() {
        let mut crashed = pod(&json!({"name": "app",
            "state": {"waiting": {"reason": "CrashLoopBackOff"}}}));
        assert!(crashed.ailment().is_some());
        crashed.deleting = true;
        assert!(crashed.ailment().is_none());
    }
}
