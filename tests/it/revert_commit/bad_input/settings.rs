//! What the user, the checkout or the repository has set up for `git`, and what must not come of it here.

use std::fs;

use super::scene::Scene;
use crate::git_network::write_program;
use crate::suite::{Test, pure};

pub(super) fn tests() -> Vec<Test> {
    pure![
        attributes_hide_no_conflict,
        one_branch_is_pushed_and_nothing_else,
        nothing_of_the_user_runs_but_what_git_needs,
    ]
}

/// With `merge=union` a revert of a superseded bump would be clean, and take nothing out.
fn attributes_hide_no_conflict() {
    let scene = Scene::new();
    scene.gitops.write(".gitattributes", "*.yaml merge=union\n");
    fs::write(scene.gitops.work().join(".git/info/attributes"), "*.yaml merge=ours\n")
        .expect("a file");
    scene.gitops.release("checkout", "2.8.2");
    let ran = scene.harmless(scene.gitops.rb(&format!("{} --yes", scene.bad))).ends_with(3);
    ran.says("error: a file conflicts with what came later: nothing was pushed");
}

fn refs(scene: &Scene) -> String {
    let refs = scene.gitops.in_origin(&["for-each-ref", "--format=%(refname) %(objectname)"]);
    refs.lines().filter(|line| !line.starts_with("refs/heads/main ")).collect::<Vec<_>>().join("\n")
}

/// A push as the user has set it up would take branches and tags along, and overwrite some.
fn one_branch_is_pushed_and_nothing_else() {
    let scene = Scene::new();
    let gitops = &scene.gitops;
    gitops.git(&["push", "-q", "origin", "main:refs/heads/other", "main:refs/heads/third"]);
    gitops.git(&["branch", "-q", "other", &scene.first]);
    gitops.git(&["tag", "-a", "-m", "x", "v1"]);
    for (name, value) in [
        ("push.default", "matching"),
        ("push.followTags", "true"),
        ("remote.origin.mirror", "true"),
        ("push.useForceIfIncludes", "true"),
        ("push.gpgSign", "if-asked"),
        ("push.recurseSubmodules", "on-demand"),
    ] {
        gitops.git(&["config", name, value]);
    }
    gitops.git(&["config", "--add", "remote.origin.push", "+refs/heads/*:refs/heads/*"]);
    let before = refs(&scene);
    let call =
        gitops.rb(&format!("{} --branch main --repo {}", scene.bad, gitops.origin().display()));
    call.words("--yes").run().ends_with(0).says("reverted: main is at ");
    assert_eq!(refs(&scene), before);
    // From the checkout, whose branch leads there.
    gitops.git(&["config", "--unset-all", "remote.origin.push"]);
    gitops.git(&["config", "--unset", "remote.origin.mirror"]);
    gitops.git(&["pull", "-q"]);
    gitops.release("cart", "3.0.0");
    let before = refs(&scene);
    gitops.rb("last --yes").run().ends_with(0).says("reverted: main is at ");
    assert_eq!(refs(&scene), before);
}

/// Hooks of the checkout and of the user, a file system monitor, an editor, a pager.
fn nothing_of_the_user_runs_but_what_git_needs() {
    let scene = Scene::new();
    let gitops = &scene.gitops;
    let mark = gitops.folder().join("ran");
    let program = gitops.folder().join("program");
    write_program(&program, &format!("echo \"$0 $*\" >>{}; exit 1", mark.display()));
    let hooks = gitops.work().join(".git/hooks");
    fs::create_dir_all(&hooks).expect("a folder");
    for hook in
        ["pre-push", "pre-commit", "commit-msg", "reference-transaction", "post-index-change"]
    {
        fs::copy(&program, hooks.join(hook)).expect("a hook");
    }
    let place = program.display().to_string();
    for name in ["core.fsmonitor", "core.editor", "core.pager", "diff.external", "sequence.editor"]
    {
        gitops.git(&["config", "--file", ".git/config", name, &place]);
    }
    let call = gitops.rb(&format!("{} --yes", scene.bad)).env("GIT_EDITOR", &place);
    let call = call.env("GIT_EXTERNAL_DIFF", &place).env("GIT_PAGER", &place);
    let ran = call.run().ends_with(0).says("reverted: main is at ");
    assert!(!mark.exists(), "{}: {ran}", fs::read_to_string(&mark).unwrap_or_default());
}
