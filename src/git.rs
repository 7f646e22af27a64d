//! Reverts in Git, without a checkout: objects by libgit2 in a bare repository, in memory; the network
//! by the user's own `git`, so that credential helpers, SSH, agents, proxies and signing work as the
//! user has set them up.
//!
//! Where to look: [`locate`] says which repository and branch; [`program`] runs `git`, and no other file
//! does; [`store`] is a bare repository of ours; [`remote`] is the repository there: looked at, fetched
//! and pushed to. On the objects: [`repository`] opens and guards, [`history`] and [`branch`] find what
//! the user names, [`revert`] takes it out of a [`tree`], [`manifest`] says what that means for apps,
//! [`invariants`] holds what came out against what may come out, and [`commit`] writes it.
//!
//! Rename detection is off by construction: a draft changes the paths that a bad commit changed
//! and no other, so that near-identical files of other apps are never touched.

pub mod branch;
pub mod commit;
mod failure;
pub mod history;
pub mod invariants;
pub mod locate;
pub mod manifest;
pub mod program;
pub mod remote;
pub mod repository;
pub mod revert;
pub mod store;
#[cfg(test)]
pub(crate) mod testing;
pub mod tree;

pub use commit::ci_markers::skips_ci;
pub use failure::{MissingObject, ShallowBoundary};
pub use git2::Oid;
