//! A hold while the owner is in the middle of something.

use kubectl_rb::reconciler::hold::State;
use kubectl_rb::rollback::model::hold::How;

use super::of_kustomize;
use crate::holds::{WEB, hold, image, release, web};
use crate::scene::live;
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    on_bed![a_run_that_has_begun_goes_on]
}

/// It is told what it does still: here nothing that would undo a patch.
fn a_run_that_has_begun_goes_on(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("hold-running"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    let owner = of_kustomize(&namespace);
    fleet.release(WEB, &image("1.1-hang"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    let checks = || {
        let web = namespace.get("kustomization", "web");
        let conditions = web["status"]["conditions"].as_array().cloned().unwrap_or_default();
        conditions.iter().any(|condition| {
            let message = condition["message"].as_str().unwrap_or_default();
            condition["type"] == "Reconciling" && message.starts_with("Running health checks")
        })
    };
    namespace.wait_until("the release is checked", |_| {
        checks() && live(&namespace) == image("1.1-hang")
    });
    let held = hold(&namespace, &owner, "op-1").expect("it is held");
    assert_eq!(held.state, State::Held(How::Suspend));
    let [note] = held.notes.as_slice() else { panic!("{held:?}") };
    assert!(note.contains("waits for health still and writes nothing more"), "{note}");
    assert!(checks(), "the run goes on");
    // What is patched meanwhile stays, and ends the check.
    namespace.set_image("web", &image("1.0"));
    namespace.wait_until("the check has ended", |_| !checks());
    assert_eq!(live(&namespace), image("1.0"));
    release(&namespace, &owner, "op-1").expect("it is released");
}
