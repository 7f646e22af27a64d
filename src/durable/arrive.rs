//! From a commit that is on the branch to a workload that runs what it says: the owners are followed
//! until they have applied it, then the workload is waited for and verified.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::FusedFuture as _;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use crate::backend::Rollbacker;
use crate::cluster::{Cluster, Deadline};
use crate::error::{Error, ErrorKind};
use crate::git::Oid;
use crate::reconciler;
use crate::reconciler::follow::{Follow, follow};
use crate::reconciler::following::Goal;
use crate::revert::ground::Ground;
use crate::rollback::execute::live::{self, Live};
use crate::rollback::model::convergence::Convergence;
use crate::rollback::model::event::{Event, Listener, Shared};
use crate::rollback::model::following::{Arrival, Followed, Told};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::outcome::{Ending, Outcome, Stopped, Written};
use crate::rollback::model::plan::{Action, Plan, Step};
use crate::rollback::model::snapshot::now;
use crate::rollback::model::target::Target;

use super::origin;

/// Until it is looked whether what is left is live again, where an owner is held back; doubled each time.
const AGAIN: Duration = Duration::from_secs(1);
/// The longest pause between two such looks.
const SELDOM: Duration = Duration::from_secs(15);

/// A commit that is on the branch.
pub struct Commit<'a> {
    /// The repository.
    pub ground: &'a mut Ground,
    /// It.
    pub id: Oid,
    /// The files that it is about: who changes them again makes a newer release.
    pub files: &'a [GitPath],
}

/// What is carried out.
#[derive(Clone, Copy)]
pub struct Arriving<'a> {
    /// Where.
    pub cluster: &'a Cluster,
    /// The kind of the workload.
    pub backend: &'static dyn Rollbacker,
    /// The whole plan.
    pub plan: &'a Plan,
    /// Until when.
    pub deadline: Deadline,
}

/// What happened so far.
#[derive(Debug, Default)]
pub struct Course {
    /// What was written.
    pub written: Vec<Written>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// Ends what the owners have under way, where the plan says so. What goes wrong is a warning: the commit
/// then waits for it.
pub async fn settle(
    cluster: &Cluster,
    plan: &Plan,
    deadline: Deadline,
    course: &mut Course,
    listener: &mut dyn Listener,
) {
    for step in &plan.steps {
        let Action::Settle { owner, name } = &step.action else { continue };
        let told = &mut |told| tell(told, name, listener);
        let goal = (owner, Goal::Idle);
        let followed = one(cluster, &plan.id, goal, deadline, async |_| None, told).await;
        course.written.extend(written(&step.id, &followed));
        if !matches!(followed.arrival, Arrival::Reached) {
            let message = format!("could not end what it has under way: {}", followed.words(name));
            listener.on(Event::Warning { message: message.clone() });
            course.warnings.push(message);
        }
    }
}

/// Follows the owners, then waits for the workload and verifies it; without `proof` nobody waits.
pub async fn arrive(
    arriving: Arriving<'_>,
    commit: Commit<'_>,
    proof: Option<live::Proof>,
    mut course: Course,
    listener: &mut dyn Listener,
) -> Outcome {
    let started = Instant::now();
    let waits = proof.is_some();
    let steps = &arriving.plan.steps;
    let followed = follow_all(arriving, steps, commit, waits, &mut course, listener).await;
    let mut outcome = match followed {
        Err(stopped) => ended(Ending::OwnerStopped(stopped), listener, started),
        Ok(()) if !waits => Outcome::ended(Ending::NotWaited),
        Ok(()) => {
            let Arriving { cluster, backend, plan, deadline } = arriving;
            Live { cluster, backend, plan, deadline, proof }.finish(listener).await
        }
    };
    outcome.written = [course.written, outcome.written].concat();
    outcome.warnings = [course.warnings, outcome.warnings].concat();
    outcome.waited.milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    outcome
}

/// Follows the owners of these steps of the plan until they have applied the commit; where nobody waits, until
/// they were asked to.
pub async fn follow_all(
    arriving: Arriving<'_>,
    steps: &[Step],
    commit: Commit<'_>,
    waits: bool,
    course: &mut Course,
    listener: &mut dyn Listener,
) -> Result<(), Stopped> {
    let Arriving { cluster, plan, deadline, .. } = arriving;
    let Commit { ground, id, files } = commit;
    let listener = RefCell::new(listener);
    for step in steps {
        let Action::Follow { owner, name, .. } = &step.action else { continue };
        let goal = goal_of(plan, step);
        let (blocked, asked) = (Notify::new(), Notify::new());
        let is_held_back = Cell::new(false);
        let mut told = |told: Told| {
            if let Told::Moved { convergence, .. } = &told {
                is_held_back.set(is_blocked(convergence));
            }
            if is_held_back.get() {
                blocked.notify_one();
            }
            if matches!(told, Told::Nudged { .. } | Told::NotNudged { .. }) {
                asked.notify_one();
            }
            tell(told, name, &mut Shared(&listener));
        };
        let relation = async |revision: &str| origin::relation(ground, id, files, revision).await;
        let follow = one(cluster, &plan.id, (owner, goal), deadline, relation, &mut told).fuse();
        let patched = RefCell::new((Vec::new(), Vec::new()));
        let keep = |(done, warnings): (Vec<Written>, Vec<String>)| {
            let has_failed = !warnings.is_empty();
            let mut patched = patched.borrow_mut();
            patched.0.extend(done);
            patched.1.extend(warnings);
            has_failed
        };
        let unblock = async {
            blocked.notified().await;
            unblock(arriving, &is_held_back, keep, &listener).await;
        }
        .fuse();
        let enough = async {
            if waits {
                std::future::pending::<()>().await;
            }
            asked.notified().await;
        }
        .fuse();
        tokio::pin!(follow, unblock, enough);
        let followed = loop {
            tokio::select! {
                biased;
                followed = &mut follow => break Some(followed),
                () = &mut enough => break None,
                () = &mut unblock, if !unblock.is_terminated() => {}
            }
        };
        let (done, warnings) = patched.take();
        course.written.extend(done);
        course.warnings.extend(warnings);
        let Some(followed) = followed else { break };
        course.written.extend(written(&step.id, &followed));
        if !matches!(followed.arrival, Arrival::Reached) {
            return Err(stopped(&followed, name));
        }
    }
    Ok(())
}

/// Patches the workload that holds an owner back, and again where a run with values of before puts what is left
/// back, so that its check waits once more. It ends where that goes wrong, which `keep` tells.
async fn unblock(
    Arriving { cluster, plan, deadline, .. }: Arriving<'_>,
    is_held_back: &Cell<bool>,
    keep: impl Fn((Vec<Written>, Vec<String>)) -> bool,
    listener: &RefCell<&mut dyn Listener>,
) {
    let mut pause = AGAIN;
    while !keep(live::unblock(cluster, plan, deadline, &mut Shared(listener)).await) {
        loop {
            sleep(pause).await;
            pause = pause.saturating_mul(2).min(SELDOM);
            if is_held_back.get() && live::is_blocking(cluster, plan, deadline).await {
                break;
            }
        }
    }
}

/// To what end a step of the plan follows an owner: see [`super::plan::goals`]. Whoever takes values later, or is held
/// until then, may keep it from being well.
fn goal_of(plan: &Plan, step: &Step) -> Goal {
    let later = plan.steps.iter().skip_while(|one| !std::ptr::eq(*one, step)).skip(1);
    let waits = |one: &Step| {
        matches!(one.action, Action::Release { .. } | Action::Follow { anew: true, .. })
    };
    match step.action {
        Action::Follow { anew: true, .. } => Goal::Anew,
        _ if later.into_iter().any(waits) => Goal::Written,
        _ => Goal::Applied,
    }
}

/// Has the owners that are held see the commit.
pub async fn see_all(
    arriving: Arriving<'_>,
    commit: Commit<'_>,
    course: &mut Course,
    listener: &mut dyn Listener,
) -> Result<(), Stopped> {
    let Arriving { cluster, plan, deadline, .. } = arriving;
    let Commit { ground, id, files } = commit;
    for step in &plan.steps {
        let Action::See { owner, name } = &step.action else { continue };
        let told = &mut |told| tell(only_seen(told), name, listener);
        let relation = async |revision: &str| origin::relation(ground, id, files, revision).await;
        let goal = (owner, Goal::Seen);
        let followed = one(cluster, &plan.id, goal, deadline, relation, told).await;
        course.written.extend(written(&step.id, &followed));
        if !matches!(followed.arrival, Arrival::Reached) {
            return Err(stopped(&followed, name));
        }
    }
    Ok(())
}

/// Follows one owner; `token` names the wait.
pub(super) async fn one(
    cluster: &Cluster,
    token: &str,
    (owner, goal): (&Target, Goal),
    deadline: Deadline,
    relation: impl AsyncFnMut(&str) -> Option<crate::rollback::model::convergence::Relation>,
    listener: &mut dyn FnMut(Told),
) -> Followed {
    let Some(reconciler) = reconciler::from_git(owner) else {
        let message = format!("{} {} takes nothing from Git", owner.kind, owner.name);
        let arrival = Arrival::Lost(Error::new(ErrorKind::Internal, message));
        return Followed { arrival, convergence: None, written: Vec::new(), milliseconds: 0 };
    };
    let to = Follow { reconciler, owner, token, goal, may_sync: true, deadline };
    follow(cluster, to, relation, listener).await
}

fn is_blocked(convergence: &Convergence) -> bool {
    matches!(convergence, Convergence::Blocked { remedy: Some(_), .. })
}

/// What is held applies nothing: at the commit means only that it has seen it.
fn only_seen(told: Told) -> Told {
    match told {
        Told::Moved {
            milliseconds,
            convergence: Convergence::Applied { .. } | Convergence::Healthy { .. },
        } => {
            let waits = "its hold to be released".to_owned();
            Told::Moved { milliseconds, convergence: Convergence::Compared { waits } }
        }
        other => other,
    }
}

pub(super) fn tell(told: Told, name: &str, listener: &mut dyn Listener) {
    let event = match told {
        Told::Nudged { summary } => Event::StepDone { summary },
        Told::NotNudged { summary, why } => {
            Event::Warning { message: format!("could not {summary}: {why}") }
        }
        Told::Moved { milliseconds, convergence } => Event::Owner {
            elapsed: milliseconds / 1_000,
            name: name.to_owned(),
            state: convergence.to_string(),
        },
        Told::Warning { message } => Event::Warning { message },
    };
    listener.on(event);
}

pub(super) fn written<'f>(
    step: &'f str,
    followed: &'f Followed,
) -> impl Iterator<Item = Written> + 'f {
    let at: Timestamp = now();
    followed.written.iter().map(move |summary| Written {
        step: step.to_owned(),
        summary: summary.clone(),
        at,
    })
}

pub(super) fn stopped(followed: &Followed, name: &str) -> Stopped {
    let check = match &followed.arrival {
        Arrival::Unheard(unheard) => Some(unheard.check.clone()),
        Arrival::Forbidden(error) | Arrival::Lost(error) => error.hints().first().cloned(),
        _ => None,
    };
    Stopped {
        word: followed.arrival.word(),
        sentence: followed.words(name),
        exit: followed.arrival.exit_status(),
        check,
    }
}

/// An end that nobody but this has told.
fn ended(ending: Ending, listener: &mut dyn Listener, started: Instant) -> Outcome {
    let elapsed = started.elapsed().as_secs();
    listener.on(Event::Ended { elapsed, ending: ending.clone() });
    Outcome::ended(ending)
}
