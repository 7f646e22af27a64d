//! No host, no token, a wrong one, and hosts that have a bad moment: nothing is lost, and the answer
//! says where a person can go on.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use super::{Stage, each_host};
use crate::hosting::server::Reply;
use crate::suite::{Test, pure};
use crate::testbed::git_server::Fault;

pub(crate) fn tests() -> Vec<Test> {
    let once = pure![
        of_a_host_that_is_not_known_the_branch_is_pushed,
        a_refusal_of_a_host_that_is_not_known_leads_there_too,
        a_repository_on_this_machine_takes_no_requests,
        a_refusal_on_this_machine_names_no_request,
        a_branch_that_the_host_does_not_know_yet_is_asked_for_again,
    ];
    let each = each_host![
        without_a_token_nothing_is_asked_for,
        without_a_token_auto_pushes_and_says_so,
        without_a_token_a_person_opens_the_request,
        a_wrong_token_is_found_before_the_push,
        who_may_only_read_is_told_where_to_go_on,
        a_repository_that_is_not_shown_is_not_found,
        a_server_that_fails_is_asked_again_by_the_next_call,
        too_many_requests_are_told,
        a_lost_answer_to_the_push_is_looked_up,
        a_branch_of_requests_that_is_refused_is_told,
    ];
    [once, each].concat()
}

fn of_a_host_that_is_not_known_the_branch_is_pushed() {
    let stage = Stage::without_host();
    let page = format!("{}/acme/shop", stage.origin());
    stage
        .rb_without_token("--way request")
        .run()
        .ends_with(12)
        .says(&format!("not reverted yet: somebody has to open the request: {page}\n"))
        .says("--host github|gitlab|gitea")
        .says(&format!(
            "next     open it on that page, from {} to main, and merge it",
            stage.head()
        ));
    let commit = stage.tip(&stage.head()).expect("a branch");
    let again = stage.rb_without_token("--way request -o json").run().ends_with(12).json();
    assert_eq!((&again["request"], &again["url"]), (&json!(null), &json!(page)));
    assert_eq!(again["commit"], json!(commit));
    assert!(again.get("follow").is_none(), "{again}");
    assert!(!stage.is_reverted());
    // Where it takes pushes, auto pushes and has nothing to add.
    let ran = stage.rb_without_token("").run().ends_with(0);
    assert!(!ran.stdout.contains("warning"), "{ran}");
    assert!(stage.is_reverted());
}

fn a_refusal_of_a_host_that_is_not_known_leads_there_too() {
    let stage = Stage::without_host();
    stage.refuse_pushes("Permission denied to update branch main.");
    let ran = stage.rb_without_token("").run().ends_with(12);
    ran.says("somebody has to open the request: ").says(&stage.head());
    assert!(stage.tip(&stage.head()).is_some());
}

fn a_repository_on_this_machine_takes_no_requests() {
    let gitops = super::GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let ran = gitops.rb(&format!("{bad} --yes --way request")).run().ends_with(2);
    let ran = ran.says("a repository on this machine takes no change requests").says("--way push");
    assert!(!ran.stdout.contains("undoes"), "it is said before anything is shown: {ran}");
    assert_eq!(gitops.in_origin(&["for-each-ref", "--format=%(refname)"]), "refs/heads/main");
}

fn a_refusal_on_this_machine_names_no_request() {
    let gitops = super::GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let hook = gitops.origin().join("hooks/pre-receive");
    fs::create_dir_all(gitops.origin().join("hooks")).expect("a folder");
    fs::write(&hook, "#!/bin/sh\necho 'GH006: Protected branch update failed' >&2\nexit 1\n")
        .expect("a hook");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("its mode");
    let ran = gitops.rb(&format!("{bad} --yes")).run().ends_with(3);
    let ran = ran.says("the branch is protected");
    assert!(!ran.stderr.contains("--way request"), "{ran}");
}

fn a_branch_that_the_host_does_not_know_yet_is_asked_for_again() {
    let stage = Stage::new("github");
    let errors = json!([{"resource": "PullRequest", "field": "head", "code": "invalid"}]);
    let body = json!({"message": "Validation Failed", "errors": errors});
    stage.fault("POST", "shop/pulls", 1, Reply::json(422, &body));
    stage.rb("--way request").run().ends_with(12).says(&stage.page(7));
    assert_eq!(stage.api.count("POST", "shop/pulls"), 2);
}

fn a_lost_answer_to_the_push_is_looked_up(stage: &Stage) {
    stage.git.fault("POST /acme/shop.git/git-receive-pack", 1, Fault::LoseAnswer);
    stage.rb("--way request").run().ends_with(12).says(&stage.page(7));
    assert_eq!(stage.git.count("POST /acme/shop.git/git-receive-pack"), 1, "it is sent once");
    assert_eq!(stage.pulls().len(), 1);
}

/// A rule for the names of branches.
fn a_branch_of_requests_that_is_refused_is_told(stage: &Stage) {
    let script = "echo 'GL-HOOK-ERR: branch names must begin with feature/' >&2; exit 1";
    stage.ground.hook("acme/shop", "pre-receive", script).expect("a hook");
    let ran = stage.rb("--way request").run().ends_with(3);
    ran.says(&format!("cannot push to {}", stage.head())).says("must begin with feature/");
    assert!(stage.pulls().is_empty());
    assert_eq!(stage.api.count("POST", "shop"), 0);
}

fn without_a_token_nothing_is_asked_for(stage: &Stage) {
    let host = stage.front.address();
    stage
        .rb_without_token("--way request")
        .run()
        .ends_with(2)
        .says(&format!("there is no token for {host}"))
        .says(&format!("export RB_GIT_TOKEN=TOKEN RB_GIT_HOST={host}"))
        .says("the token needs: ");
    assert_eq!(stage.tip(&stage.head()), None);
}

fn without_a_token_auto_pushes_and_says_so(stage: &Stage) {
    let host = stage.front.address();
    stage
        .rb_without_token("")
        .run()
        .ends_with(0)
        .says(&format!("not asked whether main takes pushes: there is no token for {host}"))
        .says("to have it asked: ");
    assert!(stage.is_reverted());
}

fn without_a_token_a_person_opens_the_request(stage: &Stage) {
    stage.refuse_pushes("GH006: Protected branch update failed");
    let host = stage.front.address();
    let form = match stage.word {
        "github" => format!("/compare/main...{}?expand=1", stage.head()),
        "gitlab" => "/-/merge_requests/new?merge_request%5Bsource_branch%5D=rb%2F".to_owned(),
        _ => format!("/compare/main...{}", stage.head()),
    };
    stage
        .rb_without_token("")
        .run()
        .ends_with(12)
        .says("somebody has to open the request: ")
        .says(&format!("{}/acme/shop{form}", stage.origin()))
        .says(&format!("note     there is no token for {host}"))
        .says(&format!("to have it opened: export RB_GIT_TOKEN=TOKEN RB_GIT_HOST={host}"));
    assert!(stage.tip(&stage.head()).is_some());
}

fn a_wrong_token_is_found_before_the_push(stage: &Stage) {
    let said = "does not accept the token from RB_GIT_TOKEN";
    stage.rb("--way request").env("RB_GIT_TOKEN", "wr0ng").run().ends_with(1).says(said);
    assert_eq!(stage.tip(&stage.head()), None);
    // Without a request, it is the business of git.
    let ran = stage.rb("").env("RB_GIT_TOKEN", "wr0ng").run().ends_with(0);
    let ran = ran.says("warning  not asked whether main takes pushes: ");
    assert!(!format!("{ran}").contains("wr0ng"), "{ran}");
    assert!(stage.is_reverted());
}

fn who_may_only_read_is_told_where_to_go_on(stage: &Stage) {
    stage.set(|settings| settings.reads_only = true);
    let head = stage.head();
    let said = format!("the revert is pushed to {head}; to open the request by hand: ");
    let ran = stage.rb("--way request").run().ends_with(3).says("is not allowed to open a ");
    ran.says(&said).says("the token needs: ");
    assert!(stage.tip(&head).is_some());
    assert!(stage.pulls().is_empty());
    stage.set(|settings| settings.reads_only = false);
    stage.rb("--way request").run().ends_with(12).says(&stage.page(7));
}

fn a_repository_that_is_not_shown_is_not_found(stage: &Stage) {
    let none = json!({"message": "404 Not Found"});
    stage.fault("GET", "shop", 50, Reply::json(404, &none));
    let ran = stage.rb("--way request").run().ends_with(4);
    ran.says("a repository that the token from RB_GIT_TOKEN may not see looks the same");
    assert_eq!(stage.tip(&stage.head()), None);
}

/// A part of the path to which a request is opened.
fn requests_of(stage: &Stage) -> &'static str {
    if stage.word == "gitlab" { "merge_requests" } else { "shop/pulls" }
}

fn a_server_that_fails_is_asked_again_by_the_next_call(stage: &Stage) {
    let part = requests_of(stage);
    stage.fault("POST", part, 1, Reply::text(502, "<html>bad gateway</html>"));
    let ran = stage.rb("--way request").run().ends_with(7);
    ran.says("nothing tells whether it was done")
        .says("run the same command again")
        .says("to open the request by hand: ");
    stage.rb("--way request").run().ends_with(12).says(&stage.page(7));
    assert_eq!(stage.pulls().len(), 1);
}

fn too_many_requests_are_told(stage: &Stage) {
    let part = requests_of(stage);
    let reply = Reply::json(429, &json!({"message": "slow down"})).header("retry-after", "600");
    stage.fault("POST", part, 1, reply);
    let ran = stage.rb("--way request").run().ends_with(1);
    ran.says("has had too many requests")
        .says("run the same command again in 10m")
        .says("to open the request by hand: ");
    stage.rb("--way request").run().ends_with(12).says(&stage.page(7));
}
