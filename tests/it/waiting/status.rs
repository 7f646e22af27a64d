//! `rb status` says what `kubectl rollout status` says, and why.

use serde_json::json;

use crate::rb::{Ran, Rb, rb};
use crate::scene::{hint, missed_its_deadline, paste, release, releases, releases_with};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        another_release_ends_the_wait,
        a_rollout_that_is_done_is_told_as_kubectl_tells_it,
        a_rollout_that_goes_on_is_told_as_kubectl_tells_it,
        an_exceeded_deadline_is_told_as_kubectl_tells_it,
        a_crash_is_told_with_its_cause,
        a_hang_ends_status_with_the_timeout,
        a_pause_ends_status_with_the_command_to_resume,
        status_waits_for_a_slow_release,
        status_says_that_rb_rolled_back,
    ]
}

fn a_rollout_that_is_done_is_told_as_kubectl_tells_it(bed: &TestBed) {
    let namespace = bed.namespace("status-done");
    releases(&namespace, 2, &["1.0"]);
    let ran = rb(&namespace, "status deploy/web").ends_with(0);
    says_what_kubectl_says(&namespace, "deployment/web", &ran, &[]);
    rb(&namespace, "status deploy/web --watch=false").ends_with(0);
}

fn a_rollout_that_goes_on_is_told_as_kubectl_tells_it(bed: &TestBed) {
    let namespace = bed.namespace("status-on");
    releases(&namespace, 3, &["1.0", "2.0-hang"]);
    namespace.wait_until("the first new pod is counted", |namespace| {
        namespace.get("deployment", "web")["status"]["unavailableReplicas"] == 1
    });
    let ran = rb(&namespace, "status deploy/web --watch=false").ends_with(7);
    says_what_kubectl_says(&namespace, "deployment/web", &ran, &["--watch=false"]);
}

fn an_exceeded_deadline_is_told_as_kubectl_tells_it(bed: &TestBed) {
    let namespace = bed.namespace("status-deadline");
    // Not shorter: a deadline that is over before the controller has seen the new template is judged
    // at once, by its old condition, and never again.
    let extra = json!({"spec": {"progressDeadlineSeconds": 5}});
    releases_with(&namespace, 1, &["1.0", "2.0-hang"], &extra);
    missed_its_deadline(&namespace);
    let ran = rb(&namespace, "status deploy/web").ends_with(5);
    says_what_kubectl_says(&namespace, "deployment/web", &ran, &[]);
}

fn a_crash_is_told_with_its_cause(bed: &TestBed) {
    let namespace = bed.namespace("status-crash");
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    rb(&namespace, "status deploy/web")
        .ends_with(6)
        .says("cause    pod web-")
        .says(", container app: CrashLoopBackOff, exit code 1 (Error)")
        .says("FATAL: cannot open /etc/shop/settings.json");
}

fn a_hang_ends_status_with_the_timeout(bed: &TestBed) {
    let namespace = bed.namespace("status-hang");
    releases(&namespace, 1, &["1.0-hang"]);
    let ran = rb(&namespace, "status deploy/web --timeout=1s").ends_with(5);
    let ran = ran.says("it was not done in time").says(", container app: NotReady");
    says_what_kubectl_says(&namespace, "deployment/web", &ran, &["--watch=false"]);
}

fn a_pause_ends_status_with_the_command_to_resume(bed: &TestBed) {
    let namespace = bed.namespace("status-pause");
    releases(&namespace, 1, &["1.0", "2.0-hang"]);
    namespace.kubectl_ok(&["rollout", "pause", "deployment/web"]);
    let paused = rb(&namespace, "status deploy/web").ends_with(5);
    paste(bed, &namespace, &hint(&paused, "it is paused; to resume it: "));
    assert!(namespace.get("deployment", "web")["spec"].get("paused").is_none());
}

fn status_waits_for_a_slow_release(bed: &TestBed) {
    let namespace = bed.namespace("status-slow");
    releases(&namespace, 1, &["1.0", "2.0-slow"]);
    let ran = rb(&namespace, "status deploy/web").ends_with(0);
    says_what_kubectl_says(&namespace, "deployment/web", &ran, &[]);
}

fn status_says_that_rb_rolled_back(bed: &TestBed) {
    let namespace = bed.namespace("status-undo");
    releases(&namespace, 1, &["1.0", "2.0"]);
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    let ran = rb(&namespace, "status deploy/web").ends_with(0);
    let ran = ran.says("undo     rolled back from revision 2 by tester");
    says_what_kubectl_says(&namespace, "deployment/web", &ran, &[]);
}

/// kubectl's last sentence is in what rb said, word for word.
#[track_caller]
pub(crate) fn says_what_kubectl_says(
    namespace: &Namespace,
    reference: &str,
    ran: &Ran,
    flags: &[&str],
) {
    let status = namespace.kubectl(&[&["rollout", "status", reference], flags].concat());
    let said = [status.stdout.as_str(), status.stderr.as_str()].concat();
    let last = said.lines().last().expect("kubectl says something").trim();
    let last = last.strip_prefix("error: ").unwrap_or(last);
    assert!(ran.stdout.contains(last), "{last:?} is not said:\n{ran}");
}

/// Its answer names a revision: the success of another one must not be told as its own.
fn another_release_ends_the_wait(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("status-next"), bed.proxy());
    releases(&namespace, 1, &["1.0-hang"]);
    let status = Rb::new(&proxy.kubeconfig(&namespace)).words("status deploy/web").spawn();
    namespace.wait_until("it watches", |_| {
        proxy.requests().iter().any(|r| r.request.is_watch() && r.status == Some(200))
    });
    release(&namespace, "2.0");
    status.wait().ends_with(7).says("another template went live");
}
