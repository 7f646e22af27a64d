//! Owners that the real controllers have made, as the chain reads them.

use std::path::Path;
use std::time::Duration;

use kubectl_rb::cluster::{Cluster, ConnectOptions, Deadline};
use kubectl_rb::durable::origin::OwnerRead;
use kubectl_rb::reconciler::chain;
use serde_json::{Value, json};

use super::given::{Person, WEB, files, gone, image, planned, run, web};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::automated;
use crate::testbed::flux::{git_repository, helm_release, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        an_application_leads_to_the_commit,
        an_application_of_an_application_leads_to_the_parents_commit,
        a_kustomization_leads_to_the_commit,
        a_release_leads_to_the_commit_of_its_kustomization,
        a_release_of_a_chart_in_git_leads_to_the_charts_commit,
    ]
}

/// The owners of the Deployment `web` with their objects.
fn owners(namespace: &Namespace) -> Vec<OwnerRead> {
    let workload = namespace.get("deployment", "web");
    let chain = read(namespace.kubeconfig(), &workload);
    let object = |target: &kubectl_rb::rollback::model::target::Target| -> Value {
        let group = target.api_version.split('/').next().expect("a group");
        let kind = format!("{}.{group}", target.kind.to_lowercase());
        let words = ["get", &kind, &target.name, "-n", &target.namespace, "-o", "json"];
        serde_json::from_str(&namespace.kubectl_ok(&words)).expect("an object")
    };
    let owner = |owner: kubectl_rb::rollback::model::ownership::Owner| {
        let object = owner.object.as_ref().map(&object).unwrap_or_default();
        OwnerRead { owner, object, taken: Vec::new() }
    };
    chain.into_iter().map(owner).collect()
}

fn read(kubeconfig: &Path, workload: &Value) -> Vec<kubectl_rb::rollback::model::ownership::Owner> {
    let options =
        ConnectOptions { kubeconfig: Some(kubeconfig.to_owned()), ..ConnectOptions::default() };
    run(async {
        let deadline = Deadline::after(Duration::from_secs(60));
        let cluster = Cluster::connect(&options, deadline).await.expect("a connection");
        let marks = vec![chain::marks(workload)];
        chain::read(&cluster, marks, "rb", deadline).await.pop().expect("a chain")
    })
}

fn an_application_leads_to_the_commit(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("origin-app"));
    let fleet = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&fleet.head());
    let bad = fleet.release(WEB, &image("1.1"));
    app.refresh_to(&bad);
    app.wait_synced(&bad);
    let owners = owners(&namespace);
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["apps/web/deployment.yaml"]);
}

/// The image is given in the Application, over the files; that stands in the repository of its parent.
fn an_application_of_an_application_leads_to_the_parents_commit(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("origin-parent"));
    let fleet = web();
    fleet.write("apps/web/kustomization.yaml", "resources: [deployment.yaml]\n");
    let name = format!("{}-web", namespace.name());
    let child = |tag: &str| {
        let mut extra = automated();
        extra["spec"]["source"] = json!({"kustomize": {"images": [image(tag)]}});
        argocd.manifest(&name, &namespace, &fleet.url(), WEB, &extra).to_string()
    };
    fleet.write("root/web.yaml", &child("1.0"));
    let first = fleet.push("Declare web");
    let root = argocd.application(&namespace, &fleet.url(), "root", &automated());
    root.wait_synced(&first);
    let app = argocd.application_of_others(&namespace, &name);
    app.wait_synced(&first);
    fleet.write("root/web.yaml", &child("1.1"));
    let bad = fleet.push("Release 1.1");
    root.refresh_to(&bad);
    root.wait_synced(&bad);
    namespace.wait_until("release 1.1 is applied", |namespace| {
        crate::scene::live(namespace) == image("1.1")
    });
    let owners = owners(&namespace);
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!((gone(&origin), origin.owner), (vec![bad.as_str()], 1));
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["root/web.yaml"]);
}

fn a_kustomization_leads_to_the_commit(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("origin-ks"));
    let fleet = web();
    flux.deploy(&namespace, &fleet, "web", WEB);
    let bad = fleet.release(WEB, &image("1.1"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &bad);
    let owners = owners(&namespace);
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["apps/web/deployment.yaml"]);
}

/// The version stands in the values of the `HelmRelease`, which a Kustomization applies.
fn a_release_leads_to_the_commit_of_its_kustomization(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("origin-hr"));
    let fleet = Fleet::new();
    fleet.chart("charts/web", "0.1");
    let release = |tag: &str| {
        let values = json!({"spec": {"values": {"image": {"tag": tag}}}});
        helm_release("web", "fleet", "charts/web").with(&values).manifest(namespace.name())
    };
    fleet.write("apps/web/release.yaml", &release("1.0"));
    fleet.push("Add web");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &kustomization("apps", "fleet", "apps/web"));
    flux.wait_applied(&namespace, "apps", &fleet.head());
    fleet.write("apps/web/release.yaml", &release("1.1"));
    let bad = fleet.push("Release 1.1");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "apps", &bad);
    let owners = owners(&namespace);
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!((gone(&origin), origin.owner), (vec![bad.as_str()], 1));
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["apps/web/release.yaml"]);
}

/// The version stands in the chart.
fn a_release_of_a_chart_in_git_leads_to_the_charts_commit(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("origin-chart"));
    let fleet = Fleet::new();
    fleet.chart("charts/web", "1.0");
    fleet.push("Add web");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &helm_release("web", "fleet", "charts/web"));
    namespace.wait_until("release 1.0 is applied", |namespace| {
        namespace.find("deployment", "web").is_some()
    });
    fleet.chart("charts/web", "1.1");
    let bad = fleet.push("Release 1.1");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    namespace.wait_until("release 1.1 is applied", |namespace| {
        crate::scene::live(namespace) == image("1.1")
    });
    let owners = owners(&namespace);
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!((gone(&origin), origin.owner), (vec![bad.as_str()], 0));
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["charts/web/values.yaml"]);
}
