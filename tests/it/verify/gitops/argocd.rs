//! Applications of the real Argo CD.

use serde_json::{Value, json};

use super::super::{Verified, verify, verify_as, verify_now};
use super::{CHECKS, WEB, all_good, image, message, web};
use crate::given::allow;
use crate::rb::Rb;
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;
use crate::testbed::argocd::automated;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        an_application_that_is_done_is_good,
        a_live_patch_is_drift_and_names_its_writer,
        what_is_left_alone_is_told,
        a_sync_that_is_tried_again_is_not_converged,
        without_the_right_to_read_it_nothing_is_known,
    ]
}

/// Syncs a commit by itself, and leaves live patches.
fn syncing() -> Value {
    let mut extra = automated();
    extra["spec"]["syncPolicy"]["automated"]["selfHeal"] = json!(false);
    extra
}

fn an_application_that_is_done_is_good(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("gitops-fine"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    app.refresh();
    let proxy = bed.proxy();
    let call = Rb::new(&proxy.kubeconfig(&namespace)).words("verify deploy/web --no-stamp -o json");
    let verified = Verified::of(call.run());
    all_good(&verified);
    // The Application where it may be, its project, and who may write to its source: once to begin with,
    // and once a round.
    let rounds = verified.document["rounds"].as_u64().expect("a number");
    let requests = proxy.requests();
    let asked = requests.iter().filter(|r| r.request.path.contains("argoproj.io")).count();
    let asked = u64::try_from(asked).expect("a few");
    assert!(asked <= 5 * (rounds + 1), "{asked} requests in {rounds} rounds");
    let converged = message(verified.check("gitops.converged"));
    let name = format!("Argo CD application {}", app.name());
    assert!(converged.starts_with(&format!("{name} has applied {}", &commit[..7])), "{converged}");
    let agrees = message(verified.check("gitops.agrees"));
    assert!(
        agrees.contains("its own comparison") && agrees.contains("Git was not read"),
        "{agrees}"
    );
}

fn a_live_patch_is_drift_and_names_its_writer(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("gitops-drift"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &syncing());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    namespace.set_image("web", &image("0.9"));
    namespace.rollout_done("web");
    app.wait_until("the patch is seen", |app| app["status"]["sync"]["status"] == "OutOfSync");
    let verified = verify_now(&namespace, "").is("failed", 6);
    let check = verified.finds("gitops.agrees", "fail", "LivePatch");
    let writer = "; kubectl-set wrote spec.containers[app].image ";
    assert!(message(check).contains(writer), "{check}");
    verified.finds("gitops.converged", "fail", "NotApplied");
    verified.finds("gitops.automation", "pass", "");

    // Where nothing happens by itself, that is a state to know of, and no failure.
    app.patch(&json!({"spec": {"syncPolicy": null}}));
    let verified = verify_now(&namespace, "").is("verified-with-warnings", 0);
    verified.finds("gitops.agrees", "warn", "LivePatch");
    let check = verified.finds("gitops.automation", "warn", "Paused");
    assert!(message(check).contains("it syncs only by hand"), "{check}");
}

fn what_is_left_alone_is_told(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("gitops-ignored"));
    let (fleet, commit) = web();
    let mut extra = syncing();
    let place = "/spec/template/spec/containers/0/image";
    extra["spec"]["ignoreDifferences"] =
        json!([{"group": "apps", "kind": "Deployment", "jsonPointers": [place, "/spec/replicas"]}]);
    extra["metadata"] = json!({"annotations": {"kubectl-rb/hold": "{}"}});
    let app = argocd.application(&namespace, &fleet.url(), WEB, &extra);
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    app.refresh();
    let verified = verify(&namespace, "").is("verified-with-warnings", 0);
    verified.finds("gitops.converged", "pass", "");
    let check = verified.finds("gitops.agrees", "warn", "Ignored");
    assert!(message(check).contains(&format!("leaves {place} alone")), "{check}");
    let held = verified.finds("gitops.automation", "warn", "Held");
    assert!(message(held).contains("is held by rb (annotation kubectl-rb/hold)"), "{held}");
}

fn a_sync_that_is_tried_again_is_not_converged(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("gitops-running"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let path = format!("{WEB}/deployment.yaml");
    // A selector is immutable.
    fleet.write(&path, &fleet.read(&path).replace("app: web", "app: other"));
    let bad = fleet.push("Rename the label");
    app.refresh_to(&bad);
    app.wait_until("the sync has failed once", |app| {
        let state = &app["status"]["operationState"];
        state["phase"] == "Running" && state["finishedAt"].is_string()
    });
    let verified = verify_now(&namespace, "").is("failed", 6);
    let check = verified.finds("gitops.converged", "fail", "Running");
    assert!(message(check).contains("is at work (sync, "), "{check}");
}

fn without_the_right_to_read_it_nothing_is_known(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("gitops-rights"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let rules =
        ["get,watch,patch deployments.apps", "list replicasets.apps", "list,watch,get pods"];
    allow(&namespace, "grace", &rules);
    let verified = verify_as(&namespace, "grace").is("unverified", 7);
    for id in CHECKS {
        let check = verified.finds(id, "unknown", "Unreadable");
        assert!(message(check).contains("not allowed to list applications.argoproj.io"), "{check}");
    }
}
