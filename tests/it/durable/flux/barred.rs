//! Reverts that Flux would not take up: refused before anything is pushed, with what to do.

use std::fs;

use serde_json::{Value, json};

use super::{command, hasty, hasty_helm, is_refused};
use crate::durable::{WEB, image, live, newest_message, undo, web};
use crate::git_objects::signatures::{Keyring, has};
use crate::given::paste;
use crate::rb::Ran;
use crate::suite::{Test, on_bed};
use crate::testbed::flux::{Flux, git_repository, helm_release, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_suspended_repository_fetches_nothing,
        a_repository_that_takes_only_signed_commits_gets_one,
        an_object_that_opts_out_is_patched_at_once,
        an_object_that_is_only_made_once_is_patched_at_once,
        an_object_whose_fields_are_ignored_is_patched_at_once,
        a_chart_that_keeps_its_version_is_not_built,
        a_chart_that_changes_its_version_goes_back,
    ]
}

/// A Kustomization `web` with a bad release, and that commit.
fn bad_release(flux: &Flux, namespace: &Namespace, extra: &Value) -> (Fleet, String) {
    let (fleet, _) = web();
    flux.apply(namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(namespace, &kustomization("web", "fleet", WEB).with(&hasty()).with(extra));
    flux.wait_applied(namespace, "web", &fleet.head());
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    flux.reconcile(namespace, "gitrepository", "fleet");
    flux.wait_applied(namespace, "web", &bad);
    (fleet, bad)
}

/// What it has fetched it goes on to apply, so a patch would not stay either.
fn a_suspended_repository_fetches_nothing(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("barred-source"));
    let (fleet, _) = bad_release(flux, &namespace, &json!({}));
    namespace.merge_patch("gitrepository/fleet", &json!({"spec": {"suspend": true}}));
    for words in ["deploy/web --yes", "deploy/web --now --yes", "ks/web --yes"] {
        let ran = is_refused(&namespace, &fleet, words);
        assert!(ran.stderr.contains("fleet is suspended: it fetches nothing new"), "{ran}");
        assert!(!ran.stderr.contains("--direct"), "{ran}");
        assert!(namespace.get("kustomization", "web")["spec"]["suspend"].is_null(), "{ran}");
    }
    let ran = is_refused(&namespace, &fleet, "deploy/web --yes");
    paste(bed, namespace.kubeconfig(), &command(&ran, "kubectl patch gitrepository")).ends_with(0);
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
}

fn a_repository_that_takes_only_signed_commits_gets_one(bed: &TestBed) {
    if !has("gpg") {
        return;
    }
    let (flux, namespace) = (bed.flux(), bed.namespace("barred-verify"));
    let keyring = Keyring::new();
    let person = "Ann <ann@example.com>";
    let words =
        ["--batch", "--passphrase", "", "--quick-generate-key", person, "ed25519", "sign", "never"];
    keyring.run("gpg", &words, "");
    let public = keyring.run("gpg", &["--batch", "--armor", "--export"], "");
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "authors"},
        "stringData": {"ann.asc": public}});
    namespace.apply(&secret.to_string());
    let (fleet, bad) = bad_release(flux, &namespace, &json!({}));
    let verify = json!({"spec": {"verify": {"mode": "HEAD", "secretRef": {"name": "authors"}}}});
    namespace.merge_patch("gitrepository/fleet", &verify);
    for words in ["deploy/web --yes", "deploy/web --now --yes", "ks/web --yes"] {
        let ran = is_refused(&namespace, &fleet, words);
        assert!(ran.stderr.contains("spec.verify"), "{ran}");
        assert!(ran.stderr.contains("git config --global commit.gpgsign true"), "{ran}");
    }
    let program = keyring.program("gpg");
    let signed = undo(&namespace, "deploy/web --yes")
        .env("GIT_CONFIG_COUNT", "2")
        .env("GIT_CONFIG_KEY_0", "commit.gpgsign")
        .env("GIT_CONFIG_VALUE_0", "true")
        .env("GIT_CONFIG_KEY_1", "gpg.program")
        .env("GIT_CONFIG_VALUE_1", &program);
    let ran = signed.run().ends_with(0);
    assert!(ran.stdout.contains("the revert is signed"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"));
    assert!(newest_message(&fleet).contains(&bad), "{ran}");
}

/// Git cannot bring it back: a patch does, and nobody undoes that.
fn an_object_that_opts_out_is_patched_at_once(bed: &TestBed) {
    for (mark, verb) in [
        ("kustomize.toolkit.fluxcd.io/reconcile=disabled", "annotate"),
        ("kustomize.toolkit.fluxcd.io/ssa=Ignore", "label"),
    ] {
        let (flux, namespace) = (bed.flux(), bed.namespace("barred-mark"));
        let (fleet, _) = bad_release(flux, &namespace, &json!({}));
        namespace.kubectl_ok(&[verb, "deployment/web", mark]);
        let ran = is_refused(&namespace, &fleet, "deploy/web --yes");
        assert!(ran.stderr.contains("it leaves deployment/web alone"), "{ran}");
        let key = mark.split('=').next().unwrap_or_default();
        assert!(ran.stderr.contains(&format!("kubectl {verb} deployment.apps/web")), "{ran}");
        assert!(ran.stderr.contains(&format!("{key}-")), "{ran}");
        is_refused(&namespace, &fleet, "deploy/web --now --yes");
        is_patched_for_good(bed, flux, &namespace, &ran);
    }
}

/// Flux looks for that mark in the manifest: whoever sets it on the object has it overwritten all the same.
fn an_object_that_is_only_made_once_is_patched_at_once(bed: &TestBed) {
    const MARK: &str = "kustomize.toolkit.fluxcd.io/ssa";
    let (flux, namespace) = (bed.flux(), bed.namespace("barred-once"));
    let (_fleet, _) = bad_release(flux, &namespace, &json!({}));
    namespace.kubectl_ok(&["annotate", "deployment/web", &format!("{MARK}=IfNotPresent")]);
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));

    let (namespace, (fleet, _)) = (bed.namespace("barred-made"), web());
    let marked =
        json!({"resources": ["deployment.yaml"], "commonAnnotations": {MARK: "IfNotPresent"}});
    fleet.write("apps/web/kustomization.yaml", &marked.to_string());
    let first = fleet.push("Make it once");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&hasty()));
    flux.wait_applied(&namespace, "web", &first);
    namespace.rollout_done("web");
    // By hand, and in Git: nothing else would bring it.
    namespace.set_image("web", &image("2.0-crash"));
    let bad = fleet.release(WEB, &image("2.0-crash"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &bad);
    let ran = is_refused(&namespace, &fleet, "deploy/web --yes");
    assert!(ran.stderr.contains("IfNotPresent"), "{ran}");
    is_patched_for_good(bed, flux, &namespace, &ran);
}

fn an_object_whose_fields_are_ignored_is_patched_at_once(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("barred-ignore"));
    let (fleet, bad) = bad_release(flux, &namespace, &json!({}));
    let rule = json!({"paths": ["/spec/template"], "target": {"kind": "Deployment"}});
    namespace.merge_patch("kustomization/web", &json!({"spec": {"ignore": [rule]}}));
    flux.wait_applied(&namespace, "web", &bad);
    let ran = is_refused(&namespace, &fleet, "deploy/web --yes");
    assert!(ran.stderr.contains("spec.ignore: /spec/template"), "{ran}");
    is_patched_for_good(bed, flux, &namespace, &ran);
}

/// By the command that the refusal has; a run of the owner leaves it so.
#[track_caller]
fn is_patched_for_good(bed: &TestBed, flux: &Flux, namespace: &Namespace, refused: &Ran) {
    let direct = format!("{} --yes", command(refused, "--direct"));
    paste(bed, namespace.kubeconfig(), &direct).ends_with(0);
    assert_eq!(live(namespace), image("1.0"));
    let word = flux.reconcile(namespace, "kustomization", "web");
    flux.wait_handled(namespace, "kustomization", "web", &word);
    assert_eq!(live(namespace), image("1.0"), "{refused}");
}

/// A chart in Git that is built again only with another version.
fn chart(flux: &Flux, namespace: &Namespace) -> Fleet {
    let fleet = Fleet::new();
    fleet.chart("charts/web", "1.0");
    fleet.push("Add a chart");
    flux.apply(namespace, &git_repository("fleet", &fleet.url()));
    let by_version = json!({"spec": {"upgrade": hasty_helm(),
        "chart": {"spec": {"reconcileStrategy": "ChartVersion"}}}});
    flux.apply(namespace, &helm_release("web", "fleet", "./charts/web").with(&by_version));
    flux.wait_released(namespace, "web");
    namespace.rollout_done("web");
    fleet
}

fn change_version(fleet: &Fleet) {
    let file = fleet.work().join("charts/web/Chart.yaml");
    let text = fs::read_to_string(&file).expect("a chart");
    fleet.write("charts/web/Chart.yaml", &text.replace("0.1.0", "0.2.0"));
}

/// The commit that changed the image goes out, and the one that changed the version stays.
fn a_chart_that_keeps_its_version_is_not_built(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("barred-chart"));
    let fleet = chart(flux, &namespace);
    fleet.write(
        "charts/web/values.yaml",
        &fleet.read("charts/web/values.yaml").replace("1.0", "2.0-crash"),
    );
    let bad = fleet.push("Bump web to 2.0");
    change_version(&fleet);
    fleet.push("Version 0.2.0 of the chart");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    namespace.wait_until("the bad release is live", |_| live(&namespace) == image("2.0-crash"));
    let ran = is_refused(&namespace, &fleet, "deploy/web --yes");
    assert!(ran.stderr.contains("only with another version in charts/web/Chart.yaml"), "{ran}");
    is_refused(&namespace, &fleet, "deploy/web --now --yes");
    paste(bed, namespace.kubeconfig(), &command(&ran, "kubectl patch helmrelease")).ends_with(0);
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
    assert!(newest_message(&fleet).contains(&format!("This reverts commit {bad}")));
}

fn a_chart_that_changes_its_version_goes_back(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("barred-version"));
    let fleet = chart(flux, &namespace);
    fleet.chart("charts/web", "2.0-crash");
    change_version(&fleet);
    fleet.push("Bump web to 2.0");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    namespace.wait_until("the bad release is live", |_| live(&namespace) == image("2.0-crash"));
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
}
