//! `rb status` of a StatefulSet.

use serde_json::{Value, json};

use crate::scene::sets::{Set, is_observed};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;
use crate::waiting::says_what_kubectl_says;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_rollout_that_is_done_is_compared_by_revision,
        a_rollout_that_goes_on_is_told_as_kubectl_tells_it,
        a_partition_is_told_as_kubectl_tells_it,
        a_crash_is_told_with_its_cause,
        what_is_stuck_behind_another_revision_is_told,
    ]
}

/// kubectl calls every StatefulSet partitioned, and does not compare.
fn a_rollout_that_is_done_is_compared_by_revision(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-done", 2, &["1.0"], &Value::Null);
    let said = format!(
        "statefulset rolling update complete 2 pods at revision web-{}...",
        set.hash("1.0")
    );
    set.rb("status WEB").ends_with(0).says(&said);
    let document = set.rb("status WEB --watch=false -o json").ends_with(0).json();
    assert_eq!([&document["result"], &document["exitCode"]], [&json!("complete"), &json!(0)]);
}

fn a_rollout_that_goes_on_is_told_as_kubectl_tells_it(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-on", 3, &["1.0", "2.0-hang"], &Value::Null);
    set.namespace.wait_until("one is missing", |_| set.object()["status"]["readyReplicas"] == 2);
    let ran = set.rb("status WEB --watch=false").ends_with(7);
    says_what_kubectl_says(&set.namespace, "statefulset/web", &ran, &["--watch=false"]);
    let ran = set.rb("status WEB --timeout=1s").ends_with(5);
    ran.says("it was not done in time").says("pod web-2, container app: NotReady");
}

fn a_partition_is_told_as_kubectl_tells_it(bed: &TestBed) {
    let extra = json!({"spec": {"updateStrategy": {"type": "RollingUpdate",
        "rollingUpdate": {"partition": 1}}}});
    let set = Set::stateful(bed, "sts-part", 2, &["1.0", "2.0"], &extra);
    let ran = set.rb("status WEB").ends_with(0);
    says_what_kubectl_says(&set.namespace, "statefulset/web", &ran, &[]);
}

fn a_crash_is_told_with_its_cause(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-cause", 2, &["1.0", "2.0-crash"], &Value::Null);
    set.rb("status WEB")
        .ends_with(6)
        .says("cause    pod web-1, container app: CrashLoopBackOff, exit code 1 (Error)")
        .says("FATAL: cannot open /etc/shop/settings.json");
}

fn what_is_stuck_behind_another_revision_is_told(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-behind", 2, &["1.0", "2.0-crash"], &Value::Null);
    set.namespace.kubectl_ok(&["rollout", "undo", "statefulset/web"]);
    set.namespace.wait_until("the template is seen", |_| is_observed(&set.object()));
    set.rb("status WEB --timeout=1s")
        .ends_with(5)
        .says("pod web-1 of another revision, not ready, is waited for")
        .says("cause    pod web-1: InTheWay")
        .says("it is of another revision and was not ready when the wait began");
}
