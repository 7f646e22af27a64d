//! `events`: what did the cluster complain of, about the workload and its pods, since the target is
//! live?

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use jiff::Timestamp;
use serde_json::Value;

use super::pods::{Pod, Pods};
use super::{Probe, Scene, since, words};
use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::snapshot::last_seen;
use crate::text::plural;

pub(super) struct Events;

/// As many Events as are read: one request, whatever the namespace goes through.
const LIMIT: &str = "500";
/// Reasons that say a pod could not be made, placed or run.
const BAD: &[&str] = &["BackOff", "FailedMount", "FailedScheduling", "FailedCreate"];
/// What every slow start emits.
const UNHEALTHY: &str = "Unhealthy";

impl Probe for Events {
    fn id(&self) -> &'static str {
        "events"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        vec![ask(scene)]
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let ask = ask(scene);
        let command = scene.hints.kubectl("get events --field-selector type=Warning");
        let (list, all) = match (facts.value(&ask), facts.items(&ask)) {
            (Ok(list), Ok(all)) => (list, all),
            (Err(error), _) | (_, Err(error)) => {
                return words::unread("the Events", error, command);
            }
        };
        let pods = match Pods::of(scene) {
            Ok(pods) => pods,
            Err(finding) => return finding,
        };
        let mut complaints =
            grouped(all.iter().filter_map(|event| Complaint::read(scene, &pods, event)).collect());
        complaints.sort_by_key(|one| std::cmp::Reverse((one.rank(), one.last)));
        let since = words::since(scene);
        let Some(worst) = complaints.first() else {
            if !words::text(list, "/metadata/continue").is_empty() {
                let message = format!("only the first {LIMIT} Warnings of the namespace were read");
                return Finding::unknown(message).because("TooMany").hint(command);
            }
            return Finding::pass(format!("no Warning {since}"));
        };
        let count = plural(words::count(&complaints), "Warning");
        let message = format!("{count} {since}, the worst: {}", worst.line(scene));
        let lines = complaints.iter().skip(1).map(|one| one.line(scene)).collect();
        let bad = BAD.iter().find(|bad| **bad == worst.reason);
        let finding = match bad {
            Some(reason) => Finding::fail(message).because(reason),
            None => Finding::warn(message).because("Warnings"),
        };
        finding.evidence(words::lines(lines)).hint(command)
    }
}

fn ask(scene: &Scene<'_>) -> Ask {
    let path = Path::namespaced("api/v1", &scene.target.namespace, "events");
    // One list for all kinds of objects: a field selector knows no "or".
    Ask::Read(path.query("fieldSelector", "type=Warning").query("limit", LIMIT).to_string())
}

/// One of each reason for each object, with the newest message: a controller that cannot make pods
/// emits one for each.
fn grouped(all: Vec<Complaint<'_>>) -> Vec<Complaint<'_>> {
    let mut groups: BTreeMap<(&str, &str, &str), Complaint<'_>> = BTreeMap::new();
    for one in all {
        match groups.entry((one.kind, one.name, one.reason)) {
            Entry::Vacant(entry) => {
                entry.insert(one);
            }
            Entry::Occupied(mut entry) => {
                let count = entry.get().count + one.count;
                if one.last > entry.get().last {
                    entry.insert(one);
                }
                entry.get_mut().count = count;
            }
        }
    }
    groups.into_values().collect()
}

/// A Warning that is about the target.
struct Complaint<'a> {
    kind: &'a str,
    name: &'a str,
    reason: &'a str,
    message: &'a str,
    count: i64,
    last: Timestamp,
}

impl<'a> Complaint<'a> {
    fn read(scene: &Scene<'_>, pods: &Pods<'_>, event: &'a Value) -> Option<Self> {
        let text = |pointer: &str| words::text(event, pointer);
        let last = last_seen(event)?;
        let (kind, name) = (text("/involvedObject/kind"), text("/involvedObject/name"));
        let (uid, reason) = (text("/involvedObject/uid"), text("/reason"));
        let is_new = since::happened(scene, last);
        let counts = match kind {
            "Pod" => match pods.known(name, uid) {
                Some(pod) => {
                    // All that a pod met that was made since then is new, in the very second too.
                    let is_new = is_new || since::made(scene, pod);
                    is_new && pods.is_of_target(pod) && !is_over(pod, reason, last)
                }
                None => is_new && is_named_after_target(scene, pods, name),
            },
            "ReplicaSet" => is_new && is_of_target(scene, pods, name),
            _ => is_new && is_workload(scene, kind, name, uid),
        };
        let count = ["/series/count", "/count"]
            .iter()
            .find_map(|pointer| event.pointer(pointer)?.as_i64())
            .unwrap_or(1);
        counts.then(|| Self { kind, name, reason, message: text("/message"), count, last })
    }

    fn rank(&self) -> Option<usize> {
        BAD.iter().position(|bad| *bad == self.reason)
    }

    /// `pod/web-abc: BackOff 6 times, last 4s ago: Back-off restarting failed container`.
    fn line(&self, scene: &Scene<'_>) -> String {
        let (kind, name) = (self.kind.to_ascii_lowercase(), self.name);
        let times = if self.count == 1 { String::new() } else { format!(" {} times", self.count) };
        let (reason, ago) = (self.reason, words::ago(scene, self.last));
        format!("{kind}/{name}: {reason}{times}, last {ago}: {}", words::one_line(self.message))
    }
}

/// Whether the workload is meant, and not one of its name that was there before.
fn is_workload(scene: &Scene<'_>, kind: &str, name: &str, uid: &str) -> bool {
    let is_same = uid.is_empty() || uid == words::text(&scene.seen.workload, "/metadata/uid");
    kind == scene.target.kind && name == scene.target.name && is_same
}

/// Whether a pod that is gone was one of the target: its `ReplicaSet` has given it a name. Pods of
/// StatefulSets come back under the same name, so theirs says nothing.
fn is_named_after_target(scene: &Scene<'_>, pods: &Pods<'_>, name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(set, _)| is_of_target(scene, pods, set))
}

/// Whether the `ReplicaSet` of this name is the one of the target.
fn is_of_target(scene: &Scene<'_>, pods: &Pods<'_>, set: &str) -> bool {
    set == format!("{}-{}", scene.target.name, pods.hash)
}

/// Whether a pod has become ready after a complaint that every slow start makes.
fn is_over(pod: &Pod<'_>, reason: &str, last: Timestamp) -> bool {
    let ready_since = pod.state.ready_since.filter(|_| pod.state.ready);
    reason == UNHEALTHY && ready_since.is_some_and(|at| at.as_second() >= last.as_second())
}

#[cfg(test)]
mod tests;
