//! Kustomizations and `HelmReleases` of the real Flux.

use serde_json::json;

use super::super::{verify, verify_now};
use super::{WEB, all_good, image, message, web};
use crate::suite::{Test, on_bed};
use crate::testbed::flux::helm_release;
use crate::testbed::{Fleet, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_kustomization_that_is_done_is_good_until_somebody_patches,
        a_suspended_kustomization_is_a_warning,
        a_helm_release_is_looked_at_with_what_applies_it,
    ]
}

fn a_kustomization_that_is_done_is_good_until_somebody_patches(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("gitops-ks"));
    let (fleet, commit) = web();
    flux.deploy(&namespace, &fleet, "web", WEB);
    namespace.rollout_done("web");
    let verified = verify(&namespace, "");
    all_good(&verified);
    let converged = message(verified.check("gitops.converged"));
    let applied =
        format!("Kustomization {}/web has applied main@{}", namespace.name(), &commit[..9]);
    assert!(converged.starts_with(&applied), "{converged}");
    let agrees = message(verified.check("gitops.agrees"));
    assert!(agrees.contains("that kustomize-controller owns"), "{agrees}");

    // A restart is no other release, and is told.
    namespace.kubectl_ok(&["rollout", "restart", "deployment/web"]);
    namespace.rollout_done("web");
    let verified = verify(&namespace, "");
    let evidence = verified.finds("gitops.agrees", "pass", "")["evidence"].to_string();
    assert!(evidence.contains("kubectl.kubernetes.io/restartedAt"), "{evidence}");

    namespace.set_image("web", &image("0.9"));
    namespace.rollout_done("web");
    let verified = verify_now(&namespace, "").is("failed", 6);
    verified.finds("gitops.converged", "pass", "");
    let check = verified.finds("gitops.agrees", "fail", "LivePatch");
    assert!(message(check).contains("; kubectl-set wrote spec.containers[app].image "), "{check}");
    let would = check["evidence"].to_string();
    assert!(would.contains("it puts back what its source says at its next run"), "{check}");
}

fn a_suspended_kustomization_is_a_warning(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("gitops-suspended"));
    let (fleet, _) = web();
    flux.deploy(&namespace, &fleet, "web", WEB);
    namespace.rollout_done("web");
    let patch = json!({"spec": {"suspend": true}}).to_string();
    for kind in ["kustomization/web", "gitrepository/fleet"] {
        namespace.kubectl_ok(&["patch", kind, "--type=merge", "-p", &patch]);
    }
    let verified = verify(&namespace, "").is("verified-with-warnings", 0);
    verified.finds("gitops.converged", "warn", "Suspended");
    verified.finds("gitops.agrees", "pass", "");
    let check = verified.finds("gitops.automation", "warn", "Paused");
    let evidence = check["evidence"].to_string();
    assert!(evidence.contains("web: it is suspended"), "{check}");
    assert!(evidence.contains("fleet is suspended, so it gets nothing new"), "{check}");
}

fn a_helm_release_is_looked_at_with_what_applies_it(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("gitops-hr"), Fleet::new());
    fleet.chart("charts/web", "1.0");
    let release = helm_release("web", "fleet", "./charts/web");
    fleet.write("releases/web.yaml", &release.manifest(namespace.name()));
    fleet.push("Add a chart and its release");
    flux.deploy(&namespace, &fleet, "releases", "releases");
    flux.wait_released(&namespace, "web");
    namespace.rollout_done("web");
    let verified = verify(&namespace, "");
    all_good(&verified);
    let check = verified.check("gitops.converged");
    let name = namespace.name();
    assert!(message(check).starts_with(&format!("HelmRelease {name}/web has applied")), "{check}");
    let above = format!("Kustomization {name}/releases has applied");
    assert!(check["evidence"].to_string().contains(&above), "{check}");

    namespace.set_image("web", &image("0.9"));
    namespace.rollout_done("web");
    let verified = verify_now(&namespace, "").is("failed", 6);
    let check = verified.finds("gitops.agrees", "fail", "LivePatch");
    assert!(message(check).contains("helm-controller does not own all fields"), "{check}");

    let patch = json!({"spec": {"suspend": true}}).to_string();
    namespace.kubectl_ok(&["patch", "helmrelease/web", "--type=merge", "-p", &patch]);
    let verified = verify_now(&namespace, "").is("verified-with-warnings", 0);
    verified.finds("gitops.converged", "warn", "Suspended");
    verified.finds("gitops.agrees", "warn", "LivePatch");
    verified.finds("gitops.automation", "warn", "Paused");
}
