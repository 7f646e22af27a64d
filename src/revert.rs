//! Taking a release out of Git: from what is asked for to a plan, and from a plan to one commit on the
//! branch. The engine of `rb revert-commit`, without its command line.
//!
//! [`ground`] is where it is made: a repository, a branch, and a copy with the objects; `enough` fetches
//! what some work on them misses. [`asked`] makes commits of what the user names, [`plan`] makes the
//! plan, and [`land`] carries it out: again on a new tip, where others were faster, as long as that
//! comes to the same. Where the branch takes no pushes, [`propose`] opens a change request from a branch
//! of its own, which `head` finds or pushes.
//!
//! Where a workload's owner takes it from Git, [`provenance`] tells which commits brought what is live, and
//! [`app_log`] which commits changed the app at all.

pub mod app_log;
pub mod asked;
pub mod candidates;
mod enough;
pub mod ground;
mod head;
pub mod land;
pub mod plan;
pub mod propose;
pub mod provenance;
pub(crate) mod refusal;
mod repeat;
