//! The update strategy OnDelete: the controller leaves pods as they are until somebody deletes them.

use serde_json::{Value, json};

use crate::scene::sets::{Set, deletes, deletions};
use crate::scene::{hint, paste, text};
use crate::suite::{Test, on_bed};
use crate::testbed::{Action, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        pods_that_stay_are_told_with_the_command_that_replaces_them,
        pods_that_serve_are_replaced_one_at_a_time,
        what_is_left_of_half_of_it_is_named,
        a_status_tells_first_that_the_new_pods_crash,
    ]
}

fn on_delete() -> Value {
    json!({"spec": {"updateStrategy": {"type": "OnDelete"}}})
}

/// Replaces all pods with ones of the newest template.
fn replace_all(set: &Set, tag: &str, count: usize) {
    set.namespace.kubectl_ok(&["delete", "pods", "--all", "--wait=false"]);
    set.namespace.wait_until("all pods are new", |_| set.pods_of(tag).len() == count);
}

fn pods_that_stay_are_told_with_the_command_that_replaces_them(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-ondelete", 2, &["1.0", "2.0-crash"], &on_delete());
    replace_all(&set, "2.0-crash", 1);
    set.namespace.wait_until("it crashes", |_| {
        let pods = set.pods_of("2.0-crash");
        pods.iter().any(|p| p["status"]["containerStatuses"][0]["restartCount"].as_u64() > Some(0))
    });
    let ran = set
        .rb("undo WEB --yes")
        .ends_with(5)
        .says("its update strategy is OnDelete: pod web-0 will run the old version until deleted")
        .says("its update strategy OnDelete keeps older pods");
    set.assert_live("1.0");
    set.rb("status WEB").ends_with(5).says("the update strategy OnDelete waits for deletion");
    // Again without the flag it is the same.
    set.rb("undo WEB --yes").ends_with(5).says("already rolled back by tester");
    let replace = hint(&ran, "to replace them, one at a time: ");
    paste(bed, &set.namespace, &format!("{replace} --yes"));
    set.rb("status WEB").ends_with(0);
    set.assert_all_run("1.0", 2);
    assert_eq!(set.record()["verdicts"][0]["verdict"], "verified");
}

/// Another pod has the name of the one that was deleted.
fn what_is_left_of_half_of_it_is_named(bed: &TestBed) {
    let proxy = bed.proxy();
    let set = Set::stateful(bed, "sts-half", 3, &["1.0", "2.0"], &on_delete());
    replace_all(&set, "2.0", 3);
    set.rolled_out();
    let mut count = 0;
    proxy.inject(move |request| {
        count += u32::from(deletes(request));
        let second = deletes(request) && count == 2;
        if second { Action::refuse(403, "Forbidden", "enough") } else { Action::Pass }
    });
    let ran = set.through(&proxy, "undo WEB --yes --delete-pods").run().ends_with(9);
    let rest = hint(&ran, "to get them out of the way: ");
    assert!(rest.starts_with("kubectl delete pod web-1 web-0 -n "), "{rest}");
    set.rb("undo WEB --yes --delete-pods").ends_with(0);
    set.assert_all_run("1.0", 3);
}

/// Deleting the rest would replace what still serves by more of what crashes.
fn a_status_tells_first_that_the_new_pods_crash(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-new-crash", 2, &["1.0", "2.0-crash"], &on_delete());
    set.namespace.kubectl_ok(&["delete", "pod", "web-1", "--wait=false"]);
    set.namespace.wait_until("it crashes", |_| {
        let pods = set.pods_of("2.0-crash");
        pods.iter().any(|p| p["status"]["containerStatuses"][0]["restartCount"].as_u64() > Some(1))
    });
    set.rb("status WEB").ends_with(6).says("cause    pod web-1, container app: ");
}

fn pods_that_serve_are_replaced_one_at_a_time(bed: &TestBed) {
    let proxy = bed.proxy();
    let mut extra = on_delete();
    extra["spec"]["minReadySeconds"] = json!(2);
    let set = Set::stateful(bed, "sts-onebyone", 3, &["1.0", "2.0"], &extra);
    replace_all(&set, "2.0", 3);
    set.rolled_out();
    set.through(&proxy, "undo WEB --yes --delete-pods")
        .run()
        .ends_with(0)
        .says("delete pods web-2, web-1, web-0");
    set.assert_all_run("1.0", 3);
    let deleted: Vec<_> = deletions(&proxy)
        .iter()
        .filter_map(|r| r.request.path.split(['/', '?']).find(|part| part.starts_with("web-")))
        .map(str::to_owned)
        .collect();
    assert_eq!(deleted, ["web-2", "web-1", "web-0"]);
    let time = |pod: &Value, pointer: &str| {
        text(pod, pointer).parse::<jiff::Timestamp>().expect("a time").as_second()
    };
    let pods: Vec<Value> = deleted.iter().map(|name| set.namespace.get("pod", name)).collect();
    for pair in pods.windows(2) {
        let conditions = pair[0]["status"]["conditions"].as_array().expect("conditions");
        let ready = conditions.iter().find(|c| c["type"] == "Ready").expect("Ready");
        let (ready, next) =
            (time(ready, "/lastTransitionTime"), time(&pair[1], "/metadata/creationTimestamp"));
        // Whole seconds on both sides.
        assert!(next + 1 >= ready + 2, "{deleted:?}: ready at {ready}, the next at {next}");
    }
}
