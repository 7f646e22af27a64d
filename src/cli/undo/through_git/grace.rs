//! Something that is good to know, beside something that has to be known.

use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, select};
use tokio::time::timeout;

/// Does both at once. When the first is done, the second has this much time left, and is given up after it.
pub(super) async fn with_grace<T>(
    needed: impl Future<Output = T>,
    good_to_know: impl Future<Output = ()>,
    grace: Duration,
) -> T {
    match select(pin!(needed), pin!(good_to_know)).await {
        Either::Left((answer, good_to_know)) => {
            let _ = timeout(grace, good_to_know).await;
            answer
        }
        Either::Right(((), needed)) => needed.await,
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use tokio::sync::Notify;
    use tokio::time::Instant;

    use super::*;

    const GRACE: Duration = Duration::from_secs(3);

    #[tokio::test(start_paused = true)]
    async fn what_never_comes_is_given_up_when_all_else_is_known() {
        let begun = Instant::now();
        assert_eq!(with_grace(ready("known"), pending(), GRACE).await, "known");
        assert_eq!(begun.elapsed().as_secs(), GRACE.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn what_comes_within_the_time_is_known_whoever_is_first() {
        for is_first in [true, false] {
            let (begun, signal) = (Instant::now(), Notify::new());
            let mut came = false;
            let needed = async {
                if is_first {
                    signal.notified().await;
                } else {
                    signal.notify_one();
                }
                "known"
            };
            let good_to_know = async {
                if is_first {
                    signal.notify_one();
                } else {
                    signal.notified().await;
                }
                came = true;
            };
            assert_eq!(with_grace(needed, good_to_know, GRACE).await, "known");
            assert!(came, "{is_first}");
            assert_eq!(begun.elapsed(), Duration::ZERO);
        }
    }
}
