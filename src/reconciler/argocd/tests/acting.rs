//! What an Application does to a direct write, and when.

use serde_json::{Value, json};

use super::super::super::Reconciler as _;
use super::super::given::{OLD, SHA, application, owner_with};
use super::super::{Applications, project};
use crate::error::{Error, ErrorKind};
use crate::facts::Facts;
use crate::rollback::model::ownership::{Automation, Owner};

/// An Application with this sync policy, and this merged over its status.
fn policy(policy: &Value, status: &Value) -> Value {
    json!({"spec": {"syncPolicy": policy}, "status": status})
}

fn automated(settings: &Value) -> Value {
    policy(&json!({"automated": settings}), &json!({}))
}

#[test]
fn an_application_acts_as_its_policy_and_its_state_say() {
    let heals = json!({"automated": {"selfHeal": true}});
    let syncs = json!({"automated": {}});
    let heal = "it puts its own version back within 1 s";
    let next_commit = "it puts its own version back at the next commit, which it sees within 6 min";
    let by_hand = "it does nothing by itself, and puts its own version back at the next sync";
    let paused = "it does nothing while automated.enabled is false, and puts its own version back \
                  after that or at the next sync";
    let not_synced = "it puts its own version back within 1 s, since it has not synced the commit yet \
                      with which it compares";
    let failed = "it does nothing by itself after its last sync failed, and puts its own version back \
                  at the next commit";
    let running = "it may put its own version back with the sync that is running";
    let skipped = "it does nothing while annotation argocd.argoproj.io/skip-reconcile is on it, and \
                   puts its own version back after that";
    let state = |state: Value| json!({"operationState": state});
    let annotated = |key: &str, value: &str| json!({"metadata": {"annotations": {key: value}}, "spec": {"syncPolicy": heals.clone()}});
    let heal_count =
        |count: Value| state(json!({"operation": {"sync": {"autoHealAttemptsCount": count}}}));
    let deleted = |finalizers: Value| {
        json!({"metadata": {"deletionTimestamp": "2026-03-02T12:00:00Z", "finalizers": finalizers},
            "spec": {"syncPolicy": heals.clone()}})
    };
    for (extra, would, within) in [
        (json!({}), by_hand, None),
        (policy(&json!({}), &json!({})), by_hand, None),
        (policy(&json!([]), &json!({})), by_hand, None),
        (policy(&json!({"automated": null}), &json!({})), by_hand, None),
        (policy(&json!({"automated": []}), &json!({})), by_hand, None),
        (policy(&syncs, &json!({})), next_commit, None),
        (automated(&json!({"enabled": true})), next_commit, None),
        (automated(&json!({"enabled": "false"})), next_commit, None),
        (automated(&json!({"enabled": false, "selfHeal": true})), paused, None),
        (policy(&heals, &json!({})), heal, Some(1)),
        (automated(&json!({"selfHeal": "true"})), next_commit, None),
        // The first heal is at once, the next ones wait.
        (policy(&heals, &heal_count(json!(0))), heal, Some(1)),
        (policy(&heals, &heal_count(json!(1))), "it puts its own version back within 2 s", Some(2)),
        (
            policy(&heals, &heal_count(json!(3))),
            "it puts its own version back within 18 s",
            Some(18),
        ),
        (
            policy(&heals, &heal_count(json!(6))),
            "it puts its own version back within 300 s",
            Some(300),
        ),
        (
            policy(&heals, &heal_count(json!(u64::MAX))),
            "it puts its own version back within 300 s",
            Some(300),
        ),
        (policy(&heals, &heal_count(json!(-7))), heal, Some(1)),
        // Synced without a sync, as after a revert of a commit that was never applied.
        (policy(&syncs, &state(json!({"syncResult": {"revision": OLD}}))), not_synced, Some(1)),
        (policy(&syncs, &json!({"operationState": null})), not_synced, Some(1)),
        (policy(&syncs, &state(json!({"syncResult": null}))), next_commit, None),
        (policy(&heals, &state(json!({"phase": "Failed"}))), failed, None),
        (policy(&heals, &state(json!({"phase": "Error"}))), failed, None),
        (
            policy(&heals, &state(json!({"phase": "Failed", "syncResult": {"revision": OLD}}))),
            heal,
            Some(1),
        ),
        (
            policy(&heals, &json!({"sync": {"status": "Unknown"}})),
            "it puts its own version back once it can compare again, which it cannot now",
            None,
        ),
        (
            policy(&json!({}), &state(json!({"phase": "Running", "finishedAt": null}))),
            running,
            None,
        ),
        (json!({"operation": {"sync": {"revision": OLD}}}), running, None),
        (annotated("argocd.argoproj.io/skip-reconcile", "true"), skipped, None),
        (annotated("argocd.argoproj.io/skip-reconcile", "1"), skipped, None),
        (annotated("argocd.argoproj.io/skip-reconcile", "false"), heal, Some(1)),
        (annotated("argocd.argoproj.io/skip-reconcile", "yes"), heal, Some(1)),
        (
            deleted(json!(["resources-finalizer.argocd.argoproj.io/background"])),
            "it is being deleted, and deletes this object with it",
            None,
        ),
        (
            deleted(json!(["foregroundDeletion"])),
            "it is being deleted, and leaves this object as it is",
            None,
        ),
        (deleted(json!({})), "it is being deleted, and leaves this object as it is", None),
    ] {
        let owner = owner_with(&extra);
        assert_eq!((owner.would.as_str(), owner.within), (would, within), "{extra}");
    }
}

#[test]
fn commits_that_touch_nothing_are_no_reason_to_sync() {
    let extra = json!({
        "metadata": {"annotations": {"argocd.argoproj.io/manifest-generate-paths": "."}},
        "spec": {"syncPolicy": {"automated": {}}},
        "status": {"operationState": {"syncResult": {"revision": OLD}}},
    });
    assert!(owner_with(&extra).would.contains("at the next commit"));
}

#[test]
fn automation_is_as_it_is_set_up() {
    let none = Automation::default();
    let suspended = Automation { suspended: true, ..none.clone() };
    for (extra, expected) in [
        (json!({}), none.clone()),
        (automated(&json!({})), Automation { syncs: true, ..none.clone() }),
        (
            automated(&json!({"selfHeal": true, "prune": true})),
            Automation { syncs: true, heals: true, prunes: true, suspended: false },
        ),
        (automated(&json!({"selfHeal": true, "prune": true, "enabled": false})), suspended.clone()),
        (
            json!({"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": "true"}}}),
            suspended,
        ),
        (json!({"spec": []}), none),
    ] {
        assert_eq!(owner_with(&extra).automation, Some(expected), "{extra}");
    }
}

#[test]
fn a_window_of_the_project_is_seen_as_it_is_when_it_was_asked() {
    let application = application(&automated(&json!({"selfHeal": true})));
    let completed = |facts: &Facts<'_>| {
        let mut owner = Owner {
            would: "it heals".to_owned(),
            within: Some(1),
            automation: Some(Automation { syncs: true, ..Automation::default() }),
            ..Owner::default()
        };
        Applications.complete(&mut owner, &application, facts);
        owner
    };
    let ask = || project(&application).unwrap();
    let windows = json!({"spec": {"syncWindows": [{"kind": "deny", "schedule": "0 12 * * *",
        "duration": "1h", "applications": ["*"]}]}});
    for (now, within) in [("2026-03-02T12:30:00Z", Some(1_981)), ("2026-03-02T13:30:00Z", Some(1))]
    {
        let facts = Facts::of([(ask(), Some(windows.clone()))]).at(now.parse().unwrap());
        assert_eq!(completed(&facts).within, within, "{now}");
    }
    for (spec, is_strict) in [
        (json!({"signatureKeys": [{"keyID": "4AEE18F83AFDEB23"}]}), true),
        (json!({"sourceIntegrity": {"git": {"policies": [{}]}}}), true),
        (json!({"signatureKeys": []}), false),
        (json!([]), false),
    ] {
        let notes = completed(&Facts::of([(ask(), Some(json!({"spec": spec})))])).notes;
        let note = "AppProject default takes only commits with a signature that it knows";
        assert_eq!(notes.iter().any(|told| told == note), is_strict, "{spec}");
    }
    let error = Error::new(ErrorKind::Forbidden, "not allowed to get it").hint("kubectl auth");
    let owner = completed(&Facts::default().with_error(ask(), error));
    let note = "the sync windows of AppProject default could not be read: not allowed to get it \
                (kubectl auth)";
    assert_eq!(owner.notes, [note]);
    assert_eq!(Applications.further(&application), [ask()]);
    assert_eq!(owner_with(&json!({"status": {"sync": {"revision": SHA}}})).within, None);
}
