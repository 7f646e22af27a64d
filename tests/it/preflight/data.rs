//! Which data a release works with, as annotations of its pod template say.

use serde_json::{Value, json};

use super::look;
use crate::given::release;
use crate::rb::rb;
use crate::scene::assert_live;
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![newer_data_than_the_old_code_knows_stop_it, what_is_not_safe_to_leave_is_not_left]
}

/// One more release without pods, with these annotations on its pods.
#[track_caller]
fn annotated(namespace: &Namespace, revision: usize, annotations: &Value) {
    let extra = json!({"spec": {"template": {"metadata": {"annotations": annotations}}}});
    release(namespace, revision, 0, &format!("{revision}.0"), &extra);
}

fn newer_data_than_the_old_code_knows_stop_it(bed: &TestBed) {
    let namespace = bed.namespace("data");
    annotated(
        &namespace,
        1,
        &json!({"kubectl-rb/schema-min": "40", "kubectl-rb/schema-max": "42"}),
    );
    annotated(&namespace, 2, &json!({"kubectl-rb/migration-id": "0042_add_email"}));
    look(&namespace, "").goes_on().says("data", "pass", "at migration 0042_add_email");
    annotated(&namespace, 3, &json!({"kubectl-rb/migration-id": "0043_drop_name"}));
    let words = "--to-revision=1";
    let checked = look(&namespace, words).blocked_by(&["data"]);
    let check = checked.says("data", "fail", "at migration 0043_drop_name");
    assert_eq!(check["reason"], "SchemaTooNew");
    // Revision 2 says nothing of what it works with.
    look(&namespace, "").goes_on().says("data", "skipped", "");
}

fn what_is_not_safe_to_leave_is_not_left(bed: &TestBed) {
    let namespace = bed.namespace("data-unsafe");
    annotated(&namespace, 1, &json!({}));
    annotated(&namespace, 2, &json!({"kubectl-rb/rollback": "needs-restore"}));
    let checked = look(&namespace, "").blocked_by(&["data"]);
    checked.says("data", "fail", "revision 2 says that going back from it needs its data restored");
    let override_it = "--override data --reason restored";
    look(&namespace, override_it).goes_on();
    // It is passed over on the way from a later release, too.
    annotated(&namespace, 3, &json!({"kubectl-rb/rollback": "safe"}));
    look(&namespace, "").goes_on().says("data", "pass", "going back is safe");
    look(&namespace, "--to-revision=1").blocked_by(&["data"]);
    let words = format!("undo deploy/web --to-revision=1 --yes {override_it}");
    rb(&namespace, &words).ends_with(0).says("(overridden)");
    assert_live(&namespace, "1.0");
}
