//! Waiting until somebody, or the host by itself, merges a request.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::api::{Api, Look, Pace};
use crate::error::{Error, Result};
use crate::rollback::model::change_request::{ChangeRequest, RequestState};

/// How many looks one after the other have to show a conflict: hosts say so, too, while they look.
const SURE: u32 = 2;

/// One look at a request that waits.
#[derive(Debug)]
pub struct Step<'a> {
    /// The request as it was when it was last seen.
    pub request: &'a ChangeRequest,
    /// How long it has been waited for.
    pub waited: Duration,
    /// When the next look is.
    pub next: Duration,
    /// Why this look showed nothing; the wait goes on.
    pub trouble: Option<&'a Error>,
}

/// Waits until the request is merged or closed, or conflicts with its base, or the time is up; the
/// request as it is then. `tell` is called after each look after which the wait goes on.
///
/// Looks are further apart the longer it takes and the less is left of the host's limit. An
/// [`Error`] is what no waiting mends: rights, a request that is gone.
pub async fn wait(
    api: &Api,
    mut request: ChangeRequest,
    tell: &mut (dyn FnMut(Step<'_>) + Send),
) -> Result<ChangeRequest> {
    let started = Instant::now();
    let (mut tag, mut looks, mut conflicts) = (None, 0, 0);
    while !api.deadline().passed() {
        let (look, spacing) = api.look_again(request.number, &mut tag).await?;
        let (trouble, asked) = match look {
            Look::Same => (None, None),
            Look::Now(now) => {
                request = *now;
                (None, None)
            }
            Look::NotNow(error, asked) => (Some(error), asked),
        };
        if trouble.is_none() {
            request = api.with_checks(request).await;
            let is_conflict = request.has_conflict == Some(true);
            conflicts = if is_conflict { conflicts + 1 } else { 0 };
            if request.state != RequestState::Open || conflicts >= SURE {
                return Ok(request);
            }
        }
        let pause = pause(api.pace(), looks, random()).max(spacing).max(asked.unwrap_or_default());
        let next = pause.min(api.deadline().remaining());
        let waited = started.elapsed();
        tell(Step { request: &request, waited, next, trouble: trouble.as_ref() });
        sleep(next).await;
        looks += 1;
    }
    Ok(request)
}

/// The pause after so many looks: longer each time up to the longest, and not the same for all who
/// began at the same moment.
fn pause(pace: Pace, looks: u32, random: u64) -> Duration {
    let full = pace.first.saturating_mul(looks.saturating_add(1)).min(pace.most);
    let half = full / 2;
    let nanos = u64::try_from(half.as_nanos()).unwrap_or(u64::MAX);
    half + Duration::from_nanos(random % nanos.saturating_add(1))
}

/// A random number without a crate for it: each `RandomState` is keyed differently.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ() {
        let pace = Pace::default();
        let longest = |looks| pause(pace, looks, u64::MAX - 1);
        for (looks, most) in [(0, 2), (1, 4), (9, 20), (14, 30), (1000, 30), (u32::MAX, 30)] {
            let most = Duration::from_secs(most);
            assert_eq!(pause(pace, looks, 0), most / 2, "{looks}");
            assert!(longest(looks) > most / 2 && longest(looks) <= most, "{looks}");
        }
        let still = Pace { first: Duration::ZERO, most: Duration::ZERO, settle: Duration::ZERO };
        assert_eq!(pause(still, 3, 7), Duration::ZERO);
        assert_ne!(random(), random());
    }
}
