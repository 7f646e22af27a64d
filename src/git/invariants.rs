//! What must be true of a revert before anything of it leaves this machine. Each rule looks at the
//! trees themselves and trusts nothing that the revert says about itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use git2::Oid;

use crate::error::{Error, ErrorKind, Result};
use crate::git::branch::Branch;
use crate::git::failure::shallow_boundary;
use crate::git::manifest::apps;
use crate::git::manifest::manifests;
use crate::git::repository::{Repository, raw_parents};
use crate::git::tree::draft::Draft;
use crate::git::tree::entry::Entry;
use crate::git::tree::paths::covers;
use crate::git::tree::tree_changes::{Change, between};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::{Mode, Reverted};
use crate::text::{plural, sanitize};

/// The tree without an entry.
const EMPTY_TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

/// A rule. It stands behind an [`Error`] as its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The target is a branch, and the revert was made on its tip.
    BranchTip,
    /// The files that change are those that are listed.
    ListedFiles,
    /// No file changes that the commits did not change, or that lies outside the paths.
    ForeignPaths,
    /// Files are as they were before the commits.
    ExpectedContent,
    /// No more files are deleted than the commits added.
    MassDelete,
    /// Something changes.
    Empty,
    /// Something is left.
    EmptyTree,
    /// The folders of apps that were there before the commits stay.
    AppFolder,
    /// What is YAML can be read.
    Manifests,
}

impl Rule {
    /// The word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::BranchTip => "branch_tip",
            Self::ListedFiles => "listed_files",
            Self::ForeignPaths => "foreign_paths",
            Self::ExpectedContent => "expected_content",
            Self::MassDelete => "mass_delete",
            Self::Empty => "empty",
            Self::EmptyTree => "empty_tree",
            Self::AppFolder => "app_folder",
            Self::Manifests => "manifests",
        }
    }

    /// The rule behind an error, where it is about one.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        std::error::Error::source(error)?.downcast_ref::<Broken>().map(|broken| broken.rule)
    }
}

/// A rule, and how it is broken.
#[derive(Debug)]
struct Broken {
    rule: Rule,
    why: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Broken {}

fn broken(rule: Rule, message: impl Into<String>, why: impl Into<String>) -> Error {
    Error::new(ErrorKind::Refused, message).because(Broken { rule, why: why.into() })
}

/// Holds a revert against all rules. `allow_delete` files may be deleted beyond those that the commits
/// added. Fails with [`ErrorKind::Refused`] and a [`Rule`] behind it, or with
/// [`super::ShallowBoundary`].
pub fn check(
    repository: &Repository,
    branch: &Branch,
    reverted: &Reverted,
    allow_delete: usize,
) -> Result<()> {
    let facts = Facts::gather(repository, branch, reverted)?;
    something_changes(&facts)?;
    something_is_left(&facts)?;
    files_are_as_listed(&facts)?;
    paths_are_a_subset(&facts)?;
    content_is_as_before(&facts)?;
    deletes_only_what_was_added(&facts, allow_delete)?;
    app_folders_stay(&facts)?;
    manifests_can_be_read(&facts)
}

/// A commit that is taken out.
struct Bad {
    parent_tree: Oid,
    /// From good to bad.
    changes: Vec<Change>,
}

/// What the rules look at.
struct Facts<'a> {
    repository: &'a Repository,
    reverted: &'a Reverted,
    tip_tree: Oid,
    tree: Oid,
    /// From the tip to the result.
    files: Vec<Change>,
    /// Newest first.
    bads: Vec<Bad>,
    /// Those that are taken out along.
    also: Vec<Bad>,
    good_tree: Option<Oid>,
}

impl<'a> Facts<'a> {
    fn gather(repository: &'a Repository, branch: &Branch, reverted: &'a Reverted) -> Result<Self> {
        branch_is_at_its_tip(branch, reverted)?;
        let tip_tree = repository.find_commit(id(&reverted.tip)?)?.tree_id();
        let tree = id(&reverted.tree)?;
        let mut bads = Vec::new();
        for (commit, parent) in reverted.commits.iter().zip(&reverted.parents) {
            bads.push(parents_are_whole(repository, id(&commit.id)?, Some(id(parent)?))?);
        }
        let mut also = Vec::new();
        for commit in &reverted.also {
            also.push(parents_are_whole(repository, id(&commit.id)?, None)?);
        }
        let good = reverted.good.as_deref().map(id).transpose()?;
        let good = good.map(|id| repository.find_commit(id)).transpose()?;
        Ok(Self {
            files: between(repository, Some(tip_tree), Some(tree))?,
            good_tree: good.map(|good| good.tree_id()),
            repository,
            reverted,
            tip_tree,
            tree,
            bads,
            also,
        })
    }

    fn changed_by_bads(&self) -> BTreeSet<&GitPath> {
        self.bads.iter().flat_map(|bad| &bad.changes).map(|change| &change.path).collect()
    }
}

fn id(text: &str) -> Result<Oid> {
    Oid::from_str(text).map_err(|_| {
        Error::new(ErrorKind::Usage, format!("{} is no full id of an object", sanitize(text)))
    })
}

/// The target is a branch, and nothing came onto it since.
fn branch_is_at_its_tip(branch: &Branch, reverted: &Reverted) -> Result<()> {
    if branch.tip.to_string() == reverted.tip {
        return Ok(());
    }
    let name = &branch.name;
    let message = format!("the revert was made on another tip of {name}");
    let why = format!("it was made on {}, and {name} is at {}", reverted.tip, branch.tip);
    Err(broken(Rule::BranchTip, message, why))
}

/// Every commit has the parents that its own text names: one at a shallow boundary seems to have added
/// every file, and its revert would delete them.
fn parents_are_whole(repository: &Repository, id: Oid, parent: Option<Oid>) -> Result<Bad> {
    let commit = repository.find_commit(id)?;
    if raw_parents(&commit) != commit.parent_count() {
        return Err(shallow_boundary(id));
    }
    let mut parents = commit.parent_ids();
    let parent = match parent {
        Some(wanted) => parents.find(|id| *id == wanted),
        None => parents.next(),
    };
    let Some(parent) = parent else {
        let message = format!("commit {id} is measured against a commit that is no parent of it");
        return Err(Error::new(ErrorKind::Refused, message));
    };
    let parent_tree = repository.find_commit(parent)?.tree_id();
    let changes = between(repository, Some(parent_tree), Some(commit.tree_id()))?;
    Ok(Bad { parent_tree, changes })
}

fn something_changes(facts: &Facts<'_>) -> Result<()> {
    if facts.tree != facts.tip_tree {
        return Ok(());
    }
    let why = "its tree is that of the branch";
    Err(broken(Rule::Empty, "the revert changes nothing", why))
}

fn something_is_left(facts: &Facts<'_>) -> Result<()> {
    let tree = facts.repository.tree(facts.tree)?;
    if !tree.is_empty() && facts.tree.to_string() != EMPTY_TREE {
        return Ok(());
    }
    Err(broken(Rule::EmptyTree, "the revert leaves nothing", "its tree has no entry"))
}

/// What was shown is what happens.
fn files_are_as_listed(facts: &Facts<'_>) -> Result<()> {
    let real: Vec<_> = facts.files.iter().map(Change::view).collect();
    if real == facts.reverted.files {
        return Ok(());
    }
    let other = real.iter().find(|file| !facts.reverted.files.contains(file));
    let other = other.or_else(|| facts.reverted.files.iter().find(|file| !real.contains(file)));
    let path = other.map(|file| file.path.to_string()).unwrap_or_default();
    let message = "the revert changes other files than those that it lists";
    Err(broken(Rule::ListedFiles, message, format!("e.g. {}", sanitize(&path))))
}

fn paths_are_a_subset(facts: &Facts<'_>) -> Result<()> {
    let (paths, changed) = (&facts.reverted.paths, facts.changed_by_bads());
    for file in &facts.files {
        let path = sanitize(&file.path.to_string()).into_owned();
        if !covers(paths, &file.path) {
            let message = format!("the revert changes {path}");
            return Err(broken(Rule::ForeignPaths, message, "it lies outside the paths"));
        }
        if facts.reverted.mode != Mode::Restore && !changed.contains(&file.path) {
            let message = format!("the revert changes {path}");
            return Err(broken(Rule::ForeignPaths, message, "the reverted commits did not"));
        }
    }
    Ok(())
}

/// Where nothing came in between, a file is exactly as it was; and a restored path in any case.
fn content_is_as_before(facts: &Facts<'_>) -> Result<()> {
    let mut now = Draft::on(facts.repository, facts.tree);
    if facts.reverted.mode == Mode::Restore {
        let Some(good) = facts.good_tree else {
            let message = "the restore does not say to which commit";
            return Err(broken(Rule::ExpectedContent, message, "it names none"));
        };
        let mut good = Draft::on(facts.repository, good);
        for path in &facts.reverted.paths {
            if now.get(path)? != good.get(path)? {
                return Err(unexpected(path));
            }
        }
        return Ok(());
    }
    for (path, expected) in expected(facts)? {
        if covers(&facts.reverted.paths, path)
            && now.get(path)?.filter(|entry| !entry.is_tree()) != expected
        {
            return Err(unexpected(path));
        }
    }
    Ok(())
}

fn unexpected(path: &GitPath) -> Error {
    let message = format!("{} is not as it was before", sanitize(&path.to_string()));
    broken(Rule::ExpectedContent, message, "the revert made something else of it")
}

/// The files that the tip has as the bad commits left them, and what they were before.
fn expected<'a>(facts: &'a Facts<'_>) -> Result<BTreeMap<&'a GitPath, Option<Entry>>> {
    let mut tip = Draft::on(facts.repository, facts.tip_tree);
    let mut expected: BTreeMap<&GitPath, Option<Entry>> = BTreeMap::new();
    let mut merged: BTreeSet<&GitPath> = BTreeSet::new();
    for change in facts.bads.iter().flat_map(|bad| &bad.changes) {
        let now = match expected.get(&change.path) {
            Some(entry) => *entry,
            None => tip.get(&change.path)?.filter(|entry| !entry.is_tree()),
        };
        if now == change.after {
            expected.insert(&change.path, change.before);
        } else {
            merged.insert(&change.path);
        }
    }
    expected.retain(|path, _| !merged.contains(path));
    Ok(expected)
}

fn deletes_only_what_was_added(facts: &Facts<'_>, allow_delete: usize) -> Result<()> {
    let all = facts.bads.iter().chain(&facts.also).flat_map(|bad| &bad.changes);
    let added: BTreeSet<&GitPath> =
        all.filter(|change| change.before.is_none()).map(|change| &change.path).collect();
    let is_deleted = |file: &&Change| file.after.is_none() && !added.contains(&file.path);
    let lost: Vec<&Change> = facts.files.iter().filter(is_deleted).collect();
    let Some(first) = lost.get(allow_delete) else { return Ok(()) };
    let count = plural(i64::try_from(lost.len()).unwrap_or(i64::MAX), "file");
    let message = format!("the revert would delete {count} that the reverted commits did not add");
    let why = format!("e.g. {}", sanitize(&first.path.to_string()));
    let all = lost.len().to_string();
    Err(broken(Rule::MassDelete, message, why)
        .again("name the paths that are to change", ["--path", "PATH"])
        .again("if that is meant", ["--allow-delete", &all]))
}

/// An app whose folder goes is deleted by its controller; only what the commits brought may go.
fn app_folders_stay(facts: &Facts<'_>) -> Result<()> {
    let files = facts.files.iter().map(|file| &file.path);
    let mut folders = apps::touched(facts.repository, &[facts.tip_tree], files)?;
    folders.extend(facts.reverted.paths.iter().cloned());
    let (mut tip, mut now) =
        (Draft::on(facts.repository, facts.tip_tree), Draft::on(facts.repository, facts.tree));
    let oldest = facts.bads.last().map(|bad| bad.parent_tree);
    let mut before = oldest.map(|tree| Draft::on(facts.repository, tree));
    for folder in folders {
        let is_folder = |entry: Option<Entry>| entry.is_some_and(Entry::is_tree);
        if !is_folder(tip.get(&folder)?) || is_folder(now.get(&folder)?) {
            continue;
        }
        let is_new = match &mut before {
            Some(before) => !is_folder(before.get(&folder)?),
            None => false,
        };
        if facts.reverted.mode == Mode::Restore || !is_new {
            let message = format!("the folder {} would go", sanitize(&folder.to_string()));
            let why = "with pruning on, a controller would delete everything that it describes";
            return Err(broken(Rule::AppFolder, message, why));
        }
    }
    Ok(())
}

fn manifests_can_be_read(facts: &Facts<'_>) -> Result<()> {
    let found = manifests::broken(facts.repository, facts.tip_tree, facts.tree, &facts.files)?;
    let Some((path, why)) = found else { return Ok(()) };
    let message = format!("{} cannot be read after the revert", sanitize(&path.to_string()));
    Err(broken(Rule::Manifests, message, why).again(
        "restore the path",
        ["--mode".to_owned(), "restore".to_owned(), "--path".to_owned(), path.argument()],
    ))
}

#[cfg(test)]
mod tests;
