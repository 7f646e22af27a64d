//! Pauses before another try: full jitter, so that those who collided do not collide again.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// The longest pause after the first failure.
const FIRST: Duration = Duration::from_millis(50);

/// How long to wait after so many failures: by chance, up to a ceiling that doubles each time.
pub(in crate::git) fn pause(failures: u32, longest: Duration) -> Duration {
    within(ceiling(failures, longest), random())
}

fn ceiling(failures: u32, longest: Duration) -> Duration {
    FIRST.saturating_mul(2_u32.saturating_pow(failures)).min(longest)
}

fn within(ceiling: Duration, random: u64) -> Duration {
    let nanos = u64::try_from(ceiling.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(random % nanos.saturating_add(1))
}

/// Without a crate for it: each `RandomState` is keyed differently.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_double_up_to_the_longest() {
        let longest = Duration::from_secs(2);
        let millis: Vec<u128> = (1..8).map(|n| ceiling(n, longest).as_millis()).collect();
        assert_eq!(millis, [100, 200, 400, 800, 1600, 2000, 2000]);
        assert_eq!(ceiling(u32::MAX, longest), longest);
        assert_eq!(pause(3, Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn chance_reaches_both_ends_and_never_beyond() {
        let nanos = u64::try_from(FIRST.as_nanos()).unwrap();
        assert_eq!(within(FIRST, 0), Duration::ZERO);
        assert_eq!(within(FIRST, nanos), FIRST);
        for random in [1, 7, nanos + 1, u64::MAX] {
            assert!(within(FIRST, random) <= FIRST);
        }
        assert_ne!(random(), random());
    }
}
