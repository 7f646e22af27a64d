//! What others do to the workload while rb waits.

use serde_json::json;

use crate::rb::Rb;
use crate::scene::{image, is_observed, record, releases_with};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_workload_that_is_deleted_does_not_converge,
        who_puts_the_bad_release_back_is_named,
        who_deploys_a_third_release_is_named,
        a_pause_is_named,
    ]
}

fn a_workload_that_is_deleted_does_not_converge(bed: &TestBed) {
    let namespace = bed.namespace("wait-deleted");
    let delete = ["delete", "deployment/web", "--wait=false"];
    let ran = undo_while(&namespace, |namespace| drop(namespace.kubectl_ok(&delete)));
    ran.ends_with(5).says("gone: deployment/web was deleted while rb waited");
}

fn who_puts_the_bad_release_back_is_named(bed: &TestBed) {
    let namespace = bed.namespace("wait-back");
    let ran = undo_while(&namespace, |namespace| deploy(namespace, "2.0"));
    ran.ends_with(6).says(
        "undone: the template that was left is live again on deployment/web, put back by kubectl-set",
    );
    assert_eq!(record(&namespace)["verdicts"], json!([]));
}

fn who_deploys_a_third_release_is_named(bed: &TestBed) {
    let namespace = bed.namespace("wait-third");
    let ran = undo_while(&namespace, |namespace| deploy(namespace, "3.0"));
    ran.ends_with(7).says(
        "superseded: another template went live on deployment/web by kubectl-set while rb waited",
    );
    assert_eq!(record(&namespace)["verdicts"], json!([]));
}

fn a_pause_is_named(bed: &TestBed) {
    let namespace = bed.namespace("wait-pause");
    let pause = ["rollout", "pause", "deployment/web"];
    let ran = undo_while(&namespace, |namespace| drop(namespace.kubectl_ok(&pause)));
    ran.ends_with(5)
        .says("not converged: deployment/web was paused while rb waited")
        .says("to resume it: kubectl rollout resume deployment/web");
}

/// Does something while an undo waits that cannot end by itself.
fn undo_while(namespace: &Namespace, disturb: impl FnOnce(&Namespace)) -> crate::rb::Ran {
    let extra = json!({"spec": {"minReadySeconds": 500}});
    releases_with(namespace, 1, &["1.0-hang", "2.0-hang"], &extra);
    let undo = Rb::new(namespace.kubeconfig()).words("undo deploy/web --yes").spawn();
    namespace.wait_until("the controller rolls back", |namespace| {
        let web = namespace.get("deployment", "web");
        let live = &web["spec"]["template"]["spec"]["containers"][0]["image"];
        *live == image("1.0-hang") && is_observed(&web)
    });
    disturb(namespace);
    undo.wait()
}

fn deploy(namespace: &Namespace, release: &str) {
    namespace.set_image("web", &image(&format!("{release}-hang")));
}
