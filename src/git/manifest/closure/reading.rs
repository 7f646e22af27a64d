//! One reading of a tree: what was looked at on the way, links followed, and bounds held.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::rc::Rc;

use git2::Oid;
use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::git::repository::Repository;
use crate::git::tree::draft::Draft;
use crate::git::tree::entry::{Entry, LINK, SUBMODULE};
use crate::git::tree::file_merge::{is_binary, is_lfs_pointer};
use crate::rollback::model::git_path::GitPath;
use crate::text::sanitize;

use super::named::Named;
use super::{Closure, Kind};

/// A larger file is no manifest.
const LARGEST: usize = 1024 * 1024;
/// Files and kustomizations that are read at most.
const MOST: usize = 10_000;
/// How deep they may lie.
const DEEPEST: usize = 64;
/// Symbolic links on the way to one file.
const LINKS: usize = 16;
/// Contents that are kept.
const KEPT: usize = 20_000;

/// The content of a file: nothing where it is large, binary or a pointer to a large file.
#[derive(Debug, Default)]
pub(in crate::git) struct Content {
    pub(in crate::git) text: String,
    /// Its documents; `None` where it cannot be read as YAML.
    pub(in crate::git) documents: Option<Vec<Value>>,
}

/// Contents by blob: most files are the same in the next commit.
#[derive(Debug, Default)]
pub(in crate::git) struct Cache(HashMap<Oid, Rc<Content>>);

impl Cache {
    pub(in crate::git) fn content(
        &mut self,
        repository: &Repository,
        id: Oid,
    ) -> Result<Rc<Content>> {
        if let Some(known) = self.0.get(&id) {
            return Ok(Rc::clone(known));
        }
        let content = Rc::new(load(repository, id)?);
        if self.0.len() >= KEPT {
            self.0.clear();
        }
        self.0.insert(id, Rc::clone(&content));
        Ok(content)
    }
}

fn load(repository: &Repository, id: Oid) -> Result<Content> {
    if repository.blob_size(id).is_some_and(|size| size > LARGEST) {
        return Ok(Content::default());
    }
    let bytes = repository.blob(id)?;
    if is_binary(&bytes) || is_lfs_pointer(&bytes) {
        return Ok(Content::default());
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let plain = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let documents = serde_yaml::from_multiple::<Value>(plain).ok();
    Ok(Content { text, documents })
}

/// What stands at a path, links followed.
pub(super) struct Found {
    /// Where it really is.
    pub(super) path: GitPath,
    pub(super) entry: Entry,
}

pub(super) struct Reading<'r, 'c> {
    repository: &'r Repository,
    draft: Draft<'r>,
    cache: &'c mut Cache,
    paths: BTreeSet<GitPath>,
    watched: BTreeSet<GitPath>,
    files: BTreeMap<GitPath, Oid>,
    remote: BTreeSet<String>,
    notes: Vec<String>,
    steps: usize,
    /// Kustomizations and charts that are being read, the outermost first.
    open: Vec<GitPath>,
    /// What the kustomizations that were read come to.
    pub(super) built: HashMap<GitPath, Vec<Named>>,
}

impl<'r, 'c> Reading<'r, 'c> {
    pub(super) fn new(repository: &'r Repository, tree: Oid, cache: &'c mut Cache) -> Self {
        Self {
            repository,
            draft: Draft::on(repository, tree),
            cache,
            paths: BTreeSet::new(),
            watched: BTreeSet::new(),
            files: BTreeMap::new(),
            remote: BTreeSet::new(),
            notes: Vec::new(),
            steps: 0,
            open: Vec::new(),
            built: HashMap::new(),
        }
    }

    /// What the reading comes to.
    pub(super) fn end(self, kind: Kind, images: Vec<Named>) -> Closure {
        Closure {
            kind,
            paths: outermost(&self.paths),
            hinted: Vec::new(),
            watched: self.watched.into_iter().collect(),
            remote: self.remote.into_iter().collect(),
            notes: self.notes,
            images,
            files: self.files.into_iter().collect(),
        }
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Something that is fetched when it is rendered.
    pub(super) fn remote(&mut self, what: &str) {
        self.remote.insert(what.to_owned());
    }

    /// Counts all of this path in, whatever comes below it.
    pub(super) fn whole(&mut self, path: &GitPath) {
        self.paths.insert(path.clone());
    }

    /// Says that what comes or goes here matters.
    pub(super) fn watch(&mut self, path: &GitPath) {
        self.watched.insert(path.clone());
    }

    /// Enters a kustomization or a chart; `false` where it is being read already: it leads back to
    /// itself.
    pub(super) fn enter(&mut self, folder: &GitPath) -> Result<bool> {
        if self.open.contains(folder) {
            self.note(format!("{} leads back to itself", sanitize(&folder.to_string())));
            return Ok(false);
        }
        if self.open.len() >= DEEPEST {
            let message = format!("{} is too deep", sanitize(&folder.to_string()));
            return Err(Error::new(ErrorKind::Refused, message).because(format!(
                "more than {DEEPEST} folders lead to it, each by the one before"
            )));
        }
        self.step()?;
        self.open.push(folder.clone());
        Ok(true)
    }

    pub(super) fn leave(&mut self) {
        self.open.pop();
    }

    fn step(&mut self) -> Result<()> {
        self.steps += 1;
        if self.steps <= MOST {
            return Ok(());
        }
        let first = self.open.first().map(ToString::to_string).unwrap_or_default();
        let message = format!("the files that {} is made of are too many", sanitize(&first));
        Err(Error::new(ErrorKind::Refused, message).because(format!("more than {MOST}")))
    }

    /// Where a name leads from a folder, as it is written; `None` out of the repository.
    pub(super) fn lead(&mut self, folder: &GitPath, named: &str) -> Option<GitPath> {
        let path = if named.starts_with('/') { None } else { lexical(folder, named) };
        if path.is_none() {
            self.outside(named);
        }
        path
    }

    fn outside(&mut self, named: &str) {
        self.note(format!("{} leads out of the repository and is not read", sanitize(named)));
    }

    /// What stands at a path, with all links on the way followed, also those of folders.
    pub(super) fn find(&mut self, path: &GitPath) -> Result<Option<Found>> {
        let mut rest: VecDeque<Vec<u8>> = parts(path.bytes()).collect();
        let (mut at, mut links) = (GitPath::default(), 0);
        while let Some(part) = rest.pop_front() {
            if part == b".." {
                let Some(folder) = at.folder() else {
                    self.outside(&path.to_string());
                    return Ok(None);
                };
                at = folder;
                continue;
            }
            let next = at.join(&part);
            let Some(entry) = self.draft.get(&next)? else {
                self.watched.insert(next);
                return Ok(None);
            };
            if entry.mode == SUBMODULE {
                let shown = sanitize(&next.to_string()).into_owned();
                self.note(format!("{shown} is a submodule: its files are not here"));
                self.paths.insert(next);
                return Ok(None);
            }
            if entry.mode != LINK {
                at = next;
                continue;
            }
            links += 1;
            let target = self.target(entry)?;
            self.paths.insert(next);
            if links > LINKS || target.is_empty() || target.starts_with(b"/") {
                self.outside(&path.to_string());
                return Ok(None);
            }
            let target: Vec<Vec<u8>> = parts(&target).collect();
            for part in target.into_iter().rev() {
                rest.push_front(part);
            }
        }
        Ok(self.draft.get(&at)?.map(|entry| Found { path: at, entry }))
    }

    fn target(&self, link: Entry) -> Result<Vec<u8>> {
        const LONGEST: usize = 4096;
        if self.repository.blob_size(link.id).is_some_and(|size| size > LONGEST) {
            return Ok(Vec::new());
        }
        self.repository.blob(link.id)
    }

    pub(super) fn is_file(&mut self, path: &GitPath) -> Result<bool> {
        Ok(self.find(path)?.is_some_and(|found| found.entry.is_file()))
    }

    /// Reads a file and counts it in. `None` where there is none.
    pub(super) fn file(&mut self, path: &GitPath) -> Result<Option<(GitPath, Rc<Content>)>> {
        let Some(Found { path, entry }) = self.find(path)? else { return Ok(None) };
        if !entry.is_file() {
            return Ok(None);
        }
        self.paths.insert(path.clone());
        self.read(path, entry).map(Some)
    }

    /// Reads a file that was found; it is not counted in by itself.
    pub(super) fn read(&mut self, path: GitPath, entry: Entry) -> Result<(GitPath, Rc<Content>)> {
        self.step()?;
        let content = self.cache.content(self.repository, entry.id)?;
        self.files.insert(path.clone(), entry.id);
        Ok((path, content))
    }

    /// What stands in a folder, by name. Nothing where it is none.
    pub(super) fn list(&mut self, folder: &GitPath) -> Result<Vec<(GitPath, Entry)>> {
        let Some(Found { path, entry }) = self.find(folder)? else { return Ok(Vec::new()) };
        if !entry.is_tree() {
            return Ok(Vec::new());
        }
        let tree = self.repository.tree(entry.id)?;
        Ok(tree.iter().map(|e| (path.join(e.name_bytes()), Entry::of(&e))).collect())
    }
}

/// The parts of a path; `..` is kept.
fn parts(path: &[u8]) -> impl Iterator<Item = Vec<u8>> + '_ {
    let is_part = |part: &&[u8]| !part.is_empty() && *part != b".";
    path.split(|byte| *byte == b'/').filter(is_part).map(<[u8]>::to_vec)
}

/// Where a relative path leads, links unseen; `None` above the root.
pub(super) fn lexical(folder: &GitPath, named: &str) -> Option<GitPath> {
    let mut at = folder.clone();
    for part in parts(named.as_bytes()) {
        at = if part == b".." { at.folder()? } else { at.join(&part) };
    }
    Some(at)
}

/// Without the paths that lie in another one.
fn outermost(paths: &BTreeSet<GitPath>) -> Vec<GitPath> {
    let lies_in_another = |path: &GitPath| {
        let mut next = path.folder();
        while let Some(folder) = next {
            if paths.contains(&folder) {
                return true;
            }
            next = folder.folder();
        }
        false
    };
    paths.iter().filter(|path| !lies_in_another(path)).cloned().collect()
}
