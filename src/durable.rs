//! The durable way: a workload that its owner takes from Git goes back in Git, and the owner brings it.
//!
//! [`origin`] finds the commits that brought the bad release, [`passage`] says whether the [`owners`] would
//! take a revert up, and what is [`in_the_way`] of it just now, [`plan`] makes the plan of it, and
//! [`arrive`] follows the owners until they have applied the commit, waits for the workload and verifies
//! it. What is pushed in between is a revert like any other ([`crate::revert`]).
//!
//! [`bots`] says who may bring it back all the same, and [`beside`] who else renders the same.
//!
//! Of a whole owner, [`choice`] says which of its states it goes back to, and [`bring`] follows it there.

pub mod arrive;
pub mod beside;
pub mod bots;
pub mod bring;
pub mod choice;
pub mod in_the_way;
pub mod origin;
pub mod owners;
pub mod passage;
pub mod plan;
