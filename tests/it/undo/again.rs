//! Undo after undo within ten minutes: a retried CI step, or two people on call.

use serde_json::{Value, json};

use crate::rb::{Rb, rb};
use crate::scene::{
    assert_live, hint, hold_pods, is_observed, paste, record, release, releases, releases_with,
    stored,
};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        again_on_a_healthy_release_does_nothing,
        again_on_a_failing_release_needs_the_flag,
        again_while_it_converges_joins_the_wait,
        again_on_a_paused_rollback_is_told_to_resume,
        a_new_bad_release_is_undone_as_usual,
        an_offset_does_not_flip_back,
        a_retry_with_from_does_not_go_further,
        going_forward_again_can_be_taken_back,
    ]
}

fn again_on_a_healthy_release_does_nothing(bed: &TestBed) {
    let namespace = bed.namespace("again");
    releases(&namespace, 1, &["1.0", "2.0", "3.0"]);
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    namespace.rollout_done("web");
    let before = namespace.get("deployment", "web")["metadata"]["generation"].clone();
    rb(&namespace, "undo deploy/web --yes")
        .ends_with(0)
        .says("nothing to do: already rolled back by tester, ")
        .says("ago: revision 4 is live and healthy");
    assert_eq!(namespace.get("deployment", "web")["metadata"]["generation"], before);
    rb(&namespace, "undo deploy/web --yes --again").ends_with(0);
    assert_live(&namespace, "1.0");
}

/// After the first one, `-1` is the release that was left.
fn an_offset_does_not_flip_back(bed: &TestBed) {
    let namespace = bed.namespace("again-offset");
    releases(&namespace, 1, &["1.0", "2.0", "3.0"]);
    rb(&namespace, "undo deploy/web --yes --to-revision=-1").ends_with(0);
    assert_live(&namespace, "2.0");
    rb(&namespace, "undo deploy/web --yes --to-revision=-1")
        .ends_with(0)
        .says("already rolled back by tester, ");
    assert_live(&namespace, "2.0");
}

/// Both releases have the image that is named: only a variable was bad.
fn a_retry_with_from_does_not_go_further(bed: &TestBed) {
    let namespace = bed.namespace("again-from");
    releases(&namespace, 1, &["1.0", "2.0"]);
    namespace.kubectl_ok(&["set", "env", "deployment/web", "FEATURE=on"]);
    namespace.rollout_done("web");
    rb(&namespace, "undo deploy/web --yes --from=2.0").ends_with(0);
    let generation = || namespace.get("deployment", "web")["status"]["observedGeneration"].clone();
    namespace.rollout_done("web");
    let before = generation();
    rb(&namespace, "undo deploy/web --yes --from=2.0")
        .ends_with(0)
        .says("already rolled back by tester, ");
    assert_eq!(generation(), before);
    assert_live(&namespace, "2.0");
}

fn again_on_a_failing_release_needs_the_flag(bed: &TestBed) {
    let namespace = bed.namespace("again-crash");
    releases(&namespace, 1, &["1.0", "2.0-crash", "3.0"]);
    rb(&namespace, "undo deploy/web --yes --to-revision=2").ends_with(6);
    let refused = rb(&namespace, "undo deploy/web --yes").ends_with(3);
    assert_live(&namespace, "2.0-crash");
    let again = hint(&refused, "to go further back: ");
    paste(bed, &namespace, &format!("{again} --yes"));
    assert_live(&namespace, "1.0");
}

/// A pod that does not end keeps the strategy Recreate waiting.
fn again_while_it_converges_joins_the_wait(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("again-join"), bed.proxy());
    let extra = json!({"spec": {"strategy": {"type": "Recreate"}}});
    releases_with(&namespace, 1, &["1.0", "2.0"], &extra);
    hold_pods(&namespace, &json!(["example.test/slow-to-end"]));
    rb(&namespace, "undo deploy/web --yes --no-wait").ends_with(0);
    let again = Rb::new(&proxy.kubeconfig(&namespace)).words("undo deploy/web --yes").spawn();
    namespace.wait_until("the second undo waits", |_| {
        proxy.requests().iter().any(|record| record.request.is_watch())
    });
    hold_pods(&namespace, &Value::Null);
    let again =
        again.wait().ends_with(0).says("already rolled back by tester").says("still converging");
    again.says("healthy: deployment/web runs the template of revision 3 (web:1.0)");
    assert!(!proxy.requests().iter().any(|record| record.request.is_write()));
    assert_live(&namespace, "1.0");
}

fn again_on_a_paused_rollback_is_told_to_resume(bed: &TestBed) {
    let namespace = bed.namespace("again-pause");
    releases(&namespace, 1, &["1.0", "2.0-hang", "3.0"]);
    rb(&namespace, "undo deploy/web --yes --no-wait --to-revision=2").ends_with(0);
    stored(&namespace, "2.0-hang");
    namespace.kubectl_ok(&["rollout", "pause", "deployment/web"]);
    namespace.wait_until("the pause is seen", |namespace| {
        is_observed(&namespace.get("deployment", "web"))
    });
    let refused = rb(&namespace, "undo deploy/web --yes").ends_with(3);
    refused.says("deployment/web is paused").says("rollout resume deployment/web");
}

/// Whoever goes forward again, and finds that it was bad after all, wants back.
fn going_forward_again_can_be_taken_back(bed: &TestBed) {
    let namespace = bed.namespace("again-forward");
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    let undo = rb(&namespace, "undo deploy/web --yes").ends_with(0);
    let forward = hint(&undo, "to go forward again: ");
    let forward = forward.split(" -n ").next().expect("a command").replacen("rb ", "", 1);
    rb(&namespace, &format!("{forward} --yes")).ends_with(6);
    rb(&namespace, "undo deploy/web --yes --again").ends_with(0);
    assert_live(&namespace, "1.0");
}

fn a_new_bad_release_is_undone_as_usual(bed: &TestBed) {
    let namespace = bed.namespace("again-new");
    releases(&namespace, 1, &["1.0", "2.0-crash"]);
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    release(&namespace, "3.0-crash");
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    assert_live(&namespace, "1.0");
    assert_eq!(record(&namespace)["undos"].as_array().map(Vec::len), Some(2));
}
