//! `rb revert-commit` on a repository of this machine, with the real `git`: what it shows, what it
//! pushes, and what it refuses. No cluster is needed.

mod bad_input;
mod calls;
mod commit_message;
mod repository;
mod requests;
mod told;

use std::fs;

use serde_json::json;

use crate::rb::{Ran, Rb};
use crate::suite::{Test, pure};

use self::repository::GitOps;

pub(crate) fn tests() -> Vec<Test> {
    [
        own(),
        bad_input::tests(),
        calls::tests(),
        commit_message::tests(),
        requests::tests(),
        told::tests(),
    ]
    .concat()
}

fn own() -> Vec<Test> {
    pure![
        a_bad_release_is_taken_out,
        again_finds_its_own_commit,
        words_that_move_do_not_put_the_release_back,
        a_new_release_after_a_revert_is_the_last,
        a_revert_of_ours_is_taken_back_by_its_id_only,
        what_is_reapplied_can_be_reverted_again,
        the_way_back_can_be_pasted_in_any_folder,
        a_dry_run_pushes_nothing,
        a_plan_is_carried_out_from_its_file,
        a_plan_for_another_state_is_refused,
        without_a_commit_the_candidates_are_listed,
        of_one_second_the_last_comes_first,
        the_image_finds_the_commit,
        a_range_is_one_commit,
        an_app_of_several_is_taken_out_alone,
        a_path_is_put_back,
        conflicts_are_named_with_the_way_that_goes_through,
        of_twenty_at_once_one_pushes,
        a_dirty_tree_stays_as_it_is,
        where_nobody_can_say_yes_nothing_is_pushed,
        bad_places_are_usage_errors,
        a_commit_that_is_not_there_is_not_found,
        the_first_commit_is_refused,
    ]
}

fn commits(gitops: &GitOps) -> usize {
    gitops.in_origin(&["rev-list", "--count", "main"]).parse().expect("a number")
}

fn a_bad_release_is_taken_out() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    gitops.release("cart", "3.0.0");
    let ran = gitops
        .rb(&format!("{bad} --yes --incident INC-42"))
        .arg("--reason=error rate")
        .run()
        .ends_with(0)
        .says("undoes")
        .says("Bump checkout to 2.8.1")
        .says("registry.test/checkout:2.8.1 → registry.test/checkout:2.8.0")
        .says("-        image: registry.test/checkout:2.8.1")
        .says("reverted: main is at ");
    assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0"), "{ran}");
    assert!(gitops.there("apps/cart/deploy.yaml").contains("cart:3.0.0"), "{ran}");
    let message = gitops.in_origin(&["log", "-1", "--format=%an%n%B", "main"]);
    for line in [
        "Ada Ops",
        "Revert \"Bump checkout to 2.8.1\"",
        &format!("This reverts commit {bad}."),
        &format!("Rb-Reverts: {bad}"),
        "Rb-Reason: error rate",
        "Rb-Incident: INC-42",
    ] {
        assert!(message.lines().any(|other| other == line), "{line}:\n{message}");
    }
}

fn again_finds_its_own_commit() {
    let gitops = GitOps::new();
    gitops.release("checkout", "2.8.1");
    let first = gitops.rb("--image checkout:2.8.1 --yes -o json").run().ends_with(0).json();
    assert_eq!(first["result"], "pushed");
    let again = gitops.rb("--image checkout:2.8.1 --yes -o json").run().ends_with(0).json();
    assert_eq!([&again["result"], &again["reason"]], ["nothingToDo", "alreadyDone"]);
    assert_eq!(again["commit"], first["commit"]);
    assert_eq!(commits(&gitops), 3);
}

/// A step of a pipeline that is run again must not flip back.
fn words_that_move_do_not_put_the_release_back() {
    for words in [
        "last",
        "last --path apps/checkout",
        "HEAD~1 --mode restore --path apps/checkout",
        "HEAD~1",
        "HEAD~2..HEAD~1",
        "--since 2026-01-01T04:30:00Z --path apps/checkout",
    ] {
        let gitops = GitOps::new();
        gitops.release("checkout", "2.8.1");
        if words.contains("HEAD~") {
            gitops.release("cart", "3.0.0");
        }
        let before = commits(&gitops);
        gitops.rb(&format!("{words} --yes")).run().ends_with(0).says("reverted: main is at ");
        for _ in 0..2 {
            let again = gitops.rb(&format!("{words} --yes -o json")).run().ends_with(0).json();
            assert_eq!(again["reason"], "alreadyDone", "{words}: {again}");
            assert_eq!(again["commit"], gitops.in_origin(&["rev-parse", "main"]), "{words}");
        }
        assert_eq!(commits(&gitops), before + 1, "{words}");
        assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0"), "{words}");
    }
}

fn a_new_release_after_a_revert_is_the_last() {
    for words in ["last --path apps/checkout", "last", "HEAD"] {
        let gitops = GitOps::new();
        gitops.release("checkout", "2.8.1");
        gitops.rb(&format!("{words} --yes")).run().ends_with(0);
        gitops.git(&["pull", "-q"]);
        gitops.release("checkout", "2.8.2");
        gitops.rb(&format!("{words} --yes")).run().ends_with(0).says("reverted: main is at ");
        assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0"), "{words}");
        // What others push on top changes nothing for the path.
        gitops.git(&["pull", "-q"]);
        gitops.release("cart", "3.0.0");
        if words.contains("--path") {
            gitops.rb(&format!("{words} --yes")).run().ends_with(0).says("done before");
        }
    }
}

fn a_revert_of_ours_is_taken_back_by_its_id_only() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    gitops.rb(&format!("{bad} --yes")).run().ends_with(0);
    let revert = gitops.in_origin(&["rev-parse", "main"]);
    for words in ["last --mode revert", "HEAD --path apps/checkout"] {
        let ran = gitops.rb(&format!("{words} --yes")).run().ends_with(3);
        ran.says("is a revert by rb").says(&format!("rb revert-commit {}", &revert[..9]));
    }
    assert_eq!(commits(&gitops), 3);
    gitops.rb(&format!("{} --yes", &revert[..9])).run().ends_with(0);
    assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.1"));
}

fn what_is_reapplied_can_be_reverted_again() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    gitops.rb(&format!("{bad} --yes")).run().ends_with(0);
    gitops.git(&["pull", "-q"]);
    gitops.release("checkout", "2.8.1");
    gitops.rb(&format!("{bad} --yes")).run().ends_with(0).says("reverted: main is at ");
    assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0"));
}

fn the_way_back_can_be_pasted_in_any_folder() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let ran = gitops.rb(&format!("{bad} --yes")).run().ends_with(0);
    let back = ran.stdout.split_once("to take it back: rb revert-commit ").expect("a way back").1;
    let back = back.lines().next().expect("a line");
    let elsewhere = tempfile::tempdir().expect("a folder");
    gitops.rb_in(elsewhere.path(), &format!("{back} --yes")).run().ends_with(0);
    assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.1"), "{ran}");
}

fn a_dry_run_pushes_nothing() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    gitops.rb(&format!("{bad} --dry-run")).run().ends_with(0).says("dry run: nothing was pushed");
    let plan = gitops.rb(&format!("{bad} --dry-run -o json")).run().ends_with(0).json();
    assert_eq!(plan["schema"], "rb.revert-plan/v1");
    assert_eq!(plan["reverted"]["files"][0]["path"], "apps/checkout/deploy.yaml");
    assert_eq!(plan["branch"], "main");
    assert_eq!(plan["asked"].get("allowDelete"), None);
    let plan = gitops.rb(&format!("{bad} --allow-delete 2 --dry-run -o json")).run().json();
    assert_eq!(plan["asked"]["allowDelete"], 2);
    assert_eq!(commits(&gitops), 2);
}

fn planned(gitops: &GitOps, words: &str) -> String {
    let file = gitops.work().join("../plan.json").display().to_string();
    gitops.rb(&format!("{words} --dry-run --plan-out {file}")).run().ends_with(0);
    file
}

fn a_plan_is_carried_out_from_its_file() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let file = planned(&gitops, &bad);
    // What changes beside it is no other plan.
    gitops.release("cart", "3.0.0");
    gitops.rb(&format!("--plan {file} --yes")).run().ends_with(0).says("reverted: main is at ");
    assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0"));
    assert!(gitops.there("apps/cart/deploy.yaml").contains("cart:3.0.0"));
}

fn a_plan_for_another_state_is_refused() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let file = planned(&gitops, &bad);
    let path = "apps/checkout/deploy.yaml";
    let grown = format!("# checked\n{}\n", gitops.there(path));
    gitops.write(path, &grown);
    gitops.commit("Say that it was checked");
    let ran = gitops.rb(&format!("--plan {file} --yes")).run();
    ran.ends_with(3).says("the branch moved since the plan was made").says("--plan-out FILE");
    assert_eq!(commits(&gitops), 3);
}

fn without_a_commit_the_candidates_are_listed() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    gitops.release("cart", "3.0.0");
    let short = bad[..9].to_owned();
    gitops
        .rb("--path apps/checkout")
        .run()
        .ends_with(2)
        .says(&format!("  1  {short}  Bump checkout to 2.8.1"))
        .says("apps/checkout")
        .says("which commit? None was named")
        .says(&format!("rb revert-commit {short} --path apps/checkout --repo "));
    let listed = gitops.rb("--path apps/checkout -o json").run().ends_with(2);
    let first = listed.stdout.split_inclusive("\n}\n").next().unwrap_or_default();
    let list: serde_json::Value = serde_json::from_str(first).expect("a document");
    assert_eq!(list["candidates"][0]["commit"]["id"], json!(bad));
    assert_eq!(commits(&gitops), 3);
}

fn of_one_second_the_last_comes_first() {
    let gitops = GitOps::new();
    gitops.freeze();
    for patch in 1..=12 {
        gitops.release("checkout", &format!("2.8.{patch}"));
    }
    let ran = gitops.rb("last --path apps/checkout --yes").run().ends_with(0);
    ran.says("checkout:2.8.12 → registry.test/checkout:2.8.11");
    assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.11"));
}

fn the_image_finds_the_commit() {
    let gitops = GitOps::new();
    gitops.release("checkout", "2.8.1");
    gitops.release("cart", "2.8.1");
    gitops.rb("--image checkout:2.8.1 --yes").run().ends_with(0).says("Bump checkout to 2.8.1");
    gitops.rb("--image checkout:9.9.9 --yes").run().ends_with(4);
}

fn a_range_is_one_commit() {
    let gitops = GitOps::new();
    let good = gitops.release("checkout", "2.8.1");
    let first = gitops.release("checkout", "2.8.2");
    let second = gitops.release("checkout", "2.8.3");
    gitops.rb(&format!("{good}..{second} --yes")).run().ends_with(0);
    assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.1"));
    assert_eq!(commits(&gitops), 5);
    let message = gitops.in_origin(&["log", "-1", "--format=%B", "main"]);
    assert!(message.contains(&first) && message.contains(&second), "{message}");
}

fn an_app_of_several_is_taken_out_alone() {
    let gitops = GitOps::new();
    gitops.image("checkout", "2.9.0");
    gitops.image("cart", "2.9.0");
    let bad = gitops.commit("Bump everything to 2.9.0");
    gitops
        .rb(&format!("{bad} --path apps/checkout --yes"))
        .run()
        .ends_with(0)
        .says("take out what it changed below the paths");
    assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0"));
    assert!(gitops.there("apps/cart/deploy.yaml").contains("cart:2.9.0"));
}

fn a_path_is_put_back() {
    let gitops = GitOps::new();
    let good = gitops.release("checkout", "2.8.1");
    gitops.release("checkout", "2.8.2");
    gitops.release("checkout", "2.8.3");
    gitops
        .rb(&format!("--to {good} --mode restore --path apps/checkout --yes"))
        .run()
        .ends_with(0)
        .says("and also")
        .says("Bump checkout to 2.8.3");
    assert!(gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.1"));
}

fn conflicts_are_named_with_the_way_that_goes_through() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    gitops.release("checkout", "2.8.2");
    gitops
        .rb(&format!("{bad} --yes"))
        .run()
        .ends_with(3)
        .says("apps/checkout/deploy.yaml")
        .says("with what came later: nothing was pushed")
        .says("--mode restore --path apps/checkout");
    // What stands a place before the tip now is another commit when somebody pastes the line.
    let moved = gitops.rb("HEAD~1 --yes").run().ends_with(3);
    moved.says(&format!("along): rb revert-commit {} --mode restore", &bad[..9]));
    assert_eq!(commits(&gitops), 3);
}

fn of_twenty_at_once_one_pushes() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let words = format!("{bad} --yes -o json");
    let running: Vec<_> = (0..20).map(|_| gitops.rb(&words).spawn()).collect();
    let ended: Vec<Ran> = running.into_iter().map(|running| running.wait().ends_with(0)).collect();
    let results: Vec<_> = ended.iter().map(Ran::json).collect();
    assert_eq!(commits(&gitops), 3);
    // Within one second they all make the very same commit: whoever finds it there did not push it.
    let there = json!(gitops.in_origin(&["rev-parse", "main"]));
    assert!(results.iter().all(|result| result["commit"] == there), "{results:#?}");
    let (pushed, others): (Vec<_>, Vec<_>) =
        results.iter().partition(|result| result["result"] == "pushed");
    assert_eq!(pushed.len(), 1, "{results:#?}");
    assert!(others.iter().all(|result| result["reason"] == "alreadyDone"), "{others:#?}");
}

fn a_dirty_tree_stays_as_it_is() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    gitops.write("apps/cart/deploy.yaml", "half an edit");
    let before = gitops.git(&["status", "--porcelain=v2", "--branch"]);
    gitops
        .rb(&format!("{bad} --yes"))
        .run()
        .ends_with(0)
        .says("your working tree has changes that are not committed: they stay as they are");
    assert_eq!(gitops.git(&["status", "--porcelain=v2", "--branch"]), before);
    let edit = fs::read_to_string(gitops.work().join("apps/cart/deploy.yaml")).expect("a file");
    assert_eq!(edit, "half an edit");
}

fn where_nobody_can_say_yes_nothing_is_pushed() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let ran = gitops.rb(&bad).run();
    ran.ends_with(10).says("nobody can be asked").says("--yes");
    assert_eq!(commits(&gitops), 2);
}

fn bad_places_are_usage_errors() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let nowhere = tempfile::tempdir().expect("a folder");
    let call = |rb: Rb, said: &str| rb.run().ends_with(2).says(said);
    call(gitops.rb_in(nowhere.path(), &bad), "--repo");
    gitops.git(&["tag", "v1"]);
    gitops.git(&["push", "-q", "origin", "v1"]);
    call(gitops.rb(&format!("{bad} --branch=-x --yes")), "-x");
    call(gitops.rb(&format!("{bad} --repo=ext::sh --yes")), "ext");
    gitops.git(&["checkout", "-q", "--detach"]);
    call(gitops.rb(&bad), "HEAD is detached");
    assert_eq!(commits(&gitops), 2);
}

fn a_commit_that_is_not_there_is_not_found() {
    let gitops = GitOps::new();
    gitops.release("checkout", "2.8.1");
    gitops.rb("0123456789012345678901234567890123456789 --yes").run().ends_with(4);
    gitops.rb("last --branch nowhere --yes").run().ends_with(4).says("nowhere");
    gitops.rb("last --path apps/none --yes").run().ends_with(4);
}

fn the_first_commit_is_refused() {
    let gitops = GitOps::new();
    let first = gitops.git(&["rev-parse", "HEAD"]);
    gitops.rb(&format!("{first} --yes")).run().ends_with(3).says("is the first of the repository");
}
