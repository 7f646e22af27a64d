//! Kustomizations and `HelmReleases` of the real Flux.

mod status;
mod steps;

use kubectl_rb::reconciler::following::Goal;
use kubectl_rb::rollback::model::convergence::Convergence;
use kubectl_rb::rollback::model::following::Arrival;
use kubectl_rb::rollback::model::target::Target;
use serde_json::json;

use super::{Pursued, Pursuit, WEB, image, web};
use crate::scene::live;
use crate::suite::{Test, on_bed};
use crate::testbed::flux::{git_repository, helm_release, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    let own = on_bed![
        a_pushed_revert_is_followed_to_the_end,
        a_blocked_health_check_is_reported_with_its_end,
        a_commit_that_cannot_be_built_is_said_at_once,
        a_folder_that_is_gone_is_said,
        a_newer_release_on_top_is_said,
        a_suspended_owner_is_said,
        a_controller_that_does_not_run_is_told,
        a_repository_that_cannot_be_fetched_is_said,
        who_waits_for_others_is_asked_once_they_are_done,
        a_chart_in_git_is_followed_to_its_release,
    ];
    [own, status::tests(), steps::tests()].concat()
}

const KUSTOMIZE: (&str, &str) = ("kustomize.toolkit.fluxcd.io/v1", "Kustomization");
const HELM: (&str, &str) = ("helm.toolkit.fluxcd.io/v2", "HelmRelease");

/// Follows `web` of this kind.
fn pursue(
    namespace: &Namespace,
    kind: (&str, &str),
    fleet: &Fleet,
    folder: &str,
    commit: &str,
) -> Pursued {
    let owner = web_of(namespace, kind);
    Pursuit { owner, folder, ..to(namespace, fleet, commit) }.run()
}

fn web_of(namespace: &Namespace, (api_version, kind): (&str, &str)) -> Target {
    let [api_version, kind] = [api_version, kind].map(str::to_owned);
    let (namespace, name) = (namespace.name().to_owned(), "web".to_owned());
    Target { api_version, kind, namespace, name }
}

/// The Kustomization, to this commit.
fn to<'a>(namespace: &'a Namespace, fleet: &'a Fleet, commit: &'a str) -> Pursuit<'a> {
    let (kubeconfig, goal, folder) = (namespace.kubeconfig(), Goal::Applied, WEB);
    Pursuit { kubeconfig, owner: web_of(namespace, KUSTOMIZE), goal, fleet, folder, commit }
}

fn followed(namespace: &Namespace, fleet: &Fleet, commit: &str) -> Pursued {
    to(namespace, fleet, commit).run()
}

fn a_pushed_revert_is_followed_to_the_end(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("follow-ks"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let bad = fleet.release(WEB, &image("1.1"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &bad);
    let revert = fleet.revert(&bad);
    let pursued = followed(&namespace, &fleet, &revert).ends("reached");
    let healthy = format!("has applied main@{} and says that it is healthy", &revert[..9]);
    assert_eq!(pursued.last(), healthy);
    assert_eq!(live(&namespace), image("1.0"));
    assert!(pursued.wrote("ask GitRepository "), "{:?}", pursued.followed);
}

/// The trap: it is told whose check it is, and when that ends.
fn a_blocked_health_check_is_reported_with_its_end(bed: &TestBed) {
    let (flux, namespace, (fleet, commit)) = (bed.flux(), bed.namespace("follow-blocked"), web());
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let timeout = json!({"spec": {"timeout": "30s"}});
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&timeout));
    flux.wait_applied(&namespace, "web", &commit);
    let bad = fleet.release(WEB, &image("1.1-hang"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    namespace.wait_until("the bad release is checked", |namespace| {
        let web = namespace.get("kustomization", "web");
        let conditions = web["status"]["conditions"].as_array().cloned().unwrap_or_default();
        live(namespace) == image("1.1-hang")
            && conditions.iter().any(|condition| {
                let message = condition["message"].as_str().unwrap_or_default();
                condition["type"] == "Reconciling" && message.starts_with("Running health checks")
            })
    });
    let revert = fleet.revert(&bad);
    let pursued = followed(&namespace, &fleet, &revert).ends("reached");
    let check = format!("the health check of main@{}", &bad[..9]);
    let is_told = |state: &Convergence| matches!(state, Convergence::Blocked { by, until: Some(_), remedy: Some(_) } if *by == check);
    assert!(pursued.states().any(is_told), "{:#?}", pursued.told);
    assert_eq!(live(&namespace), image("1.0"));
}

fn a_commit_that_cannot_be_built_is_said_at_once(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("follow-build"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    fleet.write("apps/web/kustomization.yaml", r#"{"resources": ["missing.yaml"]}"#);
    let broken = fleet.push("Break it");
    let pursued = followed(&namespace, &fleet, &broken).ends("failed");
    assert!(pursued.last().starts_with("has failed: BuildFailed: "), "{}", pursued.last());
    assert_eq!(pursued.followed.arrival.exit_status().code(), 6);
}

/// The revision that was tried stays the old one, so only a run of our own tells.
fn a_folder_that_is_gone_is_said(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("follow-path"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    fleet.git(&["mv", WEB, "apps/moved"]);
    let moved = fleet.push("Move it");
    let pursued = followed(&namespace, &fleet, &moved).ends("failed");
    assert!(pursued.last().starts_with("has failed: ArtifactFailed: "), "{}", pursued.last());
}

fn a_newer_release_on_top_is_said(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("follow-newer-ks"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let bad = fleet.release(WEB, &image("1.1"));
    let revert = fleet.revert(&bad);
    let newer = fleet.release(WEB, &image("1.2"));
    let pursued = followed(&namespace, &fleet, &revert).ends("superseded");
    assert_eq!(pursued.last(), format!("has a newer release, main@{}", &newer[..9]));
}

fn a_suspended_owner_is_said(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("follow-suspended"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    namespace.merge_patch("gitrepository/fleet", &json!({"spec": {"suspend": true}}));
    let next = fleet.release(WEB, &image("1.1"));
    let pursued = followed(&namespace, &fleet, &next).ends("suspended");
    let source = format!("GitRepository {}/fleet is suspended", namespace.name());
    assert!(pursued.last().contains(&source), "{}", pursued.last());
    namespace.merge_patch("kustomization/web", &json!({"spec": {"suspend": true}}));
    let pursued = followed(&namespace, &fleet, &next).ends("suspended");
    assert_eq!(pursued.last(), "does nothing: spec.suspend is true");
    assert!(pursued.followed.written.is_empty());
}

fn a_controller_that_does_not_run_is_told(bed: &TestBed) {
    let (flux, namespace, (fleet, commit)) = (bed.flux(), bed.namespace("follow-nobody"), web());
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).of_nobody());
    let pursued = followed(&namespace, &fleet, &commit).ends("controllerNotRunning");
    let Arrival::Unheard(unheard) = &pursued.followed.arrival else { panic!("no controller") };
    assert_eq!(unheard.who, "the kustomize-controller of Flux");
    assert!(unheard.check.ends_with("-l app=kustomize-controller"), "{}", unheard.check);
    assert_eq!(pursued.followed.arrival.exit_status().code(), 5);
}

fn a_repository_that_cannot_be_fetched_is_said(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("follow-unreachable"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let next = fleet.release(WEB, &image("1.1"));
    let elsewhere = fleet.url().replace("fleet.git", "nowhere.git");
    namespace.merge_patch("gitrepository/fleet", &json!({"spec": {"url": elsewhere}}));
    let pursued = followed(&namespace, &fleet, &next).ends("failed");
    let object = format!("has failed at GitRepository {}/fleet: ", namespace.name());
    assert!(pursued.last().starts_with(&object), "{}", pursued.last());
}

/// By itself it would look every 30 s.
fn who_waits_for_others_is_asked_once_they_are_done(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("follow-depends"), web());
    fleet.app("apps/api", "api", "registry.test/api:1.0");
    fleet.push("Add api");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &kustomization("api", "fleet", "apps/api"));
    let depends = json!({"spec": {"dependsOn": [{"name": "api"}]}});
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&depends));
    flux.wait_applied(&namespace, "web", &fleet.head());
    fleet.release("apps/api", "registry.test/api:1.1");
    let next = fleet.release(WEB, &image("1.1"));
    let pursued = followed(&namespace, &fleet, &next).ends("reached");
    let is_told = |state: &Convergence| matches!(state, Convergence::Blocked { by, .. } if by.starts_with("DependencyNotReady"));
    assert!(pursued.states().any(is_told), "{:#?}", pursued.told);
    let asked = format!("ask Kustomization {}/web to run now", namespace.name());
    assert!(pursued.wrote(&asked), "{:?}", pursued.followed);
    assert_eq!(live(&namespace), image("1.1"));
}

fn a_chart_in_git_is_followed_to_its_release(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("follow-hr"), Fleet::new());
    fleet.chart("charts/web", "1.0");
    fleet.push("Add a chart");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &helm_release("web", "fleet", "./charts/web"));
    flux.wait_released(&namespace, "web");
    fleet.chart("charts/web", "1.1");
    let bad = fleet.push("Bump the chart");
    pursue(&namespace, HELM, &fleet, "charts/web", &bad).ends("reached");
    assert_eq!(live(&namespace), image("1.1"));
    let revert = fleet.revert(&bad);
    let pursued = pursue(&namespace, HELM, &fleet, "charts/web", &revert).ends("reached");
    assert!(pursued.last().starts_with("has applied web "), "{}", pursued.last());
    assert_eq!(live(&namespace), image("1.0"));
}
