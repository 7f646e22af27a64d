//! Where rb deliberately comes to another judgement than kstatus, and why. kstatus asks whether a
//! controller is at rest; rb asks whether the release that has to run does.

use serde_json::{Value, json};

use super::Probe;
use super::fixture::{HASH, Shop, crashing, edit, verdict, waiting, web_pod};
use super::pods_healthy::PodsHealthy;
use super::rollout_converged::RolloutConverged;
use super::rollout_target::RolloutTarget;
use crate::rollback::model::check::CheckStatus::{self, Fail, Pass, Unknown, Warn};
use crate::rollback::model::kstatus::{self, Status};

/// Both judge the workload.
fn workload(
    shop: &Shop,
    probe: &dyn Probe,
    theirs: Status,
    ours: (CheckStatus, &'static str),
    why: &str,
) {
    let judged = kstatus::status(&shop.seen.workload, shop.scene().now);
    assert_eq!(judged.status, theirs, "{why}: {judged}");
    assert_eq!(verdict(&shop.alone(probe)), ours, "{why}");
}

/// Both judge a pod of the target with these edits.
fn pod(edits: &Value, theirs: Status, ours: (CheckStatus, &'static str), why: &str) {
    let mut pod = web_pod(HASH, "x");
    edit(&mut pod, edits);
    edit(&mut pod, &json!({"/apiVersion": "v1", "/kind": "Pod"}));
    let shop = Shop::web().and_pod(pod);
    let judged = kstatus::status(&shop.seen.pods[2], shop.scene().now);
    assert_eq!(judged.status, theirs, "{why}: {judged}");
    assert_eq!(verdict(&shop.alone(&PodsHealthy)), ours, "{why}");
}

#[test]
fn a_controller_at_rest_may_have_left_pods_of_another_revision() {
    let on_delete = json!({"/spec/updateStrategy/type": "OnDelete", "/status/updatedReplicas": 0});
    let why = "nothing replaces the pods until somebody deletes them: the old release serves";
    let shop = Shop::db().workload(&on_delete);
    workload(&shop, &RolloutConverged, Status::Current, (Fail, "OnDelete"), why);
    let partition = json!({"/spec/updateStrategy/rollingUpdate/partition": 1,
        "/status/updatedReplicas": 1, "/status/currentRevision": "db-1"});
    let why = "the pods below the partition keep the old release";
    let shop = Shop::db().workload(&partition);
    workload(&shop, &RolloutConverged, Status::Current, (Fail, "Partitioned"), why);
}

#[test]
fn current_does_not_say_which_version_runs_nor_that_any_does() {
    let other = json!({"/spec/template/spec/containers/0/image": "registry.test:5000/shop/web:6"});
    let why = "the controller is done with a template that nobody asked for";
    let shop = Shop::web().workload(&other);
    workload(&shop, &RolloutTarget, Status::Current, (Fail, "OtherTemplate"), why);
    let why = "no pod is wanted, so nothing ran";
    let nothing = Shop::web().scaled_to_0();
    workload(&nothing, &RolloutConverged, Status::Current, (Unknown, "NothingRan"), why);
    let why = "a pod that is ready for less than minReadySeconds may still fall over";
    let shop = Shop::db().workload(&json!({"/status/availableReplicas": 1}));
    workload(&shop, &RolloutConverged, Status::Current, (Fail, "LessAvailable"), why);
}

#[test]
fn counters_are_believed_and_old_or_late_conditions_are_not() {
    let condition = |reason: &str| {
        json!({"/status/conditions/1": {"type": "Progressing", "status": "False",
            "reason": reason, "lastUpdateTime": "2026-11-25T21:03:40Z"}})
    };
    let why = "the deadline is that of the release before: its condition outlives it";
    let shop = Shop::web().workload(&condition("ProgressDeadlineExceeded"));
    workload(&shop, &RolloutConverged, Status::Failed, (Pass, ""), why);
    let why = "the controller writes the condition after the counters";
    let shop = Shop::web().workload(&condition("ReplicaSetUpdated"));
    workload(&shop, &RolloutConverged, Status::InProgress, (Pass, ""), why);
    let why = "kubectl does not wait for the condition Available either";
    let shop = Shop::web().workload(&json!({"/status/conditions/0/status": "False"}));
    workload(&shop, &RolloutConverged, Status::InProgress, (Pass, ""), why);
    let why = "a newer generation than ours was observed: ours was, too";
    let shop = Shop::web().workload(&json!({"/status/observedGeneration": 3}));
    workload(&shop, &RolloutConverged, Status::InProgress, (Pass, ""), why);
    let why = "without an observedGeneration nobody has seen the template";
    let never = json!({"/status/observedGeneration": null});
    let shop = Shop::web().workload(&never);
    workload(&shop, &RolloutConverged, Status::Current, (Fail, "NotObserved"), why);
}

#[test]
fn the_causes_in_pods_are_told_at_once() {
    let why = "a pod that failed is over for kstatus; rb says that one was lost";
    pod(&json!({"/status/phase": "Failed"}), Status::Current, (Warn, "PodsEnded"), why);
    for reason in ["ImagePullBackOff", "CreateContainerConfigError"] {
        let why = "it is only Pending for kstatus, until a deadline of minutes";
        pod(&waiting(reason), Status::InProgress, (Fail, reason), why);
    }
    let init = json!({"/status/phase": "Pending", "/status/conditions/0/status": "False",
        "/status/initContainerStatuses": [{"name": "migrate", "ready": false, "restartCount": 3,
            "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]});
    let why = "kstatus looks at no init container";
    pod(&init, Status::InProgress, (Fail, "CrashLoopBackOff"), why);
    let killed = json!({"/status/containerStatuses/0/lastState": {"terminated":
        {"reason": "OOMKilled", "exitCode": 137, "finishedAt": "2026-11-25T21:04:30Z"}}});
    let why = "it is ready again, and will be killed again";
    pod(&killed, Status::Current, (Fail, "OOMKilled"), why);
    // Here they agree.
    pod(&crashing(), Status::Failed, (Fail, "CrashLoopBackOff"), "a crash loop");
    let why = "while old pods are there, neither is content; `pods.stale` names them";
    let shop = Shop::web().workload(&json!({"/status/replicas": 3}));
    workload(&shop, &RolloutConverged, Status::InProgress, (Fail, "OldPods"), why);
}
