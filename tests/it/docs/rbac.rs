//! The manifests in examples/rbac: enough for both ways, and what happens without the right to patch.

use std::fs;

use serde_json::json;

use super::root;
use crate::rb::Rb;
use crate::scene::record;
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::automated;
use crate::testbed::flux::{git_repository, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        the_rights_for_argo_cd_are_enough,
        the_rights_for_flux_are_enough,
        without_the_right_to_patch_applications_it_is_as_the_page_says,
        without_the_right_to_patch_kustomizations_now_is_refused,
    ]
}

const WEB: &str = "apps/web";

fn image(tag: &str) -> String {
    format!("registry.test/web:{tag}")
}

fn web() -> (Fleet, String) {
    let fleet = Fleet::new();
    fleet.app(WEB, "web", &image("1.0"));
    let commit = fleet.push("Add web");
    (fleet, commit)
}

/// A manifest for this user and these namespaces, with Roles that are called as the test's namespace is,
/// since others are there as well.
fn manifest(file: &str, user: &str, namespace: &Namespace, owners: (&str, &str)) -> String {
    let text = fs::read_to_string(root().join("examples/rbac").join(file)).expect("a manifest");
    let (written, lives) = owners;
    let mine = namespace.name();
    let changes = [
        ("kind: Group".to_owned(), "kind: User".to_owned()),
        ("name: on-call".to_owned(), format!("name: {user}")),
        ("namespace: shop".to_owned(), format!("namespace: {mine}")),
        (format!("namespace: {written}"), format!("namespace: {lives}")),
        ("name: rb-owners".to_owned(), format!("name: {mine}-{user}")),
    ];
    changes.into_iter().fold(text, |text, (from, to)| {
        assert!(text.contains(&from), "{file} has no {from:?} any more; change this test too");
        text.replace(&from, &to)
    })
}

/// Gives the rights, and waits until they hold.
fn give(namespace: &Namespace, user: &str, manifest: &str, lives: &str, asks: [&str; 2]) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), manifest).expect("a file");
    namespace.kubectl_ok(&["apply", "-f", &file.path().display().to_string()]);
    let kubeconfig = format!("--kubeconfig={}", namespace.user(user).display());
    for (verb, what, place) in [("create", "events", namespace.name()), (asks[0], asks[1], lives)] {
        namespace.wait_until(&format!("{user} may {verb} {what}"), |namespace| {
            namespace.kubectl(&[&kubeconfig, "-n", place, "auth", "can-i", verb, what]).code == 0
        });
    }
}

/// `rb` by this user, who has told `git` who they are.
fn by(namespace: &Namespace, user: &str, words: &str) -> Rb {
    Rb::new(&namespace.user(user))
        .env("GIT_AUTHOR_NAME", "Ann")
        .env("GIT_AUTHOR_EMAIL", "ann@example.com")
        .env("GIT_COMMITTER_NAME", "Ann")
        .env("GIT_COMMITTER_EMAIL", "ann@example.com")
        .words(words)
}

fn live(namespace: &Namespace) -> String {
    let web = namespace.get("deployment", "web");
    let image = &web["spec"]["template"]["spec"]["containers"][0]["image"];
    image.as_str().unwrap_or_default().to_owned()
}

/// Both ways, with nothing that is missing.
#[track_caller]
fn is_enough(namespace: &Namespace, user: &str, words: &str) {
    let ran = by(namespace, user, words).run().ends_with(0);
    for complaint in ["warning", "no right", "not allowed", "could not", "forbidden"] {
        assert!(!ran.stderr.contains(complaint), "{words}: {complaint}: {ran}");
        assert!(!ran.stdout.contains(complaint), "{words}: {complaint}: {ran}");
    }
    assert_eq!(live(namespace), image("1.0"), "{ran}");
    let verdicts = record(namespace)["verdicts"].clone();
    assert!(verdicts.to_string().contains("verified"), "{verdicts}");
}

fn the_rights_for_argo_cd_are_enough(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("rbac-argo"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let lives = argocd.namespace();
    let rights = manifest("argocd.yaml", "erin", &namespace, ("argocd", lives));
    give(&namespace, "erin", &rights, lives, ["patch", "applications.argoproj.io"]);
    for (tag, words) in
        [("2.0-crash", "undo deploy/web --yes"), ("3.0-crash", "undo deploy/web --now --yes")]
    {
        fleet.pull();
        let bad = fleet.release(WEB, &image(tag));
        app.refresh_to(&bad);
        app.wait_synced(&bad);
        assert_eq!(live(&namespace), image(tag));
        is_enough(&namespace, "erin", words);
        app.wait_synced(&fleet.server_head());
    }
    by(&namespace, "erin", "status deploy/web").run().ends_with(0);
    revoke(&namespace, "erin", lives);
}

fn the_rights_for_flux_are_enough(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("rbac-flux"), web());
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let hasty = json!({"spec": {"wait": false}});
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&hasty));
    flux.wait_applied(&namespace, "web", &fleet.head());
    namespace.rollout_done("web");
    let lives = namespace.name().to_owned();
    let rights = manifest("flux.yaml", "erin", &namespace, ("flux-system", &lives));
    let asks = ["patch", "kustomizations.kustomize.toolkit.fluxcd.io"];
    give(&namespace, "erin", &rights, &lives, asks);
    for (tag, words) in
        [("2.0-crash", "undo deploy/web --yes"), ("3.0-crash", "undo deploy/web --now --yes")]
    {
        fleet.pull();
        let bad = fleet.release(WEB, &image(tag));
        flux.reconcile(&namespace, "gitrepository", "fleet");
        flux.wait_applied(&namespace, "web", &bad);
        assert_eq!(live(&namespace), image(tag));
        is_enough(&namespace, "erin", words);
        flux.wait_applied(&namespace, "web", &fleet.server_head());
    }
    by(&namespace, "erin", "status deploy/web").run().ends_with(0);
}

/// The other namespace outlives the test.
fn revoke(namespace: &Namespace, user: &str, lives: &str) {
    let name = format!("{}-{user}", namespace.name());
    namespace.kubectl_ok(&["-n", lives, "delete", "role,rolebinding", &name]);
}

fn without_the_right_to_patch_applications_it_is_as_the_page_says(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("rbac-reads"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let lives = argocd.namespace();
    let rights = manifest("argocd.yaml", "frank", &namespace, ("argocd", lives));
    let with = "resources: [applications]\n    verbs: [get, watch, patch]";
    assert!(rights.contains(with), "examples/rbac/argocd.yaml has changed; change this test too");
    let rights = rights.replace(with, "resources: [applications]\n    verbs: [get, watch]");
    give(&namespace, "frank", &rights, lives, ["get", "applications.argoproj.io"]);
    let bad = fleet.release(WEB, &image("2.0-crash"));
    app.refresh_to(&bad);
    app.wait_synced(&bad);
    let spec = app.get()["spec"].clone();
    // At once: refused, and nothing was written.
    let refused = by(&namespace, "frank", "undo deploy/web --now --yes").run().ends_with(3);
    refused.says("patch");
    assert_eq!(live(&namespace), image("2.0-crash"));
    assert_eq!(fleet.server_head(), bad);
    assert_eq!(app.get()["spec"], spec);
    // Through Git: pushed, and Argo CD comes to it by itself.
    let ran = by(&namespace, "frank", "undo deploy/web --yes").run().ends_with(0);
    assert!(ran.stderr.contains("could not"), "{ran}");
    assert_ne!(fleet.server_head(), bad);
    assert_eq!(live(&namespace), image("1.0"));
    revoke(&namespace, "frank", lives);
}

fn without_the_right_to_patch_kustomizations_now_is_refused(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("rbac-looks"), web());
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let hasty = json!({"spec": {"wait": false}});
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&hasty));
    flux.wait_applied(&namespace, "web", &fleet.head());
    namespace.rollout_done("web");
    let lives = namespace.name().to_owned();
    let rights = manifest("flux.yaml", "grace", &namespace, ("flux-system", &lives));
    let with = "resources: [kustomizations]\n    verbs: [get, watch, patch]";
    assert!(rights.contains(with), "examples/rbac/flux.yaml has changed; change this test too");
    let rights = rights.replace(with, "resources: [kustomizations]\n    verbs: [get, watch]");
    let asks = ["get", "kustomizations.kustomize.toolkit.fluxcd.io"];
    give(&namespace, "grace", &rights, &lives, asks);
    let bad = fleet.release(WEB, &image("2.0-crash"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &bad);
    let refused = by(&namespace, "grace", "undo deploy/web --now --yes").run().ends_with(3);
    refused.says("patch");
    assert_eq!(live(&namespace), image("2.0-crash"));
    assert_eq!(fleet.server_head(), bad);
    assert!(namespace.get("kustomization", "web")["spec"]["suspend"].is_null());
}
