//! Reverts each of the newest thousand commits of a history, with rb and with `git revert`, on the same
//! tip. Both have rename detection off: `-Xno-renames` with the strategy that heeds it, and a test shows
//! that it makes a difference. What differs must have a reason of [`Reason`]; all are counted.

use std::collections::{BTreeMap, BTreeSet};

use kubectl_rb::git::Oid;
use kubectl_rb::git::branch::Branch;
use kubectl_rb::git::repository::Repository;
use kubectl_rb::git::revert::{Request, attempt};
use kubectl_rb::rollback::model::revert::{Attempt, ConflictReason, Mode};

use super::exceptions::History;
use super::histories::{self, Kind};
use super::reference::{self, Answer, Reference};
use super::scribe::{Files, Scribe, branch, git};
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    pure![
        bumps_are_reverted_as_git_reverts_them,
        moves_are_reverted_as_git_reverts_them,
        merges_are_reverted_as_git_reverts_them,
        git_itself_edits_another_app_without_the_option,
    ]
}

/// How many commits are compared.
const COMPARED: usize = 1_000;

/// Where the two agree, or why they may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    SameTree,
    SameConflicts,
    /// git has a conflict in a file that an earlier revert, which says so, took the change out of
    /// already; rb looks there and leaves the file as it is. All else is the same, and
    /// [`History::why_not_out`] finds nothing that speaks against it.
    RevertedBefore,
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
    git(scribe.path(), &["commit-graph", "write", "--reachable"]);
    let reverts = Reverts::new(&scribe);
    let list = git(scribe.path(), &["rev-list", "--topo-order", "--parents", "-n", "1000", "main"]);
    let parsed = list.lines().map(|line| {
        let (id, parents) = line.split_once(' ').expect("no first commit among the newest");
        (id.to_owned(), parents.contains(' '))
    });
    let commits: Vec<(String, bool)> = parsed.collect();
    assert_eq!(commits.len(), COMPARED);
    let mut counts: BTreeMap<Reason, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    for ((id, is_merge), expected) in commits.iter().zip(reference::answers(&scribe, &commits)) {
        let found = reverts.revert(id, *is_merge);
        match reverts.judge(id, &expected, &found) {
            Ok(reason) => *counts.entry(reason).or_default() += 1,
            Err(why) => wrong.push(format!("{id}: {why}\n  git {expected:?}\n  rb {found:?}")),
        }
    }
    assert!(wrong.is_empty(), "{counts:?}\n{}", wrong.join("\n"));
    // The histories are the same in every run, and so is what comes out.
    let [tree, conflicts, reverted] = match kind {
        Kind::Bumps => [224, 773, 3],
        Kind::Moves => [391, 606, 3],
        Kind::Merges => [327, 669, 4],
    };
    let expected = [
        (Reason::SameTree, tree),
        (Reason::SameConflicts, conflicts),
        (Reason::RevertedBefore, reverted),
    ];
    assert_eq!(counts, expected.into());
}

/// What rb makes of a commit.
#[derive(Debug)]
enum Found {
    Tree(String),
    /// By path, with the reason.
    Conflicts(BTreeMap<String, ConflictReason>),
}

/// rb on a history.
struct Reverts {
    repository: Repository,
    main: Branch,
    tree_of_tip: String,
    history: History,
}

impl Reverts {
    fn new(scribe: &Scribe) -> Self {
        let repository = Repository::open(scribe.path()).expect("a repository");
        let main = branch(scribe.path(), "main");
        let tree_of_tip = repository.tree_id(main.tip).expect("a tree").to_string();
        Self { repository, main, tree_of_tip, history: History::of(scribe.path()) }
    }

    fn revert(&self, id: &str, is_merge: bool) -> Found {
        let commits = [Oid::from_str(id).expect("an id")];
        let request = Request {
            branch: &self.main,
            commits: &commits,
            mode: Mode::Revert,
            paths: &[],
            good: None,
            mainline: is_merge.then_some(1),
        };
        let attempt = attempt(&self.repository, &request);
        match attempt.unwrap_or_else(|error| panic!("{id}: {error}")) {
            Attempt::Clean(reverted) => Found::Tree(reverted.tree),
            Attempt::Nothing(_) => Found::Tree(self.tree_of_tip.clone()),
            Attempt::Blocked(blocked) => {
                let conflicts = blocked.conflicts.iter();
                Found::Conflicts(
                    conflicts
                        .map(|conflict| (conflict.path.to_string(), conflict.reason))
                        .collect(),
                )
            }
        }
    }

    /// Where the two agree, or why it is right that they do not; else what is wrong.
    fn judge(&self, id: &str, expected: &Answer, found: &Found) -> Result<Reason, String> {
        match (expected, found) {
            (Answer::Tree(expected), Found::Tree(found)) if expected == found => {
                Ok(Reason::SameTree)
            }
            (Answer::Conflicts { paths, rest }, Found::Tree(tree)) => {
                // All that git could merge is the same, and the others are as they were.
                if rest != tree {
                    return Err("another tree".to_owned());
                }
                self.reverted_before(id, paths.iter())
            }
            (Answer::Conflicts { paths, .. }, Found::Conflicts(found)) => {
                let own: BTreeSet<&String> = found.keys().collect();
                let gits: BTreeSet<&String> = paths.iter().collect();
                if own == gits {
                    return Ok(Reason::SameConflicts);
                }
                if own.is_subset(&gits) {
                    return self.reverted_before(id, gits.difference(&own).copied());
                }
                Err("other conflicts".to_owned())
            }
            _ => Err("git and rb differ".to_owned()),
        }
    }

    fn reverted_before<'a>(
        &self,
        id: &str,
        mut paths: impl Iterator<Item = &'a String>,
    ) -> Result<Reason, String> {
        let wrong = paths.find_map(|path| {
            let why = self.history.why_not_out(id, path)?;
            Some(format!("{path}: {why}"))
        });
        wrong.map_or(Ok(Reason::RevertedBefore), Err)
    }
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
    let reference = Reference::new(&scribe);
    let work = reference.work();
    git(work, &["revert", "--no-commit", &bad]);
    assert_eq!(git(work, &["diff", "--cached", "--name-only", "HEAD"]), "other/ks.yaml");
    git(work, &["reset", "--quiet", "--hard"]);
    // The strategy alone finds it, too: it is the option that counts.
    assert!(matches!(
        reference.revert_with(&["--strategy=recursive"], &bad, false),
        Answer::Tree(_)
    ));
    let Answer::Conflicts { paths, .. } = reference.revert(&bad, false) else {
        panic!("renames are detected")
    };
    assert_eq!(paths, ["old/ks.yaml".to_owned()].into());
    let Found::Conflicts(found) = Reverts::new(&scribe).revert(&bad, false) else {
        panic!("no conflict")
    };
    assert_eq!(found, [("old/ks.yaml".to_owned(), ConflictReason::Deleted)].into());
}
