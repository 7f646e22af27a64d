//! One at a time: fetches of several processes into one repository overwrite each other's list of
//! shallow commits.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

/// Pause between two looks at a lock that somebody else has.
const PAUSE: Duration = Duration::from_millis(20);

/// Held until it is dropped, and no longer than this process lives.
#[derive(Debug)]
pub(in crate::git) struct Lock(
    #[expect(dead_code, reason = "closing the file ends the lock")] File,
);

/// Why there is no lock.
#[derive(Debug)]
pub(in crate::git) enum NoLock {
    /// Somebody else has it, all the time.
    Late,
    /// This file system has none, or takes no file.
    Failed(io::Error),
}

/// Waits for the lock with this file. The file stays: removing it would let two have the lock.
pub(in crate::git) async fn lock(path: &Path, deadline: Instant) -> Result<Lock, NoLock> {
    let file = OpenOptions::new().create(true).append(true).open(path).map_err(NoLock::Failed)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::Error(error)) => return Err(NoLock::Failed(error)),
            Err(TryLockError::WouldBlock) if Instant::now() >= deadline => {
                return Err(NoLock::Late);
            }
            Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_at_a_time_and_nobody_waits_for_ever() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("lock");
        let first = lock(&path, Instant::now()).await.unwrap();
        assert!(matches!(lock(&path, Instant::now()).await, Err(NoLock::Late)));
        drop(first);
        lock(&path, Instant::now()).await.unwrap();
        let nowhere = scratch.path().join("gone").join("lock");
        assert!(matches!(lock(&nowhere, Instant::now()).await, Err(NoLock::Failed(_))));
    }
}
