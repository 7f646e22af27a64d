//! Branches that take no pushes: told by the host before the push, or by its hook after it.

use serde_json::json;

use super::{Stage, each_host};
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    let once = pure![
        a_push_to_a_protected_branch_names_the_other_way,
        a_hook_that_says_no_for_another_reason_makes_no_request,
        a_plan_says_the_way,
    ];
    let each = each_host![
        a_protected_branch_gets_a_request,
        a_branch_that_takes_pushes_gets_one,
        a_push_that_is_refused_becomes_a_request,
    ];
    [once, each].concat()
}

/// What the hooks of the hosts say.
fn words_of(host: &str) -> &'static str {
    match host {
        "github" => "error: GH006: Protected branch update failed for refs/heads/main.",
        "gitlab" => {
            "GitLab: You are not allowed to push code to protected branches on this project."
        }
        _ => "Gitea: Not allowed to push to protected branch main",
    }
}

fn a_protected_branch_gets_a_request(stage: &Stage) {
    stage.set(|settings| settings.is_protected = true);
    let main = stage.tip("main");
    let ran = stage.rb("").run().ends_with(12).says("one commit, open a change request");
    ran.says(&stage.page(7));
    assert_eq!(stage.tip("main"), main, "a token of an administrator would have been let through");
    stage.assert_in_shape();
}

fn a_branch_that_takes_pushes_gets_one(stage: &Stage) {
    stage.rb("").run().ends_with(0).says("reverted: main is at ");
    assert!(stage.is_reverted());
    assert!(stage.pulls().is_empty());
    assert_eq!(stage.tip(&stage.head()), None);
    stage.assert_in_shape();
}

fn a_push_that_is_refused_becomes_a_request(stage: &Stage) {
    stage.refuse_pushes(words_of(stage.word));
    let main = stage.tip("main");
    let note = "the branch takes changes by requests only: one is opened\n";
    stage.rb("").run().ends_with(12).says(note).says(&stage.page(7));
    let again = stage.rb("-o json").run().ends_with(12).json();
    assert_eq!(again["request"]["number"], 7);
    assert_eq!(again["plan"]["way"], "push", "the plan is what was agreed to");
    assert_eq!((stage.tip("main"), stage.pulls().len()), (main, 1));
    stage.assert_in_shape();
}

fn a_push_to_a_protected_branch_names_the_other_way() {
    for host in crate::hosting::WORDS {
        let stage = Stage::new(host);
        stage.refuse_pushes(words_of(host));
        let command =
            format!("rb revert-commit {} --yes --way request --incident INC-42\n", stage.bad);
        stage
            .rb("--way push --incident INC-42")
            .run()
            .ends_with(3)
            .says(words_of(host))
            .says("the branch is protected: it takes changes by request only")
            .says(&command);
        assert!(stage.api.requests().is_empty(), "nobody is asked");
        assert_eq!(stage.tip(&stage.head()), None);
    }
}

fn a_hook_that_says_no_for_another_reason_makes_no_request() {
    let stage = Stage::new("github");
    stage.refuse_pushes("commit message must name a ticket");
    let ran = stage.rb("").run().ends_with(3).says("commit message must name a ticket");
    assert!(!ran.stderr.contains("--way request"), "{ran}");
    assert!(stage.pulls().is_empty());
    assert_eq!(stage.tip(&stage.head()), None);
}

fn a_plan_says_the_way() {
    let stage = Stage::new("gitlab");
    stage.set(|settings| settings.is_protected = true);
    let file = stage.gitops.work().join("../plan.json").display().to_string();
    let words = format!("--dry-run --plan-out {file} -o json");
    let plan = stage.rb(&words).run().ends_with(0).json();
    assert_eq!(plan["way"], "request");
    assert!(stage.pulls().is_empty());
    let host = stage.front.address().to_string();
    let rb = |words: &str| {
        let rb = stage.gitops.rb(words).env("RB_GIT_TOKEN", crate::hosting::forge::TOKEN);
        rb.env("RB_GIT_HOST", &host)
    };
    rb(&format!("--plan {file} --way push --yes")).run().ends_with(2);
    let ran = rb(&format!("--plan {file} --yes -o json")).run().ends_with(12).json();
    assert_eq!(ran["request"]["number"], json!(7));
}
