//! Evidence of why a release failed.

use serde_json::Value;

/// What was read of a workload before a rollback takes it away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Captured {
    /// The workload, with values of environment variables hidden; null where it could not be read.
    pub live: Value,
    /// The pods of the release that are not ready, in the same way.
    pub pods: Vec<Value>,
    /// The Events on these, on what makes them, and on the workload.
    pub events: Vec<Value>,
    /// What their containers said.
    pub logs: Vec<CapturedLog>,
    /// What could not be read and why.
    pub missing: Vec<String>,
}

/// The last lines of one container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapturedLog {
    /// The pod.
    pub pod: String,
    /// The container.
    pub container: String,
    /// Whether it is that of the container before its last restart.
    pub previous: bool,
    /// The lines, as they were written.
    pub text: String,
}
