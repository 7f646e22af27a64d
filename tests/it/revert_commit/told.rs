//! What is told besides the answer: a stream, the report, the local log, what CI systems read; and what
//! is said when a signal comes in the middle of a push.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::rb::Rb;
use crate::suite::{Test, pure};
use crate::testbed::wait_until;

use super::commits;
use super::repository::GitOps;

pub(super) fn tests() -> Vec<Test> {
    pure![
        a_stream_tells_what_git_does,
        a_failure_is_a_line_of_the_stream,
        the_local_log_has_a_line_for_what_was_done,
        a_report_is_left_behind,
        a_report_that_cannot_be_written_is_refused_at_once,
        github_gets_groups_outputs_and_a_summary,
        what_fails_on_github_is_one_error,
        a_signal_before_the_push_says_that_nothing_was_written,
        a_signal_in_the_middle_of_a_push_says_how_to_find_out,
    ]
}

fn types(lines: &[Value]) -> Vec<&str> {
    lines.iter().filter_map(|line| line["type"].as_str()).collect()
}

fn a_stream_tells_what_git_does() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let lines = gitops.rb(&format!("{bad} --yes -o jsonl")).run().ends_with(0).lines();
    let types = types(&lines);
    assert_eq!(types.first(), Some(&"version"));
    assert_eq!(types.last(), Some(&"revert"));
    assert!(types[1..types.len() - 1].iter().all(|kind| *kind == "git"), "{types:?}");
    for doing in ["looks for the repository", "fetches the branch", "pushes the revert"] {
        assert!(lines.iter().any(|line| line["message"] == doing), "{doing}: {lines:?}");
    }
    let document = &lines[lines.len() - 1]["document"];
    assert_eq!(document["commit"], gitops.in_origin(&["rev-parse", "main"]));
    let lines = gitops.rb(&format!("{bad} --dry-run -o jsonl")).run().ends_with(0).lines();
    assert_eq!(lines[lines.len() - 1]["document"]["result"], "nothingToDo");
}

fn a_failure_is_a_line_of_the_stream() {
    let gitops = GitOps::new();
    let lines = gitops.rb("0123456 --yes -o jsonl").run().ends_with(4).lines();
    assert_eq!(types(&lines).last(), Some(&"error"));
    let lines = gitops.rb("-o jsonl").run().ends_with(2).lines();
    assert_eq!(types(&lines)[lines.len() - 2..], ["revert-candidates", "error"]);
}

/// The lines of the local log below this folder for state.
fn logged(state: &Path) -> Vec<Value> {
    let text = fs::read_to_string(state.join("rb/audit.jsonl")).unwrap_or_default();
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    lines.iter().for_each(crate::schemas::assert_valid);
    lines
}

fn the_local_log_has_a_line_for_what_was_done() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let state = gitops.work().join("../state");
    let call = |words: &str| gitops.rb(words).env("XDG_STATE_HOME", &state).run();
    call(&format!("{bad} --dry-run")).ends_with(0);
    assert_eq!(logged(&state).len(), 0);
    call(&format!("{bad} --yes --reason late --incident INC-1")).ends_with(0);
    call(&format!("{bad} --yes")).ends_with(0).says("nothing to do");
    let bad = gitops.in_origin(&["rev-parse", "main"]);
    call(&bad).ends_with(10);
    let lines = logged(&state);
    let told: Vec<_> = lines
        .iter()
        .map(|line| (line["result"].as_str().unwrap_or(""), line["exitCode"].as_u64()))
        .collect();
    assert_eq!(told, [("pushed", Some(0)), ("unconfirmed", Some(10))]);
    assert_eq!(lines[0]["commit"], bad);
    assert_eq!([&lines[0]["reason"], &lines[0]["incident"]], ["late", "INC-1"]);
    assert_eq!(lines[1]["commit"], Value::Null);
}

fn a_report_is_left_behind() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let file = gitops.work().join("../report.md");
    let words = format!("{bad} --yes --reason late --report {}", file.display());
    gitops.rb(&words).run().ends_with(0);
    let report = fs::read_to_string(&file).expect("a report");
    let commit = gitops.in_origin(&["rev-parse", "main"]);
    for text in [
        "## Revert in Git: pushed",
        &format!("commit {commit}"),
        "reason late",
        "incident TODO",
        &format!("| {} |", &bad[..9]),
        "Bump checkout to 2.8.1",
        "registry.test/checkout:2.8.1 | registry.test/checkout:2.8.0",
        "- M apps/checkout/deploy.yaml",
        &format!("rb revert-commit {}", &commit[..9]),
        "Postmortem",
    ] {
        assert!(report.contains(text), "{text}:\n{report}");
    }
    // It says what came of it where nothing came of it, too.
    gitops.rb(&words).run().ends_with(0);
    let report = fs::read_to_string(&file).expect("a report");
    assert!(report.contains("## Revert in Git: nothingToDo"), "{report}");
}

fn a_report_that_cannot_be_written_is_refused_at_once() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let words = format!("{bad} --yes --report /nowhere/report.md");
    gitops.rb(&words).run().ends_with(2).says("/nowhere/report.md cannot be written");
    assert_eq!(commits(&gitops), 2);
}

fn on_github(gitops: &GitOps, words: &str) -> Rb {
    let file = |name: &str| gitops.work().join("..").join(name);
    gitops
        .rb(words)
        .env("CI", "true")
        .env("GITHUB_ACTIONS", "true")
        .env("GITHUB_STEP_SUMMARY", file("summary"))
        .env("GITHUB_OUTPUT", file("output"))
}

fn github_gets_groups_outputs_and_a_summary() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let ran = on_github(&gitops, &format!("{bad} --yes")).run().ends_with(0);
    ran.clone().says("::group::Plan\n").says("::endgroup::\n");
    let read = |name: &str| fs::read_to_string(gitops.work().join("..").join(name)).expect(name);
    let commit = gitops.in_origin(&["rev-parse", "main"]);
    let output = read("output");
    for line in ["result=pushed", &format!("commit={commit}"), "exit_code=0", "url="] {
        assert!(output.lines().any(|other| other == line), "{line}:\n{output}");
    }
    assert!(read("summary").starts_with("## Revert in Git: pushed"));
}

fn what_fails_on_github_is_one_error() {
    let gitops = GitOps::new();
    let ran = on_github(&gitops, "0123456 --yes").run().ends_with(4);
    let errors = ran.stderr.matches("::error ").count();
    assert_eq!(errors, 1, "{ran}");
    ran.says("::error title=rb revert-commit ended with 4::");
}

/// A hook that says in a file that it runs, and does not end.
fn hook_that_waits(gitops: &GitOps, name: &str) -> PathBuf {
    let runs = gitops.work().join("../runs");
    let hook = gitops.origin().join("hooks").join(name);
    fs::create_dir_all(hook.parent().expect("a folder")).expect("a folder");
    let script = format!("#!/bin/sh\ntouch {}\nexec sleep 600\n", runs.display());
    fs::write(&hook, script).expect("a hook");
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).expect("a mode");
    runs
}

fn kill(id: u32, signal: &str) {
    let killed = std::process::Command::new("kill").args([signal, &id.to_string()]).status();
    assert!(killed.expect("kill runs").success());
}

fn a_signal_before_the_push_says_that_nothing_was_written() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    // `git` of this call never answers.
    let folder = gitops.work().join("../bin");
    fs::create_dir_all(&folder).expect("a folder");
    let runs = gitops.work().join("../runs");
    let git = folder.join("git");
    let script = format!("#!/bin/sh\ntouch {}\nexec sleep 600\n", runs.display());
    fs::write(&git, script).expect("a program");
    fs::set_permissions(&git, fs::Permissions::from_mode(0o755)).expect("a mode");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").expect("a PATH"));
    let running = gitops.rb(&format!("{bad} --yes")).env("PATH", path).spawn();
    await_file(&runs);
    kill(running.id(), "-TERM");
    running.wait().ends_with(143).says("terminated: nothing was written");
    assert_eq!(commits(&gitops), 2);
}

fn a_signal_in_the_middle_of_a_push_says_how_to_find_out() {
    let gitops = GitOps::new();
    let bad = gitops.release("checkout", "2.8.1");
    let runs = hook_that_waits(&gitops, "pre-receive");
    let running = gitops.rb(&format!("{bad} --yes")).spawn();
    await_file(&runs);
    kill(running.id(), "-INT");
    let ran = running.wait().ends_with(130);
    ran.clone().says("interrupted while the revert was on its way: it may be on the server");
    ran.says(&format!("to see that, and to finish it: rb revert-commit {bad} --yes"));
    fs::remove_file(gitops.origin().join("hooks/pre-receive")).expect("the hook");
    gitops.rb(&format!("{bad} --yes")).run().ends_with(0);
    assert_eq!(commits(&gitops), 3);
}

fn await_file(file: &Path) {
    wait_until("the program runs", Duration::from_secs(60), || Ok(file.exists())).expect("it runs");
}
