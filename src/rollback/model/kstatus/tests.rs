use serde_json::{Value, json};

/// A rule, what is changed in an object to which none before it applies, and what comes of it.
type Case = (&'static str, Value, &'static str);

const NOW: &str = "2026-01-01T00:01:00Z";

fn check(base: &Value, cases: Vec<Case>) {
    for (rule, change, expected) in cases {
        let mut object = base.clone();
        for (pointer, value) in change.as_object().unwrap() {
            put(&mut object, pointer, value.clone());
        }
        let judged = super::status(&object, NOW.parse().unwrap());
        let found = format!("{} {}", judged.status.word(), judged.reason);
        assert_eq!(found.trim_end(), expected, "{rule}: {judged}");
    }
}

/// Writes a member; `null` counts as none.
fn put(object: &mut Value, pointer: &str, value: Value) {
    let mut at = object;
    let path: Vec<&str> = pointer.split('/').skip(1).collect();
    let (last, parents) = path.split_last().unwrap();
    for name in parents {
        at = &mut at[*name];
    }
    at[*last] = value;
}

fn condition(kind: &str, status: &str, reason: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": "in words"})
}

#[test]
fn the_rules_for_all_kinds_come_first_and_in_their_order() {
    let base = json!({
        "apiVersion": "example.org/v1", "kind": "Thing",
        "metadata": {"generation": 2}, "status": {"observedGeneration": 2},
    });
    let reconciling = condition("Reconciling", "True", "Busy");
    let stalled = condition("Stalled", "True", "Stuck");
    check(
        &base,
        vec![
            (
                "1: deletion, before the generation",
                json!({"/metadata/deletionTimestamp": NOW, "/status/observedGeneration": 1}),
                "Terminating",
            ),
            (
                "1: an empty deletionTimestamp is none",
                json!({"/metadata/deletionTimestamp": ""}),
                "Current",
            ),
            (
                "2: the generation is not observed, before the conditions",
                json!({"/status/observedGeneration": 1, "/status/conditions": [stalled]}),
                "InProgress LatestGenerationNotObserved",
            ),
            (
                "2: a newer one was observed: they differ",
                json!({"/status/observedGeneration": 3}),
                "InProgress LatestGenerationNotObserved",
            ),
            ("2: none was observed", json!({"/status/observedGeneration": null}), "Current"),
            ("2: it has none", json!({"/metadata/generation": null}), "Current"),
            ("3: Reconciling", json!({"/status/conditions": [reconciling]}), "InProgress Busy"),
            ("3: Stalled", json!({"/status/conditions": [stalled]}), "Failed Stuck"),
            (
                "3: the first of the two in the list, Reconciling",
                json!({"/status/conditions": [reconciling, stalled]}),
                "InProgress Busy",
            ),
            (
                "3: the first of the two in the list, Stalled",
                json!({"/status/conditions": [stalled, reconciling]}),
                "Failed Stuck",
            ),
            (
                "3: only True counts",
                json!({"/status/conditions": [condition("Stalled", "False", "No")]}),
                "Current",
            ),
            (
                "5: Ready",
                json!({"/status/conditions": [condition("Ready", "True", "Yes")]}),
                "Current",
            ),
            (
                "5: not Ready",
                json!({"/status/conditions": [condition("Ready", "False", "Waits")]}),
                "InProgress Waits",
            ),
            (
                "5: Ready is Unknown",
                json!({"/status/conditions": [condition("Ready", "Unknown", "Asks")]}),
                "InProgress Asks",
            ),
            ("6: otherwise", json!({}), "Current"),
            ("conditions that are no list", json!({"/status/conditions": "x"}), "Unknown"),
            ("a condition that is no object", json!({"/status/conditions": ["x"]}), "Unknown"),
            ("a generation that is no number", json!({"/metadata/generation": "two"}), "Unknown"),
        ],
    );
}

#[test]
fn each_rule_for_deployments_decides() {
    let available = condition("Available", "True", "MinimumReplicasAvailable");
    let done = condition("Progressing", "True", "NewReplicaSetAvailable");
    let late = condition("Progressing", "False", "ProgressDeadlineExceeded");
    let base = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {},
        "spec": {"replicas": 3, "progressDeadlineSeconds": 600},
        "status": {"replicas": 3, "updatedReplicas": 3, "readyReplicas": 3, "availableReplicas": 3,
                   "conditions": [available, done]},
    });
    let conditions = |list: Value| json!({"/status/conditions": list});
    check(
        &base,
        vec![
            (
                "1: deadline exceeded, whatever the counters say",
                conditions(json!([available, late])),
                "Failed ProgressDeadlineExceeded",
            ),
            ("2: replicas < spec", json!({"/status/replicas": 2}), "InProgress LessReplicas"),
            (
                "2: no counter is 0, no spec is 1",
                json!({"/status/replicas": null, "/spec/replicas": null}),
                "InProgress LessReplicas",
            ),
            ("3: updated < spec", json!({"/status/updatedReplicas": 2}), "InProgress LessUpdated"),
            (
                "3 before 4",
                json!({"/status/updatedReplicas": 2, "/status/replicas": 4}),
                "InProgress LessUpdated",
            ),
            ("4: replicas > spec", json!({"/status/replicas": 4}), "InProgress ExtraPods"),
            (
                "4 before 5",
                json!({"/status/replicas": 4, "/status/availableReplicas": 1}),
                "InProgress ExtraPods",
            ),
            (
                "5: available < updated",
                json!({"/status/availableReplicas": 2}),
                "InProgress LessAvailable",
            ),
            ("6: ready < spec", json!({"/status/readyReplicas": 2}), "InProgress LessReady"),
            (
                "7: not progressing",
                conditions(json!([
                    available,
                    condition("Progressing", "True", "ReplicaSetUpdated")
                ])),
                "InProgress ReplicaSetNotAvailable",
            ),
            (
                "7: without a deadline it always is",
                json!({"/spec/progressDeadlineSeconds": null, "/status/conditions": [available]}),
                "Current",
            ),
            (
                "7: the largest deadline is none",
                json!({"/spec/progressDeadlineSeconds": 2_147_483_647,
                       "/status/conditions": [available]}),
                "Current",
            ),
            (
                "8: not available",
                conditions(json!([done, condition("Available", "False", "x")])),
                "InProgress DeploymentNotAvailable",
            ),
            ("9: else", json!({}), "Current"),
            (
                "the old group has the same rules",
                json!({"/apiVersion": "extensions/v1beta1", "/status/replicas": 2}),
                "InProgress LessReplicas",
            ),
            (
                "another group has none",
                json!({"/apiVersion": "example.org/v1", "/status/replicas": 2}),
                "Current",
            ),
        ],
    );
}

#[test]
fn each_rule_for_stateful_sets_decides() {
    let base = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {},
        "spec": {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {}}},
        "status": {"replicas": 3, "readyReplicas": 3, "currentReplicas": 3, "updatedReplicas": 3,
                   "currentRevision": "db-1", "updateRevision": "db-1"},
    });
    let partition = "/spec/updateStrategy/rollingUpdate/partition";
    check(
        &base,
        vec![
            (
                "1: OnDelete, whatever the counters say",
                json!({"/spec/updateStrategy/type": "OnDelete", "/status/readyReplicas": 0}),
                "Current",
            ),
            ("2: replicas < spec", json!({"/status/replicas": 2}), "InProgress LessReplicas"),
            (
                "2: no spec is 1",
                json!({"/spec/replicas": null, "/status": {}}),
                "InProgress LessReplicas",
            ),
            ("3: ready < spec", json!({"/status/readyReplicas": 2}), "InProgress LessReady"),
            (
                "3 before 4",
                json!({"/status/readyReplicas": 2, "/status/replicas": 4}),
                "InProgress LessReady",
            ),
            ("4: replicas > spec", json!({"/status/replicas": 4}), "InProgress ExtraPods"),
            (
                "5: updated < spec - partition",
                json!({partition: 1, "/status/updatedReplicas": 1}),
                "InProgress PartitionRollout",
            ),
            (
                "5: a partition of 0 counts",
                json!({partition: 0, "/status/updatedReplicas": 2}),
                "InProgress PartitionRollout",
            ),
            (
                "6: a partition, otherwise; the revisions are not compared",
                json!({partition: 2, "/status/updatedReplicas": 1, "/status/updateRevision": "db-2",
                       "/status/currentReplicas": 2}),
                "Current",
            ),
            ("7: current < spec", json!({"/status/currentReplicas": 2}), "InProgress LessCurrent"),
            (
                "8: the revisions differ",
                json!({"/status/updateRevision": "db-2"}),
                "InProgress RevisionMismatch",
            ),
            ("9: else", json!({}), "Current"),
        ],
    );
}

#[test]
fn each_rule_for_daemon_sets_decides() {
    let base = json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"generation": 1},
        "status": {"observedGeneration": 1, "desiredNumberScheduled": 3,
                   "currentNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 3,
                   "numberReady": 3},
    });
    check(
        &base,
        vec![
            ("1: no generation", json!({"/metadata/generation": null}), "InProgress NoGeneration"),
            (
                "2: none observed",
                json!({"/status/observedGeneration": null}),
                "InProgress NoObservedGeneration",
            ),
            (
                "3: no desired number",
                json!({"/status/desiredNumberScheduled": null}),
                "InProgress NoDesiredNumber",
            ),
            (
                "4: current < desired",
                json!({"/status/currentNumberScheduled": 2}),
                "InProgress LessCurrent",
            ),
            (
                "5: updated < desired",
                json!({"/status/updatedNumberScheduled": 2}),
                "InProgress LessUpdated",
            ),
            (
                "6: available < desired, before ready",
                json!({"/status/numberAvailable": 2, "/status/numberReady": 2}),
                "InProgress LessAvailable",
            ),
            ("7: ready < desired", json!({"/status/numberReady": 2}), "InProgress LessReady"),
            ("8: else", json!({}), "Current"),
        ],
    );
}

#[test]
fn each_rule_for_replica_sets_decides() {
    let base = json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {}, "spec": {"replicas": 3},
        "status": {"replicas": 3, "fullyLabeledReplicas": 3, "availableReplicas": 3,
                   "readyReplicas": 3},
    });
    let refused = condition("ReplicaFailure", "True", "FailedCreate");
    check(
        &base,
        vec![
            (
                "1: ReplicaFailure",
                json!({"/status/conditions": [refused]}),
                "InProgress ReplicaFailure",
            ),
            (
                "2: labelled < spec",
                json!({"/status/fullyLabeledReplicas": 2}),
                "InProgress LessLabelled",
            ),
            (
                "3: available < spec",
                json!({"/status/availableReplicas": 2}),
                "InProgress LessAvailable",
            ),
            ("4: ready < spec", json!({"/status/readyReplicas": 2}), "InProgress LessReady"),
            ("5: replicas > spec", json!({"/status/replicas": 4}), "InProgress ExtraPods"),
            ("6: else", json!({}), "Current"),
        ],
    );
}

#[test]
fn each_rule_for_pods_decides() {
    let base = json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"creationTimestamp": "2026-01-01T00:00:00Z"},
        "status": {"phase": "Running", "conditions": []},
    });
    let loops = json!([{"name": "app", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]);
    let pulls = json!([{"name": "app", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]);
    let nowhere = condition("PodScheduled", "False", "Unschedulable");
    let ready = condition("Ready", "True", "");
    check(
        &base,
        vec![
            ("Succeeded", json!({"/status/phase": "Succeeded"}), "Current"),
            ("Failed", json!({"/status/phase": "Failed"}), "Current"),
            (
                "Running: Ready, before the containers",
                json!({"/status/conditions": [ready], "/status/containerStatuses": loops}),
                "Current",
            ),
            (
                "Running: else a crash loop",
                json!({"/status/containerStatuses": loops}),
                "Failed ContainerCrashLooping",
            ),
            (
                "Running: init containers do not count",
                json!({"/status/initContainerStatuses": loops}),
                "InProgress PodRunningNotReady",
            ),
            ("Running: else", json!({}), "InProgress PodRunningNotReady"),
            (
                "Pending: unschedulable and young",
                json!({"/status/phase": "Pending", "/status/conditions": [nowhere],
                       "/metadata/creationTimestamp": "2026-01-01T00:00:46Z"}),
                "InProgress PodNotScheduled",
            ),
            (
                "Pending: unschedulable for 15 seconds",
                json!({"/status/phase": "Pending", "/status/conditions": [nowhere],
                       "/metadata/creationTimestamp": "2026-01-01T00:00:45Z"}),
                "Failed PodUnschedulable",
            ),
            (
                "Pending: not scheduled for another reason",
                json!({"/status/phase": "Pending",
                       "/status/conditions": [condition("PodScheduled", "False", "SchedulingGated")]}),
                "InProgress PodPending",
            ),
            (
                "Pending: else",
                json!({"/status/phase": "Pending", "/status/containerStatuses": pulls}),
                "InProgress PodPending",
            ),
            ("no phase", json!({"/status/phase": null}), "InProgress PodNotObserved"),
            ("another phase is an error", json!({"/status/phase": "Unknown"}), "Unknown"),
        ],
    );
}
