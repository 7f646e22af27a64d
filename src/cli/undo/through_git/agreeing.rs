//! The rest of an undo whose workload is patched while its owners are held: Git is made to agree, the
//! owners are let go, and what runs is verified.

use std::cell::{OnceCell, RefCell};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use crate::cli::undo::show;
use crate::durable::arrive::{self, Arriving, Commit, Course};
use crate::durable::plan::{self, Through};
use crate::exit::ExitStatus;
use crate::probe;
use crate::rollback::execute::live::{Live, Proof};
use crate::rollback::execute::{self, Accepted, Answer, ToProve};
use crate::rollback::model::check::Level;
use crate::rollback::model::event::{Event, Listener, Shared};
use crate::rollback::model::hold::Hold;
use crate::rollback::model::outcome::{Ending, Outcome, Waited};
use crate::rollback::model::plan::{Action, Plan, Step};
use crate::rollback::model::revert_outcome::RevertOutcome;
use crate::text::shell_quote;

use super::now::Work;
use super::push::{Pushed, push};
use super::search::{Known, Search};

/// So long Git and the owners wait for the service at most. What they do on a small cluster, they would
/// take from the start of its pods.
const HEAD_START: Duration = Duration::from_secs(1);

impl Work<'_> {
    /// Waits for the service and makes Git agree at the same time, lets the owners go, verifies, and says
    /// how it ended.
    pub(super) async fn go_on(
        &self,
        service: Option<(Box<Answer>, ToProve)>,
        search: Search<'_>,
        hold: &Hold,
        proof: Proof,
        course: Course,
    ) -> ExitStatus {
        let Self { flow, plan, deadline, .. } = *self;
        self.says("it is patched, and its owner is held until Git agrees");
        let mut live = flow.args.format().listener(flow.app.console, &flow.target);
        let listener = RefCell::new(&mut *live);
        let (is_patched, has_ended) = (service.is_some(), Notify::new());
        let served = async {
            let (answer, proof) = service?;
            let alone = without_verdict(plan);
            // Its owner is held, and Git does not agree yet: that is known.
            let proof = without_owners(proof);
            let backend = flow.backend;
            let accepted = Accepted { backend, plan: &alone, answer, deadline, proof: Some(proof) };
            let served = execute::finish(flow.cluster, accepted, &mut Shared(&listener)).await;
            has_ended.notify_one();
            Some(served)
        };
        let mut course = course;
        let told = OnceCell::new();
        let agreed = async {
            if is_patched {
                // What is not well by then does not hold Git up.
                let _ = timeout(HEAD_START, has_ended.notified()).await;
            }
            self.agree_in_git(search, &told, hold, &mut course, &listener).await
        };
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
        drop(live);
        let plan = told.get().unwrap_or(plan);
        show::done(flow.args, flow.app, plan, &outcome, &flow.request.hints);
        outcome.exit_status()
    }

    /// Pushes, has the owners see the commit, lets them go, and follows them. What stops it leaves the
    /// hold open.
    async fn agree_in_git(
        &self,
        search: Search<'_>,
        told: &OnceCell<Plan>,
        hold: &Hold,
        course: &mut Course,
        listener: &RefCell<&mut (dyn Listener + 'static)>,
    ) -> (Result<(), Ending>, Option<Box<RevertOutcome>>) {
        let Self { flow, plan, deadline, .. } = *self;
        let Known { mut ready, through } = match search.end().await {
            Ok(known) => known,
            Err(error) => return (Err(self.open(&error.to_string())), None),
        };
        let through = match through {
            Ok(through) => through,
            Err(barred) => return (Err(self.open(&barred.error().to_string())), None),
        };
        let plan =
            if plan.searches_git() { told.get_or_init(|| self.tell_of_git(through)) } else { plan };
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
        if self.held.is_empty() {
            // Nobody is to be let go, so nothing depends on it.
            course.warnings.extend(seen.err().map(|stopped| stopped.sentence));
        } else if let Err(stopped) = seen {
            return (Err(self.open(&stopped.sentence)), reverted);
        }
        let is_release = |step: &Step| matches!(step.action, Action::Release { .. });
        let mut left = plan.steps.iter().filter(|step| is_release(step)).count();
        self.says_it_is_let_go(left);
        // One after the other, as the plan has it.
        for steps in plan.steps.chunk_by(|one, next| is_release(one) == is_release(next)) {
            if steps.first().is_some_and(is_release) {
                if let Err(error) = self.release_all(hold, steps, course, listener).await {
                    return (Err(self.open(&error.to_string())), reverted);
                }
                left -= steps.len();
                self.says_it_is_let_go(left);
                continue;
            }
            let commit = Commit { ground: &mut ready.ground, id, files: &ready.files };
            let listener = &mut Shared(listener);
            match arrive::follow_all(arriving, steps, commit, true, course, listener).await {
                Ok(()) => {}
                Err(stopped) if left > 0 => return (Err(self.open(&stopped.sentence)), reverted),
                Err(stopped) => return (Err(Ending::OwnerStopped(stopped)), reverted),
            }
        }
        (Ok(()), reverted)
    }

    fn says_it_is_let_go(&self, left: usize) {
        let Self { flow, .. } = *self;
        if left > 0 {
            return;
        }
        let status = format!("status {}", shell_quote(&flow.target.reference()));
        flow.app.remember_course(
            "Git agrees, and the owner is let go",
            vec![format!("to go on watching: {}", flow.request.hints.rb(&status))],
        );
    }

    /// Tells what Git has answered meanwhile: the plan as it is now.
    fn tell_of_git(&self, through: Through) -> Plan {
        let Self { flow, direct, .. } = *self;
        let known = through.warnings.clone();
        let plan = plan::immediate(direct.clone(), through);
        let mut story = flow.app.story();
        story.planned(&plan, &flow.request, None);
        if let Some(revert) = plan.revert() {
            story.revert_planned(revert);
        }
        drop(story);
        show::what_git_says(flow.args, flow.app, &plan, &known);
        plan
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
