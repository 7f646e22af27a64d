//! What keeps an owner from taking a commit up, on the real controllers: it is said before anything is
//! pushed or written.

use std::process::Command;

use serde_json::{Value, json};

use super::{WEB, bad_release, deployed, image, live, undo, web};
use crate::rb::{Ran, Rb};
use crate::scene::projects;
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::Application;
use crate::testbed::flux::{git_repository, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        what_is_being_deleted_takes_nothing_up,
        what_is_skipped_takes_nothing_up,
        what_is_skipped_leaves_a_patch_alone,
        what_is_suspended_leaves_a_patch_alone,
        a_project_that_wants_signatures_gets_them_or_nothing,
        two_applications_are_refused_by_their_names,
    ]
}

const SKIP: &str = "argocd.argoproj.io/skip-reconcile";
const REFRESH: &str = "argocd.argoproj.io/refresh";

fn words(command: &str) -> Vec<&str> {
    command.split(' ').collect()
}

/// Fails where the command does not say this and refuse, or where anything has changed.
#[track_caller]
fn assert_refused(ran: &Ran, words: &[&str], (namespace, fleet, bad): (&Namespace, &Fleet, &str)) {
    assert_eq!(ran.code, 3, "{ran}");
    for words in words {
        assert!(ran.stderr.contains(words), "{words:?}: {ran}");
    }
    assert_eq!(fleet.server_head(), bad);
    let web = namespace.get("deployment", "web");
    let annotations = web["metadata"]["annotations"].as_object().cloned().unwrap_or_default();
    let own = annotations.keys().find(|key| key.starts_with("kubectl-rb/"));
    assert_eq!(own, None, "{ran}");
    assert_eq!(live(namespace), image("2.0-crash"));
}

#[track_caller]
fn assert_not_held(app: &Application<'_>, spec: &Value) {
    let object = app.get();
    assert_eq!(object["spec"], *spec);
    assert_eq!(object["metadata"]["annotations"]["kubectl-rb/hold"], Value::Null);
}

/// Something keeps it there after `kubectl delete`, as finalizers do that nobody works on.
fn what_is_being_deleted_takes_nothing_up(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("bar-deleted"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    app.patch(&json!({"metadata": {"finalizers": ["kubectl-rb.test/keep"]}}));
    let delete = ["delete", "application", app.name(), "-n", app.place(), "--wait=false"];
    namespace.kubectl_ok(&delete);
    let spec = app.get()["spec"].clone();
    let scene = (&namespace, &fleet, bad.as_str());
    for words in ["deploy/web --yes", "deploy/web --dry-run", "deploy/web --now --yes"] {
        let said = ["takes nothing up from Git: it is being deleted", "--direct"];
        assert_refused(&undo(&namespace, words).run(), &said, scene);
    }
    let whole = format!("app/{} -n {} --yes", app.name(), app.place());
    assert_refused(&undo(&namespace, &whole).run(), &["it is being deleted"], scene);
    assert_not_held(&app, &spec);
    // Nobody undoes a patch any more.
    undo(&namespace, "deploy/web --direct --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
    app.patch(&json!({"metadata": {"finalizers": null}}));
}

fn what_is_skipped_takes_nothing_up(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("bar-skipped"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    app.patch(&json!({"metadata": {"annotations": {SKIP: "true"}}}));
    let scene = (&namespace, &fleet, bad.as_str());
    let remedy = format!(
        "kubectl annotate application.argoproj.io/{} -n {} {SKIP}- {REFRESH}=normal",
        app.name(),
        app.place()
    );
    let said = [remedy.as_str(), "takes nothing up from Git: annotation", "--direct"];
    let ran = undo(&namespace, "deploy/web --yes").run();
    assert_refused(&ran, &said, scene);
    let whole = format!("app/{} -n {} --yes", app.name(), app.place());
    assert_refused(&undo(&namespace, &whole).run(), &said[..2], scene);
    // What is to be pasted lets it go on.
    namespace.kubectl_ok(&words(&remedy)[1..]);
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
}

/// The service is back, Git says the same, and nobody waits for what is turned off.
fn what_is_skipped_leaves_a_patch_alone(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("bar-skip-now"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    app.patch(&json!({"metadata": {"annotations": {SKIP: "true"}}}));
    let spec = app.get()["spec"].clone();
    let ran = undo(&namespace, "deploy/web --now --yes").run().ends_with(0);
    let ran = ran.tells("it leaves the patch alone").tells("at once: patch the template, revert");
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
    let head = fleet.server_head();
    assert_ne!(head, bad, "{ran}");
    assert_not_held(&app, &spec);
    // Turned on as is said, it begins with what Git holds now.
    let remedy = format!("{} -n {} {SKIP}- {REFRESH}=normal", app.name(), app.place());
    let ran = ran.tells(&remedy);
    namespace.kubectl_ok(&[&["annotate", "application"], words(&remedy).as_slice()].concat());
    let object = app.wait_synced(&head);
    assert_eq!(object["status"]["history"].as_array().map(Vec::len), Some(2), "{ran} {object}");
    assert_eq!(live(&namespace), image("1.0"));
}

fn what_is_suspended_leaves_a_patch_alone(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("bar-suspended"), web());
    let hasty = json!({"spec": {"wait": false}});
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&hasty));
    flux.wait_applied(&namespace, "web", &fleet.head());
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &bad);
    let suspend = |suspend: bool| {
        let patch = json!({"spec": {"suspend": suspend}}).to_string();
        namespace.kubectl_ok(&["patch", "kustomization/web", "--type=merge", "-p", &patch]);
    };
    suspend(true);
    let ran = undo(&namespace, "deploy/web --now --yes").run().ends_with(0);
    let ran = ran.tells("it leaves the patch alone").tells("at once: patch the template, revert");
    assert_eq!(live(&namespace), image("1.0"));
    assert_ne!(fleet.server_head(), bad);
    let kustomization = namespace.get("kustomization", "web");
    assert_eq!(kustomization["spec"]["suspend"], true);
    // It has the new commit at hand already, and begins with that.
    assert!(ran.stderr.contains("to fetch"), "{ran}");
    suspend(false);
    flux.wait_applied(&namespace, "web", &fleet.server_head());
    assert_eq!(live(&namespace), image("1.0"));
}

fn a_project_that_wants_signatures_gets_them_or_nothing(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("bar-signed"));
    let (fleet, commit) = web();
    let project = namespace.name();
    let keys = json!([{"keyID": "4AEE18F83AFDEB23"}]);
    argocd.apply(&projects::project(project, "signatureKeys", &keys));
    let extra = projects::automated_in(project);
    let app = argocd.application(&namespace, &fleet.url(), WEB, &extra);
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let bad = bad_release(&app, &fleet);
    let spec = app.get()["spec"].clone();
    for words in ["deploy/web --yes", "deploy/web --now --yes"] {
        let ran = undo(&namespace, words).run();
        let said = ["takes only commits with a signature", "commit.gpgsign", project];
        assert_refused(&ran, &said, (&namespace, &fleet, &bad));
    }
    assert_not_held(&app, &spec);
    // With a key it goes on, and says what nobody can know here.
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key");
    let mut made = Command::new("ssh-keygen");
    made.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key);
    assert!(made.status().expect("ssh-keygen").success());
    let ran = with_key(undo(&namespace, "deploy/web --yes"), &key).run().ends_with(0);
    let ran = ran.tells("the revert is signed: it has to know that key");
    fleet.pull();
    assert!(fleet.git(&["cat-file", "commit", "HEAD"]).contains("gpgsig"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"));
}

/// Of two installations of Argo CD, whose marks are the same.
fn two_applications_are_refused_by_their_names(bed: &TestBed) {
    let (namespace, (fleet, commit)) = (bed.namespace("bar-two"), web());
    bed.with_argocd(&[], |other| {
        let both = [bed.argocd(), other];
        let apps = both.map(|argocd| argocd.application(&namespace, &fleet.url(), WEB, &json!({})));
        let sync = |commit: &str| {
            for app in &apps {
                app.refresh_to(commit);
                app.sync(commit);
                app.wait_synced(commit);
            }
        };
        sync(&commit);
        namespace.rollout_done("web");
        let bad = fleet.release(WEB, &image("2.0-crash"));
        sync(&bad);
        let said = ["deployment/web is claimed by more than one owner that takes it from Git"];
        let scene = (&namespace, &fleet, bad.as_str());
        for words in ["deploy/web --yes", "deploy/web --now --yes"] {
            let ran = undo(&namespace, words).run();
            assert_refused(&ran, &said, scene);
            // Their names are the same.
            for app in &apps {
                let place = app.place();
                let named = |end: &str| ran.stderr.contains(&format!("in namespace {place}{end}"));
                assert!(named(",") || named(")"), "{place}: {ran}");
            }
        }
    });
}

/// As somebody whose `git` signs with this key.
fn with_key(rb: Rb, key: &std::path::Path) -> Rb {
    rb.env("GIT_CONFIG_COUNT", "3")
        .env("GIT_CONFIG_KEY_0", "commit.gpgsign")
        .env("GIT_CONFIG_VALUE_0", "true")
        .env("GIT_CONFIG_KEY_1", "gpg.format")
        .env("GIT_CONFIG_VALUE_1", "ssh")
        .env("GIT_CONFIG_KEY_2", "user.signingkey")
        .env("GIT_CONFIG_VALUE_2", key)
}
