//! The ids of all checks, as configuration and flags name them.

/// Checks before an undo, in the order in which reports list them.
pub const PREFLIGHT: [&str; 14] = [
    "rbac",
    "dryrun.workload",
    "dryrun.pod",
    "refs",
    "config.changed",
    "quota",
    "surge",
    "hpa",
    "pdb",
    "data",
    "order",
    "freeze",
    "lock",
    "loop",
];

/// Checks of `rb verify`, in the order in which reports list them. Each HTTP probe is one more, see
/// [`of_probe`].
pub const VERIFY: [&str; 14] = [
    "rollout.converged",
    "rollout.target",
    "pods.healthy",
    "pods.restarts",
    "pods.stale",
    "image.digest",
    "endpoints",
    "capacity",
    "events",
    "logs",
    "config.drift",
    "gitops.converged",
    "gitops.agrees",
    "gitops.automation",
];

/// What the id of an HTTP probe begins with.
pub const HTTP: &str = "http.";

/// The id of the check that an HTTP probe is: `http.ready`.
#[must_use]
pub fn of_probe(name: &str) -> String {
    format!("{HTTP}{name}")
}
