//! Deployments: revisions are their `ReplicaSet`s.

use serde_json::Value;

use super::{Obstacle, PodsInDoubt, Rollbacker, read, selector};
use crate::rollback::model::context::{self, Context};
use crate::rollback::model::progress::{Phase, PodCounts, Progress};
use crate::rollback::model::revision::{Replicas, Revision, Revisions};
use crate::rollback::model::snapshot::{PodWarning, Snapshot};
use crate::rollback::model::target::{Kind, Target};
use crate::rollback::model::template::{HASH_LABEL, without_hash};

const DEPLOYMENT: Kind = Kind {
    api_version: "apps/v1",
    kind: "Deployment",
    plural: "deployments",
    singular: "deployment",
    short: &["deploy"],
};

const REPLICA_SET: Kind = Kind {
    api_version: "apps/v1",
    kind: "ReplicaSet",
    plural: "replicasets",
    singular: "replicaset",
    short: &["rs"],
};

const REVISION: &str = "deployment.kubernetes.io/revision";
const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";

/// Names of pods longer than this are cut (k8s.io/apiserver/pkg/storage/names), and the hash of the
/// `ReplicaSet` with them.
const MAX_POD_PREFIX: usize = 58;

/// The backend for Deployments.
#[derive(Debug)]
pub(super) struct Deployments;

impl Rollbacker for Deployments {
    fn kind(&self) -> &'static Kind {
        &DEPLOYMENT
    }

    fn stores(&self) -> &'static Kind {
        &REPLICA_SET
    }

    fn revisions(&self, snapshot: &Snapshot) -> Revisions {
        let template = snapshot.workload.pointer("/spec/template").cloned().unwrap_or_default();
        let revisions = Revisions::new(snapshot.stored.iter().map(revision).collect(), template);
        context::restore(revisions, snapshot)
    }

    fn renews_annotations(&self) -> bool {
        true
    }

    fn pods_in_doubt(&self, snapshot: &Snapshot, live_too: bool) -> PodsInDoubt {
        let revisions = self.revisions(snapshot);
        let unavailable =
            |r: &&Revision| r.replicas.current > r.replicas.available && !r.hash.is_empty();
        let live = revisions.live().filter(|_| live_too);
        let in_doubt = revisions.older().chain(live).filter(unavailable);
        let hashes: Vec<String> = in_doubt.map(|r| r.hash.clone()).collect();
        if hashes.is_empty() { PodsInDoubt::None } else { PodsInDoubt::Of(hashes) }
    }

    fn made_pod(&self, _snapshot: &Snapshot, revision: &Revision, warning: &PodWarning) -> bool {
        is_named_after(&revision.name, &warning.pod)
    }

    fn obstacle(&self, workload: &Value) -> Option<Obstacle> {
        if workload.pointer("/metadata/deletionTimestamp").is_some_and(Value::is_string) {
            return Some(Obstacle::Deleting);
        }
        is_paused(workload).then_some(Obstacle::Paused)
    }

    fn progress(&self, workload: &Value, stale: Option<&str>) -> Progress {
        progress(workload, stale)
    }

    fn pods_refused(&self, workload: &Value) -> Option<String> {
        let failure = condition(workload, "ReplicaFailure")?;
        let holds = failure.get("status") == Some(&Value::from("True"));
        holds.then(|| failure.get("message")?.as_str().map(str::to_owned))?
    }

    fn deadline_marker(&self, workload: &Value) -> Option<String> {
        Some(progressing(workload)?.get("lastUpdateTime")?.as_str()?.to_owned())
    }

    fn progress_deadline(&self, workload: &Value) -> Option<u64> {
        // The API's "never" is the largest 32-bit integer.
        workload
            .pointer("/spec/progressDeadlineSeconds")
            .and_then(Value::as_u64)
            .filter(|seconds| *seconds < 2_147_483_647)
    }

    fn pod_selector(&self, workload: &Value, hash: &str) -> String {
        let selector =
            selector::to_query(workload.pointer("/spec/selector").unwrap_or(&Value::Null));
        if hash.is_empty() { selector } else { format!("{selector},{HASH_LABEL}={hash}") }
    }

    fn revision_path(&self, target: &Target, revision: &Revision) -> Option<String> {
        Some(read::path_of(&REPLICA_SET, &target.namespace, &revision.name))
    }
}

fn revision(replica_set: &Value) -> Revision {
    let text = |pointer: &str| {
        replica_set.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let count =
        |pointer: &str| replica_set.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
    let written = read::annotation(replica_set, REVISION);
    let number = written.and_then(|n| n.parse::<i64>().ok()).filter(|n| *n >= 0);
    let template = without_hash(replica_set.pointer("/spec/template").cloned().unwrap_or_default());
    Revision {
        number,
        unreadable_number: written.filter(|_| number.is_none()).map(str::to_owned),
        past_numbers: read::annotation(replica_set, REVISION_HISTORY)
            .unwrap_or_default()
            .split(',')
            .filter_map(|n| n.trim().parse().ok())
            .collect(),
        hash: text(&format!("/metadata/labels/{HASH_LABEL}")),
        name: text("/metadata/name"),
        uid: text("/metadata/uid"),
        created: text("/metadata/creationTimestamp").parse().ok(),
        replicas: Replicas {
            desired: count("/spec/replicas"),
            current: count("/status/replicas"),
            ready: count("/status/readyReplicas"),
            available: count("/status/availableReplicas"),
        },
        change_cause: read::annotation(replica_set, read::CHANGE_CAUSE).map(str::to_owned),
        context: Context::of(replica_set, &template),
        template,
        unusable: None,
    }
}

/// Whether a pod has the name that the `ReplicaSet` of this name gives.
fn is_named_after(replica_set: &str, pod: &str) -> bool {
    replica_set.len() < MAX_POD_PREFIX
        && pod
            .strip_prefix(replica_set)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|suffix| !suffix.is_empty() && !suffix.contains('-'))
}

fn is_paused(deployment: &Value) -> bool {
    deployment.pointer("/spec/paused") == Some(&Value::Bool(true))
}

fn progressing(deployment: &Value) -> Option<&Value> {
    condition(deployment, "Progressing")
}

fn condition<'a>(deployment: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = deployment.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| condition.get("type") == Some(&Value::from(kind)))
}

/// The rules of `kubectl rollout status` in its order
/// (`kubectl:pkg/polymorphichelpers/rollout_status.go`), with two differences: an exceeded deadline from before the newest template
/// is not believed, and a pause with something left to do is named.
fn progress(deployment: &Value, stale: Option<&str>) -> Progress {
    let number =
        |pointer: &str| deployment.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
    let name = deployment.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let pods = PodCounts {
        desired: deployment.pointer("/spec/replicas").and_then(Value::as_i64).unwrap_or(1),
        total: number("/status/replicas"),
        updated: number("/status/updatedReplicas"),
        ready: number("/status/readyReplicas"),
        available: number("/status/availableReplicas"),
    };
    let waiting = format!("Waiting for deployment \"{name}\" rollout to finish: ");
    // A pause stops the controller from replacing pods; those that are there may become available.
    let replacing = if is_paused(deployment) { Phase::Paused } else { Phase::Rolling };
    let (phase, message) = if number("/metadata/generation") > number("/status/observedGeneration")
    {
        (Phase::Unobserved, "Waiting for deployment spec update to be observed...".to_owned())
    } else if deadline_exceeded(deployment, stale) {
        (Phase::DeadlineExceeded, format!("deployment \"{name}\" exceeded its progress deadline"))
    } else if pods.updated < pods.desired {
        let message = format!(
            "{waiting}{} out of {} new replicas have been updated...",
            pods.updated, pods.desired
        );
        (replacing, message)
    } else if pods.total > pods.updated {
        let old = pods.total - pods.updated;
        (replacing, format!("{waiting}{old} old replicas are pending termination..."))
    } else if pods.available < pods.updated {
        let message = format!(
            "{waiting}{} of {} updated replicas are available...",
            pods.available, pods.updated
        );
        (Phase::Rolling, message)
    } else {
        (Phase::Complete, format!("deployment \"{name}\" successfully rolled out"))
    };
    Progress { phase, message, pods }
}

/// The controller keeps the reason until it sees progress, and with one replica or the strategy
/// Recreate the first sync after a write sees none
/// (`kubernetes:pkg/controller/deployment/progress.go`): such a condition is older than the template
/// that it seems to judge.
/// One of the very second of the template is older, too: the shortest deadline is a second.
fn deadline_exceeded(deployment: &Value, stale: Option<&str>) -> bool {
    let Some(condition) = progressing(deployment) else { return false };
    let updated = condition.get("lastUpdateTime").and_then(Value::as_str);
    condition.get("reason") == Some(&Value::from("ProgressDeadlineExceeded"))
        && (stale.is_none() || updated != stale)
        && !read::template_is_not_older_than(deployment, updated.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(status: &Value) -> Value {
        json!({
            "metadata": {"name": "web", "generation": 2},
            "spec": {"replicas": 3},
            "status": status,
        })
    }

    #[test]
    fn status_follows_the_rules_of_kubectl_in_their_order() {
        let full = json!({"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3,
                          "availableReplicas": 3, "readyReplicas": 3});
        for (change, phase, message) in [
            (json!({}), Phase::Complete, "deployment \"web\" successfully rolled out"),
            (
                json!({"observedGeneration": 1}),
                Phase::Unobserved,
                "Waiting for deployment spec update to be observed...",
            ),
            (
                json!({"updatedReplicas": 1}),
                Phase::Rolling,
                "Waiting for deployment \"web\" rollout to finish: 1 out of 3 new replicas have \
                 been updated...",
            ),
            (
                json!({"replicas": 4}),
                Phase::Rolling,
                "Waiting for deployment \"web\" rollout to finish: 1 old replicas are pending \
                 termination...",
            ),
            (
                json!({"availableReplicas": 2}),
                Phase::Rolling,
                "Waiting for deployment \"web\" rollout to finish: 2 of 3 updated replicas are \
                 available...",
            ),
        ] {
            let mut status = full.clone();
            for (member, value) in change.as_object().unwrap() {
                status[member] = value.clone();
            }
            let progress = progress(&deployment(&status), None);
            assert_eq!((progress.phase, progress.message.as_str()), (phase, message));
        }
    }

    #[test]
    fn an_exceeded_deadline_counts_unless_it_is_older_than_the_write() {
        let status = json!({"observedGeneration": 2, "conditions": [
            {"type": "Progressing", "reason": "ProgressDeadlineExceeded",
             "lastUpdateTime": "2026-01-01T00:00:00Z"}]});
        let mut web = deployment(&status);
        assert_eq!(progress(&web, None).phase, Phase::DeadlineExceeded);
        assert_eq!(progress(&web, Some("2026-01-01T00:00:00Z")).phase, Phase::Rolling);
        assert_eq!(progress(&web, Some("2025-12-31T00:00:00Z")).phase, Phase::DeadlineExceeded);
        for (written, phase) in [
            ("2026-01-01T00:00:05Z", Phase::Rolling),
            ("2026-01-01T00:00:00Z", Phase::Rolling),
            ("2025-12-31T23:59:59Z", Phase::DeadlineExceeded),
        ] {
            web["metadata"]["managedFields"] = json!([
                {"manager": "rb", "time": written, "fieldsV1": {"f:spec": {"f:template": {}}}}]);
            assert_eq!(progress(&web, None).phase, phase, "{written}");
        }
    }

    #[test]
    fn a_pause_with_something_left_to_do_is_named() {
        for (total, updated, phase) in
            [(3, 0, Phase::Paused), (4, 3, Phase::Paused), (3, 3, Phase::Rolling)]
        {
            let status = json!({"observedGeneration": 2, "replicas": total,
                                "updatedReplicas": updated, "availableReplicas": 2});
            let mut web = deployment(&status);
            web["spec"]["paused"] = json!(true);
            assert_eq!(progress(&web, None).phase, phase, "{updated} of {total}");
        }
    }

    #[test]
    fn pods_are_known_by_the_name_of_their_replica_set() {
        for (set, pod, is_its) in [
            ("web-5d9", "web-5d9-x7k2p", true),
            ("web-5d9", "web-5d9", false),
            ("web-5d9", "web-5d9-extra-x7k2p", false),
            ("web-5d9", "web-5d98-x7k2p", false),
        ] {
            assert_eq!(is_named_after(set, pod), is_its, "{set} {pod}");
        }
        let long = "a".repeat(MAX_POD_PREFIX);
        assert!(!is_named_after(&long, &format!("{long}-x7k2p")));
    }

    #[test]
    fn numbers_are_integers_or_nothing() {
        for (written, number) in [
            (json!("10"), Some(10)),
            (json!("0"), Some(0)),
            (json!("ten"), None),
            (json!("-1"), None),
        ] {
            let rs = json!({"metadata": {"annotations": {REVISION: written,
                            REVISION_HISTORY: "1,3,x"}}});
            assert_eq!(revision(&rs).number, number);
            assert_eq!(revision(&rs).past_numbers, [1, 3]);
        }
        assert_eq!(revision(&json!({})).number, None);
    }
}
