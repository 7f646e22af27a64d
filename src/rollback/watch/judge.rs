//! What updates of a workload and its pods mean for a wait. No I/O, no clock: time is handed in.

pub(in crate::rollback) mod deletions;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use self::deletions::{Deletion, Deletions};
use crate::backend::Rollbacker;
use crate::rollback::model::outcome::{Ending, NOT_READY, PodFailure};
use crate::rollback::model::pod::{Ailment, ContainerState, PodState, Severity};
use crate::rollback::model::progress::{Phase, Progress};
use crate::rollback::model::target::Target;
use crate::rollback::model::template;
use crate::rollback::watch::culprit;

/// A container that ended this often will end again.
const CRASHES: i64 = 2;
/// For how long an image pull or a missing reference may take to mend by itself.
const STUCK: Duration = Duration::from_secs(20);

/// What the wait is for.
#[derive(Default)]
pub(in crate::rollback) struct Goal {
    /// The template that must stay live; `None`: whatever is live.
    pub(in crate::rollback) template: Option<Value>,
    /// The template that was left.
    pub(in crate::rollback) left: Option<Value>,
    /// The generation of the write: what is older proves nothing.
    pub(in crate::rollback) generation: i64,
    /// The deadline condition that was there before the write.
    pub(in crate::rollback) stale: Option<String>,
    /// When the write was, by the API server's clock: pods from before are not new. `None` where
    /// nothing was written.
    pub(in crate::rollback) written_at: Option<Timestamp>,
    /// Who got back the fields that the write took: they seem to have written the template then.
    pub(in crate::rollback) receivers: Vec<String>,
    /// The newest undo in the record that is known.
    pub(in crate::rollback) undo: Option<String>,
    /// Template hash of the pods that count; empty: all but `old_hashes`.
    pub(in crate::rollback) hash: String,
    /// Template hashes of older revisions.
    pub(in crate::rollback) old_hashes: Vec<String>,
    /// Pods of another revision that the controller leaves as they are.
    pub(in crate::rollback) leftovers: Vec<String>,
    /// Whether an undo is waited for, by whomever: then all pods have to be of its target.
    pub(in crate::rollback) of_undo: bool,
    /// Pods to delete on the way.
    pub(in crate::rollback) deletions: Vec<Deletion>,
    /// Whether nobody waits any longer once these are deleted.
    pub(in crate::rollback) only_deletions: bool,
    /// Whether it is over already, and only watched: whatever becomes of the rollout ends nothing.
    pub(in crate::rollback) stays: bool,
}

/// A pod that is followed.
struct Followed {
    pod: PodState,
    /// Crashes that it had before it counted.
    crashes_before: i64,
    stuck_since: Option<Duration>,
    /// The worst that was told of it: reasons alternate while a container is restarted.
    told: Option<Severity>,
}

/// Takes updates and says when the wait is over.
pub(in crate::rollback) struct Judge<'a> {
    backend: &'a dyn Rollbacker,
    goal: Goal,
    progress: Option<Progress>,
    progress_is_new: bool,
    pods: BTreeMap<String, Followed>,
    troubles: Vec<PodFailure>,
    /// When another template was put on the workload, by the API server's clock.
    changed_at: Option<Timestamp>,
    /// Why no pods are made, where the workload says so.
    refused: Option<String>,
    deletions: Deletions,
    /// Whether pods are deleted on the way: then a workload that waits for that is not at its end.
    deletes: bool,
}

impl<'a> Judge<'a> {
    pub(in crate::rollback) fn new(backend: &'a dyn Rollbacker, mut goal: Goal) -> Self {
        let deletions = std::mem::take(&mut goal.deletions);
        Self {
            backend,
            goal,
            deletes: !deletions.is_empty(),
            deletions: Deletions::new(deletions),
            progress: None,
            progress_is_new: false,
            pods: BTreeMap::new(),
            troubles: Vec::new(),
            changed_at: None,
            refused: None,
        }
    }

    /// The workload as it is now.
    pub(in crate::rollback) fn workload(&mut self, workload: &Value) -> Option<Ending> {
        let generation = workload.pointer("/metadata/generation").and_then(Value::as_i64);
        if generation.unwrap_or_default() < self.goal.generation {
            return None; // from before the write: a lagging cache
        }
        if let Some(ending) = self.template_changed(workload) {
            return Some(ending);
        }
        let progress = self.backend.progress(workload, self.goal.stale.as_deref());
        // The controller may store the same template under another name than before.
        if let Some(hash) = self.backend.live_hash(workload).filter(|_| !self.goal.hash.is_empty())
        {
            self.goal.hash = hash;
        }
        let ending = self.ending_of(&progress);
        self.refused = self.backend.pods_refused(workload);
        self.progress_is_new |= self.progress.as_ref() != Some(&progress);
        self.progress = Some(progress);
        ending
    }

    fn ending_of(&self, progress: &Progress) -> Option<Ending> {
        if self.goal.stays {
            return None;
        }
        match progress.phase {
            // What became of it is to be told.
            Phase::Complete if self.deletions.are_under_way() => None,
            Phase::Complete if progress.pods.desired == 0 => Some(Ending::NothingRan),
            Phase::Complete => Some(Ending::Complete),
            Phase::DeadlineExceeded => Some(Ending::DeadlineExceeded),
            Phase::Paused => Some(Ending::Paused),
            Phase::AwaitsDeletion => {
                (!self.deletes).then(|| Ending::AwaitsDeletion(self.goal.leftovers.clone()))
            }
            // Of a rollout it is the end; of an undo it is not all that was wanted.
            Phase::Partitioned if !self.goal.of_undo => Some(Ending::Complete),
            Phase::Partitioned => Some(Ending::HeldByPartition),
            Phase::Unobserved | Phase::Rolling => None,
        }
    }

    /// When another template was put on the workload, where that was seen.
    pub(in crate::rollback) fn changed_at(&self) -> Option<Timestamp> {
        self.changed_at
    }

    /// The pods that are to be deleted now.
    pub(in crate::rollback) fn due_deletions(&mut self) -> Vec<Deletion> {
        self.deletions.due(self.progress.as_ref())
    }

    /// One of them serves again: what is stuck no longer needs no help, and others wait for their
    /// turn.
    pub(in crate::rollback) fn spared(&mut self, deletion: &Deletion) -> Option<Ending> {
        self.deletions.spare(deletion);
        self.progress.as_ref().and_then(|progress| self.ending_of(progress))
    }

    /// The end where the time was up before all of them were deleted.
    pub(in crate::rollback) fn not_all_deleted(&self, deleted: &[String]) -> Option<Ending> {
        let why = "could not delete all pods that it was to delete: the time was up".to_owned();
        (!self.deletions.are_done()).then(|| self.not_deleted(why, deleted))
    }

    /// Path of the workload below the API server's URL.
    pub(in crate::rollback) fn path(&self, target: &Target) -> String {
        self.backend.path(target)
    }

    /// The end where one of them could not be deleted; those that were are no longer in the way,
    /// and another pod has their name.
    pub(in crate::rollback) fn not_deleted(&self, why: String, deleted: &[String]) -> Ending {
        let is_left = |name: &&String| !deleted.contains(name);
        let pods = self.goal.leftovers.iter().filter(is_left).cloned().collect();
        Ending::HalfDone { why, pods }
    }

    /// One of them is deleted; the end where that was all that was missing.
    pub(in crate::rollback) fn deleted(&mut self) -> Option<Ending> {
        self.deletions.done();
        self.progress.as_ref().and_then(|progress| self.ending_of(progress))
    }

    /// The end where nobody waits for more than the deletions.
    pub(in crate::rollback) fn nothing_left_to_delete(&self) -> Option<Ending> {
        (self.goal.only_deletions && self.deletions.are_done()).then_some(Ending::NotWaited)
    }

    fn template_changed(&mut self, workload: &Value) -> Option<Ending> {
        let wanted = self.goal.template.as_ref()?;
        let live = workload.pointer("/spec/template")?;
        if template::same(live, wanted) {
            return None;
        }
        self.changed_at = template::writes(workload).filter_map(|(_, at)| at).max();
        let by = culprit::of(&self.goal, workload);
        let put_back = self.goal.left.as_ref().is_some_and(|left| template::same(live, left));
        Some(if put_back { Ending::PutBack(by) } else { Ending::Superseded(by) })
    }

    /// All pods there are.
    pub(in crate::rollback) fn pods(
        &mut self,
        pods: Vec<PodState>,
        elapsed: Duration,
    ) -> Option<Ending> {
        self.pods.retain(|uid, _| pods.iter().any(|pod| pod.uid == *uid));
        pods.into_iter().filter_map(|pod| self.pod(pod, true, elapsed)).last()
    }

    /// A pod as it is now. A pod that is not new and was never seen was there before the write:
    /// only what it does from now on counts.
    pub(in crate::rollback) fn pod(
        &mut self,
        pod: PodState,
        is_new: bool,
        elapsed: Duration,
    ) -> Option<Ending> {
        self.deletions.saw(&pod.uid, pod.ready);
        if !self.counts(&pod) {
            return None;
        }
        let crashes = crashes(&pod);
        let is_new = is_new && self.is_after_the_write(&pod);
        let followed = self.pods.entry(pod.uid.clone()).or_insert_with(|| Followed {
            pod: PodState::default(),
            crashes_before: if is_new { 0 } else { crashes },
            stuck_since: None,
            told: None,
        });
        followed.pod = pod;
        let ailment = followed.pod.ailment();
        let stuck = ailment.as_ref().is_some_and(|a| a.severity == Severity::Stuck);
        followed.stuck_since = stuck.then(|| followed.stuck_since.unwrap_or(elapsed));
        if let Some(ailment) = ailment
            && followed.told < Some(ailment.severity)
        {
            followed.told = Some(ailment.severity);
            self.troubles.push(failure(&followed.pod, ailment));
        }
        self.tick(elapsed)
    }

    fn is_after_the_write(&self, pod: &PodState) -> bool {
        self.goal.written_at.is_none_or(|at| pod.created.is_some_and(|created| created >= at))
    }

    fn counts(&self, pod: &PodState) -> bool {
        if self.goal.hash.is_empty() {
            !self.goal.old_hashes.contains(&pod.hash)
        } else {
            self.goal.hash == pod.hash
        }
    }

    /// A pod that is gone.
    pub(in crate::rollback) fn pod_gone(&mut self, pod: &PodState) {
        self.pods.remove(&pod.uid);
    }

    /// Time went by.
    pub(in crate::rollback) fn tick(&self, elapsed: Duration) -> Option<Ending> {
        self.pods.values().any(|pod| pod.is_lost(elapsed)).then_some(Ending::PodsFailed)
    }

    /// The pod that explains best why the wait is not over, or why it failed.
    pub(in crate::rollback) fn failure(&self) -> Option<PodFailure> {
        let ailing = self.pods.values().filter_map(|f| Some((&f.pod, f.pod.ailment()?)));
        if let Some((pod, ailment)) = ailing.max_by_key(|(_, a)| (a.severity, a.restarts)) {
            return Some(failure(pod, ailment));
        }
        let mut waiting = self.pods.values().map(|f| &f.pod).filter(|pod| !pod.deleting);
        waiting.find_map(unscheduled).or_else(|| self.refused.clone().map(not_made))
    }

    /// A pod that ails nothing and still is not ready: what is left to say when the time is up.
    pub(in crate::rollback) fn unready(&self) -> Option<PodFailure> {
        self.pods
            .values()
            .map(|f| &f.pod)
            .filter(|pod| !pod.deleting && !pod.ready)
            .find_map(unready)
            .or_else(|| {
                self.goal.leftovers.first().filter(|_| !self.deletes).map(|pod| in_the_way(pod))
            })
    }

    /// The last progress.
    pub(in crate::rollback) fn progress(&self) -> Option<&Progress> {
        self.progress.as_ref()
    }

    /// The last progress, if it was not taken yet.
    pub(in crate::rollback) fn take_progress(&mut self) -> Option<Progress> {
        std::mem::take(&mut self.progress_is_new).then(|| self.progress.clone())?
    }

    /// Troubles that were not taken yet.
    pub(in crate::rollback) fn take_troubles(&mut self) -> Vec<PodFailure> {
        std::mem::take(&mut self.troubles)
    }
}

impl Followed {
    fn is_lost(&self, elapsed: Duration) -> bool {
        let stuck = self.stuck_since.is_some_and(|since| elapsed.saturating_sub(since) >= STUCK);
        let crashed = self.pod.ailment().is_some_and(|a| a.severity == Severity::Crashed)
            && crashes(&self.pod) - self.crashes_before >= CRASHES;
        stuck || crashed
    }
}

/// How often containers of a pod ended, at most: each restart was an end, and so is a container
/// that is down now.
fn crashes(pod: &PodState) -> i64 {
    let count = |c: &ContainerState| {
        let down = c.waiting.as_ref().is_some_and(|(reason, _)| reason == "CrashLoopBackOff");
        c.restarts + i64::from(down)
    };
    pod.containers.iter().filter(|c| !c.ready).map(count).max().unwrap_or_default()
}

fn failure(pod: &PodState, ailment: Ailment) -> PodFailure {
    PodFailure {
        pod: pod.name.clone(),
        container: ailment.container,
        reason: ailment.reason,
        message: ailment.message,
        ended: ailment.ended,
        restarts: ailment.restarts,
        log: Vec::new(),
    }
}

fn unready(pod: &PodState) -> Option<PodFailure> {
    let container = pod.containers.iter().find(|container| !container.ready)?;
    let (reason, message) = container.waiting.clone().unwrap_or_else(|| {
        let message = "it runs, and its startup or readiness probe does not pass";
        (NOT_READY.to_owned(), message.to_owned())
    });
    Some(PodFailure {
        pod: pod.name.clone(),
        container: container.name.clone(),
        reason,
        message,
        ended: None,
        restarts: container.restarts,
        log: Vec::new(),
    })
}

fn in_the_way(pod: &str) -> PodFailure {
    let message = "it is of another revision and was not ready when the wait began: the controller \
                   waits for it";
    PodFailure {
        pod: pod.to_owned(),
        container: String::new(),
        reason: "InTheWay".to_owned(),
        message: message.to_owned(),
        ended: None,
        restarts: 0,
        log: Vec::new(),
    }
}

fn not_made(message: String) -> PodFailure {
    PodFailure {
        pod: String::new(),
        container: String::new(),
        reason: "FailedCreate".to_owned(),
        message,
        ended: None,
        restarts: 0,
        log: Vec::new(),
    }
}

fn unscheduled(pod: &PodState) -> Option<PodFailure> {
    let message = pod.unschedulable.clone()?;
    Some(PodFailure {
        pod: pod.name.clone(),
        container: String::new(),
        reason: "Unschedulable".to_owned(),
        message,
        ended: None,
        restarts: 0,
        log: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
