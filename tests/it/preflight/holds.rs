//! Freezes of a namespace and holds of a workload.

use super::{look, look_as};
use crate::given::allow;
use crate::rb::rb;
use crate::scene::{assert_live, paste, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_rollback_is_allowed_in_a_freeze,
        a_hold_is_told_until_it_has_run_out,
        without_the_right_to_read_the_namespace_it_is_unknown,
    ]
}

fn annotate(namespace: &Namespace, object: &str, text: &str) {
    let (kind, name) = object.split_once('/').expect("a kind and a name");
    namespace.kubectl_ok(&["annotate", kind, name, text, "--overwrite"]);
}

fn a_rollback_is_allowed_in_a_freeze(bed: &TestBed) {
    let namespace = bed.namespace("freeze");
    releases(&namespace, 0, &["1.0", "2.0"]);
    look(&namespace, "").goes_on().says("freeze", "pass", "is not frozen");
    let object = format!("namespace/{}", namespace.name());
    annotate(&namespace, &object, "kubectl-rb/freeze=end of the quarter");
    let checked = look(&namespace, "").goes_on();
    let check = checked.says("freeze", "warn", "is frozen: end of the quarter");
    paste(bed, &namespace, check["hint"].as_str().expect("a hint"));
    look(&namespace, "").goes_on().says("freeze", "pass", "");
    annotate(&namespace, &object, "kubectl-rb/freeze=true");
    rb(&namespace, "undo deploy/web --yes").ends_with(0).says("is frozen");
    assert_live(&namespace, "1.0");
}

fn a_hold_is_told_until_it_has_run_out(bed: &TestBed) {
    let namespace = bed.namespace("hold");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let held = r#"kubectl-rb/hold={"by":"alice","reason":"audit","until":"2999-01-01T00:00:00Z"}"#;
    annotate(&namespace, "deployment/web", held);
    let checked = look(&namespace, "").goes_on();
    let check = checked.says("lock", "warn", "deployment/web is held by alice for");
    checked.says("lock", "warn", "more: audit");
    paste(bed, &namespace, check["hint"].as_str().expect("a hint"));
    look(&namespace, "").goes_on().says("lock", "pass", "nobody holds it");
    annotate(&namespace, "deployment/web", r#"kubectl-rb/hold={"until":"2020-01-01T00:00:00Z"}"#);
    look(&namespace, "").goes_on().says("lock", "pass", "nobody holds it");
    let object = format!("namespace/{}", namespace.name());
    annotate(&namespace, &object, "kubectl-rb/hold=inventory");
    let said = format!("namespace {} is held: inventory", namespace.name());
    look(&namespace, "").goes_on().says("lock", "warn", &said);
}

fn without_the_right_to_read_the_namespace_it_is_unknown(bed: &TestBed) {
    let namespace = bed.namespace("hold-unknown");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let rules = [
        "get,patch,watch deployments.apps",
        "list,patch replicasets.apps",
        "list,watch pods",
        "list,create events",
    ];
    allow(&namespace, "alice", &rules);
    let checked = look_as(&namespace, "alice").goes_on();
    for id in ["freeze", "lock"] {
        let check = checked.says(id, "unknown", "not allowed to get namespaces");
        assert!(check["hint"].as_str().is_some_and(|hint| hint.contains("can-i get namespaces")));
    }
    // What is on the workload itself is seen all the same.
    annotate(&namespace, "deployment/web", "kubectl-rb/hold=mine");
    look_as(&namespace, "alice").goes_on().says("lock", "warn", "deployment/web is held: mine");
}
