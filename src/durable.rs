//! The durable way: a workload that its owner takes from Git goes back in Git, and the owner brings it.
//!
//! [`origin`] finds the commits that brought the bad release, [`plan`] makes the plan of it, and
//! [`arrive`] follows the owners until they have applied the commit, waits for the workload and
//! verifies it. What is pushed in between is a revert like any other ([`crate::revert`]).

pub mod arrive;
pub mod origin;
pub mod owners;
pub mod plan;
