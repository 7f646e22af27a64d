//! Repositories for unit tests: bare, in a folder of their own, with a clock that only goes forward.

use std::cell::Cell;
use std::fs;
use std::path::Path;

use git2::{Index, IndexEntry, IndexTime, Oid, Signature, Time};
use tempfile::TempDir;

use crate::git::branch::{Branch, BranchName};
use crate::git::repository::Repository;
use crate::git::revert::{Request, attempt};
use crate::git::tree::draft::Draft;
use crate::git::tree::entry::{FILE, LINK, PROGRAM, SUBMODULE};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::{Attempt, FileChange, Mode};

pub(crate) struct Scratch {
    folder: TempDir,
    git: git2::Repository,
    clock: Cell<i64>,
}

/// What a commit does to a path.
pub(crate) struct Edit {
    path: Vec<u8>,
    content: Option<(i32, Vec<u8>)>,
}

pub(crate) fn put(path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Edit {
    edit(path, FILE, content)
}

pub(crate) fn program(path: impl AsRef<[u8]>, content: impl AsRef<[u8]>) -> Edit {
    edit(path, PROGRAM, content)
}

pub(crate) fn link(path: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> Edit {
    edit(path, LINK, to)
}

/// The content is the id of a commit.
pub(crate) fn submodule(path: impl AsRef<[u8]>, commit: impl AsRef<[u8]>) -> Edit {
    edit(path, SUBMODULE, commit)
}

pub(crate) fn gone(path: impl AsRef<[u8]>) -> Edit {
    Edit { path: path.as_ref().to_vec(), content: None }
}

fn edit(path: impl AsRef<[u8]>, mode: i32, content: impl AsRef<[u8]>) -> Edit {
    let content = Some((mode, content.as_ref().to_vec()));
    Edit { path: path.as_ref().to_vec(), content }
}

pub(crate) fn path(text: &str) -> GitPath {
    GitPath::new(text.as_bytes())
}

impl Scratch {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let git = git2::Repository::init_bare(folder.path()).unwrap();
        Self { folder, git, clock: Cell::new(1_700_000_000) }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A handle of its own: what another one has read is not seen.
    pub(crate) fn open(&self) -> Repository {
        Repository::open(self.folder.path()).unwrap()
    }

    /// The first commit.
    pub(crate) fn commit(&self, files: &[(&str, &str)]) -> Oid {
        let edits: Vec<Edit> = files.iter().map(|(path, content)| put(path, content)).collect();
        self.on(&[], "first", &edits)
    }

    /// A commit on others, with the files of the first of them, changed.
    pub(crate) fn on(&self, parents: &[Oid], message: &str, edits: &[Edit]) -> Oid {
        let mut index = Index::new().unwrap();
        let parents: Vec<git2::Commit<'_>> =
            parents.iter().map(|id| self.git.find_commit(*id).unwrap()).collect();
        if let Some(first) = parents.first() {
            index.read_tree(&first.tree().unwrap()).unwrap();
        }
        for edit in edits.iter().filter(|edit| edit.content.is_none()) {
            let path = as_path(&edit.path);
            index.remove(path, 0).unwrap();
        }
        for edit in edits {
            let Some((mode, content)) = &edit.content else { continue };
            let id = if *mode == SUBMODULE {
                Oid::from_str(std::str::from_utf8(content).unwrap()).unwrap()
            } else {
                self.git.blob(content).unwrap()
            };
            index.add(&entry(&edit.path, *mode, id)).unwrap();
        }
        let tree = index.write_tree_to(&self.git).unwrap();
        let tree = self.git.find_tree(tree).unwrap();
        self.clock.set(self.clock.get() + 60);
        let at = Time::new(self.clock.get(), 0);
        let ann = Signature::new("Ann", "ann@shop.example", &at).unwrap();
        let parents: Vec<&git2::Commit<'_>> = parents.iter().collect();
        self.git.commit(None, &ann, &ann, message, &tree, &parents).unwrap()
    }

    /// Lets a branch point to a commit.
    pub(crate) fn branch(&self, name: &str, tip: Oid) -> Branch {
        self.git.reference(&format!("refs/heads/{name}"), tip, true, "test").unwrap();
        Branch { name: BranchName::parse(name).unwrap(), tip }
    }

    /// What a clean revert of the last of two commits changes.
    pub(crate) fn reverted(&self, before: &[Edit], after: &[Edit]) -> Vec<FileChange> {
        let first = self.on(&[], "first", before);
        let last = self.on(&[first], "last", after);
        let branch = self.branch("main", last);
        let (commits, paths) = (&[last], &[]);
        let (mode, good, mainline) = (Mode::Revert, None, None);
        let request = Request { branch: &branch, commits, mode, paths, good, mainline };
        match attempt(&self.open(), &request).unwrap() {
            Attempt::Clean(reverted) => reverted.files,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn tree(&self, commit: Oid) -> Oid {
        self.git.find_commit(commit).unwrap().tree_id()
    }

    /// A file in a tree, as text; `None` where it is not there.
    pub(crate) fn file(&self, tree: Oid, name: &str) -> Option<String> {
        let repository = self.open();
        let entry = Draft::on(&repository, tree).get(&path(name)).unwrap()?;
        Some(String::from_utf8(repository.blob(entry.id).unwrap()).unwrap())
    }

    /// Makes it look as after a shallow fetch that ended at these commits.
    pub(crate) fn end_history_at(&self, commits: &[Oid]) {
        let list: String = commits.iter().map(|id| format!("{id}\n")).collect();
        fs::write(self.folder.path().join("shallow"), list).unwrap();
    }

    /// Loses an object.
    pub(crate) fn lose(&self, id: Oid) {
        let name = id.to_string();
        let (folder, file) = name.split_at(2);
        fs::remove_file(self.folder.path().join("objects").join(folder).join(file)).unwrap();
    }
}

/// The lines from `first` to `last`, each on a line of its own, with some replaced.
pub(crate) fn lines(replaced: &[(usize, &str)]) -> String {
    let line = |number: usize| {
        let other = replaced.iter().find(|(at, _)| *at == number);
        other.map_or_else(|| format!("line {number}\n"), |(_, text)| format!("{text}\n"))
    };
    (1..=20).map(line).collect()
}

#[cfg(unix)]
fn as_path(bytes: &[u8]) -> &Path {
    use std::os::unix::ffi::OsStrExt as _;
    Path::new(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn as_path(bytes: &[u8]) -> &Path {
    Path::new(std::str::from_utf8(bytes).unwrap())
}

fn entry(path: &[u8], mode: i32, id: Oid) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: mode.unsigned_abs(),
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.to_vec(),
    }
}
