//! Ranges, images, times and paths that select nothing, and ways that need more.

use snapbox::str;

use super::scene::Scene;
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![
        ranges_that_hold_none,
        images_and_times_that_nothing_brought,
        paths_that_it_did_not_change,
        ways_that_need_paths,
        where_none_is_named_they_are_listed,
    ]
}

fn ranges_that_hold_none() {
    let scene = Scene::new();
    let Scene { first, bad, .. } = &scene;
    scene.refuses(
        &format!("{bad}..{first} --yes"),
        2,
        str![[r"
error: the range <BAD>..<FIRST> holds no commit
  cause: it is the wrong way round: <FIRST> is older than <BAD>
  hint: rb revert-commit <first>..<bad> --repo WORK --branch main

"]],
    );
    scene.refuses(
        &format!("{bad}..{bad} --yes"),
        2,
        str![[r"
error: the range <BAD>..<BAD> holds no commit
  cause: A..B is what came after A, up to B and with it

"]],
    );
    scene.refuses(
        &format!("{first}...{bad} --yes"),
        2,
        str![[r"
error: <FIRST>...<BAD> names no commit
  cause: it takes an id or its first 7 digits, HEAD~2, A..B, or last
  hint: which there are: rb revert-commit --repo WORK --branch main

"]],
    );
    scene.refuses(
        &format!("..{bad} --yes"),
        2,
        str![[r"
error: ..<BAD> names no commit
  cause: it takes an id or its first 7 digits, HEAD~2, A..B, or last
  hint: which there are: rb revert-commit --repo WORK --branch main

"]],
    );
    scene.refuses(
        &format!("0123456..{bad} --yes"),
        4,
        str![[r"
error: no commit of the repository begins with 0123456
  cause: it may be of another repository, or not pushed yet
  hint: which there are: rb revert-commit --repo WORK --branch main

"]],
    );
}

fn images_and_times_that_nothing_brought() {
    let scene = Scene::new();
    scene.refuses(
        "--image checkout:9.9.9 --yes",
        4,
        str![[r"
error: no commit of the branch brought the image checkout:9.9.9
  cause: templates may put its name together from parts
  hint: name the tag alone: rb revert-commit --image 9.9.9 --repo WORK --branch main
  hint: which commits there are: rb revert-commit --repo WORK --branch main

"]],
    );
    scene.refuses_call(
        scene.gitops.rb("--yes --image").arg(": "),
        2,
        str![[r#"
error: ": " names no image
  cause: it takes the end of a name with its tag, a tag, or a digest
  hint: for example: rb revert-commit --image checkout:2.8.1 --repo WORK --branch main

"#]],
    );
    scene
        .harmless(scene.gitops.rb("--since 1h --yes"))
        .ends_with(4)
        .says("error: no commit came onto the branch since 2")
        .says("Z\n  hint: which there are: rb revert-commit --repo ");
    scene.refuses(
        "--since yesterday --yes",
        2,
        str![[r"
error: --since yesterday is no time and no duration
  hint: rb revert-commit --since 30m --repo WORK --branch main
  hint: rb revert-commit --since 2026-11-25T20:00:00Z --repo WORK --branch main

"]],
    );
    let ran = scene.harmless(scene.gitops.rb("--since 2999-01-01T00:00:00Z --yes")).ends_with(2);
    ran.says("error: --since 2999-01-01T00:00:00Z lies in the future\n  cause: it is 2")
        .says("  hint: rb revert-commit --since 30m --repo ");
}

fn paths_that_it_did_not_change() {
    let scene = Scene::new();
    let bad = &scene.bad;
    scene.refuses(
        &format!("{bad} --path apps/none --yes"),
        4,
        str![[r"
error: commit <BAD> changed nothing below apps/none
  hint: without the path: rb revert-commit <BAD> --repo WORK --branch main
  hint: what it changed, in a checkout: git show --stat <BAD>

"]],
    );
    scene.refuses(
        &format!("{bad} --path apps/cart --mode subset --yes"),
        4,
        str![[r"
error: commit <BAD> changed nothing below apps/cart
  hint: without the path: rb revert-commit <BAD> --mode subset --repo WORK --branch main
  hint: what it changed, in a checkout: git show --stat <BAD>

"]],
    );
    scene.refuses(
        &format!("{bad} --path apps/none --mode restore --yes"),
        4,
        str![[r"
error: there is no path apps/none in the repository
  cause: neither the branch nor commit <FIRST> has it
  hint: which commits there are: rb revert-commit --mode restore --repo WORK --branch main

"]],
    );
    scene.refuses(
        "last --path apps/none --yes",
        4,
        str![[r"
error: no commit of the branch changed apps/none
  hint: which commits there are: rb revert-commit --repo WORK --branch main

"]],
    );
    scene.refuses(
        "--path apps/none --yes",
        4,
        str![[r"
error: no commit on main changed apps/none
  cause: paths begin at the root of the repository
  hint: all commits: rb revert-commit --repo WORK --branch main

"]],
    );
    scene.refuses(
        &format!("{bad} --path /etc --yes"),
        2,
        str![[r"
error: the path /etc begins with a slash
  hint: name a file or a folder from the root of the repository, e.g. --path apps/web

"]],
    );
    scene.refuses(
        &format!("{bad} --path ../x --yes"),
        2,
        str![[r"
error: the path ../x leads out of the repository
  hint: name a file or a folder from the root of the repository, e.g. --path apps/web

"]],
    );
    let call = scene.gitops.rb(bad).words("--yes --path").arg("apps/\u{1b}[2J\u{202e}x\ny");
    scene.refuses_call(
        call,
        4,
        str![[r#"
error: commit <BAD> changed nothing below "apps/\033[2J\342\200\256x\ny"
  hint: without the path: rb revert-commit <BAD> --repo WORK --branch main
  hint: what it changed, in a checkout: git show --stat <BAD>

"#]],
    );
}

fn ways_that_need_paths() {
    let scene = Scene::new();
    let Scene { first, bad, .. } = &scene;
    scene.refuses(
        &format!("{bad} --mode subset --yes"),
        2,
        str![[r"
error: --mode subset needs a path: it takes out what was changed below some
  hint: for example: rb revert-commit <BAD> --mode subset --path apps/web --repo WORK --branch main

"]],
    );
    scene.refuses(
        &format!("{bad} --mode restore --yes"),
        2,
        str![[r"
error: --mode restore needs a path: it puts paths back as they were
  hint: for example: rb revert-commit <BAD> --mode restore --path apps/web --repo WORK --branch main

"]],
    );
    scene.refuses(
        &format!("{bad} --to {first} --mode subset --path apps --yes"),
        2,
        str![[r"
error: --to names what paths go back to: it goes with --mode restore
  hint: rb revert-commit <BAD> --to <FIRST> --path apps --mode restore --repo WORK --branch main

"]],
    );
    scene.refuses(
        &format!("{bad} --to {bad} --mode restore --path apps --yes"),
        2,
        str![[r"
error: commit <BAD> is to be taken out: it cannot be the good one
  cause: going back to it would not take the bad commit out
  hint: rb revert-commit <BAD> --mode restore --path apps --to <FIRST> --repo WORK --branch main

"]],
    );
}

/// `--yes` agrees to a commit that was named, and to none that happens to be the newest.
fn where_none_is_named_they_are_listed() {
    let scene = Scene::new();
    let ran = scene.harmless(scene.gitops.rb("--yes --reason=x")).ends_with(2);
    assert_eq!(ran.stdout, "", "{ran}");
    let short = &scene.bad[..9];
    let work = scene.gitops.work().display().to_string();
    let list = format!("  1  {short}  Bump checkout to 2.8.1   Bo Dev, ");
    let end = format!(
        "error: which commit? None was named\n  hint: the newest: rb revert-commit {short} \
         --reason=x --repo {work} --branch main\n"
    );
    assert!(ran.stderr.starts_with(&list), "{ran}");
    assert!(ran.stderr.ends_with(&end), "{ran}");
    assert!(
        ran.stderr.contains("image  registry.test/checkout:2.8.0 → registry.test/checkout:2.8.1")
    );
}
