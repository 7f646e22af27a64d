//! From the request to the merge, or to why there is none.

use std::process::Command;
use std::time::Duration;

use serde_json::json;

use super::{Stage, each_host};
use crate::hosting::forge::Deed;
use crate::suite::{Test, pure};
use crate::testbed::wait_until;

pub(crate) fn tests() -> Vec<Test> {
    let once = pure![
        an_interrupted_wait_leaves_the_request,
        the_time_for_the_merge_is_up,
        a_request_that_conflicts_is_no_success
    ];
    let each = each_host![
        merged_while_it_waits,
        closed_while_it_waits,
        it_merges_itself_when_it_may,
        what_nothing_stands_in_the_way_of_is_merged_at_once,
        after_a_merge_there_is_nothing_to_do,
        after_a_squash_there_is_nothing_to_do,
    ];
    [once, each].concat()
}

fn merged_while_it_waits(stage: &Stage) {
    stage.set(|settings| settings.at_look = Some((2, Deed::Merge)));
    let ran = stage
        .rb("--way request --wait-merge")
        .run()
        .ends_with(0)
        .says(&format!("waits until it is merged: {}\n", stage.page(7)))
        .says(&format!("merged: {}\n", stage.page(7)));
    let main = stage.tip("main").expect("a branch");
    let ran = ran.says(&format!("main is at {}", &main[..9]));
    assert!(!ran.stdout.contains("to wait for it"), "{ran}");
    assert!(stage.is_reverted());
    stage.assert_in_shape();
}

fn closed_while_it_waits(stage: &Stage) {
    stage.set(|settings| settings.at_look = Some((2, Deed::Close)));
    let ran = stage.rb("--way request --wait-merge -o json").run().ends_with(3);
    let document = ran.json();
    assert_eq!(document["request"]["state"], "closed");
    assert_eq!(document["request"]["mergeCommit"], json!(null));
    assert!(!stage.is_reverted());
    stage.assert_in_shape();
}

fn an_interrupted_wait_leaves_the_request() {
    let stage = Stage::new("gitea");
    let running = stage.rb("--way request --wait-merge").spawn();
    let limit = Duration::from_secs(120);
    wait_until("it waits", limit, || Ok(stage.forge.with(|state| state.looks > 0)))
        .expect("it waits");
    let signal = Command::new("kill").args(["-INT", &running.id().to_string()]).status();
    assert!(signal.expect("kill").success());
    let ran = running.wait().ends_with(130);
    ran.says(&format!("waits until it is merged: {}\n", stage.page(7)));
    assert!(stage.pulls()[0].is_open);
    assert!(stage.forge.with(|state| state.merge(7)));
    stage.rb("--way request --wait-merge").run().ends_with(0).says("nothing to do: ");
}

/// What is there already is waited for by the command that the first call names.
fn the_time_for_the_merge_is_up() {
    let stage = Stage::new("gitlab");
    let first = stage.rb("--way request -o json").run().ends_with(12).json();
    let follow = first["follow"].as_str().expect("a command");
    assert!(follow.ends_with(" --wait-merge"), "{follow}");
    stage
        .rb("--way request --wait-merge --timeout 12s")
        .run()
        .ends_with(12)
        .says("not reverted yet: waits for somebody to merge it: ")
        .says("waits for the merge, ");
    assert_eq!(stage.pulls().len(), 1);
}

fn a_request_that_conflicts_is_no_success() {
    let stage = Stage::new("github");
    stage.set(|settings| settings.at_look = Some((2, Deed::Conflict)));
    stage
        .rb("--way request --wait-merge")
        .run()
        .ends_with(3)
        .says("not reverted yet: conflicts with what came later: ")
        .says(&format!("next     delete the branch {}", stage.head()));
    // The revert itself conflicts by now: nothing more is pushed for it.
    let ran = stage.rb("--way request --wait-merge").run().ends_with(3);
    ran.says("with what came later: nothing was pushed");
    assert_eq!(stage.pulls().len(), 1);
}

fn it_merges_itself_when_it_may(stage: &Stage) {
    stage
        .rb("--way request --auto-merge")
        .run()
        .ends_with(12)
        .says("not reverted yet: merges by itself as soon as it may: ");
    assert!(stage.pulls()[0].merges_itself);
    assert!(!stage.is_reverted());
    let stage = Stage::new(stage.word);
    stage.set(|settings| settings.allows_auto_merge = false);
    let ran = stage.rb("--way request --auto-merge -o json").run().ends_with(12).json();
    assert_eq!(ran["mergesItself"], false);
    let note = ran["notes"][0].as_str().expect("a note");
    assert!(note.starts_with("it does not merge by itself: "), "{note}");
    stage.assert_in_shape();
}

fn what_nothing_stands_in_the_way_of_is_merged_at_once(stage: &Stage) {
    stage.set(|settings| settings.is_ready = true);
    let ran = stage.rb("--way request --auto-merge -o json").run().ends_with(0).json();
    assert_eq!(ran["request"]["state"], "merged");
    assert_eq!(ran["request"]["mergeCommit"], json!(stage.tip("main")));
    assert!(ran.get("follow").is_none(), "{ran}");
    assert!(stage.is_reverted());
    stage.assert_in_shape();
}

fn after_a_merge_there_is_nothing_to_do(stage: &Stage) {
    merged(stage, false);
}

fn after_a_squash_there_is_nothing_to_do(stage: &Stage) {
    merged(stage, true);
}

fn merged(stage: &Stage, squashes: bool) {
    stage.set(|settings| settings.squashes = squashes);
    stage.rb("--way request").run().ends_with(12);
    assert!(stage.forge.with(|state| state.merge(7)));
    let (main, head) = (stage.tip("main"), stage.tip(&stage.head()));
    for way in ["request", "auto", "push"] {
        let ran = stage.rb(&format!("--way {way} -o json")).run().ends_with(0).json();
        assert_eq!(ran["result"], "nothingToDo", "{way}: {ran}");
    }
    assert_eq!((stage.tip("main"), stage.tip(&stage.head())), (main, head));
    assert_eq!(stage.pulls().len(), 1);
}
