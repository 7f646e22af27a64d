//! `pods.stale`: does a pod of another revision still run?

use jiff::Timestamp;

use super::pods::{self, Pod, Pods};
use super::{Probe, Scene, words};
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::image::ImageRef;
use crate::rollback::model::template;
use crate::text::{plural, shell_quote};

pub(super) struct PodsStale;

/// For how many seconds a pod may be there beyond its grace period: the kubelet kills it then, and
/// has to say so.
const SLACK: i64 = 10;

impl Probe for PodsStale {
    fn id(&self) -> &'static str {
        "pods.stale"
    }

    fn level(&self) -> Level {
        Level::Required
    }

    fn asks(&self, _scene: &Scene<'_>) -> Vec<Ask> {
        Vec::new()
    }

    fn judge(&self, scene: &Scene<'_>, _facts: &Facts<'_>) -> Finding {
        let pods = match Pods::of(scene) {
            Ok(pods) => pods,
            Err(finding) => return finding,
        };
        let names = |pods: &[&Pod<'_>]| words::few(pods.iter().map(|pod| pod.state.name.as_str()));
        if !pods.others.is_empty() {
            let others: Vec<&Pod<'_>> = pods.others.iter().collect();
            let count = plural(words::count(&others), "pod");
            let message = format!("{count} of another revision still there: {}", names(&others));
            let lines = others.iter().map(|pod| line(pod)).collect();
            let finding = Finding::fail(message).because("StalePods").evidence(words::lines(lines));
            return finding.hint(pods::list(scene));
        }
        if let Some(gap) = pods::gap(scene) {
            return gap;
        }
        let overdue: Vec<(&Pod<'_>, i64)> =
            pods.leaving.iter().filter_map(|pod| Some((pod, overdue(scene, pod)?))).collect();
        if let Some((first, _)) = overdue.first() {
            let stuck: Vec<&Pod<'_>> = overdue.iter().map(|(pod, _)| *pod).collect();
            let message = format!("being deleted, and past the grace period: {}", names(&stuck));
            let line = |(pod, late): &(&Pod<'_>, i64)| {
                let (name, node) = (&pod.state.name, pod.text("/spec/nodeName"));
                format!("{name}: {} late, on node {node}", crate::text::age(*late))
            };
            let lines = words::lines(overdue.iter().map(line).collect());
            let describe = format!("describe pod {}", shell_quote(&first.state.name));
            let finding = Finding::warn(message).because("StuckDeleting").evidence(lines);
            return finding.hint(scene.hints.kubectl(&describe));
        }
        let leaving = match words::count(&pods.leaving) {
            0 => String::new(),
            count => format!(", {} being deleted", plural(count, "pod")),
        };
        Finding::pass(format!("no pod of another revision{leaving}"))
    }
}

/// By how many seconds a pod has outlived its grace period. Its deletionTimestamp is when that ends.
fn overdue(scene: &Scene<'_>, pod: &Pod<'_>) -> Option<i64> {
    let end: Timestamp = pod.text("/metadata/deletionTimestamp").parse().ok()?;
    let late = scene.now.as_second() - end.as_second();
    (late > SLACK).then_some(late)
}

/// `web-abc: shop:2.8.1, hash 5d9f, ready`.
fn line(pod: &Pod<'_>) -> String {
    let images = template::images(pod.object);
    let images: Vec<String> = images.iter().map(|i| ImageRef::parse(&i.image).short()).collect();
    let state = match pod.state.ailment() {
        _ if pod.state.ready => "ready".to_owned(),
        Some(ailment) => ailment.reason,
        None => "not ready".to_owned(),
    };
    let hash = match pod.state.hash.as_str() {
        "" => String::new(),
        hash => format!(", hash {hash}"),
    };
    format!("{}: {}{hash}, {state}", pod.state.name, images.join(", "))
}

#[cfg(test)]
mod tests;
