use serde_json::json;

use super::super::super::super::following::given::{BAD, REVERT, after, following, nudged};
use super::*;

const SOURCE_PATH: &str = "/apis/source.toolkit.fluxcd.io/v1/namespaces/shop/gitrepositories/fleet";
const CHART_PATH: &str = "/apis/source.toolkit.fluxcd.io/v1/namespaces/shop/helmcharts/shop-web";
const WEB_PATH: &str = "/apis/helm.toolkit.fluxcd.io/v2/namespaces/shop/helmreleases/web";

fn main(commit: &str) -> String {
    format!("main@sha1:{commit}")
}

fn source(commit: &str) -> Value {
    json!({"kind": "GitRepository", "metadata": {"namespace": "shop", "name": "fleet"},
        "status": {"artifact": {"revision": main(commit)}}})
}

fn built(commit: &str) -> Value {
    json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "HelmChart",
        "metadata": {"namespace": "shop", "name": "shop-web"},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "fleet"}},
        "status": {"observedSourceArtifactRevision": main(commit),
            "artifact": {"revision": commit},
            "conditions": [{"type": "Ready", "status": "True"}]}})
}

fn web() -> Value {
    json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"namespace": "shop", "name": "web", "generation": 1},
        "spec": {"chart": {"spec": {"chart": "web",
            "sourceRef": {"kind": "GitRepository", "name": "fleet"}}}},
        "status": {"observedGeneration": 1, "lastAttemptedGeneration": 1,
            "lastAttemptedRevision": BAD, "helmChart": "shop/shop-web",
            "history": [{"version": 1, "status": "deployed", "chartName": "web"}],
            "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

fn paths(nudges: &[Nudge]) -> Vec<&str> {
    nudges.iter().map(|nudge| nudge.path.as_str()).collect()
}

#[test]
fn the_source_is_asked_then_the_chart_then_the_release() {
    let (mut release, behind, at) = (web(), source(BAD), source(REVERT));
    let (old, new) = (built(BAD), built(REVERT));
    for (others, millis, expected) in [
        ([&behind, &old], 0, Some(SOURCE_PATH)),
        ([&at, &old], 0, None),
        ([&at, &old], 2_000, Some(CHART_PATH)),
        ([&at, &new], 0, None),
        ([&at, &new], 2_000, Some(WEB_PATH)),
    ] {
        let nudges = of(&release, &after(millis, &others, &[]));
        assert_eq!(paths(&nudges), Vec::from_iter(expected), "{millis} {others:?}");
    }
    let others = [&at, &new];
    let given = [nudged(NudgeKind::Refresh, WEB_PATH, "token", 2_000)];
    assert!(of(&release, &after(12_000, &others, &given)).is_empty());
    release["status"]["lastHandledReconcileAt"] = json!("token");
    assert!(of(&release, &after(11_999, &others, &given)).is_empty());
    assert_eq!(of(&release, &after(12_000, &others, &given))[0].token, "token.1");
    let idle = Following { goal: Goal::Idle, ..after(12_000, &others, &[]) };
    assert!(of(&release, &idle).is_empty());
}

/// Nobody else does, and nothing is waited for.
#[test]
fn who_takes_changed_values_is_asked_to_run_at_once() {
    let (mut release, at, chart) = (web(), source(REVERT), built(REVERT));
    release["status"]["lastAttemptedRevision"] = json!(REVERT);
    let others = [&at, &chart];
    let anew = |given| Following { goal: Goal::Anew, ..following(&others, given) };
    assert_eq!(paths(&of(&release, &anew(&[]))), [WEB_PATH]);
    let given = [nudged(NudgeKind::Refresh, WEB_PATH, "token", 0)];
    assert!(of(&release, &anew(&given)).is_empty());
}

#[test]
fn who_waits_for_others_is_asked_once_they_are_done() {
    let mut release = web();
    release["spec"]["dependsOn"] = json!([{"name": "db"}]);
    release["status"]["conditions"] =
        json!([{"type": "Ready", "status": "False", "reason": "DependencyNotReady"}]);
    let mut db = web();
    db["metadata"]["name"] = json!("db");
    let (at, new) = (source(REVERT), built(REVERT));
    assert!(of(&release, &following(&[&at, &new], &[])).is_empty());
    assert_eq!(paths(&of(&release, &following(&[&at, &new, &db], &[]))), [WEB_PATH]);
    db["status"]["conditions"] = json!([]);
    assert!(of(&release, &following(&[&at, &new, &db], &[])).is_empty());
}

#[test]
fn source_chart_and_dependencies_are_watched() {
    let mut release = web();
    release["spec"]["dependsOn"] = json!([{"name": "db"}]);
    let names = |object: &Value| {
        let watched = watched(object).into_iter();
        watched.map(|address| address.target.name).collect::<Vec<String>>()
    };
    assert_eq!(names(&release), ["fleet", "shop-web", "db"]);
    assert_eq!(names(&built(BAD)), ["fleet"]);
    release["spec"] = json!({"chartRef": {"kind": "HelmChart", "name": "shop-web"}});
    assert_eq!(names(&release), ["shop-web"]);
    assert!(names(&source(BAD)).is_empty());
    // By a reference the repository is known from the chart.
    let (behind, old) = (source(BAD), built(BAD));
    assert_eq!(paths(&of(&release, &following(&[&behind, &old], &[]))), [SOURCE_PATH]);
}
