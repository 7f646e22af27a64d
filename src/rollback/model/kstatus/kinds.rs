//! The rules of each kind. Checks run in the order of the source, the first that fits decides.

use jiff::Timestamp;
use serde_json::Value;

use super::{KStatus, Object};

/// For how many seconds a pod may be without a node.
const SCHEDULE_WINDOW: i64 = 15;
/// The progress deadline that means "never".
const NEVER: i64 = 2_147_483_647;

impl Object<'_> {
    /// What the rules of its kind say; `None` where it has none.
    pub(super) fn of_kind(&self, now: Timestamp) -> Result<Option<KStatus>, String> {
        let version = self.text("/apiVersion").unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        Ok(Some(match (group, self.kind()) {
            ("apps" | "extensions", "Deployment") => self.deployment(),
            ("apps", "StatefulSet") => self.stateful_set(),
            ("apps" | "extensions", "DaemonSet") => self.daemon_set()?,
            ("apps" | "extensions", "ReplicaSet") => self.replica_set(),
            ("", "Pod") => self.pod(now)?,
            _ => return Ok(None),
        }))
    }

    fn deployment(&self) -> KStatus {
        let of = |kind: &'static str| self.conditions.iter().filter(move |c| c.kind == kind);
        if let Some(late) = of("Progressing").find(|c| c.reason == "ProgressDeadlineExceeded") {
            return KStatus::failed(late.reason, "Progress deadline exceeded");
        }
        let progressing = self.number("/spec/progressDeadlineSeconds", NEVER) == NEVER
            || of("Progressing")
                .any(|c| c.status == "True" && c.reason == "NewReplicaSetAvailable");
        let replicas = self.number("/spec/replicas", 1);
        let status = |counter: &str| self.number(&format!("/status/{counter}"), 0);
        let (total, updated) = (status("replicas"), status("updatedReplicas"));
        let (ready, available) = (status("readyReplicas"), status("availableReplicas"));
        let (reason, message) = if replicas > total {
            ("LessReplicas", format!("Replicas: {total}/{replicas}"))
        } else if replicas > updated {
            ("LessUpdated", format!("Updated: {updated}/{replicas}"))
        } else if total > replicas {
            ("ExtraPods", format!("Pending termination: {}", total - replicas))
        } else if updated > available {
            ("LessAvailable", format!("Available: {available}/{updated}"))
        } else if replicas > ready {
            ("LessReady", format!("Ready: {ready}/{replicas}"))
        } else if !progressing {
            ("ReplicaSetNotAvailable", "ReplicaSet not Available".to_owned())
        } else if self.condition("Available", "True").is_none() {
            ("DeploymentNotAvailable", "Deployment not Available".to_owned())
        } else {
            return KStatus::current(format!("Deployment is available. Replicas: {total}"));
        };
        KStatus::in_progress(reason, message)
    }

    fn stateful_set(&self) -> KStatus {
        if self.text("/spec/updateStrategy/type") == Some("OnDelete") {
            return KStatus::current("StatefulSet is using the ondelete update strategy");
        }
        let replicas = self.number("/spec/replicas", 1);
        let status = |counter: &str| self.number(&format!("/status/{counter}"), 0);
        let (total, ready) = (status("replicas"), status("readyReplicas"));
        let (current, updated) = (status("currentReplicas"), status("updatedReplicas"));
        let revision = |member: &str| self.text(&format!("/status/{member}")).unwrap_or_default();
        // Every set that is read from an API server has one: it is filled in.
        let partition = self.object.pointer("/spec/updateStrategy/rollingUpdate/partition");
        let partition = partition.and_then(Value::as_i64).filter(|partition| *partition != -1);
        let (reason, message) = if replicas > total {
            ("LessReplicas", format!("Replicas: {total}/{replicas}"))
        } else if replicas > ready {
            ("LessReady", format!("Ready: {ready}/{replicas}"))
        } else if total > replicas {
            ("ExtraPods", format!("Pending termination: {}", total - replicas))
        } else if let Some(partition) = partition {
            let wanted = replicas.saturating_sub(partition);
            if updated >= wanted {
                let message = format!("Partition rollout complete. updated: {updated}");
                return KStatus::current(message);
            }
            ("PartitionRollout", format!("updated: {updated}/{wanted}"))
        } else if replicas > current {
            ("LessCurrent", format!("current: {current}/{replicas}"))
        } else if revision("currentRevision") != revision("updateRevision") {
            ("RevisionMismatch", "Waiting for updated revision to match current".to_owned())
        } else {
            let message = format!("All replicas scheduled as expected. Replicas: {total}");
            return KStatus::current(message);
        };
        KStatus::in_progress(reason, message)
    }

    fn daemon_set(&self) -> Result<KStatus, String> {
        for (pointer, field, reason) in [
            ("/metadata/generation", "metadata.generation", "NoGeneration"),
            ("/status/observedGeneration", "status.observedGeneration", "NoObservedGeneration"),
        ] {
            if self.whole(pointer)?.is_none() {
                return Ok(KStatus::in_progress(reason, format!("DaemonSet {field} not found")));
            }
        }
        let status = |counter: &str| self.number(&format!("/status/{counter}"), 0);
        let desired = self.number("/status/desiredNumberScheduled", -1);
        if desired == -1 {
            let message = "Missing .status.desiredNumberScheduled";
            return Ok(KStatus::in_progress("NoDesiredNumber", message));
        }
        for (counter, word, reason) in [
            ("currentNumberScheduled", "Current", "LessCurrent"),
            ("updatedNumberScheduled", "Updated", "LessUpdated"),
            ("numberAvailable", "Available", "LessAvailable"),
            ("numberReady", "Ready", "LessReady"),
        ] {
            let count = status(counter);
            if desired > count {
                return Ok(KStatus::in_progress(reason, format!("{word}: {count}/{desired}")));
            }
        }
        Ok(KStatus::current(format!("All replicas scheduled as expected. Replicas: {desired}")))
    }

    fn replica_set(&self) -> KStatus {
        if self.condition("ReplicaFailure", "True").is_some() {
            let message = "Replica Failure condition. Check Pods";
            return KStatus::in_progress("ReplicaFailure", message);
        }
        let replicas = self.number("/spec/replicas", 1);
        for (counter, word, reason) in [
            ("fullyLabeledReplicas", "Labelled", "LessLabelled"),
            ("availableReplicas", "Available", "LessAvailable"),
            ("readyReplicas", "Ready", "LessReady"),
        ] {
            let count = self.number(&format!("/status/{counter}"), 0);
            if replicas > count {
                return KStatus::in_progress(reason, format!("{word}: {count}/{replicas}"));
            }
        }
        let total = self.number("/status/replicas", 0);
        if total > replicas {
            let message = format!("Pending termination: {}", total - replicas);
            return KStatus::in_progress("ExtraPods", message);
        }
        KStatus::current(format!("ReplicaSet is available. Replicas: {total}"))
    }

    fn pod(&self, now: Timestamp) -> Result<KStatus, String> {
        Ok(match self.text("/status/phase").unwrap_or_default() {
            "Succeeded" => KStatus::current("Pod has completed successfully"),
            "Failed" => KStatus::current("Pod has completed, but not successfully"),
            "Running" => self.running_pod(),
            "Pending" => self.pending_pod(now),
            "" => KStatus::in_progress("PodNotObserved", "Pod phase not available"),
            phase => return Err(format!("unknown phase {phase}")),
        })
    }

    fn running_pod(&self) -> KStatus {
        if self.condition("Ready", "True").is_some() {
            return KStatus::current("Pod is Ready");
        }
        let statuses = self.object.pointer("/status/containerStatuses").and_then(Value::as_array);
        let loops = |status: &&Value| {
            status.pointer("/state/waiting/reason") == Some(&Value::from("CrashLoopBackOff"))
        };
        let looping = statuses.into_iter().flatten().filter(loops);
        let names: Vec<&str> = looping.filter_map(|status| status.get("name")?.as_str()).collect();
        if names.is_empty() {
            return KStatus::in_progress("PodRunningNotReady", "Pod is running but is not Ready");
        }
        let message = format!("Containers in CrashLoop state: {}", names.join(","));
        KStatus::failed("ContainerCrashLooping", message)
    }

    fn pending_pod(&self, now: Timestamp) -> KStatus {
        let unscheduled = self.condition("PodScheduled", "False");
        if unscheduled.is_none_or(|condition| condition.reason != "Unschedulable") {
            return KStatus::in_progress("PodPending", "Pod is in the Pending phase");
        }
        let created = self.text("/metadata/creationTimestamp").and_then(|t| t.parse().ok());
        let is_young = |created: Timestamp| now.as_second() - created.as_second() < SCHEDULE_WINDOW;
        if created.is_some_and(is_young) {
            return KStatus::in_progress("PodNotScheduled", "Pod has not been scheduled");
        }
        KStatus::failed("PodUnschedulable", "Pod could not be scheduled")
    }
}
