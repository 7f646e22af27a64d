//! There is no repository here, or nothing says where it is pushed to.

use std::fs;

use snapbox::str;

use super::scene::{Scene, outside};
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![
        outside_of_a_repository,
        paths_that_are_none,
        without_an_upstream,
        without_a_remote,
        in_a_bare_repository,
        on_a_detached_head,
        several_remotes,
        ways_that_are_not_gone,
        a_folder_that_is_gone,
    ]
}

fn outside_of_a_repository() {
    let scene = Scene::new();
    let folder = scene.gitops.folder().join("elsewhere");
    fs::create_dir(&folder).expect("a folder");
    let call = outside(&folder).arg(&scene.bad).words("--yes");
    scene.refuses_call(
        call,
        2,
        str![[r"
error: FOLDER/elsewhere is in no Git repository
  hint: name the repository: rb revert-commit <BAD> --repo URL --branch NAME

"]],
    );
}

fn paths_that_are_none() {
    let scene = Scene::new();
    let folder = scene.gitops.folder().join("elsewhere");
    fs::create_dir(&folder).expect("a folder");
    let call = |path: &str| scene.gitops.rb(&scene.bad).words("--yes").arg("--repo").arg(path);
    scene.refuses_call(
        call("/nowhere/shop.git"),
        4,
        str![[r"
error: there is no repository at /nowhere/shop.git
  cause: nothing of that name is on this machine
  hint: name another: rb revert-commit <BAD> --repo URL

"]],
    );
    scene.refuses_call(
        call("file:///nowhere/shop.git"),
        4,
        str![[r"
error: there is no repository at file:///nowhere/shop.git
  cause: nothing of that name is on this machine
  hint: name another: rb revert-commit <BAD> --repo URL

"]],
    );
    scene.refuses_call(
        call(&folder.display().to_string()),
        2,
        str![[r"
error: FOLDER/elsewhere is in no Git repository
  hint: name the repository: rb revert-commit <BAD> --repo URL --branch NAME

"]],
    );
}

fn without_an_upstream() {
    let scene = Scene::new();
    scene.gitops.git(&["switch", "-q", "--no-track", "-c", "alone"]);
    scene.refuses(
        &format!("{} --yes", scene.bad),
        2,
        str![[r"
error: the branch alone has no upstream: nothing says where it is pushed to
  hint: name the branch of the repository: rb revert-commit <BAD> --branch NAME
  hint: git -C WORK branch --set-upstream-to=origin/alone alone

"]],
    );
    // A branch that follows another one of the checkout.
    scene.gitops.git(&["branch", "-q", "--set-upstream-to=main", "alone"]);
    scene.gitops.git(&["config", "push.default", "upstream"]);
    scene.refuses(
        &format!("{} --yes", scene.bad),
        2,
        str![[r"
error: the branch alone follows refs/heads/main of the same repository
  hint: name the repository: rb revert-commit <BAD> --repo URL --branch NAME

"]],
    );
}

fn without_a_remote() {
    let scene = Scene::new();
    scene.gitops.git(&["remote", "remove", "origin"]);
    scene.refuses(
        &format!("{} --yes", scene.bad),
        2,
        str![[r"
error: the repository WORK has no remote: nothing says where to push to
  hint: name the repository: rb revert-commit <BAD> --repo URL --branch NAME

"]],
    );
}

/// What is pushed to is itself no checkout: it has to be named.
fn in_a_bare_repository() {
    let scene = Scene::new();
    let origin = scene.gitops.origin();
    let call = scene.gitops.rb_in(&origin, &format!("{} --yes", scene.bad));
    scene.refuses_call(
        call,
        2,
        str![[r"
error: the repository ORIGIN has no remote: nothing says where to push to
  hint: to change it itself: rb revert-commit <BAD> --repo ORIGIN

"]],
    );
    let pasted = format!("{} --repo {} --yes", scene.bad, origin.display());
    scene.gitops.rb_in(&origin, &pasted).run().ends_with(0).says("reverted: main is at ");
    assert!(scene.gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0"));
}

fn on_a_detached_head() {
    let scene = Scene::new();
    scene.gitops.git(&["checkout", "-q", "--detach"]);
    scene.refuses(
        "last --yes",
        2,
        str![[r"
error: HEAD is detached: the checkout is at a commit and on no branch
  hint: name the branch: rb revert-commit last --branch NAME
  hint: which hold it: git -C WORK branch --remotes --contains HEAD

"]],
    );
    // As CI checks it out: with the branch it goes through.
    scene.harmless(scene.gitops.rb("last --branch main --dry-run")).ends_with(0);
}

fn several_remotes() {
    let scene = Scene::new();
    scene.gitops.git(&["remote", "rename", "origin", "one"]);
    scene.gitops.git(&["remote", "add", "two", "https://two.test/shop.git"]);
    scene.refuses(
        &format!("{} --branch other --yes", scene.bad),
        2,
        str![[r"
error: the repository here has several remotes, and none is called origin: one, two
  hint: name the repository: rb revert-commit <BAD> --repo URL --branch NAME

"]],
    );
    scene.gitops.git(&["remote", "set-url", "--add", "one", "https://b.test/shop"]);
    scene.refuses(
        &format!("{} --yes", scene.bad),
        2,
        str![[r"
error: the remote one is pushed to several places
  hint: git remote get-url --push --all one
  hint: name one: rb revert-commit <BAD> --repo URL --branch NAME

"]],
    );
}

/// What Git would take for an option, or for a program to run.
fn ways_that_are_not_gone() {
    let scene = Scene::new();
    let mark = scene.gitops.folder().join("ran");
    let touch = format!("touch {}", mark.display());
    let call = |url: &str| scene.gitops.rb(&scene.bad).words("--yes").arg(format!("--repo={url}"));
    scene.refuses_call(
        call(&format!("ext::sh -c '{touch}'")),
        2,
        str![[r"
error: ext:: is not a way to a repository that rb goes
  cause: it would make git run a program of that name
  hint: name the repository: rb revert-commit <BAD> --repo URL

"]],
    );
    scene.refuses_call(
        call(&format!("--upload-pack={touch}")),
        2,
        str![[r#"
error: "--upload-pack=touch FOLDER/ran" is no URL of a repository but an option
  hint: name the repository: rb revert-commit <BAD> --repo URL

"#]],
    );
    scene.refuses_call(
        call("ssh://-oProxyCommand=touch/shop.git"),
        2,
        str![[r#"
error: "-oProxyCommand=touch" is no host of a repository
  hint: name the repository: rb revert-commit <BAD> --repo URL

"#]],
    );
    scene.refuses_call(
        call("https://git.test/shop.git\nhost=evil.test"),
        2,
        str![[r"
error: the URL of the repository has a line end or a control character
  hint: name the repository: rb revert-commit <BAD> --repo URL

"]],
    );
    scene.refuses_call(
        call("ftp://git.test/shop.git"),
        2,
        str![[r#"
error: "ftp" is not a way to a repository that rb knows
  hint: name the repository: rb revert-commit <BAD> --repo URL
  hint: https://, ssh://, git://, file:// or host:path

"#]],
    );
    scene.refuses_call(
        call("https://git.test/shop.git?token=s3cret"),
        2,
        str![[r"
error: the URL of the repository has a query or a fragment
  hint: name the repository: rb revert-commit <BAD> --repo URL
  hint: give it without what follows ? or #

"]],
    );
    // From the configuration of the checkout.
    scene.gitops.git(&["config", "remote.origin.url", &format!("ext::sh -c '{touch}'")]);
    scene.refuses(
        &format!("{} --yes", scene.bad),
        2,
        str![[r"
error: ext:: is not a way to a repository that rb goes
  cause: it would make git run a program of that name
  hint: name the repository: rb revert-commit <BAD> --repo URL

"]],
    );
    scene.gitops.git(&["config", "remote.origin.url", "https://git.test/shop.git"]);
    scene.gitops.git(&["config", "url.ext::sh -c '.insteadOf", "https://git.test/"]);
    scene.gitops.git(&["config", "protocol.ext.allow", "always"]);
    scene.refuses(
        &format!("{} --yes", scene.bad),
        2,
        str![[r"
error: cannot fetch main (https://git.test/shop.git): Git is not allowed to use this transport
  cause: fatal: transport 'ext' not allowed
  hint: git config --show-origin --get-regexp '^(url|protocol)[.]'

"]],
    );
    assert!(!mark.exists());
}

fn a_folder_that_is_gone() {
    let scene = Scene::new();
    let folder = scene.gitops.folder().join("gone");
    fs::create_dir(&folder).expect("a folder");
    let script = format!("cd {0} && rmdir {0} && exec \"$0\" \"$@\"", folder.display());
    let ran = std::process::Command::new("sh")
        .args(["-c", &script])
        .arg(crate::rb::program())
        .args(["revert-commit", &scene.bad, "--yes"])
        .env("HOME", scene.gitops.folder())
        .output()
        .expect("rb runs");
    let ran = crate::rb::Ran::new(&ran).ends_with(2);
    snapbox::assert_data_eq!(
        &ran.stderr,
        str![[r"
error: cannot tell the working directory: it may be gone
  cause: No such file or directory (os error 2)
  hint: go to one that is there: cd ~

"]]
    );
}
