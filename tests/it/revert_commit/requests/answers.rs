//! What is said of a request, to people and to programs, as a whole.

use serde_json::{Value, json};
use snapbox::{assert_data_eq, str};

use super::Stage;
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![people_are_told, programs_are_told]
}

/// From the answer on: the card and the difference come before it.
fn answer(stdout: &str) -> String {
    let begin = stdout.find("not reverted").or_else(|| stdout.find("merged:")).unwrap_or(0);
    stdout[begin..].to_owned()
}

fn people_are_told() {
    let stage = Stage::new("github");
    let ran = stage.rb("--way request --reviewer nobody").run().ends_with(12);
    assert_data_eq!(
        answer(&ran.stdout),
        str![[r"
not reverted yet: waits for somebody to merge it: http://[..]/acme/shop/pull/7
  branch   rb/revert-[..] at [..], for main
  note     could not ask nobody for a review: Validation Failed; Reviews may only be requested from collaborators.
  next     review and merge it there
  to wait for it: rb revert-commit [..] --yes --way request --reviewer nobody --wait-merge

"]]
    );
    stage.set(|settings| settings.is_ready = true);
    let ran = stage.rb("--way request --auto-merge").run().ends_with(0);
    assert_data_eq!(
        answer(&ran.stdout),
        str![[r"
merged: http://[..]/acme/shop/pull/7
  branch   main is at [..]

"]]
    );
    let ran = stage.rb("--way request").run().ends_with(0);
    assert_data_eq!(
        ran.stdout,
        str![[r"
nothing to do: this was done before, by [..]

"]]
    );
}

/// The document without what is another one in every run.
fn programs_are_told() {
    let stage = Stage::new("gitea");
    stage.set(|settings| settings.checks = Some("failure"));
    let document = stage.rb("--way request --wait-merge --timeout 12s -o json");
    let document = document.run().ends_with(12).json();
    let mut seen = document.clone();
    let members = seen.as_object_mut().expect("members");
    assert_eq!(members.remove("commit"), Some(json!(stage.tip(&stage.head()))));
    let plan = members.remove("plan").expect("a plan");
    assert_eq!(plan["way"], "request");
    let follow = members.remove("follow").expect("a command");
    assert!(follow.as_str().expect("text").ends_with("--wait-merge --timeout 12s -o json"));
    let expected: Value = json!({
        "schema": "rb.revert/v1",
        "result": "requested",
        "branch": "main",
        "head": stage.head(),
        "url": stage.page(7),
        "request": {
            "host": "gitea",
            "number": 7,
            "url": stage.page(7),
            "state": "open",
            "head": stage.head(),
            "headCommit": stage.tip(&stage.head()),
            "base": "main",
            "mergeCommit": null,
            "hasConflict": false,
            "checks": {"state": "failed", "failing": ["build"]},
        },
        "mergesItself": false,
        "notes": [],
    });
    assert_eq!(seen, expected);
}
