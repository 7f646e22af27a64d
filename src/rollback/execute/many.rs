//! Carrying out the plans of several workloads: all patches first, a bounded number at once, then
//! everything else.

use std::cell::RefCell;

use futures::StreamExt as _;
use futures::stream;

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline};
use crate::error::{Error, ErrorKind};
use crate::text::shell_quote;

use super::{AT_ONCE, Accepted, Answer, Patched, ToProve, finish_all, patch};
use crate::rollback::model::decision::{Decision, Nothing};
use crate::rollback::model::event::{Event, Listener, Listeners};
use crate::rollback::model::outcome::{Done, Outcome, Waited};
use crate::rollback::model::plan::Plan;
use crate::rollback::model::request::UndoRequest;
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::status::Look;
use crate::rollback::watch::Reach;
use crate::rollback::{earlier, planner, snapshot};

/// How often one workload is planned again that changes under its plan.
const ROUNDS: u32 = 6;

/// One plan to carry out.
pub struct Order {
    /// The kind of its workload.
    pub backend: &'static dyn Rollbacker,
    /// What was asked for.
    pub request: UndoRequest,
    /// The plan.
    pub plan: Box<Plan>,
    /// Until when it may take.
    pub deadline: Deadline,
    /// What is verified then; `None`: nothing.
    pub proof: Option<ToProve>,
}

/// A workload that is at its target already and not healthy yet.
pub struct Join {
    /// Why nothing is to be done.
    pub nothing: Box<Nothing>,
    /// What to wait for.
    pub look: Box<Look>,
    /// Until when it is waited for.
    pub deadline: Deadline,
}

/// What is to be done about one workload.
pub enum Task {
    /// Carry out a plan.
    Undo(Box<Order>),
    /// Wait for a rollback that was made before.
    Join(Join),
}

/// A listener for one of several workloads.
struct OneOf<'a, 'l> {
    index: usize,
    all: &'a RefCell<&'l mut dyn Listeners>,
}

impl Listener for OneOf<'_, '_> {
    fn on(&mut self, event: Event) {
        self.all.borrow_mut().on(self.index, event);
    }
}

/// Listens for some of several workloads.
struct SomeOf<'a, 'l> {
    places: &'a [usize],
    all: &'a RefCell<&'l mut dyn Listeners>,
}

impl Listeners for SomeOf<'_, '_> {
    fn on(&mut self, index: usize, event: Event) {
        if let Some(place) = self.places.get(index) {
            self.all.borrow_mut().on(*place, event);
        }
    }
}

/// Carries out all tasks; the answers are in their order. `everywhere` says that the workloads were
/// looked for in all namespaces: then they are watched there.
pub async fn carry_out(
    cluster: &Cluster,
    tasks: Vec<Task>,
    everywhere: bool,
    listeners: &mut dyn Listeners,
) -> Vec<Done> {
    let reach = if everywhere { Reach::Cluster } else { Reach::Namespaces };
    let all = RefCell::new(listeners);
    let mut done: Vec<Option<Done>> = tasks.iter().map(|_| None).collect();
    let (mut sent, mut joins) = (Vec::new(), Vec::new());
    let patches = stream::iter(tasks.into_iter().enumerate())
        .map(|(index, task)| {
            let mut listener = OneOf { index, all: &all };
            async move {
                let state = match task {
                    Task::Undo(order) => send(cluster, order, &mut listener).await,
                    Task::Join(join) => State::Join(join),
                };
                (index, told(state, &mut listener))
            }
        })
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>()
        .await;
    for (index, state) in patches {
        match state {
            State::Sent(order, answer) => sent.push((index, order, answer)),
            State::Join(join) => joins.push((index, join)),
            State::Ended(end) => put(&mut done, index, *end),
        }
    }
    // The same order in every run.
    sent.sort_by_key(|(index, ..)| *index);
    joins.sort_by_key(|(index, _)| *index);
    let (finished, joined) = finish(cluster, &mut sent, &mut joins, reach, &all).await;
    for ((index, order, _), outcome) in sent.into_iter().zip(finished) {
        put(&mut done, index, Done::Undone(order.plan, Box::new(outcome)));
    }
    for ((index, join), waited) in joins.into_iter().zip(joined) {
        put(&mut done, index, Done::Joined(join.nothing, Some(Box::new(waited))));
    }
    done.into_iter().flatten().collect()
}

fn put(done: &mut [Option<Done>], index: usize, end: Done) {
    if let Some(place) = done.get_mut(index) {
        *place = Some(end);
    }
}

/// Where one workload is after the patches.
enum State {
    Sent(Box<Order>, Box<Answer>),
    Join(Join),
    Ended(Box<Done>),
}

/// The others may take minutes: what went wrong with one is told at once.
fn told(state: State, listener: &mut dyn Listener) -> State {
    if let State::Ended(end) = &state
        && let Done::Failed(error) = &**end
    {
        listener.on(Event::Warning { message: error.to_string() });
    }
    state
}

/// Nothing is to be written any more: waits for what somebody else has written.
fn join_or_end(nothing: Box<Nothing>, order: &Order, snapshot: Snapshot) -> State {
    if !nothing.converging || order.request.no_wait {
        return State::Ended(Box::new(Done::Joined(nothing, None)));
    }
    let look = Box::new(Look::new(order.backend, snapshot).of_undo());
    State::Join(Join { nothing, look, deadline: order.deadline })
}

fn failed(error: Error) -> State {
    State::Ended(Box::new(Done::Failed(error)))
}

/// Sends the patch of one plan, and plans again where only something beside it has changed.
async fn send(cluster: &Cluster, mut order: Box<Order>, listener: &mut dyn Listener) -> State {
    for _ in 0..ROUNDS {
        match patch(cluster, &order.plan, order.deadline, listener).await {
            Ok(Patched::Accepted(answer)) => return State::Sent(order, answer),
            Ok(Patched::Stale) => {}
            Err(error) => return failed(error),
        }
        let target = &order.plan.target;
        let snapshot = match snapshot::take(cluster, order.backend, target, order.deadline).await {
            Ok(snapshot) => snapshot,
            Err(error) => return failed(error),
        };
        if order.plan.is_done_in(&snapshot.workload) {
            let nothing = earlier::done_by_somebody(order.backend, &order.plan, &snapshot);
            return join_or_end(Box::new(nothing), &order, snapshot);
        }
        match planner::decide(order.backend, &snapshot, &order.request) {
            Decision::Undo(plan) if plan.is_same_undo(&order.plan) => order.plan = plan,
            Decision::Undo(plan) => {
                return failed(lost_race(&order.request, &plan));
            }
            Decision::Nothing(nothing) => return join_or_end(nothing, &order, snapshot),
            Decision::Again(again) => return failed(again.refusal),
            Decision::Owned(owned) => return failed(owned.refusal),
            Decision::Refused(error) => return failed(*error),
        }
    }
    failed(lost_race(&order.request, &order.plan))
}

/// Everything after the patches: one wait for all.
async fn finish(
    cluster: &Cluster,
    sent: &mut [(usize, Box<Order>, Box<Answer>)],
    joins: &mut [(usize, Join)],
    reach: Reach,
    all: &RefCell<&mut dyn Listeners>,
) -> (Vec<Outcome>, Vec<Waited>) {
    let places: Vec<usize> = sent
        .iter()
        .map(|(index, ..)| *index)
        .chain(joins.iter().map(|(index, _)| *index))
        .collect();
    let accepted = sent.iter_mut().map(|(_, order, answer)| Accepted {
        backend: order.backend,
        plan: &order.plan,
        answer: std::mem::take(answer),
        deadline: order.deadline,
        proof: order.proof.take(),
    });
    let joined = joins.iter_mut().map(|(_, join)| join.look.watch(join.deadline)).collect();
    let mut listeners = SomeOf { places: &places, all };
    finish_all(cluster, accepted.collect(), joined, reach, &mut listeners).await
}

fn lost_race(request: &UndoRequest, plan: &Plan) -> Error {
    let reference = plan.target.reference();
    let undo = request.hints.rb(&format!("undo {}", shell_quote(&reference)));
    Error::new(
        ErrorKind::LostRace,
        format!(
            "another release of {reference} went live between the plan and the write: nothing was \
             written"
        ),
    )
    .hint(format!("to roll that back: {undo}"))
}
