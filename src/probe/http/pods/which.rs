//! Which pods are asked. Pure.

use jiff::Timestamp;
use serde_json::Value;

use crate::probe::Scene;
use crate::rollback::model::check::Finding;
use crate::rollback::model::pod::PodState;

/// Pods that are asked in one round.
const MOST: usize = 10;

/// The ready pods of what has to be live, in the order of their names.
pub(super) fn ready<'a>(scene: &Scene<'a>) -> Vec<&'a Value> {
    let live = || scene.backend.live_hash(&scene.seen.workload).unwrap_or_default();
    let hash = match scene.expected.hash.as_str() {
        "" => live(),
        hash => hash.to_owned(),
    };
    let is_meant = |pod: &&Value| {
        let pod = PodState::read(pod);
        pod.ready && !pod.deleting && (hash.is_empty() || pod.hash == hash)
    };
    let mut ready: Vec<&Value> = scene.seen.pods.iter().filter(is_meant).collect();
    ready.sort_by_key(|pod| name(pod));
    ready
}

/// As many as one round can ask, spread over all of them; others in every second, so that several
/// rounds see more.
pub(super) fn sample<'a>(ready: &[&'a Value], now: Timestamp) -> Vec<&'a Value> {
    let turn = usize::try_from(now.as_second()).unwrap_or_default();
    let all = ready.len();
    let chosen = (0..all.min(MOST)).map(|index| (turn + index * all / MOST.min(all)) % all);
    let mut chosen: Vec<usize> = chosen.collect();
    chosen.sort_unstable();
    chosen.into_iter().filter_map(|index| ready.get(index).copied()).collect()
}

/// The finding where there is no pod to ask.
pub(super) fn none(scene: &Scene<'_>) -> Finding {
    if let Some(why) = scene.backend.runs_nothing(&scene.seen.workload) {
        return Finding::skipped(format!("{why}: nobody is there to answer")).because("NothingRan");
    }
    let finding = match &scene.seen.pods_gap {
        Some(gap) => Finding::unknown(format!("no pod to ask: {gap}")).because("PodsUnknown"),
        None => Finding::fail(format!("no pod of {} is ready", label(scene))).because("NoPods"),
    };
    finding.hint(scene.hints.kubectl("get pods -o wide"))
}

fn label<'a>(scene: &Scene<'a>) -> &'a str {
    match scene.expected.label.as_str() {
        "" => "what is live",
        label => label,
    }
}

pub(super) fn name(pod: &Value) -> &str {
    pod.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default()
}
