//! What a verification came to.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::check::{Check, CheckStatus, VerifyVerdict};
use super::outcome::Ending;
use super::plan::RevisionView;
use super::progress::Progress;
use super::staying::{Culprit, Stay, Staying};
use super::target::{ClusterRef, Target};
use crate::exit::ExitStatus;

/// The verification of one workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Verification {
    /// The workload.
    pub target: Target,
    /// Where.
    pub cluster: ClusterRef,
    /// What was verified: what is live, or has to be.
    pub revision: RevisionView,
    /// Since when that is live, as far as is known: what happened before does not count.
    pub since: Option<Timestamp>,
    /// When it began.
    pub started_at: Timestamp,
    /// When the verdict was found.
    pub ended_at: Timestamp,
    /// How often all checks were made.
    pub rounds: u64,
    /// How the wait for the rollout ended.
    pub ending: Ending,
    /// The last progress of the rollout.
    pub progress: Option<Progress>,
    /// The checks of the last round, in their order.
    pub checks: Vec<Check>,
    /// What they come to.
    pub verdict: VerifyVerdict,
    /// What watching it came to once it was good; `None` where that was not asked for, or it was not.
    pub staying: Option<Staying>,
    /// Digests of the images that run, `sha256:…` by image, where all pods have the same.
    pub digests: BTreeMap<String, Vec<String>>,
    /// resourceVersions of the configuration that the pods read, by `ConfigMap/settings`.
    pub config: BTreeMap<String, String>,
}

impl Verification {
    /// What a command ends with.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match self.verdict {
            VerifyVerdict::Verified | VerifyVerdict::VerifiedWithWarnings => ExitStatus::Success,
            VerifyVerdict::Unverified => ExitStatus::Inconclusive,
            VerifyVerdict::Failed if self.is_only_late() => ExitStatus::NotConverged,
            VerifyVerdict::Failed => ExitStatus::Failed,
        }
    }

    /// Who put another template on it while it was watched; then it was good until that.
    #[must_use]
    pub fn replaced_by(&self) -> Option<&Culprit> {
        let staying = self.staying.as_ref().filter(|staying| staying.ending == Stay::Replaced)?;
        staying.by.as_ref()
    }

    /// Whether nothing is wrong but that the rollout is not done in time.
    #[must_use]
    pub fn is_only_late(&self) -> bool {
        let failed = self.checks.iter().filter(|c| c.status == CheckStatus::Fail && c.objects());
        failed.into_iter().all(|check| check.id == "rollout.converged")
            && self.ending.exit_status() == ExitStatus::NotConverged
    }
}
