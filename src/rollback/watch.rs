//! Waiting for a rollout: the workload and its pods are watched together until the rollout is
//! healthy, failed, or out of time.
//!
//! [`feed`] turns lists, watches and polls into one stream of updates; [`judge`] decides what they
//! mean and does no I/O.

mod culprit;
pub(super) mod feed;
pub(super) mod judge;

use std::pin::pin;
use std::time::Duration;

use futures::{Stream, StreamExt};
use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline, Path};
use crate::error::Error;

use self::feed::{Source, Update};
use self::judge::{Goal, Judge};
use super::model::event::{Event, Listener};
use super::model::outcome::{Ending, PodFailure, Waited};
use super::model::pod::PodState;
use super::model::progress::Phase;
use super::model::target::Target;

/// What to watch.
pub(super) struct Watch<'a> {
    pub(super) backend: &'a dyn Rollbacker,
    pub(super) target: &'a Target,
    pub(super) goal: Goal,
    /// The workload as it is when the wait begins: the watch goes on from its resourceVersion.
    pub(super) workload: Value,
    /// Label selector of the pods.
    pub(super) pod_selector: String,
    /// Whether pods that are there already count: not after an undo, whose pods are yet to come.
    pub(super) list_pods: bool,
}

/// Watches until it ends; never longer than the deadline.
pub(super) async fn wait(
    cluster: &Cluster,
    watch: Watch<'_>,
    deadline: Deadline,
    listener: &mut dyn Listener,
) -> Waited {
    let started = Instant::now();
    let (sources, namespace) = (Sources::of(&watch), watch.target.namespace.clone());
    let mut judge = Judge::new(watch.backend, watch.goal);
    let first = judge.workload(&watch.workload);
    if first.is_none() {
        report(&mut judge, started, listener);
    }
    let ending = match first {
        Some(ending) if watch.list_pods => {
            explain(cluster, &sources.pods, &mut judge, ending, deadline, listener).await
        }
        Some(ending) => ending,
        None => {
            let version = watch.workload.pointer("/metadata/resourceVersion");
            let version = version.and_then(Value::as_str).unwrap_or_default().to_owned();
            let pods_from = (!watch.list_pods).then(|| version.clone());
            let workload = feed::follow(cluster, sources.workload, Some(version), deadline);
            let pods = feed::follow(cluster, sources.pods, pods_from, deadline);
            run(&mut judge, workload, pods, started, deadline, listener).await
        }
    };
    waited(cluster, &namespace, &judge, ending, started).await
}

/// One look instead of a wait: no ending while the rollout goes on.
pub(super) async fn once(
    cluster: &Cluster,
    watch: Watch<'_>,
    deadline: Deadline,
    listener: &mut dyn Listener,
) -> (Option<Ending>, Waited) {
    let started = Instant::now();
    let (sources, namespace) = (Sources::of(&watch), watch.target.namespace.clone());
    let mut judge = Judge::new(watch.backend, watch.goal);
    let first = judge.workload(&watch.workload).unwrap_or(Ending::NotWaited);
    let ending = explain(cluster, &sources.pods, &mut judge, first, deadline, listener).await;
    let waited = waited(cluster, &namespace, &judge, ending.clone(), started).await;
    ((ending != Ending::NotWaited).then_some(ending), waited)
}

/// Looks at the pods of a rollout that is not done: they tell why, and perhaps that it is lost.
async fn explain(
    cluster: &Cluster,
    pods: &Source,
    judge: &mut Judge<'_>,
    ending: Ending,
    deadline: Deadline,
    listener: &mut dyn Listener,
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
            listener.on(Event::Warning { message: cannot_see_pods(&error) });
            ending
        }
    }
}

fn cannot_see_pods(error: &Error) -> String {
    format!("pods cannot be read, so failing ones are not named: {error}")
}

async fn waited(
    cluster: &Cluster,
    namespace: &str,
    judge: &Judge<'_>,
    ending: Ending,
    started: Instant,
) -> Waited {
    let failure = match &ending {
        Ending::Complete | Ending::NothingRan | Ending::PutBack(_) | Ending::Superseded(_) => None,
        Ending::TimedOut | Ending::DeadlineExceeded => judge.failure().or_else(|| judge.unready()),
        _ => judge.failure(),
    };
    let failure = match failure {
        Some(failure) => Some(with_log(cluster, namespace, failure).await),
        None => None,
    };
    let milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Waited { ending, progress: judge.progress().cloned(), failure, milliseconds }
}

/// The two things that are followed.
struct Sources {
    workload: Source,
    pods: Source,
}

impl Sources {
    fn of(watch: &Watch<'_>) -> Self {
        Self { workload: workload(watch), pods: pods(watch) }
    }
}

fn workload(watch: &Watch<'_>) -> Source {
    let kind = watch.backend.kind();
    let collection = Path::namespaced(
        &format!("apis/{}", kind.api_version),
        &watch.target.namespace,
        kind.plural,
    );
    Source {
        read: collection.clone().name(&watch.target.name).to_string(),
        watch: collection
            .query("fieldSelector", &format!("metadata.name={}", watch.target.name))
            .to_string(),
        is_list: false,
    }
}

fn pods(watch: &Watch<'_>) -> Source {
    let path = Path::namespaced("api/v1", &watch.target.namespace, "pods")
        .query("labelSelector", &watch.pod_selector)
        .to_string();
    Source { read: format!("{path}&limit=500"), watch: path, is_list: true }
}

async fn run(
    judge: &mut Judge<'_>,
    workload: impl Stream<Item = Update>,
    pods: impl Stream<Item = Update>,
    started: Instant,
    deadline: Deadline,
    listener: &mut dyn Listener,
) -> Ending {
    let (mut workload, mut pods) = (pin!(workload), pin!(pods));
    let mut pods_are_followed = true;
    let mut ticks = interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let ending = tokio::select! {
            biased;
            () = sleep_until(deadline.instant()) => Some(Ending::TimedOut),
            update = workload.next() => match update {
                Some(update) => on_workload(judge, update, listener),
                None => Some(Ending::Lost("the watch of the workload ended".to_owned())),
            },
            update = pods.next(), if pods_are_followed => {
                pods_are_followed = update.is_some();
                update.and_then(|update| on_pods(judge, update, started.elapsed(), listener))
            }
            _ = ticks.tick() => {
                listener.on(Event::Tick { elapsed: started.elapsed().as_secs() });
                judge.tick(started.elapsed())
            }
        };
        report(judge, started, listener);
        if let Some(ending) = ending {
            // A lost connection at the very end is the deadline's doing.
            return if deadline.passed() && matches!(ending, Ending::Lost(_)) {
                Ending::TimedOut
            } else {
                ending
            };
        }
    }
}

fn on_workload(
    judge: &mut Judge<'_>,
    update: Update,
    listener: &mut dyn Listener,
) -> Option<Ending> {
    match update {
        Update::Added(object) | Update::Changed(object) => judge.workload(&object),
        Update::Listed(objects) => match objects.first() {
            Some(object) => judge.workload(object),
            None => Some(Ending::Deleted),
        },
        Update::Deleted(_) => Some(Ending::Deleted),
        Update::Polling => {
            let message = "no right to watch it: asking every 2 s instead".to_owned();
            listener.on(Event::Warning { message });
            None
        }
        Update::Ended(error) => Some(Ending::Lost(error.to_string())),
    }
}

fn on_pods(
    judge: &mut Judge<'_>,
    update: Update,
    elapsed: Duration,
    listener: &mut dyn Listener,
) -> Option<Ending> {
    match update {
        Update::Added(pod) => judge.pod(PodState::read(&pod), true, elapsed),
        Update::Changed(pod) => judge.pod(PodState::read(&pod), false, elapsed),
        Update::Listed(pods) => judge.pods(pods.iter().map(PodState::read).collect(), elapsed),
        Update::Deleted(pod) => {
            judge.pod_gone(&PodState::read(&pod));
            None
        }
        Update::Polling => None,
        Update::Ended(error) => {
            listener.on(Event::Warning { message: cannot_see_pods(&error) });
            None
        }
    }
}

/// Passes on what is new.
fn report(judge: &mut Judge<'_>, started: Instant, listener: &mut dyn Listener) {
    let elapsed = started.elapsed().as_secs();
    // Until the controller has seen the write, the counts are those of what was there before.
    if let Some(progress) = judge.take_progress().filter(|p| p.phase != Phase::Unobserved) {
        listener.on(Event::Progress { elapsed, progress });
    }
    for failure in judge.take_troubles() {
        listener.on(Event::Trouble { elapsed, failure });
    }
}

/// A container that left no termination message has its last words in its log.
async fn with_log(cluster: &Cluster, namespace: &str, mut failure: PodFailure) -> PodFailure {
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
    // Also when the deadline has just passed: these words are why somebody waited.
    let short = Deadline::after(Duration::from_secs(3));
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
