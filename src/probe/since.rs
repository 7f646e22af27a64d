//! What happened since the target is live. The API tells time in whole seconds.

use jiff::Timestamp;
use serde_json::Value;

use super::Scene;
use super::pods::Pod;

/// Whether something happened since then; in the very second, it may have been before.
pub(super) fn happened(scene: &Scene<'_>, at: Timestamp) -> bool {
    scene.expected.since.is_none_or(|since| at.as_second() > since.as_second())
}

/// Whether a pod was made since then: all that it ever did counts.
pub(super) fn made(scene: &Scene<'_>, pod: &Pod<'_>) -> bool {
    scene.expected.since.is_none_or(|since| {
        pod.state.created.is_some_and(|created| created.as_second() >= since.as_second())
    })
}

/// When a container ended.
pub(super) fn end(terminated: &Value) -> Option<Timestamp> {
    terminated.get("finishedAt")?.as_str()?.parse().ok()
}

/// Whether a container of this pod ended since then.
pub(super) fn ended(scene: &Scene<'_>, pod: &Pod<'_>, terminated: &Value) -> bool {
    made(scene, pod) || end(terminated).is_some_and(|at| happened(scene, at))
}
