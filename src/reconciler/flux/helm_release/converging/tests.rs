use serde_json::json;

use super::super::super::super::following::Given;
use super::super::super::super::following::given::{BAD, NEWER, REVERT, following, nudged};
use super::*;

fn main(commit: &str) -> String {
    format!("main@sha1:{commit}")
}

fn source(commit: &str) -> Value {
    json!({"kind": "GitRepository", "metadata": {"namespace": "shop", "name": "fleet"},
        "status": {"artifact": {"revision": main(commit)}}})
}

/// A chart that was built from this commit, as this version.
fn built(commit: &str, version: &str) -> Value {
    json!({"kind": "HelmChart", "metadata": {"namespace": "shop", "name": "shop-web"},
        "status": {"observedSourceArtifactRevision": main(commit),
            "artifact": {"revision": version}, "conditions": ready()}})
}

fn condition(kind: &str, status: &str, reason: &str, message: &str) -> Value {
    json!({"type": kind, "status": status, "reason": reason, "message": message,
        "lastTransitionTime": "2026-03-02T12:00:00Z"})
}

/// A release whose last action was for this version of its chart.
fn web(version: &str, status: &str, conditions: &[Value]) -> Value {
    json!({
        "apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease",
        "metadata": {"namespace": "shop", "name": "web", "generation": 2},
        "spec": {"chart": {"spec": {"chart": "./charts/web",
            "sourceRef": {"kind": "GitRepository", "name": "fleet"}}}},
        "status": {"observedGeneration": 2, "lastAttemptedGeneration": 2,
            "lastAttemptedRevision": version, "helmChart": "shop/shop-web",
            "history": [{"version": 1, "status": "superseded", "chartVersion": "0.9.0"},
                {"version": 2, "status": status, "chartName": "web", "chartVersion": version}],
            "conditions": conditions},
    })
}

fn ready() -> [Value; 1] {
    [condition("Ready", "True", "UpgradeSucceeded", "Helm upgrade succeeded")]
}

#[track_caller]
fn assert_says(owner: &Value, others: &[&Value], words: &str) {
    assert_eq!(of(owner, &following(others, &[])).to_string(), words, "{owner}");
}

#[test]
fn the_chart_of_the_commit_has_to_be_released() {
    let (at, chart) = (source(REVERT), built(REVERT, "1.0.0+111111111111"));
    let done = web("1.0.0+111111111111", "deployed", &ready());
    let healthy = "has applied web 1.0.0+111111111111 and says that it is healthy";
    assert_says(&done, &[&at, &chart], healthy);

    let waits = "has seen the commit and waits for its chart to be built";
    assert_says(&done, &[&at], waits);
    assert_says(&done, &[&at, &built(BAD, "1.0.0+222222222222")], waits);
    let unseen = "has not seen the commit yet and is at main@222222222";
    assert_says(&done, &[&source(BAD), &chart], unseen);
    assert_says(&done, &[&source(NEWER), &chart], "has a newer release, main@444444444");
    // The chart is there, and its release is of the one before.
    let old = web("1.0.0+222222222222", "deployed", &ready());
    assert_says(&old, &[&at, &chart], "has seen the commit and waits for its next run");
    let mut unseen = done;
    unseen["metadata"]["generation"] = json!(3);
    assert_says(&unseen, &[&at, &chart], "has seen the commit and waits for its next run");
}

/// What a commit changes is the release itself: that was applied by its Kustomization.
#[test]
fn a_chart_from_elsewhere_leaves_the_generation() {
    let mut release = web("1.0.0", "deployed", &ready());
    release["spec"]["chart"]["spec"]["sourceRef"]["kind"] = json!("HelmRepository");
    assert_says(&release, &[], "has applied web 1.0.0 and says that it is healthy");
    // In sync after a remediation: no new release, and still done (6.2).
    release["status"]["history"] = json!([
        {"version": 3, "status": "deployed", "chartName": "web", "chartVersion": "1.0.0"},
        {"version": 2, "status": "failed", "chartName": "web", "chartVersion": "1.1.0"}]);
    assert_says(&release, &[], "has applied web 1.0.0 and says that it is healthy");
    release["status"]["history"][0]["status"] = json!("failed");
    assert_says(&release, &[], "has seen the commit and waits for its next run");
}

#[test]
fn a_failure_counts_only_for_what_is_wanted() {
    let (at, chart) = (source(REVERT), built(REVERT, "1.0.0+111111111111"));
    let others = [&at, &chart];
    let failed = [
        condition("Ready", "False", "UpgradeFailed", "timed out"),
        condition("Reconciling", "True", "ProgressingWithRetry", "retries"),
        condition("Remediated", "True", "RollbackSucceeded", "rolled back"),
    ];
    let own = web("1.0.0+111111111111", "failed", &failed);
    assert_says(
        &own,
        &others,
        "has failed: UpgradeFailed: timed out (it has undone that by itself, and the cluster differs \
         from Git)",
    );
    let waits = "has seen the commit and waits for its next run";
    assert_says(&web("1.0.0+222222222222", "failed", &failed), &others, waits);
    let mut changed = own.clone();
    changed["metadata"]["generation"] = json!(3);
    assert_says(&changed, &others, waits);
    let stalled = [
        condition("Ready", "False", "UpgradeFailed", "timed out"),
        condition("Stalled", "True", "RetriesExceeded", "Failed to upgrade after 1 attempt(s)"),
    ];
    let own = web("1.0.0+111111111111", "failed", &stalled);
    let words = "has failed: RetriesExceeded: Failed to upgrade after 1 attempt(s)";
    assert_says(&own, &others, words);
    let waiting = [condition("Ready", "False", "DependencyNotReady", "'shop/db' is not ready")];
    let words = "is held back by DependencyNotReady: 'shop/db' is not ready";
    assert_says(&web("1.0.0+222222222222", "deployed", &waiting), &others, words);
}

#[test]
fn an_action_for_what_was_wanted_before_holds_the_commit_back() {
    let (at, chart) = (source(REVERT), built(REVERT, "1.0.0+111111111111"));
    let others = [&at, &chart];
    let message = "Running 'upgrade' action with timeout of 5m0s";
    let busy = [
        condition("Ready", "Unknown", "Progressing", message),
        condition("Reconciling", "True", "Progressing", message),
    ];
    let words = "is held back by its upgrade of what was wanted before, until 2026-03-02T12:05:00Z at \
                 the latest (patching its objects to what Git holds ends it)";
    assert_says(&web("1.0.0+222222222222", "deployed", &busy), &others, words);
    assert_says(&web("1.0.0+111111111111", "deployed", &busy), &others, "is at work (upgrade)");
}

/// Nothing of its status says which values it has read.
#[test]
fn values_from_elsewhere_count_with_a_run_that_has_begun_since() {
    let (at, chart) = (source(REVERT), built(REVERT, "1.0.0+111111111111"));
    let others = [&at, &chart];
    let path = "/apis/helm.toolkit.fluxcd.io/v2/namespaces/shop/helmreleases/web";
    let asked = [nudged(NudgeKind::Refresh, path, "token", 0)];
    let message = "Running 'upgrade' action with timeout of 5m0s";
    let busy = [
        condition("Ready", "Unknown", "Progressing", message),
        condition("Reconciling", "True", "Progressing", message),
    ];
    let stalled = [
        condition("Ready", "False", "UpgradeFailed", "timed out"),
        condition("Stalled", "True", "RetriesExceeded", "no retries"),
    ];
    let waits = "has seen the commit and waits for its next run";
    let version = "1.0.0+111111111111";
    let blocked = "is held back by its upgrade of what was wanted before, until 2026-03-02T12:05:00Z at \
                   the latest (patching its objects to what Git holds ends it)";
    let healthy = format!("has applied web {version} and says that it is healthy");
    for (status, conditions, before, meanwhile, after) in [
        ("deployed", &ready()[..], waits, waits, healthy.as_str()),
        ("deployed", &busy, blocked, "is at work (upgrade)", "is at work (upgrade)"),
        ("failed", &stalled, waits, waits, "has failed: RetriesExceeded: no retries"),
    ] {
        let mut release = web(version, status, conditions);
        let says = |release: &Value, given: &[Given]| {
            let anew = Following { goal: Goal::Anew, ..following(&others, given) };
            of(release, &anew).to_string()
        };
        assert_eq!(says(&release, &[]), before);
        assert_eq!(says(&release, &asked), meanwhile);
        release["status"]["lastHandledReconcileAt"] = json!("token");
        assert_eq!(says(&release, &asked), after);
    }
}

#[test]
fn a_chart_that_cannot_be_built_is_a_failure_of_ours_once_we_asked() {
    let (at, mut chart) = (source(REVERT), built(BAD, "1.0.0+222222222222"));
    chart["status"]["conditions"] =
        json!([{"type": "Ready", "status": "False", "reason": "ChartPullError", "message": "no"}]);
    chart["status"]["lastHandledReconcileAt"] = json!("token");
    let release = web("1.0.0+222222222222", "deployed", &ready());
    let others = [&at, &chart];
    let waits = "has seen the commit and waits for its chart to be built";
    assert_says(&release, &others, waits);
    let path = "/apis/source.toolkit.fluxcd.io/v1/namespaces/shop/helmcharts/shop-web";
    let given = [nudged(NudgeKind::Fetch, path, "token", 0)];
    let told = of(&release, &following(&others, &given)).to_string();
    assert_eq!(told, "has failed at HelmChart shop/shop-web: ChartPullError: no");

    // From which commit it builds is written before it has built: it has the old one still.
    let mut chart = built(REVERT, "1.0.0+222222222222");
    chart["status"]["conditions"] =
        json!([{"type": "Ready", "status": "Unknown", "reason": "Progressing"}]);
    assert_says(&release, &[&at, &chart], waits);
    chart["status"]["conditions"] =
        json!([{"type": "Ready", "status": "False", "reason": "BuildFailed", "message": "no"}]);
    let failed = "has failed at HelmChart shop/shop-web: BuildFailed: no";
    assert_says(&release, &[&at, &chart], failed);
    // And that it has built it is said before the new one is shown.
    for (version, told) in [
        ("1.0.0+111111111111", waits),
        ("1.0.0+222222222222", "has applied web 1.0.0+222222222222 and says that it is healthy"),
    ] {
        let message = format!("packaged 'web' chart with version '{version}'");
        chart["status"]["conditions"] =
            json!([condition("Ready", "True", "ChartPackageSucceeded", &message)]);
        assert_says(&release, &[&at, &chart], told);
    }
}

#[test]
fn whatever_the_shape_nothing_fails() {
    let mut suspended = web("1.0.0", "deployed", &ready());
    suspended["spec"]["suspend"] = json!(true);
    assert_says(&suspended, &[], "does nothing: spec.suspend is true");
    for shape in [json!(null), json!([]), json!({"spec": {"chart": "x"}, "status": []})] {
        let state = of(&shape, &following(&[], &[]));
        assert!(matches!(state, Convergence::Compared { .. }), "{state:?}");
    }
}
