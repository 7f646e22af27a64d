//! The commit that is named is none, is not there, or cannot be taken out.

use std::collections::BTreeMap;

use snapbox::{IntoData as _, assert_data_eq, str};

use super::scene::{Scene, Shop};
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![
        beginnings_of_several_ids,
        the_beginning_of_an_id_is_looked_for_in_all_of_the_history,
        commits_that_are_nowhere,
        words_that_name_none,
        one_of_another_branch,
        a_merge_needs_to_be_told_its_good_side,
        the_first_one_stays,
    ]
}

/// Four digits, which Git takes too.
fn beginnings_of_several_ids() {
    let shop = Shop::new();
    shop.ground.with_commits("many", 700).expect("a repository");
    let list = shop.ground.git("many", &["rev-list", "main"]).expect("a list");
    let mut by_beginning: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in list.lines() {
        by_beginning.entry(&id[..4]).or_default().push(id);
    }
    let (beginning, ids) = by_beginning.iter().find(|(_, ids)| ids.len() == 2).expect("two");
    let repository = shop.ground.repository("many").display().to_string();
    let refs = || shop.ground.git("many", &["for-each-ref"]).expect("refs");
    let before = refs();
    let ran = super::scene::outside(shop.folder.path())
        .arg(beginning)
        .arg("--repo")
        .arg(&repository)
        .words("--branch main --yes")
        .run()
        .ends_with(2);
    assert_eq!(refs(), before);
    let mut said = ran.stderr.replace(&repository, "REPOSITORY").replace(beginning, "<same>");
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    for (id, name) in sorted.iter().zip(["<one>", "<two>"]) {
        said = said.replace(&format!("<same>{}", &id[4..9]), name);
    }
    assert_data_eq!(
        said,
        str![[r"
error: <same> is the beginning of more than one id
  hint: bump 363: rb revert-commit <one> --repo REPOSITORY --branch main
  hint: bump 269: rb revert-commit <two> --repo REPOSITORY --branch main

"]]
        .raw()
    );
}

/// Only the newest commits are fetched at first: what is not among them is no commit that is not there,
/// and a few digits that one of them begins with may be those of another one.
fn the_beginning_of_an_id_is_looked_for_in_all_of_the_history() {
    let shop = Shop::new();
    shop.ground.with_commits("many", 300).expect("a repository");
    let url = shop.server.url("many");
    let call = |id: &str| {
        let call = super::scene::outside(shop.folder.path()).arg(id).arg(format!("--repo={url}"));
        call.words("--branch main --dry-run -o json").run()
    };
    // Nothing came after it in its file.
    for back in [250, 3] {
        let id = shop.ground.commit("many", &format!("main~{back}")).expect("a commit");
        let ran = call(&id[..9]);
        if back == 3 {
            assert_eq!(
                ran.ends_with(0).json()["reverted"]["commits"][0]["id"],
                serde_json::json!(id)
            );
        } else {
            ran.ends_with(3).says("conflicts with what came later").says(&id[..9]);
        }
    }
    call("0123456").ends_with(4).says("error: no commit of the repository begins with 0123456");
    // By now all of it is here.
    let list = shop.ground.git("many", &["rev-list", "main"]).expect("a list");
    let count = |digits: &str| list.lines().filter(|id| id.starts_with(digits)).count();
    let newest = list.lines().next().expect("a commit");
    let code = if count(&newest[..4]) == 1 { 0 } else { 2 };
    call(&newest[..4]).ends_with(code);
}

fn commits_that_are_nowhere() {
    let scene = Scene::new();
    scene.refuses("0123456789012345678901234567890123456789 --yes", 4, str![[r"
error: there is no commit 0123456789012345678901234567890123456789 in ORIGIN
  cause: the server has no such commit
  hint: which there are: rb revert-commit --repo WORK --branch main
  hint: where it is, in a checkout: git branch --all --contains 0123456789012345678901234567890123456789

"]]);
    scene.refuses(
        "0123456 --yes",
        4,
        str![[r"
error: no commit of the repository begins with 0123456
  cause: it may be of another repository, or not pushed yet
  hint: which there are: rb revert-commit --repo WORK --branch main

"]],
    );
    scene.refuses(
        "HEAD~99 --yes",
        4,
        str![[r"
error: HEAD~99 goes back past the first commit
  cause: <FIRST> has no parent
  hint: which there are: rb revert-commit --repo WORK --branch main

"]],
    );
}

fn words_that_name_none() {
    let scene = Scene::new();
    scene.gitops.git(&["tag", "v1"]);
    scene.gitops.git(&["push", "-q", "origin", "v1"]);
    for (words, said) in [
        (
            "main",
            str![[r"
error: main names no commit
  cause: it takes an id or its first 7 digits, HEAD~2, A..B, or last
  hint: which there are: rb revert-commit --repo WORK --branch main

"]],
        ),
        (
            "v1",
            str![[r"
error: v1 names no commit
  cause: it takes an id or its first 7 digits, HEAD~2, A..B, or last
  hint: which there are: rb revert-commit --repo WORK --branch main

"]],
        ),
        (
            "HEAD@{1}",
            str![[r"
error: HEAD@{1} names no commit
  cause: it takes an id or its first 7 digits, HEAD~2, A..B, or last
  hint: which there are: rb revert-commit --repo WORK --branch main

"]],
        ),
        (
            "--yes -- --upload-pack=x",
            str![[r"
error: --upload-pack=x names no commit
  cause: it takes an id or its first 7 digits, HEAD~2, A..B, or last
  hint: which there are: rb revert-commit --repo WORK --branch main

"]],
        ),
        (
            ":/Bump",
            str![[r"
error: :/Bump names no commit
  cause: it takes an id or its first 7 digits, HEAD~2, A..B, or last
  hint: which there are: rb revert-commit --repo WORK --branch main

"]],
        ),
        (
            "012",
            str![[r"
error: 012 names no commit
  cause: it takes an id or its first 7 digits, HEAD~2, A..B, or last
  hint: which there are: rb revert-commit --repo WORK --branch main

"]],
        ),
    ] {
        scene.refuses(words, 2, said);
    }
    let call = scene.gitops.rb("--yes").arg("\u{1b}[2J\u{202e}x\ny");
    scene.refuses_call(
        call,
        2,
        str![[r"
error: \x1b[2J\u{202e}x\ny names no commit
  cause: it takes an id or its first 7 digits, HEAD~2, A..B, or last
  hint: which there are: rb revert-commit --repo WORK --branch main

"]],
    );
    let tree = scene.gitops.git(&["rev-parse", "HEAD^{tree}"]);
    let ran = scene.harmless(scene.gitops.rb(&format!("{} --yes", &tree[..10]))).ends_with(2);
    ran.says(&format!("error: {} is a tree and not a commit", &tree[..10]));
}

fn one_of_another_branch() {
    let mut scene = Scene::new();
    scene.gitops.git(&["switch", "-q", "-c", "side"]);
    let side = scene.gitops.release("cart", "9.9.9");
    scene.name(&side, "side");
    scene.gitops.git(&["switch", "-q", "main"]);
    scene.refuses(
        &format!("{side} --yes"),
        3,
        str![[r"
error: commit <SIDE> (Bump cart to 9.9.9) is not on main
  cause: its changes are not in what the branch holds, so there is nothing to take out
  hint: if it is on another branch: rb revert-commit <SIDE> --branch NAME --repo WORK
  hint: which hold it, in a checkout: git branch --all --contains <SIDE>

"]],
    );
    scene.refuses(
        &format!("{} --yes", &side[..9]),
        3,
        str![[r"
error: commit <SIDE> (Bump cart to 9.9.9) is not on main
  cause: its changes are not in what the branch holds, so there is nothing to take out
  hint: if it is on another branch: rb revert-commit <side> --branch NAME --repo WORK
  hint: which hold it, in a checkout: git branch --all --contains <SIDE>

"]],
    );
    let words = format!("{} --to {side} --mode restore --path apps/cart --yes", scene.bad);
    scene.refuses(
        &words,
        3,
        str![[r"
error: commit <SIDE> is not on main
  cause: the paths were never like that on this branch
  hint: which hold it, in a checkout: git branch --all --contains <SIDE>

"]],
    );
}

fn a_merge_needs_to_be_told_its_good_side() {
    let mut scene = Scene::new();
    let gitops = &scene.gitops;
    gitops.git(&["switch", "-q", "-c", "one", &scene.first]);
    gitops.image("cart", "5.0.0");
    gitops.git(&["commit", "-q", "-a", "-m", "One: --yes --repo=evil"]);
    gitops.git(&["switch", "-q", "-c", "two", &scene.first]);
    gitops.write("apps/third/kustomization.yaml", "resources: []\n");
    gitops.git(&["add", "--all"]);
    gitops.git(&["commit", "-q", "-m", "Two"]);
    gitops.git(&["merge", "-q", "-m", "Merge one into two", "one"]);
    let merge = gitops.git(&["rev-parse", "HEAD"]);
    gitops.git(&["switch", "-q", "main"]);
    gitops.git(&["merge", "-q", "-m", "Merge two", "two"]);
    gitops.git(&["push", "-q", "origin", "main"]);
    let two = gitops.git(&["rev-parse", &format!("{merge}^1")]);
    let one = gitops.git(&["rev-parse", &format!("{merge}^2")]);
    for (id, name) in [(&merge, "merge"), (&one, "one"), (&two, "two")] {
        scene.name(id, name);
    }
    scene.refuses(&format!("{merge} --yes --reason=x"), 2, str![[r"
error: commit <MERGE> is a merge: which of its parents is the good side?
  cause: its first parent is not on the branch itself
  hint: <two> Two: rb revert-commit <MERGE> --reason=x --mainline 1 --repo WORK --branch main
  hint: <one> One: --yes --repo=evil: rb revert-commit <MERGE> --reason=x --mainline 2 --repo WORK --branch main

"]]);
    scene.refuses(
        &format!("{merge} --mainline 3 --yes"),
        2,
        str![[r"
error: commit <MERGE> has no parent 3
  cause: it has 2
  hint: rb revert-commit <MERGE> --mainline 1 --repo WORK --branch main

"]],
    );
    scene.refuses(
        &format!("{} --mainline 2 --yes", scene.bad),
        2,
        str![[r"
error: commit <BAD> has no parent 2
  cause: it is no merge
  hint: rb revert-commit <BAD> --repo WORK --branch main

"]],
    );
    // What is offered goes through.
    let ran = scene.gitops.rb(&format!("{merge} --mainline 1 --yes")).run().ends_with(0);
    assert!(scene.gitops.there("apps/cart/deploy.yaml").contains("cart:2.8.0"), "{ran}");
}

fn the_first_one_stays() {
    let scene = Scene::new();
    scene.refuses(
        &format!("{} --yes", scene.first),
        3,
        str![[r"
error: commit <FIRST> is the first of the repository and cannot be reverted
  cause: its revert would delete every file that it added, and there is nothing before it
  hint: which others there are: rb revert-commit --repo WORK --branch main

"]],
    );
}
