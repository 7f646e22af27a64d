//! Waiting for rollouts: workloads and their pods are watched together until each rollout is
//! healthy, failed, or out of time.
//!
//! [`sources`] says what to follow, [`feed`] turns lists, watches and polls into streams of updates,
//! [`judge`] decides what they mean for one workload and does no I/O, [`fleet`] hands the updates to
//! those whom they concern.

mod culprit;
pub(super) mod feed;
mod fleet;
pub(super) mod judge;
mod selector;
mod sources;

use std::cell::RefCell;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream;
use serde_json::Value;
use tokio::time::Instant;

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline, Path};
use crate::error::Error;

use self::feed::Source;
use self::fleet::{Fleet, Member};
use self::judge::{Goal, Judge};
use super::execute::AT_ONCE;
use super::model::event::{Event, Listener, Listeners, Only};
use super::model::outcome::{Ending, PodFailure, Waited};
use super::model::pod::PodState;
use super::model::target::Target;
pub(super) use sources::Reach;

/// A wait that took less, in milliseconds, had no time of its own.
const NO_TIME: u64 = 500;
/// How long the last words of failing pods may take.
const FOR_LAST_WORDS: Duration = Duration::from_secs(5);

/// What to watch of one workload.
pub(super) struct Watch<'a> {
    pub(super) backend: &'a dyn Rollbacker,
    pub(super) target: &'a Target,
    pub(super) goal: Goal,
    /// The workload as it is when the wait begins: the watch goes on from its resourceVersion.
    pub(super) workload: Value,
    /// Label selector of the pods that tell how it does.
    pub(super) pod_selector: String,
    /// Whether pods that are there already count: not after an undo, whose pods are yet to come.
    pub(super) list_pods: bool,
    /// When to give up.
    pub(super) deadline: Deadline,
}

/// Watches until it ends; never longer than its deadline.
pub(super) async fn wait(
    cluster: &Cluster,
    watch: Watch<'_>,
    listener: &mut dyn Listener,
) -> Waited {
    let waited = wait_all(cluster, vec![watch], Reach::Namespaces, &mut Only(listener)).await;
    // One watch, one answer.
    waited.into_iter().next().unwrap_or_else(|| Waited::ended(Ending::NotWaited))
}

/// Watches several until each has ended.
pub(super) async fn wait_all(
    cluster: &Cluster,
    watches: Vec<Watch<'_>>,
    reach: Reach,
    listeners: &mut dyn Listeners,
) -> Vec<Waited> {
    let started = Instant::now();
    let followed = sources::of(&watches, reach);
    let members = members(cluster, watches, started, listeners).await;
    let mut fleet = Fleet::new(cluster, started, members);
    fleet.run(followed, listeners).await;
    let members = fleet.into_members(listeners).await;
    // Also when a deadline has just passed; all of them together.
    let short = Deadline::after(FOR_LAST_WORDS);
    stream::iter(members)
        .map(|member| waited(cluster, member, short))
        .buffered(AT_ONCE)
        .collect()
        .await
}

async fn members<'a>(
    cluster: &Cluster,
    watches: Vec<Watch<'a>>,
    started: Instant,
    listeners: &mut dyn Listeners,
) -> Vec<Member<'a>> {
    let all = &RefCell::new(listeners);
    stream::iter(watches.into_iter().enumerate())
        .map(|(index, watch)| member(cluster, watch, started, all, index))
        .buffered(AT_ONCE)
        .collect()
        .await
}

/// A workload as the wait begins; it may be over already.
async fn member<'a>(
    cluster: &Cluster,
    mut watch: Watch<'a>,
    started: Instant,
    listeners: &RefCell<&mut dyn Listeners>,
    index: usize,
) -> Member<'a> {
    let pods = sources::pods(&watch);
    let mut member = Member::new(&mut watch);
    if let Some(ending) = member.judge.nothing_left_to_delete() {
        member.end(ending, started);
    } else if let Some(first) = member.judge.workload(&watch.workload) {
        let ending = if watch.list_pods {
            let on = &mut |event| listeners.borrow_mut().on(index, event);
            explain(cluster, &pods, &mut member.judge, first, watch.deadline, on).await
        } else {
            first
        };
        member.end(ending, started);
        // Nothing moved: there is no progress to tell.
        member.judge.take_progress();
    }
    member
}

/// One look instead of a wait: no ending while the rollout goes on.
pub(super) async fn once(
    cluster: &Cluster,
    mut watch: Watch<'_>,
    listener: &mut dyn Listener,
) -> (Option<Ending>, Waited) {
    let started = Instant::now();
    let (pods, deadline) = (sources::pods(&watch), watch.deadline);
    let mut member = Member::new(&mut watch);
    let first = member.judge.workload(&watch.workload).unwrap_or(Ending::NotWaited);
    let on = &mut |event| listener.on(event);
    let ending = explain(cluster, &pods, &mut member.judge, first, deadline, on).await;
    member.end(ending.clone(), started);
    let waited = waited(cluster, member, Deadline::after(FOR_LAST_WORDS)).await;
    ((ending != Ending::NotWaited).then_some(ending), waited)
}

/// Looks at the pods of a rollout that is not done: they tell why, and perhaps that it is lost.
async fn explain(
    cluster: &Cluster,
    pods: &Source,
    judge: &mut Judge<'_>,
    ending: Ending,
    deadline: Deadline,
    on: &mut dyn FnMut(Event),
) -> Ending {
    if matches!(ending, Ending::Complete | Ending::NothingRan) {
        return ending;
    }
    match cluster.get(&pods.read, deadline).await {
        Ok(list) => {
            let pods = feed::items(list).iter().map(PodState::read).collect();
            judge.pods(pods, Duration::ZERO).unwrap_or(ending)
        }
        Err(error) => {
            on(Event::Warning { message: cannot_see_pods(&error) });
            ending
        }
    }
}

fn cannot_see_pods(error: &Error) -> String {
    format!("pods cannot be read, so failing ones are not named: {error}")
}

async fn waited(cluster: &Cluster, mut member: Member<'_>, short: Deadline) -> Waited {
    let mut ending = member.ending.clone().unwrap_or(Ending::NotWaited);
    if ending == Ending::TimedOut {
        ending = last_look(cluster, &mut member, short).await;
    }
    let judge = &member.judge;
    let failure = match &ending {
        Ending::Complete | Ending::NothingRan | Ending::PutBack(_) | Ending::Superseded(_) => None,
        Ending::TimedOut | Ending::DeadlineExceeded => judge.failure().or_else(|| judge.unready()),
        _ => judge.failure(),
    };
    let failure = match failure {
        Some(failure) => Some(with_log(cluster, &member.target.namespace, failure, short).await),
        None => None,
    };
    Waited {
        ending,
        progress: judge.progress().cloned(),
        failure,
        changed_at: judge.changed_at(),
        deleted: member.deleted,
        pods: member.seen.into_values().collect(),
        milliseconds: member.milliseconds,
        ended_at: member.ended_at,
    }
}

/// The time is up. Where writing the others took all of it, nobody has looked at this one yet.
async fn last_look(cluster: &Cluster, member: &mut Member<'_>, short: Deadline) -> Ending {
    if let Some(ending) = member.judge.not_all_deleted(&member.deleted) {
        return ending;
    }
    if member.milliseconds >= NO_TIME {
        return Ending::TimedOut;
    }
    match cluster.get(&member.judge.path(member.target), short).await {
        Ok(workload) => member.judge.workload(&workload).unwrap_or(Ending::TimedOut),
        Err(_) => Ending::TimedOut,
    }
}

/// A container that left no termination message has its last words in its log.
async fn with_log(
    cluster: &Cluster,
    namespace: &str,
    mut failure: PodFailure,
    short: Deadline,
) -> PodFailure {
    let crashed = failure.ended.as_ref().is_some_and(|ended| ended.message.is_empty());
    if !crashed || failure.container.is_empty() {
        return failure;
    }
    let path = Path::namespaced("api/v1", namespace, "pods")
        .name(&failure.pod)
        .subresource("log")
        .query("container", &failure.container)
        .query("tailLines", "5")
        .query("limitBytes", "4096");
    for path in [path.clone().query("previous", "true"), path] {
        if let Ok(text) = cluster.get_text(&path, short).await
            && !text.trim().is_empty()
        {
            failure.log = text.lines().map(str::to_owned).collect();
            break;
        }
    }
    failure
}
