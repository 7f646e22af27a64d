//! A tree in the making: that of the tip with some paths changed, in memory. What it costs depends on
//! what changes and not on how large the repository is.

use std::collections::{BTreeMap, HashMap};

use git2::{ObjectType, Oid, Tree};

use crate::error::Result;
use crate::git::repository::Repository;
use crate::git::tree::entry::{Entry, TREE};
use crate::git::tree::tree_changes::{SortKey, join};
use crate::rollback::model::git_path::GitPath;

/// Changes over a tree.
pub(in crate::git) struct Draft<'r> {
    repository: &'r Repository,
    base: Oid,
    changes: BTreeMap<GitPath, Option<Entry>>,
    folders: HashMap<Oid, Tree<'r>>,
}

impl<'r> Draft<'r> {
    pub(in crate::git) fn on(repository: &'r Repository, base: Oid) -> Self {
        Self { repository, base, changes: BTreeMap::new(), folders: HashMap::new() }
    }

    /// What stands at a path now: a file or a folder.
    pub(in crate::git) fn get(&mut self, path: &GitPath) -> Result<Option<Entry>> {
        if let Some(changed) = self.changes.get(path) {
            return Ok(*changed);
        }
        self.in_base(path)
    }

    fn in_base(&mut self, path: &GitPath) -> Result<Option<Entry>> {
        let mut found = Entry { id: self.base, mode: TREE };
        if path.bytes().is_empty() {
            return Ok(Some(found));
        }
        for name in path.bytes().split(|byte| *byte == b'/') {
            if !found.is_tree() {
                return Ok(None);
            }
            match self.folder(found.id)?.get_name_bytes(name) {
                Some(entry) => found = Entry::of(&entry),
                None => return Ok(None),
            }
        }
        Ok(Some(found))
    }

    fn folder(&mut self, id: Oid) -> Result<&Tree<'r>> {
        use std::collections::hash_map::Entry as Slot;
        Ok(match self.folders.entry(id) {
            Slot::Occupied(known) => known.into_mut(),
            Slot::Vacant(slot) => slot.insert(self.repository.tree(id)?),
        })
    }

    /// Whether a file stands below a path.
    pub(in crate::git) fn is_folder(&mut self, path: &GitPath) -> Result<bool> {
        let below = |file: &GitPath| file != path && file.is_in(path);
        if self.changes.iter().any(|(file, entry)| below(file) && entry.is_some()) {
            return Ok(true);
        }
        let mut open = match self.in_base(path)? {
            Some(entry) if entry.is_tree() => vec![(path.bytes().to_vec(), entry.id)],
            _ => return Ok(false),
        };
        while let Some((folder, id)) = open.pop() {
            let entries: Vec<(GitPath, Entry)> = self
                .folder(id)?
                .iter()
                .map(|e| (GitPath::new(join(&folder, e.name_bytes())), Entry::of(&e)))
                .collect();
            for (path, entry) in entries {
                if entry.is_tree() {
                    open.push((path.bytes().to_vec(), entry.id));
                } else if !self.changes.contains_key(&path) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// The file that stands where a path needs a folder.
    pub(in crate::git) fn file_above(&mut self, path: &GitPath) -> Result<Option<GitPath>> {
        let slashes = path.bytes().iter().enumerate().filter(|(_, byte)| **byte == b'/');
        for (slash, _) in slashes {
            let above = GitPath::new(path.bytes().get(..slash).unwrap_or_default());
            if self.get(&above)?.is_some_and(|entry| !entry.is_tree()) {
                return Ok(Some(above));
            }
        }
        Ok(None)
    }

    /// Puts an entry there, or takes it away.
    pub(in crate::git) fn set(&mut self, path: GitPath, entry: Option<Entry>) {
        self.changes.insert(path, entry);
    }

    /// Writes the trees that are new and gives the id of the root.
    pub(in crate::git) fn write(self) -> Result<Oid> {
        if let Some(root) = self.changes.get(&GitPath::default()) {
            let empty = || self.repository.write(ObjectType::Tree, b"");
            return root.map_or_else(empty, |entry| Ok(entry.id));
        }
        let changes: Vec<(&[u8], Option<Entry>)> =
            self.changes.iter().map(|(path, entry)| (path.bytes(), *entry)).collect();
        match write_folder(self.repository, Some(self.base), &changes)? {
            Some(id) => Ok(id),
            None => self.repository.write(ObjectType::Tree, b""),
        }
    }
}

/// A path, and what stands there then.
type Edit<'a> = (&'a [u8], Option<Entry>);

/// The folder `base` with these changes, whose paths start in it; `None` where nothing is left: Git
/// has no empty folders.
fn write_folder(
    repository: &Repository,
    base: Option<Oid>,
    changes: &[(&[u8], Option<Entry>)],
) -> Result<Option<Oid>> {
    let tree = base.map(|base| repository.tree(base)).transpose()?;
    let mut new: HashMap<&[u8], Option<Entry>> = HashMap::new();
    let mut inside: BTreeMap<&[u8], Vec<Edit<'_>>> = BTreeMap::new();
    for (path, entry) in changes {
        let mut parts = path.splitn(2, |byte| *byte == b'/');
        match (parts.next(), parts.next()) {
            (Some(name), Some(rest)) => inside.entry(name).or_default().push((rest, *entry)),
            _ => {
                new.insert(*path, *entry);
            }
        }
    }
    for (name, changes) in inside {
        let was = tree.as_ref().and_then(|tree| tree.get_name_bytes(name));
        let base = was.map(|entry| Entry::of(&entry)).filter(|entry| entry.is_tree());
        match write_folder(repository, base.map(|base| base.id), &changes)? {
            Some(id) => {
                new.insert(name, Some(Entry { id, mode: TREE }));
            }
            // A file of this name stays: it is not what changed.
            None if base.is_some() => {
                new.entry(name).or_insert(None);
            }
            None => {}
        }
    }
    let content = merged(tree.as_ref(), &new);
    if content.is_empty() {
        return Ok(None);
    }
    repository.write(ObjectType::Tree, &content).map(Some)
}

/// A tree with some names changed, as Git stores it. What does not change is copied as it is, in one
/// pass over what is sorted already.
fn merged(tree: Option<&Tree<'_>>, new: &HashMap<&[u8], Option<Entry>>) -> Vec<u8> {
    let mut added: Vec<(&[u8], Entry)> =
        new.iter().filter_map(|(name, entry)| entry.map(|entry| (*name, entry))).collect();
    added.sort_by(|(a, x), (b, y)| {
        SortKey::of_name(a, x.is_tree()).cmp(SortKey::of_name(b, y.is_tree()))
    });
    let mut added = added.into_iter().peekable();
    let mut content = Vec::with_capacity(tree.map_or(0, Tree::len).saturating_add(8) * 48);
    let mut push = |mode: i32, name: &[u8], id: Oid| {
        content.extend_from_slice(format!("{mode:o} ").as_bytes());
        content.extend_from_slice(name);
        content.push(0);
        content.extend_from_slice(id.as_bytes());
    };
    for kept in tree.into_iter().flat_map(Tree::iter) {
        let name = kept.name_bytes();
        if new.contains_key(name) {
            continue;
        }
        let comes_first = |(name, entry): &(&[u8], Entry)| {
            SortKey::of_name(name, entry.is_tree()).cmp(SortKey::of(&kept)).is_lt()
        };
        while let Some((name, entry)) = added.next_if(comes_first) {
            push(entry.mode, name, entry.id);
        }
        push(kept.filemode_raw(), name, kept.id());
    }
    for (name, entry) in added {
        push(entry.mode, name, entry.id);
    }
    content
}

#[cfg(test)]
mod tests;
