//! What a sync of the real Argo CD does besides, what it leaves undone, and what it is made to do.

use serde_json::{Value, json};

use super::{WEB, bad_release, deployed, image, live, undo, web};
use crate::scene::{hint, ingress, paste};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::automated;
use crate::testbed::{Fleet, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        hooks_run_again_and_are_named,
        a_job_that_is_left_does_not_run_again_and_is_told,
        what_is_not_pruned_stays_and_is_said,
        several_sources_are_synced_each_to_its_commit,
        auto_sync_without_self_heal_is_held,
        a_sync_that_somebody_has_run_is_not_asked_for_again,
        synced_with_differences_that_it_leaves_alone_is_not_believed,
    ]
}

/// A hook that is an object of no work: it is made anew by each sync, as a Job would be.
fn hook(name: &str, when: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  annotations:\n    \
         argocd.argoproj.io/hook: {when}\n"
    )
}

fn hooks_run_again_and_are_named(bed: &TestBed) {
    let (namespace, fleet) = (bed.namespace("sync-hooks"), Fleet::new());
    fleet.app(WEB, "web", &image("1.0"));
    fleet.write(&format!("{WEB}/before.yaml"), &hook("migrate", "PreSync"));
    fleet.write(&format!("{WEB}/after.yaml"), &hook("announce", "PostSync"));
    fleet.push("Add web");
    let app = deployed(bed, &namespace, &fleet);
    let bad = fleet.release(WEB, &image("2.0-crash"));
    app.refresh_to(&bad);
    namespace.wait_until("the bad release is live", |_| live(&namespace) == image("2.0-crash"));
    let uid = |name: &str| namespace.get("configmap", name)["metadata"]["uid"].clone();
    let before = uid("migrate");
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    ran.tells("its hooks run again, with the old release: ConfigMap");
    assert_eq!(live(&namespace), image("1.0"));
    assert_ne!(uid("migrate"), before);
    let revert = fleet.server_head();
    let results = app.get()["status"]["operationState"]["syncResult"].clone();
    assert_eq!(results["revision"], *revert);
    let hooks = results["resources"].as_array().cloned().unwrap_or_default();
    let kinds: Vec<&str> = hooks.iter().filter_map(|hook| hook["hookType"].as_str()).collect();
    assert!(kinds.contains(&"PreSync") && kinds.contains(&"PostSync"), "{results}");
}

/// A Job that its policy leaves once it has succeeded.
fn job(image: &str) -> String {
    format!(
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: migrate\n  annotations:\n    \
         argocd.argoproj.io/hook: PreSync\n    argocd.argoproj.io/hook-delete-policy: HookFailed\n\
         spec:\n  template:\n    spec:\n      restartPolicy: Never\n      containers:\n      \
         - name: app\n        image: {image}\n"
    )
}

/// As its policy does not let it be deleted before it is made, it is applied over, and counts as done.
fn a_job_that_is_left_does_not_run_again_and_is_told(bed: &TestBed) {
    let (namespace, fleet) = (bed.namespace("sync-job"), Fleet::new());
    fleet.app(WEB, "web", &image("1.0"));
    fleet.write(&format!("{WEB}/before.yaml"), &job("registry.test/migrate:1.0"));
    fleet.write(&format!("{WEB}/too.yaml"), &hook("announce", "PreSync"));
    fleet.push("Add web");
    let app = deployed(bed, &namespace, &fleet);
    let uid = || namespace.get("job", "migrate")["metadata"]["uid"].clone();
    let first = uid();
    let bad = bad_release(&app, &fleet);
    assert_eq!(uid(), first, "the real one does not run it again");
    let told = "its hook Job migrate does not run again: it is left (HookFailed)";
    let plan = undo(&namespace, "deploy/web --dry-run -o json").run().ends_with(0);
    let warnings = plan.json()["warnings"].to_string();
    let others = "its hooks run again, with the old release: ConfigMap announce\"";
    assert!(warnings.contains(told) && warnings.contains(others), "{warnings}");
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0).tells(told);
    assert_eq!(live(&namespace), image("1.0"));
    app.wait_synced(&fleet.server_head());
    assert_eq!(uid(), first, "the real one counts it as done");
    // What is said lets it run again.
    paste(bed, &namespace, &hint(&ran, "to have hook Job migrate run again: "));
    fleet.pull();
    let next = fleet.release(WEB, &image("1.1"));
    assert_ne!(next, bad);
    app.refresh_to(&next);
    app.wait_synced(&next);
    assert_ne!(uid(), first);
    // A commit that changes it while it is left cannot be applied.
    fleet.write(&format!("{WEB}/before.yaml"), &job("registry.test/migrate:2.0"));
    let changed = fleet.release(WEB, &image("1.2"));
    app.refresh_to(&changed);
    app.wait_until("the sync fails", |app| {
        let state = &app["status"]["operationState"];
        state["syncResult"]["revision"] == *changed && state.to_string().contains("immutable")
    });
}

fn what_is_not_pruned_stays_and_is_said(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("sync-leaves"));
    let (fleet, commit) = web();
    let mut extra = automated();
    extra["spec"]["syncPolicy"]["automated"]["prune"] = json!(false);
    let app = argocd.application(&namespace, &fleet.url(), WEB, &extra);
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let extra = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\n";
    fleet.write(&format!("{WEB}/extra.yaml"), extra);
    bad_release(&app, &fleet);
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert!(ran.stderr.contains("it leaves what Git does not hold any more: ConfigMap"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"));
    assert!(namespace.find("configmap", "extra").is_some());
    let app = app.get();
    assert_eq!(app["status"]["sync"]["status"], "OutOfSync");
}

fn several_sources_are_synced_each_to_its_commit(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("sync-sources"), Fleet::new());
    fleet.app(WEB, "web", &image("1.0"));
    fleet.app("apps/api", "api", "registry.test/api:1.0");
    let first = fleet.push("Add both");
    let source =
        |path: &str| json!({"repoURL": fleet.url(), "targetRevision": "main", "path": path});
    let sources = json!({"spec": {"source": null, "sources": [source(WEB), source("apps/api")]}});
    let app = argocd.application(&namespace, &fleet.url(), WEB, &sources);
    let sync = |commit: &str| {
        let is_compared =
            |app: &Value| app["status"]["sync"]["revisions"] == json!([commit, commit]);
        let annotations =
            json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": "hard"}}});
        app.patch(&annotations);
        app.wait_until("it is compared", is_compared);
        app.patch(&json!({"operation": {"sync": {"revisions": [commit, commit]}}}));
        app.wait_until("it is synced", |app| {
            is_compared(app)
                && app["status"]["sync"]["status"] == "Synced"
                && app["operation"].is_null()
        });
    };
    sync(&first);
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    sync(&bad);
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
    let (app, revert) = (app.get(), fleet.server_head());
    let synced = &app["status"]["operationState"]["operation"]["sync"];
    assert_eq!(synced["revisions"], json!([revert, revert]), "{app}");
}

fn auto_sync_without_self_heal_is_held(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("sync-no-heal"));
    let (fleet, commit) = web();
    let extra = json!({"spec": {"syncPolicy": {"automated": {"prune": true}}}});
    let app = argocd.application(&namespace, &fleet.url(), WEB, &extra);
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let bad = bad_release(&app, &fleet);
    let spec = app.get()["spec"].clone();
    let ran = undo(&namespace, "deploy/web --now --yes").run().ends_with(0);
    assert!(ran.stderr.contains("done: hold Application"), "{ran}");
    assert!(ran.stderr.contains("done: release Application"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"));
    assert_ne!(fleet.server_head(), bad);
    let app = app.wait_synced(&fleet.server_head());
    assert_eq!(app["spec"], spec);
}

/// Somebody else has reverted it, and has it synced: a second operation would be thrown away.
fn a_sync_that_somebody_has_run_is_not_asked_for_again(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("sync-there"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &json!({}));
    let sync = |commit: &str| {
        app.refresh_to(commit);
        app.sync(commit);
        // The state of the sync before is there for a while still.
        app.wait_until("the sync is over", |app| {
            let state = &app["status"]["operationState"];
            state["phase"] == "Succeeded" && state["syncResult"]["revision"] == commit
        });
        app.wait_synced(commit);
    };
    sync(&commit);
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    sync(&bad);
    fleet.git(&["revert", "--no-edit", &bad]);
    fleet.write(&format!("{WEB}/ingress.yaml"), ingress::FIRST);
    let revert = fleet.push("Serve web");
    app.refresh_to(&revert);
    app.patch(
        &json!({"operation": {"initiatedBy": {"username": "carol"}, "sync": {"revision": revert}}}),
    );
    app.wait_until("it is at work on the revert", |app| {
        let state = &app["status"]["operationState"];
        state["phase"] == "Running" && state["syncResult"]["revision"] == *revert
    });
    let proxy = bed.proxy();
    let mut running = undo(&namespace, "deploy/web --yes")
        .env("KUBECONFIG", proxy.kubeconfig(&namespace))
        .spawn();
    namespace.wait_until("the Application is followed", |_| {
        let is_it = |path: &str| path.contains("/applications");
        let mut requests = proxy.requests().into_iter();
        running.has_ended()
            || requests.any(|one| one.request.is_watch() && is_it(&one.request.path))
    });
    ingress::serve(&namespace);
    let ran = running.wait().ends_with(0);
    let ends_it = ran.stdout.contains("end what runs") || ran.stderr.contains("terminate");
    assert!(!ends_it, "{ran}");
    assert!(!ran.stderr.contains("done: sync Argo CD application"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"));
    let state = app.get()["status"]["operationState"].clone();
    assert_eq!(state["operation"]["initiatedBy"]["username"], "carol", "{state}");
}

/// As with manifests from a cache: it says that all is well at the commit, and the template is another.
fn synced_with_differences_that_it_leaves_alone_is_not_believed(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("sync-ignores"));
    let (fleet, commit) = web();
    let mut extra = automated();
    let pointer = "/spec/template/spec/containers/0/image";
    extra["spec"]["ignoreDifferences"] =
        json!([{"group": "apps", "kind": "Deployment", "jsonPointers": [pointer]}]);
    extra["spec"]["syncPolicy"]["syncOptions"] = json!(["RespectIgnoreDifferences=true"]);
    let app = argocd.application(&namespace, &fleet.url(), WEB, &extra);
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    // Somebody deploys by hand what is committed then.
    let bad = fleet.release(WEB, &image("2.0-crash"));
    app.refresh_to(&bad);
    app.wait_synced(&bad);
    namespace.kubectl_ok(&["set", "image", "deployment/web", &format!("*={}", image("2.0-crash"))]);
    namespace.deployment_observed("web");
    let ran = undo(&namespace, "deploy/web --yes --timeout=90s").run();
    let app = app.get();
    assert_eq!(app["status"]["sync"]["status"], "Synced", "{app}");
    assert_eq!(app["status"]["sync"]["revision"], *fleet.server_head(), "{app}");
    assert_eq!(live(&namespace), image("2.0-crash"), "{ran}");
    let ran = ran.ends_with(6).tells("what a commit changes there does not reach it");
    let words = format!("has the image {} and not {}", image("2.0-crash"), image("1.0"));
    assert!(ran.stdout.contains(&words), "{ran}");
}
