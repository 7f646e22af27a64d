//! A write that a rollback can do without, until it is known what became of it.
//!
//! A connection that breaks takes the answers to all requests on it along, also to those that were
//! done. So the object is read before the write is sent again; and where even that tells nothing, the
//! error says so: [`ErrorKind::Inconclusive`].

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::cluster::{Cluster, Deadline, WriteError};
use crate::error::{Error, ErrorKind, Result};

/// How often it is sent.
const ATTEMPTS: u32 = 5;
/// Before it is sent again, doubled each time.
const PAUSE: Duration = Duration::from_millis(100);

/// Sends it; `object` is the path of what it is written to, and `is_done` whether that has it.
pub(super) async fn optional_write(
    cluster: &Cluster,
    object: &str,
    is_done: impl Fn(&Value) -> bool,
    send: impl AsyncFn() -> Result<Value, WriteError>,
    deadline: Deadline,
) -> Result<()> {
    let (mut last, mut is_unknown) = (Error::new(ErrorKind::Internal, "it was never sent"), false);
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            let pause = PAUSE.saturating_mul(2_u32.saturating_pow(attempt - 1));
            sleep(pause.min(deadline.remaining())).await;
        }
        if attempt > 0 && deadline.passed() {
            break;
        }
        let Err(error) = send().await else { return Ok(()) };
        is_unknown |= matches!(error, WriteError::Unknown(_));
        let is_conflict = matches!(error, WriteError::Conflict(_));
        last = match error {
            WriteError::Throttled { error, retry_after } => {
                sleep(retry_after.min(deadline.remaining())).await;
                error
            }
            // Not even sent, since there was no connection: an API server that restarts.
            WriteError::Rejected(error) if error.kind() == ErrorKind::Unreachable => error,
            WriteError::Conflict(error) | WriteError::Unknown(error) if is_unknown => {
                match cluster.get(object, deadline).await {
                    Ok(object) if is_done(&object) => return Ok(()),
                    Ok(_) if is_conflict => return Err(error),
                    Ok(_) => {}
                    Err(read) if read.kind() == ErrorKind::NotFound => {}
                    Err(_) => return Err(unanswered(error)),
                }
                error
            }
            error if is_unknown => return Err(unanswered(error.into_error())),
            error => return Err(error.into_error()),
        };
    }
    Err(if is_unknown { unanswered(last) } else { last })
}

/// The error of a write of which it is not known whether it was done.
pub(super) fn unanswered(error: Error) -> Error {
    Error::new(ErrorKind::Inconclusive, error.to_string()).because(error)
}

/// What is told of something that was not written, or perhaps not: `write an Event`.
pub(super) fn not_done(what: &str, error: &Error) -> String {
    if error.kind() == ErrorKind::Inconclusive {
        format!("it is not known whether this was done: {what}: {error}")
    } else {
        format!("could not {what}: {error}")
    }
}
