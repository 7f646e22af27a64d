//! One commit to one branch: what a refusal is called, what becomes of a lost answer, and that nothing
//! is ever overwritten.

use std::time::Duration;

use git2::Oid;
use kubectl_rb::error::{Error, ErrorKind, Result};
use kubectl_rb::git::branch::BranchName;
use kubectl_rb::git::remote::fetch::Needs;
use kubectl_rb::git::remote::network_failure::{NetworkFailure, Reason};
use kubectl_rb::git::remote::push::{Landed, Lease};
use kubectl_rb::git::remote::retry::{Made, Pace};
use kubectl_rb::git::remote::{Patience, Remote};
use kubectl_rb::git::store::Store;

use super::client::{Client, commit_on, main, oid, opened, reason, run, shop};
use crate::suite::{Test, pure};
use crate::testbed::git_server::{Fault, Ground};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        it_lands_with_one_call,
        refusals_of_the_hosts_are_told_apart,
        a_branch_that_moved_is_not_overwritten,
        a_branch_is_made_only_where_there_is_none,
        a_commit_that_stands_elsewhere_is_not_pushed,
        a_lost_answer_is_looked_up,
        what_nobody_knows_is_said,
        failures_before_anything_is_sent,
        a_rule_that_was_bypassed_is_said,
        who_finds_the_commit_there_has_not_pushed_it,
    ]
}

/// Fetches, makes a commit on the tip and pushes it once.
async fn push_once(remote: &Remote, store: &mut Store) -> (Oid, Result<Landed>) {
    let tip = remote.fetch(store, &main(), &Needs::default(), &mut |_| ()).await.expect("a tip");
    let commit = commit_on(store, tip, "take it out");
    (commit, remote.push(store, &main(), commit, Lease::At(tip), &mut |_| ()).await)
}

fn push(client: &Client, url: &str) -> (Oid, Result<Landed>) {
    run(async {
        let remote = client.remote(url).await;
        let mut store = client.store(&remote).await;
        push_once(&remote, &mut store).await
    })
}

fn tip(ground: &Ground) -> Oid {
    oid(&ground.commit("shop", "main").expect("a commit"))
}

fn it_lands_with_one_call() {
    let (ground, server) = shop(60);
    let client = Client::new();
    run(async {
        let remote = client.remote(&server.url("shop")).await;
        let mut store = client.store(&remote).await;
        let (commit, landed) = push_once(&remote, &mut store).await;
        assert_eq!(landed.expect("a push"), Landed::default());
        assert_eq!((tip(&ground), remote.calls()), (commit, 2));
    });
    // From a shallow copy, and the server has a sound repository afterwards.
    ground.git("shop", &["fsck", "--strict"]).expect("a sound repository");
    assert_eq!(ground.count("shop", "main").expect("a count"), 61);
}

fn refusals_of_the_hosts_are_told_apart() {
    let (ground, server) = shop(3);
    let (client, before) = (Client::new(), tip(&ground));
    for (text, expected, kind) in [
        (
            "error: GH006: Protected branch update failed for refs/heads/main.\n\
             error: Changes must be made through a pull request.",
            Reason::Protected,
            ErrorKind::Refused,
        ),
        (
            "error: GH013: Repository rule violations found for refs/heads/main.\n\
             - Changes must be made through a pull request.",
            Reason::Protected,
            ErrorKind::Refused,
        ),
        (
            "error: GH013: Repository rule violations found for refs/heads/main.\n\
             - Commits must have verified signatures.",
            Reason::Hook,
            ErrorKind::Refused,
        ),
        (
            "error: GH001: Large files detected. You may want to try Git Large File Storage",
            Reason::TooLarge,
            ErrorKind::Refused,
        ),
        (
            "GitLab: You are not allowed to push code to protected branches on this project.",
            Reason::Protected,
            ErrorKind::Refused,
        ),
        (
            "GitLab: You are not allowed to push code to this project.",
            Reason::Forbidden,
            ErrorKind::Forbidden,
        ),
        (
            "GitLab: Commit message does not follow the pattern JIRA-[0-9]+",
            Reason::Hook,
            ErrorKind::Refused,
        ),
        ("incorrect old value provided", Reason::LostRace, ErrorKind::LostRace),
        ("we are closed on sundays", Reason::Hook, ErrorKind::Refused),
    ] {
        let script = format!("cat >&2 <<'END'\n{text}\nEND\nexit 1");
        for hook in ["pre-receive", "update"] {
            ground.hook("shop", hook, &script).expect("a hook");
            let (_, pushed) = push(&client, &server.url("shop"));
            ground.hook("shop", hook, "exit 0").expect("a hook");
            let error = pushed.unwrap_err();
            assert_eq!((reason(&error), error.kind()), (expected, kind), "{hook}: {error:?}");
            let last = text.lines().last().expect("a line");
            let said = &NetworkFailure::of(&error).expect("a failure").said;
            assert!(said.iter().any(|line| line == last), "{said:?}");
            assert_eq!(tip(&ground), before);
        }
    }
}

fn a_branch_that_moved_is_not_overwritten() {
    let (ground, server) = shop(3);
    let client = Client::new();
    run(async {
        let remote = client.remote(&server.url("shop")).await;
        let mut store = client.store(&remote).await;
        let fetched = remote.fetch(&mut store, &main(), &Needs::default(), &mut |_| ()).await;
        let base = fetched.expect("a tip");
        let commit = commit_on(&store, base, "take it out");
        let theirs = oid(&ground.somebody_commits("shop", "main").expect("a commit"));
        let pushed = remote.push(&store, &main(), commit, Lease::At(base), &mut |_| ()).await;
        let error = pushed.unwrap_err();
        assert_eq!((reason(&error), error.kind()), (Reason::LostRace, ErrorKind::LostRace));
        assert_eq!(tip(&ground), theirs);
        // Somebody is in the middle of a push.
        let lock = ground.repository("shop").join("refs/heads/main.lock");
        std::fs::write(&lock, "").expect("a lock");
        let (_, pushed) = push_once(&remote, &mut store).await;
        assert_eq!(reason(&pushed.unwrap_err()), Reason::Locked);
        assert_eq!(tip(&ground), theirs);
    });
}

fn a_branch_is_made_only_where_there_is_none() {
    let (ground, server) = shop(3);
    let client = Client::new();
    run(async {
        let remote = client.remote(&server.url("shop")).await;
        let mut store = client.store(&remote).await;
        let fetched = remote.fetch(&mut store, &main(), &Needs::default(), &mut |_| ()).await;
        let base = fetched.expect("a tip");
        let branch = BranchName::parse("rb/revert-1234567").expect("a name");
        let first = commit_on(&store, base, "first");
        let push =
            async |commit| remote.push(&store, &branch, commit, Lease::Absent, &mut |_| ()).await;
        push(first).await.expect("a branch");
        let made = oid(&ground.commit("shop", "rb/revert-1234567").expect("a branch"));
        assert_eq!(made, first);
        push(first).await.expect("it is there already");
        let error = push(commit_on(&store, base, "second")).await.unwrap_err();
        assert_eq!(reason(&error), Reason::LostRace);
        let made = oid(&ground.commit("shop", "rb/revert-1234567").expect("a branch"));
        assert_eq!(made, first);
    });
}

fn a_commit_that_stands_elsewhere_is_not_pushed() {
    let (ground, server) = shop(3);
    let client = Client::new();
    run(async {
        let remote = client.remote(&server.url("shop")).await;
        let mut store = client.store(&remote).await;
        let needs = Needs::history(kubectl_rb::git::remote::fetch::History::Full);
        let base = remote.fetch(&mut store, &main(), &needs, &mut |_| ()).await.expect("a tip");
        let parent = oid(&ground.commit("shop", "main~1").expect("a commit"));
        let elsewhere = commit_on(&store, parent, "on something old");
        let calls = remote.calls();
        let pushed = remote.push(&store, &main(), elsewhere, Lease::At(base), &mut |_| ()).await;
        assert!(pushed.unwrap_err().to_string().contains("does not stand on"));
        assert_eq!((remote.calls(), tip(&ground)), (calls, base));
    });
}

fn impatient() -> Patience {
    Patience { push: Duration::from_secs(3), ..Patience::default() }
}

/// It was done, and nobody said so.
fn a_lost_answer_is_looked_up() {
    for fault in [Fault::LoseAnswer, Fault::DoneBut(502), Fault::DoneAndStall] {
        let (ground, server) = shop(3);
        server.fault("POST /shop.git/git-receive-pack", 1, fault.clone());
        let (commit, landed) = push(&Client::new().patience(impatient()), &server.url("shop"));
        assert!(landed.is_ok(), "{fault:?}: {landed:?}");
        assert_eq!(tip(&ground), commit);
    }
    // It was not done.
    for (fault, expected) in [
        (Fault::Close, Reason::Reset),
        (Fault::Status(502, ""), Reason::ServerFailed),
        (Fault::Stall, Reason::Timeout),
    ] {
        let (ground, server) = shop(3);
        let before = tip(&ground);
        server.fault("POST /shop.git/git-receive-pack", 1, fault.clone());
        let (_, pushed) = push(&Client::new().patience(impatient()), &server.url("shop"));
        assert_eq!(reason(&pushed.unwrap_err()), expected, "{fault:?}");
        assert_eq!(tip(&ground), before);
    }
}

fn what_nobody_knows_is_said() {
    let (_ground, server) = shop(3);
    let client = Client::new();
    let (commit, pushed): (_, Result<Landed, Error>) = run(async {
        let remote = client.remote(&server.url("shop")).await;
        let mut store = client.store(&remote).await;
        let fetched = remote.fetch(&mut store, &main(), &Needs::default(), &mut |_| ()).await;
        let base = fetched.expect("a tip");
        server.fault("POST /shop.git/git-receive-pack", 1, Fault::LoseAnswer);
        server.fault("service=git-upload-pack", 100, Fault::Close);
        let commit = commit_on(&store, base, "take it out");
        (commit, remote.push(&store, &main(), commit, Lease::At(base), &mut |_| ()).await)
    });
    let error = pushed.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Inconclusive);
    assert!(error.to_string().starts_with(&format!("nothing tells whether {commit} is on main")));
    assert!(error.hints()[0].starts_with("git ls-remote http://127.0.0.1:"), "{:?}", error.hints());
}

fn failures_before_anything_is_sent() {
    let (ground, server) = shop(3);
    let before = tip(&ground);
    for (fault, expected) in [
        (Fault::Status(401, ""), Reason::Authentication),
        (Fault::Status(403, ""), Reason::Forbidden),
        (Fault::Status(404, ""), Reason::NotFound),
        (Fault::Status(429, ""), Reason::Busy),
        (Fault::Status(413, ""), Reason::TooLarge),
    ] {
        server.fault("git-receive-pack", 1, fault.clone());
        let (_, pushed) = push(&Client::new(), &server.url("shop"));
        server.heal();
        assert_eq!(reason(&pushed.unwrap_err()), expected, "{fault:?}");
    }
    // The repository takes no pushes over HTTP.
    ground.git("shop", &["config", "http.receivepack", "false"]).expect("a setting");
    let (_, pushed) = push(&Client::new(), &server.url("shop"));
    assert_eq!(reason(&pushed.unwrap_err()), Reason::Forbidden);
    assert_eq!(tip(&ground), before);
}

/// Two that make the same commit in the same second have the same id.
fn who_finds_the_commit_there_has_not_pushed_it() {
    let (ground, server) = shop(3);
    let client = Client::new();
    run(async {
        let remote = client.remote(&server.url("shop")).await;
        let mut store = client.store(&remote).await;
        let fetched = remote.fetch(&mut store, &main(), &Needs::default(), &mut |_| ()).await;
        let base = fetched.expect("a tip");
        let commit = commit_on(&store, base, "take it out");
        let push =
            async || remote.push(&store, &main(), commit, Lease::At(base), &mut |_| ()).await;
        assert!(!push().await.expect("a push").by_others);
        assert!(push().await.expect("it is there").by_others);
        assert_eq!(tip(&ground), commit);
    });
    // The same in the middle of a command: it was made, and before it is pushed somebody else has.
    run(async {
        let remote = client.remote(&server.url("shop")).await;
        let mut store = client.store(&remote).await;
        let fetched = remote.fetch(&mut store, &main(), &Needs::default(), &mut |_| ()).await;
        let base = fetched.expect("a tip");
        let (how_often, progress) = (Pace::default(), &mut |_: &str| ());
        let pushed = remote
            .push_with_retry(&mut store, &main(), base, how_often, progress, |store, on| {
                let commit = commit_on(store, on, "take it out again");
                let place = opened(store).path().display().to_string();
                let words = ["fetch", "--quiet", &place, &format!("{commit}:refs/heads/main")];
                ground.git("shop", &words).expect("somebody is faster");
                Ok(Made::Commit(commit, ()))
            })
            .await
            .expect("it is there");
        assert!(pushed.landed.by_others);
        assert_eq!((pushed.commit, pushed.tries), (Some(tip(&ground)), 1));
    });
}

fn a_rule_that_was_bypassed_is_said() {
    let (ground, server) = shop(3);
    let text = "remote: Bypassed rule violations for refs/heads/main:";
    let script = format!("echo '{text}' >&2; echo 'To create a merge request: https://h/new' >&2");
    ground.hook("shop", "post-receive", &script).expect("a hook");
    let (_, landed) = push(&Client::new(), &server.url("shop"));
    let landed = landed.expect("a push");
    assert!(landed.bypassed);
    assert!(landed.said.iter().any(|line| line.ends_with("https://h/new")), "{landed:?}");
}
