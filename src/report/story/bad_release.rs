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
