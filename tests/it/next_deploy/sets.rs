//! The same for StatefulSets and DaemonSets: their templates are written by the same code.

use serde_json::{Value, json};

use crate::rb::rb;
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

use super::{declared, first, later, rb_owns_its_own_only, with};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_client_side_apply_after_a_rollback_leaves_nothing_over,
        a_server_side_apply_after_a_rollback_meets_no_conflict,
    ]
}

const KINDS: [&str; 2] = ["StatefulSet", "DaemonSet"];

fn a_client_side_apply_after_a_rollback_leaves_nothing_over(bed: &TestBed) {
    next_release_is_exact(bed, "sets-apply", "apply");
}

fn a_server_side_apply_after_a_rollback_meets_no_conflict(bed: &TestBed) {
    next_release_is_exact(bed, "sets-server-side", "apply --server-side");
}

/// Three releases by the same command, the second of which is rolled back.
fn next_release_is_exact(bed: &TestBed, hint: &str, command: &str) {
    for kind in KINDS {
        let namespace = bed.namespace(hint);
        for release in [first(), later("2.0")] {
            deploy(&namespace, command, &of_kind(release, kind));
        }
        let undo = format!("undo {kind}/web --yes");
        let ran = rb(&namespace, &undo).ends_with(0);
        assert!(!ran.to_string().contains("warning"), "{ran}");
        assert_eq!(template(&namespace, kind), declared(&namespace, &of_kind(first(), kind)));
        rb_owns_its_own_only(&namespace.get(kind, "web"));
        let fixed = of_kind(later("3.0"), kind);
        deploy(&namespace, command, &fixed);
        assert_eq!(template(&namespace, kind), declared(&namespace, &fixed));
    }
}

/// Applies a release and waits until its pods run: then it is stored as a revision.
fn deploy(namespace: &Namespace, command: &str, manifest: &Value) {
    with(namespace, command, manifest);
    let kind = manifest["kind"].as_str().expect("a kind");
    namespace.kubectl_ok(&["rollout", "status", &format!("{kind}/web")]);
}

fn template(namespace: &Namespace, kind: &str) -> Value {
    namespace.get(kind, "web")["spec"]["template"].clone()
}

/// A Deployment's manifest as one of another kind.
fn of_kind(mut manifest: Value, kind: &str) -> Value {
    manifest["kind"] = json!(kind);
    let spec = manifest["spec"].as_object_mut().expect("a spec");
    if kind == "StatefulSet" {
        spec.insert("serviceName".to_owned(), json!("web"));
    } else {
        spec.remove("replicas");
    }
    manifest
}
