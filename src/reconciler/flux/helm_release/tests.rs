#![expect(clippy::needless_pass_by_value, reason = "tables of JSON read better without borrows")]

use serde_json::json;

use super::*;
use crate::rollback::model::ownership::{Automation, Proof};

mod charts;

const READ: &str = "/apis/helm.toolkit.fluxcd.io/v2/namespaces/shop/helmreleases/web";

fn workload(annotations: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {
        "namespace": "shop", "name": "web", "annotations": annotations,
        "labels": {"helm.toolkit.fluxcd.io/name": "web",
            "helm.toolkit.fluxcd.io/namespace": "shop"},
        "managedFields": [{"manager": "helm-controller"}]}})
}

/// A `HelmRelease` as it is when all is well, changed by a merge.
fn release(change: Value) -> Value {
    let mut release = json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"namespace": "shop", "name": "web", "generation": 1},
        "spec": {"interval": "1h", "chart": {"spec": {"chart": "./charts/web",
            "sourceRef": {"kind": "GitRepository", "name": "fleet"}}}},
        "status": {"observedGeneration": 1, "helmChart": "shop/shop-web",
            "inventory": {"entries": [{"id": "shop_web_apps_Deployment", "v": "v1"}]},
            "history": [
                {"version": 2, "chartName": "web", "chartVersion": "0.2.0", "status": "superseded"},
                {"version": 7, "chartName": "web", "chartVersion": "0.1.0", "status": "deployed"},
                {"version": 6, "chartName": "web", "chartVersion": "0.2.0", "status": "failed"}],
            "conditions": [{"type": "Ready", "status": "True"}]},
    });
    merge(&mut release, change);
    release
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

fn conditions(conditions: Value) -> Value {
    json!({"status": {"conditions": conditions}})
}

fn failed(reason: &str) -> Value {
    conditions(json!([
        {"type": "Ready", "status": "False", "reason": reason, "message": "why"},
        {"type": "Reconciling", "status": "True", "reason": "ProgressingWithRetry"}]))
}

fn ask(path: &str) -> Ask {
    Ask::Read(path.to_owned())
}

fn judge_with(object: &Value, found: Value) -> (Owner, Option<Value>) {
    let claims = HelmReleases.claims(object);
    let [claim] = claims.as_slice() else { panic!("{claims:?}") };
    let facts = Facts::of([(ask(READ), Some(found))]);
    let link = HelmReleases.judge(claim, object, &facts).pop().unwrap();
    (link.owner, link.object)
}

fn judge(change: Value) -> Owner {
    judge_with(&workload(json!({})), release(change)).0
}

#[test]
fn it_does_nothing_by_itself_unless_it_detects_drift() {
    let on = json!({"spec": {"driftDetection": {"mode": "enabled"}}});
    let with = |change: Value| {
        let mut all = on.clone();
        merge(&mut all, change);
        all
    };
    for (change, would, within, heals) in [
        (
            json!({}),
            "it does nothing now (drift detection is off), and its next upgrade puts back what the \
             release says",
            None,
            false,
        ),
        (
            json!({"spec": {"driftDetection": {"mode": "disabled"}}}),
            "it does nothing now (drift detection is off), and",
            None,
            false,
        ),
        (
            json!({"spec": {"driftDetection": {"mode": "warn"}}}),
            "it tells of the difference and changes nothing now (drift detection only warns), and its \
             next upgrade puts back",
            None,
            false,
        ),
        (
            on.clone(),
            "it puts back what the release says at its next run, within 63m (drift detection is on)",
            Some(3_780),
            true,
        ),
        (
            with(json!({"spec": {"driftDetection": {"ignore": [{"paths": ["/spec/replicas"]}]}}})),
            "(drift detection is on), but not /spec/replicas (spec.driftDetection.ignore)",
            Some(3_780),
            true,
        ),
        (
            with(json!({"spec": {"driftDetection": {"ignore": [{"paths": ["/spec"]}]}}})),
            "it does nothing by itself to this object (spec.driftDetection.ignore: /spec), and its next",
            None,
            false,
        ),
    ] {
        check(change, would, within, heals);
    }
}

#[test]
fn its_state_decides_before_how_it_is_set_up() {
    let with = |mut change: Value| {
        change["spec"]["driftDetection"] = json!({"mode": "enabled"});
        change
    };
    for (change, would, within, heals) in [
        (
            with(json!({"spec": {"suspend": true}})),
            "it does nothing while it is suspended; its next upgrade, once it is resumed, puts back",
            None,
            true,
        ),
        (
            with(conditions(json!([
                {"type": "Ready", "status": "False", "reason": "RetriesExceeded"},
                {"type": "Stalled", "status": "True", "reason": "RetriesExceeded"}]))),
            "it does nothing until its chart or its values change (RetriesExceeded), and then puts back",
            None,
            true,
        ),
        (
            with(failed("DependencyNotReady")),
            "it does nothing until its chart and what it depends on are ready (DependencyNotReady)",
            None,
            true,
        ),
        (
            conditions(json!([{"type": "Ready", "status": "Unknown"},
                {"type": "Reconciling", "status": "True",
                    "message": "Running 'upgrade' action with timeout of 5m0s"}])),
            "it is in the middle of upgrade, for up to 5m; if that fails, what it does then puts back",
            Some(300),
            false,
        ),
        (
            failed("UpgradeFailed"),
            "it tries again by itself (UpgradeFailed), and puts",
            None,
            false,
        ),
        (
            {
                let mut change = failed("UpgradeFailed");
                change["spec"] = json!({"upgrade": {"strategy": {"name": "RetryOnFailure"}}});
                change
            },
            "it tries again by itself, within 5m15s (UpgradeFailed), and puts",
            Some(315),
            false,
        ),
        (
            {
                let mut change = failed("InstallFailed");
                change["spec"] = json!({"install": {"strategy":
                    {"name": "RetryOnFailure", "retryInterval": "1m"}}});
                change["status"]["lastAttemptedReleaseAction"] = json!("install");
                change
            },
            "it tries again by itself, within 1m3s",
            Some(63),
            false,
        ),
        (
            conditions(json!([{"type": "Ready", "status": "False", "reason": "UpgradeFailed"}])),
            "it does nothing now (drift detection is off), and",
            None,
            false,
        ),
        (
            json!({"metadata": {"deletionTimestamp": "t"}}),
            "it is being deleted, and uninstalls its release",
            None,
            false,
        ),
        (
            json!({"metadata": {"deletionTimestamp": "t"}, "spec": {"suspend": true}}),
            "it is being deleted, and leaves its release behind",
            None,
            false,
        ),
    ] {
        check(change, would, within, heals);
    }
}

fn check(change: Value, would: &str, within: Option<u64>, heals: bool) {
    let owner = judge(change.clone());
    assert!(owner.would.contains(would), "{change} {}", owner.would);
    assert_eq!(owner.within, within, "{change}");
    let suspended = change.pointer("/spec/suspend").is_some();
    let expected = Automation { syncs: true, heals, prunes: true, suspended };
    assert_eq!(owner.automation, Some(expected), "{change}");
    assert_eq!(owner.proof, Proof::Listed);
}

#[test]
fn an_object_may_be_left_out_of_the_detection_of_drift() {
    let on = release(json!({"spec": {"driftDetection": {"mode": "enabled"}}}));
    let key = "helm.toolkit.fluxcd.io/driftDetection";
    let (owner, _) = judge_with(&workload(json!({key: "disabled"})), on);
    assert_eq!(
        owner.would,
        "it does nothing by itself to this object (annotation helm.toolkit.fluxcd.io/driftDetection: \
         disabled), and its next upgrade puts back what the release says"
    );
    assert!(!owner.automation.unwrap().heals);
}

#[test]
fn an_older_controller_has_no_list() {
    let owner = judge(json!({"status": {"inventory": null}}));
    assert_eq!(owner.proof, Proof::Marked);
    assert_eq!(
        owner.notes,
        ["it has no list of what it applied (status.inventory) that could confirm it"]
    );
}

#[test]
fn what_it_does_about_failures_is_told() {
    let remediated = conditions(json!([
        {"type": "Ready", "status": "False", "reason": "RollbackSucceeded", "message": "why"},
        {"type": "Remediated", "status": "True", "reason": "RollbackSucceeded"}]));
    let busy = |message: &str| {
        conditions(json!([{"type": "Ready", "status": "Unknown"},
            {"type": "Reconciling", "status": "True", "message": message,
                "lastTransitionTime": "2026-11-26T04:30:00Z"}]))
    };
    for (change, notes) in [
        (json!({}), vec![]),
        (
            remediated,
            vec![
                "it is not ready: RollbackSucceeded: why",
                "it has undone its last action by itself (RollbackSucceeded), which runs web 0.1.0: \
                 its spec still asks for what failed",
            ],
        ),
        (
            busy("Running 'upgrade' action with timeout of 5m0s"),
            vec![
                "it is busy since 2026-11-26T04:30:00Z with upgrade, for up to 5m, and takes up \
                 nothing new until then",
            ],
        ),
        (
            conditions(json!([{"type": "Ready", "status": "True"},
                {"type": "Drifted", "status": "True", "reason": "DriftDetected",
                    "message": "Deployment/shop/web changed\nand more"}])),
            vec![
                "it has found that the cluster differs: DriftDetected: Deployment/shop/web changed",
            ],
        ),
        (busy("Fulfilling prerequisites"), vec!["a run is under way: Fulfilling prerequisites"]),
        (
            json!({"spec": {"upgrade": {"remediation": {"retries": 1}}}}),
            vec!["after a failed upgrade it rolls back by itself and tries again once"],
        ),
        (
            json!({"spec": {"upgrade": {"remediation": {"retries": 3, "strategy": "uninstall"}}}}),
            vec!["after a failed upgrade it uninstalls the release and tries again 3 times"],
        ),
        (
            json!({"spec": {"upgrade": {"remediation": {"retries": -1}}}}),
            vec!["after a failed upgrade it rolls back by itself and tries again without end"],
        ),
        (
            json!({"spec": {"upgrade": {"remediation": {"remediateLastFailure": true}}}}),
            vec!["after a failed upgrade it rolls back by itself without another try"],
        ),
        (json!({"spec": {"upgrade": {"remediation": {"retries": 0}}}}), vec![]),
        (
            json!({"spec": {"upgrade": {"strategy": {"name": "RetryOnFailure"}}}}),
            vec!["it tries a failed upgrade again and again"],
        ),
        (
            json!({"spec": {"valuesFrom": [{"kind": "Secret", "name": "web"}, {"kind": "x"}, 1]}}),
            vec![
                "it takes values from Secret web (spec.valuesFrom): a change there is seen at once \
                 only with the label reconcile.fluxcd.io/watch: Enabled",
            ],
        ),
    ] {
        assert_eq!(judge(change.clone()).notes, notes, "{change}");
    }
}

#[test]
fn absurd_shapes_are_borne() {
    for absurd in [
        json!(null),
        json!([]),
        json!({"metadata": 1, "spec": "x", "status": []}),
        json!({"spec": {"chart": [], "chartRef": [1], "upgrade": 3, "valuesFrom": {}, "interval": {},
            "driftDetection": "enabled", "dependsOn": {}},
            "status": {"history": {"0": 1}, "helmChart": ["a/b"], "conditions": "x"}}),
        release(json!({"spec": {"driftDetection": {"mode": ["enabled"], "ignore": 1}},
            "status": {"history": [1, {}, {"version": "7"}], "helmChart": "no slash"}})),
    ] {
        let (mut owner, object) = judge_with(&workload(json!({})), absurd.clone());
        let object = object.unwrap();
        HelmReleases.further(&object);
        HelmReleases.complete(&mut owner, &object, &Facts::of([]));
        assert_eq!(owner.name, "HelmRelease shop/web", "{absurd}");
    }
}

#[test]
fn a_release_may_be_part_of_another_one() {
    let inner = |name: &str| {
        json!({"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
            "metadata": {"namespace": "shop", "name": name, "labels": {
                "helm.toolkit.fluxcd.io/name": "umbrella",
                "helm.toolkit.fluxcd.io/namespace": "shop"}}})
    };
    assert_eq!(HelmReleases.claims(&inner("web")).len(), 1);
    assert!(HelmReleases.claims(&inner("umbrella")).is_empty());
}

#[test]
fn without_asking_it_is_only_claimed() {
    let object = workload(json!({}));
    let links = HelmReleases.judge(&HelmReleases.claims(&object)[0], &object, &Facts::default());
    assert_eq!(links[0].owner.would, "its next upgrade puts back what the release says");
    assert_eq!(links[0].owner.proof, Proof::Marked);
}
