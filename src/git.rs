//! Reverts in Git, without a checkout: objects by libgit2 in a bare repository, in memory; the network
//! by the user's own `git`, so that credential helpers, SSH, agents, proxies and signing work as the
//! user has set them up.
//!
//! The objects' side: [`repository`] opens and guards, [`revisions`] and [`branch`] find what the user
//! names, [`revert`] takes it out, [`invariants`] holds what came out against what may come out, and
//! [`commit`] writes it. Rename detection is off by construction: a [`draft`] changes the paths that a
//! bad commit changed and no other, so that near-identical files of other apps are never touched.

pub mod already;
pub mod ancestry;
pub mod apps;
pub mod branch;
pub mod candidates;
pub mod cautions;
mod ci_markers;
pub mod commit;
mod conflict;
mod draft;
mod entry;
mod failure;
mod file_merge;
pub mod identity;
mod image_lines;
pub mod image_search;
pub mod images;
pub mod invariants;
mod mainline;
mod manifests;
pub mod message;
pub mod operation;
pub mod paths;
pub mod repository;
mod restore;
pub mod revert;
pub mod revisions;
pub mod signing;
mod signing_program;
mod take_out;
#[cfg(test)]
mod testing;
mod trailers;
mod tree_changes;
pub mod user_config;

pub use ci_markers::skips_ci;
pub use failure::{MissingObject, ShallowBoundary};
pub use git2::Oid;
