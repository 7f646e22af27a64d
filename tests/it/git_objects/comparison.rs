//! Reverts each of the newest thousand commits of a history, with rb and with `git revert`, on the same
//! tip. Both have rename detection off: `-Xno-renames` with the strategy that heeds it, and a test shows
//! that it makes a difference. What differs must have one of the reasons of [`Reason`], which are counted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use kubectl_rb::git::Oid;
use kubectl_rb::git::branch::Branch;
use kubectl_rb::git::repository::Repository;
use kubectl_rb::git::revert::{Request, attempt};
use kubectl_rb::rollback::model::revert::{Attempt, ConflictReason, Mode, Nothing};

use super::histories::{self, Kind};
use super::scribe::{Files, Scribe, branch, command, git};
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        bumps_are_reverted_as_git_reverts_them,
        moves_are_reverted_as_git_reverts_them,
        merges_are_reverted_as_git_reverts_them,
        git_itself_edits_another_app_without_the_option,
    ]
}

/// `-Xno-renames` alone is not heeded before git 2.50, whose strategy `ort` finds renames whatever it is
/// told. Since then `recursive` is another name for it.
const NO_RENAMES: [&str; 2] = ["--strategy=recursive", "-Xno-renames"];
/// How many commits are compared.
const COMPARED: usize = 1_000;

/// What a revert comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Result {
    /// A tree; that of the tip where nothing changes.
    Tree(String),
    /// The files with conflicts.
    Conflicts(BTreeSet<String>),
}

/// Where the two agree, or why they may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    SameTree,
    SameConflicts,
    /// git has a conflict in a file that an earlier revert, which says so, took the change out of
    /// already; rb looks there and leaves the file as it is.
    RevertedBefore,
    /// A folder stands where a file would be. Both have the conflict; git gives the file another name.
    Folder,
}

fn bumps_are_reverted_as_git_reverts_them() {
    compare(Kind::Bumps);
}

fn moves_are_reverted_as_git_reverts_them() {
    compare(Kind::Moves);
}

fn merges_are_reverted_as_git_reverts_them() {
    compare(Kind::Merges);
}

fn compare(kind: Kind) {
    let scribe = histories::write(kind);
    let (_folder, work) = scribe.checkout();
    let repository = Repository::open(scribe.path()).expect("a repository");
    let main = branch(scribe.path(), "main");
    let list = git(scribe.path(), &["rev-list", "--topo-order", "--parents", "-n", "1000", "main"]);
    let reverted = reverted_by_message(scribe.path());
    let mut counts: BTreeMap<Reason, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for line in list.lines() {
        let (id, parents) = line.split_once(' ').expect("no first commit among the newest");
        let is_merge = parents.contains(' ');
        let expected = with_git(&work, id, is_merge);
        let (found, reasons) = with_rb(&repository, &main, id, is_merge);
        match reason(&expected, &found, &reasons, reverted.contains(id)) {
            Some(reason) => *counts.entry(reason).or_default() += 1,
            None => unexplained.push(format!("{id}: git {expected:?}, rb {found:?}")),
        }
    }
    assert!(unexplained.is_empty(), "{counts:?}\n{}", unexplained.join("\n"));
    assert_eq!(counts.values().sum::<usize>(), COMPARED);
    let at_least = |reason: Reason, wanted: usize| {
        let count = counts.get(&reason).copied().unwrap_or_default();
        assert!(count >= wanted, "{reason:?}: {count} of at least {wanted} ({counts:?})");
    };
    // A history in which all is clean, or nothing, would prove little.
    at_least(Reason::SameTree, 100);
    at_least(Reason::SameConflicts, 100);
    at_least(Reason::RevertedBefore, 1);
    let exceptions = COMPARED - counts[&Reason::SameTree] - counts[&Reason::SameConflicts];
    assert!(exceptions <= COMPARED / 20, "{counts:?}");
}

fn reason(
    expected: &Result,
    found: &Result,
    reasons: &BTreeSet<String>,
    reverted: bool,
) -> Option<Reason> {
    match (expected, found) {
        (Result::Tree(expected), Result::Tree(found)) if expected == found => {
            Some(Reason::SameTree)
        }
        (Result::Conflicts(expected), Result::Conflicts(found)) if expected == found => {
            Some(Reason::SameConflicts)
        }
        (Result::Conflicts(_), Result::Conflicts(_)) if reasons.contains("Folder") => {
            Some(Reason::Folder)
        }
        (Result::Conflicts(expected), Result::Conflicts(found))
            if reverted && found.is_subset(expected) =>
        {
            Some(Reason::RevertedBefore)
        }
        (Result::Conflicts(_), Result::Tree(_)) if reverted => Some(Reason::RevertedBefore),
        _ => None,
    }
}

/// The commits that a message on the branch says it reverts.
fn reverted_by_message(folder: &Path) -> BTreeSet<String> {
    let bodies = git(folder, &["log", "--format=%b", "main"]);
    let named = bodies.lines().filter_map(|line| line.strip_prefix("This reverts commit "));
    named.map(|id| id.trim_end_matches('.').to_owned()).collect()
}

fn with_rb(
    repository: &Repository,
    main: &Branch,
    id: &str,
    is_merge: bool,
) -> (Result, BTreeSet<String>) {
    let commits = [Oid::from_str(id).expect("an id")];
    let request = Request {
        branch: main,
        commits: &commits,
        mode: Mode::Revert,
        paths: &[],
        good: None,
        mainline: is_merge.then_some(1),
    };
    let none = BTreeSet::new();
    match attempt(repository, &request).unwrap_or_else(|error| panic!("{id}: {error}")) {
        Attempt::Clean(reverted) => (Result::Tree(reverted.tree), none),
        Attempt::Nothing(Nothing { .. }) => {
            let tip = git(repository.git_dir(), &["rev-parse", "main^{tree}"]);
            (Result::Tree(tip), none)
        }
        Attempt::Blocked(blocked) => {
            let reasons = blocked.conflicts.iter();
            let reasons = reasons.map(|conflict| format!("{:?}", conflict.reason)).collect();
            let paths = blocked.conflicts.iter();
            let paths = paths.map(|conflict| conflict.path.to_string()).collect();
            (Result::Conflicts(paths), reasons)
        }
    }
}

/// Reverts in a checkout, reads what is in the index, and tidies up.
fn with_git(work: &Path, id: &str, is_merge: bool) -> Result {
    let mut revert = command(work);
    revert.args(["revert", "--no-commit"]).args(NO_RENAMES);
    if is_merge {
        revert.args(["-m", "1"]);
    }
    let output = revert.arg(id).output().expect("git");
    let has_conflicts = !output.status.success();
    let result = if has_conflicts {
        let unmerged = git(work, &["ls-files", "--unmerged"]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!unmerged.is_empty(), "git revert {id}: {error}");
        let path = |line: &str| line.split_once('\t').expect("a path").1.to_owned();
        Result::Conflicts(unmerged.lines().map(path).collect())
    } else {
        // It fails where something is unmerged.
        Result::Tree(git(work, &["write-tree"]))
    };
    git(work, &["reset", "--quiet", "--hard"]);
    if has_conflicts {
        git(work, &["clean", "--quiet", "-ffdx"]);
    }
    result
}

/// With rename detection, `git revert` takes a change that another app made out of a near-identical
/// file. Without, it has a conflict; and so has rb.
fn git_itself_edits_another_app_without_the_option() {
    let text = |value: &str| {
        let lines: String = (0..30).map(|line| format!("line {line}\n")).collect();
        (0o100_644, format!("{lines}value: {value}\n").into_bytes())
    };
    let files = |list: &[(&str, &str)]| -> Files {
        list.iter().map(|(path, value)| ((*path).to_owned(), text(value))).collect()
    };
    let mut scribe = Scribe::new(0);
    let states = [
        files(&[("old/ks.yaml", "good")]),
        files(&[("old/ks.yaml", "bad")]),
        files(&[("other/ks.yaml", "bad")]),
    ];
    let mut before = Files::new();
    let mut tip = Vec::new();
    for state in states {
        tip = vec![scribe.commit(&tip, "x", &before, &state)];
        before = state;
    }
    scribe.import();
    let bad = git(scribe.path(), &["rev-parse", "main~1"]);
    let (_folder, work) = scribe.checkout();
    git(&work, &["revert", "--no-commit", &bad]);
    assert_eq!(git(&work, &["diff", "--cached", "--name-only", "HEAD"]), "other/ks.yaml");
    git(&work, &["reset", "--quiet", "--hard"]);
    let conflicts = Result::Conflicts(["old/ks.yaml".to_owned()].into());
    assert_eq!(with_git(&work, &bad, false), conflicts);
    let repository = Repository::open(scribe.path()).expect("a repository");
    let main = branch(scribe.path(), "main");
    let (found, reasons) = with_rb(&repository, &main, &bad, false);
    assert_eq!(found, conflicts);
    assert!(reasons.contains(&format!("{:?}", ConflictReason::Deleted)));
}
