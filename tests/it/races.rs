//! Several writers at once, and connections that break at the worst moment: exactly one write, and
//! the truth about it.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use crate::given::allow;
use crate::rb::{Ran, Rb, Running};
use crate::scene::{
    accepted, annotation, assert_live, record, releases, releases_with, rollback_events,
    template_writes, writes_template,
};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, Gate, Namespace, Proxy, Reply, RequestHead, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        of_two_undos_at_once_one_writes,
        of_twenty_undos_at_once_one_writes,
        an_annotation_that_changes_meanwhile_is_kept,
        a_template_that_changes_twice_meanwhile_is_not_overwritten,
        an_answer_that_is_lost_is_looked_up,
        a_patch_that_is_lost_is_sent_again,
        a_gateway_timeout_is_looked_up,
        a_conflict_without_a_change_is_tried_again,
        a_throttled_patch_is_sent_again,
        reads_are_tried_again,
        without_the_right_to_patch_nothing_is_written,
        an_interrupt_before_the_write_changes_nothing,
        an_interrupt_during_the_write_says_that_it_is_unknown,
        a_signal_during_the_wait_leaves_the_rollback_written,
    ]
}

fn of_two_undos_at_once_one_writes(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("two"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    let gate = hold_template_writes(&proxy, usize::MAX);
    let both = ["alice", "bob"].map(|user| undo(&namespace, &proxy).env("USER", user).spawn());
    namespace.wait_until("both have sent their patch", |_| template_writes(&proxy).len() == 2);
    gate.open();
    let [alice, bob] = both.map(|undo| undo.wait().ends_with(0));
    assert_eq!(accepted(&proxy), 1);
    assert_live(&namespace, "1.0");
    let record = record(&namespace);
    assert_eq!(record["undos"].as_array().map(Vec::len), Some(1));
    let by = record["undos"][0]["by"].as_str().expect("a name");
    let (winner, loser) = if by == "alice" { (alice, bob) } else { (bob, alice) };
    winner.says("rolled back: deployment/web runs the template of revision 1");
    loser.says(&format!("already rolled back by {by}"));
}

fn of_twenty_undos_at_once_one_writes(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("twenty"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0", "3.0-crash"]);
    let kubeconfig = proxy.kubeconfig(&namespace);
    let undo = |user: String| {
        Rb::new(&kubeconfig).words("undo deploy/web --yes").env("USER", user).spawn()
    };
    let all: Vec<Running> = (0..20).map(|number| undo(format!("user-{number}"))).collect();
    let all: Vec<Ran> = all.into_iter().map(|undo| undo.wait().ends_with(0)).collect();
    assert_eq!(accepted(&proxy), 1);
    assert_live(&namespace, "2.0");
    let record = record(&namespace);
    assert_eq!(record["undos"].as_array().map(Vec::len), Some(1));
    // One did it; the others say who.
    let by = record["undos"][0]["by"].as_str().expect("a name");
    let done = |ran: &&Ran| ran.stdout.contains("rolled back: deployment/web");
    assert_eq!(all.iter().filter(done).count(), 1);
    for other in all.into_iter().filter(|ran| !done(&ran)) {
        other.says(&format!("already rolled back by {by}"));
    }
    assert_eq!(rollback_events(&namespace).len(), 1);
}

fn an_annotation_that_changes_meanwhile_is_kept(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("annotation"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    let gate = hold_template_writes(&proxy, 1);
    let undo = undo(&namespace, &proxy).spawn();
    namespace.wait_until("the patch is sent", |_| !template_writes(&proxy).is_empty());
    let cause = "kubernetes.io/change-cause=it was me";
    namespace.kubectl_ok(&["annotate", "deployment/web", cause, "example.test/note=look here"]);
    gate.open();
    let ran = undo.wait().ends_with(0);
    // Not a word of it: what was agreed to is what was done.
    assert_eq!(ran.stdout.matches("back to  revision 1").count(), 1, "{ran}");
    assert_eq!(annotation(&namespace, "example.test/note"), "look here");
    assert!(annotation(&namespace, "kubernetes.io/change-cause").starts_with("rb undo: "));
    let writes: Vec<_> = template_writes(&proxy).iter().map(|record| record.status).collect();
    assert_eq!(writes, [Some(422), Some(200)]);
    assert_live(&namespace, "1.0");
}

/// The bad release goes and comes back while the patch is held: the same template is not the same
/// state, since the new plan has to be shown.
fn a_template_that_changes_twice_meanwhile_is_not_overwritten(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("twice"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    let gate = hold_template_writes(&proxy, 1);
    let undo = undo(&namespace, &proxy).spawn();
    namespace.wait_until("the patch is sent", |_| !template_writes(&proxy).is_empty());
    let deploy = |value: &str| {
        namespace.kubectl_ok(&["set", "env", "deployment/web", &format!("STEP={value}")]);
    };
    deploy("1");
    deploy("2");
    gate.open();
    undo.wait().ends_with(3).says("nothing was written");
    assert_live(&namespace, "2.0");
    assert_eq!(accepted(&proxy), 0);
}

fn an_answer_that_is_lost_is_looked_up(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("reset-after"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    once(&proxy, Action::ResetAfter);
    undo(&namespace, &proxy).run().ends_with(0).says("rolled back: deployment/web");
    assert_eq!(template_writes(&proxy).len(), 1);
    assert_live(&namespace, "1.0");
    let record = record(&namespace);
    assert_eq!(record["undos"].as_array().map(Vec::len), Some(1));
    assert_eq!(record["verdicts"][0]["verdict"], "verified");
}

fn a_patch_that_is_lost_is_sent_again(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("reset-before"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    once(&proxy, Action::ResetBefore);
    undo(&namespace, &proxy).run().ends_with(0);
    assert_eq!(accepted(&proxy), 1);
    assert_live(&namespace, "1.0");
    assert_eq!(record(&namespace)["undos"].as_array().map(Vec::len), Some(1));
}

fn a_gateway_timeout_is_looked_up(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("gateway"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    once(&proxy, Action::refuse(504, "Timeout", "request did not complete"));
    undo(&namespace, &proxy).run().ends_with(0);
    // Between the two it was looked up.
    let requests = proxy.requests();
    let writes: Vec<usize> =
        (0..requests.len()).filter(|index| writes_template(&requests[*index].request)).collect();
    let [first, second] = writes[..] else { panic!("{} writes", writes.len()) };
    let between = &requests[first + 1..second];
    assert!(between.iter().any(|r| r.request.method == "GET" && r.request.path.contains("/web")));
    assert_live(&namespace, "1.0");
}

/// The API server gives up applying a JSON Patch after some writes of others in between, such as
/// the status of a crashing workload: that says nothing about the template.
fn a_conflict_without_a_change_is_tried_again(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("conflict"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    once(&proxy, Action::refuse(409, "Conflict", "the object has been modified"));
    undo(&namespace, &proxy).run().ends_with(0);
    assert_eq!(accepted(&proxy), 1);
    assert_live(&namespace, "1.0");
}

fn a_throttled_patch_is_sent_again(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("throttled"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    let reply = Reply::refusal(429, "TooManyRequests", "too many requests");
    once(&proxy, Action::Respond(reply.with_header("retry-after", "1")));
    undo(&namespace, &proxy).run().ends_with(0);
    let writes = template_writes(&proxy);
    assert_eq!(writes.iter().map(|r| r.status).collect::<Vec<_>>(), [Some(429), Some(200)]);
    let waited = writes[1].started.duration_since(writes[0].started);
    assert!(waited.as_secs() >= 1, "asked again after {waited:?}");
}

fn reads_are_tried_again(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("reads"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    let left = AtomicUsize::new(4);
    proxy.inject(move |request| {
        let is_read = request.method == "GET" && !request.is_watch();
        let take = |left: usize| left.checked_sub(1);
        if is_read && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
            Action::refuse(503, "ServiceUnavailable", "the server is starting")
        } else {
            Action::Pass
        }
    });
    undo(&namespace, &proxy).run().ends_with(0);
    assert_eq!(accepted(&proxy), 1);
    assert_live(&namespace, "1.0");
}

fn without_the_right_to_patch_nothing_is_written(bed: &TestBed) {
    let namespace = bed.namespace("forbidden");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let rules = ["deployments.apps", "replicasets.apps", "pods", "events"]
        .map(|resource| format!("get,list,watch {resource}"));
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    allow(&namespace, "alice", &rules);
    Rb::new(&namespace.user("alice"))
        .words("undo deploy/web --yes")
        .run()
        .ends_with(3)
        .says("not allowed to patch deployments.apps web")
        .says("kubectl auth can-i patch deployments.apps");
    assert_live(&namespace, "2.0");
    assert!(rollback_events(&namespace).is_empty());
}

fn an_interrupt_before_the_write_changes_nothing(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("int-read"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    for (name, code, word) in [("INT", 130, "interrupted"), ("TERM", 143, "terminated")] {
        let gate = Gate::closed();
        let held = gate.clone();
        proxy.inject(move |_| Action::Hold(held.clone()));
        proxy.clear();
        let undo = undo(&namespace, &proxy).spawn();
        namespace.wait_until("it reads", |_| proxy.requests().len() >= 3);
        signal(&undo, name);
        undo.wait().ends_with(code).says(&format!("{word}: nothing was written"));
        gate.open();
    }
    assert_live(&namespace, "2.0");
    assert_eq!(template_writes(&proxy).len(), 0);
}

fn an_interrupt_during_the_write_says_that_it_is_unknown(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("int-write"), bed.proxy());
    releases(&namespace, 1, &["1.0", "2.0"]);
    let gate = hold_template_writes(&proxy, usize::MAX);
    let interrupted = undo(&namespace, &proxy).spawn();
    namespace.wait_until("the patch is sent", |_| !template_writes(&proxy).is_empty());
    signal(&interrupted, "INT");
    interrupted
        .wait()
        .ends_with(130)
        .says("interrupted while the patch was on its way: it may have been applied")
        .says("to go on watching: rb status deployment/web -n ");
    // Whether it was applied or not, the same command gets there, and with one undo.
    gate.open();
    undo(&namespace, &proxy).run().ends_with(0);
    assert_live(&namespace, "1.0");
    assert_eq!(record(&namespace)["undos"].as_array().map(Vec::len), Some(1));
}

fn a_signal_during_the_wait_leaves_the_rollback_written(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("int-wait"), bed.proxy());
    // Whatever runs is available only after an hour: the wait cannot end by itself.
    let extra = json!({"spec": {"minReadySeconds": 500}});
    releases_with(&namespace, 1, &["1.0-slow", "2.0-slow"], &extra);
    let undo = undo(&namespace, &proxy).spawn();
    namespace.wait_until("it watches", |_| {
        proxy.requests().iter().any(|record| record.request.is_watch())
    });
    signal(&undo, "TERM");
    undo.wait()
        .ends_with(143)
        .says("terminated: the rollback is written, and the controller carries it on");
    assert_live(&namespace, "1.0-slow");
    assert_eq!(record(&namespace)["verdicts"], json!([]));
}

fn undo(namespace: &Namespace, proxy: &Proxy) -> Rb {
    Rb::new(&proxy.kubeconfig(namespace)).words("undo deploy/web --yes")
}

/// Holds so many of the writes of the template until the gate is opened.
pub(crate) fn hold_template_writes(proxy: &Proxy, count: usize) -> Gate {
    let gate = Gate::closed();
    let held = gate.clone();
    do_to_writes(proxy, count, Action::Hold(held));
    gate
}

/// Does this to the first write of the template, and nothing to those after it.
fn once(proxy: &Proxy, action: Action) {
    do_to_writes(proxy, 1, action);
}

fn do_to_writes(proxy: &Proxy, mut count: usize, action: Action) {
    proxy.inject(move |request: &RequestHead| {
        if !writes_template(request) || count == 0 {
            return Action::Pass;
        }
        count -= 1;
        action.clone()
    });
}

pub(crate) fn signal(running: &Running, name: &str) {
    let id = running.id().to_string();
    let status = Command::new("kill").args([&format!("-{name}"), &id]).status();
    assert!(status.expect("kill starts").success());
}
