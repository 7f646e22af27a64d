//! Applications that say that all is well while it is not.

use super::{WEB, image, live, undo};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::automated;
use crate::testbed::{Fleet, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![healthy_without_its_pods_is_not_believed]
}

/// The good release does not come up any more, and the Application does not look at its health.
fn healthy_without_its_pods_is_not_believed(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("unwell-pods"), Fleet::new());
    fleet.app(WEB, "web", &image("1.0-crash"));
    let path = format!("{WEB}/deployment.yaml");
    let ignored =
        "metadata:\n  annotations:\n    argocd.argoproj.io/ignore-healthcheck: \"true\"\n";
    fleet.write(&path, &fleet.read(&path).replacen("metadata:\n", ignored, 1));
    let commit = fleet.push("Add web");
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    let bad = fleet.release(WEB, &image("2.0"));
    app.refresh_to(&bad);
    app.wait_synced(&bad);
    namespace.rollout_done("web");
    let ran = undo(&namespace, "deploy/web --to-revision=1 --yes").run();
    let object = app.wait_synced(&fleet.server_head());
    assert_eq!(live(&namespace), image("1.0-crash"), "{ran}");
    assert_eq!(object["status"]["health"]["status"], "Healthy", "{object}");
    let ran = ran.ends_with(6);
    assert!(!ran.stdout.contains("rolled back: "), "{ran}");
}
