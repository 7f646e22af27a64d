//! What a StatefulSet says of how its pods are managed, and what others say of the StatefulSet.

use std::time::Duration;

use serde_json::{Value, json};

use crate::scene::sets::{Set, deletions, writes_template};
use crate::suite::{Test, on_bed};
use crate::testbed::{Proxy, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        in_parallel_nothing_is_stuck,
        a_healthy_one_is_written_after_three_round_trips,
        ready_is_not_done,
        without_replicas_nothing_is_proven,
        numbers_may_start_elsewhere,
        what_helm_owns_is_refused,
    ]
}

const DELAY: Duration = Duration::from_millis(150);

fn to_the_write(proxy: &Proxy) -> usize {
    proxy.round_trips(|record| writes_template(&record.request))
}

/// The second round trip looks at the pods, the third at everything else.
fn in_parallel_nothing_is_stuck(bed: &TestBed) {
    let proxy = bed.proxy();
    let extra = json!({"spec": {"podManagementPolicy": "Parallel"}});
    let set = Set::stateful(bed, "sts-parallel", 3, &["1.0", "2.0-crash"], &extra);
    proxy.set_delay(DELAY);
    set.through(&proxy, "undo WEB --yes").run().ends_with(0);
    assert!(deletions(&proxy).is_empty());
    assert_eq!(to_the_write(&proxy), 4);
    set.assert_all_run("1.0", 3);
}

fn a_healthy_one_is_written_after_three_round_trips(bed: &TestBed) {
    let proxy = bed.proxy();
    let set = Set::stateful(bed, "sts-budget", 1, &["1.0", "2.0"], &Value::Null);
    proxy.set_delay(DELAY);
    set.through(&proxy, "undo WEB --yes").run().ends_with(0);
    assert_eq!(to_the_write(&proxy), 3);
    set.assert_all_run("1.0", 1);
}

fn ready_is_not_done(bed: &TestBed) {
    let extra = json!({"spec": {"minReadySeconds": 500}});
    let set = Set::stateful(bed, "sts-minready", 1, &["1.0-hang"], &extra);
    set.namespace.kubectl_ok(&["set", "image", "statefulset/web", "app=shop/web:2.0"]);
    set.namespace.kubectl_ok(&["delete", "pod", "web-0", "--wait=false"]);
    set.namespace.wait_until("the pod is ready", |_| set.object()["status"]["readyReplicas"] == 1);
    set.rb("status WEB --watch=false").ends_with(7).says("Waiting for 1 pods to be available...");
}

fn without_replicas_nothing_is_proven(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-zero", 0, &["1.0", "2.0"], &Value::Null);
    set.rb("undo WEB --yes")
        .ends_with(0)
        .says("replicas is 0: no pod will run, so nothing will be proven")
        .says("nothing ran and nothing is proven");
    set.assert_live("1.0");
    assert_eq!(set.record()["verdicts"], json!([]));
}

fn numbers_may_start_elsewhere(bed: &TestBed) {
    let extra = json!({"spec": {"ordinals": {"start": 5}, "serviceName": "nowhere"}});
    let set = Set::stateful(bed, "sts-ordinals", 2, &["1.0", "2.0-crash"], &extra);
    set.rb("undo WEB --yes").ends_with(0).says("delete stuck pod web-6");
    set.assert_all_run("1.0", 2);
}

fn what_helm_owns_is_refused(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-helm", 0, &["1.0", "2.0"], &Value::Null);
    let mark = "meta.helm.sh/release-name=shop";
    set.namespace.kubectl_ok(&["annotate", "statefulset/web", mark]);
    set.rb("undo WEB --yes")
        .ends_with(3)
        .says("Helm release shop")
        .says("rb undo statefulset/web --direct --to-revision=");
    set.assert_live("2.0");
}
