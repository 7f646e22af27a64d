//! Which pods are asked. Pure.

use jiff::Timestamp;

use crate::probe::pods::{self, Pod, Pods};
use crate::probe::{Scene, words};
use crate::rollback::model::check::Finding;

/// Pods that are asked in one round.
const MOST: usize = 10;

/// The ready pods of the target, in the order of their names; there is one at least.
pub(super) fn ready<'a>(scene: &Scene<'a>) -> Result<Vec<Pod<'a>>, Finding> {
    let mut pods = Pods::target_of(scene)?;
    pods.retain(|pod| pod.state.ready);
    if pods.is_empty() { Err(none(scene)) } else { Ok(pods) }
}

/// As many as one round can ask, spread over all of them; others in every second, so that several
/// rounds see more.
pub(super) fn sample<T>(ready: &[T], now: Timestamp) -> Vec<&T> {
    let turn = usize::try_from(now.as_second()).unwrap_or_default();
    let all = ready.len();
    let chosen = (0..all.min(MOST)).map(|index| (turn + index * all / MOST.min(all)) % all);
    let mut chosen: Vec<usize> = chosen.collect();
    chosen.sort_unstable();
    chosen.into_iter().filter_map(|index| ready.get(index)).collect()
}

/// The finding where no pod is left to ask.
pub(super) fn none(scene: &Scene<'_>) -> Finding {
    pods::gap(scene).unwrap_or_else(|| {
        let message = format!("no pod of {} is ready", words::label(scene));
        Finding::fail(message).because("NoPods").hint(pods::list(scene))
    })
}
