//! An Application that is kept at a commit, which stands in the repository of its parent.

use serde_json::json;

use super::whole::named;
use super::{WEB, image, live, undo, web};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::{Application, automated};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![an_application_goes_back_where_it_is_declared, a_workload_goes_back_only_with_all_of_it]
}

/// The parent, the child, the commit of the good release and that of the move to the bad one.
fn moved<'a>(
    bed: &'a TestBed,
    namespace: &'a Namespace,
    fleet: &Fleet,
) -> (Application<'a>, Application<'a>, String) {
    let (argocd, good) = (bed.argocd(), fleet.head());
    let name = format!("{}-web", namespace.name());
    let declare = |commit: &str, message: &str| {
        let mut extra = automated();
        extra["spec"]["source"] = json!({"targetRevision": commit});
        let child = argocd.manifest(&name, namespace, &fleet.url(), WEB, &extra);
        fleet.write("root/web.yaml", &child.to_string());
        fleet.push(message)
    };
    let first = declare(&good, "Declare web");
    let root = argocd.application(namespace, &fleet.url(), "root", &automated());
    root.wait_synced(&first);
    let child = argocd.application_of_others(namespace, &name);
    child.wait_synced(&good);
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    let moved = declare(&bad, "Move web to 2.0");
    root.refresh_to(&moved);
    root.wait_synced(&moved);
    child.wait_synced(&bad);
    (root, child, good)
}

/// It is back, and the commit of the bad release is left as it is.
#[track_caller]
fn is_moved_back(namespace: &Namespace, fleet: &Fleet, good: &str) {
    assert_eq!(live(namespace), image("1.0"));
    fleet.pull();
    assert!(fleet.read("root/web.yaml").contains(good));
    assert!(fleet.read("apps/web/deployment.yaml").contains("2.0-crash"));
}

fn an_application_goes_back_where_it_is_declared(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("pinned-app"), web());
    let (_root, child, good) = moved(bed, &namespace, &fleet);
    let words = format!("{} --yes", named(&child, bed.argocd()));
    undo(&namespace, &words).run().ends_with(0).says("Move web to 2.0");
    is_moved_back(&namespace, &fleet, &good);
}

fn a_workload_goes_back_only_with_all_of_it(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("pinned-web"), web());
    let (_root, child, good) = moved(bed, &namespace, &fleet);
    let before = fleet.server_head();
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(3).says("which is no branch");
    assert_eq!(fleet.server_head(), before);
    let name = named(&child, bed.argocd()).replace("app/", "application/");
    let command =
        format!("to move it back where it is declared, with all that it has: rb undo {name}");
    ran.says(&command);
    undo(&namespace, &format!("{name} --yes")).run().ends_with(0);
    is_moved_back(&namespace, &fleet, &good);
}
