//! What came later stands in the way: each file with its application, and the way that goes through.

use std::fs;

use snapbox::str;

use super::scene::Scene;
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![
        a_later_bump,
        two_applications,
        a_file_that_is_gone_or_was_added,
        what_is_no_text,
        one_that_comes_while_it_is_pushed,
        nothing_is_broken_by_a_revert,
    ]
}

fn a_later_bump() {
    let mut scene = Scene::new();
    let later = scene.gitops.release("checkout", "2.8.2");
    scene.name(&later, "later");
    let bad = scene.bad.clone();
    let ran = scene.refuses(&format!("{bad} --yes --reason=x"), 3, str![[r"
  in apps/checkout
  <bad>  apps/checkout/deploy.yaml changed since
        spec:
          containers:
          - name: app
    <<<<<<< main
            image: registry.test/checkout:2.8.2
    ||||||| <bad>, to be reverted
            image: registry.test/checkout:2.8.1
    =======
            image: registry.test/checkout:2.8.0
    >>>>>>> before <bad>
error: a file conflicts with what came later: nothing was pushed
  cause: apps/checkout/deploy.yaml (commit <bad>)
  hint: what would go through (takes out 1 later commit along): rb revert-commit <BAD> --reason=x --mode restore --path apps/checkout/deploy.yaml --to <first> --repo WORK --branch main

"]]);
    let json = scene.harmless(scene.gitops.rb(&format!("{bad} --yes --reason=x -o json")));
    let document = json.ends_with(3).json();
    let hint = document["hints"][0].as_str().expect("a hint").replace(" -o json", "");
    assert!(ran.stderr.ends_with(&format!("  hint: {hint}\n")), "{hint}\n{ran}");
    // What it offers, pasted.
    let offer =
        ran.stderr.lines().last().and_then(|line| line.split_once("along): rb revert-commit "));
    let offer = offer.expect("an offer").1.to_owned();
    let elsewhere = scene.gitops.folder().to_owned();
    scene
        .gitops
        .rb_in(&elsewhere, &format!("{offer} --yes"))
        .run()
        .ends_with(0)
        .says("and also")
        .says("Bump checkout to 2.8.2")
        .says("reverted: main is at ");
    assert!(scene.gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0"));
    let message = scene.gitops.in_origin(&["log", "-1", "--format=%B", "main"]);
    assert!(message.contains("Rb-Reason: x"), "{message}");
}

/// Only the part that conflicts holds the rest up, and a path gets around it.
fn two_applications() {
    let mut scene = Scene::new();
    for app in ["checkout", "cart"] {
        scene.gitops.image(app, "7.0.0");
    }
    let both = scene.gitops.commit("Both to 7.0.0");
    scene.name(&both, "both");
    scene.gitops.release("checkout", "8.0.0");
    scene.refuses(&format!("{both} --yes"), 3, str![[r"
  in apps/checkout
  <both>  apps/checkout/deploy.yaml changed since
        spec:
          containers:
          - name: app
    <<<<<<< main
            image: registry.test/checkout:8.0.0
    ||||||| <both>, to be reverted
            image: registry.test/checkout:7.0.0
    =======
            image: registry.test/checkout:2.8.1
    >>>>>>> before <both>
error: a file conflicts with what came later: nothing was pushed
  cause: apps/checkout/deploy.yaml (commit <both>)
  hint: what would go through (takes out 1 later commit along): rb revert-commit <BOTH> --mode restore --path apps/cart/deploy.yaml --path apps/checkout/deploy.yaml --to <bad> --repo WORK --branch main

"]]);
    let words = format!("{both} --path apps/checkout --mode revert --yes");
    let ran = scene.refuses(&words, 3, str![[r"
  in apps/checkout
  <both>  apps/checkout/deploy.yaml changed since
        spec:
          containers:
          - name: app
    <<<<<<< main
            image: registry.test/checkout:8.0.0
    ||||||| <both>, to be reverted
            image: registry.test/checkout:7.0.0
    =======
            image: registry.test/checkout:2.8.1
    >>>>>>> before <both>
error: a file conflicts with what came later: nothing was pushed
  cause: apps/checkout/deploy.yaml (commit <both>)
  hint: what would go through (takes out 1 later commit along): rb revert-commit <BOTH> --mode restore --path apps/checkout --to <bad> --repo WORK --branch main

"]]);
    assert!(ran.stderr.contains("--mode restore --path apps/checkout "), "{ran}");
    // The other application alone has no conflict.
    let words = format!("{both} --path apps/cart --yes");
    scene.gitops.rb(&words).run().ends_with(0).says("take out what it changed below the paths");
    assert!(scene.gitops.there("apps/cart/deploy.yaml").contains("cart:2.8.0"));
    assert!(scene.gitops.there("apps/checkout/deploy.yaml").contains("checkout:8.0.0"));
}

fn a_file_that_is_gone_or_was_added() {
    let mut scene = Scene::new();
    scene.gitops.write("apps/cart/config.yaml", "a: 1\n");
    let added = scene.gitops.commit("Add a configuration");
    scene.gitops.write("apps/cart/config.yaml", "a: 2\n");
    scene.gitops.commit("Change it");
    scene.name(&added, "added");
    scene.refuses(&format!("{added} --yes"), 3, str![[r"
  in apps/cart
  <added>  apps/cart/config.yaml was added by the commit, and changed since
error: a file conflicts with what came later: nothing was pushed
  cause: apps/cart/config.yaml (commit <added>)
  hint: what would go through (takes out 1 later commit along): rb revert-commit <ADDED> --mode restore --path apps/cart/config.yaml --to <bad> --repo WORK --branch main

"]]);
    fs::remove_file(scene.gitops.work().join("apps/checkout/deploy.yaml")).expect("a file");
    scene.gitops.commit("Remove a file");
    scene.refuses(&format!("{} --yes", scene.bad), 3, str![[r"
  in apps/checkout
  <bad>  apps/checkout/deploy.yaml is gone at the tip
error: a file conflicts with what came later: nothing was pushed
  cause: apps/checkout/deploy.yaml (commit <bad>)
  hint: what would go through (takes out 1 later commit along): rb revert-commit <BAD> --mode restore --path apps/checkout/deploy.yaml --to <first> --repo WORK --branch main

"]]);
}

fn what_is_no_text() {
    let mut scene = Scene::new();
    let logo = |byte: u8| {
        fs::write(scene.gitops.work().join("apps/cart/logo.png"), [0, byte, 255, 0])
            .expect("a file");
        scene.gitops.commit(&format!("Logo {byte}"))
    };
    let (good, bad, _) = (logo(1), logo(2), logo(3));
    scene.name(&good, "good");
    scene.name(&bad, "logo");
    scene.refuses(&format!("{bad} --yes"), 3, str![[r"
  in apps/cart
  <logo>  apps/cart/logo.png changed since
error: a file conflicts with what came later: nothing was pushed
  cause: apps/cart/logo.png (commit <logo>)
  hint: what would go through (takes out 1 later commit along): rb revert-commit <LOGO> --mode restore --path apps/cart/logo.png --to <good> --repo WORK --branch main

"]]);
}

/// The plan was fine; what came onto the branch since is not.
fn one_that_comes_while_it_is_pushed() {
    let mut scene = Scene::new();
    let file = scene.gitops.folder().join("plan.json").display().to_string();
    let bad = scene.bad.clone();
    scene.gitops.rb(&format!("{bad} --dry-run --plan-out {file}")).run().ends_with(0);
    let later = scene.gitops.release("checkout", "2.8.2");
    scene.name(&later, "later");
    scene.refuses(&format!("--plan {file} --yes"), 3, str![[r"
  in apps/checkout
  <bad>  apps/checkout/deploy.yaml changed since
        spec:
          containers:
          - name: app
    <<<<<<< main
            image: registry.test/checkout:2.8.2
    ||||||| <bad>, to be reverted
            image: registry.test/checkout:2.8.1
    =======
            image: registry.test/checkout:2.8.0
    >>>>>>> before <bad>
error: a file conflicts with what came later: nothing was pushed
  cause: apps/checkout/deploy.yaml (commit <bad>)
  hint: what would go through (takes out 1 later commit along): rb revert-commit <bad> --mode restore --path apps/checkout/deploy.yaml --to <first> --repo ORIGIN --branch main

"]]);
}

/// A revert that merges without a conflict, and leaves a file that nobody can read.
fn nothing_is_broken_by_a_revert() {
    let mut scene = Scene::new();
    let lines = |first: &str, last: &str| {
        let middle: String = (0..12).map(|number| format!("  key{number}: value\n")).collect();
        format!("{first}{middle}{last}")
    };
    scene.gitops.write("apps/cart/config.yaml", &lines("one: {\n", "}\n"));
    scene.gitops.commit("A flow mapping that is none");
    scene.gitops.write("apps/cart/config.yaml", &lines("one:\n", "}\n"));
    let bad = scene.gitops.commit("Half of the way to a block");
    scene.gitops.write("apps/cart/config.yaml", &lines("one:\n", "two: 2\n"));
    scene.gitops.commit("The other half");
    scene.name(&bad, "half");
    scene.refuses(&format!("{bad} --yes"), 3, str![[r"
error: apps/cart/config.yaml cannot be read after the revert
  cause: it is no YAML: line 3, column 7
  hint: restore the path: rb revert-commit <HALF> --mode restore --path apps/cart/config.yaml --repo WORK --branch main

"]]);
}
