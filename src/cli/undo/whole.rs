//! The command line of an undo of a whole owner: what it says, and what makes no sense there.

use crate::cli::output::Format;
use crate::cli::owner::undo::Asked;
use crate::error::{Error, ErrorKind, Result};

use super::{DryRun, UndoArgs};

impl UndoArgs {
    /// What it says of an owner. Usage: it says what is about workloads only.
    pub(super) fn of_owner(&self) -> Result<Asked<'_>> {
        let refused = [
            (self.now, "--now", "it is about one workload: its owner is held meanwhile"),
            (self.resume, "--resume", "holds are those of workloads: name the workload"),
            (self.abandon, "--abandon", "holds are those of workloads: name the workload"),
            (self.from.is_some(), "--from", "it is about the revision of a workload"),
            (self.delete_pods, "--delete-pods", "it is about the pods of one workload"),
            (self.verified, "--verified", "stamps are on the revisions of workloads"),
            (self.plan_out.is_some(), "--plan-out", "it writes the plan of one workload"),
            (self.capture.is_some(), "--capture", "it saves what is known of one workload"),
            (self.all_or_nothing, "--all-or-nothing", "an owner is named alone"),
            (!self.overrides.is_empty(), "--override", "its checks are about one workload"),
            (self.severity.is_some(), "--severity", "its checks are about one workload"),
            (self.show_values, "--show-values", "the change is shown as it stands in Git"),
            (self.format() == Format::Sh, "-o sh", "there is no script for an owner: -o json"),
        ];
        if let Some((_, flag, why)) = refused.iter().find(|(is_given, ..)| *is_given) {
            let message = format!("{flag} makes no sense for an owner: {why}");
            return Err(Error::new(ErrorKind::Usage, message).hint("leave it out"));
        }
        Ok(Asked {
            to: self.to_revision.as_deref(),
            again: self.again,
            direct: self.direct,
            yes: self.yes,
            dry_run: self.dry_run != DryRun::None,
            waits: self.waits(),
            timeout: self.timeout,
            reason: self.reason.as_deref(),
            incident: self.incident.as_deref(),
            expect_context: self.expect_context.as_deref(),
            config: self.proof.config.as_deref(),
            request: &self.request,
            format: self.format(),
        })
    }
}
