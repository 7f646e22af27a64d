//! Deleting a pod that its controller would leave as it is.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::time::sleep;

use super::{AT_ONCE, options};
use crate::cluster::{Cluster, Deadline, WriteError};
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::plan::{Action, Plan};
use crate::rollback::watch::judge::deletions::Deletion;

/// How often it is tried: the uid in it makes that safe, the next pod of that name has another one.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// The deletions that a plan asks for.
pub(super) fn of(plan: &Plan) -> Vec<Deletion> {
    let deletion = |action: &Action| match action {
        Action::DeletePod { path, uid, name, ready } => Some(Deletion {
            path: path.clone(),
            name: name.clone(),
            uid: uid.clone(),
            ready: *ready,
        }),
        _ => None,
    };
    plan.steps.iter().filter_map(|step| deletion(&step.action)).collect()
}

/// Deletes a pod. One that is gone already is no error.
pub(in crate::rollback) async fn delete_pod(
    cluster: &Cluster,
    deletion: &Deletion,
    deadline: Deadline,
) -> Result<()> {
    let mut last = Error::new(ErrorKind::Internal, "the deletion was never sent");
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            sleep(PAUSE.saturating_mul(2_u32.pow(attempt)).min(deadline.remaining())).await;
        }
        match cluster.delete(&deletion.path, &deletion.uid, options(false), deadline).await {
            Ok(_) => return Ok(()),
            // The pod of that name is another one.
            Err(WriteError::Conflict(error)) if error.kind() == ErrorKind::LostRace => {
                return Ok(());
            }
            Err(WriteError::Rejected(error)) if error.kind() == ErrorKind::NotFound => {
                return Ok(());
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

/// Asks the API server whether it would delete the pods of a plan: a right that is missing is to be
/// known before anything is written.
pub(super) async fn rehearse(cluster: &Cluster, plan: &Plan, deadline: Deadline) -> Result<()> {
    let asked = stream::iter(of(plan)).map(|deletion| async move {
        let answer = cluster.delete(&deletion.path, &deletion.uid, options(true), deadline).await;
        match answer {
            Err(WriteError::Rejected(error)) if error.kind() == ErrorKind::Forbidden => Err(error),
            _ => Ok(()),
        }
    });
    asked.buffer_unordered(AT_ONCE).try_collect().await
}
