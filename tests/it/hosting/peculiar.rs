//! What only one of the hosts does.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kubectl_rb::cluster::Deadline;
use kubectl_rb::error::ErrorKind;
use kubectl_rb::hosting::{AutoMerge, Environment, Hosting, Way};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::forge::TOKEN;
use super::server::{Fault, Reply};
use super::{PATIENCE, STILL, Stage, block, wanted, whole};
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        github_has_a_queue,
        github_tells_the_older_protection_to_administrators,
        github_merges_where_no_rule_asks_it_to_wait,
        gitlab_does_not_say_why_it_merges_not,
        gitlab_has_401_for_who_may_not_merge,
        gitea_takes_a_password,
    ]
}

fn fault(stage: &Stage, method: &'static str, part: &'static str, status: u16, body: &Value) {
    let reply = Reply::json(status, body);
    stage.server.fail(Fault { method, part, times: 1, is_done: false, reply });
}

fn merge(stage: &Stage) -> AutoMerge {
    block(async {
        let hosting = stage.hosting().await;
        let number = hosting.open(&wanted()).await.expect("a request").request.number;
        hosting.merge_when_ready(number, &stage.head_commit()).await.expect("an answer")
    })
}

fn github_has_a_queue() {
    let stage = Stage::new("github");
    stage.forge.with(|state| {
        state.settings.is_ready = true;
        state.settings.has_queue = true;
    });
    assert_eq!(merge(&stage), AutoMerge::Set);
    assert!(stage.forge.with(|state| state.pulls[0].merges_itself));
    assert_eq!(stage.server.count("POST", "/api/graphql"), 2);
    stage.assert_in_shape();
}

fn github_merges_where_no_rule_asks_it_to_wait() {
    let stage = Stage::new("github");
    let message = "Pull request Protected branch rules not configured for this branch";
    let errors = json!([{"type": "UNPROCESSABLE", "message": message}]);
    fault(&stage, "POST", "graphql", 200, &json!({"data": null, "errors": errors}));
    assert_eq!(merge(&stage), AutoMerge::Merged);
    let message = "Pull request Pull request is in unstable status";
    let errors = json!([{"type": "UNPROCESSABLE", "message": message}]);
    let stage = Stage::new("github");
    fault(&stage, "POST", "graphql", 200, &json!({"data": null, "errors": errors}));
    let AutoMerge::NotOffered(why) = merge(&stage) else { panic!("a check has failed") };
    assert!(why.contains("unstable"), "{why}");
    assert_eq!(stage.server.count("PUT", "merge"), 0);
}

fn github_tells_the_older_protection_to_administrators() {
    let reviews = json!({"required_pull_request_reviews": {"require_code_owner_reviews": true}});
    let none = json!({"message": "Not Found"});
    for (sets, protection, status, needs_request) in [
        (200, &reviews, 200, Some(true)),
        (200, &json!({"enforce_admins": {"enabled": true}}), 200, Some(false)),
        (200, &none, 404, None),
        (200, &none, 403, None),
        // Servers before 3.10 know no sets of rules.
        (404, &none, 403, None),
    ] {
        let stage = Stage::new("github");
        fault(&stage, "GET", "rules/branches", sets, &json!([]));
        fault(&stage, "GET", "protection", status, protection);
        stage.forge.with(|state| state.settings.is_protected = true);
        let rules = block(async { stage.hosting().await.rules("main").await.expect("rules") });
        assert_eq!(rules.needs_request, needs_request, "{status} {protection}");
        assert_eq!(rules.rules.is_empty(), needs_request == Some(false), "{rules:?}");
    }
}

fn gitlab_does_not_say_why_it_merges_not() {
    let stage = Stage::new("gitlab");
    stage.forge.with(|state| state.settings.merges_refused = 100);
    let AutoMerge::NotOffered(why) = merge(&stage) else { panic!("it is refused") };
    assert_eq!(why, "not approved");
    assert_eq!(stage.server.count("PUT", "merge_requests/7/merge"), 6, "it is asked a few times");
}

fn gitlab_has_401_for_who_may_not_merge() {
    let stage = Stage::new("gitlab");
    fault(&stage, "PUT", "/merge", 401, &json!({"message": "401 Unauthorized"}));
    let AutoMerge::NotOffered(why) = merge(&stage) else { panic!("it is refused") };
    assert!(why.contains("may not merge"), "{why}");
}

fn gitea_takes_a_password() {
    let stage = Stage::new("gitea");
    let home = TempDir::new().expect("a folder");
    let helper = format!(
        "[credential \"{}\"]\n\thelper = \"!f() {{ printf 'username=me\\\\npassword={TOKEN}\\\\n'; }}; f\"\n",
        stage.place.origin()
    );
    fs::write(home.path().join(".gitconfig"), helper).expect("a file");
    let pairs = ["PATH", "HOME"].map(|name| match name {
        "HOME" => (name, home.path().as_os_str().to_owned()),
        _ => (name, std::env::var_os(name).expect("a path")),
    });
    let environment: Environment = pairs.into_iter().collect();
    let connect = async |said| {
        let deadline = Deadline::after(PATIENCE);
        let place = &stage.place;
        let environment = &environment;
        let way = Way { place, said: Some(said), environment, pace: STILL, deadline };
        Hosting::connect(&way).await.expect("a token").expect("a known host")
    };
    block(async {
        let opened = connect("gitea").await.open(&wanted()).await.expect("a request");
        assert!(opened.is_new);
        // The wrong kind of host is not given away as a wrong token.
        let error = connect("gitlab").await.open(&wanted()).await.expect_err("another kind");
        assert_eq!(error.kind(), ErrorKind::NotFound, "{}", whole(&error));
    });
    let basic = format!("Basic {}", STANDARD.encode(format!("me:{TOKEN}")));
    let writes = stage.server.requests();
    let write = writes.iter().find(|request| request.method == "POST").expect("a write");
    assert_eq!(write.headers.get("authorization"), Some(&basic));
    stage.assert_in_shape();
}
