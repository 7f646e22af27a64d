//! The values that the engine works on. Nothing here does I/O.

pub mod captured;
pub mod check;
pub mod context;
pub mod decision;
pub mod demand;
pub mod event;
pub mod evidence;
pub mod field_owner;
pub mod hint;
pub mod history;
pub mod image;
pub mod last_applied;
pub mod leftover;
pub mod outcome;
pub mod ownership;
pub mod plan;
pub mod pod;
pub mod progress;
pub mod record;
pub mod request;
pub mod revision;
pub mod snapshot;
pub mod status;
pub mod target;
pub mod template;
pub mod verification;
