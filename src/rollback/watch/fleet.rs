//! The loop of a wait: updates come in, each goes to the workloads that it concerns, and what these
//! ask for is done.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesUnordered, SelectAll};
use futures::{FutureExt as _, StreamExt as _};
use jiff::Timestamp;
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until, timeout_at};

use crate::cluster::{Cluster, Deadline};
use crate::error::Result;
use crate::rollback::execute::{self, Deleted};
use crate::rollback::model::event::{Event, Listeners};
use crate::rollback::model::outcome::Ending;
use crate::rollback::model::pod::PodState;
use crate::rollback::model::progress::Phase;
use crate::rollback::model::snapshot::now;
use crate::rollback::model::target::Target;

use super::feed::{self, Selected, Update};
use super::judge::Judge;
use super::judge::deletions::Deletion;
use super::sources::{self, Followed};
use super::{Watch, cannot_see_pods};

/// What is under way when a wait ends is waited for this long.
const FOR_ANSWERS: Duration = Duration::from_secs(5);
/// Pods of a workload that are kept.
const KEPT: usize = 10;

/// One workload of the fleet.
pub(super) struct Member<'a> {
    pub(super) target: &'a Target,
    pub(super) judge: Judge<'a>,
    /// How it ended; `None` while it is waited for.
    pub(super) ending: Option<Ending>,
    /// Names of the pods that were deleted for it.
    pub(super) deleted: Vec<String>,
    pub(super) milliseconds: u64,
    /// When it ended.
    pub(super) ended_at: Timestamp,
    /// The pods as they were seen last: some of them, without their managed fields.
    pub(super) seen: BTreeMap<String, Value>,
    /// Whether its end was told.
    is_told: bool,
    kind: &'static str,
    pods: Selected,
    /// The workload's version when the wait began.
    version: String,
    uid: Value,
    deadline: Deadline,
}

impl<'a> Member<'a> {
    /// Takes the goal out of the watch.
    pub(super) fn new(watch: &mut Watch<'a>) -> Self {
        Self {
            target: watch.target,
            judge: Judge::new(watch.backend, std::mem::take(&mut watch.goal)),
            ending: None,
            deleted: Vec::new(),
            milliseconds: 0,
            ended_at: now(),
            seen: BTreeMap::new(),
            is_told: false,
            kind: watch.backend.kind().kind,
            pods: Selected::by(watch),
            version: sources::version(&watch.workload),
            uid: watch.workload.pointer("/metadata/uid").cloned().unwrap_or_default(),
            deadline: watch.deadline,
        }
    }

    pub(super) fn end(&mut self, ending: Ending, started: Instant) {
        // A lost connection at the very end is the deadline's doing.
        let late = self.deadline.passed() && matches!(ending, Ending::Lost(_));
        self.ending = Some(if late { Ending::TimedOut } else { ending });
        self.ended_at = now();
        self.milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    }

    /// What comes after the wait asks about some pods: those that were seen need not be found first.
    fn keep(&mut self, pod: &Value) {
        let uid = pod.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
        if self.seen.len() >= KEPT && !self.seen.contains_key(uid) {
            return;
        }
        let mut pod = pod.clone();
        if let Some(metadata) = pod.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.shift_remove("managedFields");
        }
        self.seen.insert(uid.to_owned(), pod);
    }

    /// Whether it is about this workload, and no older than what the wait began with: a stream that
    /// several share begins with the oldest of them.
    fn is_news(&self, object: &Value) -> bool {
        self.has_name(object) && !sources::is_older(&sources::version(object), &self.version)
    }

    /// Whether it was made anew under the same name.
    fn is_another(&self, object: &Value) -> bool {
        object.pointer("/metadata/uid") != Some(&self.uid)
    }

    fn has_name(&self, object: &Value) -> bool {
        let is = |pointer: &str, text: &str| object.pointer(pointer) == Some(&Value::from(text));
        is("/metadata/name", &self.target.name) && is("/metadata/namespace", &self.target.namespace)
    }
}

type Deleting<'c> = FuturesUnordered<BoxFuture<'c, (usize, Deletion, Result<Deleted>)>>;

/// All workloads of one wait.
pub(super) struct Fleet<'a, 'c> {
    cluster: &'c Cluster,
    started: Instant,
    members: Vec<Member<'a>>,
    deleting: Deleting<'c>,
}

impl<'a, 'c> Fleet<'a, 'c> {
    pub(super) fn new(cluster: &'c Cluster, started: Instant, members: Vec<Member<'a>>) -> Self {
        Self { cluster, started, members, deleting: FuturesUnordered::new() }
    }

    /// The members, once what was under way at the end has been answered.
    pub(super) async fn into_members(mut self, listeners: &mut dyn Listeners) -> Vec<Member<'a>> {
        let patience = Deadline::after(FOR_ANSWERS).instant();
        while let Ok(Some((index, deletion, result))) =
            timeout_at(patience, self.deleting.next()).await
        {
            self.on_deleted(index, &deletion, result, listeners);
        }
        for member in &mut self.members {
            if let Some(Ending::HalfDone { pods, .. }) = &mut member.ending {
                pods.retain(|pod| !member.deleted.contains(pod));
            }
        }
        self.members
    }

    /// Runs until every member has ended.
    pub(super) async fn run(&mut self, followed: Vec<Followed>, listeners: &mut dyn Listeners) {
        self.settle(listeners);
        let Some(last) = self.active().map(|member| member.deadline).max() else { return };
        let mut feeds: SelectAll<BoxStream<'_, (usize, Update)>> = followed
            .iter()
            .enumerate()
            .map(|(index, f)| {
                let stream = feed::follow(self.cluster, f.source.clone(), f.version.clone(), last);
                stream.map(move |update| (index, update)).boxed()
            })
            .collect();
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while let Some(next) = self.active().map(|member| member.deadline).min() {
            tokio::select! {
                biased;
                () = sleep_until(next.instant()) => self.out_of_time(),
                Some((index, deletion, result)) = self.deleting.next() => {
                    self.on_deleted(index, &deletion, result, listeners);
                }
                update = feeds.next() => match update {
                    Some((index, update)) => {
                        if let Some(followed) = followed.get(index) {
                            self.on_update(followed, &update, listeners);
                        }
                    }
                    None => self.end_all(&Ending::Lost("the watch of the workload ended".to_owned())),
                },
                _ = ticks.tick() => self.on_tick(listeners),
            }
            self.settle(listeners);
        }
    }

    fn active(&self) -> impl Iterator<Item = &Member<'a>> {
        self.members.iter().filter(|member| member.ending.is_none())
    }

    fn out_of_time(&mut self) {
        for member in self.members.iter_mut().filter(|m| m.ending.is_none()) {
            if member.deadline.passed() {
                member.end(Ending::TimedOut, self.started);
            }
        }
    }

    fn end_all(&mut self, ending: &Ending) {
        for member in self.members.iter_mut().filter(|m| m.ending.is_none()) {
            member.end(ending.clone(), self.started);
        }
    }

    fn on_tick(&mut self, listeners: &mut dyn Listeners) {
        let elapsed = self.started.elapsed();
        for (index, member) in self.members.iter_mut().enumerate() {
            if member.ending.is_none() {
                listeners.on(index, Event::Tick { elapsed: elapsed.as_secs() });
                if let Some(ending) = member.judge.tick(elapsed) {
                    member.end(ending, self.started);
                }
            }
        }
    }

    fn on_update(&mut self, from: &Followed, update: &Update, listeners: &mut dyn Listeners) {
        let (elapsed, started) = (self.started.elapsed(), self.started);
        let concerned = self.members.iter_mut().enumerate().filter(|(_, member)| {
            member.ending.is_none() && from.concerns(member.kind, &member.target.namespace)
        });
        // What concerns the stream itself is told once.
        let mut told = false;
        for (index, member) in concerned {
            let message = match (update, from.kind) {
                (Update::Polling, Some(_)) => {
                    Some("no right to watch it: asking every 2 s instead".to_owned())
                }
                (Update::Ended(error), None) => Some(cannot_see_pods(error)),
                _ => None,
            };
            if let Some(message) = message.filter(|_| !std::mem::replace(&mut told, true)) {
                listeners.on(index, Event::Warning { message });
            }
            let ending = match from.kind {
                Some(_) => on_workload(member, update),
                None => on_pods(member, update, elapsed),
            };
            if let Some(ending) = ending {
                member.end(ending, started);
            }
        }
    }

    fn on_deleted(
        &mut self,
        index: usize,
        deletion: &Deletion,
        result: Result<Deleted>,
        listeners: &mut dyn Listeners,
    ) {
        let Some(member) = self.members.get_mut(index) else { return };
        let ending = match result {
            Ok(Deleted::Spared) => {
                listeners.on(index, Event::NotWritten);
                member.judge.spared(deletion)
            }
            Ok(Deleted::Gone) => {
                member.deleted.push(deletion.name.clone());
                listeners.on(index, Event::StepDone { summary: deletion.summary() });
                member.judge.deleted()
            }
            Err(error) => {
                listeners.on(index, Event::NotWritten);
                let message = format!("could not {}: {error}", deletion.summary());
                listeners.on(index, Event::Warning { message: message.clone() });
                Some(member.judge.not_deleted(message, &member.deleted))
            }
        };
        if let Some(ending) = ending.filter(|_| member.ending.is_none()) {
            member.end(ending, self.started);
        }
    }

    /// Passes on what is new, and starts the deletions that are due.
    fn settle(&mut self, listeners: &mut dyn Listeners) {
        let elapsed = self.started.elapsed().as_secs();
        for (index, member) in self.members.iter_mut().enumerate() {
            // Until the controller has seen the write, the counts are those of what was there before.
            if let Some(progress) =
                member.judge.take_progress().filter(|p| p.phase != Phase::Unobserved)
            {
                listeners.on(index, Event::Progress { elapsed, progress });
            }
            for failure in member.judge.take_troubles() {
                listeners.on(index, Event::Trouble { elapsed, failure });
            }
            if member.ending.is_none() {
                member.ending = member.judge.nothing_left_to_delete();
            }
            if let Some(ending) = member.ending.clone() {
                if !std::mem::replace(&mut member.is_told, true) {
                    listeners.on(index, Event::Ended { elapsed, ending });
                }
                continue;
            }
            for deletion in member.judge.due_deletions() {
                listeners.on(index, Event::Writing);
                let (cluster, deadline) = (self.cluster, member.deadline);
                let delete = async move {
                    let result = execute::delete_pod(cluster, &deletion, deadline).await;
                    (index, deletion, result)
                };
                self.deleting.push(delete.boxed());
            }
        }
    }
}

fn on_workload(member: &mut Member<'_>, update: &Update) -> Option<Ending> {
    match update {
        Update::Added(object) | Update::Changed(object) if member.is_news(object) => {
            if member.is_another(object) {
                return Some(Ending::Deleted);
            }
            member.judge.workload(object)
        }
        Update::Listed(objects) => match objects.iter().find(|object| member.has_name(object)) {
            Some(object) if member.is_another(object) => Some(Ending::Deleted),
            Some(object) => member.judge.workload(object),
            None => Some(Ending::Deleted),
        },
        Update::Deleted(object) if member.is_news(object) => Some(Ending::Deleted),
        Update::Ended(error) => Some(Ending::Lost(error.to_string())),
        Update::Added(_) | Update::Changed(_) | Update::Deleted(_) | Update::Polling => None,
    }
}

fn on_pods(member: &mut Member<'_>, update: &Update, elapsed: Duration) -> Option<Ending> {
    match update {
        Update::Added(pod) if member.pods.has(pod) => {
            member.keep(pod);
            member.judge.pod(PodState::read(pod), true, elapsed)
        }
        Update::Changed(pod) if member.pods.has(pod) => {
            member.keep(pod);
            member.judge.pod(PodState::read(pod), false, elapsed)
        }
        Update::Listed(pods) => {
            member.seen.clear();
            let own: Vec<&Value> = pods.iter().filter(|pod| member.pods.has(pod)).collect();
            for pod in &own {
                member.keep(pod);
            }
            member.judge.pods(own.into_iter().map(PodState::read).collect(), elapsed)
        }
        Update::Deleted(pod) => {
            let gone = PodState::read(pod);
            member.seen.remove(&gone.uid);
            member.judge.pod_gone(&gone);
            None
        }
        Update::Added(_) | Update::Changed(_) | Update::Polling | Update::Ended(_) => None,
    }
}
