//! The wait after an undo, and `rb status`: what ends it, with which code, and what is said of it.

mod feed;
mod interference;
mod rights;
mod status;

pub(crate) use self::status::says_what_kubectl_says;

use serde_json::json;

use crate::rb::{Ran, Rb, rb};
use crate::scene::{
    assert_live, image, live, missed_its_deadline, quota, record, releases, releases_with,
};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    [
        on_bed![
            pods_that_crash_are_named_with_their_last_words,
            a_kill_for_memory_is_named,
            a_missing_image_is_believed_after_a_while,
            a_hang_ends_with_the_timeout,
            a_quota_that_lets_no_pod_in_is_named,
            a_moment_of_readiness_is_no_success,
            the_controllers_own_deadline_is_believed,
        ],
        feed::tests(),
        interference::tests(),
        rights::tests(),
        status::tests(),
    ]
    .concat()
}

fn pods_that_crash_are_named_with_their_last_words(bed: &TestBed) {
    let namespace = bed.namespace("wait-crash");
    releases(&namespace, 1, &["1.0-crash", "2.0"]);
    let ran = back_to_the_first(&namespace, "").ends_with(6);
    let ran = ran
        .says("failed: pods of revision 1 (web:1.0-crash) of deployment/web do not run")
        .says(", container app: CrashLoopBackOff, exit code 1 (Error), ")
        .says("FATAL: cannot open /etc/shop/settings.json")
        .says("to go further back: rb undo deployment/web --again");
    let logs = crate::scene::hint(&ran, "logs ");
    assert!(logs.contains("kubectl logs web-") && logs.contains(" -c app --previous"), "{logs}");
    assert_eq!(record(&namespace)["verdicts"][0]["verdict"], "failed");
}

fn a_kill_for_memory_is_named(bed: &TestBed) {
    let namespace = bed.namespace("wait-oom");
    releases(&namespace, 1, &["1.0-oom", "2.0"]);
    let report = back_to_the_first(&namespace, "-o json").ends_with(6).json();
    let failure = &report["wait"]["failure"];
    assert_eq!([&report["result"], &failure["reason"]], ["podsFailed", "CrashLoopBackOff"]);
    assert_eq!(failure["ended"]["reason"], "OOMKilled");
    assert_eq!(failure["ended"]["exitCode"], 137);
    // It left no termination message: its log is asked for.
    assert!(failure["log"].as_array().is_some_and(|lines| !lines.is_empty()), "{failure}");
}

/// The one slow test here: a registry may be back within seconds, so rb gives it 20.
fn a_missing_image_is_believed_after_a_while(bed: &TestBed) {
    let namespace = bed.namespace("wait-missing");
    releases(&namespace, 1, &["1.0-missing", "2.0"]);
    let report = back_to_the_first(&namespace, "-o json").ends_with(6).json();
    assert_eq!(report["wait"]["failure"]["reason"], "ImagePullBackOff");
    let message = report["wait"]["failure"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("web:1.0-missing: not found"), "{message}");
    assert!(report["wait"]["milliseconds"].as_u64() >= Some(20_000), "{report}");
}

fn a_hang_ends_with_the_timeout(bed: &TestBed) {
    let namespace = bed.namespace("wait-hang");
    releases(&namespace, 1, &["1.0-hang", "2.0"]);
    back_to_the_first(&namespace, "--timeout=3s")
        .ends_with(5)
        .says("not converged: deployment/web did not become healthy in time")
        .says("to go on watching: rb status deployment/web");
    assert_live(&namespace, "1.0-hang");
    assert_eq!(record(&namespace)["verdicts"], json!([]));
}

/// No pod is there to say why: the controller does.
fn a_quota_that_lets_no_pod_in_is_named(bed: &TestBed) {
    let namespace = bed.namespace("wait-quota");
    releases(&namespace, 1, &["1.0", "2.0"]);
    quota(&namespace, "pods", "1");
    back_to_the_first(&namespace, "--timeout=3s")
        .ends_with(5)
        .says("no pod can be made: FailedCreate")
        .says("exceeded quota: only, requested: pods=1, used: pods=1, limited: pods=1");
}

/// The pod is ready for a second and unready for a second, in turns.
fn a_moment_of_readiness_is_no_success(bed: &TestBed) {
    let namespace = bed.namespace("wait-flap");
    let extra = json!({"spec": {"minReadySeconds": 4}});
    releases_with(&namespace, 1, &["1.0-flap", "2.0-flap"], &extra);
    back_to_the_first(&namespace, "--timeout=5s").ends_with(5);
    assert_eq!(record(&namespace)["verdicts"], json!([]));
}

fn the_controllers_own_deadline_is_believed(bed: &TestBed) {
    let namespace = bed.namespace("wait-deadline");
    // Not shorter: a deadline that is over before the controller has seen the new template is judged
    // at once, by its old condition, and never again.
    let extra = json!({"spec": {"progressDeadlineSeconds": 5}});
    releases_with(&namespace, 1, &["1.0-hang", "2.0"], &extra);
    let words = "undo deploy/web --yes --to-revision=1";
    let undo = Rb::new(namespace.kubeconfig()).words(words).spawn();
    namespace.wait_until("the undo is live", |namespace| live(namespace) == image("1.0-hang"));
    missed_its_deadline(&namespace);
    let said = "not converged: deployment/web exceeded its progress deadline";
    undo.wait().ends_with(5).says(said);
}

/// To the first revision, whatever is known about it.
fn back_to_the_first(namespace: &Namespace, flags: &str) -> Ran {
    rb(namespace, &format!("undo deploy/web --yes --to-revision=1 {flags}"))
}
