//! Checkouts in every state: they are read, and stay as they are.

use std::fs;
use std::os::unix::fs::chown;

use snapbox::str;

use super::scene::{Scene, files};
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![
        a_shallow_or_partial_one_reverts_as_any,
        whatever_is_under_way_in_it_stays,
        commits_that_were_not_pushed_are_said,
        one_of_another_user_is_not_read,
        a_broken_one_is_said,
    ]
}

fn a_shallow_or_partial_one_reverts_as_any() {
    for options in [&["--depth=1"][..], &["--filter=blob:none", "--no-checkout"], &["--bare"]] {
        let scene = Scene::new();
        scene.gitops.release("cart", "3.0.0");
        scene.gitops.in_origin(&["config", "uploadpack.allowFilter", "true"]);
        let clone = scene.gitops.folder().join("clone");
        let url = format!("file://{}", scene.gitops.origin().display());
        let place = clone.display().to_string();
        let words: Vec<&str> = ["clone", "-q"]
            .into_iter()
            .chain(options.iter().copied())
            .chain([&*url, &place])
            .collect();
        scene.gitops.git(&words);
        let before = files(&clone);
        // A bare one follows nothing: the branch has to be named.
        let call = scene.gitops.rb_in(&clone, &format!("{} --branch main --yes", scene.bad));
        let ran = call.run().ends_with(0).says("reverted: main is at ");
        assert!(scene.gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0"));
        assert!(scene.gitops.there("apps/cart/deploy.yaml").contains("cart:3.0.0"));
        assert!(files(&clone) == before, "{options:?}: {ran}");
    }
}

/// A merge with conflicts, what is staged, what is not, what is new, and a lock of somebody else.
fn whatever_is_under_way_in_it_stays() {
    let scene = Scene::new();
    let gitops = &scene.gitops;
    gitops.git(&["switch", "-q", "-c", "side", &scene.first]);
    gitops.image("checkout", "9.9.9");
    gitops.git(&["commit", "-q", "-a", "-m", "side"]);
    gitops.git(&["switch", "-q", "main"]);
    assert!(!gitops.git_may_fail(&["merge", "side"]), "it conflicts");
    gitops.write("apps/cart/deploy.yaml", "staged");
    gitops.git(&["add", "apps/cart/deploy.yaml"]);
    gitops.write("apps/cart/deploy.yaml", "half an edit");
    gitops.write("new.yaml", "untracked");
    fs::write(gitops.work().join(".git/index.lock"), "").expect("a lock");
    let before = files(&gitops.work());
    let ran = gitops.rb(&format!("{} --yes", scene.bad)).run().ends_with(0).says(
        "warning  your working tree has changes that are not committed: they stay as they are",
    );
    assert!(files(&gitops.work()) == before, "{ran}");
    assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0"));
    assert!(gitops.there("apps/cart/deploy.yaml").contains("cart:2.8.0"));
}

fn commits_that_were_not_pushed_are_said() {
    let mut scene = Scene::new();
    scene.gitops.image("cart", "4.0.0");
    scene.gitops.git(&["commit", "-q", "-a", "-m", "Not pushed"]);
    let local = scene.gitops.git(&["rev-parse", "HEAD"]);
    scene.name(&local, "local");
    let call = scene.gitops.rb(&format!("{} --dry-run", scene.bad));
    scene.harmless(call).ends_with(0).says(
        "your branch main has commits that are not pushed: they are not part of what is reverted",
    );
    // Its objects are here, and it is not there.
    scene.refuses(
        &format!("{local} --yes"),
        3,
        str![[r"
error: commit <LOCAL> (Not pushed) is not on main
  cause: its changes are not in what the branch holds, so there is nothing to take out
  hint: if it is on another branch: rb revert-commit <LOCAL> --branch NAME --repo WORK
  hint: which hold it, in a checkout: git branch --all --contains <LOCAL>

"]],
    );
    scene.refuses(
        &format!("{} --yes", &local[..8]),
        3,
        str![[r"
error: commit <LOCAL> (Not pushed) is not on main
  cause: its changes are not in what the branch holds, so there is nothing to take out
  hint: if it is on another branch: rb revert-commit <local>0 --branch NAME --repo WORK
  hint: which hold it, in a checkout: git branch --all --contains <LOCAL>

"]],
    );
}

fn one_of_another_user_is_not_read() {
    let scene = Scene::new();
    let work = scene.gitops.work();
    let given =
        [work.clone(), work.join(".git")].iter().all(|path| chown(path, Some(65534), None).is_ok());
    if !given {
        crate::git_network::skipped("only root can give a folder to somebody else");
        return;
    }
    scene.refuses(
        &format!("{} --yes", scene.bad),
        3,
        str![[r"
error: WORK belongs to another user
  cause: Git does not read a repository that somebody else can change
  hint: git config --global --add safe.directory WORK

"]],
    );
}

fn a_broken_one_is_said() {
    let scene = Scene::new();
    fs::write(scene.gitops.work().join(".git/HEAD"), "nonsense").expect("a file");
    scene.refuses(
        &format!("{} --yes", scene.bad),
        2,
        str![[r"
error: Git cannot read the repository of WORK
  cause: fatal: not a git repository (or any of the parent directories): .git
  hint: git -C WORK status
  hint: name the repository: rb revert-commit <BAD> --repo URL --branch NAME

"]],
    );
    fs::write(scene.gitops.work().join(".git/HEAD"), "ref: refs/heads/main\n").expect("a file");
    fs::write(scene.gitops.work().join(".git/config"), "[core\nbroken").expect("a file");
    scene.refuses(
        &format!("{} --yes", scene.bad),
        2,
        str![[r"
error: Git cannot read the repository of WORK
  cause: fatal: bad config line 1 in file .git/config
  hint: git -C WORK status
  hint: name the repository: rb revert-commit <BAD> --repo URL --branch NAME

"]],
    );
}
