//! Others push too.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use git2::Oid;
use kubectl_rb::error::{Error, ErrorKind, Result};
use kubectl_rb::git::remote::fetch::{History, Needs};
use kubectl_rb::git::remote::network_failure::Reason;
use kubectl_rb::git::remote::retry::{Made, Pace, Pushed};
use kubectl_rb::git::store::Store;

use super::client::{Client, commit_on, main, oid, opened, reason, run, shop};
use crate::suite::{Test, pure};
use crate::testbed::git_server::{Fault, Ground};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        a_warm_copy_needs_two_calls,
        a_lost_race_is_made_anew_on_the_new_tip,
        a_branch_that_always_moves_is_given_up,
        a_conflict_with_what_landed_ends_it,
        an_answer_that_was_lost_is_found_behind_others,
        a_failed_server_is_tried_again,
        what_is_done_is_not_done_again,
        more_history_is_fetched_on_demand,
        a_copy_that_breaks_is_made_anew_once,
        twenty_at_once_make_one_commit,
    ]
}

static MADE: AtomicUsize = AtomicUsize::new(0);
const MARK: &str = "Rb-Operation: 0123456789abcdef";

/// What stands for the revert: a commit with a mark, unless one is behind the tip.
fn make(store: &Store, tip: Oid) -> Result<Made<&'static str>> {
    let repository = opened(store);
    let mut walk = repository.revwalk().map_err(|error| internal(&error))?;
    walk.push(tip).map_err(|error| internal(&error))?;
    for id in walk {
        let id = id.map_err(|error| internal(&error))?;
        let found = repository.find_commit(id).map_err(|error| internal(&error))?;
        if found.message().is_ok_and(|message| message.contains(MARK)) {
            return Ok(Made::Nothing("there already"));
        }
    }
    // Two that are made in the same second on the same tip would be one.
    let number = MADE.fetch_add(1, Ordering::Relaxed);
    let commit = commit_on(store, tip, &format!("Revert \"bump\" ({number})\n\n{MARK}\n"));
    Ok(Made::Commit(commit, "made"))
}

fn internal(error: &git2::Error) -> Error {
    Error::new(ErrorKind::Internal, error.message())
}

fn quick() -> Pace {
    Pace { longest: Duration::from_millis(20), ..Pace::default() }
}

/// The whole way of a command.
async fn command(
    client: &Client,
    url: &str,
    make: impl FnMut(&Store, Oid) -> Result<Made<&'static str>>,
) -> (Result<Pushed<&'static str>>, u32) {
    let remote = client.remote(url).await;
    let mut store = client.store(&remote).await;
    let needs = Needs::history(History::Any);
    let tip = match remote.fetch(&mut store, &main(), &needs, &mut |_| ()).await {
        Ok(tip) => tip,
        Err(error) => return (Err(error), remote.calls()),
    };
    let pushed = remote.push_with_retry(&mut store, &main(), tip, quick(), &mut |_| (), make).await;
    (pushed, remote.calls())
}

fn tip(ground: &Ground) -> Oid {
    oid(&ground.commit("shop", "main").expect("a commit"))
}

fn marks(ground: &Ground) -> usize {
    let log = ground.git("shop", &["log", "--format=%B", "main"]).expect("a log");
    log.matches(MARK).count()
}

/// Somebody commits whenever a push comes, so many times.
fn somebody_is_faster(ground: &Ground, times: usize) {
    let script = format!(
        "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n\
         export GIT_AUTHOR_NAME=B GIT_AUTHOR_EMAIL=b@x GIT_COMMITTER_NAME=B GIT_COMMITTER_EMAIL=b@x\n\
         count=$(cat count 2>/dev/null || echo 0)\n\
         test \"$count\" -ge {times} && exit 0\n\
         echo $((count + 1)) >count\n\
         new=$(git commit-tree 'main^{{tree}}' -p main -m \"faster $count\") || exit 9\n\
         git update-ref refs/heads/main \"$new\" || exit 9"
    );
    ground.hook("shop", "pre-receive", &script).expect("a hook");
}

fn a_warm_copy_needs_two_calls() {
    let (ground, server) = shop(60);
    let (client, url) = (Client::new(), server.url("shop"));
    run(async {
        client.fetch(&url, &Needs::default()).await.expect("a tip");
        let before = server.count("/info/refs");
        let (pushed, calls) = command(&client, &url, make).await;
        let pushed = pushed.expect("a push");
        assert_eq!((pushed.tries, calls), (1, 2));
        assert_eq!(server.count("/info/refs") - before, 2);
        assert_eq!(pushed.commit, Some(tip(&ground)));
    });
}

fn a_lost_race_is_made_anew_on_the_new_tip() {
    let (ground, server) = shop(5);
    somebody_is_faster(&ground, 2);
    let mut tips = Vec::new();
    run(async {
        let (pushed, _) = command(&Client::new(), &server.url("shop"), |store, tip| {
            tips.push(tip);
            make(store, tip)
        })
        .await;
        let pushed = pushed.expect("a push");
        assert_eq!((pushed.tries, pushed.value), (3, "made"));
        assert_eq!(Some(&pushed.on), tips.last());
        assert_eq!(pushed.commit, Some(tip(&ground)));
    });
    assert_eq!(tips.iter().collect::<BTreeSet<_>>().len(), 3, "each time on another tip");
    assert_eq!(ground.count("shop", "main").expect("a count"), 5 + 2 + 1, "nothing was lost");
    assert_eq!(marks(&ground), 1);
}

fn a_branch_that_always_moves_is_given_up() {
    let (ground, server) = shop(5);
    somebody_is_faster(&ground, 1000);
    run(async {
        let (pushed, _) = command(&Client::new(), &server.url("shop"), make).await;
        let error = pushed.unwrap_err();
        assert_eq!((error.kind(), reason(&error)), (ErrorKind::LostRace, Reason::LostRace));
        assert!(error.to_string().ends_with("moved under each of 5 pushes"), "{error}");
    });
    assert_eq!((marks(&ground), ground.count("shop", "main").expect("a count")), (0, 5 + 5));
}

fn a_conflict_with_what_landed_ends_it() {
    let (ground, server) = shop(5);
    somebody_is_faster(&ground, 1);
    let mut times = 0;
    run(async {
        let (pushed, _) = command(&Client::new(), &server.url("shop"), |store, tip| {
            times += 1;
            if times == 2 {
                return Err(Error::new(ErrorKind::Refused, "it conflicts"));
            }
            make(store, tip)
        })
        .await;
        assert_eq!(pushed.unwrap_err().to_string(), "it conflicts");
    });
    assert_eq!((times, marks(&ground)), (2, 0));
}

/// Ours landed, the answer was lost, and before anybody looked somebody else had pushed on top.
fn an_answer_that_was_lost_is_found_behind_others() {
    let (ground, server) = shop(5);
    let script = "export GIT_AUTHOR_NAME=B GIT_AUTHOR_EMAIL=b@x GIT_COMMITTER_NAME=B \
                  GIT_COMMITTER_EMAIL=b@x\n\
                  new=$(git commit-tree 'main^{tree}' -p main -m 'on top')\n\
                  git update-ref refs/heads/main \"$new\"";
    ground.hook("shop", "post-receive", script).expect("a hook");
    server.fault("POST /shop.git/git-receive-pack", 1, Fault::LoseAnswer);
    run(async {
        let (pushed, _) = command(&Client::new(), &server.url("shop"), make).await;
        let pushed = pushed.expect("a push");
        assert_eq!((pushed.tries, pushed.value), (1, "made"));
        assert_eq!(pushed.commit, Some(oid(&ground.commit("shop", "main~1").expect("a commit"))));
    });
    assert_eq!(marks(&ground), 1);
}

fn a_failed_server_is_tried_again() {
    let (ground, server) = shop(5);
    server.fault("git-receive-pack", 1, Fault::Status(503, ""));
    server.fault("POST /shop.git/git-receive-pack", 1, Fault::Close);
    run(async {
        let (pushed, _) = command(&Client::new(), &server.url("shop"), make).await;
        assert_eq!(pushed.expect("a push").tries, 3);
    });
    assert_eq!(marks(&ground), 1);
    // A rule of the server does not pass.
    ground.hook("shop", "pre-receive", "exit 1").expect("a hook");
    let before = server.count("service=git-receive-pack");
    run(async {
        let client = Client::new();
        let (pushed, _) = command(&client, &server.url("shop"), |store, tip| {
            Ok(Made::Commit(commit_on(store, tip, "again"), ""))
        })
        .await;
        assert_eq!(reason(&pushed.unwrap_err()), Reason::Hook);
    });
    assert_eq!(server.count("service=git-receive-pack") - before, 1);
}

fn what_is_done_is_not_done_again() {
    let (ground, server) = shop(5);
    let client = Client::new();
    run(async {
        command(&client, &server.url("shop"), make).await.0.expect("a push");
        let before = server.count("git-receive-pack");
        let again = command(&client, &server.url("shop"), make).await.0.expect("nothing");
        assert_eq!((again.commit, again.value, again.tries), (None, "there already", 0));
        assert_eq!(server.count("git-receive-pack"), before);
    });
    assert_eq!(marks(&ground), 1);
}

fn more_history_is_fetched_on_demand() {
    let (ground, server) = shop(300);
    let old = oid(&ground.commit("shop", "main~120").expect("a commit"));
    run(async {
        let (pushed, calls) = command(&Client::new(), &server.url("shop"), |store, tip| {
            if opened(store).find_commit(old).is_err() {
                return Ok(Made::Needs(Needs::history(History::Deeper)));
            }
            make(store, tip)
        })
        .await;
        pushed.expect("a push");
        // The tip, 50 more, 150 more, the push.
        assert_eq!(calls, 4);
        // Somebody who is never content gets an end.
        let (pushed, _) = command(&Client::new(), &server.url("shop"), |_, _| {
            Ok(Made::Needs(Needs::history(History::Deeper)))
        })
        .await;
        assert!(pushed.unwrap_err().to_string().contains("ends too early"));
    });
}

fn a_copy_that_breaks_is_made_anew_once() {
    let (ground, server) = shop(5);
    let broken = || Error::new(ErrorKind::Internal, "an object is missing");
    run(async {
        let mut times = 0;
        let (pushed, _) = command(&Client::new(), &server.url("shop"), |store, tip| {
            times += 1;
            if times == 1 { Ok(Made::Broken(broken())) } else { make(store, tip) }
        })
        .await;
        assert_eq!(pushed.expect("a push").tries, 1);
        let always = |_: &Store, _| Ok(Made::Broken(broken()));
        let (pushed, _) = command(&Client::new(), &server.url("shop"), always).await;
        assert_eq!(pushed.unwrap_err().to_string(), "an object is missing");
    });
    assert_eq!(marks(&ground), 1);
}

/// Half of them share a cache, as the jobs of one machine do.
fn twenty_at_once_make_one_commit() {
    let (ground, server) = shop(30);
    let url = server.url("shop");
    let shared = Client::new();
    let made: Vec<Result<Pushed<&'static str>>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20)
            .map(|number| {
                let (url, shared) = (&url, &shared);
                scope.spawn(move || {
                    let own = Client::new();
                    let client = if number % 2 == 0 { shared } else { &own };
                    run(async { command(client, url, make).await.0 })
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().expect("a pusher")).collect()
    });
    let ours: Vec<Oid> =
        made.iter().filter_map(|pushed| pushed.as_ref().expect("one or nothing").commit).collect();
    assert_eq!(ours, [tip(&ground)]);
    assert_eq!((marks(&ground), ground.count("shop", "main").expect("a count")), (1, 31));
    ground.git("shop", &["fsck", "--strict"]).expect("a sound repository");
}
