//! Undo in the states and strategies a Deployment can have.

use std::collections::BTreeSet;

use serde_json::json;

use crate::rb::rb;
use crate::scene::{assert_live, hash, hint, paste, record, releases, releases_with, text};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        what_is_paused_is_refused_until_it_is_resumed,
        without_replicas_nothing_is_proven,
        recreate_is_waited_for,
        a_rollout_in_progress_is_turned_round,
    ]
}

fn what_is_paused_is_refused_until_it_is_resumed(bed: &TestBed) {
    let namespace = bed.namespace("paused");
    releases(&namespace, 1, &["1.0", "2.0"]);
    namespace.kubectl_ok(&["rollout", "pause", "deployment/web"]);
    let refused = rb(&namespace, "undo deploy/web --yes").ends_with(3).says("is paused");
    assert_live(&namespace, "2.0");
    paste(bed, &namespace, &hint(&refused, "to resume it first: "));
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    assert_live(&namespace, "1.0");
}

fn without_replicas_nothing_is_proven(bed: &TestBed) {
    let namespace = bed.namespace("none");
    releases(&namespace, 0, &["1.0", "2.0"]);
    rb(&namespace, "undo deploy/web --yes")
        .ends_with(0)
        .says("warning  replicas is 0: no pod will run, so nothing will be proven")
        .says("no pod is wanted, so nothing ran and nothing is proven");
    assert_live(&namespace, "1.0");
    assert_eq!(record(&namespace)["verdicts"], json!([]));
}

fn recreate_is_waited_for(bed: &TestBed) {
    let namespace = bed.namespace("recreate");
    let extra = json!({"spec": {"strategy": {"type": "Recreate"}}});
    releases_with(&namespace, 2, &["1.0", "2.0-crash"], &extra);
    rb(&namespace, "undo deploy/web --yes")
        .ends_with(0)
        .says("2 of 2 pods updated and 2 available, 2 in all");
    assert_live(&namespace, "1.0");
}

fn a_rollout_in_progress_is_turned_round(bed: &TestBed) {
    let namespace = bed.namespace("midway");
    releases(&namespace, 3, &["1.0", "2.0-hang"]);
    let good = hash(&namespace, "1.0");
    let uids = || {
        let pods = namespace.list("pod", &format!("pod-template-hash={good}"));
        pods.iter().map(|pod| text(pod, "/metadata/uid").to_owned()).collect::<BTreeSet<_>>()
    };
    let before = uids();
    assert_eq!(before.len(), 3, "the rollout has gone too far");
    rb(&namespace, "undo deploy/web --yes").ends_with(0).says("3 pods of it available now");
    // Those that ran all the time go on: nothing was restarted.
    assert_eq!(uids(), before);
    namespace.rollout_done("web");
}
