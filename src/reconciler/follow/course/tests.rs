//! The course of Applications and Kustomizations, step by step, by a clock of the test.

use serde_json::json;

use super::super::super::following::NudgeKind;
use super::super::super::following::given::{BAD, NEWER, REVERT, relation};
use super::super::super::from_git;
use super::*;
use crate::cluster::Deadline;
use crate::rollback::model::target::Target;

const REFRESH: &str = "argocd.argoproj.io/refresh";

fn target(api_version: &str, kind: &str) -> Target {
    Target {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: "gitops".to_owned(),
        name: "web".to_owned(),
    }
}

fn application() -> Target {
    target("argoproj.io/v1alpha1", "Application")
}

fn follow(owner: &Target, goal: Goal) -> Follow<'_> {
    let reconciler = from_git(owner).unwrap();
    let deadline = Deadline::never();
    Follow { reconciler, owner, token: "token", goal, may_sync: true, deadline }
}

fn path(owner: &Target) -> String {
    from_git(owner).unwrap().address(owner).unwrap().object().to_string()
}

/// An Application that was compared with a commit, and whose last operation this was.
fn app(compared: &str, status: &str, state: &Value) -> Value {
    json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "Application",
        "metadata": {"namespace": "gitops", "name": "web", "resourceVersion": "1"},
        "spec": {"source": {"repoURL": "https://git.test/fleet.git"},
            "syncPolicy": {"automated": {}}},
        "status": {"sync": {"revision": compared, "status": status}, "operationState": state,
            "health": {"status": "Healthy"}},
    })
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Puts an object, lets Git say what it knows, and looks.
fn see(course: &mut Course<'_>, path: &str, object: Value, now: Duration) -> Look {
    course.put(path.to_owned(), object, now);
    learn(course, now);
    course.look(now)
}

fn learn(course: &mut Course<'_>, now: Duration) {
    for revision in course.unknown(now) {
        let found = relation(&revision);
        course.learn(revision, Some(found), now);
    }
}

fn words(look: &Look) -> Vec<String> {
    let moved = |told: &Told| match told {
        Told::Moved { convergence, .. } => Some(convergence.to_string()),
        _ => None,
    };
    look.told.iter().filter_map(moved).collect()
}

#[test]
fn a_revert_is_followed_to_the_end() {
    let owner = application();
    let (follow, path) = (follow(&owner, Goal::Applied), path(&owner));
    let mut course = Course::new(&follow, path.clone());
    let look = see(&mut course, &path, app(BAD, "Synced", &Value::Null), seconds(0));
    assert_eq!(words(&look), ["has not seen the commit yet and is at 2222222"]);
    let [nudge] = look.nudges.as_slice() else { panic!("{look:?}") };
    course.given(nudge, seconds(0));

    let look = see(&mut course, &path, app(REVERT, "OutOfSync", &Value::Null), seconds(1));
    assert_eq!(words(&look), ["has seen the commit and waits for a sync of its own"]);
    assert!(look.nudges.is_empty());
    let state = json!({"phase": "Running", "syncResult": {"revision": REVERT}});
    let look = see(&mut course, &path, app(REVERT, "OutOfSync", &state), seconds(2));
    assert_eq!(words(&look), ["is at work (sync)"]);
    let state = json!({"phase": "Succeeded", "syncResult": {"revision": REVERT}});
    let look = see(&mut course, &path, app(REVERT, "Synced", &state), seconds(3));
    assert!(matches!(look.arrival, Some(Arrival::Reached)), "{look:?}");
    let last = course.into_last().unwrap().to_string();
    assert_eq!(last, "has applied 1111111 and says that it is healthy");
}

#[test]
fn what_has_not_changed_is_told_once() {
    let owner = application();
    let (follow, path) = (follow(&owner, Goal::Applied), path(&owner));
    let mut course = Course::new(&follow, path.clone());
    assert!(course.look(seconds(0)).told.is_empty());
    let unseen = app(BAD, "Synced", &Value::Null);
    assert_eq!(see(&mut course, &path, unseen.clone(), seconds(1)).told.len(), 1);
    assert!(see(&mut course, &path, unseen, seconds(2)).told.is_empty());
}

#[test]
fn each_way_to_end_ends_it() {
    let running = json!({"phase": "Running", "syncResult": {"revision": BAD}});
    let failed = json!({"phase": "Failed", "syncResult": {"revision": REVERT}});
    let mut skipped = app(BAD, "Synced", &Value::Null);
    skipped["metadata"]["annotations"] = json!({"argocd.argoproj.io/skip-reconcile": "true"});
    let mut degraded = app(REVERT, "Synced", &Value::Null);
    degraded["status"]["health"] = json!({"status": "Degraded"});
    let mut without = app(REVERT, "Synced", &Value::Null);
    without["status"]["health"] = json!({});
    let synced = app(REVERT, "Synced", &Value::Null);
    for (goal, object, word) in [
        (Goal::Applied, synced.clone(), Some("reached")),
        (Goal::Healthy, synced, Some("reached")),
        (Goal::Applied, degraded.clone(), Some("reached")),
        (Goal::Healthy, degraded, None),
        (Goal::Healthy, without, Some("reached")),
        (Goal::Applied, app(REVERT, "OutOfSync", &failed), Some("failed")),
        (Goal::Applied, app(NEWER, "Synced", &Value::Null), Some("superseded")),
        (Goal::Applied, skipped, Some("suspended")),
        (Goal::Applied, app(BAD, "Synced", &Value::Null), None),
        (Goal::Applied, app(REVERT, "Synced", &running), None),
        // Before the push: only what runs is waited for.
        (Goal::Idle, app(BAD, "OutOfSync", &running), None),
        (Goal::Idle, app(BAD, "Synced", &Value::Null), Some("reached")),
        (Goal::Idle, app(BAD, "OutOfSync", &failed), Some("reached")),
    ] {
        let owner = application();
        let (follow, path) = (follow(&owner, goal), path(&owner));
        let mut course = Course::new(&follow, path.clone());
        let look = see(&mut course, &path, object.clone(), seconds(0));
        let ended = look.arrival.as_ref().map(Arrival::word);
        assert_eq!(ended, word, "{goal:?} {object}");
        assert!(ended.is_none() || look.nudges.is_empty(), "{object}");
    }
}

/// The right one, and no other: a busy controller is no dead one.
#[test]
fn a_controller_that_picks_nothing_up_is_told_after_half_a_minute() {
    let owner = application();
    let (follow, path) = (follow(&owner, Goal::Applied), path(&owner));
    let mut course = Course::new(&follow, path.clone());
    let look = see(&mut course, &path, app(BAD, "Synced", &Value::Null), seconds(0));
    course.given(&look.nudges[0], seconds(0));
    let mut asked = app(BAD, "Synced", &Value::Null);
    asked["metadata"]["annotations"] = json!({REFRESH: "normal"});
    assert!(see(&mut course, &path, asked.clone(), seconds(1)).arrival.is_none());
    assert!(course.look(seconds(29)).arrival.is_none());
    // It works on something else.
    asked["status"]["reconciledAt"] = json!("2026-03-02T12:00:00Z");
    assert!(see(&mut course, &path, asked.clone(), seconds(29)).arrival.is_none());
    assert!(course.look(seconds(58)).arrival.is_none());
    let look = course.look(seconds(59));
    let Some(Arrival::Unheard(unheard)) = look.arrival else { panic!("{look:?}") };
    assert_eq!(unheard.who, "the application-controller of Argo CD");
    assert!(unheard.check.contains("-n gitops "), "{}", unheard.check);
}

#[test]
fn nobody_is_blamed_who_was_not_asked() {
    let owner = application();
    let (follow, path) = (follow(&owner, Goal::Applied), path(&owner));
    let mut course = Course::new(&follow, path.clone());
    let mut asked = app(BAD, "Synced", &Value::Null);
    asked["metadata"]["annotations"] = json!({REFRESH: "normal"});
    assert!(see(&mut course, &path, asked, seconds(0)).nudges.is_empty());
    assert!(course.look(seconds(40)).arrival.is_none());
}

/// Git is asked once about each revision, and again only where it could not tell.
#[test]
fn git_is_asked_about_a_revision_once() {
    let owner = application();
    let (follow, path) = (follow(&owner, Goal::Applied), path(&owner));
    let mut course = Course::new(&follow, path.clone());
    course.put(path.clone(), app(REVERT, "Synced", &Value::Null), seconds(0));
    assert_eq!(course.unknown(seconds(0)), [REVERT]);
    course.learn(REVERT.to_owned(), None, seconds(0));
    assert!(course.unknown(seconds(4)).is_empty());
    assert!(course.look(seconds(4)).arrival.is_none());
    assert_eq!(course.unknown(seconds(5)), [REVERT]);
    course.learn(REVERT.to_owned(), Some(Relation::Ours), seconds(5));
    assert!(course.unknown(seconds(500)).is_empty());
    assert!(matches!(course.look(seconds(6)).arrival, Some(Arrival::Reached)));
    // Before the push there is no commit to ask about.
    let idle = Follow { goal: Goal::Idle, ..follow };
    let mut course = Course::new(&idle, path.clone());
    course.put(path, app(REVERT, "Synced", &Value::Null), seconds(0));
    assert!(course.unknown(seconds(0)).is_empty());
}

fn kustomization(tried: &str, reason: &str) -> Value {
    json!({
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization",
        "metadata": {"namespace": "gitops", "name": "web", "generation": 1},
        "spec": {"sourceRef": {"kind": "GitRepository", "name": "fleet"},
            "dependsOn": [{"name": "crds"}]},
        "status": {"observedGeneration": 1, "lastAttemptedRevision": tried,
            "lastAppliedRevision": tried,
            "conditions": [{"type": "Ready", "status": "True", "reason": reason}]},
    })
}

fn repository(commit: &str) -> Value {
    json!({"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository",
        "metadata": {"namespace": "gitops", "name": "fleet"},
        "status": {"artifact": {"revision": format!("main@sha1:{commit}")}}})
}

#[test]
fn what_is_around_a_kustomization_is_wanted_and_counts() {
    let owner = target("kustomize.toolkit.fluxcd.io/v1", "Kustomization");
    let (follow, path) = (follow(&owner, Goal::Applied), path(&owner));
    let mut course = Course::new(&follow, path.clone());
    assert!(course.wanted().is_empty());
    let before = kustomization(&format!("main@sha1:{BAD}"), "ReconciliationSucceeded");
    let look = see(&mut course, &path, before, seconds(0));
    // Without its source nothing is known, and nothing asked.
    assert!(look.nudges.is_empty(), "{look:?}");
    let wanted = course.wanted();
    let names: Vec<&str> = wanted.iter().map(|address| address.target.name.as_str()).collect();
    assert_eq!(names, ["fleet", "crds"]);
    let source = wanted[0].object().to_string();
    let look = see(&mut course, &source, repository(BAD), seconds(1));
    assert_eq!(look.nudges[0].kind, NudgeKind::Fetch);
    course.given(&look.nudges[0], seconds(1));
    let look = see(&mut course, &source, repository(REVERT), seconds(2));
    assert_eq!(words(&look), ["has seen the commit and waits for its next run"]);
    assert!(look.nudges.is_empty());
    // Two seconds after the source had it, the run is asked for.
    assert!(course.look(seconds(3)).nudges.is_empty());
    let nudges = course.look(seconds(4)).nudges;
    assert_eq!((nudges[0].kind, nudges[0].path.as_str()), (NudgeKind::Refresh, path.as_str()));
    let after = kustomization(&format!("main@sha1:{REVERT}"), "ReconciliationSucceeded");
    let look = see(&mut course, &path, after, seconds(5));
    assert!(matches!(look.arrival, Some(Arrival::Reached)), "{look:?}");
    course.remove(&source, seconds(6));
    assert_eq!(course.wanted().len(), 2);
}

#[test]
fn only_what_takes_its_state_from_git_is_followed() {
    for (api_version, kind, is_followed) in [
        ("argoproj.io/v1alpha1", "Application", true),
        ("argoproj.io/v1alpha1", "ApplicationSet", true),
        ("kustomize.toolkit.fluxcd.io/v1", "Kustomization", true),
        ("helm.toolkit.fluxcd.io/v2", "HelmRelease", true),
        ("kustomize.config.k8s.io/v1beta1", "Kustomization", false),
        ("apps/v1", "Deployment", false),
    ] {
        assert_eq!(from_git(&target(api_version, kind)).is_some(), is_followed, "{kind}");
    }
}
