//! What goes wrong between `rb` and a host: each thing is told apart, nothing is done twice, and the
//! token stays where it belongs.

use std::time::Duration;

use kubectl_rb::error::{Error, ErrorKind, Result};
use kubectl_rb::hosting::{Hosting, Opened};
use serde_json::json;

use super::forge::TOKEN;
use super::server::{Ending, Fault, Reply, Server};
use super::{PATIENCE, Stage, block, each_host, wanted, whole};
use crate::suite::Test;

pub(crate) fn tests() -> Vec<Test> {
    each_host![
        each_refusal_has_its_kind,
        a_token_that_may_read_only_is_told_what_it_needs,
        a_limit_is_told_with_its_time,
        a_read_is_tried_again_and_a_write_is_not,
        a_lost_answer_is_looked_for,
        what_was_perhaps_not_done_is_said_so,
        garbage_is_no_answer,
        a_server_that_says_nothing,
        the_token_goes_to_no_other_server,
        a_redirect_of_a_write_is_not_made_a_read,
        what_the_host_says_is_made_safe,
    ]
}

/// The path of the list of requests, which ends with this.
fn list(stage: &Stage) -> &'static str {
    if stage.word == "gitlab" { "/merge_requests" } else { "/pulls" }
}

fn fault(stage: &Stage, method: &'static str, times: usize, reply: Reply) {
    stage.server.fail(Fault { method, part: list(stage), times, is_done: false, reply });
}

/// Opens a request where the kind of host is said, so that nothing else is asked before.
fn open_within(stage: &Stage, patience: Duration) -> Result<Opened> {
    block(async { connect(stage, patience).await.open(&wanted()).await })
}

async fn connect(stage: &Stage, patience: Duration) -> Hosting {
    stage.connect_as(Some(stage.word), patience).await.expect("a connection").expect("a known host")
}

fn open(stage: &Stage) -> Result<Opened> {
    open_within(stage, PATIENCE)
}

fn assert_tells(error: &Error, kind: ErrorKind, part: &str) {
    let text = whole(error);
    assert_eq!(error.kind(), kind, "{text}");
    assert!(text.contains(part), "{part}: {text}");
    assert!(!text.contains(TOKEN), "{text}");
    assert!(!error.hints().is_empty() || !error.causes().is_empty(), "{text}");
}

fn each_refusal_has_its_kind(stage: &Stage) {
    let said = |status: u16| Reply::json(status, &json!({"message": "so says the host"}));
    for (reply, kind, part) in [
        (said(401), ErrorKind::Unauthenticated, "does not accept the token from RB_GIT_TOKEN"),
        (said(403), ErrorKind::Forbidden, "is not allowed to open a"),
        (said(404), ErrorKind::NotFound, "may not see looks the same"),
        (said(410), ErrorKind::Refused, "status 410"),
        (said(422), ErrorKind::Refused, "something in it is not valid"),
        (said(400), ErrorKind::Refused, "status 400"),
    ] {
        fault(stage, "POST", 1, reply);
        let error = open(stage).expect_err(part);
        assert_tells(&error, kind, part);
        assert_eq!(error.causes(), ["so says the host"], "{error}");
    }
    if stage.word != "gitea" {
        fault(stage, "POST", 1, said(409));
        assert_tells(
            &open(stage).expect_err("409"),
            ErrorKind::Refused,
            "something else was faster",
        );
    }
    let sso = "required; url=https://github.com/orgs/acme/sso?authorization_request=A";
    fault(stage, "POST", 1, said(403).header("x-github-sso", sso));
    let error = open(stage).expect_err("no SSO");
    let part = "authorize the token for the organization: https://github.com/orgs/acme/sso?";
    assert_tells(&error, ErrorKind::Forbidden, part);
    assert!(open(stage).expect("a request").is_new, "nothing was done before");
}

fn a_token_that_may_read_only_is_told_what_it_needs(stage: &Stage) {
    stage.forge.with(|state| state.settings.reads_only = true);
    let error = open(stage).expect_err("no rights");
    let rights = kubectl_rb::hosting::by_word(stage.word).expect("a host").rights();
    assert_tells(&error, ErrorKind::Forbidden, rights);
}

fn a_limit_is_told_with_its_time(stage: &Stage) {
    let limited = |status: u16| Reply::json(status, &json!({"message": "slow down"}));
    fault(stage, "GET", 1, limited(429).header("retry-after", "3600"));
    let error = open(stage).expect_err("a limit");
    assert_tells(&error, ErrorKind::Unreachable, "run the same command again in 60m");
    assert_eq!(stage.server.count("GET", list(stage)), 1, "nobody waits so long");
    // GitHub has both of its limits on 403, the second one without any time.
    let reply =
        limited(403).header("x-ratelimit-remaining", "0").header("x-ratelimit-reset", "4102444800");
    fault(stage, "POST", 1, reply);
    assert_tells(&open(stage).expect_err("a limit"), ErrorKind::Unreachable, "too many requests");
    let secondary = json!({"message": "You have exceeded a secondary rate limit."});
    fault(stage, "POST", 1, Reply::json(403, &secondary));
    assert_tells(&open(stage).expect_err("a limit"), ErrorKind::Unreachable, "in some minutes");
    assert_eq!(stage.server.count("POST", list(stage)), 2);
}

fn a_read_is_tried_again_and_a_write_is_not(stage: &Stage) {
    let down = || Reply::text(503, "down").header("retry-after", "0");
    fault(stage, "GET", 2, down());
    assert!(open(stage).expect("a request").is_new);
    assert_eq!(stage.server.count("GET", list(stage)), 3);
    assert_eq!(stage.server.count("POST", list(stage)), 1);
    fault(stage, "GET", 3, down());
    let error = open(stage).expect_err("it is down");
    assert_tells(&error, ErrorKind::Unreachable, "status 503");
}

fn a_lost_answer_is_looked_for(stage: &Stage) {
    let word = stage.word;
    for reply in [
        Reply::broken(Ending::None),
        Reply::broken(Ending::Cut),
        Reply::text(504, "gateway"),
        Reply::text(201, "created"),
    ] {
        let stage = &Stage::new(word);
        let part = list(stage);
        stage.server.fail(Fault { method: "POST", part, times: 1, is_done: true, reply });
        let opened = open(stage).expect("a request");
        assert!(opened.is_new);
        assert_eq!(opened.request.number, 7);
        assert_eq!(stage.server.count("POST", part), 1);
        assert_eq!(stage.forge.with(|state| state.pulls.len()), 1);
    }
}

fn what_was_perhaps_not_done_is_said_so(stage: &Stage) {
    fault(stage, "POST", 1, Reply::broken(Ending::None));
    let error = open(stage).expect_err("nothing is known");
    assert_tells(&error, ErrorKind::Inconclusive, "run the same command again");
    assert_eq!(stage.server.count("POST", list(stage)), 1);
    assert!(open(stage).expect("a request").is_new);
}

fn garbage_is_no_answer(stage: &Stage) {
    for reply in [
        Reply::text(200, "<html>log in</html>"),
        Reply::json(200, &json!({"hello": 1})),
        Reply::broken(Ending::Cut),
        Reply::text(200, ""),
    ] {
        fault(stage, "GET", 1, reply);
        let error = open(stage).expect_err("garbage");
        assert_tells(&error, ErrorKind::Unreachable, "--host github|gitlab|gitea");
    }
    // Members of a list that are no requests are passed over.
    fault(stage, "GET", 1, Reply::json(200, &json!([1, null, {"number": "x"}])));
    assert!(open(stage).expect("a request").is_new);
}

fn a_server_that_says_nothing(stage: &Stage) {
    fault(stage, "GET", 1, Reply::broken(Ending::Hang));
    let error = open_within(stage, Duration::from_millis(500)).expect_err("no answer");
    assert_tells(&error, ErrorKind::Unreachable, "no answer");
    assert_eq!(stage.server.count("GET", list(stage)), 1);
}

fn the_token_goes_to_no_other_server(stage: &Stage) {
    let other = Server::start(|_| Reply::json(200, &json!([])));
    for (status, method) in [(301, "GET"), (302, "GET"), (307, "GET"), (307, "POST"), (308, "POST")]
    {
        let to = format!("http://{}/x?a={TOKEN}", other.address());
        fault(stage, method, 1, Reply::text(status, "").header("location", &to));
        let error = open(stage).expect_err("another server");
        assert_tells(&error, ErrorKind::Refused, "the token is for the first server only");
    }
    assert_eq!(other.requests().len(), 0);
    assert_eq!(stage.forge.with(|state| state.pulls.len()), 0);
    // On the same server it is followed: a repository that was renamed.
    let place = stage.place.origin();
    let path = |request: &super::server::Request| format!("{place}{}", request.path);
    open(stage).expect("a request");
    let requests = stage.server.requests();
    let write = requests.iter().rfind(|request| request.method == "POST").expect("a write");
    stage.forge.with(|state| state.pulls.clear());
    fault(stage, "POST", 1, Reply::text(307, "").header("location", &path(write)));
    assert!(open(stage).expect("a request").is_new);
}

fn a_redirect_of_a_write_is_not_made_a_read(stage: &Stage) {
    fault(stage, "POST", 1, Reply::text(302, "").header("location", "/login"));
    let error = open(stage).expect_err("a redirect");
    assert_tells(&error, ErrorKind::Refused, "would not be sent there");
    assert_eq!(stage.server.count("GET", "/login"), 0);
}

fn what_the_host_says_is_made_safe(stage: &Stage) {
    let message = format!("no {TOKEN} \u{1b}[31m\n::error::{}", "x".repeat(5000));
    fault(stage, "POST", 1, Reply::json(400, &json!({"message": message})));
    let error = open(stage).expect_err("refused");
    assert_tells(&error, ErrorKind::Refused, "no ***");
    let cause = error.causes().concat();
    assert!(!cause.contains('\u{1b}') && !cause.contains('\n') && cause.len() < 1000, "{cause}");
}
