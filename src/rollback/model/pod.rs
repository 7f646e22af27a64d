//! What a pod says of itself, reduced to what a rollback asks: is it ready, and if not, why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::template::{HASH_LABEL, REVISION_LABEL};

/// A pod, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodState {
    /// Name of the pod.
    pub name: String,
    /// uid of the pod.
    pub uid: String,
    /// The template hash in its labels; empty where there is none.
    pub hash: String,
    /// uid of the object that controls it; empty where none does.
    pub owner: String,
    /// When it was made, by the API server's clock, in whole seconds.
    pub created: Option<Timestamp>,
    /// Whether it is being deleted.
    pub deleting: bool,
    /// Its condition Ready.
    pub ready: bool,
    /// Since when that condition is what it is, in whole seconds.
    pub ready_since: Option<Timestamp>,
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
            hash: hash(pod),
            owner: controller(pod).to_owned(),
            created: text("/metadata/creationTimestamp").parse().ok(),
            deleting: pod.pointer("/metadata/deletionTimestamp").is_some(),
            ready: condition("Ready").is_some_and(|c| c["status"] == "True"),
            ready_since: condition("Ready")
                .and_then(|c| c.get("lastTransitionTime")?.as_str()?.parse().ok()),
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

    /// Whether it was ready for so many seconds.
    #[must_use]
    pub fn is_available(&self, min_ready_seconds: i64, now: Timestamp) -> bool {
        let lasts = |since: Timestamp| now.as_second() - since.as_second() >= min_ready_seconds;
        self.ready
            && !self.deleting
            && (min_ready_seconds == 0 || self.ready_since.is_some_and(lasts))
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

/// The hash of the template that a pod was made from. StatefulSets put the whole name of the
/// `ControllerRevision` into the label, `web-5d8f7c`, and `DaemonSet`s its hash alone; a hash has no
/// dash (`kubernetes:pkg/controller/history`, `SafeEncodeString`).
fn hash(pod: &Value) -> String {
    let label = |key| pod.pointer("/metadata/labels")?.get(key)?.as_str();
    let revision = label(REVISION_LABEL).and_then(|name| name.rsplit('-').next());
    revision.or_else(|| label(HASH_LABEL)).unwrap_or_default().to_owned()
}

/// uid of the object that controls another one; empty where none does.
#[must_use]
pub fn controller(object: &Value) -> &str {
    let references = object.pointer("/metadata/ownerReferences").and_then(Value::as_array);
    let is_controller = |r: &&Value| r.get("controller") == Some(&Value::Bool(true));
    let controller = references.into_iter().flatten().find(is_controller);
    controller.and_then(|r| r.get("uid")?.as_str()).unwrap_or_default()
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
    fn the_hash_is_found_in_the_label_of_each_kind() {
        for (labels, hash) in [
            (json!({"pod-template-hash": "abc"}), "abc"),
            (json!({"controller-revision-hash": "my-web-5d8f7c"}), "5d8f7c"),
            (json!({"controller-revision-hash": "5d8f7c", "app": "x"}), "5d8f7c"),
            (json!({"app": "x"}), ""),
        ] {
            assert_eq!(PodState::read(&json!({"metadata": {"labels": labels}})).hash, hash);
        }
    }

    #[test]
    fn a_pod_is_available_after_its_minimum_of_readiness() {
        let pod = PodState::read(&json!({"status": {"conditions": [
            {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:10Z"}]}}));
        let at = |time: &str| time.parse().unwrap();
        assert!(pod.is_available(0, at("2026-01-01T00:00:10Z")));
        assert!(!pod.is_available(5, at("2026-01-01T00:00:14Z")));
        assert!(pod.is_available(5, at("2026-01-01T00:00:15Z")));
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
