//! Something that is good to know, beside something that has to be known.

use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

/// Does both at once. When the first is done, the second has this much time left, and is given up after it.
pub(super) async fn with_grace<T>(
    needed: impl Future<Output = T>,
    good_to_know: impl Future<Output = ()>,
    grace: Duration,
) -> T {
    let is_done = Notify::new();
    let needed = async {
        let answer = needed.await;
        is_done.notify_one();
        answer
    };
    let enough = async {
        is_done.notified().await;
        sleep(grace).await;
    };
    let good_to_know = async {
        tokio::select! {
            () = good_to_know => {}
            () = enough => {}
        }
    };
    futures::join!(needed, good_to_know).0
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    /// How long both take, and whether the second came to its end.
    async fn took(needed: u64, good_to_know: u64) -> (u64, bool) {
        let (begun, mut came) = (Instant::now(), false);
        let second = async {
            sleep(Duration::from_secs(good_to_know)).await;
            came = true;
        };
        let first = async {
            sleep(Duration::from_secs(needed)).await;
            "known"
        };
        assert_eq!(with_grace(first, second, Duration::from_secs(3)).await, "known");
        (begun.elapsed().as_secs(), came)
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_good_to_know_holds_nothing_up_for_longer() {
        assert_eq!(took(10, 1).await, (10, true));
        assert_eq!(took(10, 12).await, (12, true));
        assert_eq!(took(10, 60).await, (13, false));
        assert_eq!(took(0, 60).await, (3, false));
    }
}
