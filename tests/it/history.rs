//! `rb history`: the table, its marks, and one revision in full.

use serde_json::json;
use snapbox::{assert_data_eq, str};

use crate::given::release;
use crate::rb::{Ran, rb};
use crate::scene::{REVISION, annotation, hash, releases, settle};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(crate) fn tests() -> Vec<Test> {
    on_bed![
        the_table_says_what_there_is_to_go_back_to,
        ten_comes_after_nine,
        the_changed_image_comes_first,
        the_wide_table_has_what_identifies_a_revision,
        marks_tell_how_each_revision_did,
        one_revision_is_shown_with_what_differs_from_the_live_one,
        a_revision_is_found_by_all_its_names,
        a_fresh_deployment_is_its_own_history,
        revisions_of_others_are_not_its_own,
    ]
}

/// The lines of a table, cells by column.
fn rows(ran: &Ran) -> Vec<Vec<String>> {
    let table = ran.stdout.lines().take_while(|line| !line.starts_with("note: "));
    table
        .map(|line| {
            let cells = line.split("   ").map(str::trim).filter(|cell| !cell.is_empty());
            cells.map(str::to_owned).collect()
        })
        .collect()
}

/// One column of the table, without its head.
fn column(ran: &Ran, name: &str) -> Vec<String> {
    let rows = rows(ran);
    let index = rows[0].iter().position(|cell| cell == name).unwrap_or_else(|| panic!("{ran}"));
    rows[1..].iter().map(|row| row[index].clone()).collect()
}

fn the_table_says_what_there_is_to_go_back_to(bed: &TestBed) {
    let namespace = bed.namespace("table");
    releases(&namespace, 1, &["1.0", "2.0"]);
    let cause = "kubernetes.io/change-cause=bump to 2.0 because of a very long story indeed";
    namespace.kubectl_ok(&["annotate", "deployment/web", cause]);
    let ran = rb(&namespace, "history deploy/web");
    assert_data_eq!(
        ran.to_string(),
        str![[r"
REVISION   AGE   IMAGES    PODS   MARKS     CAUSE
1          [..]   web:1.0   0/0    -         <none>
2          [..]   web:2.0   1/1    current   bump to 2.0 because of a very long st...
--- stderr
--- exit 0
"]]
    );
}

fn ten_comes_after_nine(bed: &TestBed) {
    let namespace = bed.namespace("eleven");
    let tags: Vec<String> = (1..=11).map(|number| format!("{number}.0")).collect();
    releases(&namespace, 0, &tags.iter().map(String::as_str).collect::<Vec<_>>());
    let ran = rb(&namespace, "history deploy/web").ends_with(0);
    let numbers: Vec<String> = (1..=11).map(|number: u8| number.to_string()).collect();
    assert_eq!(column(&ran, "REVISION"), numbers);
    let images: Vec<String> = tags.iter().map(|tag| format!("web:{tag}")).collect();
    assert_eq!(column(&ran, "IMAGES"), images);
    let document = rb(&namespace, "history deploy/web -o json").json();
    assert_eq!(document["revisions"][10]["revision"], 11);
    assert_eq!(document["revisions"][10]["marks"], json!(["current"]));
}

fn the_changed_image_comes_first(bed: &TestBed) {
    let namespace = bed.namespace("images");
    let with = |proxy: &str, app: &str| {
        let container = |name: &str, tag: &str| json!({"name": name, "image": format!("r.test:5000/x/{name}:{tag}")});
        json!({"spec": {"template": {"spec": {
            "containers": [container("proxy", proxy), container("app", app)],
        }}}})
    };
    release(&namespace, 1, 0, "", &with("1", "1"));
    release(&namespace, 2, 0, "", &with("1", "2"));
    release(&namespace, 3, 0, "", &with("2", "2"));
    let ran = rb(&namespace, "history deploy/web").ends_with(0);
    assert_eq!(column(&ran, "IMAGES"), ["proxy:1, app:1", "app:2, proxy:1", "proxy:2, app:2"]);
}

fn the_wide_table_has_what_identifies_a_revision(bed: &TestBed) {
    let namespace = bed.namespace("wide");
    let commit = |commit: &str, build: &str| json!({"spec": {"template": {"metadata": {"annotations": {"git-sha": commit, "build-id": build}}}}});
    release(&namespace, 1, 1, "1.0", &commit("51d0e77aa", ""));
    release(&namespace, 2, 1, "2.0", &commit("9f3c2abbb", "118"));
    rb(&namespace, "undo deploy/web --yes --reason latency --incident INC-7").ends_with(0);
    let ran = rb(&namespace, "history deploy/web -o wide").ends_with(0);
    assert_eq!(column(&ran, "REVISION"), ["2", "3"]);
    let hashes = ["2.0", "1.0"].map(|tag| hash(&namespace, tag));
    assert_eq!(column(&ran, "HASH"), hashes);
    assert_eq!(column(&ran, "COMMIT"), ["9f3c2abbb", "51d0e77aa"]);
    assert_eq!(column(&ran, "CONTEXT"), ["build 118", "-"]);
    rb(&namespace, "history deploy/web --revision 2").ends_with(0).says("  context  build 118\n");
    assert_eq!(column(&ran, "BY"), ["-", "tester"]);
    let evidence = column(&ran, "EVIDENCE");
    assert!(evidence[0].starts_with("rolled back by tester"), "{ran}");
    assert!(evidence[1].contains("verified") && evidence[1].contains("1 pod"), "{ran}");
    let cause = column(&ran, "CAUSE");
    assert!(cause[1].ends_with("latency [INC-7]"), "{ran}");
    let row = &rb(&namespace, "history deploy/web -o json").json()["revisions"][1];
    assert_eq!((&row["by"], &row["reason"]), (&json!("tester"), &json!("latency")));
}

fn marks_tell_how_each_revision_did(bed: &TestBed) {
    let namespace = bed.namespace("marks");
    releases(&namespace, 1, &["1.0", "2.0", "3.0-crash"]);
    let ran = rb(&namespace, "history deploy/web").ends_with(0);
    assert_eq!(column(&ran, "MARKS"), ["-", "-", "current, doubtful"]);
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    let ran = rb(&namespace, "history deploy/web").ends_with(0);
    assert_eq!(column(&ran, "REVISION"), ["1", "3", "4"]);
    let marks = column(&ran, "MARKS");
    assert_eq!(marks[0], "-");
    assert!(marks[1].starts_with("rolled back"), "{ran}");
    assert_eq!(marks[2], "current, verified");
    // What somebody deploys by hand afterwards is not verified by that.
    namespace.set_image("web", "registry.test:5000/shop/web:4.0");
    settle(&namespace, "4.0");
    let ran = rb(&namespace, "history deploy/web").ends_with(0);
    assert_eq!(column(&ran, "MARKS")[2..], ["verified", "current"]);
}

fn one_revision_is_shown_with_what_differs_from_the_live_one(bed: &TestBed) {
    let namespace = bed.namespace("one");
    let env = |value: &str| {
        json!({"spec": {"template": {"spec": {"containers": [{
            "name": "app", "image": format!("registry.test/web:{value}"),
            "env": [{"name": "MODE", "value": value}], "args": ["--level", value],
        }]}}}})
    };
    release(&namespace, 1, 0, "", &env("old"));
    release(&namespace, 2, 0, "", &env("new"));
    let ran = rb(&namespace, "history deploy/web --revision 1").ends_with(0);
    let ran = ran.says("deployment/web revision 1, hash ").says("image: registry.test/web:old");
    for line in ["- image: registry.test/web:new", "+ image: registry.test/web:old"] {
        assert!(ran.stdout.lines().any(|l| squeezed(l) == line), "{line}: {ran}");
    }
    assert!(ran.stdout.contains("<hidden>"), "{ran}");
    // The one that is live differs from itself in nothing: no diff at all.
    let ran = rb(&namespace, "history deploy/web --revision=2").ends_with(0);
    assert!(!ran.stdout.contains("from the live template"), "{ran}");
    let document = rb(&namespace, "history deploy/web --revision 1 -o json").ends_with(0).json();
    let revisions = document["revisions"].as_array().expect("revisions");
    assert_eq!(revisions.len(), 1);
    let container = &revisions[0]["template"]["spec"]["containers"][0];
    assert_eq!(container["args"], json!(["--level", "old"]));
    assert_eq!(container["env"], json!([{"name": "MODE", "value": "<hidden>"}]));
    let shown = rb(&namespace, "history deploy/web --revision 1 --show-values").ends_with(0);
    shown.says("value: old");
}

fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn a_revision_is_found_by_all_its_names(bed: &TestBed) {
    let namespace = bed.namespace("names");
    releases(&namespace, 0, &["1.0", "2.0"]);
    namespace.kubectl_ok(&["rollout", "undo", "deployment/web"]);
    namespace
        .wait_until("it has another number", |namespace| annotation(namespace, REVISION) == "3");
    let hash = hash(&namespace, "1.0");
    // 1 is what it was called before it became 3.
    for word in ["1", "3", &hash, "1.0", "web:1.0", &format!("web-{hash}")] {
        let words = format!("history deploy/web -o json --revision {word}");
        let document = rb(&namespace, &words).ends_with(0).json();
        assert_eq!(document["revisions"][0]["hash"], hash.as_str(), "{word}");
        assert_eq!(document["revisions"][0]["revision"], 3, "{word}");
        assert_eq!(document["revisions"][0]["pastNumbers"], json!([1]), "{word}");
    }
    let ran = rb(&namespace, "history deploy/web --revision 9").ends_with(4);
    ran.says("deployment/web has no revision 9; stored revisions: 2, 3").says("hint:");
}

fn a_fresh_deployment_is_its_own_history(bed: &TestBed) {
    let namespace = bed.namespace("fresh");
    releases(&namespace, 0, &["1.0"]);
    let ran = rb(&namespace, "history deploy/web").ends_with(0);
    assert_eq!(column(&ran, "MARKS"), ["current"]);
    // Paused from the start: there is a template and not one ReplicaSet.
    let paused = json!({"spec": {"paused": true}});
    namespace.deployment_with("held", "registry.test/web:1", 0, &paused);
    namespace.wait_until("the controller has seen it", |namespace| {
        namespace.get("deployment", "held")["status"]["observedGeneration"] == 1
    });
    let ran = rb(&namespace, "history deploy/held").ends_with(0);
    assert_eq!(rows(&ran).len(), 1, "{ran}");
    ran.says("note: the controller has not stored the newest template yet");
    let document = rb(&namespace, "history deploy/held -o json").ends_with(0).json();
    assert_eq!((&document["revisions"], &document["liveIsStored"]), (&json!([]), &json!(false)));
}

/// Another owner's with the same labels. (One without an owner the controller would adopt.)
fn revisions_of_others_are_not_its_own(bed: &TestBed) {
    let namespace = bed.namespace("others");
    releases(&namespace, 0, &["1.0", "2.0"]);
    namespace.kubectl_ok(&["create", "configmap", "owner"]);
    let owner = json!([{"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "controller": true,
        "uid": namespace.get("configmap", "owner")["metadata"]["uid"]}]);
    let stranger = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": "web-stranger", "labels": {"app": "web"}, "ownerReferences": owner,
            "annotations": {REVISION: "7"}},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web", "x": "y"}}, "template": {
            "metadata": {"labels": {"app": "web", "x": "y"}},
            "spec": {"containers": [{"name": "app", "image": "registry.test/web:7"}]}}}});
    namespace.apply(&stranger.to_string());
    let ran = rb(&namespace, "history deploy/web").ends_with(0);
    assert_eq!(column(&ran, "REVISION"), ["1", "2"]);
    rb(&namespace, "undo deploy/web --yes --to-revision=7").ends_with(4);
}
