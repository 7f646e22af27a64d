//! Applications that nobody but a person syncs, or that a person has changed.

use serde_json::{Value, json};

use super::{WEB, image, live, undo, web};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::Application;
use crate::testbed::{Fleet, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        nothing_of_the_sync_before_gets_into_the_next,
        a_patch_by_hand_needs_no_commit,
        a_tag_that_was_pushed_again_is_in_no_commit,
    ]
}

/// The whole of a commit, as `argocd app sync` does it.
#[track_caller]
fn sync(app: &Application<'_>, commit: &str) {
    app.refresh_to(commit);
    app.sync(commit);
    app.wait_synced(commit);
}

/// Pushes a release of the Deployment, and of settings that come after it.
fn release(fleet: &Fleet, tag: &str) -> String {
    let settings = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  annotations:\n    \
         argocd.argoproj.io/sync-wave: \"1\"\ndata:\n  of: \"{tag}\"\n"
    );
    fleet.write(&format!("{WEB}/settings.yaml"), &settings);
    fleet.release(WEB, &image(tag))
}

/// Somebody has synced one object alone. What the status says of that operation Argo CD merges into the
/// next one, and where that takes more than one pass it is done with it.
fn nothing_of_the_sync_before_gets_into_the_next(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("hand-leaks"), Fleet::new());
    fleet.app(WEB, "web", &image("0.9"));
    let good = release(&fleet, "1.0");
    let app = argocd.application(&namespace, &fleet.url(), WEB, &json!({}));
    sync(&app, &good);
    namespace.rollout_done("web");
    let bad = release(&fleet, "2.0");
    sync(&app, &bad);
    namespace.rollout_done("web");
    let alone = json!([{"kind": "ConfigMap", "name": "settings"}]);
    app.patch(&json!({"operation": {"sync": {"revision": bad, "resources": alone, "prune": true,
        "syncOptions": ["Validate=false"]}}}));
    app.wait_until("one object is synced alone", |app| {
        let state = &app["status"]["operationState"];
        state["phase"] == "Succeeded" && state["operation"]["sync"]["resources"] == alone
    });
    app.wait_synced(&bad);
    let of = || namespace.get("configmap", "settings")["data"]["of"].clone();
    assert_eq!(of(), "2.0");

    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    let (revert, app) = (fleet.server_head(), app.get());
    let state = &app["status"]["operationState"];
    let asked = &state["operation"]["sync"];
    assert_eq!(asked["revision"], *revert, "{ran}");
    for left in ["resources", "prune", "syncOptions"] {
        assert_eq!(asked[left], Value::Null, "{left}: {state}");
    }
    assert_eq!(state["syncResult"]["revision"], *revert, "{state}");
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
    assert_eq!(of(), "1.0", "{ran}");
}

/// Git has the good release all the time: it is synced once more, and nothing is pushed.
fn a_patch_by_hand_needs_no_commit(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("hand-drift"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &json!({}));
    sync(&app, &commit);
    namespace.rollout_done("web");
    namespace.set_image("web", &image("2.0-crash"));
    app.wait_until("it sees the patch", |app| app["status"]["sync"]["status"] == "OutOfSync");
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    let ran = ran.tells("push nothing, Git holds it");
    assert_eq!(fleet.server_head(), commit, "{ran}");
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
    assert_eq!(app.wait_synced(&commit)["status"]["sync"]["status"], "Synced");
}

/// Somebody has restarted it, so that it takes the newest image of that tag.
fn a_tag_that_was_pushed_again_is_in_no_commit(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("hand-tag"), Fleet::new());
    fleet.app(WEB, "web", &image("latest"));
    let commit = fleet.push("Add web");
    let app = argocd.application(&namespace, &fleet.url(), WEB, &json!({}));
    sync(&app, &commit);
    namespace.rollout_done("web");
    // Its history has a state before.
    fleet.write("README.md", "what runs here\n");
    let next = fleet.push("Say what runs here");
    sync(&app, &next);
    namespace.kubectl_ok(&["rollout", "restart", "deployment/web"]);
    namespace.rollout_done("web");
    let before = namespace.get("deployment", "web")["spec"]["template"].clone();
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(4);
    ran.says("is the live release before a restart");
    let ran = undo(&namespace, "deploy/web --to-revision=1 --yes").run().ends_with(3);
    let ran = ran.says("its tag is pushed again and again");
    assert_eq!(fleet.server_head(), next, "{ran}");
    assert_eq!(namespace.get("deployment", "web")["spec"]["template"], before, "{ran}");
}
