//! The immediate way, `--now`: the owners are held and the workload is patched; then Git is made to agree,
//! and the owners are let go. Whatever happens on the way, the hold says what is still to do.

use std::cell::RefCell;
use std::time::Duration;

use crate::cli::undo::flow::Flow;
use crate::cli::undo::show;
use crate::cluster::Deadline;
use crate::durable::arrive::{self, Arriving, Commit, Course};
use crate::durable::plan::{self, Followed, Through};
use crate::error::{ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::probe;
use crate::rollback::execute::live::{Live, Proof};
use crate::rollback::execute::{self, Accepted, Answer, Patched, ToProve};
use crate::rollback::model::check::Level;
use crate::rollback::model::decision::Owned;
use crate::rollback::model::event::{Event, Listener, Shared};
use crate::rollback::model::hold::Hold;
use crate::rollback::model::outcome::{Ending, Outcome, Waited};
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::plan::{Action, Plan};
use crate::rollback::model::revert_outcome::RevertOutcome;
use crate::rollback::model::snapshot::Snapshot;
use crate::text::shell_quote;

use super::here::{Here, Ready};
use super::holding::wanted;
use super::push::{Pushed, push};
use super::{agree, changed, proof};

/// So long Git may take before the workload is patched without knowing it.
const FOR_GIT: Duration = Duration::from_secs(5);

pub(super) async fn run(
    flow: &mut Flow<'_>,
    owned: Owned,
    here: Here,
    snapshot: &Snapshot,
) -> Result<ExitStatus> {
    let mut holders = wanted(flow, &snapshot.owners)?;
    // Those that an earlier call has held do nothing by themselves any more.
    for (owner, name) in here.held_by(&flow.request.operation) {
        let followed = Followed { owner, name };
        if !holders.contains(&followed) {
            holders.push(followed);
        }
    }
    let (looked, ready) = tokio::join!(
        flow.look(owned.direct.clone(), snapshot),
        here.ready_within(flow, &owned, FOR_GIT),
    );
    let Some((direct, service)) = looked? else { return Err(changed(flow)) };
    let through = through(&here, &ready, holders.clone());
    let plan = Box::new(plan::immediate(*direct, through));
    if let Ok(ready) = &ready {
        if let Some(exit) = agree(flow, &plan, ready, snapshot).await? {
            return Ok(exit);
        }
    } else if let Some(exit) = super::agree_alone(flow, &plan, snapshot).await? {
        return Ok(exit);
    }
    let proof = proof(flow, snapshot)?;
    let deadline = flow.budget.waiting(plan.seconds());
    let work = Work { flow, plan: &plan, held: &holders, chain: &snapshot.owners, deadline };
    let mut course = Course::default();
    let hold = work.hold_of(&ready);
    work.says("an owner may be held by now, and nothing else is written");
    work.hold_all(&hold, &mut course).await?;
    work.says("its owner is held; whether it is patched, the next call finds out");
    let answer = work.patch(&hold).await?;
    let rest = work.go_on(Some((answer, service)), ready, &hold, proof, course);
    let outcome = Box::pin(rest).await;
    show::done(flow.args, flow.app, &plan, &outcome, &flow.request.hints);
    Ok(outcome.exit_status())
}

fn through(here: &Here, ready: &Result<Ready>, held: Vec<Followed>) -> Through {
    let known = ready.as_ref().map_err(ToString::to_string);
    let through =
        known.and_then(|ready| here.through(ready, true).map_err(|error| error.to_string()));
    match through {
        Ok(through) => Through { held, settled: Vec::new(), unblocks: false, ..through },
        Err(error) => Through {
            held,
            warnings: vec![format!(
                "Git does not agree yet, and the hold stays until it does: {error}"
            )],
            ..Through::default()
        },
    }
}

/// All that the course of it needs.
pub(super) struct Work<'a> {
    pub(super) flow: &'a Flow<'a>,
    pub(super) plan: &'a Plan,
    pub(super) held: &'a [Followed],
    pub(super) chain: &'a [Owner],
    pub(super) deadline: Deadline,
}

impl Work<'_> {
    async fn patch(&self, hold: &Hold) -> Result<Box<Answer>> {
        let Self { flow, plan, deadline, .. } = *self;
        let mut live = flow.args.format().listener(flow.app.console, &flow.target);
        let mut listener = flow.app.tracked(&mut *live);
        match execute::patch(flow.cluster, plan, deadline, &mut listener).await {
            Ok(Patched::Accepted(answer)) => Ok(answer),
            Ok(Patched::Stale) => Err(self.let_go_of(self.held, hold, changed(flow)).await),
            // It may be patched: then it must not be undone.
            Err(error) if error.kind() == ErrorKind::Inconclusive => Err(error
                .hint(format!("its owner is held; to go on: {}", self.finish()))
                .hint(format!("to give it up: {}", self.give_up()))),
            Err(error) => Err(self.let_go_of(self.held, hold, error).await),
        }
    }

    /// Waits for the service and makes Git agree at the same time, lets the owners go, and verifies.
    pub(super) async fn go_on(
        &self,
        service: Option<(Box<Answer>, ToProve)>,
        ready: Result<Ready>,
        hold: &Hold,
        proof: Proof,
        course: Course,
    ) -> Outcome {
        let Self { flow, plan, deadline, .. } = *self;
        self.says("it is patched, and its owner is held until Git agrees");
        let mut live = flow.args.format().listener(flow.app.console, &flow.target);
        let listener = RefCell::new(&mut *live);
        let served = async {
            let (answer, proof) = service?;
            let alone = without_verdict(plan);
            // Its owner is held, and Git does not agree yet: that is known.
            let proof = without_owners(proof);
            let backend = flow.backend;
            let accepted = Accepted { backend, plan: &alone, answer, deadline, proof: Some(proof) };
            Some(execute::finish(flow.cluster, accepted, &mut Shared(&listener)).await)
        };
        let mut course = course;
        let agreed = self.agree_in_git(ready, hold, &mut course, &listener);
        let (served, (agreed, reverted)) = tokio::join!(served, agreed);
        let is_well = served.as_ref().is_none_or(|served| {
            matches!(served.waited.ending, Ending::Complete | Ending::NothingRan)
        });
        let mut outcome = match agreed {
            // What is worse is said, and the hold beside it.
            Err(Ending::HoldOpen { why, finish, .. }) if !is_well => {
                course.warnings.push(format!("its owner is held still: {why}; to go on: {finish}"));
                served.clone().unwrap_or_else(|| Outcome::ended(Ending::NotWaited))
            }
            Err(ending) => {
                let verification = served.as_ref().and_then(|served| served.verification.clone());
                Shared(&listener).on(Event::Ended { elapsed: 0, ending: ending.clone() });
                let waited = served.as_ref().map(|served| served.waited.clone());
                let waited = waited.unwrap_or_else(|| Waited::ended(Ending::NotWaited));
                Outcome {
                    waited: Waited { ending, ..waited },
                    verification,
                    ..Outcome::ended(Ending::NotWaited)
                }
            }
            Ok(()) => {
                let (cluster, backend) = (flow.cluster, flow.backend);
                let proof = Some(proof);
                let rest = only_verdict(plan);
                let live = Live { cluster, backend, plan: &rest, deadline, proof };
                live.finish(&mut Shared(&listener)).await
            }
        };
        let (written, warnings) =
            served.map(|served| (served.written, served.warnings)).unwrap_or_default();
        outcome.written = [course.written, written, outcome.written].concat();
        outcome.warnings = [course.warnings, warnings, outcome.warnings].concat();
        outcome.reverted = reverted;
        outcome
    }

    /// Pushes, has the owners see the commit, lets them go, and follows them. What stops it leaves the
    /// hold open.
    async fn agree_in_git(
        &self,
        ready: Result<Ready>,
        hold: &Hold,
        course: &mut Course,
        listener: &RefCell<&mut (dyn Listener + 'static)>,
    ) -> (Result<(), Ending>, Option<Box<RevertOutcome>>) {
        let Self { flow, plan, deadline, .. } = *self;
        let mut ready = match ready {
            Ok(ready) => ready,
            Err(error) => return (Err(self.open(&error.to_string())), None),
        };
        let (id, reverted) = match push(flow, &mut ready, course).await {
            Ok(Pushed::Commit(id, reverted)) => (id, reverted),
            Ok(Pushed::Waits(ending, reverted)) => {
                let Ending::AwaitsMerge { url, .. } = ending else { return (Err(ending), None) };
                self.note_request(hold, &url, course).await;
                let why = format!("{url} is to be merged first");
                return (Err(self.open(&why)), Some(reverted));
            }
            Err(error) => return (Err(self.open(&error.to_string())), None),
        };
        let (cluster, backend) = (flow.cluster, flow.backend);
        let arriving = Arriving { cluster, backend, plan, deadline };
        let commit = Commit { ground: &mut ready.ground, id, files: &ready.files };
        let seen = arrive::see_all(arriving, commit, course, &mut Shared(listener)).await;
        if let Err(stopped) = seen {
            return (Err(self.open(&stopped.sentence)), reverted);
        }
        if let Err(error) = self.release_all(hold, course, listener).await {
            return (Err(self.open(&error.to_string())), reverted);
        }
        let status = format!("status {}", shell_quote(&flow.target.reference()));
        flow.app.remember_course(
            "Git agrees, and the owner is let go",
            vec![format!("to go on watching: {}", flow.request.hints.rb(&status))],
        );
        let commit = Commit { ground: &mut ready.ground, id, files: &ready.files };
        let followed =
            arrive::follow_all(arriving, commit, true, course, &mut Shared(listener)).await;
        (followed.map_err(Ending::OwnerStopped), reverted)
    }

    fn open(&self, why: &str) -> Ending {
        Ending::HoldOpen { why: why.to_owned(), finish: self.finish(), give_up: self.give_up() }
    }
}

/// The plan up to a service that runs: its verdict is given when Git agrees.
fn without_verdict(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    plan.steps.retain(|step| !matches!(step.action, Action::StampVerdict { .. }));
    plan
}

fn without_owners(mut proof: ToProve) -> ToProve {
    let of_owners = probe::ids().filter(|id| id.starts_with("gitops."));
    proof.demand.levels.extend(of_owners.map(|id| (id.to_owned(), Level::Ignore)));
    proof
}

/// The rest of it: what was written is not written again.
fn only_verdict(plan: &Plan) -> Plan {
    let mut plan = plan.clone();
    plan.steps
        .retain(|step| matches!(step.action, Action::Wait { .. } | Action::StampVerdict { .. }));
    plan
}
