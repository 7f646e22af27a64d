//! Waiting for a request: until it is merged, closed, or hopeless.

use std::time::Duration;

use kubectl_rb::error::{ErrorKind, Result};
use kubectl_rb::hosting::Step;
use kubectl_rb::rollback::model::change_request::{ChangeRequest, RequestState, Wanted};
use serde_json::json;

use super::repository::CONFLICT;
use super::server::{Ending, Fault, Reply};
use super::{PATIENCE, STILL, Stage, block, each_host, wanted};
use crate::suite::Test;

pub(crate) fn tests() -> Vec<Test> {
    each_host![
        merged_while_waited,
        closed_while_waited,
        a_conflict_ends_the_wait,
        the_time_is_up,
        a_bad_moment_does_not_end_the_wait,
        a_request_that_is_gone_does,
    ]
}

/// Opens a request and waits; `change` is called before each look but the first, with its number.
fn wait(
    stage: &Stage,
    wanted: &Wanted,
    patience: Duration,
    change: &mut (dyn FnMut(usize, &Step<'_>) + Send),
) -> Result<ChangeRequest> {
    block(async {
        let hosting = stage.hosting().await;
        let request = hosting.open(wanted).await.expect("a request").request;
        let hosting = stage.connect(patience).await.expect("a connection").expect("a known host");
        let mut looks = 0;
        hosting
            .wait(request, &mut |step| {
                looks += 1;
                change(looks, &step);
            })
            .await
    })
}

fn merged_while_waited(stage: &Stage) {
    let mut seen = Vec::new();
    let request = wait(stage, &wanted(), PATIENCE, &mut |looks, step| {
        assert!(step.trouble.is_none(), "{step:?}");
        seen.push(step.request.state);
        if looks == 3 {
            assert!(stage.forge.with(|state| state.merge(7)));
        }
    });
    let request = request.expect("a request");
    assert_eq!(seen, [RequestState::Open; 3]);
    assert_eq!(request.state, RequestState::Merged);
    let main = stage.forge.with(|state| state.repository.tip("main"));
    assert_eq!(request.merge_commit, main);
    assert!(stage.forge.with(|state| state.repository.file("main")).contains("v2.8.0"));
    // Hosts with tags are asked whether there is anything new.
    let tagged = stage.server.requests().iter().any(|r| r.headers.contains_key("if-none-match"));
    assert_eq!(tagged, stage.word != "gitea");
    stage.assert_in_shape();
}

fn closed_while_waited(stage: &Stage) {
    let request = wait(stage, &wanted(), PATIENCE, &mut |looks, _| {
        if looks == 2 {
            stage.forge.with(|state| state.pulls[0].is_open = false);
        }
    });
    let request = request.expect("a request");
    assert_eq!((request.state, request.merge_commit), (RequestState::Closed, None));
    stage.assert_in_shape();
}

fn a_conflict_ends_the_wait(stage: &Stage) {
    let wanted = Wanted { head: CONFLICT.to_owned(), ..wanted() };
    let mut looks = 0;
    let request = wait(stage, &wanted, PATIENCE, &mut |count, _| looks = count);
    let request = request.expect("a request");
    assert_eq!((request.state, request.has_conflict), (RequestState::Open, Some(true)));
    assert_eq!(looks, 1, "a second look is sure");
}

fn the_time_is_up(stage: &Stage) {
    let mut last = Duration::MAX;
    let patience = Duration::from_millis(1500);
    let request = wait(stage, &wanted(), patience, &mut |_, step| last = step.next);
    assert_eq!(request.expect("a request").state, RequestState::Open);
    assert!(last <= STILL.most, "{last:?}");
}

fn a_bad_moment_does_not_end_the_wait(stage: &Stage) {
    let moments = [
        Reply::json(503, &json!({"message": "down"})).header("retry-after", "0"),
        Reply::text(502, "<html>bad gateway</html>"),
        Reply::text(200, "<html>hello</html>"),
        Reply::broken(Ending::Cut),
        Reply::json(429, &json!({"message": "slow down"})).header("retry-after", "0"),
    ];
    let mut troubles = 0;
    let request = wait(stage, &wanted(), PATIENCE, &mut |looks, step| {
        troubles += usize::from(step.trouble.is_some());
        if let Some(moment) = moments.get(looks - 1) {
            // As often as one look tries.
            let times = if moment.status == 200 { 1 } else { 3 };
            let reply = moment.clone();
            let part = if stage.word == "gitlab" { "merge_requests/7" } else { "pulls/7" };
            stage.server.fail(Fault { method: "GET", part, times, is_done: false, reply });
        } else if looks == moments.len() + 2 {
            assert!(stage.forge.with(|state| state.merge(7)));
        }
    });
    assert_eq!(request.expect("a request").state, RequestState::Merged);
    assert_eq!(troubles, moments.len());
}

fn a_request_that_is_gone_does(stage: &Stage) {
    let error = wait(stage, &wanted(), PATIENCE, &mut |looks, _| {
        if looks == 2 {
            stage.forge.with(|state| state.pulls.clear());
        }
    });
    let error = error.expect_err("nothing to wait for");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("read request 7"), "{error}");
}
