//! Ways back that last: where an owner takes a workload from Git, through its repository.
//!
//! [`origin`] goes from the chain of owners to the repository, the branch and the commits that brought a
//! release, and to the plan of a revert of exactly these.

pub mod origin;
