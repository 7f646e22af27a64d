//! There is nothing to take out, or there is again: the content of the files decides.

use super::scene::Scene;
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![
        what_is_out_is_not_taken_out_again,
        what_was_reapplied_is_taken_out_again,
        one_that_changed_nothing,
    ]
}

/// By `git revert`, and by the same command.
fn what_is_out_is_not_taken_out_again() {
    let scene = Scene::new();
    scene.gitops.git(&["revert", "--no-edit", &scene.bad]);
    scene.gitops.git(&["push", "-q", "origin", "main"]);
    let by = scene.gitops.git(&["rev-parse", "HEAD"]);
    let ran = scene.harmless(scene.gitops.rb(&format!("{} --yes", scene.bad))).ends_with(0);
    let said =
        format!("nothing to do: what {} changed was taken out by {}\n", &scene.bad[..9], &by[..9]);
    assert_eq!((&*ran.stdout, &*ran.stderr), (&*said, ""));
    let json = format!("{} --yes -o json", scene.bad);
    let document = scene.harmless(scene.gitops.rb(&json)).ends_with(0).json();
    assert_eq!([&document["result"], &document["reason"]], ["nothingToDo", "alreadyReverted"]);
    assert_eq!(document["commit"], serde_json::json!(by));
    // Somebody has put the old version back by hand: nothing says so but the files.
    let scene = Scene::new();
    scene.gitops.release("checkout", "2.8.0");
    let ran = scene.harmless(scene.gitops.rb(&format!("{} --yes", scene.bad))).ends_with(0);
    assert_eq!(
        ran.stdout,
        format!("nothing to do: what {} changed is out already\n", &scene.bad[..9])
    );
}

fn what_was_reapplied_is_taken_out_again() {
    let scene = Scene::new();
    scene.gitops.git(&["revert", "--no-edit", &scene.bad]);
    scene.gitops.git(&["revert", "--no-edit", "HEAD"]);
    scene.gitops.git(&["push", "-q", "origin", "main"]);
    let ran = scene.gitops.rb(&format!("{} --yes", scene.bad)).run().ends_with(0);
    ran.says("reverted: main is at ");
    assert!(scene.gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0"));
}

fn one_that_changed_nothing() {
    let scene = Scene::new();
    scene.gitops.git(&["commit", "-q", "--allow-empty", "-m", "Nothing"]);
    scene.gitops.git(&["push", "-q", "origin", "main"]);
    let empty = scene.gitops.git(&["rev-parse", "HEAD"]);
    let ran = scene.harmless(scene.gitops.rb("last --yes")).ends_with(0);
    assert_eq!(ran.stdout, format!("nothing to do: {} changed no file\n", &empty[..9]));
}
