//! The shape of the source tree: which part may use which, how long a file may be, what a file may
//! be called, where kube and printing live. Input: the files of this checkout. It reads text and
//! builds nothing; `rust_text.rs` finds the paths in it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::rust_text::{Reference, identifiers, references};
use crate::suite::{Test, pure};

/// The floors, the highest first: each part of the library and the parts it may use. A part is a
/// module and everything below it that is not a part itself.
const FLOORS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    (
        "cli",
        &[
            "app",
            "report",
            "terminal",
            "durable",
            "revert",
            "rollback",
            "backend",
            "probe",
            "reconciler",
            "facts",
            "git",
            "hosting",
            "cluster",
            "config",
            "rollback::model",
            "error",
            "exit",
            "text",
        ],
    ),
    (
        "app",
        &[
            "report",
            "terminal",
            "durable",
            "revert",
            "rollback",
            "backend",
            "probe",
            "reconciler",
            "facts",
            "git",
            "hosting",
            "cluster",
            "config",
            "rollback::model",
            "error",
            "exit",
            "text",
        ],
    ),
    ("report", &["terminal", "rollback::model", "error", "exit", "text"]),
    ("terminal", &["report", "rollback::model", "error", "exit", "text"]),
    (
        "rollback",
        &[
            "backend",
            "probe",
            "reconciler",
            "facts",
            "git",
            "hosting",
            "cluster",
            "config",
            "rollback::model",
            "error",
            "exit",
            "text",
        ],
    ),
    (
        "durable",
        &[
            "revert",
            "rollback",
            "backend",
            "probe",
            "reconciler",
            "facts",
            "git",
            "hosting",
            "cluster",
            "config",
            "rollback::model",
            "error",
            "exit",
            "text",
        ],
    ),
    ("revert", &["git", "hosting", "rollback::model", "error", "exit", "text"]),
    ("backend", &["cluster", "rollback::model", "error", "exit", "text"]),
    (
        "probe",
        &["backend", "reconciler", "facts", "cluster", "rollback::model", "error", "exit", "text"],
    ),
    ("reconciler", &["facts", "git", "cluster", "rollback::model", "error", "exit", "text"]),
    ("facts", &["cluster", "error", "exit", "text"]),
    ("git", &["rollback::model", "error", "exit", "text"]),
    ("hosting", &["cluster", "rollback::model", "error", "exit", "text"]),
    ("cluster", &["error", "exit", "text"]),
    ("config", &["rollback::model", "error", "exit", "text"]),
    ("rollback::model", &["error", "exit", "text"]),
    ("error", &["exit", "text"]),
    ("exit", &["error", "text"]),
    ("text", &["error", "exit"]),
];

/// No file is longer.
const LONGEST: usize = 700;
/// Files longer than this are listed in `LONG_FILES`.
const LONG: usize = 400;
/// The files that may be longer than `LONG`, each with the reason.
const LONG_FILES: &[(&str, &str)] = &[];
/// The median length of the files of `src` stays below this.
const MEDIAN: usize = 150;

/// Names that say nothing about what is in a file.
const EMPTY_NAMES: [&str; 8] =
    ["util", "utils", "helper", "helpers", "common", "manager", "misc", "shared"];
/// Macros that print past the reporters.
const PRINTING: [&str; 5] = ["println", "eprintln", "print", "eprint", "dbg"];

pub(crate) fn tests() -> Vec<Test> {
    pure![
        a_climb_is_seen,
        each_part_uses_lower_floors_only,
        every_module_stands_in_the_table_of_floors,
        files_are_short,
        file_names_say_what_is_in_them,
        kube_is_used_in_cluster_only,
        nothing_prints_past_the_reporters,
        there_is_one_integration_test_program,
    ]
}

/// A source file: its path in the checkout and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The path of its module: `src/cli/undo.rs` is `cli`, `undo`.
    fn module(&self) -> Vec<String> {
        let path = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        path.split('/').map(str::to_owned).collect()
    }

    fn references(&self) -> Vec<Reference> {
        references(&self.text, &self.module())
    }

    fn lines(&self) -> usize {
        self.text.lines().count()
    }
}

fn each_part_uses_lower_floors_only() {
    let report: String = sources("src").iter().map(climbs).collect();
    assert!(
        report.is_empty(),
        "A part uses its own floor and lower ones only:\n{report}\
         Move what is needed down to a floor that both may use, or hand it in as an argument. The \
         table is FLOORS in tests/it/tree.rs."
    );
}

/// What a file uses of a floor above its own.
fn climbs(source: &Source) -> String {
    let mut report = String::new();
    let Some((part, allowed)) = floor_of(&source.module()) else { return report };
    for Reference { path, line } in source.references() {
        let Some((used, _)) = floor_of(&path) else { continue };
        if used != part && !allowed.contains(&used) {
            let name = &source.path;
            let path = path.join("::");
            let _ = writeln!(report, "{name}:{line}: `{part}` uses `{used}` ({path})");
        }
    }
    report
}

fn a_climb_is_seen() {
    for (path, text, is_climb) in [
        ("src/cluster/retry.rs", "use crate::rollback::model::plan::Plan;", true),
        ("src/rollback/model/plan.rs", "use super::super::planner::Planner;", true),
        ("src/rollback/model/plan.rs", "use super::revision::Revision;", false),
        ("src/rollback/planner.rs", "use super::model::plan::Plan;", false),
        ("src/backend/read.rs", "fn f() { crate::rollback::snapshot::take() }", true),
        ("src/report/card.rs", "use crate::{rollback::{model::plan::Plan, execute}, text};", true),
        ("src/app.rs", "use crate::cli::main;", true),
        ("src/main.rs", "use kubectl_rb::rollback;", true),
    ] {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        assert_eq!(!climbs(&source).is_empty(), is_climb, "{path}: {text}");
    }
}

fn every_module_stands_in_the_table_of_floors() {
    let library = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let declared: Vec<&str> = library
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("pub ").strip_prefix("mod "))
        .filter_map(|rest| rest.strip_suffix(';'))
        .collect();
    assert!(!declared.is_empty(), "src/lib.rs declares no module");
    let missing: Vec<&&str> =
        declared.iter().filter(|name| !FLOORS.iter().any(|(part, _)| part == *name)).collect();
    assert!(
        missing.is_empty(),
        "{missing:?}: say in FLOORS (tests/it/tree.rs) on which floor it stands"
    );
}

fn files_are_short() {
    let mut report = String::new();
    for source in ["src", "tests", "examples", "benches"].into_iter().flat_map(sources) {
        let lines = source.lines();
        let listed = LONG_FILES.iter().any(|(path, _)| *path == source.path);
        if lines > LONGEST {
            let _ =
                writeln!(report, "{}: {lines} lines, at most {LONGEST}: divide it", source.path);
        } else if lines > LONG && !listed {
            let _ = writeln!(
                report,
                "{}: {lines} lines: divide it, or list it in LONG_FILES with a reason",
                source.path
            );
        }
    }
    let mut lengths: Vec<usize> = sources("src").iter().map(Source::lines).collect();
    lengths.sort_unstable();
    let median = lengths.get(lengths.len() / 2).copied().unwrap_or_default();
    if median >= MEDIAN {
        let _ = writeln!(report, "the median of src is {median} lines, below {MEDIAN} wanted");
    }
    assert!(report.is_empty(), "{report}");
}

fn file_names_say_what_is_in_them() {
    let vague: Vec<String> = ["src", "tests", "examples", "benches"]
        .into_iter()
        .flat_map(sources)
        .map(|source| source.path)
        .filter(|path| {
            path.trim_end_matches(".rs").split('/').any(|part| EMPTY_NAMES.contains(&part))
        })
        .collect();
    assert!(vague.is_empty(), "name these after what they do: {vague:?}");
}

fn kube_is_used_in_cluster_only() {
    let outside: Vec<String> = sources("src")
        .into_iter()
        .filter(|source| source.module().first().is_none_or(|part| part != "cluster"))
        .filter(|source| identifiers(&source.text).iter().any(|word| word.is_path_start("kube")))
        .map(|source| source.path)
        .collect();
    assert!(
        outside.is_empty(),
        "kube lives in src/cluster and nowhere else; ask `Cluster` for what you need: {outside:?}"
    );
}

fn nothing_prints_past_the_reporters() {
    let mut found = BTreeSet::new();
    for source in sources("src") {
        for word in identifiers(&source.text) {
            let prints = word.next == "!" && PRINTING.contains(&word.text);
            let exits = word.text == "exit" && word.previous == "::" && word.before == "process";
            if prints || exits {
                found.insert(format!("{}:{}: {}", source.path, word.line, word.text));
            }
        }
    }
    assert!(
        found.is_empty(),
        "stdout, stderr and the exit code belong to the console and to main: {found:#?}"
    );
}

fn there_is_one_integration_test_program() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("Cargo.toml");
    let targets = manifest.lines().filter(|line| line.trim() == "[[test]]").count();
    let automatic = !manifest.lines().any(|line| line.trim() == "autotests = false");
    let mains: Vec<String> = sources("tests")
        .into_iter()
        .map(|source| source.path)
        .filter(|path| path.ends_with("/main.rs") || path.matches('/').count() == 1)
        .collect();
    assert!(
        targets == 1 && !automatic && mains == ["tests/it/main.rs"],
        "one program runs all integration tests, so that one test bed serves them: a new test is a \
         module of tests/it ({targets} [[test]] in Cargo.toml, found {mains:?})"
    );
}

/// The part that a path belongs to: the longest entry of the table that it begins with.
fn floor_of(path: &[String]) -> Option<(&'static str, &'static [&'static str])> {
    let begins = |part: &str| {
        let mut rest = path.iter();
        part.split("::").all(|name| rest.next().is_some_and(|word| word == name))
    };
    FLOORS.iter().filter(|(part, _)| begins(part)).max_by_key(|(part, _)| part.len()).copied()
}

/// All Rust files of a folder of this checkout.
fn sources(folder: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the checkout") {
            let path = entry.expect("an entry of the checkout").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(source(&path));
            }
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

fn source(path: &Path) -> Source {
    let name = path.strip_prefix(root()).expect("a path of the checkout");
    Source {
        path: name.to_string_lossy().into_owned(),
        text: fs::read_to_string(path).expect("a Rust file"),
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
