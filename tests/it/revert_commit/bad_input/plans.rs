//! Plan files: what is no plan, an old one, one for another repository, and one that somebody changed.

use std::fs;

use serde_json::{Value, json};
use snapbox::str;

use super::scene::Scene;
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![
        files_that_are_no_plans,
        plans_of_others,
        a_plan_for_another_place_is_not_carried_out,
        a_plan_that_was_changed_is_not_carried_out,
        a_plan_leads_to_no_program,
    ]
}

fn files_that_are_no_plans() {
    let scene = Scene::new();
    let file = scene.gitops.folder().join("plan.json");
    let words = format!("--plan {} --yes", file.display());
    scene.refuses(
        &words,
        2,
        str![[r"
error: plan file FOLDER/plan.json cannot be read
  cause: No such file or directory (os error 2)
  hint: to make one: rb revert-commit COMMIT --dry-run --plan-out FILE

"]],
    );
    for (content, said) in [
        (
            &b""[..],
            str![[r"
error: plan file FOLDER/plan.json is no plan of a revert
  cause: line 1, column 0
  hint: to make one: rb revert-commit COMMIT --dry-run --plan-out FILE

"]],
        ),
        (
            b"{",
            str![[r"
error: plan file FOLDER/plan.json is no plan of a revert
  cause: line 1, column 1
  hint: to make one: rb revert-commit COMMIT --dry-run --plan-out FILE

"]],
        ),
        (
            b"[]",
            str![[r"
error: plan file FOLDER/plan.json is no plan of a revert
  cause: line 1, column 2
  hint: to make one: rb revert-commit COMMIT --dry-run --plan-out FILE

"]],
        ),
        (
            b"\xff\xfe",
            str![[r"
error: plan file FOLDER/plan.json cannot be read
  cause: stream did not contain valid UTF-8
  hint: to make one: rb revert-commit COMMIT --dry-run --plan-out FILE

"]],
        ),
        (
            b"user: ann\npassword: s3cret\n",
            str![[r"
error: plan file FOLDER/plan.json is no plan of a revert
  cause: line 1, column 1
  hint: to make one: rb revert-commit COMMIT --dry-run --plan-out FILE

"]],
        ),
        (
            br#"{"schema":"rb.revert-plan/v1"}"#,
            str![[r"
error: plan file FOLDER/plan.json is no plan of a revert
  cause: line 1, column 30
  hint: to make one: rb revert-commit COMMIT --dry-run --plan-out FILE

"]],
        ),
    ] {
        fs::write(&file, content).expect("a file");
        scene.refuses(&words, 2, said);
    }
    scene.refuses(
        "--plan /dev/zero --yes",
        2,
        str![[r"
error: plan file /dev/zero cannot be read
  cause: it is larger than 64 MiB
  hint: to make one: rb revert-commit COMMIT --dry-run --plan-out FILE

"]],
    );
    scene.refuses(
        "--plan apps --yes",
        2,
        str![[r"
error: plan file apps cannot be read
  cause: Is a directory (os error 21)
  hint: to make one: rb revert-commit COMMIT --dry-run --plan-out FILE

"]],
    );
}

fn plans_of_others() {
    let scene = Scene::new();
    let file = scene.gitops.folder().join("plan.json");
    let words = format!("--plan {} --yes", file.display());
    for (schema, said) in [
        (
            "rb.plan/v1",
            str![[r"
error: plan file FOLDER/plan.json is a plan of rb undo
  hint: rb undo --plan FOLDER/plan.json

"]],
        ),
        (
            "rb.revert-plan/v9",
            str![[r#"
error: plan file FOLDER/plan.json has the schema "rb.revert-plan/v9" and not rb.revert-plan/v1
  cause: another version of rb wrote it, or it is no plan
  hint: to make one: rb revert-commit COMMIT --dry-run --plan-out FILE

"#]],
        ),
        (
            "\u{1b}[2Jx",
            str![[r#"
error: plan file FOLDER/plan.json has the schema "\\x1b[2Jx" and not rb.revert-plan/v1
  cause: another version of rb wrote it, or it is no plan
  hint: to make one: rb revert-commit COMMIT --dry-run --plan-out FILE

"#]],
        ),
    ] {
        fs::write(&file, json!({ "schema": schema }).to_string()).expect("a file");
        scene.refuses(&words, 2, said);
    }
}

/// A plan, with something changed in it.
fn changed(scene: &Scene, change: impl FnOnce(&mut Value)) -> String {
    let file = scene.gitops.folder().join("plan.json");
    let words = format!("{} --dry-run --plan-out {}", scene.bad, file.display());
    scene.gitops.rb(&words).run().ends_with(0);
    let text = fs::read_to_string(&file).expect("a plan");
    let mut plan = serde_json::from_str(&text).expect("a document");
    change(&mut plan);
    fs::write(&file, plan.to_string()).expect("a file");
    format!("--plan {} --yes", file.display())
}

fn a_plan_for_another_place_is_not_carried_out() {
    let scene = Scene::new();
    let other = scene.gitops.folder().join("other.git").display().to_string();
    let words = changed(&scene, |plan| plan["repository"]["url"] = json!(other));
    scene.refuses(
        &words,
        4,
        str![[r"
error: there is no repository at FOLDER/other.git
  cause: nothing of that name is on this machine
  hint: name another: rb revert-commit <bad> --repo URL

"]],
    );
    let origin = scene.gitops.origin().display().to_string();
    scene.gitops.git(&["clone", "-q", "--bare", &origin, &other]);
    scene.refuses(&words, 3, str![[r"
error: plan file FOLDER/plan.json was changed since it was written
  cause: its repository, branch, commits or message are not those that its id stands for
  hint: make a new one: rb revert-commit <bad> --dry-run --plan-out FILE --repo FOLDER/other.git --branch main

"]]);
    scene.gitops.in_origin(&["branch", "release", "main"]);
    let words = changed(&scene, |plan| plan["branch"] = json!("release"));
    scene.refuses(&words, 3, str![[r"
error: plan file FOLDER/plan.json was changed since it was written
  cause: its repository, branch, commits or message are not those that its id stands for
  hint: make a new one: rb revert-commit <bad> --dry-run --plan-out FILE --repo ORIGIN --branch release

"]]);
}

fn a_plan_that_was_changed_is_not_carried_out() {
    let scene = Scene::new();
    scene.gitops.image("cart", "3.0.0");
    let other = scene.gitops.commit("Bump cart to 3.0.0");
    for change in [
        &(|plan: &mut Value| plan["id"] = json!("0123456789abcdef")) as &dyn Fn(&mut Value),
        &|plan| plan["id"] = json!("../../../heads/main"),
        &|plan| plan["message"] = json!("Harmless"),
        &|plan| {
            let message = plan["message"].as_str().expect("a text");
            plan["message"] = json!(format!("\u{1b}[2J{message}"));
        },
        &|plan| plan["asked"]["commits"] = json!([other]),
        &|plan| plan["asked"]["mode"] = json!("subset"),
        &|plan| plan["asked"]["paths"] = json!(["apps/cart"]),
        &|plan| plan["asked"]["commits"] = json!(["--upload-pack=x"]),
        &|plan| plan["asked"]["commits"] = json!([]),
        &|plan| plan["reverted"]["files"] = json!([]),
    ] {
        let words = changed(&scene, change);
        let ran = scene.harmless(scene.gitops.rb(&words));
        assert!(matches!(ran.code, 2..=4), "{ran}");
        assert!(ran.stderr.contains("error: ") && !ran.stderr.contains('\u{1b}'), "{ran}");
    }
    let words = changed(&scene, |plan| plan["message"] = json!("Harmless"));
    scene.refuses(
        &words,
        3,
        str![[r"
error: plan file FOLDER/plan.json was changed since it was written
  cause: its repository, branch, commits or message are not those that its id stands for
  hint: make a new one: rb revert-commit <bad> --dry-run --plan-out FILE --repo ORIGIN --branch main

"]],
    );
}

fn a_plan_leads_to_no_program() {
    let scene = Scene::new();
    let mark = scene.gitops.folder().join("ran");
    let url = format!("ext::sh -c 'touch {}'", mark.display());
    let words = changed(&scene, |plan| plan["repository"]["url"] = json!(url));
    scene.refuses(
        &words,
        2,
        str![[r"
error: ext:: is not a way to a repository that rb goes
  cause: it would make git run a program of that name
  hint: name the repository: rb revert-commit <bad> --repo URL

"]],
    );
    let words = changed(&scene, |plan| plan["branch"] = json!("--upload-pack=touch ran"));
    scene.refuses(
        &words,
        2,
        str![[r#"
error: "--upload-pack=touch ran" is no name of a branch
  hint: name a branch: rb revert-commit <bad> --branch main

"#]],
    );
    assert!(!mark.exists());
}
