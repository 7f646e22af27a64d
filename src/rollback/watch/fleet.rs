//! The loop of a wait: updates come in, each goes to the workloads that it concerns, and what these
//! ask for is done.

use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::{BoxStream, FuturesUnordered, SelectAll};
use futures::{FutureExt as _, StreamExt as _};
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::cluster::{Cluster, Deadline};
use crate::error::Result;
use crate::rollback::execute;
use crate::rollback::model::event::{Event, Listeners};
use crate::rollback::model::outcome::Ending;
use crate::rollback::model::pod::PodState;
use crate::rollback::model::progress::Phase;
use crate::rollback::model::target::Target;

use super::feed::{self, Selected, Update};
use super::judge::Judge;
use super::judge::deletions::Deletion;
use super::sources::{self, Followed};
use super::{Watch, cannot_see_pods};

/// One workload of the fleet.
pub(super) struct Member<'a> {
    pub(super) target: &'a Target,
    pub(super) judge: Judge<'a>,
    /// How it ended; `None` while it is waited for.
    pub(super) ending: Option<Ending>,
    /// Names of the pods that were deleted for it.
    pub(super) deleted: Vec<String>,
    pub(super) milliseconds: u64,
    /// Whether its end was told.
    is_told: bool,
    kind: &'static str,
    pods: Selected,
    /// The workload's version when the wait began.
    version: String,
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
            is_told: false,
            kind: watch.backend.kind().kind,
            pods: Selected::by(watch),
            version: sources::version(&watch.workload),
            deadline: watch.deadline,
        }
    }

    pub(super) fn end(&mut self, ending: Ending, started: Instant) {
        // A lost connection at the very end is the deadline's doing.
        let late = self.deadline.passed() && matches!(ending, Ending::Lost(_));
        self.ending = Some(if late { Ending::TimedOut } else { ending });
        self.milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    }

    /// Whether it is about this workload, and no older than what the wait began with: a stream that
    /// several share begins with the oldest of them.
    fn is_news(&self, object: &Value) -> bool {
        self.has_name(object) && !sources::is_older(&sources::version(object), &self.version)
    }

    fn has_name(&self, object: &Value) -> bool {
        let is = |pointer: &str, text: &str| object.pointer(pointer) == Some(&Value::from(text));
        is("/metadata/name", &self.target.name) && is("/metadata/namespace", &self.target.namespace)
    }
}

type Deleting<'c> = FuturesUnordered<BoxFuture<'c, (usize, Deletion, Result<()>)>>;

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

    pub(super) fn into_members(self) -> Vec<Member<'a>> {
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
        result: Result<()>,
        listeners: &mut dyn Listeners,
    ) {
        let Some(member) = self.members.get_mut(index) else { return };
        let ending = match result {
            Ok(()) => {
                member.deleted.push(deletion.name.clone());
                listeners.on(index, Event::StepDone { summary: deletion.summary() });
                member.judge.deleted()
            }
            Err(error) => {
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
            member.judge.workload(object)
        }
        Update::Listed(objects) => match objects.iter().find(|object| member.has_name(object)) {
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
            member.judge.pod(PodState::read(pod), true, elapsed)
        }
        Update::Changed(pod) if member.pods.has(pod) => {
            member.judge.pod(PodState::read(pod), false, elapsed)
        }
        Update::Listed(pods) => {
            let own = pods.iter().filter(|pod| member.pods.has(pod));
            member.judge.pods(own.map(PodState::read).collect(), elapsed)
        }
        Update::Deleted(pod) => {
            member.judge.pod_gone(&PodState::read(pod));
            None
        }
        Update::Added(_) | Update::Changed(_) | Update::Polling | Update::Ended(_) => None,
    }
}
