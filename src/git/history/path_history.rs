//! What an app was rendered from over time: the commits along first parents that changed it, each with
//! the state before and after it. What is read for one commit is kept for the next.

use std::collections::BTreeMap;
use std::rc::Rc;

use git2::Oid;

use crate::error::{Error, Result};
use crate::git::failure::{MissingObject, shallow_boundary};
use crate::git::history::ancestry::boundary_behind;
use crate::git::history::image_search::words;
use crate::git::manifest::closure::{self, Cache, Closure, Inputs};
use crate::git::repository::{Repository, view};
use crate::git::tree::draft::Draft;
use crate::git::tree::entry::Entry;
use crate::git::tree::paths::covers;
use crate::git::tree::tree_changes::between;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::image::ImageRef;
use crate::rollback::model::revert::CommitView;

/// Commits that are passed at most: some have nothing to do with the app.
const MOST: usize = 50_000;

/// An app's files as of a commit.
#[derive(Debug)]
pub struct State {
    /// What it is rendered from.
    pub closure: Closure,
    entries: BTreeMap<GitPath, Entry>,
}

impl State {
    /// Whether the app is rendered from the same files with the same content.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

/// A commit that changed the app's files. A merge stands for all that it brought.
#[derive(Clone, Debug)]
pub struct Step {
    /// The commit.
    pub commit: CommitView,
    /// Its first parent; `None` of the first commit of the repository.
    pub parent: Option<CommitView>,
    /// The state that it left.
    pub after: Rc<State>,
    /// The state before it; `None` of the first commit of the repository.
    pub before: Option<Rc<State>>,
}

/// A walk from a commit back along first parents.
pub struct PathHistory<'r> {
    repository: &'r Repository,
    inputs: &'r Inputs,
    cache: Cache,
    at: Option<Oid>,
    state: Rc<State>,
    passed: usize,
}

impl<'r> PathHistory<'r> {
    /// Begins at a commit. Errors as of [`closure::of`].
    pub fn new(repository: &'r Repository, inputs: &'r Inputs, tip: Oid) -> Result<Self> {
        let mut cache = Cache::default();
        let state = Rc::new(read(repository, inputs, tip, &mut cache)?);
        Ok(Self { repository, inputs, cache, at: Some(tip), state, passed: 0 })
    }

    /// The state that the walk has come to: at first, that of the commit where it began.
    #[must_use]
    pub fn state(&self) -> Rc<State> {
        Rc::clone(&self.state)
    }

    /// Whether it ended because it was too long, and not at the first commit.
    #[must_use]
    pub fn gave_up(&self) -> bool {
        self.passed >= MOST
    }

    /// The state as of any commit, by its id. `None` where the repository has no such commit. Fails
    /// with [`crate::git::ShallowBoundary`] behind the error where more history may have it.
    pub fn state_of(&mut self, id: &str) -> Result<Option<Rc<State>>> {
        // libgit2 takes the beginning of an id for another one.
        let whole = Some(id).filter(|id| id.len() == 40).and_then(|id| Oid::from_str(id).ok());
        let Some(id) = whole else { return Ok(None) };
        match self.repository.find_commit(id) {
            Ok(_) => {}
            Err(error) if is_unknown(&error, id) => return self.unknown(),
            Err(error) => return Err(error),
        }
        read(self.repository, self.inputs, id, &mut self.cache).map(|state| Some(Rc::new(state)))
    }

    /// The state that a tree has which is in no commit yet.
    pub fn state_of_tree(&mut self, tree: Oid) -> Result<Rc<State>> {
        read_tree(self.repository, self.inputs, tree, &mut self.cache).map(Rc::new)
    }

    fn unknown(&self) -> Result<Option<Rc<State>>> {
        match self.at {
            Some(at) if self.repository.is_shallow() => Err(boundary_behind(self.repository, at)?),
            _ => Ok(None),
        }
    }

    /// The next commit that changed the app's files, newest first; `None` at the end. Fails with
    /// [`crate::git::ShallowBoundary`] behind the error where history ends too early.
    pub fn next_change(&mut self) -> Result<Option<Step>> {
        while let Some(id) = self.at {
            self.passed += 1;
            if self.gave_up() {
                self.at = None;
                break;
            }
            let commit = self.repository.whole_commit(id)?;
            let Some(parent) = commit.parent_ids().next() else {
                self.at = None;
                // It brought all there is.
                let is_empty = self.state.entries.is_empty();
                let (commit, after) = (view(&commit), self.state());
                return Ok((!is_empty).then_some(Step {
                    commit,
                    parent: None,
                    after,
                    before: None,
                }));
            };
            let before = self.repository.find_commit(parent).map_err(|error| {
                if is_unknown(&error, parent) { shallow_boundary(id) } else { error }
            })?;
            self.at = Some(parent);
            if self.is_untouched(commit.tree_id(), before.tree_id())? {
                continue;
            }
            let new = Rc::new(read(self.repository, self.inputs, parent, &mut self.cache)?);
            let after = std::mem::replace(&mut self.state, Rc::clone(&new));
            if !after.is_same(&new) {
                let (commit, parent) = (view(&commit), Some(view(&before)));
                return Ok(Some(Step { commit, parent, after, before: Some(new) }));
            }
        }
        Ok(None)
    }

    /// Whether nothing differs that was read or looked for: then the app is rendered from the same.
    fn is_untouched(&self, now: Oid, before: Oid) -> Result<bool> {
        if now == before {
            return Ok(true);
        }
        let closure = &self.state.closure;
        let (mut now, mut before) =
            (Draft::on(self.repository, now), Draft::on(self.repository, before));
        for path in closure.paths.iter().chain(&closure.watched) {
            if now.get(path)? != before.get(path)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The files of a state whose text has the version of an image as a word, its tag or the digits of
    /// its digest: where templates put its name together from parts, that is all there is.
    pub fn mentions(&mut self, state: &State, image: &str) -> Result<Vec<GitPath>> {
        let parsed = ImageRef::parse(image);
        let digits = parsed.digest.map(|digest| digest.split_once(':').map_or(digest, |(_, d)| d));
        let versions: Vec<&str> = parsed.tag.into_iter().chain(digits).collect();
        let mut found = Vec::new();
        for (path, id) in &state.closure.files {
            let content = self.cache.content(self.repository, *id)?;
            let is_mentioned =
                |version: &&str| !version.is_empty() && words(&content.text, version) > 0;
            if versions.iter().any(is_mentioned) {
                found.push(path.clone());
            }
        }
        Ok(found)
    }

    /// The files below the paths that differ between two commits, by path.
    pub fn differing(&self, from: &str, to: &str, paths: &[GitPath]) -> Result<Vec<GitPath>> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let tree = |id: &str| match Oid::from_str(id) {
            Ok(id) => self.repository.tree_id(id).map(Some),
            Err(_) => Ok(None),
        };
        let mut files: Vec<GitPath> = between(self.repository, tree(from)?, tree(to)?)?
            .into_iter()
            .map(|change| change.path)
            .collect();
        files.retain(|file| covers(paths, file));
        Ok(files)
    }
}

fn read(repository: &Repository, inputs: &Inputs, commit: Oid, cache: &mut Cache) -> Result<State> {
    read_tree(repository, inputs, repository.tree_id(commit)?, cache)
}

fn read_tree(
    repository: &Repository,
    inputs: &Inputs,
    tree: Oid,
    cache: &mut Cache,
) -> Result<State> {
    let closure = closure::read_tree(repository, tree, inputs, cache)?;
    let mut draft = Draft::on(repository, tree);
    let mut entries = BTreeMap::new();
    for path in &closure.paths {
        if let Some(entry) = draft.get(path)? {
            entries.insert(path.clone(), entry);
        }
    }
    Ok(State { closure, entries })
}

/// Whether an error says that this object is not here.
fn is_unknown(error: &Error, id: Oid) -> bool {
    MissingObject::of(error) == Some(MissingObject { id })
}

#[cfg(test)]
mod tests;
