//! Sync windows that are closed while a release is to go back.

use serde_json::json;

use super::{WEB, bad_release, image, live, undo, web};
use crate::scene::projects::{automated_in, delete_project, with_windows};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    on_bed![a_sync_that_a_window_blocks_is_ended]
}

/// It would be done when the window lets it, and is in the way of the revert until then. In the window
/// not even its end is worked on, so nobody waits for that before the push.
fn a_sync_that_a_window_blocks_is_ended(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("window-blocks"));
    let (fleet, commit) = web();
    let project = namespace.name();
    argocd.apply(&with_windows(project, &json!([])));
    let extra = automated_in(project);
    let app = argocd.application(&namespace, &fleet.url(), WEB, &extra);
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let bad = bad_release(&app, &fleet);
    let windows = json!([{"kind": "deny", "schedule": "* * * * *", "duration": "1h",
        "applications": [app.name()]}]);
    argocd.apply(&with_windows(project, &windows));
    app.wait_until("the window blocks a sync that somebody asks for", |app_now| {
        let state = &app_now["status"]["operationState"];
        let message = state["message"].as_str().unwrap_or_default();
        // One that is done has begun before the window was seen.
        if app_now["operation"].is_null() {
            app.sync(&bad);
        }
        state["phase"] == "Running" && message.starts_with("Sync operation blocked by sync window")
    });
    let mut running = undo(&namespace, "deploy/web --yes").spawn();
    namespace.wait_until("the revert is pushed", |_| {
        assert!(!running.has_ended());
        fleet.server_head() != bad
    });
    let state = app.get()["status"]["operationState"].clone();
    assert_eq!(state["phase"], "Terminating", "{state}");
    assert_eq!(live(&namespace), image("2.0-crash"));
    argocd.apply(&with_windows(project, &json!([])));
    let ran = running.wait().ends_with(0).tells("but not while its sync windows forbid it");
    let terminated = format!("done: terminate the sync to {}", &bad[..7]);
    assert!(ran.stderr.contains(&terminated), "{ran}");
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
    let revert = fleet.server_head();
    let app_now = app.get();
    assert_eq!(app_now["status"]["operationState"]["syncResult"]["revision"], *revert, "{ran}");
    drop(app);
    delete_project(argocd, &namespace, project);
}
