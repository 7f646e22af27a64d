//! Revisions in ControllerRevisions: what is stored may be anything.

use serde_json::{Value, json};

use crate::given::{allow, commands, nothing_was_written, paste};
use crate::rb::Rb;
use crate::scene::sets::Set;
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        history_names_what_is_stored,
        what_holds_no_template_is_passed_over,
        a_verdict_is_on_the_stored_revision,
        without_the_right_to_list_revisions_it_refuses,
    ]
}

fn history_names_what_is_stored(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-history", 1, &["1.0", "2.0"], &Value::Null);
    let table = set.rb("history WEB").ends_with(0).says("web:1.0").says("web:2.0");
    let rows: Vec<_> = table.stdout.lines().map(|line| line.split(' ').next()).collect();
    assert_eq!(rows, [Some("REVISION"), Some("1"), Some("2")], "{table}");
    assert!(table.stdout.lines().nth(2).is_some_and(|row| row.contains("1/1")), "{table}");

    let names = set.rb("history WEB -o name").ends_with(0).stdout;
    let expected = |tag| format!("controllerrevision.apps/web-{}", set.hash(tag));
    assert_eq!(names.lines().collect::<Vec<_>>(), [expected("1.0"), expected("2.0")]);

    let document = set.rb("history WEB -o json").ends_with(0).json();
    let revisions = document["revisions"].as_array().expect("a list");
    assert_eq!(revisions[0]["hash"], set.hash("1.0").as_str(), "{document}");
    let one = set.rb("history WEB --revision=1").ends_with(0).stdout;
    let changed: Vec<_> =
        one.lines().map(str::trim).filter(|line| line.starts_with(['-', '+'])).collect();
    // The order of members, which differs, is no difference.
    assert_eq!(
        changed.iter().filter(|line| !line.starts_with("- image: ")).collect::<Vec<_>>(),
        [
            &"-   - image: registry.test:5000/shop/web:2.0",
            &"+   - image: registry.test:5000/shop/web:1.0"
        ]
    );
}

/// Stores something as a revision of the set.
fn store(set: &Set, name: &str, number: i64, data: &Value) {
    let web = set.object();
    let object = json!({
        "apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": number, "data": data,
        "metadata": {"name": name, "labels": {"app": "web"}, "ownerReferences": [{
            "apiVersion": "apps/v1", "kind": "StatefulSet", "name": "web",
            "uid": web["metadata"]["uid"], "controller": true}]},
    });
    set.namespace.apply(&object.to_string());
}

fn what_holds_no_template_is_passed_over(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-corrupt", 1, &["1.0"], &Value::Null);
    // Without the mark they would merge into whatever is live, and be that to the controller.
    let data = |more: Value| {
        let mut data = json!({"spec": {"template": {"$patch": "replace"}}});
        more.as_object().expect("members").iter().for_each(|(k, v)| data[k] = v.clone());
        data
    };
    store(&set, "web-corrupt", 2, &data(json!({})));
    store(&set, "web-beta", 3, &data(json!({"apiVersion": "apps/v1beta1"})));
    set.release("4.0");
    let asked = set.rb("undo WEB --yes --to-revision=2").ends_with(4).says(
        "revision 2 of statefulset/web cannot be gone back to: its data holds no pod template",
    );
    let [command] = commands(&asked).try_into().expect("one command");
    paste(bed, set.namespace.kubeconfig(), &command).ends_with(0).says("$patch: replace");
    set.rb("history WEB").ends_with(0);
    set.rb("undo WEB --yes")
        .ends_with(0)
        .says("revision 3: its data is of apps/v1beta1 and not of apps/v1")
        .says("revision 2: its data holds no pod template");
    set.assert_all_run("1.0", 1);
}

fn a_verdict_is_on_the_stored_revision(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-verdict", 1, &["1.0", "2.0-crash"], &Value::Null);
    set.rb("undo WEB --yes").ends_with(0);
    let verdict = &set.record()["verdicts"][0];
    let stored = set.revision("1.0");
    assert_eq!(verdict["uid"], stored["metadata"]["uid"]);
    assert_eq!(verdict["hash"], set.hash("1.0").as_str());
    set.release("3.0");
    set.rb("undo WEB --yes --verified").ends_with(0).says("verified");
    set.assert_live("1.0");
    set.rb("history WEB").ends_with(0).says("verified");
}

fn without_the_right_to_list_revisions_it_refuses(bed: &TestBed) {
    let (set, proxy) =
        (Set::stateful(bed, "sts-norights", 0, &["1.0", "2.0"], &Value::Null), bed.proxy());
    let rules = ["get,list,watch,patch statefulsets.apps", "list pods", "list,create events"];
    allow(&set.namespace, "alice", &rules);
    let undo = Rb::new(&proxy.kubeconfig_of("alice", &set.namespace)).words("undo sts/web --yes");
    let ran = undo.run().ends_with(3).says("not allowed to list controllerrevisions.apps");
    let [command] = commands(&ran).try_into().expect("one command");
    assert!(command.starts_with("kubectl auth can-i list controllerrevisions.apps"), "{command}");
    nothing_was_written(&proxy);
}
