#![expect(clippy::needless_pass_by_value, reason = "tables of JSON read better without borrows")]

use serde_json::json;

use super::*;
use crate::rollback::model::ownership::{Automation, Proof};

mod sources;

const NOW: &str = "0123456789abcdef0123456789abcdef01234567";
const BEFORE: &str = "1123456789abcdef0123456789abcdef01234567";
const READ: &str =
    "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/apps";

fn main(commit: &str) -> String {
    format!("main@sha1:{commit}")
}

fn workload(annotations: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {
        "namespace": "shop", "name": "web", "annotations": annotations,
        "labels": {"kustomize.toolkit.fluxcd.io/name": "apps",
            "kustomize.toolkit.fluxcd.io/namespace": "flux-system"},
        "managedFields": [{"manager": "kustomize-controller"}]}})
}

/// A Kustomization as it is when all is well, changed by a merge.
fn apps(change: Value) -> Value {
    let mut apps = json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"namespace": "flux-system", "name": "apps", "generation": 1},
        "spec": {"interval": "1h", "path": "./apps/web", "prune": true,
            "sourceRef": {"kind": "GitRepository", "name": "fleet"}},
        "status": {"observedGeneration": 1,
            "lastAppliedRevision": main(NOW), "lastAttemptedRevision": main(NOW),
            "inventory": {"entries": [{"id": "shop_web_apps_Deployment", "v": "v1"}]},
            "conditions": [{"type": "Ready", "status": "True"}]},
    });
    merge(&mut apps, change);
    apps
}

fn merge(value: &mut Value, change: Value) {
    match (value, change) {
        (Value::Object(members), Value::Object(changes)) => {
            for (key, change) in changes {
                merge(members.entry(key).or_insert(Value::Null), change);
            }
        }
        (value, change) => *value = change,
    }
}

fn failed(reason: &str) -> Value {
    json!({"status": {"conditions": [
        {"type": "Ready", "status": "False", "reason": reason, "message": "why"},
        {"type": "Reconciling", "status": "True", "reason": "ProgressingWithRetry"}]}})
}

fn checking() -> Value {
    let message =
        format!("Running health checks for revision {} with a timeout of 5m0s", main(NOW));
    json!({"spec": {"wait": true}, "status": {
        "lastAppliedRevision": main(BEFORE), "lastAttemptedRevision": main(NOW),
        "conditions": [
            {"type": "Ready", "status": "Unknown", "message": "Reconciliation in progress"},
            {"type": "Reconciling", "status": "True", "message": message},
            {"type": "Healthy", "status": "Unknown",
                "lastTransitionTime": "2026-11-26T04:30:00Z"}]}})
}

fn ask(path: &str) -> Ask {
    Ask::Read(path.to_owned())
}

fn judge_with(object: &Value, found: Value) -> (Owner, Option<Value>) {
    let claims = Kustomizations.claims(object);
    let [claim] = claims.as_slice() else { panic!("{claims:?}") };
    let facts = Facts::of([(ask(READ), Some(found))]);
    let mut links = Kustomizations.judge(claim, object, &facts);
    let link = links.pop().unwrap();
    assert!(links.is_empty());
    (link.owner, link.object)
}

fn judge(change: Value) -> Owner {
    judge_with(&workload(json!({})), apps(change)).0
}

#[test]
fn an_owner_that_lists_the_object_is_told_with_what_it_would_do() {
    let owner = judge(json!({}));
    assert_eq!(
        owner,
        Owner {
            name: "Kustomization flux-system/apps".into(),
            would:
                "it puts back what its source says at its next run, within 63m, and whenever its \
                    source changes"
                    .into(),
            mark: "label kustomize.toolkit.fluxcd.io/name".into(),
            object: Some(crate::rollback::model::target::Target {
                api_version: "kustomize.toolkit.fluxcd.io/v1".into(),
                kind: "Kustomization".into(),
                namespace: "flux-system".into(),
                name: "apps".into(),
            }),
            proof: Proof::Listed,
            within: Some(3_780),
            automation: Some(Automation {
                syncs: true,
                heals: true,
                prunes: true,
                suspended: false
            }),
            ..Owner::default()
        }
    );
}

#[test]
fn what_it_would_do_depends_on_its_state() {
    for (change, would, within) in [
        (json!({"spec": {"interval": "10m"}}), "next run, within 10m30s, and whenever", Some(630)),
        (json!({"spec": {"interval": "soon"}}), "at its next run, and whenever", None),
        (json!({"spec": {"suspend": true}}), "it does nothing while it is suspended, and", None),
        // A suspended one stays Ready, with its generation observed.
        (failed("BuildFailed"), "at its next try, within 60m, and whenever", Some(3_600)),
        (
            json!({"spec": {"retryInterval": "2m"},
                "status": failed("HealthCheckFailed")["status"]}),
            "at its next try, within 2m, and whenever",
            Some(120),
        ),
        (failed("DependencyNotReady"), "it does nothing until what it depends on is ready", None),
        (
            json!({"status": {"conditions": [
                {"type": "Stalled", "status": "True", "reason": "InvalidCELExpression"}]}}),
            "it does nothing until its spec is changed (InvalidCELExpression), and then puts back",
            None,
        ),
        (checking(), "it waits for health, for up to 5m, and puts back", Some(4_080)),
        (
            json!({"metadata": {"deletionTimestamp": "t"}}),
            "it is being deleted, and deletes this object with it",
            None,
        ),
        (
            json!({"metadata": {"deletionTimestamp": "t"}, "spec": {"deletionPolicy": "Orphan"}}),
            "it is being deleted, and leaves this object behind",
            None,
        ),
        (
            json!({"metadata": {"deletionTimestamp": "t"}, "spec": {"prune": false}}),
            "leaves this object behind",
            None,
        ),
        (
            json!({"metadata": {"deletionTimestamp": "t"},
                "spec": {"prune": false, "deletionPolicy": "WaitForTermination"}}),
            "deletes this object with it",
            None,
        ),
        (
            json!({"metadata": {"deletionTimestamp": "t"}, "spec": {"suspend": true}}),
            "leaves this object behind",
            None,
        ),
        (
            json!({"spec": {"ignore": [{"paths": ["/spec/replicas"],
                "target": {"kind": "Deployment"}}]}}),
            "source changes, but not /spec/replicas (spec.ignore)",
            Some(3_780),
        ),
        (
            json!({"spec": {"ignore": [{"paths": ["/spec/template"]}]}}),
            "it leaves this object alone (spec.ignore: /spec/template): a direct write stays, and a \
             revert in Git does not reach it",
            None,
        ),
        (
            json!({"spec": {"ignore": [{"paths": [""], "target": {"name": "other"}}]}}),
            "it puts back",
            Some(3_780),
        ),
    ] {
        let owner = judge(change.clone());
        assert!(owner.would.contains(would), "{change} {}", owner.would);
        assert_eq!(owner.within, within, "{change}");
        let suspended = change.pointer("/spec/suspend").is_some();
        assert_eq!(owner.automation.unwrap().suspended, suspended, "{change}");
    }
}

#[test]
fn an_object_that_opts_out_is_reached_by_nothing() {
    for (key, value, alone, prunes) in [
        ("kustomize.toolkit.fluxcd.io/reconcile", "disabled", true, false),
        ("kustomize.toolkit.fluxcd.io/ssa", "Ignore", true, false),
        ("kustomize.toolkit.fluxcd.io/ssa", "IfNotPresent", true, true),
        ("kustomize.toolkit.fluxcd.io/ssa", "Merge", false, true),
        ("kustomize.toolkit.fluxcd.io/prune", "disabled", false, false),
    ] {
        let (owner, _) = judge_with(&workload(json!({key: value})), apps(json!({})));
        let expected = Automation { syncs: !alone, heals: !alone, prunes, suspended: false };
        assert_eq!(owner.automation, Some(expected), "{key} {value}");
        assert_eq!(owner.within.is_none(), alone, "{key} {value}");
        let sentence = format!(
            "it leaves this object alone (annotation {key}: {value}): a direct write stays, and a \
             revert in Git does not reach it"
        );
        assert_eq!(owner.would == sentence, alone, "{key} {value} {}", owner.would);
        assert_eq!(owner.proof, Proof::Listed);
        let merge = "it leaves what others add to this object (annotation \
                     kustomize.toolkit.fluxcd.io/ssa: Merge)";
        assert_eq!(owner.notes.contains(&merge.to_owned()), value == "Merge", "{key} {value}");
    }
}

#[test]
fn how_far_it_is_is_told() {
    let tried = |reason: &str| {
        let mut change = failed(reason);
        change["status"]["lastAppliedRevision"] = json!(main(BEFORE));
        change
    };
    for (change, expected) in [
        (json!({}), vec![]),
        (
            tried("HealthCheckFailed"),
            vec![
                "it is not ready: HealthCheckFailed: why",
                "it has tried main@012345678 last, and main@112345678 is what came to a good end",
            ],
        ),
        (
            json!({"status": {"lastAppliedRevision": null}}),
            vec!["it has tried main@012345678, and nothing has come to a good end yet"],
        ),
        (
            json!({"metadata": {"generation": 2}}),
            vec!["its spec was changed, and its controller has not looked at that yet"],
        ),
        (
            json!({"spec": {"components": ["../a", 1, "../b"], "namePrefix": "dev-",
                "nameSuffix": "-x"}}),
            vec![
                "it takes in ../a, ../b too (spec.components)",
                "it puts dev- before every name (spec.namePrefix)",
                "it puts -x behind every name (spec.nameSuffix)",
            ],
        ),
        (
            json!({"spec": {"images": [{"name": "web", "newTag": "1.1"},
                    {"name": "api", "newName": "r.example/api", "digest": "sha256:a"}, "absurd"],
                "patches": [{}, {}],
                "postBuild": {"substitute": {"TAG": "1.1"},
                    "substituteFrom": [{"kind": "ConfigMap", "name": "vars"}, {"kind": "Secret"}]}}}),
            vec![
                "it sets images itself, whatever its source says: web:1.1, r.example/api@sha256:a \
                 (spec.images)",
                "it patches what its source says (spec.patches, 2)",
                "it sets variables itself: TAG (spec.postBuild.substitute)",
                "it takes variables from ConfigMap vars (spec.postBuild.substituteFrom): a change \
                 there is seen at once only with the label reconcile.fluxcd.io/watch: Enabled",
            ],
        ),
    ] {
        assert_eq!(judge(change.clone()).notes, expected, "{change}");
    }
}

#[test]
fn the_file_of_the_object_is_told_where_it_is_known() {
    let key = "config.kubernetes.io/origin";
    for (origin, file) in [
        ("path: deployment.yaml\n", Some("apps/web/deployment.yaml")),
        ("path: ../base/web.yaml\n", Some("apps/base/web.yaml")),
        (
            "path: base/web.yaml\nrepo: https://git.example/x\nref: v1\n",
            Some("base/web.yaml of https://git.example/x"),
        ),
        ("configuredIn: kustomization.yaml", None),
        ("path:", None),
    ] {
        let (owner, _) = judge_with(&workload(json!({key: origin})), apps(json!({})));
        let told = file.map(|file| format!("this object comes from {file} (annotation {key})"));
        assert_eq!(owner.notes, Vec::from_iter(told), "{origin}");
    }
}

#[test]
fn absurd_shapes_are_borne() {
    for absurd in [
        json!(null),
        json!([]),
        json!("Kustomization"),
        json!({"metadata": [], "spec": [], "status": []}),
        json!({"metadata": {"labels": 1}, "spec": {"sourceRef": [], "path": {}, "ignore": {},
            "images": {}, "postBuild": [], "dependsOn": 3, "interval": 7, "kubeConfig": [1]},
            "status": {"conditions": {}, "inventory": "x", "lastAppliedRevision": []}}),
        apps(json!({"spec": null, "status": null, "metadata": null})),
        apps(json!({"status": {"conditions": [[], {}, 1, {"type": {}}]}})),
    ] {
        let (mut owner, object) = judge_with(&workload(json!({})), absurd.clone());
        let object = object.unwrap();
        Kustomizations.further(&object);
        Kustomizations.complete(&mut owner, &object, &Facts::of([]));
        assert_eq!(owner.name, "Kustomization flux-system/apps", "{absurd}");
    }
}

#[test]
fn without_asking_it_is_only_claimed() {
    let object = workload(json!({}));
    let claims = Kustomizations.claims(&object);
    let links = Kustomizations.judge(&claims[0], &object, &Facts::default());
    let owner = &links[0].owner;
    assert_eq!(owner.proof, Proof::Marked);
    assert_eq!(owner.would, "it puts back what its source says at its next run");
}
