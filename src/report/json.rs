//! Documents for machines. One document on every path, with its schema's name; camelCase, times in
//! RFC 3339 UTC. Fields are only ever added; a change of meaning gets a new version beside the old.
//! What they mean is written in `schemas/`.

pub mod audit;
pub mod audit_revert;
pub mod event;
pub mod holds;
pub mod list;
pub mod owner;
pub mod revert;
pub mod v1;
pub mod verify;
