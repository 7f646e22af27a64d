//! Trees and their files, in memory: how two of them differ, and how a change is taken out of one.
//!
//! A `draft` is a tree in the making. `take_out` takes commits out of it, `file_merge` one change
//! out of one file, and `restore` brings paths back to what they were.

pub(in crate::git) mod conflict;
pub(in crate::git) mod draft;
pub(in crate::git) mod entry;
pub(in crate::git) mod file_merge;
pub mod patch;
pub mod paths;
pub(in crate::git) mod restore;
pub(in crate::git) mod take_out;
pub(in crate::git) mod tree_changes;
