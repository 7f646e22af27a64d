//! README and CHANGELOG say what is so: the exit codes, the flags, the demo and the Role of the
//! README are held against the program. What is generated (the table of exit codes, the output in
//! the demo) is rewritten by `SNAPSHOTS=overwrite cargo test --test it docs`.

mod git_demo;
mod git_rules;
mod gitops_demo;
mod rbac;
mod trap_names;

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use kubectl_rb::exit::{TABLE, help_table};
use kubectl_rb::rollback::model::context;
use serde_json::json;
use snapbox::assert_data_eq;
use snapbox::prelude::*;

use crate::rb::{Rb, program, rb};
use crate::scene::sets::Set;
use crate::suite::{Test, on_bed, pure};
use crate::testbed::{Namespace, TestBed};

/// One test at a time rewrites the README.
static REWRITING: Mutex<()> = Mutex::new(());

pub(crate) const COMMANDS: [&str; 7] =
    ["history", "undo", "status", "verify", "revert-commit", "completion", "man"];

pub(crate) fn tests() -> Vec<Test> {
    [
        pure![
            readme_has_the_exit_codes,
            readme_has_the_annotations_of_the_recorded_context,
            help_has_the_exit_codes,
            flags_in_the_readme_exist,
            changelog_has_a_place_for_what_is_new,
        ],
        on_bed![
            the_demo_is_what_happens,
            the_role_of_the_readme_is_enough,
            the_role_of_the_readme_is_enough_for_sets,
            without_the_right_to_patch_it_refuses,
        ],
        git_demo::tests(),
        git_rules::tests(),
        gitops_demo::tests(),
        rbac::tests(),
        trap_names::tests(),
    ]
    .concat()
}

fn readme_has_the_exit_codes() {
    let mut rows: Vec<_> = TABLE.iter().map(|(_, code, meaning)| (*code, *meaning)).collect();
    rows.sort_unstable_by_key(|row| row.0);
    let rows = rows.iter().map(|(code, meaning)| format!("| {code} | {meaning} |\n"));
    let table: String = ["| code | meaning |\n", "|---|---|\n"]
        .map(str::to_owned)
        .into_iter()
        .chain(rows)
        .collect();
    holds("exit-codes", &table, str::to_owned);
}

fn readme_has_the_annotations_of_the_recorded_context() {
    let rows = context::TABLE.iter().map(|field| {
        let keys: Vec<String> = field.keys.iter().map(|key| format!("`{key}`")).collect();
        format!("| `{}` | {} | {} |\n", field.name, field.meaning, keys.join(", "))
    });
    let head =
        "| name | what it says | annotations, the first that is there counts |\n|---|---|---|\n";
    holds("recorded-context", &(head.to_owned() + &rows.collect::<String>()), str::to_owned);
}

fn help_has_the_exit_codes() {
    let help = Rb::new(Path::new("/nowhere")).words("--help").run().ends_with(0);
    assert!(help.stdout.contains(&help_table()), "{help}");
}

fn flags_in_the_readme_exist() {
    let help = |command: &str| {
        let words = format!("{command} --help");
        flags(&Rb::new(Path::new("/nowhere")).words(&words).run().ends_with(0).stdout)
    };
    let of_each: Vec<_> = COMMANDS.iter().map(|command| (*command, help(command))).collect();
    let of_any: BTreeSet<_> = of_each.iter().flat_map(|(_, flags)| flags.clone()).collect();
    let mut checked = 0;
    for code in pieces_of_code(&readme()) {
        let code = code.trim_start_matches("$ ").replace("kubectl rb ", "rb ");
        let command = code.strip_prefix("rb ").and_then(|rest| rest.split(' ').next());
        let known = match command {
            Some(name) => of_each.iter().find(|(command, _)| *command == name).map(|c| &c.1),
            None => code.starts_with("--").then_some(&of_any),
        };
        let Some(known) = known else { continue };
        for flag in flags(&code) {
            assert!(known.contains(&flag), "README says `{code}`, and there is no {flag}");
            checked += 1;
        }
    }
    assert!(checked > 15, "only {checked} flags were found in the README");
}

fn changelog_has_a_place_for_what_is_new() {
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).expect("CHANGELOG.md");
    assert!(changelog.lines().any(|line| line == "## [Unreleased]"), "{changelog}");
}

/// Each command of the demo says what the README shows, but for times and random names.
fn the_demo_is_what_happens(bed: &TestBed) {
    let namespace = bed.namespace("docs-demo");
    deploy(&namespace, "good");
    deploy(&namespace, "bad");
    namespace.wait_until("checkout crashes", is_crashing);
    let demo = block("demo");
    let commands: Vec<&str> = demo.lines().filter(|line| line.starts_with("$ ")).collect();
    assert!(commands.len() >= 3, "the demo shows {commands:?}");
    let mut said = String::new();
    for (index, command) in commands.iter().enumerate() {
        let blank = if index == 0 { "" } else { "\n" };
        said += &format!("{blank}{command}\n{}", type_in(&namespace, command));
    }
    let said = format!("```console\n{}```\n", said.replace(namespace.name(), "shop"));
    assert!(said.contains(" updated, "), "no progress is shown:\n{said}");
    holds("demo", &said, without_chance);
}

fn the_role_of_the_readme_is_enough(bed: &TestBed) {
    let namespace = bed.namespace("docs-role");
    deploy(&namespace, "good");
    deploy(&namespace, "bad");
    namespace.wait_until("checkout crashes", is_crashing);
    bind_role(&namespace, "alice", &role());
    let alice = namespace.user("alice");
    for (words, code) in [
        ("history deploy/checkout", 0),
        ("status deploy/checkout --watch=false", 6),
        ("undo deploy/checkout --yes", 0),
        ("status deploy/checkout", 0),
    ] {
        let ran = Rb::new(&alice).words(words).run().ends_with(code);
        for complaint in ["warning", "no right", "note"] {
            assert!(!ran.stderr.contains(complaint), "{words}: {ran}");
            assert!(!ran.stdout.contains(complaint), "{words}: {ran}");
        }
    }
    let record = &namespace.get("deployment", "checkout")["metadata"]["annotations"];
    assert!(record["kubectl-rb/record"].as_str().is_some_and(|text| text.contains("verified")));
    assert!(
        namespace.list("event", "").iter().any(|event| event["reason"] == "RolledBack"),
        "no Event was written"
    );
}

/// One with a pod to delete that is stuck, and one with pods that stay.
fn the_role_of_the_readme_is_enough_for_sets(bed: &TestBed) {
    let on_delete = json!({"spec": {"updateStrategy": {"type": "OnDelete"}}});
    let stuck = Set::stateful(bed, "docs-sts", 2, &["1.0", "2.0-crash"], &json!({}));
    let stays = Set::daemon(bed, "docs-ds", &["1.0", "2.0"], &on_delete);
    stays.namespace.kubectl_ok(&["delete", "pods", "--all", "--wait=false"]);
    stays.namespace.wait_until("all pods are new", |_| stays.pods_of("2.0").len() == 3);
    stays.rolled_out();
    for set in [stuck, stays] {
        bind_role(&set.namespace, "alice", &role());
        let alice = set.namespace.user("alice");
        for words in ["history", "undo --yes --delete-pods --timeout=90s", "status --timeout=90s"] {
            let words = format!("{words} {}", set.reference());
            let ran = Rb::new(&alice).words(&words).run().ends_with(0);
            for complaint in ["warning", "no right", "note"] {
                assert!(!ran.stderr.contains(complaint), "{words}: {ran}");
                assert!(!ran.stdout.contains(complaint), "{words}: {ran}");
            }
        }
        set.assert_live("1.0");
        assert_eq!(set.record()["verdicts"][0]["verdict"], "verified");
    }
}

fn without_the_right_to_patch_it_refuses(bed: &TestBed) {
    let namespace = bed.namespace("docs-no-role");
    deploy(&namespace, "good");
    deploy(&namespace, "bad");
    let reading = role().replace("[get, watch, patch]", "[get, watch]");
    assert_ne!(reading, role(), "the Role of the README has changed; change this test too");
    bind_role(&namespace, "bob", &reading);
    let bob = namespace.user("bob");
    let before = namespace.get("deployment", "checkout")["metadata"]["generation"].clone();
    let refused = Rb::new(&bob).words("undo deploy/checkout --yes").run().ends_with(3);
    refused.says("patch").says("can-i");
    assert_eq!(namespace.get("deployment", "checkout")["metadata"]["generation"], before);
    // With all rights it is a rollback like any other.
    rb(&namespace, "undo deploy/checkout --yes").ends_with(0);
}

/// Applies a release of the quickstart, and waits until the good one runs.
fn deploy(namespace: &Namespace, release: &str) {
    let file = root().join(format!("examples/quickstart/testbed/{release}.yaml"));
    namespace.apply(&fs::read_to_string(file).expect("a manifest"));
    if release == "good" {
        namespace.rollout_done("checkout");
    } else {
        let is_stored =
            |namespace: &Namespace| namespace.list("replicaset", "app=checkout").len() == 2;
        namespace.wait_until("the second revision is stored", is_stored);
    }
}

/// All pods of the newest release have been restarted and wait for the next time.
fn is_crashing(namespace: &Namespace) -> bool {
    let mut crashing = 0;
    for pod in namespace.list("pod", "app=checkout") {
        let container = &pod["status"]["containerStatuses"][0];
        let restarts = container["restartCount"].as_u64();
        let waits = container["state"]["waiting"]["reason"] == "CrashLoopBackOff";
        crashing += usize::from(waits && restarts >= Some(2));
    }
    crashing == 2
}

/// What a command of the demo says, on stdout and stderr in the order in which it says it.
fn type_in(namespace: &Namespace, line: &str) -> String {
    let words: Vec<String> = typed_words(line.trim_start_matches("$ "));
    assert_eq!(words[0], "rb", "{line}");
    let arguments = words[1..].iter().map(|word| match word.as_str() {
        "shop" => namespace.name(),
        word => word,
    });
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let mut child = Command::new(program())
        .args(arguments)
        .env_clear()
        .env("KUBECONFIG", namespace.kubeconfig())
        .env("LANG", "C.UTF-8")
        .env("USER", "dana")
        .stdout(writer.try_clone().expect("a pipe"))
        .stderr(writer)
        .spawn()
        .expect("rb starts");
    let mut said = String::new();
    reader.read_to_string(&mut said).expect("rb speaks UTF-8");
    child.wait().expect("rb ends");
    said
}

/// Words as a shell reads them, as far as the demo needs it: double quotes.
fn typed_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// What is the same in every run: without times, random names, counts that go on, progress.
fn without_chance(text: &str) -> String {
    let lines = text.lines().filter(|line| !is_progress(line));
    lines.map(|line| without_chance_in_line(line) + "\n").collect()
}

/// `     3s  2 of 4 updated, …`
fn is_progress(line: &str) -> bool {
    line.starts_with("    ") && line.split_whitespace().next().is_some_and(is_time)
}

fn without_chance_in_line(line: &str) -> String {
    let line = line
        .replace(": Error, exit", ": CrashLoopBackOff, exit")
        .replace(", in less than ", ", after ");
    // Where a row of the card is cut depends on how long the times in it are.
    let line = match line.rsplit_once(", ") {
        Some((kept, _)) if line.ends_with("...") && line.starts_with("  now ") => kept,
        _ => line.as_str(),
    };
    let mut words: Vec<String> = Vec::new();
    for word in line.split_whitespace() {
        let core = word.trim_end_matches([',', ':', ')']);
        let end = word.get(core.len()..).unwrap_or_default();
        let shown = match core {
            core if is_time(core) => "TIME",
            core if core.starts_with("checkout-") => "POD",
            "restart" | "restarts" => {
                words.pop();
                "RESTARTS"
            }
            core => core,
        };
        words.push(format!("{shown}{end}"));
    }
    words.join(" ")
}

/// `6s`, `2m10s`, `0.4s`.
fn is_time(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        && word.ends_with(['s', 'm', 'h', 'd'])
        && word.chars().all(|c| c.is_ascii_digit() || ".smhd".contains(c))
}

/// The manifest of the Role in the README.
fn role() -> String {
    let block = block("role");
    block.trim_start_matches("```yaml\n").trim_end_matches("```\n").to_owned()
}

fn bind_role(namespace: &Namespace, user: &str, role: &str) {
    let binding = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": user},
        "subjects": [{"kind": "User", "name": user, "apiGroup": "rbac.authorization.k8s.io"}],
        "roleRef": {"kind": "Role", "name": "rb", "apiGroup": "rbac.authorization.k8s.io"}});
    namespace.apply(&format!("{role}---\n{binding}"));
    let kubeconfig = format!("--kubeconfig={}", namespace.user(user).display());
    namespace.wait_until("the Role holds", |namespace| {
        namespace.kubectl(&[&kubeconfig, "auth", "can-i", "create", "events"]).code == 0
    });
}

/// Compares a block of the README with what it should be, both after `view`; or writes it there.
#[track_caller]
fn holds(name: &str, should: &str, view: fn(&str) -> String) {
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        let _alone = REWRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let readme = readme();
        let [before, _, after] = around(&readme, name);
        fs::write(readme_path(), format!("{before}{should}{after}")).expect("README.md is written");
    }
    assert_data_eq!(view(&block(name)), view(should).raw());
}

/// The lines between `<!-- NAME: … -->` and `<!-- /NAME -->`.
#[track_caller]
fn block(name: &str) -> String {
    around(&readme(), name)[1].to_owned()
}

/// What is before a block, the block, and what is after it.
#[track_caller]
fn around<'a>(readme: &'a str, name: &str) -> [&'a str; 3] {
    let open = readme.find(&format!("<!-- {name}:"));
    let start = open.and_then(|open| Some(open + readme[open..].find("-->\n")? + 4));
    let end = readme.find(&format!("<!-- /{name} -->"));
    let (Some(start), Some(end)) = (start, end) else { panic!("README.md has no block {name}") };
    [&readme[..start], &readme[start..end], &readme[end..]]
}

/// The code in a Markdown text: lines of fenced blocks and spans between backquotes.
fn pieces_of_code(markdown: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut fenced = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            let code = line.split(" # ").next().unwrap_or_default();
            pieces.push(code.trim_end().to_owned());
        } else {
            pieces.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    pieces
}

/// `--yes` and `-n` in a text.
pub(crate) fn flags(text: &str) -> BTreeSet<String> {
    text.split(|c: char| c.is_whitespace() || ",[]=<>\"'".contains(c))
        .filter(|word| word.starts_with('-'))
        .filter(|word| word.trim_start_matches('-').starts_with(|c: char| c.is_ascii_alphabetic()))
        .map(str::to_owned)
        .collect()
}

fn readme() -> String {
    fs::read_to_string(readme_path()).expect("README.md")
}

fn readme_path() -> PathBuf {
    root().join("README.md")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
