//! Real Argo CD on the test bed, without `rb`: that it does here what it does in a cluster.

use serde_json::{Value, json};

use crate::suite::{Test, on_bed};
use crate::testbed::argocd::automated;
use crate::testbed::{Fleet, Namespace, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        a_pushed_release_is_synced,
        a_direct_patch_is_healed,
        without_automation_nothing_is_synced,
        a_kustomization_is_rendered,
        a_chart_is_rendered,
        a_label_may_be_the_mark,
        without_its_controller_a_request_stays,
        a_parent_puts_back_what_git_says,
        an_application_set_wipes_a_pause,
        timings_may_be_those_of_argo_cd,
    ]
}

const WEB: &str = "apps/web";

/// A fleet whose app `web` has the image `registry.test/web:1.0`, and the commit that brought it.
fn web() -> (Fleet, String) {
    let fleet = Fleet::new();
    fleet.app(WEB, "web", "registry.test/web:1.0");
    let commit = fleet.push("Add web");
    (fleet, commit)
}

fn image(namespace: &Namespace) -> Value {
    namespace.get("deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

fn a_pushed_release_is_synced(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("argocd-release"));
    let (fleet, first) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&first);
    namespace.rollout_done("web");
    let tracking = format!("{}:apps/Deployment:{0}/web", app.name());
    let annotations = &namespace.get("deployment", "web")["metadata"]["annotations"];
    assert_eq!(annotations["argocd.argoproj.io/tracking-id"], *tracking);

    let bad = fleet.release(WEB, "registry.test/web:1.1");
    app.refresh_to(&bad);
    let synced = app.wait_synced(&bad);
    assert_eq!(image(&namespace), "registry.test/web:1.1");
    assert_eq!(synced["status"]["history"][1]["revision"], *bad);

    let revert = fleet.revert(&bad);
    app.refresh_to(&revert);
    app.wait_synced(&revert);
    assert_eq!(image(&namespace), "registry.test/web:1.0");
    namespace.rollout_done("web");
    app.wait_until("it is healthy", |app| app["status"]["health"]["status"] == "Healthy");
}

fn a_direct_patch_is_healed(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("argocd-heal"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.set_image("web", "registry.test/web:0.9");
    namespace
        .wait_until("the patch is gone", |namespace| image(namespace) == "registry.test/web:1.0");
    let synced = app.wait_synced(&commit);
    // What heals leaves no entry in the history.
    assert_eq!(synced["status"]["history"].as_array().map(Vec::len), Some(1));
}

fn without_automation_nothing_is_synced(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("argocd-manual"));
    let (fleet, first) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &json!({}));
    let compared = app.refresh_to(&first);
    assert_eq!(compared["status"]["sync"]["status"], "OutOfSync");
    assert!(namespace.find("deployment", "web").is_none());
    app.sync(&first);
    app.wait_synced(&first);
    namespace.rollout_done("web");

    let second = fleet.release(WEB, "registry.test/web:1.1");
    let compared = app.refresh_to(&second);
    // Had a sync been wanted, it would have been ordered before this was written.
    assert_eq!(compared["operation"], Value::Null);
    assert_eq!(compared["status"]["sync"]["status"], "OutOfSync");
    assert_eq!(image(&namespace), "registry.test/web:1.0");

    namespace.set_image("web", "registry.test/web:0.9");
    app.wait_until("it has seen the patch", |app| {
        app["status"]["sync"]["status"] == "OutOfSync" && app["operation"].is_null()
    });
    app.sync(&second);
    app.wait_synced(&second);
    assert_eq!(image(&namespace), "registry.test/web:1.1");
}

fn a_kustomization_is_rendered(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("argocd-kustomize"));
    let (fleet, _) = web();
    let overlay = json!({
        "resources": ["../../apps/web"],
        "images": [{"name": "registry.test/web", "newTag": "2.0"}],
    });
    fleet.write("apps/web/kustomization.yaml", r#"{"resources": ["deployment.yaml"]}"#);
    fleet.write("clusters/one/kustomization.yaml", &overlay.to_string());
    let commit = fleet.push("Add a cluster");
    let app = argocd.application(&namespace, &fleet.url(), "clusters/one", &automated());
    let synced = app.wait_synced(&commit);
    assert_eq!(synced["status"]["sourceType"], "Kustomize");
    assert_eq!(image(&namespace), "registry.test/web:2.0");
}

fn a_chart_is_rendered(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("argocd-helm"), Fleet::new());
    argocd.add_helm();
    fleet.chart("charts/web", "1.0");
    let commit = fleet.push("Add a chart");
    let mut extra = automated();
    extra["spec"]["source"] =
        json!({"helm": {"releaseName": "web", "valuesObject": {"replicas": 3}}});
    let app = argocd.application(&namespace, &fleet.url(), "charts/web", &extra);
    let synced = app.wait_synced(&commit);
    assert_eq!(synced["status"]["sourceType"], "Helm");
    assert_eq!(image(&namespace), "registry.test/web:1.0");
    assert_eq!(namespace.get("deployment", "web")["spec"]["replicas"], 3);
}

fn a_label_may_be_the_mark(bed: &TestBed) {
    let settings = [
        ("application.resourceTrackingMethod", "label"),
        ("application.instanceLabelKey", "x.test/app"),
    ];
    bed.with_argocd(&settings, |argocd| {
        let namespace = bed.namespace("argocd-label");
        let (fleet, commit) = web();
        let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
        app.wait_synced(&commit);
        let metadata = &namespace.get("deployment", "web")["metadata"];
        assert_eq!(metadata["labels"]["x.test/app"], *app.name());
        assert_eq!(metadata["annotations"]["argocd.argoproj.io/tracking-id"], Value::Null);
    });
}

fn without_its_controller_a_request_stays(bed: &TestBed) {
    bed.with_argocd(&[], |argocd| {
        let namespace = bed.namespace("argocd-ended");
        let (fleet, commit) = web();
        let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
        app.wait_synced(&commit);
        argocd.end_controller(bed);
        let next = fleet.release(WEB, "registry.test/web:1.1");
        app.patch(&json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}));
        // Long enough for a controller that runs to do all of it.
        let elsewhere = bed.namespace("argocd-running");
        let other = bed.argocd().application(&elsewhere, &fleet.url(), WEB, &automated());
        other.wait_synced(&next);
        let app = app.get();
        assert_eq!(app["metadata"]["annotations"]["argocd.argoproj.io/refresh"], "normal");
        assert_ne!(app["status"]["sync"]["revision"], *next);
        assert_eq!(image(&namespace), "registry.test/web:1.0");
    });
}

/// An app of apps: of the two ways to pause the child, one does not last.
fn a_parent_puts_back_what_git_says(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("argocd-parent"));
    let (fleet, _) = web();
    let name = format!("{}-web", namespace.name());
    let child = argocd.manifest(&name, &namespace, &fleet.url(), WEB, &automated());
    fleet.write("clusters/one/web.json", &child.to_string());
    let commit = fleet.push("Let the cluster have web");
    let mut extra = automated();
    extra["spec"]["destination"] = json!({"namespace": argocd.namespace()});
    // It takes the child along when it is deleted.
    extra["metadata"] = json!({"finalizers": ["resources-finalizer.argocd.argoproj.io"]});
    let parent = argocd.application(&namespace, &fleet.url(), "clusters/one", &extra);
    parent.wait_synced(&commit);
    let child = argocd.application_of_others(&namespace, &name);
    let tracking =
        &child.wait_synced(&commit)["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"];
    let place = format!("argoproj.io/Application:{}/{name}", argocd.namespace());
    assert_eq!(*tracking, format!("{}:{place}", parent.name()));

    let automation = |app: &Value| app["spec"]["syncPolicy"]["automated"].clone();
    child.patch(&json!({"spec": {"syncPolicy": {"automated": {"enabled": false}}}}));
    // Compared after the patch, and found in order: Git does not name the field.
    parent.refresh();
    parent.wait_synced(&commit);
    assert_eq!(automation(&child.get())["enabled"], false);
    child.patch(&json!({"spec": {"syncPolicy": {"automated": null}}}));
    child.wait_until("the parent has put the policy back", |app| {
        automation(app)["selfHeal"] == true && automation(app)["enabled"].is_null()
    });
}

/// The Application belongs to the set: a hold on it is gone at once.
fn an_application_set_wipes_a_pause(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("argocd-set"));
    argocd.start_application_sets(bed);
    let (fleet, commit) = web();
    let app = argocd.generated_application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    let owner = &app.get()["metadata"]["ownerReferences"][0];
    assert_eq!([&owner["kind"], &owner["name"]], ["ApplicationSet", namespace.name()]);
    let before = app.get()["metadata"]["generation"].as_u64();
    app.patch(&json!({"spec": {"syncPolicy": {"automated": {"enabled": false}}}}));
    app.wait_until("the pause is gone", |app| {
        app["metadata"]["generation"].as_u64() > before.map(|before| before + 1)
            && app["spec"]["syncPolicy"]["automated"]["enabled"].is_null()
    });
}

fn timings_may_be_those_of_argo_cd(bed: &TestBed) {
    let namespace = bed.namespace("argocd-shipped");
    bed.with_argocd_as_shipped(|argocd| {
        let (fleet, first) = web();
        let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
        app.wait_synced(&first);
        let second = fleet.release(WEB, "registry.test/web:1.1");
        app.refresh_to(&second);
        app.wait_synced(&second);
        namespace.set_image("web", "registry.test/web:0.9");
        namespace.wait_until("the patch is gone", |namespace| {
            image(namespace) == "registry.test/web:1.1"
        });
    });
}
