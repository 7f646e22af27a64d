//! DaemonSets: revisions are their `ControllerRevision`s, each node that fits has one pod.

use serde_json::Value;

use super::controller_revision::{self, CONTROLLER_REVISION, Counts};
use super::{PodsInDoubt, Rollbacker};
use crate::rollback::model::leftover::{Leftovers, WhyLeft};
use crate::rollback::model::progress::{Phase, PodCounts, Progress};
use crate::rollback::model::revision::{Revision, Revisions};
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::Kind;
use crate::text::plural;

const DAEMON_SET: Kind = Kind {
    api_version: "apps/v1",
    kind: "DaemonSet",
    plural: "daemonsets",
    singular: "daemonset",
    short: &["ds"],
};

/// The backend for DaemonSets.
#[derive(Debug)]
pub(super) struct DaemonSets;

impl Rollbacker for DaemonSets {
    fn kind(&self) -> &'static Kind {
        &DAEMON_SET
    }

    fn stores(&self) -> &'static Kind {
        &CONTROLLER_REVISION
    }

    fn revisions(&self, snapshot: &Snapshot) -> Revisions {
        let list = snapshot.stored.iter().map(controller_revision::revision).collect();
        let template = snapshot.workload.pointer("/spec/template").cloned().unwrap_or_default();
        let mut revisions = Revisions::new(list, template);
        let live = revisions.live().map(|live| live.name.clone());
        let counts = counts(&snapshot.workload);
        controller_revision::count(&mut revisions.list, snapshot, counts, live.as_deref(), None);
        revisions
    }

    fn pods_in_doubt(&self, snapshot: &Snapshot, _live_too: bool) -> PodsInDoubt {
        let settled = progress(&snapshot.workload).phase == Phase::Complete;
        // With OnDelete, those that run well stay too.
        let on_delete = is_on_delete(&snapshot.workload);
        if settled && !on_delete { PodsInDoubt::None } else { PodsInDoubt::All }
    }

    fn runs_nothing(&self, workload: &Value) -> Option<&'static str> {
        let seen = is_observed(workload) && counts(workload).desired == 0;
        seen.then_some("no node fits it")
    }

    fn leftovers(&self, snapshot: &Snapshot, target: &Revision) -> Option<Leftovers> {
        // The rolling update replaces pods that do not run first: nothing is ever stuck.
        let pods = controller_revision::pods_of_others(snapshot, target);
        (is_on_delete(&snapshot.workload) && !pods.is_empty()).then(|| Leftovers {
            why: WhyLeft::OnDelete,
            pods: pods.into_iter().map(Into::into).collect(),
        })
    }

    fn progress(&self, workload: &Value, _stale: Option<&str>) -> Progress {
        progress(workload)
    }
}

fn number(daemon_set: &Value, pointer: &str) -> i64 {
    daemon_set.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
}

fn counts(daemon_set: &Value) -> Counts {
    let number = |member: &str| number(daemon_set, &format!("/status/{member}"));
    Counts {
        desired: number("desiredNumberScheduled"),
        total: number("currentNumberScheduled"),
        updated: number("updatedNumberScheduled"),
        ready: number("numberReady"),
        available: number("numberAvailable"),
    }
}

fn is_observed(daemon_set: &Value) -> bool {
    let observed = number(daemon_set, "/status/observedGeneration");
    observed > 0 && observed >= number(daemon_set, "/metadata/generation")
}

fn is_on_delete(daemon_set: &Value) -> bool {
    daemon_set.pointer("/spec/updateStrategy/type") == Some(&Value::from("OnDelete"))
}

/// The rules of `kubectl rollout status` in its order
/// (`kubectl:pkg/polymorphichelpers/rollout_status.go`), but `OnDelete` has a status too.
fn progress(daemon_set: &Value) -> Progress {
    let counts = counts(daemon_set);
    let Counts { desired, updated, available, .. } = counts;
    let name = daemon_set.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let pods = PodCounts { desired, total: counts.total, updated, ready: counts.ready, available };
    let waiting = format!("Waiting for daemon set \"{name}\" rollout to finish: ");
    let (phase, message) = if !is_observed(daemon_set) {
        (Phase::Unobserved, "Waiting for daemon set spec update to be observed...".to_owned())
    } else if is_on_delete(daemon_set) && counts.total > updated {
        let old = plural(counts.total - updated, "pod");
        (
            Phase::AwaitsDeletion,
            format!("{old} of an older revision: the update strategy OnDelete waits for deletion"),
        )
    } else if updated < desired {
        let message = format!("{waiting}{updated} out of {desired} new pods have been updated...");
        (Phase::Rolling, message)
    } else if available < desired {
        (Phase::Rolling, format!("{waiting}{available} of {desired} updated pods are available..."))
    } else {
        (Phase::Complete, format!("daemon set \"{name}\" successfully rolled out"))
    };
    Progress { phase, message, pods }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn daemon_set(strategy: &str, status: &Value) -> Value {
        json!({
            "metadata": {"name": "agent", "generation": 2},
            "spec": {"updateStrategy": {"type": strategy}},
            "status": status,
        })
    }

    #[test]
    fn status_follows_the_rules_of_kubectl_in_their_order() {
        let full = json!({"observedGeneration": 2, "desiredNumberScheduled": 3,
            "currentNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 3});
        for (strategy, change, phase, message) in [
            (
                "RollingUpdate",
                json!({}),
                Phase::Complete,
                "daemon set \"agent\" successfully rolled out",
            ),
            (
                "RollingUpdate",
                json!({"observedGeneration": 1}),
                Phase::Unobserved,
                "Waiting for daemon set spec update to be observed...",
            ),
            (
                "RollingUpdate",
                json!({"updatedNumberScheduled": 1}),
                Phase::Rolling,
                "Waiting for daemon set \"agent\" rollout to finish: 1 out of 3 new pods have been \
                 updated...",
            ),
            (
                "RollingUpdate",
                json!({"numberAvailable": 2}),
                Phase::Rolling,
                "Waiting for daemon set \"agent\" rollout to finish: 2 of 3 updated pods are \
                 available...",
            ),
            (
                "OnDelete",
                json!({"updatedNumberScheduled": 1}),
                Phase::AwaitsDeletion,
                "2 pods of an older revision: the update strategy OnDelete waits for deletion",
            ),
            (
                "OnDelete",
                json!({"updatedNumberScheduled": 2, "currentNumberScheduled": 2}),
                Phase::Rolling,
                "Waiting for daemon set \"agent\" rollout to finish: 2 out of 3 new pods have been \
                 updated...",
            ),
        ] {
            let mut status = full.clone();
            for (member, value) in change.as_object().unwrap() {
                status[member] = value.clone();
            }
            let progress = progress(&daemon_set(strategy, &status));
            assert_eq!((progress.phase, progress.message.as_str()), (phase, message));
        }
    }

    #[test]
    fn without_a_node_nothing_runs_but_only_the_controller_knows() {
        let seen = daemon_set("RollingUpdate", &json!({"observedGeneration": 2}));
        assert_eq!(DaemonSets.runs_nothing(&seen), Some("no node fits it"));
        let unseen = daemon_set("RollingUpdate", &json!({}));
        assert_eq!(DaemonSets.runs_nothing(&unseen), None);
    }
}
