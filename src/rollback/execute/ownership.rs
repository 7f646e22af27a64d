//! Giving the fields back that the patch took. Beside the wait, and never in its way: what goes wrong
//! here is a warning.
//!
//! Entries of `managedFields` have no name in a JSON Patch, only a place, and the places move with
//! every write of somebody else. So the patch is made from what was read last, tests each entry that
//! it changes, and is made again where a test failed.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::cluster::{Cluster, Deadline, PatchKind, WriteError};
use crate::error::{Error, ErrorKind, Result};

use super::options;
use crate::rollback::managed_fields::{self, Given};
use crate::rollback::model::field_owner::FieldOwner;
use crate::rollback::model::plan::{Action, Plan, Step};
use crate::rollback::model::record::FIELD_MANAGER;
use crate::rollback::optional_write::unanswered;

/// How long it is tried.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often at most.
const ATTEMPTS: u32 = 12;
/// Before it is tried again, doubled each time.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(2);

/// Whether a plan gives anything back.
pub(super) fn is_due(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| matches!(step.action, Action::GiveBackFields { .. }))
}

/// Gives back what the plan says. `accepted` has of the workload, as the patch left it, the uid, the
/// template and the `managedFields`. `None` where there was nothing to give back, or the template is
/// not live any more.
pub(super) async fn give_back<'p>(
    cluster: &Cluster,
    plan: &'p Plan,
    accepted: &str,
) -> Option<(&'p Step, Result<()>)> {
    let accepted: Value = serde_json::from_str(accepted).unwrap_or_default();
    let (step, path, given) = plan.steps.iter().find_map(|step| match &step.action {
        Action::GiveBackFields { path, owner, others, annotations } => {
            Some((step, path, Given { template: owner, others, annotations }))
        }
        _ => None,
    })?;
    let result = attempts(cluster, path, given, &accepted).await;
    result.map_err(|error| with_consequence(error, given.template)).transpose().map(|r| (step, r))
}

async fn attempts(
    cluster: &Cluster,
    path: &str,
    given: Given<'_>,
    accepted: &Value,
) -> Result<Option<()>> {
    let deadline = Deadline::after(PATIENCE);
    let mut newer = None;
    let (mut last, mut is_unknown) = (Error::new(ErrorKind::Internal, "it was never tried"), false);
    let certain = |error, is_unknown: bool| if is_unknown { unanswered(error) } else { error };
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            let pause = PAUSE.saturating_mul(2_u32.saturating_pow(attempt - 1)).min(LONGEST);
            sleep(pause.min(deadline.remaining())).await;
            if deadline.passed() {
                break;
            }
            let workload = match cluster.get(path, deadline).await {
                Ok(workload) => workload,
                // Deleted: nothing is left to be given back.
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(certain(error, is_unknown)),
            };
            if !is_still_ours(accepted, &workload) {
                return Ok(None);
            }
            newer = Some(workload);
        }
        let workload = newer.as_ref().unwrap_or(accepted);
        let Some(body) = managed_fields::give_back(workload, given) else {
            // After an answer that was lost: it was written.
            return Ok((attempt > 0).then_some(()));
        };
        match cluster.patch(path, PatchKind::Json, &body, options(false), deadline).await {
            Ok(_) => return Ok(Some(())),
            Err(WriteError::Rejected(error)) if error.kind() == ErrorKind::NotFound => {
                return Ok(None);
            }
            // Not even sent: an API server that restarts.
            Err(WriteError::Rejected(error)) if error.kind() == ErrorKind::Unreachable => {
                last = error;
            }
            Err(WriteError::Rejected(error)) => return Err(certain(error, is_unknown)),
            Err(WriteError::Throttled { error, retry_after }) => {
                sleep(retry_after.min(deadline.remaining())).await;
                last = error;
            }
            Err(WriteError::Conflict(error)) => last = error,
            Err(WriteError::Unknown(error)) => (last, is_unknown) = (error, true),
        }
    }
    Err(certain(last, is_unknown))
}

/// Whether the same object still has the template that the patch made live.
fn is_still_ours(accepted: &Value, workload: &Value) -> bool {
    ["/metadata/uid", "/spec/template"]
        .iter()
        .all(|pointer| accepted.pointer(pointer) == workload.pointer(pointer))
}

fn with_consequence(error: Error, owner: &FieldOwner) -> Error {
    let who = if owner.applies() { format!("{owner}'s next") } else { "a".to_owned() };
    let will = if error.kind() == ErrorKind::Inconclusive { "may" } else { "will" };
    let message = format!(
        "{error}; {who} server-side apply {will} report a conflict with \"{FIELD_MANAGER}\", and \
         --force-conflicts takes the fields then"
    );
    Error::new(error.kind(), message).because(error)
}
