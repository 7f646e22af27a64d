//! What a fetch brings, with how many calls, and that no commit ever looks as if it had no parent.

use std::sync::Arc;

use kubectl_rb::error::ErrorKind;
use kubectl_rb::git::branch::BranchName;
use kubectl_rb::git::remote::fetch::{History, Needs};
use kubectl_rb::git::remote::network_failure::Reason;

use super::client::{Client, main, oid, opened, parents, reason, run, shop};
use crate::suite::{Test, pure};
use crate::testbed::git_server::{GitServer, Ground};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        an_empty_copy_takes_one_call,
        a_warm_copy_takes_what_is_new,
        without_commits_by_id_the_copy_is_deepened,
        history_comes_in_steps,
        commits_that_are_nowhere,
        a_commit_of_another_branch,
        branches_that_are_none,
        the_default_branch_is_asked_for,
        a_repository_of_another_sort,
    ]
}

fn old(ground: &Ground, back: usize) -> git2::Oid {
    oid(&ground.commit("shop", &format!("main~{back}")).expect("a commit"))
}

fn an_empty_copy_takes_one_call() {
    let (ground, server) = shop(60);
    let (client, bad) = (Client::new(), old(&ground, 40));
    run(async {
        let remote = client.remote(&server.url("shop")).await;
        let mut store = client.store(&remote).await;
        let mut seen = Vec::new();
        let mut progress = |line: &str| seen.push(line.to_owned());
        let needs = Needs::commits([bad]);
        let tip = remote.fetch(&mut store, &main(), &needs, &mut progress).await.expect("a tip");
        assert_eq!(tip, old(&ground, 0));
        assert_eq!((remote.calls(), server.count("/info/refs")), (1, 1));
        assert!(seen.iter().any(|line| line.starts_with("Counting objects")), "{seen:?}");
        // Not the whole history, and both with their parents.
        assert!(opened(&store).is_shallow());
        assert_eq!((parents(&store, bad), parents(&store, tip)), ((1, 1), (1, 1)));
        assert!(opened(&store).find_commit(old(&ground, 20)).is_err());
    });
}

fn a_warm_copy_takes_what_is_new() {
    let (ground, server) = shop(60);
    let client = Client::new();
    run(async {
        let (url, bad) = (server.url("shop"), old(&ground, 30));
        client.fetch(&url, &Needs::commits([bad])).await.expect("a tip");
        let new = oid(&ground.somebody_commits("shop", "main").expect("a commit"));
        let remote = client.remote(&url).await;
        let mut store = client.store(&remote).await;
        let needs = Needs::commits([bad, new]);
        let tip = remote.fetch(&mut store, &main(), &needs, &mut |_| ()).await.expect("a tip");
        assert_eq!((tip, remote.calls()), (new, 1));
        assert_eq!((parents(&store, bad), parents(&store, new)), ((1, 1), (1, 1)));
        // One that is not there is asked for by its id, and cuts off nothing.
        let older = old(&ground, 50);
        let needs = Needs::commits([bad, new, older]);
        remote.fetch(&mut store, &main(), &needs, &mut |_| ()).await.expect("a tip");
        assert_eq!(remote.calls(), 3);
        for commit in [bad, new, older] {
            assert_eq!(parents(&store, commit), (1, 1), "{commit}");
        }
    });
}

fn without_commits_by_id_the_copy_is_deepened() {
    let (ground, server) = shop(400);
    server.speak_only_v0();
    let client = Client::new();
    run(async {
        let remote = client.remote(&server.url("shop")).await;
        let mut store = client.store(&remote).await;
        let bad = old(&ground, 150);
        let needs = Needs::commits([bad]);
        let tip = remote.fetch(&mut store, &main(), &needs, &mut |_| ()).await.expect("a tip");
        assert_eq!((parents(&store, bad), parents(&store, tip)), ((1, 1), (1, 1)));
        // By id, without, 50 more, 150 more.
        assert_eq!(remote.calls(), 4);
        assert!(opened(&store).is_shallow(), "no more than was needed");
        let gone = git2::Oid::from_str(&"7".repeat(40)).expect("an id");
        let needs = Needs::commits([gone]);
        let error = remote.fetch(&mut store, &main(), &needs, &mut |_| ()).await.unwrap_err();
        assert_eq!((error.kind(), reason(&error)), (ErrorKind::NotFound, Reason::NoCommit));
    });
}

fn history_comes_in_steps() {
    let (ground, server) = shop(300);
    let client = Client::new();
    run(async {
        let remote = client.remote(&server.url("shop")).await;
        let mut store = client.store(&remote).await;
        let mut counts = Vec::new();
        for history in [History::Any, History::Deeper, History::Any, History::Deeper, History::Full]
        {
            let needs = Needs::history(history);
            let tip = remote.fetch(&mut store, &main(), &needs, &mut |_| ()).await.expect("a tip");
            let repository = opened(&store);
            let mut walk = repository.revwalk().expect("a walk");
            walk.push(tip).expect("the tip");
            counts.push((walk.count(), repository.is_shallow()));
        }
        assert_eq!(counts, [(1, true), (51, true), (51, true), (201, true), (300, false)]);
        assert_eq!(remote.calls(), 5);
        assert_eq!(parents(&store, old(&ground, 299)), (0, 0), "the first one has none");
    });
}

fn commits_that_are_nowhere() {
    let (_ground, server) = shop(5);
    let client = Client::new();
    let gone = git2::Oid::from_str(&"5".repeat(40)).expect("an id");
    run(async {
        // Into an empty copy and into a warm one.
        for _ in 0..2 {
            let error =
                client.fetch(&server.url("shop"), &Needs::commits([gone])).await.unwrap_err();
            assert_eq!((error.kind(), reason(&error)), (ErrorKind::NotFound, Reason::NoCommit));
            assert!(error.to_string().contains(&gone.to_string()), "{error}");
            client.fetch(&server.url("shop"), &Needs::default()).await.expect("a tip");
        }
    });
}

fn a_commit_of_another_branch() {
    let (ground, server) = shop(5);
    ground.git("shop", &["branch", "other", "main~2"]).expect("a branch");
    let other = oid(&ground.somebody_commits("shop", "other").expect("a commit"));
    let client = Client::new();
    run(async {
        client.fetch(&server.url("shop"), &Needs::history(History::Full)).await.expect("a tip");
        client.fetch(&server.url("shop"), &Needs::commits([other])).await.expect("a tip");
        let remote = client.remote(&server.url("shop")).await;
        assert_eq!(parents(&client.store(&remote).await, other), (1, 1));
    });
}

fn branches_that_are_none() {
    let (ground, server) = shop(3);
    ground.git("shop", &["tag", "v1", "main"]).expect("a tag");
    ground.with_commits("empty", 0).expect("a repository");
    let client = Client::new();
    run(async {
        for (repository, name, kind, part) in [
            ("shop", "v1", ErrorKind::Usage, "v1 is a tag of"),
            ("shop", "gone", ErrorKind::NotFound, "there is no branch gone in"),
            ("empty", "main", ErrorKind::NotFound, "there is no branch main in"),
        ] {
            let remote = client.remote(&server.url(repository)).await;
            let mut store = client.store(&remote).await;
            let branch = BranchName::parse(name).expect("a name");
            let fetched = remote.fetch(&mut store, &branch, &Needs::default(), &mut |_| ()).await;
            let error = fetched.unwrap_err();
            assert_eq!(error.kind(), kind, "{error}");
            assert!(error.to_string().contains(part), "{error}");
        }
    });
}

fn the_default_branch_is_asked_for() {
    let (ground, server) = shop(3);
    ground.git("shop", &["branch", "-m", "main", "größe/x"]).expect("a branch");
    ground.git("shop", &["symbolic-ref", "HEAD", "refs/heads/größe/x"]).expect("HEAD");
    let client = Client::new();
    run(async {
        let remote = client.remote(&server.url("shop")).await;
        let branch = remote.default_branch().await.expect("a branch");
        assert_eq!(branch.as_str(), "größe/x");
        let mut store = client.store(&remote).await;
        remote.fetch(&mut store, &branch, &Needs::default(), &mut |_| ()).await.expect("a tip");
    });
}

fn a_repository_of_another_sort() {
    let ground = Arc::new(Ground::new().expect("a ground"));
    std::fs::create_dir(ground.repository("shop")).expect("a folder");
    let words = ["init", "--bare", "--quiet", "--object-format=sha256", "--initial-branch=main"];
    ground.git("shop", &words).expect("a repository");
    let tree =
        ground.git("shop", &["hash-object", "-w", "-t", "tree", "/dev/null"]).expect("a tree");
    let commit = ground.git("shop", &["commit-tree", tree.trim(), "-m", "m"]).expect("a commit");
    ground.git("shop", &["update-ref", "refs/heads/main", commit.trim()]).expect("a ref");
    let server = GitServer::start(&ground).expect("a server");
    let client = Client::new();
    run(async {
        let error = client.fetch(&server.url("shop"), &Needs::default()).await.unwrap_err();
        assert_eq!((error.kind(), reason(&error)), (ErrorKind::Usage, Reason::ObjectFormat));
    });
}
