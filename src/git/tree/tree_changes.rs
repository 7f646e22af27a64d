//! The files in which two trees differ, found by descending only where the ids of folders differ. No
//! file is looked for under another name: there is no rename detection to switch off.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use git2::{Oid, Tree, TreeEntry};

use crate::error::{Error, ErrorKind, Result};
use crate::git::repository::Repository;
use crate::git::tree::entry::{Entry, TREE};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::revert::FileChange;

/// As Git's own limit (`core.maxTreeDepth`): a deeper tree is made to exhaust its reader.
const MAX_DEPTH: usize = 2048;

/// One file in two trees; at least one of them has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::git) struct Change {
    pub(in crate::git) path: GitPath,
    pub(in crate::git) before: Option<Entry>,
    pub(in crate::git) after: Option<Entry>,
}

impl Change {
    pub(in crate::git) fn view(&self) -> FileChange {
        FileChange {
            path: self.path.clone(),
            before: self.before.map(Entry::view),
            after: self.after.map(Entry::view),
        }
    }
}

/// The files that differ, by path. `None` is the empty tree.
pub(in crate::git) fn between(
    repository: &Repository,
    before: Option<Oid>,
    after: Option<Oid>,
) -> Result<Vec<Change>> {
    let mut files: BTreeMap<GitPath, (Option<Entry>, Option<Entry>)> = BTreeMap::new();
    // A stack of its own: a hostile tree must not exhaust that of the program.
    let mut open = vec![(Vec::new(), 0_usize, before, after)];
    while let Some((folder, depth, before, after)) = open.pop() {
        if before == after {
            continue;
        }
        if depth > MAX_DEPTH {
            let message = format!("a folder is more than {MAX_DEPTH} folders deep");
            return Err(Error::new(ErrorKind::Refused, message));
        }
        let read = |id: Option<Oid>| id.map(|id| repository.tree(id)).transpose();
        for (name, before, after) in differing(read(before)?.as_ref(), read(after)?.as_ref()) {
            let path = join(&folder, &name);
            let folders = [before, after].map(|entry| entry.filter(|entry| entry.is_tree()));
            let contents = [before, after].map(|entry| entry.filter(|entry| !entry.is_tree()));
            if contents.iter().any(Option::is_some) {
                let file = files.entry(GitPath::new(path.clone())).or_default();
                let [before, after] = contents;
                *file = (before.or(file.0), after.or(file.1));
            }
            if folders.iter().any(Option::is_some) {
                let [before, after] = folders.map(|entry| entry.map(|entry| entry.id));
                open.push((path, depth + 1, before, after));
            }
        }
    }
    let changed = files.into_iter().filter(|(_, (before, after))| before != after);
    Ok(changed.map(|(path, (before, after))| Change { path, before, after }).collect())
}

type Pair = (Vec<u8>, Option<Entry>, Option<Entry>);

/// The names that stand in either tree with something different behind them. Both are sorted, so this
/// is one pass that copies nothing of what is equal.
fn differing(before: Option<&Tree<'_>>, after: Option<&Tree<'_>>) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut left = before.into_iter().flat_map(Tree::iter).peekable();
    let mut right = after.into_iter().flat_map(Tree::iter).peekable();
    loop {
        let order = match (left.peek(), right.peek()) {
            (None, None) => return pairs,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(left), Some(right)) => SortKey::of(left).cmp(SortKey::of(right)),
        };
        let before = if order.is_le() { left.next() } else { None };
        let after = if order.is_ge() { right.next() } else { None };
        let entries = [&before, &after].map(|entry| entry.as_ref().map(Entry::of));
        if let ([was, is], Some(named)) = (entries, before.as_ref().or(after.as_ref()))
            && was != is
        {
            pairs.push((named.name_bytes().to_vec(), was, is));
        }
    }
}

/// Git's order of names: a folder sorts as if it ended with a slash.
pub(in crate::git) struct SortKey;

impl SortKey {
    pub(in crate::git) fn of_name(name: &[u8], is_tree: bool) -> impl Iterator<Item = u8> + '_ {
        name.iter().copied().chain(is_tree.then_some(b'/'))
    }

    pub(in crate::git) fn of<'a>(entry: &'a TreeEntry<'_>) -> impl Iterator<Item = u8> + 'a {
        entry.name_bytes().iter().copied().chain((entry.filemode() == TREE).then_some(b'/'))
    }
}

/// `folder/name`.
pub(in crate::git) fn join(folder: &[u8], name: &[u8]) -> Vec<u8> {
    if folder.is_empty() { name.to_vec() } else { [folder, b"/", name].concat() }
}
