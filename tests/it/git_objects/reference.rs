//! What the real `git revert` makes of a commit, with rename detection off. One process for each revert:
//! what is in the index afterwards is read, and the checkout put back, by libgit2. The answers for a whole
//! history are kept in the cache folder of the tests, for this version of `git`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use git2::build::CheckoutBuilder;
use git2::{Index, IndexEntry, Oid, Repository, ResetType};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::testbed::cache_folder;

use super::scribe::{Scribe, command, git};

/// Counts up with every change of how `git` is asked or what is kept.
const GENERATION: u32 = 1;

/// `-Xno-renames` alone is not heeded before git 2.50, whose strategy `ort` finds renames whatever it is
/// told. Since then `recursive` is another name for it.
const NO_RENAMES: [&str; 2] = ["--strategy=recursive", "-Xno-renames"];

/// What a revert comes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    /// This tree; that of the tip where nothing changes.
    Tree(String),
    /// These files have conflicts.
    Conflicts {
        paths: BTreeSet<String>,
        /// The tree with all that merged, and the files with conflicts as they are at the tip.
        rest: String,
    },
}

/// Commits to revert, each by itself on the tip: its id, and whether it is a merge.
pub(super) type Commits = [(String, bool)];

/// The answers for these commits of `main`, in their order.
pub(super) fn answers(scribe: &Scribe, commits: &Commits) -> Vec<Answer> {
    // Which history it is says the id of its tip; which commits, what is kept.
    let tip = git(scribe.path(), &["rev-parse", "main"]);
    let version = git(scribe.path(), &["version"]).replace(|c: char| !c.is_alphanumeric(), "-");
    let folder = cache_folder().expect("a cache folder").join("git-reference");
    let file = folder.join(format!("{GENERATION}-{tip}-{version}.json"));
    let kept = fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok());
    if let Some((ids, answers)) = kept
        && Vec::<(String, bool)>::as_slice(&ids) == commits
    {
        return answers;
    }
    let reference = Reference::new(scribe);
    let made = commits.iter().map(|(id, is_merge)| reference.revert(id, *is_merge));
    let answers: Vec<Answer> = made.collect();
    fs::create_dir_all(&folder).expect("a folder");
    let aside = tempfile::NamedTempFile::new_in(&folder).expect("a file");
    serde_json::to_writer(&aside, &(commits, &answers)).expect("a file");
    aside.persist(file).expect("a file");
    answers
}

/// A checkout to revert in.
pub(super) struct Reference {
    _folder: TempDir,
    work: PathBuf,
    repository: Repository,
    tip: Oid,
}

impl Reference {
    pub(super) fn new(scribe: &Scribe) -> Self {
        let (folder, work) = scribe.checkout();
        let repository = Repository::open(&work).expect("a checkout");
        let tip = repository.head().and_then(|head| head.peel_to_commit()).expect("a tip").id();
        Self { _folder: folder, work, repository, tip }
    }

    pub(super) fn work(&self) -> &Path {
        &self.work
    }

    /// Reverts on the tip, without detection of renames, and tidies up.
    pub(super) fn revert(&self, id: &str, is_merge: bool) -> Answer {
        self.revert_with(&NO_RENAMES, id, is_merge)
    }

    /// The same with these options in the place of those that switch it off.
    pub(super) fn revert_with(&self, options: &[&str], id: &str, is_merge: bool) -> Answer {
        let mut revert = command(&self.work);
        revert.args(["revert", "--no-commit"]).args(options);
        if is_merge {
            revert.args(["-m", "1"]);
        }
        let output = revert.arg(id).output().expect("git");
        let mut index = Index::open(&self.work.join(".git/index")).expect("an index");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_ne!(output.status.success(), index.has_conflicts(), "git revert {id}: {error}");
        let paths = conflicts(&index);
        for path in &paths {
            self.as_at_tip(&mut index, path);
        }
        let tree = index.write_tree_to(&self.repository).expect("a tree").to_string();
        self.put_back();
        if paths.is_empty() { Answer::Tree(tree) } else { Answer::Conflicts { paths, rest: tree } }
    }

    fn as_at_tip(&self, index: &mut Index, path: &str) {
        index.conflict_remove(Path::new(path)).expect("a conflict");
        let tree =
            self.repository.find_commit(self.tip).and_then(|tip| tip.tree()).expect("a tree");
        if let Ok(entry) = tree.get_path(Path::new(path)) {
            let mode = u32::try_from(entry.filemode()).expect("a mode");
            index.add(&entry_at(path, entry.id(), mode)).expect("an entry");
        }
    }

    fn put_back(&self) {
        let tip = self.repository.find_object(self.tip, None).expect("the tip");
        let mut checkout = CheckoutBuilder::new();
        checkout.force().remove_untracked(true).remove_ignored(true);
        self.repository.reset(&tip, ResetType::Hard, Some(&mut checkout)).expect("a reset");
    }
}

fn conflicts(index: &Index) -> BTreeSet<String> {
    let mut paths = BTreeSet::new();
    for conflict in index.conflicts().expect("conflicts") {
        let conflict = conflict.expect("a conflict");
        let sides = [conflict.ancestor, conflict.our, conflict.their];
        let entries = sides.into_iter().flatten();
        paths.extend(entries.map(|entry| String::from_utf8(entry.path).expect("a path")));
    }
    paths
}

fn entry_at(path: &str, id: Oid, mode: u32) -> IndexEntry {
    let never = git2::IndexTime::new(0, 0);
    IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}
