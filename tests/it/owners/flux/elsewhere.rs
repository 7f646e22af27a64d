//! Owners that apply to another cluster, and those of programs beside Flux.

use serde_json::json;

use super::super::{notes, owners};
use super::{KUSTOMIZE, WEB, only, web};
use crate::given::define;
use crate::rb::rb;
use crate::scene::{self, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;
use crate::testbed::flux::{git_repository, kustomization};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        one_that_applies_to_another_cluster_owns_nothing_here,
        a_resource_set_stands_above_what_it_makes,
    ]
}

/// Another namespace stands for the other cluster: the controller goes to both by the same API server.
fn one_that_applies_to_another_cluster_owns_nothing_here(bed: &TestBed) {
    let (flux, fleet) = (bed.flux(), web());
    let (here, there) = (bed.namespace("owner-here"), bed.namespace("owner-there"));
    // Flux takes none that names files.
    let kubeconfig = here.kubectl_ok(&["config", "view", "--raw", "--flatten"]);
    let secret = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "there"},
        "stringData": {"value": kubeconfig}});
    here.apply(&secret.to_string());
    let away = json!({"spec": {"targetNamespace": there.name(),
        "kubeConfig": {"secretRef": {"name": "there"}}}});
    flux.apply(&here, &git_repository("fleet", &fleet.url()));
    flux.apply(&here, &kustomization("web", "fleet", WEB).with(&away));
    flux.wait_applied(&here, "web", &fleet.head());
    // It says what it is, where it does write here.
    let owner = only(owners(there.kubeconfig(), "deploy/web"));
    assert_eq!(owner["proof"], "marked");
    assert!(notes(&owner).iter().any(|note| note.contains("spec.kubeConfig")), "{owner}");
    // What carries its labels here is none of its own.
    releases(&here, 0, &["1.0", "2.0"]);
    let (name, of) =
        (format!("{KUSTOMIZE}/name=web"), format!("{KUSTOMIZE}/namespace={}", here.name()));
    here.kubectl_ok(&["label", "deployment/web", &name, &of]);
    let owner = only(owners(here.kubeconfig(), "deploy/web"));
    let why =
        format!("Kustomization {}/web applies to another cluster (spec.kubeConfig)", here.name());
    assert_eq!(owner["proof"], json!({"refuted": why}));
    rb(&here, "undo deploy/web --yes").ends_with(0).says("applies to another cluster");
    scene::assert_live(&here, "1.0");
}

/// Its controller is no part of the bed: its object says what it has made.
fn a_resource_set_stands_above_what_it_makes(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-set"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let name = namespace.name();
    for (word, plural, labels) in [
        ("ResourceSet", "resourcesets", "resourceset.fluxcd.controlplane.io"),
        ("FluxInstance", "fluxinstances", "fluxcd.controlplane.io"),
    ] {
        define(&namespace, "fluxcd.controlplane.io/v1", word, plural);
        let id = format!("{name}_web_{KUSTOMIZE}_Kustomization");
        let set = json!({"apiVersion": "fluxcd.controlplane.io/v1", "kind": word,
            "metadata": {"name": "apps"}, "spec": {},
            "status": {"inventory": {"entries": [{"id": id, "v": "v1"}]}}});
        namespace.apply(&set.to_string());
        let (label, of) = (format!("{labels}/name=apps"), format!("{labels}/namespace={name}"));
        namespace.kubectl_ok(&["label", "kustomization/web", &label, &of]);
        let chain = owners(namespace.kubeconfig(), "deploy/web");
        let found = chain.iter().find(|owner| owner["name"] == format!("{word} {name}/apps"));
        let found = found.unwrap_or_else(|| panic!("no {word}: {chain:#?}"));
        assert_eq!((&found["proof"], &found["of"]), (&json!("listed"), &chain[0]["object"]));
    }
}
