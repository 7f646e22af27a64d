//! What a tree has at a path.

use git2::{Oid, TreeEntry};

use crate::rollback::model::revert::FileEntry;

/// An object and its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::git) struct Entry {
    pub(in crate::git) id: Oid,
    /// As Git writes it today: old trees hold `100664`.
    pub(in crate::git) mode: i32,
}

pub(in crate::git) const TREE: i32 = 0o040_000;
pub(in crate::git) const FILE: i32 = 0o100_644;
pub(in crate::git) const PROGRAM: i32 = 0o100_755;
pub(in crate::git) const LINK: i32 = 0o120_000;
pub(in crate::git) const SUBMODULE: i32 = 0o160_000;

impl Entry {
    pub(in crate::git) fn of(entry: &TreeEntry<'_>) -> Self {
        Self { id: entry.id(), mode: entry.filemode() }
    }

    pub(in crate::git) fn is_tree(self) -> bool {
        self.mode == TREE
    }

    /// Whether its content may be merged: neither a link nor a submodule.
    pub(in crate::git) fn is_file(self) -> bool {
        matches!(self.mode, FILE | PROGRAM)
    }

    pub(in crate::git) fn view(self) -> FileEntry {
        FileEntry { id: self.id.to_string(), mode: self.mode.unsigned_abs() }
    }
}
