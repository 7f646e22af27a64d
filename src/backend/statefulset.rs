//! StatefulSets: revisions are their `ControllerRevision`s, pods have fixed names.

use serde_json::Value;

use super::controller_revision::{self, CONTROLLER_REVISION, Counts};
use super::{PodsInDoubt, Rollbacker};
use crate::rollback::model::evidence::Favour;
use crate::rollback::model::leftover::{LeftPod, Leftovers, WhyLeft};
use crate::rollback::model::progress::{Phase, PodCounts, Progress};
use crate::rollback::model::revision::{Revision, Revisions};
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::Kind;
use crate::text::plural;

const STATEFUL_SET: Kind = Kind {
    api_version: "apps/v1",
    kind: "StatefulSet",
    plural: "statefulsets",
    singular: "statefulset",
    short: &["sts"],
};

/// The backend for StatefulSets.
#[derive(Debug)]
pub(super) struct StatefulSets;

impl Rollbacker for StatefulSets {
    fn kind(&self) -> &'static Kind {
        &STATEFUL_SET
    }

    fn stores(&self) -> &'static Kind {
        &CONTROLLER_REVISION
    }

    fn revisions(&self, snapshot: &Snapshot) -> Revisions {
        let set = Set(&snapshot.workload);
        let list = snapshot.stored.iter().map(controller_revision::revision).collect();
        let template = snapshot.workload.pointer("/spec/template").cloned().unwrap_or_default();
        let named = set.update_revision().filter(|_| set.is_observed()).unwrap_or_default();
        let mut revisions = Revisions::named(list, template, named);
        mend_live(&mut revisions);
        let live = revisions.live().map(|live| live.name.clone());
        let (live, current) = (live.as_deref(), set.current_revision());
        controller_revision::count(&mut revisions.list, snapshot, set.counts(), live, current);
        revisions
    }

    fn pods_in_doubt(&self, snapshot: &Snapshot, _live_too: bool) -> PodsInDoubt {
        let set = Set(&snapshot.workload);
        let settled = progress(set).phase == Phase::Complete;
        // With OnDelete, those that run well stay too.
        if settled && !set.is_on_delete() { PodsInDoubt::None } else { PodsInDoubt::All }
    }

    fn favour(&self, snapshot: &Snapshot, revision: &Revision) -> Option<Favour> {
        let set = Set(&snapshot.workload);
        let current = set.current_revision()?;
        // With OnDelete the controller never moves it (kubernetes:pkg/controller/statefulset,
        // completeRollingUpdate), and what is live is no way back.
        let counts = !set.is_on_delete() && set.update_revision() != Some(current);
        (counts && current == revision.name).then_some(Favour::CurrentRevision)
    }

    fn caveats(&self, snapshot: &Snapshot, target: &Revision) -> Vec<String> {
        let set = Set(&snapshot.workload);
        let (partition, counts) = (set.partition(), set.counts());
        let held = partition.min(counts.desired);
        if held == 0 || set.is_on_delete() || set.current_revision() == Some(&target.name) {
            return Vec::new();
        }
        vec![format!(
            "its partition is {partition}: the {} below it keep their template and are not rolled \
             back",
            plural(held, "pod")
        )]
    }

    fn leftovers(&self, snapshot: &Snapshot, target: &Revision) -> Option<Leftovers> {
        let set = Set(&snapshot.workload);
        let others = controller_revision::pods_of_others(snapshot, target);
        let (why, pods): (WhyLeft, Vec<LeftPod>) = if set.is_on_delete() {
            (WhyLeft::OnDelete, others.into_iter().map(LeftPod::from).collect())
        } else if set.is_ordered() || set.counts_unavailable() {
            // The controller waits for each of them before it looks at the template
            // (kubernetes/kubernetes#67250), or counts it against what may be unavailable; those
            // below the partition would come back as they are.
            let first = set.first_ordinal() + set.partition();
            let is_stuck =
                |name: &str| controller_revision::ordinal(name).is_some_and(|n| n >= first);
            let stuck = others.into_iter().filter(|pod| !pod.ready && is_stuck(&pod.name));
            (WhyLeft::Stuck, stuck.map(LeftPod::from).collect())
        } else {
            return None;
        };
        (!pods.is_empty()).then_some(Leftovers { why, pods })
    }

    fn progress(&self, workload: &Value, _stale: Option<&str>) -> Progress {
        progress(Set(workload))
    }

    fn live_hash(&self, workload: &Value) -> Option<String> {
        let set = Set(workload);
        let name = set.update_revision().filter(|_| set.is_observed())?;
        name.rsplit('-').next().map(str::to_owned)
    }
}

/// A StatefulSet, read by name.
#[derive(Clone, Copy)]
struct Set<'a>(&'a Value);

impl<'a> Set<'a> {
    fn number(self, pointer: &str) -> i64 {
        self.0.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
    }

    fn text(self, pointer: &str) -> Option<&'a str> {
        self.0.pointer(pointer).and_then(Value::as_str)
    }

    fn counts(self) -> Counts {
        Counts {
            desired: self.0.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1),
            total: self.number("/status/replicas"),
            updated: self.number("/status/updatedReplicas"),
            ready: self.number("/status/readyReplicas"),
            available: self.number("/status/availableReplicas"),
        }
    }

    fn is_observed(self) -> bool {
        let observed = self.number("/status/observedGeneration");
        observed > 0 && observed >= self.number("/metadata/generation")
    }

    fn is_on_delete(self) -> bool {
        self.text("/spec/updateStrategy/type") == Some("OnDelete")
    }

    fn is_ordered(self) -> bool {
        self.text("/spec/podManagementPolicy") != Some("Parallel")
    }

    /// Whether pods that are down count against `maxUnavailable`, whatever their template; without
    /// the feature gate of that name the API server drops the field, and the controller does not
    /// count (`kubernetes:pkg/controller/statefulset`, `updateStatefulSetAfterInvariantEstablished`).
    fn counts_unavailable(self) -> bool {
        let limit = self.0.pointer("/spec/updateStrategy/rollingUpdate/maxUnavailable");
        limit.is_some_and(|limit| !limit.is_null())
    }

    /// How many pods with the lowest numbers keep their template.
    fn partition(self) -> i64 {
        self.number("/spec/updateStrategy/rollingUpdate/partition").max(0)
    }

    fn first_ordinal(self) -> i64 {
        self.number("/spec/ordinals/start")
    }

    fn update_revision(self) -> Option<&'a str> {
        self.text("/status/updateRevision")
    }

    fn current_revision(self) -> Option<&'a str> {
        self.text("/status/currentRevision")
    }
}

/// The controller takes for live what gives the live template when it is merged into the set, and that
/// may be data that holds none (`kubernetes:pkg/controller/statefulset`,
/// `setMatchesLatestExistingRevision`). What the set declares is known all the same.
fn mend_live(revisions: &mut Revisions) {
    let template = &revisions.live_template;
    let live = revisions.list.last_mut().filter(|_| revisions.live_is_stored);
    if let Some(live) = live.filter(|live| live.unusable.is_some()) {
        live.template = template.clone();
        live.unusable = None;
    }
}

/// The rules of `kubectl rollout status` (`kubectl:pkg/polymorphichelpers/rollout_status.go`), with
/// these differences: `OnDelete` has a status too; pods have to be available and not only ready; a
/// set with partition 0, which is every set that names none, is compared by revision.
fn progress(set: Set<'_>) -> Progress {
    let counts = set.counts();
    let pods = PodCounts {
        desired: counts.desired,
        total: counts.total,
        updated: counts.updated,
        ready: counts.ready,
        available: counts.available,
    };
    let (phase, message) = if !set.is_observed() {
        (Phase::Unobserved, "Waiting for statefulset spec update to be observed...".to_owned())
    } else if set.is_on_delete() {
        on_delete(counts)
    } else {
        rolling(set, counts)
    };
    Progress { phase, message, pods }
}

fn on_delete(counts: Counts) -> (Phase, String) {
    let old = counts.total - counts.updated;
    // Whether or not all are there: an ordered set makes none after one that is not ready.
    if old > 0 {
        let old = plural(old, "pod");
        (
            Phase::AwaitsDeletion,
            format!("{old} of an older revision: the update strategy OnDelete waits for deletion"),
        )
    } else if counts.updated < counts.desired || counts.available < counts.desired {
        (Phase::Rolling, waiting_for(counts.desired - counts.available, "available"))
    } else {
        (Phase::Complete, format!("all {} of the newest revision", plural(counts.updated, "pod")))
    }
}

fn waiting_for(count: i64, state: &str) -> String {
    format!("Waiting for {count} pods to be {state}...")
}

fn rolling(set: Set<'_>, counts: Counts) -> (Phase, String) {
    let partition = set.partition();
    let to_update = (counts.desired - partition).max(0);
    let updated = counts.updated;
    let newest = set.update_revision().unwrap_or_default();
    let at_newest = set.current_revision() == set.update_revision();
    let rolling = if partition == 0 {
        format!(
            "waiting for statefulset rolling update to complete {updated} pods at revision {newest}..."
        )
    } else {
        format!(
            "Waiting for partitioned roll out to finish: {updated} out of {to_update} new pods have \
             been updated..."
        )
    };
    if counts.ready < counts.desired {
        (Phase::Rolling, waiting_for(counts.desired - counts.ready, "ready"))
    } else if updated < to_update || (partition == 0 && !at_newest) {
        (Phase::Rolling, rolling)
    } else if counts.available < counts.desired {
        (Phase::Rolling, waiting_for(counts.desired - counts.available, "available"))
    } else if counts.total > counts.desired {
        let surplus = counts.total - counts.desired;
        (Phase::Rolling, format!("{surplus} pods are pending termination..."))
    } else if partition > 0 {
        let phase = if at_newest { Phase::Complete } else { Phase::Partitioned };
        (phase, format!("partitioned roll out complete: {updated} new pods have been updated..."))
    } else {
        let message =
            format!("statefulset rolling update complete {updated} pods at revision {newest}...");
        (Phase::Complete, message)
    }
}

#[cfg(test)]
mod tests;
