//! What came before: the commits that the user names, those that might be the bad one, and whether one
//! is taken out already.

pub mod already;
pub mod ancestry;
pub mod app_log;
pub mod candidates;
pub mod image_search;
pub(in crate::git) mod mainline;
pub mod own_reverts;
pub mod path_history;
pub mod revisions;
pub mod same_files;
pub mod touched;
