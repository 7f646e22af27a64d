//! What commands share that write to Git: how a commit gets onto a branch, who it is by, and what is
//! shown while `git` works.

pub(super) mod change_request;
pub(super) mod host;
pub(super) mod identity;
pub(super) mod progress;
pub(super) mod push;
