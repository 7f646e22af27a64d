//! The instant at which the user's patience ends.
//!
//! Made once per command and handed down by value; every wait in this floor is cut off at it.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// Far enough for "no limit" and near enough for arithmetic on every platform.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// An instant after which nobody waits any longer. Copied freely; needs a tokio runtime with time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The instant `patience` from now; more than ten years count as never.
    #[must_use]
    pub fn after(patience: Duration) -> Self {
        Self(Instant::now() + patience.min(FAR))
    }

    /// No limit: ten years from now.
    #[must_use]
    pub fn never() -> Self {
        Self::after(FAR)
    }

    /// What is left: zero once it has passed.
    #[must_use]
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn passed(self) -> bool {
        self.remaining().is_zero()
    }

    /// The instant itself, for `tokio::time::sleep_until`.
    #[must_use]
    pub fn instant(self) -> Instant {
        self.0
    }

    /// This deadline, or `patience` from now if that comes first.
    #[must_use]
    pub fn earlier(self, patience: Duration) -> Self {
        self.min(Self::after(patience))
    }

    /// Runs `future` up to this instant; `None` when it did not finish.
    pub(super) async fn bound<F: Future>(self, future: F) -> Option<F::Output> {
        tokio::time::timeout_at(self.0, future).await.ok()
    }
}
