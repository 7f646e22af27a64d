//! Users with some of the rights: the undo is done all the same, and what is missing is said.

use serde_json::json;

use crate::given::allow;
use crate::rb::{Ran, Rb};
use crate::scene::{assert_live, record, releases, replica_set, rollback_events};
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

const DEPLOYMENTS: &str = "get,list,watch,patch deployments.apps";
const REPLICA_SETS: &str = "get,list,watch,patch replicasets.apps";
const PODS: &str = "get,list,watch pods";
const EVENTS: &str = "get,list,watch,create events";

fn without_the_right_to_watch_it_asks_again_and_again(bed: &TestBed) {
    let namespace = bed.namespace("no-watch");
    let rules = [
        "get,patch deployments.apps",
        "list,patch replicasets.apps",
        "list pods",
        "list,create events",
    ];
    undo_with(&namespace, &rules)
        .ends_with(0)
        .says("no right to watch it: asking every 2 s instead");
    assert_eq!(record(&namespace)["verdicts"][0]["verdict"], "verified");
}

fn without_the_right_to_see_pods_it_says_so(bed: &TestBed) {
    let namespace = bed.namespace("no-pods");
    releases(&namespace, 1, &["1.0-slow", "2.0"]);
    allow(&namespace, "alice", &[DEPLOYMENTS, REPLICA_SETS, EVENTS]);
    // What pods do is not known, so nothing is proven.
    undo_by(&namespace, "alice")
        .ends_with(7)
        .says("warning: pods cannot be read, so failing ones are not named: not allowed to list")
        .says("unverified: deployment/web runs the template of revision 1");
    assert_live(&namespace, "1.0-slow");
    assert_eq!(record(&namespace)["verdicts"], json!([]));
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
    let rules = [DEPLOYMENTS, PODS, "list replicasets.apps", "list events"];
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
fn undo_with(namespace: &Namespace, rules: &[&str]) -> Ran {
    releases(namespace, 1, &["1.0", "2.0"]);
    allow(namespace, "alice", rules);
    let ran = undo_by(namespace, "alice");
    assert_live(namespace, "1.0");
    ran
}

fn undo_by(namespace: &Namespace, user: &str) -> Ran {
    Rb::new(&namespace.user(user)).words("undo deploy/web --yes").run()
}
