//! What ailed the release that an undo leaves, as far as it was read for the plan: afterwards its
//! pods are gone.

use crate::rollback::model::outcome::PodFailure;
use crate::rollback::model::pod::PodState;
use crate::rollback::model::snapshot::{PodWarning, Snapshot};

/// Pods and Events that are told: a report is no dump.
const TOLD: usize = 5;

/// What ailed a release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BadRelease {
    /// Pods of it that did not run.
    pub pods: Vec<PodFailure>,
    /// Warning Events on pods of it, the newest first; of those that say the same, the newest.
    pub events: Vec<PodWarning>,
}

impl BadRelease {
    /// Of the revision with this template hash.
    #[must_use]
    pub fn of(snapshot: &Snapshot, hash: &str) -> Self {
        let is_its = |pod: &&PodState| pod.hash == hash;
        let pods = snapshot.pods.iter().filter(is_its).filter_map(failure).take(TOLD).collect();
        // Pods that are gone are known by their names.
        let prefix = format!("{}-{hash}-", snapshot.target.name);
        let is_known = |event: &&PodWarning| {
            let is_there = snapshot.pods.iter().any(|pod| pod.uid == event.uid && pod.hash == hash);
            is_there || (!hash.is_empty() && event.pod.starts_with(&prefix))
        };
        let mut found: Vec<&PodWarning> = snapshot.warnings.iter().filter(is_known).collect();
        found.sort_by_key(|event| std::cmp::Reverse(event.last));
        let mut events: Vec<PodWarning> = Vec::new();
        for event in found {
            let is_told =
                events.iter().any(|e| e.reason == event.reason && e.message == event.message);
            if !is_told && events.len() < TOLD {
                events.push(event.clone());
            }
        }
        Self { pods, events }
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pods.is_empty() && self.events.is_empty()
    }
}

fn failure(pod: &PodState) -> Option<PodFailure> {
    if let Some(ailment) = pod.ailment() {
        return Some(PodFailure {
            pod: pod.name.clone(),
            container: ailment.container,
            reason: ailment.reason,
            message: ailment.message,
            ended: ailment.ended,
            restarts: ailment.restarts,
            log: Vec::new(),
        });
    }
    let message = pod.unschedulable.clone()?;
    Some(PodFailure {
        pod: pod.name.clone(),
        container: String::new(),
        reason: "Unschedulable".to_owned(),
        message,
        ended: None,
        restarts: 0,
        log: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::model::target::{ClusterRef, Target};
    use serde_json::{Value, json};

    fn pod(name: &str, hash: &str, reason: &str) -> PodState {
        PodState::read(&json!({
            "metadata": {"name": name, "uid": name, "labels": {"pod-template-hash": hash}},
            "status": {"containerStatuses": [{"name": "app", "restartCount": 2,
                "state": {"waiting": {"reason": reason, "message": "m"}}}]},
        }))
    }

    fn event(pod: &str, message: &str, second: i64) -> PodWarning {
        let at = jiff::Timestamp::from_second(second).unwrap();
        PodWarning {
            namespace: "shop".into(),
            pod: pod.into(),
            uid: pod.into(),
            reason: "BackOff".into(),
            message: message.into(),
            first: at,
            last: at,
        }
    }

    fn snapshot(pods: Vec<PodState>, warnings: Vec<PodWarning>) -> Snapshot {
        Snapshot {
            taken_at: jiff::Timestamp::UNIX_EPOCH,
            cluster: ClusterRef::default(),
            target: Target {
                api_version: "apps/v1".into(),
                kind: "Deployment".into(),
                namespace: "shop".into(),
                name: "web".into(),
            },
            workload: Value::Null,
            stored: Vec::new(),
            pods,
            warnings,
            owners: Vec::new(),
            owner_objects: Vec::new(),
            gaps: Vec::new(),
        }
    }

    #[test]
    fn only_what_is_of_that_release_is_told() {
        let pods = vec![
            pod("web-bad-1", "bad", "CrashLoopBackOff"),
            pod("web-bad-2", "bad", "ContainerCreating"),
            pod("web-old-1", "old", "CrashLoopBackOff"),
        ];
        let warnings = vec![
            event("web-bad-1", "again", 10),
            event("web-bad-9", "again", 30),
            event("web-bad-9", "other", 20),
            event("web-old-1", "old", 40),
            event("web-bad", "of another workload", 50),
        ];
        let bad = BadRelease::of(&snapshot(pods, warnings), "bad");
        let names: Vec<&str> = bad.pods.iter().map(|pod| pod.pod.as_str()).collect();
        assert_eq!(names, ["web-bad-1"]);
        let events: Vec<(&str, i64)> =
            bad.events.iter().map(|e| (e.message.as_str(), e.last.as_second())).collect();
        assert_eq!(events, [("again", 30), ("other", 20)]);
    }

    #[test]
    fn a_report_is_no_dump() {
        let pods = (0..50).map(|n| pod(&format!("web-bad-{n}"), "bad", "CrashLoopBackOff"));
        let warnings = (0..50).map(|n| event("web-bad-1", &n.to_string(), n));
        let bad = BadRelease::of(&snapshot(pods.collect(), warnings.collect()), "bad");
        assert_eq!((bad.pods.len(), bad.events.len()), (TOLD, TOLD));
        assert!(BadRelease::of(&snapshot(Vec::new(), Vec::new()), "").is_empty());
    }
}
