//! A request is opened once, from a branch that is found again, and nobody else's work is touched.

use serde_json::json;

use super::{Stage, each_host};
use crate::hosting::forge::{LABEL, REVIEWER, TOKEN};
use crate::rb::Ran;
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    let once = pure![
        a_branch_of_somebody_else_is_left_alone,
        a_smaller_revert_is_not_taken_for_the_whole,
        what_was_applied_again_gets_a_request_of_its_own,
        without_history_the_request_is_found_again,
    ];
    let each = each_host![
        a_request_is_opened_and_found_again,
        what_a_request_lacks_is_added,
        after_a_request_that_was_closed_there_is_another,
        of_four_at_once_one_request_is_opened,
    ];
    [once, each].concat()
}

fn a_request_is_opened_and_found_again(stage: &Stage) {
    let main = stage.tip("main");
    stage
        .rb("--way request")
        .run()
        .ends_with(12)
        .says("one commit, open a change request")
        .says(&format!("not reverted yet: waits for somebody to merge it: {}\n", stage.page(7)))
        .says(&format!("{} at ", stage.head()))
        .says(" --way request --wait-merge\n");
    let commit = stage.tip(&stage.head()).expect("a branch");
    let parent = stage.gitops.in_origin(&["rev-parse", &format!("{commit}^")]);
    assert_eq!(Some(&parent), main.as_ref());
    let file = stage.gitops.in_origin(&["show", &format!("{commit}:apps/checkout/deploy.yaml")]);
    assert!(file.contains("checkout:2.8.0"), "{file}");
    let pull = stage.pulls().pop().expect("a request");
    assert_eq!((pull.head, pull.base.as_str()), (stage.head(), "main"));
    assert_eq!(pull.title, "Revert \"Bump checkout to 2.8.1\"");
    assert!(pull.body.contains(&format!("This reverts commit {}.", stage.bad)), "{}", pull.body);
    assert_eq!(pull.body.matches("Rb-Operation: ").count(), 1, "{}", pull.body);
    let again = stage.rb("--way request -o json").run().ends_with(12).json();
    assert_eq!([&again["result"], &again["head"]], [&json!("requested"), &json!(stage.head())]);
    assert_eq!(again["commit"], json!(commit));
    assert_eq!(again["request"]["number"], 7);
    assert_eq!(stage.pulls().len(), 1);
    assert_eq!((stage.tip("main"), stage.tip(&stage.head())), (main, Some(commit)));
    stage.assert_in_shape();
}

fn what_a_request_lacks_is_added(stage: &Stage) {
    stage.rb("--way request").run().ends_with(12);
    stage.forge.with(|state| state.pulls[0].reviewers.push("bob".to_owned()));
    let dressed = format!("--way request --label {LABEL} --reviewer {REVIEWER}");
    let ran = stage.rb(&format!("{dressed} -o json")).run().ends_with(12).json();
    assert_eq!(ran["notes"], json!([]));
    let pull = stage.pulls().pop().expect("a request");
    let mut reviewers = pull.reviewers;
    reviewers.sort();
    assert_eq!(
        (pull.labels, reviewers),
        (vec![LABEL.to_owned()], vec![REVIEWER.to_owned(), "bob".to_owned()])
    );
    stage
        .rb(&format!("{dressed} --reviewer nobody"))
        .run()
        .ends_with(12)
        .says("note     could not ask nobody for a review");
    assert_eq!(stage.pulls()[0].labels, [LABEL]);
    stage.assert_in_shape();
}

fn a_branch_of_somebody_else_is_left_alone() {
    let stage = Stage::new("gitlab");
    let head = stage.head();
    stage.gitops.in_origin(&["branch", &head, "main"]);
    let before = stage.tip(&head);
    for _ in 0..2 {
        stage
            .rb("--way request")
            .run()
            .ends_with(12)
            .says(&format!("note     the branch {head} holds something else, and is left alone\n"))
            .says(&format!("branch   {head}-2 at "))
            .says(&stage.page(7));
    }
    assert_eq!(stage.tip(&head), before);
    assert_eq!(stage.pulls().len(), 1);
    for number in 2..=20 {
        stage.gitops.in_origin(&["branch", "--force", &format!("{head}-{number}"), "main"]);
    }
    let refs = stage.gitops.in_origin(&["for-each-ref"]);
    stage
        .rb("--way request")
        .run()
        .ends_with(3)
        .says(&format!("the branches {head} to {head}-20 are there, and hold something else"))
        .says(&format!("git push {} --delete {head}", stage.url()));
    assert_eq!(stage.gitops.in_origin(&["for-each-ref"]), refs);
}

/// The whole commit is out on the first branch: more than is asked for now.
fn a_smaller_revert_is_not_taken_for_the_whole() {
    let stage = Stage::new("gitea");
    stage.gitops.image("checkout", "2.9.0");
    stage.gitops.image("cart", "2.9.0");
    let bad = stage.gitops.commit("Bump everything to 2.9.0");
    let host = stage.front.address().to_string();
    let request = |words: &str| {
        let rb = stage.gitops.rb(&format!("{bad} --yes --way request -o json {words}"));
        let rb = rb.env("RB_GIT_TOKEN", TOKEN).env("RB_GIT_HOST", &host);
        rb.run().ends_with(12).json()
    };
    let whole = request("");
    let one = request("--path apps/cart");
    assert_eq!([&whole["request"]["number"], &one["request"]["number"]], [7, 8]);
    assert_eq!(one["head"], json!(format!("{}-2", whole["head"].as_str().expect("a name"))));
    let range = format!("main..{}", one["commit"].as_str().expect("a commit"));
    let changed = stage.gitops.in_origin(&["log", "--format=", "--name-only", &range]);
    assert_eq!(changed, "apps/cart/deploy.yaml");
    assert_eq!(request("")["request"]["number"], 7);
    assert_eq!(request("--path apps/cart")["request"]["number"], 8);
}

fn after_a_request_that_was_closed_there_is_another(stage: &Stage) {
    stage.rb("--way request").run().ends_with(12);
    stage.forge.with(|state| state.close(7));
    stage.rb("--way request").run().ends_with(12).says(&stage.page(8));
    let pulls = stage.pulls();
    assert_eq!(pulls.len(), 2);
    assert_eq!(pulls[0].head, pulls[1].head);
    stage.assert_in_shape();
}

fn of_four_at_once_one_request_is_opened(stage: &Stage) {
    let running: Vec<_> = (0..4).map(|_| stage.rb("--way request -o json").spawn()).collect();
    let ended: Vec<Ran> = running.into_iter().map(|running| running.wait().ends_with(12)).collect();
    let commit = json!(stage.tip(&stage.head()));
    for result in ended.iter().map(Ran::json) {
        assert_eq!((&result["commit"], &result["request"]["number"]), (&commit, &json!(7)));
    }
    assert_eq!(stage.pulls().len(), 1);
    stage.assert_in_shape();
}

/// GitHub opens no request for a branch that holds nothing new.
fn what_was_applied_again_gets_a_request_of_its_own() {
    let stage = Stage::new("github");
    stage.rb("--way request").run().ends_with(12);
    assert!(stage.forge.with(|state| state.merge(7)));
    stage.gitops.git(&["pull", "-q"]);
    stage.gitops.release("checkout", "2.8.1");
    let merged = stage.tip(&stage.head());
    let second = format!("{}-2", stage.head());
    for _ in 0..2 {
        stage.rb("--way request").run().ends_with(12).says(&stage.page(8)).says(&second);
    }
    assert_eq!(stage.pulls().len(), 2);
    assert_eq!(stage.tip(&stage.head()), merged, "the first branch stays as it was");
    assert!(stage.forge.with(|state| state.merge(8)));
    assert!(stage.is_reverted());
    stage.assert_in_shape();
}

/// Each call begins with nothing, as in a job of a CI system.
fn without_history_the_request_is_found_again() {
    let stage = Stage::new("gitea");
    for patch in 1..=4 {
        stage.gitops.release("cart", &format!("3.0.{patch}"));
    }
    let nowhere = tempfile::tempdir().expect("a folder");
    let words = format!("{} --yes --repo {} --way request -o json", stage.bad, stage.url());
    let mut commits = Vec::new();
    for call in 0..2 {
        let cache = nowhere.path().join(format!("cache-{call}"));
        let rb = stage.gitops.rb_in(nowhere.path(), &words).env("XDG_CACHE_HOME", cache);
        let rb = rb.env("RB_GIT_TOKEN", TOKEN);
        let rb = rb.env("RB_GIT_HOST", stage.front.address().to_string());
        let result = rb.run().ends_with(12).json();
        assert_eq!(result["request"]["number"], 7);
        commits.push(result["commit"].clone());
        // Somebody goes on meanwhile.
        stage.gitops.release("cart", &format!("3.1.{call}"));
    }
    assert_eq!(commits[0], commits[1]);
    assert_eq!(stage.pulls().len(), 1);
}
