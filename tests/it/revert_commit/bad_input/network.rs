//! The server says no, says nothing, or fails. Nobody is asked: there is no terminal.

use snapbox::str;

use super::scene::Shop;
use crate::rb::Rb;
use crate::suite::{Test, pure};
use crate::testbed::git_server::{Entry, Fault};

pub(super) fn tests() -> Vec<Test> {
    pure![
        without_credentials_nobody_is_asked,
        wrong_credentials_are_tried_once,
        no_right_to_push,
        a_protected_branch,
        a_hook_of_the_server,
        a_repository_that_is_not_there,
        servers_that_fail,
        a_server_that_hangs,
        an_answer_that_nobody_hears,
        several_at_once_make_one_commit,
    ]
}

fn without_credentials_nobody_is_asked() {
    let shop = Shop::new();
    shop.server.let_in(Entry::Basic("ann", "s3cret"));
    shop.refuses(shop.rb(""), 1, str![[r"
error: cannot fetch main (http://SERVER/shop.git): the server does not accept the credentials, or wants some
  cause: fatal: could not read Username for 'http://SERVER': terminal prompts disabled
  hint: git ls-remote http://SERVER/shop.git
  hint: printf 'url=%s\n\n' http://SERVER/shop.git | git credential fill

"]]);
    // Nor is a window opened.
    let mark = shop.folder.path().join("asked");
    let window = shop.folder.path().join("window");
    crate::git_network::write_program(&window, &format!("touch {}; echo x", mark.display()));
    let call = shop.rb("").env("SSH_ASKPASS", &window).env("DISPLAY", ":0");
    call.run().ends_with(1);
    assert!(!mark.exists());
}

fn wrong_credentials_are_tried_once() {
    let shop = Shop::new();
    shop.server.let_in(Entry::Basic("ann", "s3cret"));
    let wrong = shop.server.url("shop").replace("http://", "http://ann:wr0ng-pa55@");
    let ran = shop.refuses(shop.rb_at(&wrong, "--way push"), 1, str![[r"
error: cannot fetch main (http://SERVER/shop.git): the server does not accept the credentials, or wants some
  cause: fatal: Authentication failed for 'http://SERVER/shop.git/'
  hint: git ls-remote http://SERVER/shop.git
  hint: printf 'url=%s\n\n' http://SERVER/shop.git | git credential fill

"]]);
    assert!(!ran.stderr.contains("wr0ng"), "{ran}");
    let with_them = |head: &&String| head.to_ascii_lowercase().contains("authorization:");
    assert_eq!(shop.server.requests().iter().filter(with_them).count(), 1);
}

/// It may read and not write: found out when it pushes.
fn no_right_to_push() {
    let shop = Shop::new();
    shop.server.fault("git-receive-pack", 9, Fault::Status(403, ""));
    shop.refuses(
        shop.rb(""),
        3,
        str![[r"
error: cannot push to main (http://SERVER/shop.git): these credentials have no right to it
  cause: fatal: unable to access 'http://SERVER/shop.git/': The requested URL returned error: 403
  hint: whose credentials they are: printf 'url=%s\n\n' http://SERVER/shop.git | git credential fill

"]],
    );
    shop.server.heal();
    let text = "GitLab: You are not allowed to push code to this project.";
    let script = format!("echo '{text}' >&2; exit 1");
    shop.ground.hook("shop", "pre-receive", &script).expect("a hook");
    shop.refuses(
        shop.rb(""),
        3,
        str![[r"
error: cannot push to main (http://SERVER/shop.git): these credentials have no right to it
  cause: GitLab: You are not allowed to push code to this project.
  hint: whose credentials they are: printf 'url=%s\n\n' http://SERVER/shop.git | git credential fill

"]],
    );
}

fn a_protected_branch() {
    let shop = Shop::new();
    let script = "cat >&2 <<'END'\nerror: GH006: Protected branch update failed for \
                  refs/heads/main.\nerror: Changes must be made through a pull request.\nEND\nexit 1";
    shop.ground.hook("shop", "pre-receive", script).expect("a hook");
    shop.refuses(shop.rb("--way push"), 3, str![[r"
error: cannot push to main (http://SERVER/shop.git): the branch is protected: it takes changes by request only
  cause: error: GH006: Protected branch update failed for refs/heads/main.; error: Changes must be made through a pull request.
  hint: rb revert-commit <NEWEST> --repo=http://SERVER/shop.git --branch main --yes --way request

"]]);
}

/// What it says reaches the user, and steers nothing.
fn a_hook_of_the_server() {
    let shop = Shop::new();
    let script = "printf 'commits need a ticket\\n\\033[2J::error::x\\n' >&2; exit 1";
    shop.ground.hook("shop", "update", script).expect("a hook");
    let ran = shop.refuses(
        shop.rb("--way push"),
        3,
        str![[r"
error: cannot push to main (http://SERVER/shop.git): a rule of the server declines it
  cause: commits need a ticket; \x1b[2J::error::x; error: hook declined to update refs/heads/main

"]],
    );
    assert!(!ran.stderr.contains('\u{1b}'), "{ran}");
}

fn a_repository_that_is_not_there() {
    let shop = Shop::new();
    shop.refuses(shop.rb_at(&shop.server.url("gone"), "--way push"), 4, str![[r"
error: cannot fetch main (http://SERVER/gone.git): there is no such repository, or these credentials may not see it
  cause: fatal: repository 'http://SERVER/gone.git/' not found
  hint: git ls-remote http://SERVER/gone.git

"]]);
    shop.server.fault("/info/refs", 9, Fault::Redirect("http://elsewhere.invalid".to_owned()));
    shop.refuses(shop.rb("--way push"), 1, str![[r"
error: cannot fetch main (http://SERVER/shop.git): the host has no address
  cause: fatal: unable to access 'http://SERVER/shop.git/': Could not resolve host: elsewhere.invalid
  hint: git ls-remote http://SERVER/shop.git

"]]);
}

fn servers_that_fail() {
    let shop = Shop::new();
    for (fault, said) in [
        (
            Fault::Status(429, "retry-after: 1\r\n"),
            str![[r"
error: cannot fetch main (http://SERVER/shop.git): the server wants fewer requests (429)
  cause: fatal: unable to access 'http://SERVER/shop.git/': The requested URL returned error: 429
  hint: git ls-remote http://SERVER/shop.git

"]],
        ),
        (
            Fault::Status(503, ""),
            str![[r"
error: cannot fetch main (http://SERVER/shop.git): the server failed
  cause: fatal: unable to access 'http://SERVER/shop.git/': The requested URL returned error: 503
  hint: git ls-remote http://SERVER/shop.git

"]],
        ),
        (
            Fault::Page,
            str![[r"
error: cannot fetch main (http://SERVER/shop.git): what answers there does not speak Git
  cause: fatal: http://SERVER/shop.git/info/refs not valid: is this a git repository?
  hint: git ls-remote http://SERVER/shop.git

"]],
        ),
        (
            Fault::Close,
            str![[r"
error: cannot fetch main (http://SERVER/shop.git): the connection broke
  cause: fatal: unable to access 'http://SERVER/shop.git/': Empty reply from server
  hint: git ls-remote http://SERVER/shop.git

"]],
        ),
    ] {
        shop.server.fault("/info/refs", 99, fault);
        shop.refuses(shop.rb("--way push"), 1, said);
        shop.server.heal();
    }
}

fn a_server_that_hangs() {
    let shop = Shop::new();
    shop.server.fault("/info/refs", 99, Fault::Stall);
    shop.refuses(shop.rb("--way push --timeout 2s"), 1, str![[r"
error: cannot fetch main (http://SERVER/shop.git): it did not answer in time
  cause: git said nothing until then
  hint: git ls-remote http://SERVER/shop.git
  hint: give it more time: rb revert-commit <NEWEST> --repo=http://SERVER/shop.git --branch main --way push --timeout 10m

"]]);
    shop.server.heal();
    // Only the push: nothing was sent, and a look shows that.
    shop.rb("--dry-run").run().ends_with(0);
    shop.server.fault("service=git-receive-pack", 99, Fault::Stall);
    let ran = shop.rb("--way push --timeout 4s").run().ends_with(7);
    ran.says("error: nothing tells whether ")
        .says("  cause: git said nothing until then\n  hint: git ls-remote http://");
}

/// It was done, the answer was lost, and nobody can look: the code says that nothing is known, and the
/// same command finds its own commit.
fn an_answer_that_nobody_hears() {
    let shop = Shop::new();
    let newest = shop.newest();
    shop.rb("--dry-run").run().ends_with(0);
    shop.server.fault("POST /shop.git/git-receive-pack", 1, Fault::LoseAnswer);
    // The fetch goes through, and the look after the push does not.
    shop.server.fault("service=git-upload-pack", 1, Fault::Pass);
    shop.server.fault("service=git-upload-pack", 99, Fault::Close);
    let ran = shop.rb("--way push").run().ends_with(7);
    let on_it = shop.newest();
    assert_ne!(on_it, newest, "it went through: {ran}");
    let said = shop.said(&ran.stderr, &newest).replace(&on_it, "<REVERT>");
    snapbox::assert_data_eq!(
        said,
        snapbox::IntoData::raw(str![[r"
error: nothing tells whether <REVERT> is on main of http://SERVER/shop.git
  cause: error: RPC failed; curl 52 Empty reply from server; send-pack: unexpected disconnect while reading sideband packet
  hint: git ls-remote http://SERVER/shop.git refs/heads/main
  hint: once more: it finds its own commit: rb revert-commit <NEWEST> --repo=http://SERVER/shop.git --branch main --way push

"]])
    );
    shop.server.heal();
    let url = shop.server.url("shop");
    let again = super::scene::outside(shop.folder.path())
        .arg(&newest)
        .arg(format!("--repo={url}"))
        .words("--branch main --yes -o json")
        .run()
        .ends_with(0)
        .json();
    assert_eq!([&again["result"], &again["reason"]], ["nothingToDo", "alreadyDone"]);
    assert_eq!(again["commit"], serde_json::json!(on_it));
}

/// Half of them share a cache. Whoever finds the very same commit there has not pushed it.
fn several_at_once_make_one_commit() {
    let shop = Shop::new();
    let before = shop.ground.count("shop", "main").expect("a count");
    let caches: Vec<_> = (0..10).map(|_| tempfile::tempdir().expect("a folder")).collect();
    let call = |(number, own): (usize, &tempfile::TempDir)| {
        let call = shop.rb("--way push -o json");
        if number % 2 == 0 { call } else { call.env("XDG_CACHE_HOME", own.path()) }
    };
    // Each names the newest commit, which is another one as soon as the first of them has pushed.
    let calls: Vec<_> = caches.iter().enumerate().map(call).collect();
    let running: Vec<_> = calls.into_iter().map(Rb::spawn).collect();
    let ended = running.into_iter().map(|running| running.wait().ends_with(0).json());
    let ended: Vec<_> = ended.collect();
    let log = shop.ground.git("shop", &["log", "--stat", "--format=fuller", "-n", "3", "main"]);
    let count = shop.ground.count("shop", "main").expect("a count");
    assert_eq!(count, before + 1, "{ended:#?}\n{}", log.expect("a log"));
    let (pushed, others): (Vec<_>, Vec<_>) =
        ended.iter().partition(|document| document["result"] == "pushed");
    assert_eq!(pushed.len(), 1, "{ended:#?}");
    assert!(others.iter().all(|document| document["reason"] == "alreadyDone"), "{ended:#?}");
    let there = serde_json::json!(shop.newest());
    assert!(ended.iter().all(|document| document["commit"] == there), "{ended:#?}");
}
