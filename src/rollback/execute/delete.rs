//! Deleting a pod that its controller would leave as it is.

use std::time::Duration;

use tokio::time::sleep;

use super::options;
use crate::cluster::{Cluster, Deadline, WriteError};
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::leftover::WhyLeft;
use crate::rollback::model::plan::{Action, Plan};
use crate::rollback::model::pod::PodState;
use crate::rollback::watch::judge::deletions::Deletion;

/// How often it is tried: the uid in it makes that safe, the next pod of that name has another one.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);
/// A deletion must not wait for long for a pod to be read.
const FOR_READING: Duration = Duration::from_secs(3);

/// The deletions that a plan asks for.
pub(super) fn of(plan: &Plan) -> Vec<Deletion> {
    let is_stuck = plan.leftovers.as_ref().is_some_and(|left| left.why == WhyLeft::Stuck);
    let deletion = |action: &Action| match action {
        Action::DeletePod { path, uid, name, ready } => Some(Deletion {
            path: path.clone(),
            name: name.clone(),
            uid: uid.clone(),
            ready: *ready,
            is_stuck,
        }),
        _ => None,
    };
    plan.steps.iter().filter_map(|step| deletion(&step.action)).collect()
}

/// What became of a pod that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rollback) enum Deleted {
    /// It is gone, by whomever.
    Gone,
    /// It serves again since the plan was made, and was left alone.
    Spared,
}

/// Deletes a pod, unless it was down when the plan was made and serves now. One that is gone already
/// is no error.
pub(in crate::rollback) async fn delete_pod(
    cluster: &Cluster,
    deletion: &Deletion,
    deadline: Deadline,
) -> Result<Deleted> {
    if !deletion.ready && serves(cluster, deletion, deadline).await {
        return Ok(Deleted::Spared);
    }
    let mut last = Error::new(ErrorKind::Internal, "the deletion was never sent");
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            sleep(PAUSE.saturating_mul(2_u32.pow(attempt)).min(deadline.remaining())).await;
        }
        match cluster.delete(&deletion.path, &deletion.uid, options(false), deadline).await {
            Ok(_) => return Ok(Deleted::Gone),
            // The pod of that name is another one.
            Err(WriteError::Conflict(error)) if error.kind() == ErrorKind::LostRace => {
                return Ok(Deleted::Gone);
            }
            Err(WriteError::Rejected(error)) if error.kind() == ErrorKind::NotFound => {
                return Ok(Deleted::Gone);
            }
            Err(WriteError::Conflict(error)) => return Err(error),
            Err(WriteError::Rejected(error)) if error.kind() != ErrorKind::Unreachable => {
                return Err(error);
            }
            Err(WriteError::Throttled { error, retry_after }) => {
                sleep(retry_after.min(deadline.remaining())).await;
                last = error;
            }
            Err(WriteError::Rejected(error) | WriteError::Unknown(error)) => last = error,
        }
    }
    Err(last)
}

/// Whether the pod is there and ready. Where that cannot be read, the plan's word counts.
async fn serves(cluster: &Cluster, deletion: &Deletion, deadline: Deadline) -> bool {
    let Ok(pod) = cluster.get(&deletion.path, deadline.earlier(FOR_READING)).await else {
        return false;
    };
    let pod = PodState::read(&pod);
    pod.uid == deletion.uid && pod.ready && !pod.deleting
}
