//! Users with some of the rights: the undo is done all the same, and what is missing is said.

use crate::rb::{Ran, Rb};
use crate::scene::{allow, assert_live, record, releases, replica_set, rollback_events};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        without_the_right_to_watch_it_asks_again_and_again,
        without_the_right_to_see_pods_it_says_so,
        without_the_right_to_see_events_the_gap_is_named,
        without_the_right_to_leave_traces_it_warns,
    ]
}

const DEPLOYMENTS: (&str, &str) = ("get,list,watch,patch", "deployments.apps");
const REPLICA_SETS: (&str, &str) = ("get,list,watch,patch", "replicasets.apps");
const PODS: (&str, &str) = ("get,list,watch", "pods");
const EVENTS: (&str, &str) = ("get,list,watch,create", "events");

fn without_the_right_to_watch_it_asks_again_and_again(bed: &TestBed) {
    let namespace = bed.namespace("no-watch");
    let rules = [
        ("get,patch", "deployments.apps"),
        ("list,patch", "replicasets.apps"),
        ("list", "pods"),
        ("list,create", "events"),
    ];
    undo_with(&namespace, &rules)
        .ends_with(0)
        .says("no right to watch it: asking every 2 s instead");
    assert_eq!(record(&namespace)["verdicts"][0]["verdict"], "verified");
}

fn without_the_right_to_see_pods_it_says_so(bed: &TestBed) {
    let namespace = bed.namespace("no-pods");
    undo_with(&namespace, &[DEPLOYMENTS, REPLICA_SETS, EVENTS]).ends_with(0);
    assert_eq!(record(&namespace)["verdicts"][0]["verdict"], "verified");
}

fn without_the_right_to_see_events_the_gap_is_named(bed: &TestBed) {
    let namespace = bed.namespace("no-events");
    undo_with(&namespace, &[DEPLOYMENTS, REPLICA_SETS, PODS])
        .ends_with(0)
        .says("warning  no right to list events: they are missing as evidence")
        .says("warning: could not write an Event on deployment/web: not allowed to create events");
}

fn without_the_right_to_leave_traces_it_warns(bed: &TestBed) {
    let namespace = bed.namespace("no-traces");
    let look = "get,list,watch";
    let rules = [DEPLOYMENTS, PODS, (look, "replicasets.apps"), (look, "events")];
    let ran = undo_with(&namespace, &rules).ends_with(0);
    let left = replica_set(&namespace, "2.0");
    let name = left["metadata"]["name"].as_str().expect("a name");
    ran.says(&format!("warning: could not annotate {name} as rolled back: not allowed to patch"))
        .says("warning: could not write an Event on deployment/web: not allowed to create events");
    assert!(rollback_events(&namespace).is_empty());
    // The record that decides is on the Deployment.
    assert_eq!(record(&namespace)["verdicts"][0]["verdict"], "verified");
}

/// An undo by a user who has these rights.
fn undo_with(namespace: &Namespace, rules: &[(&str, &str)]) -> Ran {
    releases(namespace, 1, &["1.0", "2.0"]);
    allow(namespace, "alice", rules);
    let ran = Rb::new(&namespace.user("alice")).words("undo deploy/web --yes").run();
    assert_live(namespace, "1.0");
    ran
}
