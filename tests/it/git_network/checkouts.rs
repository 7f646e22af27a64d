//! Which repository and branch it is about, from where `rb` runs; and a checkout that lends its objects
//! stays as it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use kubectl_rb::error::{ErrorKind, Result};
use kubectl_rb::git::locate::{Located, Wanted, locate};
use kubectl_rb::git::remote::Remote;
use kubectl_rb::git::remote::fetch::Needs;
use kubectl_rb::git::store::cache;
use tokio::time::Instant;

use super::client::{Client, commit_on, main, oid, opened, run, shop, skipped};
use crate::suite::{Test, pure};
use crate::testbed::git_server::{GitServer, Ground, git};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        it_is_where_the_branch_pushes_to,
        what_is_named_wins,
        nothing_is_guessed,
        a_checkout_lends_its_objects_and_stays_as_it_is,
        a_shallow_or_partial_checkout_lends_nothing,
        a_checkout_of_somebody_else_is_not_read,
        what_ci_wrote_into_the_checkout_counts,
    ]
}

/// A clone of `shop` at `checkout`.
fn clone(ground: &Ground, server: &GitServer, options: &[&str]) -> PathBuf {
    let url = server.url("shop");
    let mut words = vec!["clone", "--quiet"];
    words.extend(options);
    words.extend([url.as_str(), "checkout"]);
    git(&ground.home(), ground.folder(), &words).expect("a clone");
    ground.folder().join("checkout")
}

fn find(
    client: &Client,
    folder: &Path,
    repository: Option<&str>,
    branch: Option<&str>,
) -> Result<Located> {
    run(async {
        let git = client.find_git().await.expect("git");
        locate(&git, Wanted { repository, branch, folder }).await
    })
}

fn it_is_where_the_branch_pushes_to() {
    let (ground, server) = shop(3);
    let checkout = clone(&ground, &server, &[]);
    let client = Client::new().env("GIT_DIR", "/nowhere").env("GIT_WORK_TREE", "/nowhere");
    let in_it = |words: &[&str]| git(&ground.home(), &checkout, words).expect("git");
    // In a folder of it, too.
    fs::create_dir(checkout.join("deep")).expect("a folder");
    for folder in [checkout.clone(), checkout.join("deep")] {
        let located = find(&client, &folder, None, None).expect("a repository");
        assert_eq!(located.url.argument(), server.url("shop"));
        assert_eq!(located.branch, Some(main()));
        assert!(located.notes.is_empty(), "{:?}", located.notes);
        let objects = located.checkout.expect("a checkout").objects;
        assert_eq!(objects, Some(checkout.join(".git/objects")));
    }
    // Local commits, other names, dirty files: said.
    fs::write(checkout.join("apps/app-1/values.yaml"), "changed").expect("a file");
    in_it(&["commit", "--quiet", "--allow-empty", "--message", "not pushed"]);
    in_it(&["branch", "--quiet", "-m", "main", "mine"]);
    in_it(&["config", "push.default", "upstream"]);
    let located = find(&client, &checkout, None, None).expect("a repository");
    assert_eq!(located.branch, Some(main()));
    let notes = located.notes.join("\n");
    for part in ["your branch mine pushes to main", "not pushed", "they stay as they are"] {
        assert!(notes.contains(part), "{notes}");
    }
    assert_eq!(fs::read_to_string(checkout.join("apps/app-1/values.yaml")).expect("it"), "changed");
    // A fork that is pushed to, by a relative path, with a place of its own for pushes.
    in_it(&["remote", "add", "fork", "https://u:s3cret@fork.test/shop.git"]);
    in_it(&["remote", "set-url", "--push", "fork", "../served/shop.git"]);
    in_it(&["config", "branch.mine.pushRemote", "fork"]);
    in_it(&["config", "push.default", "current"]);
    let located = find(&client, &checkout.join("deep"), None, None).expect("a repository");
    assert_eq!(located.branch.expect("a branch").as_str(), "mine");
    let path = PathBuf::from(located.url.argument()).canonicalize().expect("a repository");
    assert_eq!(path, ground.repository("shop").canonicalize().expect("it"));
    // A linked work tree.
    in_it(&["worktree", "add", "--quiet", "-b", "linked", "../linked"]);
    let linked = ground.folder().join("linked");
    let located = find(&client, &linked, None, Some("main")).expect("a repository");
    assert_eq!(located.url.argument(), server.url("shop"));
    let objects = located.checkout.expect("a checkout").objects;
    assert_eq!(objects, Some(checkout.join(".git/objects")));
}

fn what_is_named_wins() {
    let (ground, server) = shop(3);
    let checkout = clone(&ground, &server, &[]);
    let (client, nowhere) = (Client::new(), ground.folder().to_owned());
    let located = find(&client, &checkout, Some("https://git.test/a"), None).expect("a URL");
    assert_eq!((located.url.argument(), located.branch), ("https://git.test/a", None));
    assert!(located.checkout.is_none());
    // A bare repository is the repository; a checkout leads to where it pushes to.
    let located = find(&client, &nowhere, Some("served/shop.git"), None).expect("a path");
    assert_eq!(located.url.argument(), ground.repository("shop").to_str().expect("a path"));
    let located = find(&client, &nowhere, Some("checkout"), Some("release/1")).expect("a path");
    assert_eq!(located.url.argument(), server.url("shop"));
    assert_eq!(located.branch.expect("a branch").as_str(), "release/1");
    // Detached, as CI checks out, with the branch named.
    git(&ground.home(), &checkout, &["checkout", "--quiet", "--detach"]).expect("detached");
    let located = find(&client, &checkout, None, Some("main")).expect("a repository");
    assert_eq!((located.url.argument(), located.branch), (&*server.url("shop"), Some(main())));
}

fn nothing_is_guessed() {
    let (ground, server) = shop(3);
    let checkout = clone(&ground, &server, &[]);
    let client = Client::new();
    let in_it = |words: &[&str]| git(&ground.home(), &checkout, words).expect("git");
    let refused = |folder: &Path, repository, branch, kind, part: &str| {
        let error = find(&client, folder, repository, branch).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{part}: {error}");
    };
    let usage = ErrorKind::Usage;
    refused(ground.folder(), None, None, usage, "is in no Git repository");
    refused(ground.folder(), Some("home"), None, usage, "is in no Git repository");
    refused(ground.folder(), Some("gone"), None, ErrorKind::NotFound, "there is no repository at");
    refused(&checkout, Some("ext::sh -c x"), None, usage, "ext::");
    refused(&checkout, Some("--upload-pack=x"), None, usage, "an option");
    refused(&checkout, None, Some("--upload-pack=x"), usage, "no name of a branch");
    refused(&checkout, None, Some("refs/tags/v1"), usage, "is a tag");
    in_it(&["switch", "--quiet", "--no-track", "-c", "alone"]);
    refused(&checkout, None, None, usage, "the branch alone has no upstream");
    in_it(&["branch", "--quiet", "--set-upstream-to=main", "alone"]);
    in_it(&["config", "push.default", "upstream"]);
    refused(&checkout, None, None, usage, "follows refs/heads/main of the same repository");
    in_it(&["checkout", "--quiet", "--detach"]);
    refused(&checkout, None, None, usage, "HEAD is detached");
    in_it(&["switch", "--quiet", "main"]);
    in_it(&["remote", "set-url", "--add", "origin", "https://b.test/shop"]);
    refused(&checkout, None, None, usage, "pushed to several places");
    in_it(&["remote", "remove", "origin"]);
    refused(&checkout, None, Some("other"), usage, "has no remote");
    // A configuration that would run something.
    in_it(&["remote", "add", "origin", "ext::sh -c 'touch owned'"]);
    in_it(&["config", "branch.main.remote", "origin"]);
    in_it(&["config", "branch.main.merge", "refs/heads/main"]);
    refused(&checkout, None, None, usage, "ext::");
}

/// All files below it with their content.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), fs::read(&path).expect("a file"));
            }
        }
    }
    found
}

async fn copy(client: &Client, located: &Located) -> (Remote, kubectl_rb::git::store::Store) {
    let git = client.find_git().await.expect("git");
    let checkout = located.checkout.as_ref().expect("a checkout");
    let git = git.adopt(&checkout.folder).await.expect("its settings");
    let until = Instant::now() + Duration::from_secs(120);
    let remote = Remote::connect(git, located.url.clone(), None, until).await.expect("a remote");
    let (cache, objects) = (client.cache(), checkout.objects.as_deref());
    let store = cache::open(Some(&cache), remote.url(), objects, until).await.expect("a copy");
    (remote, store)
}

fn a_checkout_lends_its_objects_and_stays_as_it_is() {
    let (ground, server) = shop(200);
    let checkout = clone(&ground, &server, &[]);
    fs::write(checkout.join("apps/app-1/values.yaml"), "changed").expect("a file");
    fs::write(checkout.join("new"), "untracked").expect("a file");
    let new = oid(&ground.somebody_commits("shop", "main").expect("a commit"));
    let before = files(&checkout);
    let client = Client::new();
    let located = find(&client, &checkout, None, None).expect("a repository");
    let old = oid(&ground.commit("shop", "main~150").expect("a commit"));
    run(async {
        let (remote, mut store) = copy(&client, &located).await;
        let mut seen = String::new();
        let mut progress = |line: &str| seen.push_str(line);
        let needs = Needs::commits([old]);
        let tip = remote.fetch(&mut store, &main(), &needs, &mut progress).await.expect("a tip");
        assert_eq!((tip, remote.calls()), (new, 1));
        assert!(opened(&store).find_commit(old).is_ok() && !opened(&store).is_shallow());
        // Everything but the one commit was there.
        assert!(!seen.contains("/200)") && !seen.contains("Receiving objects: 100% (2"), "{seen}");
        let commit = commit_on(&store, tip, "take it out");
        let lease = kubectl_rb::git::remote::push::Lease::At(tip);
        remote.push(&store, &main(), commit, lease, &mut |_| ()).await.expect("a push");
        assert_eq!(oid(&ground.commit("shop", "main").expect("a commit")), commit);
    });
    assert!(files(&checkout) == before, "the checkout has changed");
    assert!(!client.cache().exists(), "nothing is kept");
}

fn a_shallow_or_partial_checkout_lends_nothing() {
    for options in [&["--depth=2", "--no-local"][..], &["--filter=blob:none", "--no-checkout"]] {
        let (ground, server) = shop(30);
        ground.git("shop", &["config", "uploadpack.allowFilter", "true"]).expect("a setting");
        let checkout = clone(&ground, &server, options);
        let client = Client::new();
        let located = find(&client, &checkout, None, None).expect("a repository");
        assert_eq!(located.checkout.as_ref().expect("a checkout").objects, None, "{options:?}");
        run(async {
            let (remote, mut store) = copy(&client, &located).await;
            assert!(store.is_kept());
            let old = oid(&ground.commit("shop", "main~20").expect("a commit"));
            let needs = Needs::commits([old]);
            remote.fetch(&mut store, &main(), &needs, &mut |_| ()).await.expect("a tip");
            let files =
                opened(&store).find_commit(old).and_then(|c| c.tree()).expect("a tree").len();
            assert_eq!(files, 1);
        });
    }
}

fn a_checkout_of_somebody_else_is_not_read() {
    let (ground, server) = shop(3);
    let checkout = clone(&ground, &server, &[]);
    let given = [checkout.clone(), checkout.join(".git")]
        .iter()
        .all(|path| std::os::unix::fs::chown(path, Some(65534), None).is_ok());
    if !given {
        skipped("only root can give a folder to somebody else");
        return;
    }
    let error = find(&Client::new(), &checkout, None, None).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(error.to_string().ends_with("belongs to another user"), "{error}");
    assert!(error.hints()[0].contains("safe.directory"), "{:?}", error.hints());
}

/// As `actions/checkout` does it: a header in the checkout's own configuration, or in a file that it
/// includes.
fn what_ci_wrote_into_the_checkout_counts() {
    let (ground, server) = shop(3);
    let checkout = clone(&ground, &server, &[]);
    server.let_in(crate::testbed::git_server::Entry::Bearer("t0ken"));
    let header = format!("http.http://{}/.extraheader", server.address());
    let included = ground.folder().join("credentials.config");
    let value = "AUTHORIZATION: Bearer t0ken";
    let write = |words: &[&str]| git(&ground.home(), &checkout, words).expect("a setting");
    for words in [
        &["config", &header, value][..],
        &["config", "include.path", included.to_str().expect("a path")],
    ] {
        write(words);
        if words.contains(&"include.path") {
            write(&["config", "--unset", &header]);
            write(&["config", "--file", included.to_str().expect("a path"), &header, value]);
        }
        let client = Client::new();
        let located = find(&client, &checkout, None, None).expect("a repository");
        run(async {
            let (remote, mut store) = copy(&client, &located).await;
            remote.fetch(&mut store, &main(), &Needs::default(), &mut |_| ()).await.expect("a tip");
        });
    }
}
