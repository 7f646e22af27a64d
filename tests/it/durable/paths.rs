//! Applications that look only at commits to some paths (`manifest-generate-paths`), of the real Argo CD.

use serde_json::json;

use super::{image, live, newest_message, undo};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::{Application, automated};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_base_outside_of_paths_that_are_too_narrow_goes_back,
        synced_with_what_was_cached_is_not_believed,
    ]
}

const PATHS: &str = "argocd.argoproj.io/manifest-generate-paths";
const OVERLAY: &str = "clusters/one";

/// As `argocd app get --hard-refresh` does it: without what is cached.
#[track_caller]
fn refresh_hard(app: &Application<'_>) {
    app.patch(&json!({"metadata": {"annotations": {"argocd.argoproj.io/refresh": "hard"}}}));
}

/// An overlay whose base is outside of the paths, and the commit to the base that is live now. What is
/// cached of the commit before counts for it: the Application is Synced at it with what it had.
#[track_caller]
fn narrow<'a>(bed: &'a TestBed, namespace: &'a Namespace) -> (Fleet, Application<'a>, String) {
    let fleet = Fleet::new();
    fleet.app("base", "web", &image("1.0"));
    fleet.write("base/kustomization.yaml", "resources: [deployment.yaml]\n");
    fleet.write(&format!("{OVERLAY}/kustomization.yaml"), "resources: [../../base]\n");
    let commit = fleet.push("Add web");
    let mut extra = automated();
    extra["metadata"] = json!({"annotations": {PATHS: "."}});
    let app = bed.argocd().application(namespace, &fleet.url(), OVERLAY, &extra);
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let bad = fleet.release("base", &image("2.0-crash"));
    app.refresh_to(&bad);
    app.wait_synced(&bad);
    assert_eq!(live(namespace), image("1.0"));
    refresh_hard(&app);
    namespace.wait_until("the bad release is live", |_| live(namespace) == image("2.0-crash"));
    app.wait_synced(&bad);
    (fleet, app, bad)
}

fn a_base_outside_of_paths_that_are_too_narrow_goes_back(bed: &TestBed) {
    let namespace = bed.namespace("paths-narrow");
    let (fleet, app, bad) = narrow(bed, &namespace);
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
    let message = newest_message(&fleet);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}\n{ran}");
    app.wait_synced(&fleet.server_head());
    assert_eq!(live(&namespace), image("1.0"));
}

/// Somebody has reverted it, and the Application says that it has that.
fn synced_with_what_was_cached_is_not_believed(bed: &TestBed) {
    let namespace = bed.namespace("paths-cached");
    let (fleet, app, bad) = narrow(bed, &namespace);
    let revert = fleet.revert(&bad);
    app.refresh_to(&revert);
    app.wait_synced(&revert);
    assert_eq!(live(&namespace), image("2.0-crash"));
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    let ran = ran.tells("push nothing, Git holds it");
    assert_eq!(fleet.server_head(), revert, "{ran}");
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
    app.wait_synced(&revert);
}
