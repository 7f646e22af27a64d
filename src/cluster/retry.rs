//! When and how long to wait before a read is tried again.
//!
//! Pure arithmetic over a random number: exponential backoff with full jitter, `Retry-After`, and the
//! deadline. Only reads come here; a write is never sent twice.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use http::HeaderMap;
use http::header::RETRY_AFTER;

use super::Deadline;

const BASE: Duration = Duration::from_millis(100);
const CAP: Duration = Duration::from_secs(5);

/// The tries of one read.
pub(super) struct Retry {
    deadline: Deadline,
    tries: u32,
    renewed: bool,
}

impl Retry {
    pub(super) fn new(deadline: Deadline) -> Self {
        Self { deadline, tries: 0, renewed: false }
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// How many tries failed.
    pub(super) fn tries(&self) -> u32 {
        self.tries
    }

    /// Whether rejected credentials may be fetched again: once per read.
    pub(super) fn may_renew_credentials(&mut self) -> bool {
        !std::mem::replace(&mut self.renewed, true)
    }

    /// How long to wait before the next try; `None` when the deadline comes first.
    ///
    /// A server that names a time is asked at that time, not earlier; a little jitter on top keeps
    /// a herd of clients from coming back in the same millisecond.
    pub(super) fn next_wait(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        let wait = match retry_after {
            Some(asked) => asked.saturating_add(full_jitter(BASE, random())),
            None => full_jitter(ceiling(self.tries), random()),
        };
        self.tries = self.tries.saturating_add(1);
        (wait < self.deadline.remaining()).then_some(wait)
    }
}

/// The longest wait after so many failed tries.
fn ceiling(tries: u32) -> Duration {
    BASE.saturating_mul(2_u32.saturating_pow(tries)).min(CAP)
}

/// A wait between zero and `ceiling`, both included.
fn full_jitter(ceiling: Duration, random: u64) -> Duration {
    let nanos = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(random % nanos.saturating_add(1))
}

/// A random number without a crate for it: each `RandomState` is keyed differently.
pub(super) fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

/// The seconds of a `Retry-After` header; the date form is not used by API servers.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_double_up_to_the_cap() {
        let millis: Vec<u128> = (0..8).map(|tries| ceiling(tries).as_millis()).collect();
        assert_eq!(millis, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(ceiling(u32::MAX), CAP);
    }

    #[test]
    fn jitter_reaches_both_ends_and_never_beyond() {
        let nanos = u64::try_from(BASE.as_nanos()).unwrap();
        assert_eq!(full_jitter(BASE, 0), Duration::ZERO);
        assert_eq!(full_jitter(BASE, nanos), BASE);
        for random in [1, 7, nanos + 1, u64::MAX] {
            assert!(full_jitter(BASE, random) <= BASE);
        }
    }

    #[test]
    fn retry_after_takes_seconds_only() {
        for (text, seconds) in [("1", Some(1)), (" 30 ", Some(30)), ("-1", None), ("soon", None)] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, text.parse().unwrap());
            assert_eq!(retry_after(&headers), seconds.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }

    #[tokio::test]
    async fn the_deadline_ends_the_tries() {
        let mut retry = Retry::new(Deadline::after(Duration::from_secs(2)));
        assert!(retry.next_wait(None).is_some());
        assert!(retry.next_wait(Some(Duration::from_secs(3))).is_none());
        assert!(retry.next_wait(Some(Duration::from_secs(1))).is_some());
    }
}
