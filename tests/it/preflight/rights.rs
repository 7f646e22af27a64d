//! Rights: each planned write is asked about before the first one is made.

use serde_json::Value;

use super::{Checked, look_as};
use crate::given::{allow, commands, nothing_was_written, paste};
use crate::rb::Rb;
use crate::scene::sets::Set;
use crate::scene::{assert_live, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_missing_right_is_told_before_anything_is_written,
        every_missing_right_has_its_command,
        a_right_for_traces_is_only_a_warning,
        where_rights_cannot_be_asked_about_they_are_unknown,
    ]
}

const READS: [&str; 4] =
    ["get,watch deployments.apps", "list replicasets.apps", "list,watch pods", "list events"];

fn a_missing_right_is_told_before_anything_is_written(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("rbac"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    allow(&namespace, "alice", &READS);
    let checked = look_as(&namespace, "alice").blocked_by(&["rbac"]);
    let check = checked.says("rbac", "fail", "not allowed to patch deployments.apps web");
    let message = check["message"].as_str().unwrap_or_default();
    assert_eq!(message.matches("patch deployments.apps").count(), 1, "{message}");
    // What is missing for the traces is told beside it.
    assert!(check["evidence"].to_string().contains("create events"), "{check}");
    checked.says("dryrun.workload", "skipped", "without the right");
    let call = Rb::new(&proxy.kubeconfig_of("alice", &namespace)).words("undo deploy/web --yes");
    let ran = call.run().ends_with(3);
    nothing_was_written(&proxy);
    let command = commands(&ran).remove(0);
    assert_eq!(paste(bed, &namespace.user("alice"), &command).stdout.trim(), "no", "{command}");
    assert_live(&namespace, "2.0");
}

fn every_missing_right_has_its_command(bed: &TestBed) {
    let set = Set::stateful(bed, "rbac-pods", 2, &["1.0", "2.0-crash"], &Value::Null);
    let rules = [
        "get,watch statefulsets.apps",
        "list controllerrevisions.apps",
        "get,list,watch pods",
        "list,create events",
    ];
    allow(&set.namespace, "bob", &rules);
    let words = "undo sts/web --dry-run -o json";
    let checked = Checked::of(Rb::new(&set.namespace.user("bob")).words(words).run());
    let check = checked.says("rbac", "fail", "not allowed to patch statefulsets.apps web");
    checked.says("rbac", "fail", ", nor to delete pods web-1");
    let hint = check["hint"].as_str().unwrap_or_default();
    let commands: Vec<&str> = hint.split("; ").collect();
    assert_eq!(commands.len(), 2, "{hint}");
    let ran = paste(bed, &set.namespace.user("bob"), hint);
    assert_eq!(ran.stdout, "no\nno\n", "{ran}");
}

fn a_right_for_traces_is_only_a_warning(bed: &TestBed) {
    let namespace = bed.namespace("rbac-traces");
    releases(&namespace, 0, &["1.0", "2.0"]);
    let rules = ["get,watch,patch deployments.apps", READS[1], READS[2], READS[3]];
    allow(&namespace, "carol", &rules);
    let checked = look_as(&namespace, "carol").goes_on();
    let check = checked.says("rbac", "warn", "some traces will be missing: not allowed to");
    assert_eq!(check["reason"], "NoTraces");
    for right in ["patch replicasets.apps", "create events"] {
        checked.says("rbac", "warn", right);
    }
    let undo = Rb::new(&namespace.user("carol")).words("undo deploy/web --yes").run();
    undo.ends_with(0).says("some traces will be missing");
    assert_live(&namespace, "1.0");
}

/// Nobody can be sure of a rollback whose half may be forbidden; `--override` takes the risk.
fn where_rights_cannot_be_asked_about_they_are_unknown(bed: &TestBed) {
    let (namespace, proxy) = (bed.namespace("rbac-unknown"), bed.proxy());
    releases(&namespace, 0, &["1.0", "2.0"]);
    proxy.inject(|head| {
        if head.path.contains("selfsubjectaccessreviews") {
            Action::refuse(403, "Forbidden", r#"User "admin" cannot create resource"#)
        } else {
            Action::Pass
        }
    });
    let checked = super::look_through(&namespace, &proxy, "").blocked_by(&["rbac"]);
    checked.says("rbac", "unknown", "the rights cannot be found out: not allowed to create");
    checked.says("dryrun.workload", "pass", "");
    nothing_was_written(&proxy);
    let words = "undo deploy/web --yes --override rbac --reason sure";
    Rb::new(&proxy.kubeconfig(&namespace)).words(words).run().ends_with(0).says("(overridden)");
    assert_live(&namespace, "1.0");
}
