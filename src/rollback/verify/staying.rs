//! Watching what was found good for a while longer: that nobody puts another template on the workload.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::rounds::{Member, Rounds, rounds};
use crate::cluster::{Cluster, Deadline};
use crate::reconciler::rung::{self, Rung};
use crate::rollback::model::check::Check;
use crate::rollback::model::event::{Event, Listeners};
use crate::rollback::model::outcome::{Ending, Waited};
use crate::rollback::model::record::{FIELD_MANAGER, Record};
use crate::rollback::model::snapshot::now;
use crate::rollback::model::staying::{Culprit, Stay, Staying};
use crate::rollback::model::template;
use crate::rollback::watch::judge::Goal;
use crate::rollback::watch::{self, Reach, Watch};
use crate::text::shell_quote;

/// How long it may take to find out who it was.
const FOR_NAMES: Duration = Duration::from_secs(10);

/// Makes rounds of checks until each workload has an answer, and watches those that are good for as long
/// as is asked for; the answers are in their order.
pub(in crate::rollback) async fn prove(
    cluster: &Cluster,
    members: &[Member<'_>],
    reach: Reach,
    listeners: &mut dyn Listeners,
) -> Vec<Rounds> {
    let mut all = rounds(cluster, members, listeners).await;
    let mut places = Vec::new();
    let mut watches = Vec::new();
    for (index, (member, rounds)) in members.iter().zip(&mut all).enumerate() {
        let Some(limit) = member.demand.watch_for else { continue };
        let Some(workload) = rounds.workload.take() else { continue };
        if member.once || rounds.checks.iter().any(Check::objects) {
            continue;
        }
        let begun = Staying::begun(limit.as_secs());
        listeners.on(index, Event::Check { elapsed: 0, check: begun });
        places.push((index, limit));
        watches.push(watch_of(member, workload, Deadline::after(limit)));
    }
    if watches.is_empty() {
        return all;
    }
    let mut quiet = Quiet { places: &places, all: listeners };
    let waited = watch::wait_all(cluster, watches, reach, &mut quiet).await;
    let named = names(cluster, members, &places, &waited).await;
    for (((index, limit), waited), chain) in places.iter().zip(&waited).zip(named) {
        let (Some(member), Some(rounds)) = (members.get(*index), all.get_mut(*index)) else {
            continue;
        };
        let staying = staying(*limit, waited, &chain);
        let reference = member.target.reference();
        let hint = member.hints.rb(&format!("status {}", shell_quote(&reference)));
        let check = staying.check(&hint);
        let elapsed = waited.milliseconds / 1_000;
        listeners.on(*index, Event::Check { elapsed, check: check.clone() });
        rounds.checks.push(check);
        rounds.ended_at = now();
        rounds.staying = Some(staying);
    }
    all
}

/// The watch goes on from the state in which it was found good.
fn watch_of<'a>(member: &Member<'a>, workload: Value, deadline: Deadline) -> Watch<'a> {
    let generation = workload.pointer("/metadata/generation").and_then(Value::as_i64);
    // Who wrote the template until now wrote the good one.
    let written_at = template::writes(&workload).filter_map(|(_, at)| at).max();
    let hash = member.backend.live_hash(&workload);
    Watch {
        backend: member.backend,
        target: member.target,
        pod_selector: member.pod_selector.clone(),
        goal: Goal {
            template: workload.pointer("/spec/template").cloned(),
            generation: generation.unwrap_or_default(),
            written_at,
            receivers: writers(&workload, written_at),
            undo: Record::on(&workload).last_undo().map(|undo| undo.id.clone()),
            hash: hash.unwrap_or_else(|| member.expected.hash.clone()),
            stays: true,
            ..Goal::default()
        },
        workload,
        list_pods: true,
        deadline,
    }
}

/// Who wrote the template at that time.
fn writers(workload: &Value, at: Option<Timestamp>) -> Vec<String> {
    let writes = template::writes(workload).filter(|(_, time)| *time == at);
    writes.map(|(manager, _)| manager.to_owned()).collect()
}

/// The owners of those whose template was replaced; for the others nothing is read.
async fn names(
    cluster: &Cluster,
    members: &[Member<'_>],
    places: &[(usize, Duration)],
    waited: &[Waited],
) -> Vec<Vec<Rung>> {
    let marks = places.iter().zip(waited).map(|((index, _), waited)| {
        let member = members.get(*index).filter(|_| stay(&waited.ending) == Stay::Replaced);
        member.map(|member| member.marks.clone()).unwrap_or_default()
    });
    rung::read(cluster, marks.collect(), FIELD_MANAGER, Deadline::after(FOR_NAMES)).await
}

fn stay(ending: &Ending) -> Stay {
    match ending {
        Ending::PutBack(_) | Ending::Superseded(_) => Stay::Replaced,
        Ending::PodsFailed => Stay::PodsFailed,
        Ending::Deleted => Stay::Deleted,
        Ending::Lost(_) => Stay::Lost,
        // Nothing else ends it but the time.
        _ => Stay::Stayed,
    }
}

fn staying(limit: Duration, waited: &Waited, chain: &[Rung]) -> Staying {
    let ending = stay(&waited.ending);
    let by = match &waited.ending {
        Ending::PutBack(by) | Ending::Superseded(by) => {
            Some(culprit(by.clone(), waited.changed_at, chain))
        }
        _ => None,
    };
    let why = match &waited.ending {
        Ending::Lost(why) => Some(why.clone()),
        Ending::PodsFailed => {
            waited.failure.as_ref().map(|pod| format!("{}: {}", pod.pod, pod.reason))
        }
        _ => None,
    };
    let milliseconds = waited.milliseconds;
    Staying { seconds: limit.as_secs(), milliseconds, ending, by, why }
}

/// Whose name a field manager is, among the owners.
fn culprit(manager: Option<String>, at: Option<Timestamp>, chain: &[Rung]) -> Culprit {
    let writes = |rung: &&Rung| {
        let is_it = |manager: &String| rung.reconciler.writes_as(manager);
        rung.owner.of.is_none() && rung.owner.counts() && manager.as_ref().is_some_and(is_it)
    };
    let Some(owner) = chain.iter().find(writes) else {
        return Culprit { manager, at, ..Culprit::default() };
    };
    let is_bot = |rung: &&Rung| rung.reconciler.writes_to_source() && rung.owner.counts();
    let bots = chain.iter().filter(is_bot).map(|rung| rung.owner.name.clone());
    Culprit {
        manager,
        at,
        owner: Some(owner.owner.name.clone()),
        revision: owner.object.as_ref().and_then(|object| owner.reconciler.applies(object)),
        bots: bots.collect(),
    }
}

/// Passes on what tells that the watch goes on, and what ails pods. That the time is up is good news here.
struct Quiet<'a, 'l> {
    places: &'a [(usize, Duration)],
    all: &'l mut dyn Listeners,
}

impl Listeners for Quiet<'_, '_> {
    fn on(&mut self, index: usize, event: Event) {
        let is_told =
            matches!(event, Event::Tick { .. } | Event::Trouble { .. } | Event::Warning { .. });
        if let Some((place, _)) = self.places.get(index).filter(|_| is_told) {
            self.all.on(*place, event);
        }
    }
}

#[cfg(test)]
mod tests;
