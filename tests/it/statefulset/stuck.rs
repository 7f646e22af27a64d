//! A pod that never becomes ready keeps an ordered StatefulSet from being rolled back until somebody
//! deletes it, and not before the controller has seen the template.

use std::process::Command;

use serde_json::{Value, json};

use crate::given::{allow, commands};
use crate::rb::{Rb, rb};
use crate::scene::sets::{Set, body, deletes, deletions, is_observed, writes_template};
use crate::scene::{hint, paste};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Gate, Proxy, RequestHead, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        the_pod_is_deleted_once_the_controller_has_seen_the_template,
        nothing_is_deleted_while_the_controller_is_not_heard_of,
        a_dry_run_on_the_server_deletes_nothing,
        without_the_right_to_delete_pods_nothing_is_written,
        a_deletion_that_is_refused_is_half_done,
        a_deletion_that_cannot_be_confirmed_is_half_done,
        a_deletion_whose_answer_is_lost_hits_no_second_pod,
        a_pod_that_is_gone_already_is_no_error,
        a_killed_undo_is_finished_by_the_next_one,
        a_retry_with_from_finishes_too,
        what_kubectl_left_stuck_is_finished,
        without_waiting_the_pod_is_deleted_all_the_same,
        several_pods_that_are_not_ready_are_deleted,
        the_script_for_kubectl_gets_there_too,
        what_is_left_is_finished_from_a_file,
    ]
}

fn crashing(bed: &TestBed, hint: &str) -> (Set, Proxy) {
    (Set::stateful(bed, hint, 3, &["1.0", "2.0-crash"], &Value::Null), bed.proxy())
}

/// Does this to the deletions of pods: the first `count` of them.
fn to_deletions(proxy: &Proxy, mut count: usize, action: Action) {
    proxy.inject(move |request| {
        if !deletes(request) || count == 0 {
            return Action::Pass;
        }
        count -= 1;
        action.clone()
    });
}

fn the_pod_is_deleted_once_the_controller_has_seen_the_template(bed: &TestBed) {
    let (set, proxy) = crashing(bed, "stuck");
    let uid = set.uid("web-2");
    let report = set.through(&proxy, "undo WEB --yes -o json").run().ends_with(0).json();
    let requests = proxy.requests();
    let at = |test: &dyn Fn(&crate::testbed::Recorded) -> bool| requests.iter().position(test);
    let patch = at(&|r| writes_template(&r.request)).expect("a patch");
    let delete = at(&|r| deletes(&r.request)).expect("a deletion");
    let watch = at(&|r| r.request.is_watch() && r.request.path.contains("/statefulsets"));
    let watch = watch.expect("a watch of the StatefulSet");
    // What the controller has seen is told by the watch, and that began after the patch.
    assert!(requests[patch].answered <= Some(requests[watch].started));
    assert!(requests[watch].answered.expect("an answer") <= requests[delete].started);
    let all = deletions(&proxy);
    assert_eq!(all.len(), 1);
    assert_eq!(body(&all[0].request)["preconditions"]["uid"].as_str(), uid.as_deref());
    set.assert_all_run("1.0", 3);
    let steps = report["written"].as_array().expect("a list");
    let steps: Vec<_> = steps.iter().map(|step| &step["step"]).collect();
    assert_eq!(steps, ["patch", "delete-web-2", "ownership", "event", "stamp"]);
    assert_eq!(set.record()["verdicts"][0]["verdict"], "verified");
}

/// The answer to the patch is from before the controller has seen it.
fn nothing_is_deleted_while_the_controller_is_not_heard_of(bed: &TestBed) {
    let (set, proxy) = crashing(bed, "stuck-deaf");
    let gate = Gate::closed();
    let held = gate.clone();
    let is_watch = |r: &RequestHead, of: &str| r.is_watch() && r.path.contains(of);
    proxy.inject(move |request| {
        let deaf = is_watch(request, "/statefulsets");
        if deaf { Action::Hold(held.clone()) } else { Action::Pass }
    });
    let undo = set.through(&proxy, "undo WEB --yes").spawn();
    set.namespace.wait_until("it watches, and the controller has seen the template", |_| {
        let requests = proxy.requests();
        let pods = requests.iter().any(|r| is_watch(&r.request, "/pods") && r.answered.is_some());
        pods && requests.iter().any(|r| is_watch(&r.request, "/statefulsets"))
            && is_observed(&set.object())
    });
    assert!(deletions(&proxy).is_empty());
    gate.open();
    undo.wait().ends_with(0);
    assert_eq!(deletions(&proxy).len(), 1);
    set.assert_all_run("1.0", 3);
}

/// The API server reads no query of a DELETE that has a body.
fn a_dry_run_on_the_server_deletes_nothing(bed: &TestBed) {
    let (set, proxy) = crashing(bed, "stuck-dry");
    let uid = set.uid("web-2");
    set.through(&proxy, "undo WEB --dry-run=server").run().ends_with(0).says("web-2");
    assert_eq!(set.uid("web-2"), uid);
    assert!(proxy.requests().iter().any(|r| r.request.method == "DELETE"), "it was not asked");
    assert!(deletions(&proxy).is_empty());
    set.assert_live("2.0-crash");
}

const RIGHTS: [&str; 4] = [
    "get,list,watch,patch statefulsets.apps",
    "list controllerrevisions.apps",
    "get,list,watch pods",
    "list,create events",
];

fn without_the_right_to_delete_pods_nothing_is_written(bed: &TestBed) {
    let (set, proxy) = crashing(bed, "stuck-rights");
    allow(&set.namespace, "alice", &RIGHTS);
    let ran = Rb::new(&proxy.kubeconfig_of("alice", &set.namespace))
        .words("undo sts/web --yes")
        .run()
        .ends_with(3)
        .says("not allowed to delete pods web-2");
    assert!(commands(&ran)[0].starts_with("kubectl auth can-i delete pods"), "{ran}");
    set.assert_live("2.0-crash");
    let writes: Vec<_> = proxy.requests().into_iter().filter(|r| r.request.is_write()).collect();
    assert!(writes.is_empty(), "{writes:?}");
}

fn a_deletion_that_is_refused_is_half_done(bed: &TestBed) {
    let (set, proxy) = crashing(bed, "stuck-403");
    to_deletions(&proxy, 9, Action::refuse(403, "Forbidden", "pods are holy"));
    let ran = set.through(&proxy, "undo WEB --yes").run().ends_with(9);
    let ran = ran.says("half done: statefulset/web has the template of revision 1");
    assert_eq!(deletions(&proxy).len(), 1);
    set.assert_live("1.0");
    // What it says to do ends it.
    let command = hint(&ran, "to get them out of the way: ");
    paste(bed, &set.namespace, &command);
    set.rb("status WEB").ends_with(0);
    set.assert_all_run("1.0", 3);
}

fn a_deletion_that_cannot_be_confirmed_is_half_done(bed: &TestBed) {
    let (set, proxy) = crashing(bed, "stuck-500");
    to_deletions(&proxy, 9, Action::refuse(500, "InternalError", "etcd is asleep"));
    let report = set.through(&proxy, "undo WEB --yes -o json").run().ends_with(9).json();
    assert_eq!([&report["result"], &report["exitCode"]], [&json!("halfDone"), &json!(9)]);
    assert_eq!(deletions(&proxy).len(), 5);
    // The next one finishes it.
    set.rb("undo WEB --yes").ends_with(0);
    set.assert_all_run("1.0", 3);
}

fn a_deletion_whose_answer_is_lost_hits_no_second_pod(bed: &TestBed) {
    let (set, proxy) = crashing(bed, "stuck-lost");
    let before = set.uid("web-2").expect("a pod");
    to_deletions(&proxy, 1, Action::ResetAfter);
    set.through(&proxy, "undo WEB --yes").run().ends_with(0);
    for deletion in deletions(&proxy) {
        assert_eq!(body(&deletion.request)["preconditions"]["uid"], before);
    }
    set.assert_all_run("1.0", 3);
    // Done once, and the pod that came back was not hit.
    let done = deletions(&proxy).iter().filter(|deletion| deletion.status == Some(200)).count();
    assert_eq!(done, 1);
}

fn a_pod_that_is_gone_already_is_no_error(bed: &TestBed) {
    let (set, proxy) = crashing(bed, "stuck-gone");
    let gate = Gate::closed();
    to_deletions(&proxy, 1, Action::Hold(gate.clone()));
    let undo = set.through(&proxy, "undo WEB --yes").spawn();
    set.namespace.wait_until("the deletion is sent", |_| !deletions(&proxy).is_empty());
    set.namespace.kubectl_ok(&["delete", "pod", "web-2", "--wait=false"]);
    set.namespace.wait_until("web-2 runs 1.0", |_| set.pods_of("1.0").len() == 3);
    gate.open();
    undo.wait().ends_with(0);
    let [deletion] = deletions(&proxy).try_into().expect("one deletion");
    assert!([Some(404), Some(409)].contains(&deletion.status), "{deletion:?}");
    set.assert_all_run("1.0", 3);
}

/// Killed between the patch and the deletion: what is live is stuck.
fn killed(bed: &TestBed, hint: &str, words: &str) -> Set {
    let (set, proxy) = crashing(bed, hint);
    let gate = Gate::closed();
    to_deletions(&proxy, 9, Action::Hold(gate));
    let undo = set.through(&proxy, words).spawn();
    set.namespace.wait_until("the deletion is sent", |_| !deletions(&proxy).is_empty());
    let killed = Command::new("kill").args(["-KILL", &undo.id().to_string()]).status();
    assert!(killed.expect("kill starts").success());
    undo.wait();
    set.assert_live("1.0");
    assert_eq!(set.pods_of("2.0-crash").len(), 1);
    set
}

fn a_killed_undo_is_finished_by_the_next_one(bed: &TestBed) {
    let set = killed(bed, "stuck-killed", "undo WEB --yes");
    set.rb("undo WEB --yes")
        .ends_with(0)
        .says("nothing in the template: it is live already")
        .says("delete stuck pod web-2");
    set.assert_all_run("1.0", 3);
    let record = set.record();
    assert_eq!(record["undos"].as_array().map(Vec::len), Some(1));
    assert_eq!(record["verdicts"][0]["verdict"], "verified");
}

fn a_retry_with_from_finishes_too(bed: &TestBed) {
    let set = killed(bed, "stuck-from", "undo WEB --yes --from=2.0-crash");
    set.rb("undo WEB --yes --from=2.0-crash").ends_with(0).says("delete stuck pod web-2");
    set.assert_all_run("1.0", 3);
}

fn what_kubectl_left_stuck_is_finished(bed: &TestBed) {
    let (set, _) = crashing(bed, "stuck-kubectl");
    set.namespace.kubectl_ok(&["rollout", "undo", "statefulset/web"]);
    set.namespace.wait_until("the template is seen", |_| is_observed(&set.object()));
    // Further back there is nothing, and that is not what is missing.
    let refused = set.rb("undo WEB --yes").ends_with(4);
    let finish = hint(&refused, "to finish that: ");
    paste(bed, &set.namespace, &format!("{finish} --yes"));
    set.assert_all_run("1.0", 3);
    // It is recorded as if rb had done all of it: a retry does not go to what was left.
    let record = set.record();
    assert_eq!(record["undos"][0]["to"]["hash"], record["verdicts"][0]["hash"]);
    assert_eq!(record["verdicts"][0]["verdict"], "verified");
    set.rb("undo WEB --yes").ends_with(0).says("nothing to do: already rolled back by");
    set.rb("undo WEB --yes --again").ends_with(4).says("rolled back by");
    set.assert_live("1.0");
}

fn without_waiting_the_pod_is_deleted_all_the_same(bed: &TestBed) {
    let (set, proxy) = crashing(bed, "stuck-no-wait");
    set.through(&proxy, "undo WEB --yes --no-wait").run().ends_with(0).says("nobody waited");
    assert_eq!(deletions(&proxy).len(), 1);
    set.rb("status WEB").ends_with(0);
    set.assert_all_run("1.0", 3);
}

fn the_script_for_kubectl_gets_there_too(bed: &TestBed) {
    let (set, _) = crashing(bed, "stuck-sh");
    let script = rb(&set.namespace, "undo sts/web -o sh").ends_with(0).stdout;
    assert!(!script.contains("annotations"), "{script}");
    paste(bed, &set.namespace, &script);
    set.rolled_out();
    set.assert_all_run("1.0", 3);
}

fn what_is_left_is_finished_from_a_file(bed: &TestBed) {
    let (set, proxy) = (killed(bed, "stuck-file", "undo WEB --yes"), bed.proxy());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    let words = format!("undo WEB --dry-run --plan-out={}", file.display());
    set.through(&proxy, &words).run().ends_with(0);
    let carry_out = || set.through(&proxy, "undo --yes --plan").arg(&file).run();
    carry_out().ends_with(0);
    set.assert_all_run("1.0", 3);
    carry_out().ends_with(3).says("deletes pod web-2, which is not in the way of statefulset/web");
    assert_eq!(deletions(&proxy).len(), 1);
}

/// Two releases that fail, one after the other: the second one never got through.
fn several_pods_that_are_not_ready_are_deleted(bed: &TestBed) {
    let set = Set::stateful(bed, "stuck-two", 3, &["1.0", "2.0-crash"], &Value::Null);
    set.deploy("3.0-crash");
    set.namespace.kubectl_ok(&["delete", "pod", "web-1", "--wait=false"]);
    set.namespace.wait_until("web-1 comes back", |_| {
        set.pods_of("3.0-crash").iter().any(|pod| pod["status"]["phase"] == "Running")
    });
    set.rb("undo WEB --yes").ends_with(0);
    set.assert_live("1.0");
    set.assert_all_run("1.0", 3);
}
