//! The update strategy OnDelete, and plan files that delete pods.

use std::fs;

use serde_json::{Value, json};

use crate::rb::Ran;
use crate::scene::sets::{Set, deletions};
use crate::scene::{hint, paste, text};
use crate::suite::{Test, on_bed};
use crate::testbed::{Proxy, Recorded, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        pods_that_stay_are_told_with_the_command_that_replaces_them,
        a_plan_with_deletions_is_carried_out_from_a_file,
        a_plan_that_was_changed_deletes_nothing,
    ]
}

/// Two releases, and the pods of the second run.
fn with_pods_of_2(bed: &TestBed, hint: &str) -> Set {
    let on_delete = json!({"spec": {"updateStrategy": {"type": "OnDelete"}}});
    let set = Set::daemon(bed, hint, &["1.0", "2.0"], &on_delete);
    set.namespace.kubectl_ok(&["delete", "pods", "--all", "--wait=false"]);
    set.namespace.wait_until("all pods are new", |_| set.pods_of("2.0").len() == 3);
    set.rolled_out();
    set
}

fn pods_that_stay_are_told_with_the_command_that_replaces_them(bed: &TestBed) {
    let set = with_pods_of_2(bed, "ds-ondelete");
    let ran = set.rb("undo WEB --yes").ends_with(5).says("OnDelete keeps older pods");
    let replace = hint(&ran, "to replace them, one at a time: ");
    paste(bed, &set.namespace, &format!("{replace} --yes"));
    set.rb("status WEB").ends_with(0);
    set.assert_all_run("1.0", 3);
}

/// The plan, as a file would hold it. It is for the server that it was made for.
fn plan(set: &Set, proxy: &Proxy) -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    let words = format!("undo WEB --delete-pods --dry-run --plan-out={}", file.display());
    set.through(proxy, &words).run().ends_with(0);
    serde_json::from_str(&fs::read_to_string(file).expect("a plan")).expect("JSON")
}

fn carry_out(set: &Set, proxy: &Proxy, plan: &Value) -> Ran {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    fs::write(&file, plan.to_string()).expect("a file that can be written");
    set.through(proxy, "undo --yes --plan").arg(&file).run()
}

fn a_plan_with_deletions_is_carried_out_from_a_file(bed: &TestBed) {
    let (set, proxy) = (with_pods_of_2(bed, "ds-plan"), bed.proxy());
    let plan = plan(&set, &proxy);
    carry_out(&set, &proxy, &plan).ends_with(0);
    assert_eq!(deletions(&proxy).len(), 3);
    set.assert_all_run("1.0", 3);
    // Once only.
    carry_out(&set, &proxy, &plan).ends_with(0).says("already rolled back by tester");
    assert_eq!(deletions(&proxy).len(), 3);
}

fn a_plan_that_was_changed_deletes_nothing(bed: &TestBed) {
    let (set, proxy) = (with_pods_of_2(bed, "ds-evil"), bed.proxy());
    set.namespace.kubectl_ok(&["run", "other", "--image=shop/other:1.0"]);
    let other = set.namespace.get("pod", "other");
    let good = plan(&set, &proxy);
    proxy.clear();
    let steps = good["steps"].as_array().expect("steps");
    let at = steps.iter().position(|step| step["action"]["type"] == "deletePod").expect("one");
    let path = format!("/api/v1/namespaces/{}/pods/other", set.namespace.name());
    for changes in [
        vec![
            ("name", json!("other")),
            ("path", json!(path)),
            ("uid", other["metadata"]["uid"].clone()),
        ],
        vec![("name", json!("other")), ("path", json!(path))],
        vec![("path", json!(path))],
        vec![("uid", json!(""))],
        vec![("uid", other["metadata"]["uid"].clone())],
        // All at once, and not one at a time.
        vec![("ready", json!(false))],
    ] {
        let mut plan = good.clone();
        for (member, value) in &changes {
            plan["steps"][at]["action"][*member] = value.clone();
        }
        carry_out(&set, &proxy, &plan).ends_with(3);
        let asked = proxy.requests();
        let is_one = |r: &Recorded| r.request.is_write() || r.request.is_dry_run();
        assert!(!asked.iter().any(is_one), "{changes:?}");
    }
    assert_eq!(
        text(&set.namespace.get("pod", "other"), "/metadata/uid"),
        text(&other, "/metadata/uid")
    );
    set.assert_live("2.0");
    carry_out(&set, &proxy, &good).ends_with(0);
}
