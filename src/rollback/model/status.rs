//! How a workload does, as `status` shows it.

use jiff::Timestamp;

use super::hold::OpenHold;
use super::ownership::Owner;
use super::plan::RevisionView;
use super::progress::Progress;
use super::record::Undo;
use super::target::{ClusterRef, Target};

/// The status of one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// When it was read.
    pub read_at: Timestamp,
    /// From where.
    pub cluster: ClusterRef,
    /// The workload.
    pub target: Target,
    /// What is live.
    pub live: RevisionView,
    /// How far its rollout is.
    pub progress: Progress,
    /// Who else writes to it.
    pub owners: Vec<Owner>,
    /// The undo that made the live revision live, where one did.
    pub undo: Option<Undo>,
    /// What could not be read.
    pub gaps: Vec<String>,
}

impl Status {
    /// The holds on its owners that nobody has released, whatever they are for.
    pub fn holds(&self) -> impl Iterator<Item = &OpenHold> {
        self.owners.iter().flat_map(|owner| &owner.holds)
    }
}
