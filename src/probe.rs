//! Checks of what runs: is the right template live, on the right pods, and do they do their work?
//!
//! Each check is a file and a line in [`REGISTRY`]. It names what it wants to know, and judges the
//! answers; both are functions of values, made again in every round until the verification ends. What
//! nearly all of them look at, the workload, its pods and the Services of the namespace, is read first
//! ([`Seen`]).
//!
//! Probes of HTTP endpoints, which the configuration names, ask the programs themselves ([`http`]).

mod capacity;
mod config_drift;
mod endpoints;
mod events;
#[cfg(test)]
mod fixture;
mod gitops_agrees;
mod gitops_automation;
mod gitops_converged;
pub mod http;
mod image_digest;
#[cfg(test)]
mod kstatus_differs;
mod logs;
mod owners;
mod pods;
mod pods_healthy;
mod pods_restarts;
mod pods_stale;
mod rollout_converged;
mod rollout_target;
mod since;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::backend::Rollbacker;
use crate::facts::{Ask, Facts};
use crate::reconciler::rung::Rung;
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::hint::Hints;
use crate::rollback::model::target::Target;

pub use self::config_drift::versions;
pub use self::image_digest::digests;

/// All checks that need no configuration, in the order in which they are told.
pub static REGISTRY: &[&dyn Probe] = &[
    &rollout_converged::RolloutConverged,
    &rollout_target::RolloutTarget,
    &pods_healthy::PodsHealthy,
    &pods_restarts::PodsRestarts,
    &pods_stale::PodsStale,
    &image_digest::ImageDigest,
    &endpoints::Endpoints,
    &capacity::Capacity,
    &events::Events,
    &logs::Logs,
    &config_drift::ConfigDrift,
    &gitops_converged::GitopsConverged,
    &gitops_agrees::GitopsAgrees,
    &gitops_automation::GitopsAutomation,
];

/// A check of what runs.
pub trait Probe: Sync {
    /// Its stable name.
    fn id(&self) -> &'static str;

    /// How much it counts, unless what it finds or the configuration says otherwise.
    fn level(&self) -> Level;

    /// What it wants to know beside what is [`Seen`].
    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask>;

    /// What the answers mean.
    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding;
}

/// What has to be so.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The pod template that has to be live, as the revision stores it; `None`: whatever is live.
    pub template: Option<Value>,
    /// Its template hash, as pods have it in their label; empty where the controller has not stored
    /// it yet.
    pub hash: String,
    /// `revision 41`: how messages name it.
    pub label: String,
    /// Digests of the images that ran when it was verified, `sha256:…` by image; and what the user or
    /// an annotation says, under the empty name.
    pub digests: BTreeMap<String, Vec<String>>,
    /// Since when it is live: what happened before says nothing of it.
    pub since: Option<Timestamp>,
    /// When it was last replaced by another one, where it was live before: what changed since then,
    /// it has not met.
    pub ran_until: Option<Timestamp>,
    /// resourceVersions of the configuration that it ran with when it was verified, by
    /// `ConfigMap/settings`.
    pub config: BTreeMap<String, String>,
    /// How many replicas were wanted before.
    pub replicas_before: Option<i64>,
    /// When rb put it back by writing to the workload, where it did: that is past its owners.
    pub undone: Option<Timestamp>,
    /// Whether this very command does so: that the owners do not agree yet is then no news.
    pub past_owners: bool,
}

/// What is read before the checks are asked.
pub struct Seen {
    /// The workload.
    pub workload: Value,
    /// The pods that its selector selects; those of older revisions too, and those of others that
    /// have the same labels.
    pub pods: Vec<Value>,
    /// Why the pods are not all there: no right, or too many of them. `None` where they are.
    pub pods_gap: Option<String>,
    /// The Services of the namespace that select pods of the template, or why they cannot be read.
    pub services: Result<Vec<Value>, String>,
    /// Who owns it, the nearest first; empty where no check wants to know.
    pub owners: Arc<[Rung]>,
}

/// All that a check may look at beside the answers of the cluster.
pub struct Scene<'a> {
    /// The kind of the workload.
    pub backend: &'a dyn Rollbacker,
    /// The workload.
    pub target: &'a Target,
    /// What has to be so.
    pub expected: &'a Expected,
    /// What was read.
    pub seen: &'a Seen,
    /// Which lines of logs count: see [`LogRules`].
    pub logs: &'a LogRules,
    /// This machine's time.
    pub now: Timestamp,
    /// How to write commands to paste.
    pub hints: &'a Hints,
}

/// Which lines of logs count, as regular expressions.
#[derive(Clone, Debug, Default)]
pub struct LogRules {
    /// Those that are bad.
    pub patterns: Vec<String>,
    /// Those that are not, although a pattern fits.
    pub ignored: Vec<String>,
}

/// What the names of the checks start with that look at the owners of the workload.
pub const OWNERS: &str = "gitops.";

/// What the names of the checks start with that the configuration adds.
pub const HTTP: &str = "http.";

/// The names of all checks that need no configuration, in their order.
pub fn ids() -> impl Iterator<Item = &'static str> {
    REGISTRY.iter().map(|probe| probe.id())
}

/// Whether a check can have this name.
#[must_use]
pub fn is_id(id: &str) -> bool {
    ids().any(|known| known == id) || id.strip_prefix(HTTP).is_some_and(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_check_has_a_name_of_its_own_and_a_file_of_that_name() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/probe");
        let mut ids: Vec<&str> = REGISTRY.iter().map(|probe| probe.id()).collect();
        for id in &ids {
            let file = format!("{}.rs", id.replace('.', "_"));
            assert!(folder.join(&file).is_file(), "{id}: no src/probe/{file}");
        }
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), REGISTRY.len());
    }
}
