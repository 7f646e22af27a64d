//! What is named as the branch is none, or is there no more.

use snapbox::str;

use super::scene::{Scene, Shop};
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![
        tags_and_commits_are_no_branches,
        names_that_no_branch_has,
        a_branch_that_is_not_there,
        an_empty_repository,
        one_that_goes_between_plan_and_push,
        one_that_goes_during_the_push,
    ]
}

fn tags_and_commits_are_no_branches() {
    let scene = Scene::new();
    scene.gitops.git(&["tag", "v1"]);
    scene.gitops.git(&["push", "-q", "origin", "v1"]);
    let bad = &scene.bad;
    scene.refuses(
        &format!("{bad} --branch v1 --yes"),
        2,
        str![[r"
error: v1 is a tag of ORIGIN and not a branch
  cause: a revert is a new commit on a branch; a tag stays where it is
  hint: rb revert-commit <BAD> --branch main --repo WORK
  hint: git ls-remote --heads ORIGIN

"]],
    );
    scene.refuses(
        &format!("{bad} --branch refs/tags/v1 --yes"),
        2,
        str![[r#"
error: "refs/tags/v1" is a tag and not a branch
  hint: name a branch: rb revert-commit <BAD> --branch main

"#]],
    );
    scene.refuses(
        &format!("{bad} --branch {bad} --yes"),
        4,
        str![[r"
error: there is no branch <BAD> in ORIGIN
  hint: rb revert-commit <BAD> --branch main --repo WORK
  hint: git ls-remote --heads ORIGIN

"]],
    );
    scene.refuses(
        &format!("{bad} --branch HEAD --yes"),
        2,
        str![[r#"
error: "HEAD" is no name of a branch
  hint: name a branch: rb revert-commit <BAD> --branch main

"#]],
    );
    scene.refuses(
        &format!("{bad} --branch refs/remotes/origin/main --yes"),
        2,
        str![[r#"
error: "refs/remotes/origin/main" is not below refs/heads/
  hint: name a branch: rb revert-commit <BAD> --branch main

"#]],
    );
}

fn names_that_no_branch_has() {
    let scene = Scene::new();
    let call =
        |name: &str| scene.gitops.rb(&scene.bad).words("--yes").arg(format!("--branch={name}"));
    scene.refuses_call(
        call("--upload-pack=touch /tmp/owned"),
        2,
        str![[r#"
error: "--upload-pack=touch /tmp/owned" is no name of a branch
  hint: name a branch: rb revert-commit <BAD> --branch main

"#]],
    );
    scene.refuses_call(
        call("main:other"),
        2,
        str![[r#"
error: "main:other" is no name of a branch
  hint: name a branch: rb revert-commit <BAD> --branch main

"#]],
    );
    scene.refuses_call(
        call("main\nother"),
        2,
        str![[r#"
error: "main\\nother" is no name of a branch
  hint: name a branch: rb revert-commit <BAD> --branch main

"#]],
    );
    scene.refuses_call(
        call("\u{1b}[2Jmain"),
        2,
        str![[r#"
error: "\\x1b[2Jmain" is no name of a branch
  hint: name a branch: rb revert-commit <BAD> --branch main

"#]],
    );
    // A name that Git takes, and that would be shown the other way round.
    scene.refuses_call(
        call("m\u{202e}nia"),
        4,
        str![[r"
error: there is no branch m\u{202e}nia in ORIGIN
  hint: rb revert-commit <BAD> --branch main --repo WORK
  hint: git ls-remote --heads ORIGIN

"]],
    );
}

fn a_branch_that_is_not_there() {
    let scene = Scene::new();
    scene.refuses(
        "last --branch nowhere --yes",
        4,
        str![[r"
error: there is no branch nowhere in ORIGIN
  hint: rb revert-commit last --branch main --repo WORK
  hint: git ls-remote --heads ORIGIN

"]],
    );
    let call = scene.gitops.rb("last --branch nowhere --yes");
    let call = call.arg("--repo").arg(scene.gitops.origin());
    scene.refuses_call(
        call,
        4,
        str![[r"
error: there is no branch nowhere in ORIGIN
  hint: rb revert-commit last --repo ORIGIN --branch main
  hint: git ls-remote --heads ORIGIN

"]],
    );
}

fn an_empty_repository() {
    let scene = Scene::new();
    let empty = scene.gitops.folder().join("empty.git");
    scene.gitops.git(&["init", "-q", "--bare", "-b", "main", &empty.display().to_string()]);
    let call = || scene.gitops.rb("last --yes").arg("--repo").arg(&empty);
    scene.refuses_call(
        call().words("--branch main"),
        4,
        str![[r"
error: there is no branch main in FOLDER/empty.git
  cause: it has no commit yet, or its default branch is gone, too
  hint: git ls-remote --heads FOLDER/empty.git

"]],
    );
    scene.refuses_call(
        call(),
        4,
        str![[r"
error: FOLDER/empty.git has no default branch
  hint: name one: rb revert-commit last --repo FOLDER/empty.git --branch NAME
  hint: git ls-remote --heads FOLDER/empty.git

"]],
    );
}

/// It is not made anew: whoever took it away had a reason.
fn one_that_goes_between_plan_and_push() {
    let scene = Scene::new();
    scene.gitops.git(&["push", "-q", "origin", "HEAD:refs/heads/release"]);
    let file = scene.gitops.folder().join("plan.json");
    let plan = format!("{} --branch release --dry-run --plan-out {}", scene.bad, file.display());
    scene.gitops.rb(&plan).run().ends_with(0);
    scene.gitops.in_origin(&["branch", "-D", "release"]);
    scene.refuses(
        &format!("--plan {} --yes", file.display()),
        4,
        str![[r"
error: there is no branch release in ORIGIN
  hint: rb revert-commit <bad> --branch main --repo ORIGIN
  hint: git ls-remote --heads ORIGIN

"]],
    );
}

/// At the last moment, when the commit is already on its way.
fn one_that_goes_during_the_push() {
    let shop = Shop::new();
    shop.ground.git("shop", &["update-ref", "refs/heads/keep", "main"]).expect("a branch");
    let newest = shop.newest();
    let script = "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n\
                  git update-ref -d refs/heads/main || exit 9";
    shop.ground.hook("shop", "pre-receive", script).expect("a hook");
    let ran = shop.rb("--way push").run().ends_with(4);
    let refs = shop.ground.git("shop", &["for-each-ref", "--format=%(refname)"]).expect("refs");
    assert_eq!(refs, "refs/heads/keep\n", "{ran}");
    let said = shop.said(&ran.stderr, &newest);
    snapbox::assert_data_eq!(
        said,
        snapbox::IntoData::raw(str![[r"
error: there is no branch main in http://SERVER/shop.git
  cause: it has no commit yet, or its default branch is gone, too
  hint: git ls-remote --heads http://SERVER/shop.git

"]])
    );
}
