//! Marks that do not mean what they say: labels that were copied or left behind, objects that opt out.

use serde_json::json;

use super::super::owners;
use super::{KUSTOMIZE, WEB, assert_live, image, only, web};
use crate::rb::rb;
use crate::scene::{self, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::flux::{git_repository, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_copied_label_counts_for_nothing,
        the_label_of_a_deleted_kustomization_counts_for_nothing,
        an_object_that_opts_out_is_still_listed,
    ]
}

fn label(namespace: &Namespace, workload: &str, owner: &str) {
    let (name, of) = (
        format!("{KUSTOMIZE}/name={owner}"),
        format!("{KUSTOMIZE}/namespace={}", namespace.name()),
    );
    namespace.kubectl_ok(&["label", workload, &name, &of]);
}

fn a_copied_label_counts_for_nothing(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-forged"), Fleet::new());
    fleet.app("apps/api", "api", "registry.test/api:1.0");
    fleet.push("Add api");
    flux.deploy(&namespace, &fleet, "api", "apps/api");
    releases(&namespace, 0, &["1.0", "2.0"]);
    label(&namespace, "deployment/web", "api");
    let owner = only(owners(namespace.kubeconfig(), "deploy/web"));
    let name = namespace.name();
    let why =
        format!("Kustomization {name}/api does not list it among the objects that it applied (1)");
    assert_eq!(owner["proof"], json!({"refuted": why}));
    // It stands in the way of nothing, and is told.
    rb(&namespace, "undo deploy/web --yes").ends_with(0).says("that it applied (1)");
    scene::assert_live(&namespace, "1.0");
}

fn the_label_of_a_deleted_kustomization_counts_for_nothing(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-stale"), web());
    let orphan = json!({"spec": {"deletionPolicy": "Orphan"}});
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&orphan));
    flux.wait_applied(&namespace, "web", &fleet.head());
    namespace.kubectl_ok(&["delete", "kustomization", "web"]);
    let owner = only(owners(namespace.kubeconfig(), "deploy/web"));
    let why = format!(
        "there is no Kustomization {}/web: it was deleted, or is on another cluster",
        namespace.name()
    );
    assert_eq!(owner["proof"], json!({"refuted": why}));
}

fn an_object_that_opts_out_is_still_listed(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("owner-opt-out"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let mark = format!("{KUSTOMIZE}/reconcile=disabled");
    namespace.kubectl_ok(&["annotate", "deployment/web", &mark]);
    // A run that leaves it out, and lists it all the same.
    let commit = fleet.release(WEB, &image("1.1"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &commit);
    assert_live(&namespace, "1.0");
    let owner = only(owners(namespace.kubeconfig(), "deploy/web"));
    assert_eq!(owner["proof"], "listed");
    let would = format!(
        "it leaves this object alone (annotation {KUSTOMIZE}/reconcile: disabled): a direct write stays, \
         and a revert in Git does not reach it"
    );
    assert_eq!(owner["would"], would);
    let automation = json!({"syncs": false, "heals": false, "prunes": false, "suspended": false});
    assert_eq!(owner["automation"], automation);
}
