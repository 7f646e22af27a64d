//! Reverts in Git, without a checkout: objects by libgit2 in a bare repository, in memory; the network
//! by the user's own `git`, so that credential helpers, SSH, agents, proxies and signing work as the
//! user has set them up.
//!
//! The network: [`locate`] says which repository and branch; [`program`] runs `git`, and no other file
//! does; [`network_failure`] makes reasons of what it says; [`cache`] opens the [`store`], a bare
//! repository of ours; [`remote`] is the repository there: looked at, fetched ([`fetch`]) and pushed to
//! ([`push`]); [`retry`] does all of that again when somebody else was faster.

mod adopted;
pub mod branch_name;
pub mod cache;
mod chatter;
pub mod credentials;
mod environment;
pub mod fetch;
pub mod heads;
mod jitter;
pub mod locate;
mod lock;
pub mod network_failure;
mod network_signs;
mod owner;
pub mod program;
pub mod push;
mod push_report;
pub mod remote;
pub mod remote_url;
pub mod retry;
mod running;
pub mod store;
mod version;
