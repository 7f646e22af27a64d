//! What is told of an Application besides.

use serde_json::{Value, json};

use super::super::given::{OLD, SHA, application, links, owner, owner_with, tracked};
use crate::rollback::model::ownership::Proof;

/// The notes of the Application with this merged over it.
fn notes(extra: &Value) -> String {
    owner_with(extra).notes.join("\n")
}

#[test]
fn a_plain_application_has_one_line_to_tell() {
    let owner = owner_with(&json!({}));
    assert_eq!(owner.notes, ["it is Synced with 9f3c2ab and Healthy"]);
    assert_eq!(owner.sources[0].revision.as_deref(), Some(SHA));
    assert_eq!(owner.mark, "annotation argocd.argoproj.io/tracking-id");
}

/// An Application with this merged over it has this note.
#[track_caller]
fn assert_told<const N: usize>(cases: [(Value, &str); N]) {
    for (extra, note) in cases {
        let notes = notes(&extra);
        assert!(notes.lines().any(|line| line == note), "{extra}\n{notes}");
    }
}

#[test]
fn how_it_stands_is_told() {
    let operation = |state: Value| json!({"status": {"operationState": state}});
    let condition = |kind: &str, message: &str| {
        let condition = json!({"type": kind, "message": message});
        json!({"status": {"conditions": [condition]}})
    };
    assert_told([
        (
            json!({"status": {"sync": {"status": "OutOfSync", "revision": null, "revisions": [SHA, "1.4.2"]},
                "health": null}}),
            "it is OutOfSync with 9f3c2ab, 1.4.2",
        ),
        (json!({"status": {"sync": null}}), "it is not compared and Healthy"),
        (
            operation(
                json!({"phase": "Running", "finishedAt": null, "message": "waiting for hook",
                "syncResult": {"revision": OLD}}),
            ),
            "a sync to 51d0e77 is running, and another commit waits until it ends: waiting for hook",
        ),
        (
            operation(json!({"phase": "Running", "syncResult": null, "message": "it failed",
                "retryCount": 1,
                "operation": {"sync": {"revision": OLD}, "retry": {"limit": 5}}})),
            "a sync to 51d0e77 has failed and is tried again, so another commit waits up to 310 s: it \
             failed",
        ),
        (operation(json!({"phase": "Terminating"})), "a sync to 9f3c2ab is being terminated"),
        (
            operation(json!({"phase": "Failed", "message": "it is immutable"})),
            "its last sync to 9f3c2ab failed: it is immutable",
        ),
        (
            json!({"operation": {"sync": {"revision": OLD}}}),
            "a sync to 51d0e77 was asked for, and another commit waits for it",
        ),
        (condition("ComparisonError", "no such path"), "ComparisonError: no such path"),
        (
            condition(
                "SharedResourceWarning",
                "Deployment/web is part of applications argocd/web and other",
            ),
            "it is not the only one: Deployment/web is part of applications argocd/web and other",
        ),
    ]);
}

#[test]
fn how_long_a_failed_sync_is_tried_again_is_told() {
    for (count, retry, words) in [
        (json!(1), json!({"limit": 5}), "up to 310 s"),
        (json!(4), json!({"limit": 5}), "up to 240 s"),
        (json!(1), json!({"limit": 7}), "up to 670 s"),
        (json!(1), json!({"limit": -1}), "without end"),
        (json!(null), json!({"limit": 1}), "up to 10 s"),
        (
            json!(1),
            json!({"limit": 3, "backoff": {"duration": "1m", "factor": 1, "maxDuration": "1m30s"}}),
            "up to 180 s",
        ),
        (
            json!(1),
            json!({"limit": 2, "backoff": {"duration": "soon", "factor": {}}}),
            "up to 30 s",
        ),
        (json!(9), json!({"limit": 5}), "up to 0 s"),
        (json!(1), json!([]), "up to 0 s"),
        (json!("x"), json!({"limit": i64::MAX}), "up to 179"),
    ] {
        let extra = json!({"status": {"operationState": {"phase": "Running", "retryCount": count,
            "operation": {"retry": retry}}}});
        let notes = notes(&extra);
        assert!(notes.contains(&format!("another commit waits {words}")), "{extra}\n{notes}");
    }
}

#[test]
fn what_its_settings_mean_is_told() {
    let source = |source: Value| json!({"spec": {"source": source}});
    assert_told([
        (
            json!({"metadata": {"annotations": {"argocd.argoproj.io/tracking-id":
                "web:argoproj.io/Application:argocd/web"}}}),
            "it deploys itself too, so its own settings come from its source",
        ),
        (
            json!({"spec": {"destination": {"server": "https://prod.test", "name": null}}}),
            "it deploys to cluster https://prod.test, which may be another than this one",
        ),
        (
            json!({"spec": {"destination": {"server": null, "name": "prod"}}}),
            "it deploys to cluster prod, which may be another than this one",
        ),
        (
            source(json!({"helm": {"parameters": [{"name": "image.tag", "value": "secret"}],
                "valuesObject": {"a": 1}, "values": "a: 1"}})),
            "its own settings win over Git: image.tag, Helm values",
        ),
        (
            source(json!({"kustomize": {"images": ["registry.test/web:1.0"]}})),
            "its own settings win over Git: image registry.test/web:1.0",
        ),
        (
            source(json!({"helm": {"parameters": (0..9).map(|n| json!({"name": format!("p{n}")}))
                .collect::<Vec<_>>()}})),
            "its own settings win over Git: p0, p1, p2, p3, p4 and 4 more",
        ),
        (
            json!({"spec": {"ignoreDifferences": [
                {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]},
                {"group": "*", "kind": "*", "managedFieldsManagers": ["hpa"]},
                {"group": "apps", "kind": "Deployment", "name": "api", "jsonPointers": ["/x"]},
                {"kind": "Deployment", "jsonPointers": ["/y"]}]}}),
            "it leaves differences in this object alone: /spec/replicas, all of field manager hpa",
        ),
        (
            json!({"metadata": {"annotations":
                {"argocd.argoproj.io/manifest-generate-paths": ".;../base; /shared ;"}}}),
            "it looks only at commits that change ., ../base, /shared (annotation \
             argocd.argoproj.io/manifest-generate-paths)",
        ),
        (source(json!({"chart": "web"})), "it deploys chart web"),
        (
            json!({"spec": {"sources": [{"chart": "web"}, {"ref": "values"}]}}),
            "it has 2 sources, of which others take values: $values",
        ),
        (
            json!({"spec": {"sourceHydrator": {"drySource": {}, "syncSource": {"targetBranch": "env"},
                "hydrateTo": {"targetBranch": "env-next"}}},
                "status": {"sourceHydrator": {"currentOperation": {"phase": "Failed"}}}}),
            "its source is rendered to branch env, whose commits it syncs, by way of branch env-next \
             and a merge; the last rendering is Failed",
        ),
        (
            json!({"status": {"resources": [{"group": "apps", "kind": "Deployment", "namespace": "prod",
                "name": "web", "requiresPruning": true}]}}),
            "its source does not have this object any more: a sync that prunes deletes it",
        ),
        (
            json!({"status": {"resources": [{"group": "apps", "kind": "Deployment", "namespace": "prod",
                "name": "web", "hook": true}]}}),
            "this object is a hook of it, and made anew by each sync",
        ),
    ]);
}

#[test]
fn no_value_of_a_parameter_is_told() {
    let values = json!({"spec": {"source": {"helm": {
        "parameters": [{"name": "password", "value": "hunter2"}],
        "values": "password: hunter2", "valuesObject": {"password": "hunter2"}},
        "plugin": {"env": [{"name": "TOKEN", "value": "hunter2"}]}}}});
    let owner = owner_with(&values);
    assert!(!format!("{owner:?}").contains("hunter2"), "{owner:?}");
}

#[test]
fn a_long_message_is_cut() {
    let long = json!({"status": {"conditions":
        [{"type": "SyncError", "message": "ä".repeat(10_000)}],
        "operationState": {"phase": "Failed", "message": "ö".repeat(10_000)}}});
    for note in owner_with(&long).notes {
        assert!(note.chars().count() < 300, "{note}");
    }
}

#[test]
fn absurd_applications_break_nothing() {
    let object = tracked("web:apps/Deployment:prod/web");
    let resources = application(&json!({}))["status"]["resources"].clone();
    for absurd in
        [json!([]), json!({}), json!("x"), json!(7), json!(true), json!([[], 7, "x", null])]
    {
        for member in [
            "/spec",
            "/status",
            "/operation",
            "/metadata/annotations",
            "/metadata/finalizers",
            "/metadata/deletionTimestamp",
            "/spec/source",
            "/spec/sources",
            "/spec/source/helm",
            "/spec/source/kustomize",
            "/spec/destination",
            "/spec/syncPolicy",
            "/spec/syncPolicy/automated",
            "/spec/sourceHydrator",
            "/spec/ignoreDifferences",
            "/spec/project",
            "/status/sync",
            "/status/sync/revisions",
            "/status/sync/comparedTo",
            "/status/health",
            "/status/conditions",
            "/status/operationState",
            "/status/operationState/syncResult",
            "/status/controllerNamespace",
        ] {
            let patch = member
                .rsplit('/')
                .filter(|name| !name.is_empty())
                .fold(absurd.clone(), |inner, name| json!({name: inner}));
            let mut given = application(&patch);
            let lists = given["status"].is_object();
            if lists {
                given["status"]["resources"] = resources.clone();
            }
            let given_control = given["status"]["controllerNamespace"].clone();
            let found = links(&object, &[given]);
            let proven = found.iter().any(|link| link.owner.proof == Proof::Listed);
            // A text is a name, and says that this is the Application of another control plane.
            let is_elsewhere = given_control == json!("x");
            assert_eq!(proven, lists && !is_elsewhere, "{member} {absurd}");
        }
    }
    assert_eq!(owner(&object, &[application(&json!({"spec": null}))]).sources, []);
}
