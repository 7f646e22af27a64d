//! Every row of what is known to mislead, as the Application shows it.

use serde_json::json;

use super::super::super::following::given::{ABOVE, BAD, NEWER, REVERT, following, nudged};
use super::super::given::application;
use super::super::policy;
use super::*;

/// The state of an Application whose last operation was this one.
fn last(phase: &str, revision: &str) -> Value {
    json!({"phase": phase, "startedAt": "2026-03-02T10:59:00Z",
        "syncResult": {"revision": revision}, "operation": {"sync": {"revision": revision}}})
}

/// An operation that is under way.
fn busy(phase: &str, revision: &str) -> Value {
    let mut state = last(phase, revision);
    state["finishedAt"] = Value::Null;
    state["message"] = json!("waiting for healthy state of apps/Deployment/web");
    state
}

fn app(compared: &str, status: &str, health: &str, state: &Value) -> Value {
    application(&json!({"status": {"sync": {"revision": compared, "status": status},
        "health": {"status": health}, "operationState": state}}))
}

fn judged(app: &Value) -> Convergence {
    of(app, &following(&[], &[]))
}

fn healthy(revision: &str) -> Convergence {
    Convergence::Healthy { revision: short(revision).into_owned() }
}

#[track_caller]
fn assert_waits(app: &Value, words: &str) {
    assert_eq!(judged(app), waits(words), "{app}");
}

#[track_caller]
fn assert_says(app: &Value, words: &str) {
    assert_eq!(judged(app).to_string(), words, "{app}");
}

fn automated(app: &Value) -> Value {
    let mut app = app.clone();
    app["spec"]["syncPolicy"] = json!({"automated": {"selfHeal": true}});
    app
}

#[test]
fn synced_and_no_operation_is_done_whatever_the_last_operation_says() {
    for state in [
        last("Succeeded", REVERT),
        // A revert of what never was applied: there is no sync (1, fact 4).
        last("Failed", BAD),
        last("Error", BAD),
        last("Succeeded", BAD),
        Value::Null,
    ] {
        assert_eq!(judged(&app(REVERT, "Synced", "Healthy", &state)), healthy(REVERT), "{state}");
    }
    // Others push too.
    let above = app(ABOVE, "Synced", "Healthy", &last("Succeeded", ABOVE));
    assert_eq!(judged(&above), healthy(ABOVE));
}

#[test]
fn synced_and_healthy_counts_for_nothing_while_an_operation_is_left() {
    // At the revert, while the bad commit would still be applied (0, 7.e).
    let mut pinned = app(REVERT, "Synced", "Healthy", &busy("Running", BAD));
    assert_says(
        &pinned,
        "is held back by a sync to 2222222, which is running (terminating it lets the commit pass)",
    );
    pinned["status"]["operationState"]["finishedAt"] = json!("2026-03-02T11:00:00Z");
    assert_says(
        &pinned,
        "is held back by a sync to 2222222, which has failed and is tried again (terminating it lets \
         the commit pass)",
    );
    pinned["status"]["operationState"]["phase"] = json!("Terminating");
    assert_says(&pinned, "is held back by a sync to 2222222, which is being terminated");

    // Asked for, while the state is that of the one before.
    let mut asked = app(REVERT, "Synced", "Healthy", &last("Succeeded", BAD));
    asked["operation"] = json!({"sync": {"revision": BAD}});
    assert_says(&asked, "is held back by a sync to 2222222, which was asked for");
    asked["operation"] = json!({"sync": {"revision": REVERT}});
    assert_says(&asked, "is at work (sync, asked for)");
    asked["operation"] = json!({"sync": {}});
    assert_says(&asked, "is at work (sync, asked for)");
}

#[test]
fn a_sync_to_the_commit_is_told_with_its_message() {
    let mut app = app(REVERT, "OutOfSync", "Progressing", &busy("Running", REVERT));
    let since: Timestamp = "2026-03-02T10:59:00Z".parse().unwrap();
    let message = "waiting for healthy state of apps/Deployment/web".to_owned();
    assert_eq!(judged(&app), running("sync", message, Some(since)));
    // It has failed, and is tried again: nothing is lost yet.
    app["status"]["operationState"]["finishedAt"] = json!("2026-03-02T11:00:00Z");
    assert_says(
        &app,
        "is at work (sync, tried again): waiting for healthy state of apps/Deployment/web",
    );
    app["status"]["operationState"]["message"] = json!("Sync operation blocked by sync window");
    assert_says(&app, "is held back by Sync operation blocked by sync window");
}

/// In a window not even an end is worked on, so that nothing else may be waited for.
#[test]
fn before_the_push_the_end_of_a_window_is_not_waited_for() {
    let idle = Following { goal: Goal::Idle, ..following(&[], &[]) };
    for (phase, is_waited_for) in [("Running", true), ("Terminating", false)] {
        let mut app = app(REVERT, "OutOfSync", "Healthy", &busy(phase, BAD));
        app["status"]["operationState"]["message"] = json!("Sync operation blocked by sync window");
        let is_blocked = |state: &Convergence| matches!(state, Convergence::Blocked { .. });
        assert_eq!(is_blocked(&of(&app, &idle)), is_waited_for, "{phase}");
        assert!(is_blocked(&judged(&app)), "{phase}");
    }
}

#[test]
fn what_was_not_compared_yet_is_not_seen() {
    let old = app(BAD, "Synced", "Healthy", &last("Succeeded", BAD));
    assert_says(&old, "has not seen the commit yet and is at 2222222");
    assert_says(&app("", "Unknown", "Healthy", &Value::Null), "has not seen the commit yet");
    // At it, and still it cannot be compared.
    let mut unknown = app(REVERT, "Unknown", "Healthy", &Value::Null);
    unknown["status"]["conditions"] = json!([
        {"type": "SharedResourceWarning", "message": "two"},
        {"type": "ComparisonError", "message": "no such host\nat line 1"}]);
    assert_says(&unknown, "has not seen the commit yet and is at 1111111: no such host");
}

#[test]
fn a_repository_that_stays_out_of_reach_is_a_failure() {
    let mut app = app(BAD, "Unknown", "Healthy", &Value::Null);
    app["status"]["conditions"] = json!([{"type": "ComparisonError", "message": "no such host"}]);
    let path = nudging::path(&app).to_string();
    let refresh = |millis| nudged(NudgeKind::Refresh, &path, "", millis);
    let given = [refresh(0), refresh(2_000), refresh(12_000)];
    let failed = "has failed: it cannot compare with its source: no such host";
    let unseen = "has not seen the commit yet and is at 2222222: no such host";
    assert_eq!(of(&app, &following(&[], &given)).to_string(), failed);
    assert_eq!(of(&app, &following(&[], &given[..2])).to_string(), unseen);
    // The last one is not answered yet.
    app["metadata"]["annotations"] = json!({"argocd.argoproj.io/refresh": "normal"});
    assert_eq!(of(&app, &following(&[], &given)).to_string(), unseen);
}

#[test]
fn what_may_be_from_its_cache_is_not_believed() {
    let mut app = app(REVERT, "Synced", "Healthy", &last("Succeeded", REVERT));
    app["metadata"]["annotations"] = json!({policy::PATHS: "."});
    let path = nudging::path(&app).to_string();
    let (hard, normal) = (NudgeKind::HardRefresh, NudgeKind::Refresh);
    let asked = |kind| [nudged(kind, &path, "", 0)];
    let unseen = "has seen the commit and waits for a comparison without its cache";
    assert_says(&app, unseen);
    assert_eq!(of(&app, &following(&[], &asked(normal))).to_string(), unseen);
    assert_eq!(of(&app, &following(&[], &asked(hard))), healthy(REVERT));
    // Who may not ask has to believe it.
    let refused = [(hard, path.clone())];
    let without = Following { refused: &refused, ..following(&[], &[]) };
    assert_eq!(of(&app, &without), healthy(REVERT));
    // And who only looks.
    let relation = |_: &str| Relation::Ours;
    assert_eq!(of(&app, &Following::of_nobody(&relation, &[])), healthy(REVERT));
    app["metadata"]["annotations"]["argocd.argoproj.io/refresh"] = json!("hard");
    assert_eq!(of(&app, &following(&[], &asked(hard))).to_string(), unseen);
}

#[test]
fn out_of_sync_waits_for_a_sync() {
    for state in [last("Succeeded", BAD), last("Failed", BAD), Value::Null] {
        let app = app(REVERT, "OutOfSync", "Healthy", &state);
        assert_waits(&app, "a sync, which it does not do by itself");
        assert_waits(&automated(&app), "a sync of its own");
    }
    // Of some objects only: that was a heal.
    let mut healed = app(REVERT, "OutOfSync", "Healthy", &last("Succeeded", REVERT));
    healed["status"]["operationState"]["operation"]["sync"]["resources"] = json!([{"kind": "A"}]);
    assert_waits(&healed, "a sync, which it does not do by itself");
}

#[test]
fn a_failed_sync_names_the_object() {
    let mut app = app(REVERT, "OutOfSync", "Healthy", &last("Failed", REVERT));
    app["status"]["operationState"]["message"] = json!("one or more objects failed to apply");
    assert_says(&app, "has failed: one or more objects failed to apply");
    app["status"]["operationState"]["syncResult"]["resources"] = json!([
        {"kind": "Service", "namespace": "prod", "name": "web", "status": "Synced"},
        {"kind": "Deployment", "namespace": "prod", "name": "web", "status": "SyncFailed",
            "message": "spec.selector: field is immutable"}]);
    assert_says(&app, "has failed at Deployment prod/web: spec.selector: field is immutable");
    app["status"]["operationState"]["syncResult"]["resources"] =
        json!([{"kind": "Job", "name": "migrate", "hookPhase": "Error", "message": ""}]);
    assert_says(&app, "has failed at Job migrate: one or more objects failed to apply");
}

#[test]
fn what_somebody_terminated_has_not_failed() {
    let mut app = app(REVERT, "OutOfSync", "Healthy", &last("Failed", REVERT));
    app["status"]["operationState"]["message"] = json!("Operation terminated (retried 1 times).");
    assert_waits(&app, "a sync, which it does not do by itself");
}

/// Its revision is still that of the first try, and it looks for the newest.
#[test]
fn a_try_that_looks_for_the_newest_is_not_pinned() {
    let mut app = app(REVERT, "OutOfSync", "Healthy", &busy("Running", BAD));
    assert!(is_pinned(&app, &following(&[], &[])));
    app["status"]["operationState"]["message"] =
        json!("Retrying operation with latest revisions. Attempt #1");
    assert!(!is_pinned(&app, &following(&[], &[])));
    let says = "is at work (sync): Retrying operation with latest revisions. Attempt #1";
    assert_says(&app, says);
}

/// The state of an operation is merged into that of the one before, and has a result only after a while.
#[test]
fn what_is_left_of_the_sync_before_pins_nothing() {
    let mut app = app(REVERT, "OutOfSync", "Healthy", &busy("Running", BAD));
    let pins = |app: &Value| is_pinned(app, &following(&[], &[]));
    app["operation"] = json!({"sync": {"revision": REVERT}});
    assert!(!pins(&app));
    // Asked for whatever is newest then: the state has to tell.
    app["operation"] = json!({"sync": {}});
    assert!(pins(&app));
    app["status"]["operationState"] = busy("Running", REVERT);
    app["operation"] = json!({"sync": {"revision": BAD}, "retry": {"refresh": true}});
    assert!(pins(&app));
    app["status"]["operationState"]["retryCount"] = json!(1);
    assert!(!pins(&app));
    app["operation"]["retry"] = json!({"refresh": false});
    assert!(pins(&app));
}

#[test]
fn what_is_left_to_prune_is_told_and_what_differs_is_waited_for() {
    let mut app = app(REVERT, "OutOfSync", "Healthy", &last("Succeeded", REVERT));
    let left = |name: &str| {
        json!({"kind": "ConfigMap", "namespace": "prod", "name": name, "status": "OutOfSync",
            "requiresPruning": true})
    };
    app["status"]["resources"] = json!([left("a"), left("b"), left("c"), left("d")]);
    assert_says(
        &app,
        "has applied 1111111: it leaves what Git does not hold any more: ConfigMap prod/a, ConfigMap \
         prod/b, ConfigMap prod/c and 1 more (prune them)",
    );
    app["status"]["resources"][0]["requiresPruning"] = json!(false);
    app["status"]["resources"][3]["status"] = json!("Synced");
    assert!(judged(&app).to_string().contains("what differs although the sync succeeded"));
    // Nobody has looked since.
    app["status"]["operationState"]["finishedAt"] = json!("2026-03-02T12:00:01Z");
    assert_waits(&app, "its comparison after the sync");
}

#[test]
fn health_from_before_the_sync_is_none() {
    let mut app = app(REVERT, "Synced", "Healthy", &last("Succeeded", REVERT));
    for (ended, is_healthy) in [
        ("2026-03-02T11:59:59Z", true),
        // Of the same second: it may be either, so the workload decides.
        ("2026-03-02T12:00:00Z", true),
        ("2026-03-02T12:00:01Z", false),
    ] {
        app["status"]["operationState"]["finishedAt"] = json!(ended);
        assert_eq!(judged(&app) == healthy(REVERT), is_healthy, "{ended}");
    }
    assert_says(&app, "has applied 1111111: its health is from before the sync");
    app["status"]["reconciledAt"] = json!("2026-03-02T12:00:01Z");
    app["status"]["health"] = json!({"status": "Degraded", "message": "too long"});
    assert_says(&app, "has applied 1111111: its health is Degraded (too long)");
    app["status"]["health"] = json!({});
    assert_says(&app, "has applied 1111111");
}

#[test]
fn a_newer_release_is_said_before_anything_else() {
    for state in [last("Succeeded", BAD), busy("Running", BAD)] {
        let newer = app(NEWER, "OutOfSync", "Healthy", &state);
        assert_says(&newer, "has a newer release, 4444444");
    }
}

#[test]
fn an_application_that_does_nothing_says_so() {
    let base = app(REVERT, "Synced", "Healthy", &Value::Null);
    let mut skipped = base.clone();
    skipped["metadata"]["annotations"] = json!({SKIP: "true"});
    let says = "does nothing: annotation argocd.argoproj.io/skip-reconcile is on it";
    assert_says(&skipped, says);
    let mut deleted = base;
    deleted["metadata"]["deletionTimestamp"] = json!("2026-03-02T12:00:00Z");
    assert_says(&deleted, "has failed: it is being deleted");
}

#[test]
fn one_of_several_sources_is_enough() {
    let app = application(&json!({
        "spec": {"sources": [{"repoURL": "https://charts.test", "chart": "web"},
            {"repoURL": "https://git.test/fleet.git", "ref": "values"}]},
        "status": {"sync": {"revision": null, "revisions": ["1.4.2", REVERT], "status": "Synced"},
            "operationState": {"syncResult": {"revision": null, "revisions": ["1.4.2", BAD]}}},
    }));
    assert_says(&app, "has applied 1.4.2, 1111111 and says that it is healthy");
}

#[test]
fn behind_a_hydrator_the_rendered_commit_counts() {
    let wet = "5555555555555555555555555555555555555555";
    let app = |dry: &str, phase: &str, compared: &str| {
        application(&json!({"spec": {"sourceHydrator": {"drySource": {}}},
            "status": {"sync": {"revision": compared}, "operationState": null,
                "sourceHydrator": {"currentOperation": {"drySHA": dry, "phase": phase,
                    "hydratedSHA": wet, "message": "no chart"}}}}))
    };
    assert_says(&app(REVERT, "Hydrated", wet), "has applied 5555555 and says that it is healthy");
    assert_says(&app(BAD, "Hydrated", wet), "has not seen the commit yet and is at 5555555");
    assert_says(&app(REVERT, "Hydrated", BAD), "has not seen the commit yet and is at 2222222");
    assert_says(&app(REVERT, "Failed", BAD), "has failed: it cannot be rendered: no chart");
    assert_says(&app(NEWER, "Hydrated", wet), "has a newer release, 4444444");
}

#[test]
fn whatever_the_shape_nothing_fails() {
    for shape in [json!(null), json!([]), json!({"status": {"sync": [], "operationState": "x"}})] {
        let state = judged(&shape);
        assert!(matches!(state, Convergence::NotSeen { .. }), "{state:?}");
    }
}
