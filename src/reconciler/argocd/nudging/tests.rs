use serde_json::json;

use super::super::super::following::Given;
use super::super::super::following::given::{BAD, REVERT, after, following, nudged};
use super::super::given::application;
use super::super::policy;
use super::*;

/// No nudge at all.
const NOTHING: [Nudge; 0] = [];
const PATH: &str = "/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/web";

/// An Application in this state of comparison, whose last operation was to the bad commit.
fn app(compared: &str, status: &str, automated: bool) -> Value {
    let policy = if automated { json!({"automated": {"prune": true}}) } else { json!({}) };
    application(&json!({
        "metadata": {"resourceVersion": "7"},
        "spec": {"syncPolicy": policy},
        "status": {"sync": {"revision": compared, "status": status},
            "operationState": {"syncResult": {"revision": BAD}}},
    }))
}

fn unseen() -> Value {
    app(BAD, "Synced", true)
}

fn kinds(nudges: &[Nudge]) -> Vec<NudgeKind> {
    nudges.iter().map(|nudge| nudge.kind).collect()
}

fn refreshed(millis: u64) -> Given {
    nudged(NudgeKind::Refresh, PATH, "", millis)
}

#[test]
fn a_comparison_is_asked_for_at_once() {
    let nudges = of(&unseen(), &following(&[], &[]));
    let [nudge] = nudges.as_slice() else { panic!("{nudges:?}") };
    assert_eq!((nudge.kind, nudge.path.as_str()), (NudgeKind::Refresh, PATH));
    assert_eq!(nudge.body, json!({"metadata": {"annotations": {REFRESH: "normal"}}}));
    assert_eq!(nudge.summary, "ask Argo CD application web to compare with Git");
    assert!(!nudge.is_needed);
}

/// Requests get lost, so they are repeated; the same value over itself is no event.
#[test]
fn a_request_is_repeated_once_it_is_consumed() {
    let two = [refreshed(0), refreshed(2_000)];
    for (millis, given, is_open, expected) in [
        (1_999, &two[..1], false, None),
        (2_000, &two[..1], false, Some(NudgeKind::Refresh)),
        (9_000, &two[..1], true, None),
        (11_999, &two[..], false, None),
        (12_000, &two[..], false, Some(NudgeKind::Refresh)),
        (12_000, &two[..], true, None),
        // After a minute once without the cache, and that is another value.
        (59_999, &two[..], true, None),
        (60_000, &two[..], true, Some(NudgeKind::HardRefresh)),
        (60_000, &two[..], false, Some(NudgeKind::HardRefresh)),
    ] {
        let mut app = unseen();
        if is_open {
            app["metadata"]["annotations"] = json!({REFRESH: "normal"});
        }
        let nudges = of(&app, &after(millis, &[], given));
        assert_eq!(kinds(&nudges), Vec::from_iter(expected), "{millis} {is_open}");
    }
    let hard = nudged(NudgeKind::HardRefresh, PATH, "", 60_000);
    let given = [refreshed(0), refreshed(50_000), hard];
    assert_eq!(kinds(&of(&unseen(), &after(61_000, &[], &given))), [NudgeKind::Refresh]);
}

/// For a commit outside of its paths it would take what it has in its cache.
#[test]
fn an_application_that_leaves_commits_out_is_asked_to_look_without_its_cache() {
    let mut unseen = unseen();
    let hard = |millis| nudged(NudgeKind::HardRefresh, PATH, "", millis);
    for (paths, open, given, expected) in [
        (".", None, vec![], Some(NudgeKind::HardRefresh)),
        (".", Some("normal"), vec![], Some(NudgeKind::HardRefresh)),
        (".", Some("hard"), vec![], None),
        (".", None, vec![hard(1_000)], None),
        (".", None, vec![hard(0)], Some(NudgeKind::HardRefresh)),
        (".", None, vec![hard(0), hard(500)], None),
        ("", None, vec![], Some(NudgeKind::Refresh)),
    ] {
        unseen["metadata"]["annotations"] = json!({policy::PATHS: paths});
        if let Some(open) = open {
            unseen["metadata"]["annotations"][REFRESH] = json!(open);
        }
        let nudges = of(&unseen, &after(2_500, &[], &given));
        assert_eq!(kinds(&nudges), Vec::from_iter(expected), "{paths:?} {open:?} {given:?}");
    }
    // What it has compared with already, too.
    let mut compared = app(REVERT, "OutOfSync", false);
    compared["metadata"]["annotations"] = json!({policy::PATHS: "."});
    assert_eq!(kinds(&of(&compared, &following(&[], &[]))), [NudgeKind::HardRefresh]);
    let asked = [hard(0)];
    assert_eq!(kinds(&of(&compared, &following(&[], &asked))), [NudgeKind::Sync]);
}

#[test]
fn what_is_applied_is_left_alone() {
    for app in [app(REVERT, "Synced", true), app(REVERT, "Synced", false)] {
        assert_eq!(of(&app, &after(100_000, &[], &[])), NOTHING);
    }
}

/// The exact form that Argo CD does not misunderstand.
#[test]
fn a_sync_that_nobody_else_does_is_asked_for_with_its_revision() {
    let mut manual = app(REVERT, "OutOfSync", false);
    manual["spec"]["syncPolicy"] =
        json!({"syncOptions": ["ServerSideApply=true"], "retry": {"limit": 2}});
    let nudges = of(&manual, &following(&[], &[]));
    let [nudge] = nudges.as_slice() else { panic!("{nudges:?}") };
    assert_eq!(nudge.kind, NudgeKind::Sync);
    assert!(nudge.is_needed);
    assert_eq!(nudge.summary, "sync Argo CD application web to 1111111");
    let expected = json!({
        "metadata": {"resourceVersion": "7"},
        "operation": {
            "initiatedBy": {"username": "rb"},
            "info": [{"name": "kubectl-rb/operation", "value": "token"}],
            "retry": {"limit": 2},
            "sync": {"revision": REVERT, "syncStrategy": {"hook": {}},
                "syncOptions": ["ServerSideApply=true"]},
        },
        "status": {"operationState": null},
    });
    assert_eq!(nudge.body, expected);
    assert!(nudge.body.pointer("/status/operationState").is_some_and(Value::is_null));
}

#[test]
fn its_own_sync_has_time_to_begin() {
    let app = app(REVERT, "OutOfSync", true);
    for (millis, expected) in [(0, vec![]), (9_999, vec![]), (15_000, vec![NudgeKind::Sync])] {
        let nudges = of(&app, &after(millis, &[], &[]));
        assert_eq!(kinds(&nudges), expected, "{millis}");
        for nudge in nudges {
            assert!(!nudge.is_needed);
            assert_eq!(nudge.body["operation"]["sync"]["prune"], true);
        }
    }
    // A pause by `enabled: false` means by hand.
    let mut paused = app.clone();
    paused["spec"]["syncPolicy"]["automated"]["enabled"] = json!(false);
    assert_eq!(kinds(&of(&paused, &following(&[], &[]))), [NudgeKind::Sync]);
    let forbidden = Following { may_sync: false, ..following(&[], &[]) };
    assert_eq!(of(&paused, &forbidden), NOTHING);
    let given = [nudged(NudgeKind::Sync, PATH, "token", 1_000)];
    assert!(!kinds(&of(&paused, &after(9_000, &[], &given))).contains(&NudgeKind::Sync));
    let again = of(&paused, &after(31_000, &[], &given));
    assert_eq!(again[0].token, "token.1");
}

#[test]
fn several_sources_want_as_many_revisions() {
    let sources = json!([{"repoURL": "a", "chart": "web"}, {"repoURL": "b", "ref": "values"}]);
    for (revisions, is_asked) in [
        (json!(["1.4.2", REVERT]), true),
        (json!([REVERT]), false),
        (json!(["1.4.2", REVERT, BAD]), false),
        (json!(["", REVERT]), false),
    ] {
        let mut app = app("", "OutOfSync", false);
        app["spec"]["sources"] = sources.clone();
        app["status"]["sync"]["revisions"] = revisions.clone();
        let nudges = of(&app, &following(&[], &[]));
        assert_eq!(!nudges.is_empty(), is_asked, "{revisions}");
        if let [nudge] = nudges.as_slice() {
            assert_eq!(nudge.body["operation"]["sync"]["revisions"], revisions);
            assert_eq!(nudge.body["operation"]["sync"].get("revision"), None);
        }
    }
    // One source in a list is still a list.
    let mut app = app("", "OutOfSync", false);
    app["spec"]["sources"] = json!([{"repoURL": "b", "path": "."}]);
    app["status"]["sync"]["revisions"] = json!([REVERT]);
    let nudges = of(&app, &following(&[], &[]));
    assert_eq!(nudges[0].body["operation"]["sync"]["revisions"], json!([REVERT]));
}

#[test]
fn no_sync_is_asked_for_where_one_is_there_or_was_done() {
    let mut asked = app(REVERT, "OutOfSync", false);
    asked["operation"] = json!({"sync": {"revision": REVERT}});
    assert_eq!(of(&asked, &after(5_000, &[], &[])), NOTHING);
    // It has done its sync, and something differs all the same.
    let mut done = app(REVERT, "OutOfSync", false);
    done["status"]["operationState"]["syncResult"]["revision"] = json!(REVERT);
    done["status"]["operationState"]["finishedAt"] = json!("2026-03-02T11:59:56Z");
    assert_eq!(of(&done, &after(5_000, &[], &[])), NOTHING);
    assert_eq!(kinds(&of(&done, &after(10_000, &[], &[]))), [NudgeKind::Refresh]);
    // That was long before: what differs has come since.
    done["status"]["operationState"]["finishedAt"] = json!("2026-03-02T11:59:54Z");
    assert_eq!(kinds(&of(&done, &after(5_000, &[], &[]))), [NudgeKind::Sync]);
}

#[test]
fn a_pinned_operation_is_terminated() {
    let state = |finished: &str| {
        let finished = if finished.is_empty() { Value::Null } else { json!(finished) };
        json!({"phase": "Running", "finishedAt": finished, "syncResult": {"revision": BAD}})
    };
    for (finished, millis, is_time) in
        [("", 0, false), ("", 1_000, true), ("2026-03-02T11:00:00Z", 0, true)]
    {
        let mut app = app(REVERT, "Synced", true);
        app["status"]["operationState"] = state(finished);
        for goal in [Goal::Idle, Goal::Applied] {
            let following = Following { goal, ..after(millis, &[], &[]) };
            let nudges = of(&app, &following);
            assert_eq!(!nudges.is_empty(), is_time, "{finished} {millis}");
            for nudge in nudges {
                assert_eq!(nudge.kind, NudgeKind::Terminate);
                assert_eq!(
                    nudge.body,
                    json!({"metadata": {"resourceVersion": "7"},
                        "status": {"operationState": {"phase": "Terminating"}}})
                );
                let summary = "terminate the sync to 2222222 of Argo CD application web";
                assert_eq!(nudge.summary, summary);
            }
        }
    }
    // One to the commit is left alone, and so is one that ends already.
    for (phase, revision) in [("Running", REVERT), ("Terminating", BAD)] {
        let mut app = app(REVERT, "OutOfSync", true);
        app["status"]["operationState"] =
            json!({"phase": phase, "syncResult": {"revision": revision}});
        assert_eq!(of(&app, &after(9_000, &[], &[])), NOTHING, "{phase}");
    }
}

/// Where nobody begins what was asked for, or ends it, one asks whether anybody is there.
#[test]
fn an_operation_that_does_not_move_is_looked_at() {
    let mut asked = app(REVERT, "Synced", true);
    asked["operation"] = json!({"sync": {"revision": BAD}});
    let mut ending = app(REVERT, "Synced", true);
    ending["status"]["operationState"] =
        json!({"phase": "Terminating", "syncResult": {"revision": BAD}});
    for mut app in [asked, ending] {
        assert_eq!(of(&app, &after(9_999, &[], &[])), NOTHING);
        assert_eq!(kinds(&of(&app, &after(10_000, &[], &[]))), [NudgeKind::Refresh]);
        app["operation"] = json!({"sync": {"revision": BAD}});
        app["status"]["operationState"]["phase"] = json!("Running");
        app["status"]["operationState"]["finishedAt"] = Value::Null;
        app["status"]["operationState"]["message"] = json!("Sync operation blocked by sync window");
        assert_eq!(kinds(&of(&app, &after(90_000, &[], &[]))), [NudgeKind::Terminate]);
        app["status"]["operationState"]["phase"] = json!("Terminating");
        assert_eq!(of(&app, &after(90_000, &[], &[])), NOTHING);
    }
}

#[test]
fn before_the_push_nothing_else_is_asked_for() {
    for app in [unseen(), app(REVERT, "OutOfSync", false)] {
        let idle = Following { goal: Goal::Idle, ..after(100_000, &[], &[]) };
        assert_eq!(of(&app, &idle), NOTHING);
    }
}

#[test]
fn who_has_not_answered_is_named() {
    let given = [refreshed(0)];
    let mut app = unseen();
    assert_eq!(unheard(&app, &following(&[], &given)), None);
    app["metadata"]["annotations"] = json!({REFRESH: "normal"});
    // Somebody else has asked.
    assert_eq!(unheard(&app, &following(&[], &[])), None);
    let unheard = unheard(&app, &following(&[], &given)).unwrap();
    assert_eq!(unheard.who, "the application-controller of Argo CD");
    assert_eq!(
        unheard.check,
        "kubectl get pods -n argocd -l app.kubernetes.io/name=argocd-application-controller"
    );
}

/// In a sync window nothing is done about an operation, and that is no sign of a dead controller.
#[test]
fn an_end_that_a_window_holds_back_blames_nobody() {
    let given = [nudged(NudgeKind::Terminate, PATH, "", 0)];
    let mut app = app(REVERT, "Synced", true);
    app["status"]["operationState"] =
        json!({"phase": "Terminating", "syncResult": {"revision": BAD}});
    assert!(unheard(&app, &following(&[], &given)).is_some());
    app["status"]["operationState"]["message"] = json!("Sync operation blocked by sync window");
    assert_eq!(unheard(&app, &following(&[], &given)), None);
}

#[test]
fn behind_a_hydrator_rendering_is_asked_for_too() {
    let mut app = unseen();
    app["spec"]["sourceHydrator"] = json!({"drySource": {}});
    let nudges = of(&app, &following(&[], &[]));
    assert_eq!(nudges[0].body["metadata"]["annotations"][HYDRATE], "normal");
}
