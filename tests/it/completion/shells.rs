//! The scripts, in the shells that are here: what is sourced really completes.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rexpect::session::spawn_command;
use serde_json::json;

use super::ENOUGH;
use crate::given::Kubeconfig;
use crate::rb::{Ran, Rb, program};
use crate::scene::{self, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        bash_completes,
        bash_completes_on_a_terminal,
        other_shells_complete_where_they_are,
        kubectl_completes,
    ]
}

/// A folder for the PATH, in which rb has this name.
fn folder_with(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    symlink(program(), folder.path().join(name)).expect("a link");
    folder
}

fn path_with(folders: &[&Path]) -> std::ffi::OsString {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().map(|folder| (*folder).to_owned()).chain(std::env::split_paths(&old));
    std::env::join_paths(all).expect("a PATH")
}

fn in_shell(shell: &str, arguments: &[&str], folder: &Path, kubeconfig: &Path) -> Ran {
    let output = Command::new(shell)
        .args(arguments)
        .env_clear()
        .env("PATH", path_with(&[folder]))
        .env("HOME", folder)
        .env("KUBECONFIG", kubeconfig)
        .env("RB_COMPLETE_TIMEOUT", ENOUGH)
        .output()
        .expect("the shell starts");
    Ran::new(&output)
}

#[expect(clippy::print_stdout, reason = "a runner shows it with the test's output")]
fn is_here(shell: &str) -> bool {
    let here = Command::new(shell).arg("--version").output().is_ok();
    if !here {
        println!("skipped: {shell} is not installed");
    }
    here
}

/// What bash completes when the parts of the line are these, with the cursor at the end.
fn bash(called: &str, parts: &[&str], folder: &Path, kubeconfig: &Path) -> Ran {
    let last = parts.len() - 1;
    let quoted: Vec<String> = parts.iter().map(|part| format!("'{part}'")).collect();
    let word = if matches!(parts[last], ":" | "=") { "" } else { parts[last] };
    let script = format!(
        "source <({called} completion bash)\nCOMP_WORDS=({}) COMP_CWORD={last}\n\
         spec=$(complete -p \"$(basename {called})\") || exit 9\n\
         function=${{spec#*-F }}; function=${{function%% *}}\n\
         $function {called} '{word}' '{}'\nprintf '%s\\n' \"${{COMPREPLY[@]}}\"",
        quoted.join(" "),
        parts[last - 1]
    );
    in_shell("bash", &["--norc", "--noprofile", "-c", &script], folder, kubeconfig)
}

fn bash_completes(bed: &TestBed) {
    if !is_here("bash") {
        return;
    }
    let namespace = bed.namespace("keys-bash");
    releases(&namespace, 0, &["1.0"]);
    let config = Kubeconfig::edited(namespace.kubeconfig(), |config| {
        let mut context = config["contexts"][0].clone();
        context["name"] = json!("arn:aws:eks:eu:1:cluster/prod");
        config["contexts"].as_array_mut().expect("contexts").push(context);
    });
    let folder = folder_with("rb");
    let path = folder.path().join("rb");
    let path = path.to_str().expect("a path");
    for (called, parts, expected) in [
        ("rb", &["rb", "undo", "deploy/"][..], "deploy/web\n"),
        (path, &[path, "undo", "deploy/w"], "deploy/web\n"),
        ("rb", &["rb", "undo", "deploy", ""], "web\n"),
        ("rb", &["rb", "un"], "undo\n"),
        // Bash takes words apart at colons, and gets back what is after the last one.
        (
            "rb",
            &["rb", "undo", "--context", "arn", ":", "aws", ":", "e"],
            "eks:eu:1:cluster/prod\n",
        ),
        ("rb", &["rb", "undo", "--context", "arn", ":", "aws", ":"], "eks:eu:1:cluster/prod\n"),
        ("rb", &["rb", "undo", "--context", "=", "ar"], "arn:aws:eks:eu:1:cluster/prod\n"),
        (
            "rb",
            &[
                "rb",
                "undo",
                "--context",
                "arn",
                ":",
                "aws",
                ":",
                "eks:eu:1:cluster/prod",
                "deploy/",
            ],
            "deploy/web\n",
        ),
        ("rb", &["rb", "undo", "pod/"], "\n"),
    ] {
        let ran = bash(called, parts, folder.path(), config.path()).ends_with(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (expected, ""), "{parts:?}");
    }
    // As kubectl calls its plugins.
    let folder = folder_with("kubectl-rb");
    let parts = ["kubectl-rb", "undo", "deploy/"];
    let ran = bash("kubectl-rb", &parts, folder.path(), config.path()).ends_with(0);
    assert_eq!(ran.stdout, "deploy/web\n");
}

/// The whole way: a key is pressed, and the word is there.
fn bash_completes_on_a_terminal(bed: &TestBed) {
    if !is_here("bash") {
        return;
    }
    let namespace = bed.namespace("keys-terminal");
    releases(&namespace, 0, &["1.0"]);
    let folder = folder_with("rb");
    let mut command = Command::new("bash");
    command
        .args(["--norc", "--noprofile", "-i"])
        .env_clear()
        .env("PATH", path_with(&[folder.path()]))
        .env("HOME", folder.path())
        .env("PS1", "ready> ")
        .env("TERM", "dumb")
        .env("KUBECONFIG", namespace.kubeconfig())
        .env("RB_COMPLETE_TIMEOUT", ENOUGH);
    let mut session = spawn_command(command, Some(60_000)).expect("bash starts");
    session.send_line("source <(rb completion bash); echo source'd'").expect("input");
    session.exp_string("sourced\r\n").expect("the script");
    // This terminal does not echo: what the line has become shows in what it does.
    session.send("rb stat\tdeployment/w\t--watch=false -o na\t\n").expect("input");
    session.flush().expect("input");
    session.exp_string("deployment.apps/web\r\n").expect("the line is whole");
    session.send_line("exit").expect("input");
    session.exp_eof().expect("bash ends");
}

fn other_shells_complete_where_they_are(bed: &TestBed) {
    let namespace = bed.namespace("keys-shells");
    releases(&namespace, 0, &["1.0"]);
    let folder = folder_with("rb");
    if is_here("fish") {
        let script = "rb completion fish | source; complete -C 'rb undo deploy/'";
        let arguments = ["--no-config", "-c", script];
        let ran = in_shell("fish", &arguments, folder.path(), namespace.kubeconfig()).ends_with(0);
        assert_eq!(ran.stdout, "deploy/web\n");
    }
    if is_here("zsh") {
        // The line editor has no terminal here: what it would call is called.
        let script = "autoload -Uz compinit; compinit -u; source <(rb completion zsh)\n\
            function _describe { shift 2; print -l -- ${(P)1} }\n\
            words=(rb undo deploy/); CURRENT=3; _clap_dynamic_completer_rb";
        let ran = in_shell("zsh", &["-f", "-c", script], folder.path(), namespace.kubeconfig());
        assert_eq!(ran.stdout, "deploy/web\n", "{ran}");
    }
    // The engine, as their scripts call it.
    for (shell, index) in [("zsh", Some("2")), ("fish", None), ("powershell", None)] {
        let mut call = Rb::new(namespace.kubeconfig())
            .env("RB_COMPLETE", shell)
            .env("RB_COMPLETE_TIMEOUT", ENOUGH);
        if let Some(index) = index {
            call = call.env("_CLAP_COMPLETE_INDEX", index);
        }
        let ran = call.words("-- rb undo deploy/").run().ends_with(0);
        assert_eq!(ran.stdout.trim_end(), "deploy/web", "{shell}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "kubectl"] {
        let ran = Rb::new(Path::new("/nowhere")).words("completion").arg(shell).run().ends_with(0);
        assert!(ran.stdout.contains("RB_COMPLETE"), "{ran}");
    }
}

fn kubectl_completes(bed: &TestBed) {
    let namespace = bed.namespace("keys-kubectl");
    releases(&namespace, 0, &["1.0", "2.0"]);
    scene::release(&namespace, "3.0");
    let folder = folder_with("kubectl-rb");
    let called = folder.path().join("kubectl-rb");
    let script = Command::new(&called).args(["completion", "kubectl"]).output().expect("rb starts");
    let file = folder.path().join("kubectl_complete-rb");
    fs::write(&file, script.stdout).expect("a script");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("a mode");
    let kubectl = bed.kubectl().parent().map(PathBuf::from).unwrap_or_default();
    let complete = |words: &[&str], namespace: &Namespace| {
        let output = Command::new(bed.kubectl())
            .args(["__complete", "rb"])
            .args(words)
            .env_clear()
            .env("PATH", path_with(&[folder.path(), &kubectl]))
            .env("HOME", folder.path())
            .env("KUBECONFIG", namespace.kubeconfig())
            .env("RB_COMPLETE_TIMEOUT", ENOUGH)
            .output()
            .expect("kubectl starts");
        Ran::new(&output).ends_with(0).stdout
    };
    for (words, expected) in [
        (&["undo", "deploy/"][..], "deploy/web\n:4\n"),
        (&["undo", "deploy", ""], "web\n:4\n"),
        (&["undo", "deploy/web", "--to-revision", "2"], "2\tweb:2.0\n:4\n"),
        (&["undo", "-n", namespace.name(), "deploy/w"], "deploy/web\n:4\n"),
        (&["undo", "deployment"], "deployment/\ndeployments/\n:6\n"),
        (&["undo", "pod/"], ":4\n"),
    ] {
        assert_eq!(complete(words, &namespace), expected, "{words:?}");
    }
    let commands = complete(&[""], &namespace);
    assert!(commands.contains("undo\tRoll a workload back"), "{commands}");
}
