//! A partition: pods with lower numbers keep their template.

use serde_json::{Value, json};

use crate::scene::sets::Set;
use crate::scene::{hint, paste};
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_canary_above_the_partition_is_rolled_back_whole,
        what_the_partition_holds_is_told_with_the_command_that_lets_it_through,
    ]
}

fn partition(number: u32) -> Value {
    json!({"spec": {"updateStrategy": {"type": "RollingUpdate",
        "rollingUpdate": {"partition": number}}}})
}

fn a_canary_above_the_partition_is_rolled_back_whole(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-canary", 3, &["1.0", "2.0-crash"], &partition(2));
    let ran = set.rb("undo WEB --yes").ends_with(0);
    assert!(!ran.stdout.contains("partition"), "{ran}");
    set.assert_all_run("1.0", 3);
    set.rb("status WEB").ends_with(0);
}

fn what_the_partition_holds_is_told_with_the_command_that_lets_it_through(bed: &TestBed) {
    let set = Set::stateful(bed, "sts-held", 3, &["1.0", "2.0"], &Value::Null);
    let patch = partition(2).to_string();
    set.namespace.kubectl_ok(&["patch", "statefulset/web", "--type=merge", "-p", &patch]);
    let ran = set
        .rb("undo WEB --yes")
        .ends_with(5)
        .says("its partition is 2: the 2 pods below it keep their template")
        .says("its partition keeps pods at another one");
    assert_eq!([set.pods_of("1.0").len(), set.pods_of("2.0").len()], [1, 2]);
    // A retry does not call it healthy.
    set.rb("undo WEB --yes").ends_with(5).says("its partition keeps pods at another one");
    // Of a rollout it is the end.
    set.rb("status WEB").ends_with(0).says("partitioned roll out complete: 1 new pods");
    let let_through = hint(&ran, "to let them go back too: ");
    paste(bed, &set.namespace, &let_through);
    set.rb("status WEB").ends_with(0);
    set.assert_all_run("1.0", 3);
    let report = set.rb("undo WEB --yes --to-revision=1.0 -o json").ends_with(0).json();
    assert_eq!(report["exitCode"], 0);
}
