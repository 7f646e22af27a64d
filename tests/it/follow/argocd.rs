//! Applications of the real Argo CD.

use std::path::Path;

use kubectl_rb::reconciler::following::Goal;
use kubectl_rb::rollback::model::convergence::Convergence;
use kubectl_rb::rollback::model::following::{Arrival, Told};
use kubectl_rb::rollback::model::target::Target;
use serde_json::{Value, json};

use super::{Pursuit, WEB, image, web};
use crate::scene::live;
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::{Application, ArgoCd, automated};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_pushed_revert_is_followed_to_the_end,
        a_commit_that_is_there_is_done_at_once,
        a_pinned_operation_is_terminated_first,
        a_pinned_operation_is_cleared_before_the_push,
        an_application_that_is_synced_by_hand_gets_an_operation,
        a_newer_release_on_top_is_said,
        another_commit_on_top_is_as_good,
        a_commit_that_cannot_be_applied_is_said_with_its_object,
        without_the_right_to_patch_it_waits_for_the_poll,
        a_controller_that_does_not_run_is_told,
    ]
}

pub(super) fn target(argocd: &ArgoCd, app: &Application<'_>) -> Target {
    Target {
        api_version: "argoproj.io/v1alpha1".to_owned(),
        kind: "Application".to_owned(),
        namespace: argocd.namespace().to_owned(),
        name: app.name().to_owned(),
    }
}

pub(super) fn to<'a>(
    kubeconfig: &'a Path,
    owner: Target,
    fleet: &'a Fleet,
    commit: &'a str,
) -> Pursuit<'a> {
    Pursuit { kubeconfig, owner, goal: Goal::Applied, fleet, folder: WEB, commit }
}

/// Pushes release 1.1 and has it synced.
fn release(app: &Application<'_>, fleet: &Fleet) -> String {
    let bad = fleet.release(WEB, &image("1.1"));
    app.refresh_to(&bad);
    app.wait_synced(&bad);
    bad
}

fn a_pushed_revert_is_followed_to_the_end(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("follow-revert"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    let bad = release(&app, &fleet);
    assert_eq!(live(&namespace), image("1.1"));
    let revert = fleet.revert(&bad);
    let pursuit = Pursuit {
        goal: Goal::Healthy,
        ..to(namespace.kubeconfig(), target(argocd, &app), &fleet, &revert)
    };
    let pursued = pursuit.run().ends("reached");
    let healthy = format!("has applied {} and says that it is healthy", &revert[..7]);
    assert_eq!(pursued.last(), healthy);
    assert_eq!(live(&namespace), image("1.0"));
    let app = app.get();
    assert_eq!(app["status"]["sync"]["revision"], *revert);
    assert_eq!(app["operation"], Value::Null);
}

/// Nothing is left to be asked for.
fn a_commit_that_is_there_is_done_at_once(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("follow-done"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let pursuit = to(namespace.kubeconfig(), target(argocd, &app), &fleet, &commit);
    let pursued = pursuit.run().ends("reached");
    assert!(pursued.followed.written.is_empty(), "{:?}", pursued.followed);
}

/// Pushes a commit that cannot be applied, and waits until its sync is to be tried again.
pub(super) fn pin(app: &Application<'_>, fleet: &Fleet) -> String {
    let path = format!("{WEB}/deployment.yaml");
    // A selector is immutable.
    fleet.write(&path, &fleet.read(&path).replace("app: web", "app: other"));
    let bad = fleet.push("Rename the label");
    app.refresh_to(&bad);
    app.wait_until("the sync has failed once", |app| {
        let state = &app["status"]["operationState"];
        state["phase"] == "Running" && state["finishedAt"].is_string()
    });
    bad
}

/// It is tried again for five minutes, with what was pushed behind it.
fn a_pinned_operation_is_terminated_first(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("follow-pinned"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    let bad = pin(&app, &fleet);
    let revert = fleet.revert(&bad);
    let pursuit = to(namespace.kubeconfig(), target(argocd, &app), &fleet, &revert);
    let pursued = pursuit.run().ends("reached");
    let terminated = format!("terminate the sync to {} of Argo CD application", &bad[..7]);
    assert!(pursued.followed.written[0].starts_with(&terminated), "{:?}", pursued.followed);
    let is_blocked = |state: &Convergence| matches!(state, Convergence::Blocked { .. });
    assert!(pursued.states().any(is_blocked), "{:?}", pursued.told);
    let app = app.get();
    assert_eq!(app["status"]["sync"]["revision"], *revert);
    assert_eq!(app["operation"], Value::Null);
    assert_eq!(live(&namespace), image("1.0"));
}

fn a_pinned_operation_is_cleared_before_the_push(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("follow-idle"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    let bad = pin(&app, &fleet);
    let pursuit = Pursuit {
        goal: Goal::Idle,
        ..to(namespace.kubeconfig(), target(argocd, &app), &fleet, &bad)
    };
    let pursued = pursuit.run().ends("reached");
    assert_eq!(pursued.followed.written.len(), 1, "{:?}", pursued.followed);
    assert!(pursued.wrote("terminate the sync to"));
    let app = app.get();
    assert_eq!(app["operation"], Value::Null);
    assert_eq!(app["status"]["operationState"]["phase"], "Failed");
}

fn an_application_that_is_synced_by_hand_gets_an_operation(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("follow-manual"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &json!({}));
    app.refresh_to(&commit);
    app.sync(&commit);
    app.wait_synced(&commit);
    let bad = fleet.release(WEB, &image("1.1"));
    app.refresh_to(&bad);
    app.sync(&bad);
    app.wait_synced(&bad);
    let revert = fleet.revert(&bad);
    let pursuit = to(namespace.kubeconfig(), target(argocd, &app), &fleet, &revert);
    let pursued = pursuit.run().ends("reached");
    assert!(pursued.wrote(&format!("sync Argo CD application {} to", app.name())));
    assert_eq!(live(&namespace), image("1.0"));
    let state = &app.get()["status"]["operationState"];
    assert_eq!(state["phase"], "Succeeded");
    assert_eq!(state["syncResult"]["revision"], *revert);
    let info = &state["operation"]["info"][0];
    assert_eq!(info["name"], "kubectl-rb/operation");
    assert_eq!(info["value"], format!("follow-{revert}"));
    assert_eq!(state["operation"]["initiatedBy"]["username"], "rb");
    // A whole sync: nothing of the operation before has got into it.
    assert_eq!(state["operation"]["sync"]["resources"], Value::Null);
    let history = app.get()["status"]["history"].as_array().map(Vec::len);
    assert_eq!(history, Some(3));
}

fn a_newer_release_on_top_is_said(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("follow-newer"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    let bad = release(&app, &fleet);
    let revert = fleet.revert(&bad);
    let newer = fleet.release(WEB, &image("1.2"));
    let pursuit = to(namespace.kubeconfig(), target(argocd, &app), &fleet, &revert);
    let pursued = pursuit.run().ends("superseded");
    assert_eq!(pursued.last(), format!("has a newer release, {}", &newer[..7]));
    assert_eq!(pursued.followed.arrival.exit_status().code(), 7);
}

fn another_commit_on_top_is_as_good(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("follow-on-top"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    let bad = release(&app, &fleet);
    let revert = fleet.revert(&bad);
    fleet.app("apps/api", "api", "registry.test/api:1.0");
    let above = fleet.push("Add api");
    let pursuit = to(namespace.kubeconfig(), target(argocd, &app), &fleet, &revert);
    let pursued = pursuit.run().ends("reached");
    assert!(pursued.last().contains(&above[..7]), "{}", pursued.last());
    assert_eq!(live(&namespace), image("1.0"));
}

fn a_commit_that_cannot_be_applied_is_said_with_its_object(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("follow-failed"));
    let (fleet, commit) = web();
    // Without another try it fails at once.
    let mut extra = automated();
    extra["spec"]["syncPolicy"]["retry"] = json!({"limit": 0});
    let app = argocd.application(&namespace, &fleet.url(), WEB, &extra);
    app.wait_synced(&commit);
    let path = format!("{WEB}/deployment.yaml");
    fleet.write(&path, &fleet.read(&path).replace("app: web", "app: other"));
    let broken = fleet.push("Rename the label");
    let pursuit = to(namespace.kubeconfig(), target(argocd, &app), &fleet, &broken);
    let pursued = pursuit.run().ends("failed");
    let object = format!("has failed at Deployment {}/web: ", namespace.name());
    assert!(pursued.last().starts_with(&object), "{}", pursued.last());
    assert!(pursued.last().contains("immutable"), "{}", pursued.last());
}

fn without_the_right_to_patch_it_waits_for_the_poll(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("follow-rights"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    let bad = release(&app, &fleet);
    let (place, role) = (argocd.namespace(), format!("{}-heidi", namespace.name()));
    let (verbs, resource) = ("--verb=get,list,watch", "--resource=applications.argoproj.io");
    namespace.kubectl_ok(&["-n", place, "create", "role", &role, verbs, resource]);
    let (of_role, user) = (format!("--role={role}"), "--user=heidi");
    namespace.kubectl_ok(&["-n", place, "create", "rolebinding", &role, &of_role, user]);
    let heidi = namespace.user("heidi");
    let kubeconfig = format!("--kubeconfig={}", heidi.display());
    namespace.wait_until("heidi may read", |namespace| {
        let words = ["-n", place, "auth", "can-i", "get", "applications.argoproj.io"];
        namespace.kubectl(&[&[kubeconfig.as_str()], &words[..]].concat()).code == 0
    });
    let revert = fleet.revert(&bad);
    let pursued = to(&heidi, target(argocd, &app), &fleet, &revert).run().ends("reached");
    assert!(pursued.followed.written.is_empty(), "{:?}", pursued.followed);
    let is_refused =
        |told: &Told| matches!(told, Told::NotNudged { why, .. } if why.contains("not allowed"));
    assert!(pursued.told.iter().any(is_refused), "{:?}", pursued.told);
    assert_eq!(live(&namespace), image("1.0"));
    namespace.kubectl_ok(&["-n", place, "delete", "role,rolebinding", &role]);
}

fn a_controller_that_does_not_run_is_told(bed: &TestBed) {
    bed.with_argocd(&[], |argocd| {
        let namespace: Namespace = bed.namespace("follow-dead");
        let (fleet, commit) = web();
        let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
        app.wait_synced(&commit);
        let bad = release(&app, &fleet);
        argocd.end_controller(bed);
        let revert = fleet.revert(&bad);
        let pursuit = to(namespace.kubeconfig(), target(argocd, &app), &fleet, &revert);
        let pursued = pursuit.run().ends("controllerNotRunning");
        let Arrival::Unheard(unheard) = &pursued.followed.arrival else { panic!("no controller") };
        assert_eq!(unheard.who, "the application-controller of Argo CD");
        let namespaced = format!("-n {} -l app.kubernetes.io/name=", argocd.namespace());
        assert!(unheard.check.contains(&namespaced), "{}", unheard.check);
        assert!(unheard.check.starts_with("kubectl --"), "{}", unheard.check);
        assert_eq!(pursued.followed.arrival.exit_status().code(), 5);
        assert_eq!(live(&namespace), image("1.1"));
    });
}
