//! A branch that takes no pushes: the revert waits in a change request until somebody merges it.

use serde_json::Value;

use super::{bad_release, deployed, image, live, newest_message, undo, web};
use crate::suite::{Test, on_bed};
use crate::testbed::{Fleet, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![a_request_is_waited_for_and_then_brought, a_hold_stays_until_the_merge]
}

/// Merges the branch that rb has pushed, as the button of a host does.
pub(super) fn merge(fleet: &Fleet) {
    let line = fleet.git(&["ls-remote", "origin", "refs/heads/rb/*"]);
    let branch = line.split_whitespace().nth(1).expect("a branch of rb").to_owned();
    fleet.git(&["fetch", "-q", "origin", &branch]);
    fleet.git(&["merge", "-q", "--no-ff", "-m", "Merge the revert", "FETCH_HEAD"]);
    fleet.git(&["push", "-q", "origin", "main"]);
}

fn a_request_is_waited_for_and_then_brought(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("durable-request"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    let ran = undo(&namespace, "deploy/web --yes --way request").run().ends_with(12);
    assert!(ran.stdout.contains("goes back once this is merged"), "{ran}");
    assert_eq!(fleet.server_head(), bad);
    assert_eq!(live(&namespace), image("2.0-crash"));
    // Calling again and again opens no second one, and is no going round in circles.
    for _ in 0..3 {
        undo(&namespace, "deploy/web --yes --way request").run().ends_with(12);
    }
    let branches = fleet.git(&["ls-remote", "origin", "refs/heads/rb/*"]);
    assert_eq!(branches.lines().count(), 1, "{branches}");
    merge(&fleet);
    let head = fleet.server_head();
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(fleet.server_head(), head);
    assert_eq!(live(&namespace), image("1.0"));
}

fn a_hold_stays_until_the_merge(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("now-request"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    let spec = app.get()["spec"].clone();
    let hold = || app.get()["metadata"]["annotations"]["kubectl-rb/hold"].clone();
    undo(&namespace, "deploy/web --now --yes --way request").run().ends_with(11);
    assert_eq!(live(&namespace), image("1.0"));
    assert_eq!(fleet.server_head(), bad);
    let noted = hold();
    assert!(noted.as_str().is_some_and(|hold| hold.contains("\"request\"")), "{noted}");
    // Before the merge nothing can be finished.
    undo(&namespace, "deploy/web --resume --yes --way request").run().ends_with(11);
    assert_eq!(live(&namespace), image("1.0"));
    merge(&fleet);
    undo(&namespace, "deploy/web --resume --yes").run().ends_with(0);
    assert_eq!(newest_message(&fleet).trim(), "Merge the revert");
    assert_eq!(hold(), Value::Null);
    assert_eq!(app.get()["spec"], spec);
    assert_eq!(live(&namespace), image("1.0"));
}
