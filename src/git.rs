//! Reverts in Git, without a checkout: objects by libgit2 in a bare repository, in memory; the network
//! by the user's own `git`, so that credential helpers, SSH, agents, proxies and signing work as the
//! user has set them up.
//!
//! The objects' side: [`repository`] opens and guards, [`revisions`] and [`branch`] find what the user
//! names, [`revert`] takes it out, [`invariants`] holds what came out against what may come out, and
//! [`commit`] writes it. Rename detection is off by construction: a [`draft`] changes the paths that a
//! bad commit changed and no other, so that near-identical files of other apps are never touched.
//!
//! The network: [`locate`] says which repository and branch; [`program`] runs `git`, and no other file
//! does; [`network_failure`] makes reasons of what it says; [`cache`] opens the [`store`], a bare
//! repository of ours; [`remote`] is the repository there: looked at, fetched ([`fetch`]) and pushed to
//! ([`push`]); [`retry`] does all of that again when somebody else was faster.

mod adopted;
pub mod already;
pub mod ancestry;
pub mod apps;
pub mod branch;
pub mod branch_name;
pub mod cache;
pub mod candidates;
pub mod cautions;
mod chatter;
mod ci_markers;
pub mod commit;
mod conflict;
pub mod credentials;
mod draft;
mod entry;
mod environment;
mod failure;
pub mod fetch;
mod file_merge;
pub mod heads;
pub mod identity;
mod image_lines;
pub mod image_search;
pub mod images;
pub mod invariants;
mod jitter;
pub mod locate;
mod lock;
mod mainline;
mod manifests;
pub mod message;
pub mod network_failure;
mod network_signs;
pub mod operation;
mod owner;
pub mod patch;
pub mod paths;
pub mod program;
pub mod push;
mod push_report;
pub mod remote;
pub mod remote_url;
pub mod repository;
mod restore;
pub mod retry;
pub mod revert;
pub mod revisions;
mod running;
pub mod signing;
mod signing_program;
pub mod store;
mod take_out;
#[cfg(test)]
mod testing;
mod trailers;
mod tree_changes;
pub mod user_config;
mod version;

pub use ci_markers::skips_ci;
pub use failure::{MissingObject, ShallowBoundary};
pub use git2::Oid;
