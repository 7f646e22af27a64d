//! The engine: what every command shares.
//!
//! [`snapshot`] reads, [`planner`] decides, [`execute`] writes, [`status`] waits. Only these and
//! the watch do I/O; everything else is a function from values to values.

mod again;
mod annotation_edits;
pub mod capture;
mod declared;
pub mod earlier;
mod evidence;
pub mod execute;
mod field_sets;
mod helm_leftovers;
pub mod history;
mod managed_fields;
pub mod model;
mod optional_write;
pub mod owner_history;
pub mod planner;
pub mod preflight;
mod select;
pub mod snapshot;
mod stamp;
pub mod status;
mod steps;
pub mod subject;
pub mod verify;
mod watch;

pub use self::model::diff;

use crate::backend::Rollbacker;
use serde_json::Value;

/// How long a command waits for a workload where the user does not say: until its controller has
/// given up, and a little longer. In seconds.
#[must_use]
pub fn default_timeout(backend: &dyn Rollbacker, workload: &Value) -> u64 {
    steps::default_timeout(backend.progress_deadline(workload))
}
