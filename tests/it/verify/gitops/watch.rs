//! `--watch-for`: somebody puts another template on what was found good, or nobody does. Nothing here
//! waits for the end of a watch that is to be cut short: its limit is longer than any test.

use serde_json::{Value, json};

use super::super::{Verified, verify};
use super::{WEB, image, web};
use crate::rb::{Rb, Running};
use crate::scene::{self, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::automated;
use crate::testbed::{Namespace, Proxy, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        where_nobody_does_anything_it_ends_well,
        whoever_puts_another_template_on_it_is_named,
        a_deletion_ends_the_watch,
        an_application_that_syncs_a_commit_is_named_with_it,
        self_heal_after_an_undo_is_named,
        a_kustomization_that_applies_a_commit_is_named_with_it,
    ]
}

/// Longer than any test.
const LONG: &str = "--watch-for=30m";

/// Starts a command that watches, and waits until it does.
#[track_caller]
fn watching(namespace: &Namespace, proxy: &Proxy, words: &str) -> Running {
    let call = Rb::new(&proxy.kubeconfig(namespace)).words(words).words("-o json").words(LONG);
    let mut running = call.spawn();
    namespace.wait_until("it is watched", |_| {
        assert!(!running.has_ended(), "it ended before");
        let requests = proxy.requests();
        let rounds = requests.iter().filter(|r| r.request.path.contains("/services")).count();
        let watches = requests.iter().rev().take_while(|r| !r.request.path.contains("/services"));
        let is_watch = watches
            .into_iter()
            .any(|r| r.request.path.contains("/deployments?") && r.request.path.contains("watch="));
        rounds > 0 && is_watch
    });
    running
}

/// What it came to: the verification and who did it.
#[track_caller]
fn replaced(running: Running) -> (Verified, Value) {
    let verified = Verified::of(running.wait()).is("failed", 6);
    verified.finds("stays", "fail", "Replaced");
    let watch = verified.document["watch"].clone();
    assert_eq!(watch["ending"], "replaced", "{watch}");
    assert!(watch["by"]["at"].is_string(), "{watch}");
    (verified, watch["by"].clone())
}

fn where_nobody_does_anything_it_ends_well(bed: &TestBed) {
    let namespace = bed.namespace("watch-quiet");
    releases(&namespace, 1, &["1.0"]);
    let verified = verify(&namespace, "--watch-for=1s").is("verified", 0);
    verified.finds("stays", "pass", "");
    assert_eq!(verified.document["watch"]["ending"], "stayed");
    // Nobody owns it, and it says so.
    for id in super::CHECKS {
        verified.finds(id, "skipped", "");
    }
    assert!(verify(&namespace, "").document.get("watch").is_none());
}

fn whoever_puts_another_template_on_it_is_named(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("watch-set"), bed.proxy());
    releases(&namespace, 1, &["1.0"]);
    let running = watching(&namespace, &proxy, "verify deploy/web");
    // A new number of pods is no new template.
    namespace.kubectl_ok(&["scale", "deployment/web", "--replicas=2"]);
    namespace.set_image("web", &scene::image("1.1"));
    let (_, by) = replaced(running);
    assert_eq!(by["manager"], "kubectl-set");
    assert_eq!((&by["owner"], &by["bots"]), (&Value::Null, &json!([])));
    // That is no fault of the release: no failure of it is recorded.
    let record = scene::annotation(&namespace, "kubectl-rb/record");
    assert!(!record.contains("failed"), "{record}");
}

fn a_deletion_ends_the_watch(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("watch-deleted"), bed.proxy());
    releases(&namespace, 1, &["1.0"]);
    let running = watching(&namespace, &proxy, "verify deploy/web");
    namespace.kubectl_ok(&["delete", "deployment/web", "--wait=false"]);
    let verified = Verified::of(running.wait()).is("failed", 6);
    verified.finds("stays", "fail", "Deleted");
}

fn an_application_that_syncs_a_commit_is_named_with_it(bed: &TestBed) {
    let (argocd, namespace, proxy) = (bed.argocd(), bed.namespace("watch-app"), bed.proxy());
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    app.refresh();
    let running = watching(&namespace, &proxy, "verify deploy/web");
    let second = fleet.release(WEB, &image("1.1"));
    app.refresh_to(&second);
    let (verified, by) = replaced(running);
    let manager = by["manager"].as_str().unwrap_or_default();
    assert!(manager.starts_with("argocd-"), "{by}");
    assert_eq!(by["owner"], format!("Argo CD application {}", app.name()), "{by}");
    assert_eq!(by["revision"], second[..7], "{by}");
    let said = verified.check("stays")["message"].as_str().unwrap_or_default();
    assert!(said.contains(&format!("which applies {}", &second[..7])), "{said}");
}

/// An undo past an Application that does nothing by itself, until somebody lets it.
fn self_heal_after_an_undo_is_named(bed: &TestBed) {
    let (argocd, namespace, proxy) = (bed.argocd(), bed.namespace("watch-heal"), bed.proxy());
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let second = fleet.release(WEB, &image("1.1"));
    app.refresh_to(&second);
    app.wait_synced(&second);
    namespace.rollout_done("web");
    app.patch(&json!({"spec": {"syncPolicy": {"automated": null}}}));
    let running = watching(&namespace, &proxy, "undo deploy/web --direct --yes");
    assert_eq!(scene::live(&namespace), image("1.0"));
    app.patch(&automated());
    let ran = running.wait().ends_with(6);
    let report = ran.json();
    // What it was good for until then stays said.
    assert_eq!(report["result"], "putBack", "{ran}");
    let by = &report["verification"]["watch"]["by"];
    assert!(by["manager"].as_str().unwrap_or_default().starts_with("argocd-"), "{ran}");
    assert_eq!(by["owner"], format!("Argo CD application {}", app.name()), "{ran}");
    assert_eq!(by["revision"], second[..7], "{ran}");
    assert_eq!(scene::live(&namespace), image("1.1"));
}

fn a_kustomization_that_applies_a_commit_is_named_with_it(bed: &TestBed) {
    let (flux, namespace, proxy) = (bed.flux(), bed.namespace("watch-ks"), bed.proxy());
    let (fleet, _) = web();
    flux.deploy(&namespace, &fleet, "web", WEB);
    namespace.rollout_done("web");
    let running = watching(&namespace, &proxy, "verify deploy/web");
    let second = fleet.release(WEB, &image("1.1"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    let (_, by) = replaced(running);
    assert_eq!(by["manager"], "kustomize-controller");
    assert_eq!(by["owner"], format!("Kustomization {}/web", namespace.name()));
    assert_eq!(by["revision"], format!("main@{}", &second[..9]), "{by}");
}
