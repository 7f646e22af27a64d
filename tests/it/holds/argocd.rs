//! Applications of the real Argo CD.

use kubectl_rb::error::ErrorKind;
use kubectl_rb::reconciler::from_git;
use kubectl_rb::reconciler::hold::State;
use kubectl_rb::reconciler::holding::{self, Holding, Then};
use kubectl_rb::rollback::model::hold::How;
use kubectl_rb::rollback::model::target::Target;
use serde_json::{Value, json};

use super::{HOLD, LOOKS, WEB, has_hold, hold, holder, image, release, spec, wanted, web};
use crate::scene::live;
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::{Application, ArgoCd, automated};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_patch_survives_ten_looks_and_the_release_gives_back_what_was_there,
        an_old_version_loses_the_whole_policy,
        a_sync_that_is_tried_again_is_ended,
        an_application_set_is_refused_and_nothing_is_left,
        an_application_set_that_leaves_holds_alone_keeps_them,
        a_parent_leaves_a_hold_alone_and_nothing_is_left_of_it,
        a_parent_whose_git_names_the_field_is_refused,
        two_holders_do_not_release_each_other,
        a_hold_that_somebody_has_released_is_not_overwritten,
        an_application_that_is_synced_by_hand_is_not_held,
    ]
}

fn target(argocd: &ArgoCd, app: &Application<'_>) -> Target {
    Target {
        api_version: "argoproj.io/v1alpha1".to_owned(),
        kind: "Application".to_owned(),
        namespace: argocd.namespace().to_owned(),
        name: app.name().to_owned(),
    }
}

/// An Application that heals, with `web` in it, healthy.
fn healing<'a>(
    argocd: &'a ArgoCd,
    namespace: &'a Namespace,
    fleet: &Fleet,
    commit: &str,
) -> Application<'a> {
    let app = argocd.application(namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(commit);
    namespace.rollout_done("web");
    app
}

/// Patches the Deployment and has its Application look again and again.
#[track_caller]
fn survives(app: &Application<'_>, namespace: &Namespace) {
    namespace.set_image("web", &image("0.9"));
    for look in 0..LOOKS {
        let seen = app.refresh();
        assert_eq!(live(namespace), image("0.9"), "after look {look}: {seen:#}");
    }
    app.wait_until("it sees the difference, and leaves it", |app| {
        app["status"]["sync"]["status"] == "OutOfSync" && app["operation"].is_null()
    });
    assert_eq!(live(namespace), image("0.9"));
}

/// The owner puts it back once it is on again.
#[track_caller]
fn is_healed(namespace: &Namespace) {
    namespace.wait_until("it is put back", |namespace| live(namespace) == image("1.0"));
}

fn a_patch_survives_ten_looks_and_the_release_gives_back_what_was_there(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("hold-app"));
    let (fleet, commit) = web();
    let app = healing(argocd, &namespace, &fleet, &commit);
    let (owner, before) = (target(argocd, &app), app.get());
    assert_eq!(wanted(&namespace), std::slice::from_ref(&owner));

    let held = hold(&namespace, &owner, "op-1").expect("it is held");
    assert_eq!(held.state, State::Held(How::Enabled));
    assert_eq!(held.written.len(), 1, "{held:?}");
    assert_eq!(app.get()["spec"]["syncPolicy"]["automated"]["enabled"], false);
    survives(&app, &namespace);

    let released = release(&namespace, &owner, "op-1").expect("it is released");
    assert_eq!(released.then, Some(Then::Restored));
    let after = app.get();
    assert_eq!(spec(&after), spec(&before));
    assert_eq!(after["metadata"]["annotations"][HOLD], Value::Null);
    is_healed(&namespace);
    let again = release(&namespace, &owner, "op-1").expect("that is no error");
    assert_eq!((again.then, again.written.len()), (None, 0));
}

/// What is written where the server has dropped `enabled`: the version on this bed knows it.
fn an_old_version_loses_the_whole_policy(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("hold-old"));
    let (fleet, commit) = web();
    let app = healing(argocd, &namespace, &fleet, &commit);
    let (owner, before) = (target(argocd, &app), app.get());
    let reconciler = from_git(&owner).expect("an Application");
    let hold = holder(&namespace, "op-1");
    let next = holding::hold(reconciler, &before, &hold, &[], Some(How::Enabled));
    let Ok(Holding::Write(write)) = next else { panic!("{next:?}") };
    let patch = write.body.to_string();
    let place = ["-n", argocd.namespace(), "patch", "application", app.name(), "--type=json"];
    namespace.kubectl_ok(&[&place[..], &["-p", &patch]].concat());
    assert_eq!(app.get()["spec"]["syncPolicy"]["automated"], Value::Null);
    survives(&app, &namespace);
    let released = release(&namespace, &owner, "op-1").expect("it is released");
    assert_eq!(released.then, Some(Then::Restored));
    assert_eq!(spec(&app.get()), spec(&before));
    is_healed(&namespace);
}

fn a_sync_that_is_tried_again_is_ended(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("hold-pinned"));
    let (fleet, commit) = web();
    let app = healing(argocd, &namespace, &fleet, &commit);
    let path = format!("{WEB}/deployment.yaml");
    // A selector is immutable.
    fleet.write(&path, &fleet.read(&path).replace("app: web", "app: other"));
    let bad = fleet.push("Rename the label");
    app.refresh_to(&bad);
    app.wait_until("the sync has failed once", |app| {
        let state = &app["status"]["operationState"];
        state["phase"] == "Running" && state["finishedAt"].is_string()
    });
    let held = hold(&namespace, &target(argocd, &app), "op-1").expect("it is held");
    let ended = format!("terminate the sync to {}", &bad[..7]);
    assert!(held.written.iter().any(|written| written.starts_with(&ended)), "{held:?}");
    assert_eq!(held.notes, [""; 0]);
    let app = app.get();
    assert_eq!(app["operation"], Value::Null);
    assert_eq!(app["status"]["operationState"]["phase"], "Failed");
}

fn an_application_set_is_refused_and_nothing_is_left(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("hold-set"));
    argocd.start_application_sets(bed);
    let (fleet, commit) = web();
    let app = argocd.generated_application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    let before = app.get();
    let error = hold(&namespace, &target(argocd, &app), "op-1").expect_err("it would be wiped");
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains(&format!("ApplicationSet {}", app.name())), "{error}");
    assert!(error.hints().iter().any(|hint| hint.contains("patch applicationset")), "{error:?}");
    let after = app.get();
    assert_eq!(spec(&after), spec(&before));
    // Nothing was written at any time.
    assert!(
        !after["metadata"]["managedFields"].to_string().contains(r#""manager":"rb""#),
        "{after}"
    );
    assert!(!has_hold(&after));
}

/// The command of the refusal does what it says.
fn an_application_set_that_leaves_holds_alone_keeps_them(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("hold-set-kept"));
    argocd.start_application_sets(bed);
    let (fleet, commit) = web();
    let app = argocd.generated_application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let (owner, before) = (target(argocd, &app), app.get());
    let error = hold(&namespace, &owner, "op-1").expect_err("it would be wiped");
    let hint = error.hints().iter().find(|hint| hint.contains("patch applicationset"));
    let patch = hint.and_then(|hint| hint.split_once(" -p '")).expect("a patch").1;
    let patch = patch.split_once('\'').expect("its end").0;
    let place = ["-n", argocd.namespace(), "patch", "applicationset", app.name(), "--type=merge"];
    namespace.kubectl_ok(&[&place[..], &["-p", patch]].concat());
    let held = hold(&namespace, &owner, "op-2").expect("it is held");
    assert_eq!(held.state, State::Held(How::Enabled));
    survives(&app, &namespace);
    assert!(has_hold(&app.get()));
    release(&namespace, &owner, "op-2").expect("it is released");
    assert_eq!(spec(&app.get()), spec(&before));
    is_healed(&namespace);
}

/// An Application of Applications, and the one below it, which Git declares so.
fn below<'a>(
    argocd: &'a ArgoCd,
    namespace: &'a Namespace,
    automated: &Value,
) -> (Fleet, String, Application<'a>, Application<'a>) {
    let (fleet, _) = web();
    let name = format!("{}-web", namespace.name());
    let child = argocd.manifest(&name, namespace, &fleet.url(), WEB, automated);
    fleet.write("clusters/one/web.json", &child.to_string());
    let commit = fleet.push("Let the cluster have web");
    let mut extra = super::argocd::automated();
    extra["spec"]["destination"] = json!({"namespace": argocd.namespace()});
    // It takes the child along when it is deleted.
    extra["metadata"] = json!({"finalizers": ["resources-finalizer.argocd.argoproj.io"]});
    let parent = argocd.application(namespace, &fleet.url(), "clusters/one", &extra);
    parent.wait_synced(&commit);
    let child = argocd.application_of_others(namespace, &name);
    child.wait_synced(&commit);
    namespace.rollout_done("web");
    (fleet, commit, parent, child)
}

fn a_parent_leaves_a_hold_alone_and_nothing_is_left_of_it(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("hold-parent"));
    let (_fleet, commit, parent, child) = below(argocd, &namespace, &automated());
    let (owner, before) = (target(argocd, &child), child.get());
    // The one above writes nothing to the workload.
    assert_eq!(wanted(&namespace), std::slice::from_ref(&owner));
    let held = hold(&namespace, &owner, "op-1").expect("it is held");
    assert_eq!(held.state, State::Held(How::Enabled));
    parent.refresh();
    parent.wait_synced(&commit);
    survives(&child, &namespace);
    parent.refresh();
    assert!(has_hold(&child.get()));
    release(&namespace, &owner, "op-1").expect("it is released");
    let after = child.get();
    assert_eq!(spec(&after), spec(&before));
    assert!(!has_hold(&after));
    is_healed(&namespace);
}

fn a_parent_whose_git_names_the_field_is_refused(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("hold-named"));
    let mut named = automated();
    named["spec"]["syncPolicy"]["automated"]["enabled"] = json!(true);
    let (_fleet, _, parent, child) = below(argocd, &namespace, &named);
    let before = child.get();
    let error = hold(&namespace, &target(argocd, &child), "op-1").expect_err("it is put back");
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains(parent.name()), "{error}");
    let after = child.get();
    assert_eq!(spec(&after), spec(&before));
    assert!(!has_hold(&after));
}

fn two_holders_do_not_release_each_other(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("hold-two"));
    let (fleet, commit) = web();
    let app = healing(argocd, &namespace, &fleet, &commit);
    let (owner, before) = (target(argocd, &app), app.get());
    hold(&namespace, &owner, "op-1").expect("it is held");
    let second = hold(&namespace, &owner, "op-2").expect("it is held by both");
    assert_eq!(second.state, State::Shared(How::Enabled));
    let again = hold(&namespace, &owner, "op-2").expect("it is there already");
    assert_eq!(again.state, State::Shared(How::Enabled));
    let first = release(&namespace, &owner, "op-1").expect("one lets go");
    assert_eq!(first.then, Some(Then::HeldByOthers("alice (op-2)".to_owned())));
    assert_eq!(app.get()["spec"]["syncPolicy"]["automated"]["enabled"], false);
    survives(&app, &namespace);
    let last = release(&namespace, &owner, "op-2").expect("the other one lets go");
    assert_eq!(last.then, Some(Then::Restored));
    assert_eq!(spec(&app.get()), spec(&before));
    is_healed(&namespace);
}

fn a_hold_that_somebody_has_released_is_not_overwritten(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("hold-released"));
    let (fleet, commit) = web();
    let app = healing(argocd, &namespace, &fleet, &commit);
    let owner = target(argocd, &app);
    hold(&namespace, &owner, "op-1").expect("it is held");
    // As a person does it who does not know of rb.
    app.patch(&json!({"spec": {"syncPolicy": {"automated": {"enabled": true}}}}));
    let error = hold(&namespace, &owner, "op-2").expect_err("somebody wants it on");
    assert_eq!(error.kind(), ErrorKind::Held);
    assert!(error.to_string().contains("somebody has turned its automation on again"), "{error}");
    let resumed = hold(&namespace, &owner, "op-1").expect_err("that counts for its own hold too");
    assert_eq!(resumed.kind(), ErrorKind::Held);
    let released = release(&namespace, &owner, "op-1").expect("the record goes");
    let left = "spec.syncPolicy.automated.enabled is true".to_owned();
    assert_eq!(released.then, Some(Then::LeftAsItIs(left)));
    let after = app.get();
    assert_eq!(after["spec"]["syncPolicy"]["automated"]["enabled"], true);
    assert!(!has_hold(&after));
}

fn an_application_that_is_synced_by_hand_is_not_held(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("hold-manual"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &json!({}));
    app.refresh_to(&commit);
    app.sync(&commit);
    app.wait_synced(&commit);
    assert_eq!(wanted(&namespace), []);
    let held = hold(&namespace, &target(argocd, &app), "op-1").expect("there is nothing to hold");
    assert!(matches!(held.state, State::IsOff(_)), "{held:?}");
    assert!(held.written.is_empty() && !has_hold(&app.get()), "{held:?}");
}
