//! What a tree has at a path.

use git2::{Oid, TreeEntry};

use crate::rollback::model::revert::FileEntry;

/// An object and its mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) id: Oid,
    /// As Git writes it today: old trees hold `100664`.
    pub(super) mode: i32,
}

pub(super) const TREE: i32 = 0o040_000;
pub(super) const FILE: i32 = 0o100_644;
pub(super) const PROGRAM: i32 = 0o100_755;
pub(super) const LINK: i32 = 0o120_000;
pub(super) const SUBMODULE: i32 = 0o160_000;

impl Entry {
    pub(super) fn of(entry: &TreeEntry<'_>) -> Self {
        Self { id: entry.id(), mode: entry.filemode() }
    }

    pub(super) fn is_tree(self) -> bool {
        self.mode == TREE
    }

    /// Whether its content may be merged: neither a link nor a submodule.
    pub(super) fn is_file(self) -> bool {
        matches!(self.mode, FILE | PROGRAM)
    }

    pub(super) fn view(self) -> FileEntry {
        FileEntry { id: self.id.to_string(), mode: self.mode.unsigned_abs() }
    }
}
