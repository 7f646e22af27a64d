//! Kustomizations and `HelmReleases` of the real Flux.

mod running;

use std::process::Command;

use kubectl_rb::error::ErrorKind;
use kubectl_rb::reconciler::hold::State;
use kubectl_rb::reconciler::holding::Then;
use kubectl_rb::rollback::model::hold::How;
use kubectl_rb::rollback::model::ownership::Owner;
use kubectl_rb::rollback::model::target::Target;
use serde_json::{Value, json};

use super::{
    LOOKS, WEB, has_hold, hold, hold_as, holder, image, on, owners, release, spec, wanted, web,
};
use crate::given::{allow_only, paste};
use crate::scene::live;
use crate::suite::{Test, on_bed};
use crate::testbed::flux::{Flux, git_repository, helm_release, kustomization};
use crate::testbed::{Action, Fleet, Namespace, Proxy, TestBed};

pub(super) fn tests() -> Vec<Test> {
    let own = on_bed![
        a_patch_survives_ten_runs_of_a_kustomization,
        a_patch_survives_ten_runs_of_a_release_that_detects_drift,
        a_release_that_does_not_look_for_drift_is_not_held,
        a_kustomization_above_leaves_a_hold_alone,
        a_kustomization_above_whose_git_names_suspend_is_refused,
        what_somebody_has_suspended_is_left_to_them,
        without_the_right_to_patch_there_is_a_command,
        an_answer_that_is_lost_is_looked_up,
        somebody_faster_is_not_overwritten,
        a_hold_that_is_wiped_is_taken_back,
        a_hold_that_was_there_before_stays,
    ];
    [own, running::tests()].concat()
}

fn target(namespace: &Namespace, api_version: &str, kind: &str) -> Target {
    Target {
        api_version: api_version.to_owned(),
        kind: kind.to_owned(),
        namespace: namespace.name().to_owned(),
        name: "web".to_owned(),
    }
}

fn of_kustomize(namespace: &Namespace) -> Target {
    target(namespace, "kustomize.toolkit.fluxcd.io/v1", "Kustomization")
}

fn of_helm(namespace: &Namespace) -> Target {
    target(namespace, "helm.toolkit.fluxcd.io/v2", "HelmRelease")
}

/// Patches the Deployment and has its owner look again and again.
#[track_caller]
fn survives(flux: &Flux, namespace: &Namespace, kind: &str) {
    namespace.set_image("web", &image("0.9"));
    for look in 0..LOOKS {
        let word = flux.reconcile(namespace, kind, "web");
        flux.wait_handled(namespace, kind, "web", &word);
        assert_eq!(live(namespace), image("0.9"), "after look {look}");
    }
}

#[track_caller]
fn is_healed(flux: &Flux, namespace: &Namespace, kind: &str) {
    flux.reconcile(namespace, kind, "web");
    namespace.wait_until("it is put back", |namespace| live(namespace) == image("1.0"));
}

fn a_patch_survives_ten_runs_of_a_kustomization(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("hold-ks"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let (owner, before) = (of_kustomize(&namespace), namespace.get("kustomization", "web"));
    assert_eq!(wanted(&namespace), std::slice::from_ref(&owner));
    let held = hold(&namespace, &owner, "op-1").expect("it is held");
    assert_eq!(held.state, State::Held(How::Suspend));
    assert_eq!(held.notes, [""; 0]);
    survives(flux, &namespace, "kustomization");
    let released = release(&namespace, &owner, "op-1").expect("it is released");
    assert_eq!(released.then, Some(Then::Restored));
    let after = namespace.get("kustomization", "web");
    assert_eq!(spec(&after), spec(&before));
    assert!(!has_hold(&after));
    is_healed(flux, &namespace, "kustomization");
}

/// A chart in Git, released, that puts back what differs or does not.
fn released_chart(flux: &Flux, namespace: &Namespace, extra: &Value) -> Fleet {
    let fleet = Fleet::new();
    fleet.chart("charts/web", "1.0");
    fleet.push("Add a chart");
    flux.apply(namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(namespace, &helm_release("web", "fleet", "./charts/web").with(extra));
    flux.wait_released(namespace, "web");
    fleet
}

fn a_patch_survives_ten_runs_of_a_release_that_detects_drift(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("hold-hr"));
    let drift = json!({"spec": {"driftDetection": {"mode": "enabled"}}});
    let _fleet = released_chart(flux, &namespace, &drift);
    let (owner, before) = (of_helm(&namespace), namespace.get("helmrelease", "web"));
    assert_eq!(wanted(&namespace), std::slice::from_ref(&owner));
    hold(&namespace, &owner, "op-1").expect("it is held");
    survives(flux, &namespace, "helmrelease");
    release(&namespace, &owner, "op-1").expect("it is released");
    assert_eq!(spec(&namespace.get("helmrelease", "web")), spec(&before));
    is_healed(flux, &namespace, "helmrelease");
}

fn a_release_that_does_not_look_for_drift_is_not_held(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("hold-hr-off"));
    let _fleet = released_chart(flux, &namespace, &json!({}));
    assert_eq!(wanted(&namespace), []);
    survives(flux, &namespace, "helmrelease");
}

/// A Kustomization `apps` that applies the Kustomization `web`, which Git declares so.
fn below(flux: &Flux, namespace: &Namespace, extra: &Value) -> Fleet {
    let (fleet, _) = web();
    let child = kustomization("web", "fleet", WEB).with(extra);
    fleet.write("cluster/web.yaml", &child.manifest(namespace.name()));
    let commit = fleet.push("Let the cluster have web");
    flux.apply(namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(namespace, &kustomization("apps", "fleet", "cluster"));
    flux.wait_applied(namespace, "apps", &commit);
    flux.wait_applied(namespace, "web", &commit);
    fleet
}

fn a_kustomization_above_leaves_a_hold_alone(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("hold-ks-below"));
    let _fleet = below(flux, &namespace, &json!({}));
    let (owner, before) = (of_kustomize(&namespace), namespace.get("kustomization", "web"));
    // The one above writes nothing to the workload.
    assert_eq!(wanted(&namespace), std::slice::from_ref(&owner));
    hold(&namespace, &owner, "op-1").expect("it is held");
    for _ in 0..3 {
        let word = flux.reconcile(&namespace, "kustomization", "apps");
        flux.wait_handled(&namespace, "kustomization", "apps", &word);
    }
    let web = namespace.get("kustomization", "web");
    assert_eq!(web["spec"]["suspend"], true);
    assert!(has_hold(&web));
    survives(flux, &namespace, "kustomization");
    release(&namespace, &owner, "op-1").expect("it is released");
    assert_eq!(spec(&namespace.get("kustomization", "web")), spec(&before));
}

fn a_kustomization_above_whose_git_names_suspend_is_refused(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("hold-ks-named"));
    let _fleet = below(flux, &namespace, &json!({"spec": {"suspend": false}}));
    let before = namespace.get("kustomization", "web");
    let error = hold(&namespace, &of_kustomize(&namespace), "op-1").expect_err("it is put back");
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().contains("kustomize-controller"), "{error}");
    let after = namespace.get("kustomization", "web");
    assert_eq!(after["metadata"]["generation"], before["metadata"]["generation"]);
    assert!(!has_hold(&after));
}

fn what_somebody_has_suspended_is_left_to_them(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("hold-ks-off"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let suspend = json!({"spec": {"suspend": true}}).to_string();
    namespace.kubectl_ok(&["patch", "kustomization/web", "--type=merge", "-p", &suspend]);
    assert_eq!(wanted(&namespace), []);
    let held = hold(&namespace, &of_kustomize(&namespace), "op-1").expect("there is nothing to do");
    assert!(matches!(held.state, State::IsOff(_)), "{held:?}");
    release(&namespace, &of_kustomize(&namespace), "op-1").expect("nor to release");
    assert_eq!(namespace.get("kustomization", "web")["spec"]["suspend"], true);
}

fn without_the_right_to_patch_there_is_a_command(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("hold-rights"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    allow_only(&namespace, "alice", &["get,list,watch kustomizations.kustomize.toolkit.fluxcd.io"]);
    let (owner, chain) = (of_kustomize(&namespace), owners(&namespace));
    let before = namespace.get("kustomization", "web");
    let ours = holder(&namespace, "op-1");
    let error = hold_as(&namespace.user("alice"), &owner, &ours, &chain).expect_err("no right");
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert_eq!(error.kind().exit_status().code(), 3);
    let after = namespace.get("kustomization", "web");
    assert_eq!(after["metadata"]["generation"], before["metadata"]["generation"]);

    // Somebody who may do that pastes it, and anybody finds and releases the hold.
    let hint =
        error.hints().iter().find_map(|hint| hint.strip_prefix("somebody who may do that: "));
    // It is pinned to the cluster as the one who may not do it.
    let pin = on(&namespace.user("alice"), async |cluster, _| format!("{} ", cluster.pin()));
    let command = hint.expect("a command");
    assert!(command.contains(&pin), "{command}");
    paste(bed, namespace.kubeconfig(), &command.replace(&pin, "")).ends_with(0);
    let held = super::hold(&namespace, &owner, "op-1");
    assert!(held.is_ok_and(|held| held.state == State::Held(How::Suspend)));
    release(&namespace, &owner, "op-1").expect("it is released");
    assert_eq!(spec(&namespace.get("kustomization", "web")), spec(&before));
}

fn an_answer_that_is_lost_is_looked_up(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("hold-lost"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let (owner, chain) = (of_kustomize(&namespace), owners(&namespace));
    let before = namespace.get("kustomization", "web");
    for (fault, id) in [(Action::ResetAfter, "op-1"), (Action::ResetBefore, "op-2")] {
        let proxy = bed.proxy();
        let mut fault = Some(fault);
        proxy.inject(move |request| match fault.take() {
            Some(action) if request.method == "PATCH" => action,
            other => {
                fault = other;
                Action::Pass
            }
        });
        let kubeconfig = proxy.kubeconfig(&namespace);
        let ours = holder(&namespace, id);
        let held = hold_as(&kubeconfig, &owner, &ours, &chain).expect("it is held");
        assert_eq!(held.state, State::Held(How::Suspend), "{id}");
        assert_eq!(held.written.len(), 1, "{held:?}");
        release(&namespace, &owner, id).expect("it is released");
        assert_eq!(spec(&namespace.get("kustomization", "web")), spec(&before), "{id}");
    }
}

/// Two people at once: the second one sees what the first has done.
fn somebody_faster_is_not_overwritten(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("hold-race"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let (owner, chain) = (of_kustomize(&namespace), owners(&namespace));
    let before = namespace.get("kustomization", "web");
    let proxy = bed.proxy();
    let (other, kubeconfig) = (owner.clone(), namespace.kubeconfig().to_owned());
    let (rival, rival_chain) = (holder(&namespace, "op-rival"), chain.clone());
    let mut is_first = true;
    proxy.inject(move |request| {
        if request.method == "PATCH" && std::mem::take(&mut is_first) {
            let (kubeconfig, other, rival) = (kubeconfig.clone(), other.clone(), rival.clone());
            let chain = rival_chain.clone();
            let hold = move || hold_as(&kubeconfig, &other, &rival, &chain).map(|_| ());
            std::thread::spawn(hold).join().expect("no panic").expect("the rival holds it");
        }
        Action::Pass
    });
    let ours = holder(&namespace, "op-1");
    let held = hold_as(&proxy.kubeconfig(&namespace), &owner, &ours, &chain).expect("both hold it");
    assert_eq!(held.state, State::Shared(How::Suspend));
    let first = release(&namespace, &owner, "op-1").expect("one lets go").then;
    assert_eq!(first, Some(Then::HeldByOthers("alice (op-rival)".to_owned())));
    release(&namespace, &owner, "op-rival").expect("the other one lets go");
    assert_eq!(spec(&namespace.get("kustomization", "web")), spec(&before));
}

/// Somebody above that puts things back within seconds, as the chain tells.
fn hasty(owner: &Target) -> Owner {
    Owner {
        name: "Robot shop/tidy".to_owned(),
        of: Some(owner.clone()),
        within: Some(2),
        ..Owner::default()
    }
}

/// Has somebody turn the automation on again once the hold is there and is being watched.
fn wiping(bed: &TestBed, namespace: &Namespace) -> Proxy {
    let proxy = bed.proxy();
    let kubeconfig = format!("--kubeconfig={}", namespace.kubeconfig().display());
    let kubectl = bed.kubectl().to_owned();
    let mut is_first = true;
    proxy.inject(move |request| {
        if request.is_watch() && std::mem::take(&mut is_first) {
            let on = r#"{"spec": {"suspend": false}}"#;
            let words = ["patch", "kustomization/web", "--type=merge", "-p", on];
            let done = Command::new(&kubectl).arg(&kubeconfig).args(words).output();
            assert!(done.expect("kubectl runs").status.success());
        }
        Action::Pass
    });
    proxy
}

fn a_hold_that_is_wiped_is_taken_back(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("hold-wiped"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let owner = of_kustomize(&namespace);
    let proxy = wiping(bed, &namespace);
    let ours = holder(&namespace, "op-1");
    let error = hold_as(&proxy.kubeconfig(&namespace), &owner, &ours, &[hasty(&owner)]);
    let error = error.expect_err("it does not last");
    assert_eq!(error.kind(), ErrorKind::Refused);
    let who = "Robot shop/tidy (by kubectl-patch) turned its automation on again";
    assert!(error.to_string().contains(who), "{error}");
    let after = namespace.get("kustomization", "web");
    // As whoever wiped it has left it.
    assert_eq!(after["spec"]["suspend"], false);
    assert!(!has_hold(&after));
}

/// Whoever resumes finds it changed: that is said, and the record is for a person to look at.
fn a_hold_that_was_there_before_stays(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("hold-stays"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let owner = of_kustomize(&namespace);
    hold(&namespace, &owner, "op-1").expect("it is held");
    let proxy = wiping(bed, &namespace);
    let mut ours = holder(&namespace, "op-1");
    ours.aim.pushed = Some("c".to_owned());
    let error = hold_as(&proxy.kubeconfig(&namespace), &owner, &ours, &[hasty(&owner)]);
    assert_eq!(error.expect_err("it does not last").kind(), ErrorKind::Refused);
    assert!(has_hold(&namespace.get("kustomization", "web")));
    let released = release(&namespace, &owner, "op-1").expect("it is released");
    assert_eq!(released.then, Some(Then::LeftAsItIs("spec.suspend is false".to_owned())));
}
