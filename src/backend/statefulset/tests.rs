use serde_json::json;

use super::*;

/// Three pods of the newest revision, all available, with changes merged in.
fn set(spec: &Value, status: &Value) -> Value {
    let mut set = json!({
        "metadata": {"name": "db", "generation": 2, "uid": "u"},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "db"}},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}},
        "status": {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 3,
            "readyReplicas": 3, "availableReplicas": 3,
            "currentRevision": "db-b", "updateRevision": "db-b"},
    });
    for (part, change) in [("spec", spec), ("status", status)] {
        for (member, value) in change.as_object().unwrap() {
            set[part][member] = value.clone();
        }
    }
    set
}

fn partition(count: i64) -> Value {
    json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": count}}})
}

#[test]
fn status_follows_the_rules_of_kubectl_but_for_its_blind_spots() {
    let on_delete = json!({"updateStrategy": {"type": "OnDelete"}});
    for (spec, status, phase, message) in [
        (
            json!({}),
            json!({}),
            Phase::Complete,
            "statefulset rolling update complete 3 pods at revision db-b...",
        ),
        (
            json!({}),
            json!({"observedGeneration": 1}),
            Phase::Unobserved,
            "Waiting for statefulset spec update to be observed...",
        ),
        (
            json!({}),
            json!({"readyReplicas": 1}),
            Phase::Rolling,
            "Waiting for 2 pods to be ready...",
        ),
        (
            json!({}),
            json!({"updatedReplicas": 1, "currentRevision": "db-a"}),
            Phase::Rolling,
            "waiting for statefulset rolling update to complete 1 pods at revision db-b...",
        ),
        // Ready is not available: minReadySeconds.
        (
            json!({}),
            json!({"availableReplicas": 2}),
            Phase::Rolling,
            "Waiting for 1 pods to be available...",
        ),
        (json!({"replicas": 2}), json!({}), Phase::Rolling, "1 pods are pending termination..."),
        (
            partition(2),
            json!({"updatedReplicas": 0, "currentRevision": "db-a"}),
            Phase::Rolling,
            "Waiting for partitioned roll out to finish: 0 out of 1 new pods have been updated...",
        ),
        (
            partition(2),
            json!({"updatedReplicas": 1, "currentRevision": "db-a"}),
            Phase::Partitioned,
            "partitioned roll out complete: 1 new pods have been updated...",
        ),
        (
            partition(2),
            json!({}),
            Phase::Complete,
            "partitioned roll out complete: 3 new pods have been updated...",
        ),
        (
            on_delete.clone(),
            json!({"updatedReplicas": 1, "currentRevision": "db-a"}),
            Phase::AwaitsDeletion,
            "2 pods of an older revision: the update strategy OnDelete waits for deletion",
        ),
        (
            on_delete.clone(),
            json!({"updatedReplicas": 0, "replicas": 1, "availableReplicas": 0}),
            Phase::AwaitsDeletion,
            "1 pod of an older revision: the update strategy OnDelete waits for deletion",
        ),
        (
            on_delete.clone(),
            json!({"updatedReplicas": 2, "replicas": 2, "availableReplicas": 2}),
            Phase::Rolling,
            "Waiting for 1 pods to be available...",
        ),
        (
            on_delete,
            json!({"currentRevision": "db-a"}),
            Phase::Complete,
            "all 3 pods of the newest revision",
        ),
    ] {
        let progress = progress(Set(&set(&spec, &status)));
        assert_eq!((progress.phase, progress.message.as_str()), (phase, message));
    }
}

fn snapshot(workload: Value, pods: &[(&str, &str, bool)]) -> Snapshot {
    let pod = |(name, revision, ready): &(&str, &str, bool)| {
        let ready = if *ready { "True" } else { "False" };
        crate::rollback::model::pod::PodState::read(&json!({
            "metadata": {"name": name, "uid": format!("uid-{name}"),
                "labels": {"controller-revision-hash": format!("db-{revision}")},
                "ownerReferences": [{"uid": "u", "controller": true}]},
            "status": {"conditions": [{"type": "Ready", "status": ready}]},
        }))
    };
    let stored = |name: &str, number: i64| {
        json!({"metadata": {"name": format!("db-{name}"), "uid": name}, "revision": number,
            "data": {"spec": {"template": {"spec": {"containers": [{"name": name}]}}}}})
    };
    Snapshot {
        taken_at: jiff::Timestamp::UNIX_EPOCH,
        cluster: crate::rollback::model::target::ClusterRef::default(),
        target: crate::rollback::model::target::Target::new(&STATEFUL_SET, "shop", "db"),
        workload,
        stored: vec![stored("a", 1), stored("b", 2)],
        pods: pods.iter().map(pod).collect(),
        warnings: Vec::new(),
        owners: Vec::new(),
        owner_objects: Vec::new(),
        gaps: Vec::new(),
    }
}

fn left(spec: &Value, pods: &[(&str, &str, bool)]) -> Option<(WhyLeft, String)> {
    let snapshot = snapshot(set(spec, &json!({})), pods);
    let revisions = StatefulSets.revisions(&snapshot);
    let target = revisions.list.iter().find(|r| r.name == "db-a").unwrap();
    let leftovers = StatefulSets.leftovers(&snapshot, target)?;
    Some((leftovers.why, leftovers.name_list().join(" ")))
}

#[test]
fn what_keeps_an_ordered_set_from_rolling_back_is_left() {
    let pods = [("db-0", "a", true), ("db-1", "b", true), ("db-2", "b", false)];
    let stuck = Some((WhyLeft::Stuck, "db-2".to_owned()));
    assert_eq!(left(&json!({}), &pods), stuck);
    let mut parallel = json!({"podManagementPolicy": "Parallel"});
    assert_eq!(left(&parallel, &pods), None);
    // Where the controller counts what is unavailable, a pod that is down stops it, too.
    parallel["updateStrategy"] =
        json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}});
    assert_eq!(left(&parallel, &pods), stuck);
    // Those below the partition come back as they are.
    assert_eq!(left(&partition(3), &pods), None);
    assert_eq!(left(&partition(2), &pods), stuck);
    // An unready pod of the target itself is not to blame.
    assert_eq!(left(&json!({}), &[("db-0", "a", false)]), None);
}

#[test]
fn with_on_delete_every_pod_of_another_revision_is_left_unready_ones_first() {
    let on_delete = json!({"updateStrategy": {"type": "OnDelete"}});
    let pods =
        [("db-0", "b", true), ("db-1", "b", false), ("db-2", "b", true), ("db-3", "a", true)];
    assert_eq!(left(&on_delete, &pods), Some((WhyLeft::OnDelete, "db-1 db-2 db-0".to_owned())));
}

#[test]
fn pods_are_counted_by_their_revision() {
    let status = json!({"currentRevision": "db-a", "updatedReplicas": 1, "readyReplicas": 2,
        "availableReplicas": 2});
    let workload = set(&json!({}), &status);
    let pods = [("db-0", "a", true), ("db-1", "a", true), ("db-2", "b", false)];
    // What the status tells is the same, where pods cannot be read.
    for pods in [&pods[..], &[]] {
        let revisions = StatefulSets.revisions(&snapshot(workload.clone(), pods));
        let counts: Vec<_> = revisions
            .list
            .iter()
            .map(|r| (r.name.as_str(), r.replicas.ready, r.replicas.desired))
            .collect();
        assert_eq!(counts, [("db-a", 2, 2), ("db-b", 0, 1)]);
    }
}

#[test]
fn the_current_revision_speaks_for_itself_unless_it_is_live() {
    let favour = |spec: &Value, current: &str| {
        let snapshot = snapshot(set(spec, &json!({"currentRevision": current})), &[]);
        let revisions = StatefulSets.revisions(&snapshot);
        let found = revisions.list.iter().find(|r| StatefulSets.favour(&snapshot, r).is_some());
        found.map(|r| r.name.clone())
    };
    assert_eq!(favour(&json!({}), "db-a"), Some("db-a".to_owned()));
    assert_eq!(favour(&json!({}), "db-b"), None);
    assert_eq!(favour(&json!({"updateStrategy": {"type": "OnDelete"}}), "db-a"), None);
}

#[test]
fn what_the_controller_takes_for_live_has_the_live_template() {
    let mut snapshot = snapshot(set(&json!({"template": {"spec": 1}}), &json!({})), &[]);
    snapshot.stored[1]["data"] = json!({"spec": {"template": {}}});
    let revisions = StatefulSets.revisions(&snapshot);
    let live = revisions.live().unwrap();
    assert_eq!((live.name.as_str(), live.unusable.as_deref()), ("db-b", None));
    assert_eq!(live.template, json!({"spec": 1}));
}
