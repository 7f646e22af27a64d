//! What becomes of rb's writes under each owner, measured on the real controllers and held against the
//! tables of docs/coexistence.md: each cell, and no row that nobody measures.
//!
//! Each owner is taken through the same story, with one object of his own: release 1 (the old one), the
//! record alone, release 2 (the bad one), a direct rollback and a forced re-sync, the revert, and at
//! last a fixed release straight over a direct rollback.

mod argocd;
mod flux;
mod helm;
mod live_patch;
mod page;
mod release;
mod story;

use std::fs;
use std::path::Path;

use crate::suite::{Test, on_bed, pure};
use crate::testbed::TestBed;

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![every_row_of_the_page_is_measured, the_page_names_the_versions_of_the_test_bed],
        on_bed![
            argocd_with_client_side_apply,
            argocd_with_server_side_apply,
            flux_kustomization,
            flux_helm_release,
            flux_helm_release_with_drift_detection,
            helm_3,
            helm_4,
        ],
        live_patch::tests(),
    ]
    .concat()
}

const ARGOCD: &str = "Argo CD, client-side apply";
const ARGOCD_SERVER_SIDE: &str = "Argo CD, server-side apply";
const KUSTOMIZATION: &str = "Flux Kustomization";
const HELM_RELEASE: &str = "Flux HelmRelease";
const HELM_RELEASE_DRIFT: &str = "Flux HelmRelease, drift detection on";
const HELM_3: &str = "Helm 3";
const HELM_4: &str = "Helm 4";

const OWNERS: [&str; 7] =
    [ARGOCD, ARGOCD_SERVER_SIDE, KUSTOMIZATION, HELM_RELEASE, HELM_RELEASE_DRIFT, HELM_3, HELM_4];

fn every_row_of_the_page_is_measured() {
    let page = page::Page::read();
    for (section, questions) in story::SECTIONS {
        page.has_exactly(section, questions, &OWNERS);
    }
    page.has_exactly(live_patch::SECTION, &live_patch::QUESTIONS, &live_patch::WAYS);
}

fn the_page_names_the_versions_of_the_test_bed() {
    let programs = [
        ("argocd", "github.com/argoproj/argo-cd/v3", "Argo CD"),
        ("flux", "github.com/fluxcd/kustomize-controller", "kustomize-controller"),
        ("flux", "github.com/fluxcd/helm-controller", "helm-controller"),
        ("helm3", "helm.sh/helm/v3", "Helm"),
        ("helm4", "helm.sh/helm/v4", "Helm"),
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("docs/coexistence.md")).expect("the page");
    let sentence = page.split("Measured with ").nth(1).expect("the versions");
    let sentence = sentence.split(".\n").next().unwrap_or_default();
    for (folder, module, name) in programs {
        let file = root.join(format!("tests/testbed/go/{folder}/go.mod"));
        let modules = fs::read_to_string(file).expect("go.mod");
        let required = format!("\t{module} v");
        let version =
            modules.lines().find_map(|line| line.strip_prefix(&required)).expect("its version");
        let parts: Vec<&str> = version.split('.').collect();
        let said = format!("{name} {}.{}", parts[0], parts[1]);
        assert!(sentence.contains(&said), "{said}: {sentence}");
    }
}

fn argocd_with_client_side_apply(bed: &TestBed) {
    argocd::measured(bed, "coexist-argocd", ARGOCD, &[]);
}

fn argocd_with_server_side_apply(bed: &TestBed) {
    argocd::measured(bed, "coexist-argocd-ssa", ARGOCD_SERVER_SIDE, &["ServerSideApply=true"]);
}

fn flux_kustomization(bed: &TestBed) {
    flux::measured_kustomization(bed, "coexist-ks", KUSTOMIZATION);
}

fn flux_helm_release(bed: &TestBed) {
    flux::measured_helm_release(bed, "coexist-hr", HELM_RELEASE, flux::Drift::Ignored);
}

fn flux_helm_release_with_drift_detection(bed: &TestBed) {
    flux::measured_helm_release(bed, "coexist-hr-drift", HELM_RELEASE_DRIFT, flux::Drift::PutRight);
}

fn helm_3(bed: &TestBed) {
    helm::measured(bed, "coexist-helm3", HELM_3, crate::testbed::Helm::Three);
}

fn helm_4(bed: &TestBed) {
    helm::measured(bed, "coexist-helm4", HELM_4, crate::testbed::Helm::Four);
}
