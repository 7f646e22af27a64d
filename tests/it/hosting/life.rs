//! The life of a request: opened, found again, dressed, merged.

use kubectl_rb::error::ErrorKind;
use kubectl_rb::hosting::AutoMerge;
use kubectl_rb::rollback::model::change_request::{ChecksState, RequestState, Wanted};
use serde_json::json;

use super::forge::{LABEL, REVIEWER};
use super::repository::{CONFLICT, HEAD};
use super::{Stage, block, each_host, wanted};
use crate::suite::Test;

pub(crate) fn tests() -> Vec<Test> {
    each_host![
        it_is_opened_once_and_found_again,
        one_from_a_fork_is_another_one,
        many_at_once_open_one,
        labels_and_reviewers_are_added,
        one_that_is_there_gets_what_it_lacks,
        what_is_not_there_is_told,
        it_merges_itself_when_it_may,
        what_nothing_stands_in_the_way_of_is_merged,
        a_squash_is_another_commit,
        without_auto_merge_it_waits,
        another_head_is_not_merged,
        rules_are_told_before_the_push,
        checks_are_told,
    ]
}

fn it_is_opened_once_and_found_again(stage: &Stage) {
    block(async {
        let hosting = stage.hosting().await;
        assert_eq!(hosting.find(&wanted()).await.expect("an answer"), None);
        let first = hosting.open(&wanted()).await.expect("a request");
        assert!(first.is_new && first.notes.is_empty(), "{first:?}");
        let request = &first.request;
        assert_eq!((request.head.as_str(), request.base.as_str()), (HEAD, "main"));
        assert_eq!((request.host, request.state), (stage.word, RequestState::Open));
        assert_eq!(request.head_commit, Some(stage.head_commit()));
        assert_eq!(request.merge_commit, None);
        assert!(request.url.starts_with(&stage.place.origin()), "{}", request.url);
        let second = hosting.open(&wanted()).await.expect("a request");
        assert!(!second.is_new);
        assert_eq!(second.request.number, request.number);
    });
    let pull = stage.forge.with(|state| state.pulls.clone()).pop().expect("a request");
    assert_eq!(pull.title, "Revert \"bump\"");
    assert_eq!(pull.body, "Takes back 9f3c2ab.\n\nRb-Operation: op-1\n");
    assert_eq!(stage.writes(), 1);
    stage.assert_in_shape();
}

fn one_from_a_fork_is_another_one(stage: &Stage) {
    stage.forge.with(|state| {
        let body = json!({"title": "mine", "head": HEAD, "base": "main"});
        state.open(&body, ["title", "body", "head", "base"]).expect("a request");
        state.pulls[0].from_fork = true;
    });
    block(async {
        assert_eq!(stage.hosting().await.find(&wanted()).await.expect("an answer"), None);
    });
    stage.assert_in_shape();
}

fn many_at_once_open_one(stage: &Stage) {
    let numbers = block(async {
        let hosting = stage.hosting().await;
        let wanted = wanted();
        let all = (0..6).map(|_| hosting.open(&wanted));
        let all = futures::future::join_all(all).await;
        all.into_iter().map(|opened| opened.expect("a request").request.number).collect::<Vec<_>>()
    });
    assert_eq!(numbers, [7; 6]);
    assert_eq!(stage.forge.with(|state| state.pulls.len()), 1);
    stage.assert_in_shape();
}

fn labels_and_reviewers_are_added(stage: &Stage) {
    let has_teams = stage.word != "gitlab";
    let reviewers = [REVIEWER, "acme/sre"].map(str::to_owned);
    let reviewers = reviewers.into_iter().filter(|name| has_teams || name == REVIEWER).collect();
    let dressed = Wanted { labels: vec![LABEL.to_owned()], reviewers, ..wanted() };
    block(async {
        let opened = stage.hosting().await.open(&dressed).await.expect("a request");
        assert!(opened.is_new && opened.notes.is_empty(), "{opened:?}");
        // What it has is left as people have made it, and nothing is written.
        let writes = stage.writes();
        stage.forge.with(|state| "ours".clone_into(&mut state.pulls[0].title));
        let wanted = Wanted { reviewers: vec![REVIEWER.to_owned()], ..dressed.clone() };
        assert!(!stage.hosting().await.open(&wanted).await.expect("a request").is_new);
        assert_eq!(stage.writes(), writes);
    });
    let pull = stage.forge.with(|state| state.pulls[0].clone());
    assert_eq!(pull.title, "ours");
    assert_eq!(pull.labels, [LABEL]);
    assert_eq!(pull.reviewers, [REVIEWER]);
    assert_eq!(pull.teams, if has_teams { vec!["sre"] } else { Vec::new() });
    stage.assert_in_shape();
}

fn one_that_is_there_gets_what_it_lacks(stage: &Stage) {
    let opened = block(async {
        stage.hosting().await.open(&wanted()).await.expect("a request");
        // Somebody has asked another one meanwhile.
        stage.forge.with(|state| state.pulls[0].reviewers.push("bob".to_owned()));
        let (labels, reviewers) = (vec![LABEL.to_owned()], vec![REVIEWER.to_owned()]);
        let wanted = Wanted { labels, reviewers, ..wanted() };
        stage.hosting().await.open(&wanted).await.expect("a request")
    });
    assert!(!opened.is_new && opened.notes.is_empty(), "{opened:?}");
    let pull = stage.forge.with(|state| state.pulls[0].clone());
    assert_eq!(pull.labels, [LABEL]);
    let mut reviewers = pull.reviewers;
    reviewers.sort();
    assert_eq!(reviewers, [REVIEWER, "bob"]);
    stage.assert_in_shape();
}

fn what_is_not_there_is_told(stage: &Stage) {
    let labels = vec!["no, such".to_owned(), LABEL.to_owned()];
    let reviewers = vec!["nobody".to_owned(), REVIEWER.to_owned()];
    let opened = block(async {
        let wanted = Wanted { labels, reviewers, ..wanted() };
        stage.hosting().await.open(&wanted).await.expect("a request")
    });
    assert!(opened.is_new);
    let notes = opened.notes.join("\n");
    assert!(notes.contains("nobody"), "{notes}");
    // GitHub makes labels that are not there.
    assert_eq!(notes.contains("no, such"), stage.word != "github", "{notes}");
    let pull = stage.forge.with(|state| state.pulls[0].clone());
    assert!(pull.labels.contains(&LABEL.to_owned()));
    assert_eq!(pull.reviewers, [REVIEWER]);
    stage.assert_in_shape();
}

fn merge(stage: &Stage) -> AutoMerge {
    block(async {
        let hosting = stage.hosting().await;
        let number = hosting.open(&wanted()).await.expect("a request").request.number;
        hosting.merge_when_ready(number, &stage.head_commit()).await.expect("an answer")
    })
}

fn it_merges_itself_when_it_may(stage: &Stage) {
    assert_eq!(merge(stage), AutoMerge::Set);
    assert!(stage.forge.with(|state| state.pulls[0].merges_itself));
    assert_eq!(stage.forge.with(|state| state.pulls[0].merge_commit.clone()), None);
    stage.assert_in_shape();
}

fn what_nothing_stands_in_the_way_of_is_merged(stage: &Stage) {
    stage.forge.with(|state| {
        state.settings.is_ready = true;
        // At first the host has not looked for conflicts yet.
        state.settings.merges_refused = 2;
    });
    assert_eq!(merge(stage), AutoMerge::Merged);
    let request = block(async { stage.hosting().await.look(7).await.expect("a request") });
    assert_eq!(request.state, RequestState::Merged);
    let commit = request.merge_commit.expect("a commit");
    stage.forge.with(|state| {
        assert_eq!(state.repository.tip("main").as_ref(), Some(&commit));
        assert_eq!(state.repository.parents(&commit), 2);
        assert_eq!(state.repository.file("main"), "image: v2.8.0");
    });
    assert_ne!(commit, stage.head_commit());
    stage.assert_in_shape();
}

fn a_squash_is_another_commit(stage: &Stage) {
    stage.forge.with(|state| {
        state.settings.is_ready = true;
        state.settings.squashes = true;
    });
    assert_eq!(merge(stage), AutoMerge::Merged);
    let request = block(async { stage.hosting().await.look(7).await.expect("a request") });
    let commit = request.merge_commit.expect("a commit");
    stage.forge.with(|state| {
        assert_eq!(state.repository.tip("main").as_ref(), Some(&commit));
        assert_eq!(state.repository.parents(&commit), 1);
    });
    stage.assert_in_shape();
}

fn without_auto_merge_it_waits(stage: &Stage) {
    stage.forge.with(|state| state.settings.allows_auto_merge = false);
    let AutoMerge::NotOffered(why) = merge(stage) else { panic!("it is not offered") };
    let part = match stage.word {
        "github" => "not allowed for this repository",
        "gitlab" => "not approved",
        _ => "enough approvals",
    };
    assert!(why.contains(part), "{why}");
    assert_eq!(stage.forge.with(|state| state.pulls[0].merge_commit.clone()), None);
    stage.assert_in_shape();
}

fn another_head_is_not_merged(stage: &Stage) {
    stage.forge.with(|state| state.settings.is_ready = true);
    let error = block(async {
        let hosting = stage.hosting().await;
        let number = hosting.open(&wanted()).await.expect("a request").request.number;
        let planned = stage.head_commit();
        stage.forge.with(|state| state.repository.push_to(HEAD));
        hosting.merge_when_ready(number, &planned).await.expect_err("another commit")
    });
    assert_eq!(error.kind(), ErrorKind::LostRace);
    assert_eq!(stage.forge.with(|state| state.pulls[0].merge_commit.clone()), None);
    let merges = stage.server.requests().iter().filter(|r| r.path.ends_with("/merge")).count();
    assert_eq!(merges, 0);
}

fn rules_are_told_before_the_push(stage: &Stage) {
    for is_protected in [false, true] {
        stage.forge.with(|state| state.settings.is_protected = is_protected);
        let rules = block(async { stage.hosting().await.rules("main").await.expect("rules") });
        assert_eq!(rules.needs_request, Some(is_protected), "{rules:?}");
        assert_eq!(rules.rules.is_empty(), !is_protected, "{rules:?}");
    }
    stage.assert_in_shape();
}

fn checks_are_told(stage: &Stage) {
    let number = block(stage.open()).expect("a request").request.number;
    for (checks, state) in [
        (None, None),
        (Some("pending"), Some(ChecksState::Pending)),
        (Some("success"), Some(ChecksState::Passed)),
        (Some("failure"), Some(ChecksState::Failed)),
    ] {
        stage.forge.with(|state| state.settings.checks = checks);
        let request = block(async { stage.hosting().await.look(number).await.expect("a request") });
        assert_eq!(request.has_conflict, Some(false));
        assert_eq!(request.checks.as_ref().map(|checks| checks.state), state);
        let failing = request.checks.map_or(0, |checks| checks.failing.len());
        assert_eq!(failing, usize::from(checks == Some("failure")));
    }
    let conflict = Wanted { head: CONFLICT.to_owned(), ..wanted() };
    let request = block(async {
        let hosting = stage.hosting().await;
        let number = hosting.open(&conflict).await.expect("a request").request.number;
        hosting.look(number).await.expect("a request")
    });
    assert_eq!(request.has_conflict, Some(true));
    stage.assert_in_shape();
}
