//! Reverts in Git, without a checkout: objects by libgit2 in a bare repository, in memory; the network
//! by the user's own `git`, so that credential helpers, SSH, agents, proxies and signing work as the
//! user has set them up.
//!
//! The network: [`remote_url`] says where a repository is; [`program`] runs `git`, and no other file
//! does; [`failure`] makes reasons of what it says; [`store`] is the bare repository that objects are
//! fetched to; [`remote`] is a branch somewhere: looked at, fetched ([`fetch`]) and pushed to ([`push`]);
//! [`retry`] does all of that again when somebody else was faster.

mod adopted;
pub mod branch_name;
pub mod cache;
mod chatter;
pub mod credentials;
mod environment;
pub mod failure;
mod failure_signs;
pub mod fetch;
mod heads;
mod lock;
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
