//! The course of an undo: read, decide, show, ask, write, wait. Again from the start where the
//! workload changed between the plan and the write.

use std::time::Instant;

use crate::app::{App, Budget};
use crate::backend::Rollbacker;
use crate::cli::settings::{Configuration, Reach};
use crate::cli::target_args::Named;
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::report::{explain, failure, holds};
use crate::rollback::execute::{self, Accepted, Patched, ToProve};
use crate::rollback::model::decision::{Decision, Nothing};
use crate::rollback::model::plan::Plan;
use crate::rollback::model::request::UndoRequest;
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::Target;
use crate::rollback::preflight::{self, Looked};
use crate::rollback::subject::Subject;
use crate::rollback::{self, earlier, planner, snapshot, status, verify};
use crate::terminal::prompt;
use crate::text::shell_quote;

use super::through_git::resume;
use super::{DryRun, UndoArgs, capture, command_again, show, through_git};

/// How often is planned again when the workload changes under the plan.
pub(super) const ROUNDS: u32 = 6;

/// Rolls back a workload that is named on the command line.
pub(super) async fn run(args: &UndoArgs, app: &App, named: &Named) -> Result<ExitStatus> {
    let budget = Budget::start(args.timeout);
    let cluster = app.connect(args.expect_context.as_deref(), budget.reading()).await?;
    let target = named.in_namespace(cluster.namespace());
    app.remember_target(&target);
    let request = args.request(app, &cluster);
    let mut flow = Flow::new(args, app, &cluster, named.backend, target, request, budget);
    flow.plan_and_act().await
}

pub(super) struct Flow<'a> {
    pub(super) args: &'a UndoArgs,
    pub(super) app: &'a App,
    pub(super) cluster: &'a Cluster,
    pub(super) backend: &'static dyn Rollbacker,
    pub(super) target: Target,
    pub(super) request: UndoRequest,
    pub(super) budget: Budget,
    /// Read at the start.
    pub(super) configuration: Configuration,
    /// Whether an open hold is still to be looked for.
    resumes: bool,
    /// The plan of a file, where it goes through Git: it is carried out where the same comes out again.
    pub(super) expected: Option<Box<Plan>>,
}

impl<'a> Flow<'a> {
    pub(super) fn new(
        args: &'a UndoArgs,
        app: &'a App,
        cluster: &'a Cluster,
        backend: &'static dyn Rollbacker,
        target: Target,
        request: UndoRequest,
        budget: Budget,
    ) -> Self {
        let configuration = Configuration::default();
        let resumes = args.resume;
        let expected = None;
        Self {
            args,
            app,
            cluster,
            backend,
            target,
            request,
            budget,
            configuration,
            resumes,
            expected,
        }
    }

    pub(super) async fn plan_and_act(&mut self) -> Result<ExitStatus> {
        let mut agreed: Option<Box<Plan>> = None;
        let mut first = Some(self.start().await?);
        for _ in 0..ROUNDS {
            let snapshot = match first.take() {
                Some(snapshot) => snapshot,
                None => self.read().await?,
            };
            if let Some(plan) = &agreed
                && plan.is_done_in(&snapshot.workload)
            {
                return self.join_somebody(plan, &snapshot).await;
            }
            if self.args.abandon {
                return Box::pin(resume::abandon(self, &snapshot)).await;
            }
            if std::mem::take(&mut self.resumes)
                && let Some(exit) = Box::pin(resume::resume(self, &snapshot)).await?
            {
                return Ok(exit);
            }
            let (plan, further) = match planner::decide(self.backend, &snapshot, &self.request) {
                Decision::Refused(error) => return Err(*error),
                Decision::Nothing(nothing) => return self.nothing(&nothing, &snapshot).await,
                Decision::Undo(plan) => (plan, None),
                Decision::Owned(owned) => {
                    return Box::pin(through_git::run(self, *owned, &snapshot)).await;
                }
                Decision::Again(again) => match again.further {
                    Some(plan) if self.asks() && !self.stops_at_plan() => {
                        (plan, Some(again.refusal))
                    }
                    _ => return Err(again.refusal),
                },
            };
            let Some((plan, proof)) = self.look(plan, &snapshot).await? else { continue };
            self.write_plan_file(&plan)?;
            if self.stops_at_plan() {
                return Ok(self.dry_run(&plan));
            }
            self.agree(&plan, agreed.as_deref(), further).await?;
            if let Some(exit) = self.act(&plan, proof).await? {
                return Ok(exit);
            }
            agreed = Some(plan);
        }
        Err(self.changes_all_the_time())
    }

    /// Reads the configuration and the workload at the same time.
    pub(super) async fn start(&mut self) -> Result<Snapshot> {
        let reach = Reach::one(&self.target.namespace);
        let (asked, deadline) = (self.args.proof.config.as_ref(), self.budget.reading());
        let load = Configuration::load(asked, self.app, self.cluster, &reach, deadline);
        let (configuration, snapshot) = futures::join!(load, self.read());
        let snapshot = snapshot?;
        self.configuration = configuration?;
        self.configuration.apply(&mut self.request, &self.target.namespace)?;
        Ok(snapshot)
    }

    pub(super) async fn read(&self) -> Result<Snapshot> {
        snapshot::take(self.cluster, self.backend, &self.target, self.budget.reading()).await
    }

    pub(super) fn write_plan_file(&self, plan: &Plan) -> Result<()> {
        self.args.plan_out.as_ref().map_or(Ok(()), |path| super::plan_file::write(path, plan))
    }

    pub(super) fn stops_at_plan(&self) -> bool {
        self.args.stops_at_plan()
    }

    /// The plan with its checks; `None` where the workload changed while they were made.
    pub(super) async fn look(
        &self,
        mut plan: Box<Plan>,
        snapshot: &Snapshot,
    ) -> Result<Option<(Box<Plan>, ToProve)>> {
        let subject = Subject::new(self.backend, snapshot, &plan);
        let deadline = self.budget.reading();
        let look = preflight::look(self.cluster, &subject, &plan, &self.request, deadline);
        let looked = if self.stops_at_plan() {
            look.await
        } else {
            // Evidence is gone once the plan is carried out; taking it costs no time of its own.
            let plans = [(&*plan, &subject)];
            let save = capture::save(self.args, self.app, self.cluster, &plans, deadline);
            futures::join!(look, save).0
        };
        match looked {
            Looked::Checked(checks) => plan.checks = checks,
            Looked::Stale => return Ok(None),
        }
        plan.warnings.extend(self.configuration.warnings(&self.target.namespace).cloned());
        self.app.story().planned(&plan, &self.request, Some(snapshot));
        let demand = self.configuration.demand(self.args.proof.demand_at_once(), snapshot)?;
        let stamps = self.args.proof.stamps();
        let proof = verify::to_prove(&plan, &subject, demand, &self.request.hints, stamps);
        Ok(Some((plan, proof)))
    }

    /// Shows the plan, and ends as carrying it out would begin.
    pub(super) fn dry_run(&self, plan: &Plan) -> ExitStatus {
        let refusal = self.refusal(plan);
        let note = match (&refusal, self.args.dry_run) {
            (None, DryRun::Server) => {
                "server dry run: the API server would accept it; nothing was changed\n"
            }
            _ => "dry run: nothing was changed\n",
        };
        show::plan(self.args, self.app, plan, &self.request.hints, note);
        match refusal {
            Some(error) => {
                self.app.console.error(&failure::error(&error, self.app.console.marks));
                error.kind().exit_status()
            }
            None => ExitStatus::Success,
        }
    }

    fn refusal(&self, plan: &Plan) -> Option<Error> {
        preflight::refusal(plan, self.request.reason.is_some(), |flags| self.command(flags))
    }

    /// Whether anybody looks at the plan before it is carried out, so that it has to be whole.
    pub(super) fn shows_the_plan_first(&self) -> bool {
        let goes_elsewhere = self.args.plan_out.is_some() || self.expected.is_some();
        self.asks() || self.stops_at_plan() || goes_elsewhere
    }

    fn asks(&self) -> bool {
        self.app.console.can_prompt && !self.args.yes
    }

    /// Gets a yes for this plan, or an error.
    pub(super) async fn agree(
        &self,
        plan: &Plan,
        agreed: Option<&Plan>,
        further: Option<Error>,
    ) -> Result<()> {
        // The same way back from the same template: only an annotation changed meanwhile.
        if agreed.is_some_and(|before| before.is_same_undo(plan)) {
            return Ok(());
        }
        let refusal = self.refusal(plan);
        let asks = self.asks() && refusal.is_none();
        show::card_before_the_act(self.args, self.app, plan, asks);
        if let Some(error) = refusal {
            return Err(error.with_plan(show::plan_document(self.args, plan)));
        }
        if agreed.is_some() && !self.asks() {
            return Err(self.lost_race(plan));
        }
        if agreed.is_some() {
            self.app.console.note("another release went live meanwhile: this is the new plan\n");
        }
        if let Some(error) = further {
            let marks = self.app.console.marks;
            self.app.console.note(&format!("{}\n", marks.foreign(&error.to_string())));
        }
        if self.args.yes {
            return Ok(());
        }
        if !self.app.console.can_prompt {
            return Err(unconfirmed(self.app, &self.command("--yes")));
        }
        let asked = Instant::now();
        let question = explain::question(plan, self.app.console.marks);
        let yes = prompt::ask(&self.app.console, &question).await;
        self.budget.pause(asked.elapsed());
        if yes { Ok(()) } else { Err(declined()) }
    }

    /// Writes, waits and reports; `None` where the workload changed and nothing was written.
    pub(super) async fn act(&self, plan: &Plan, proof: ToProve) -> Result<Option<ExitStatus>> {
        let status = format!("status {}", shell_quote(&self.target.reference()));
        self.app.remember_status(self.request.hints.rb(&status));
        let mut live = self.args.format().listener(self.app.console, &self.target);
        let mut listener = self.app.tracked(&mut *live);
        let seconds = plan.seconds();
        let deadline = self.budget.waiting(seconds);
        let answer = match execute::patch(self.cluster, plan, deadline, &mut listener).await? {
            Patched::Accepted(answer) => answer,
            Patched::Stale => return Ok(None),
        };
        let proof = self.args.waits().then_some(proof);
        let accepted = Accepted { backend: self.backend, plan, answer, deadline, proof };
        let outcome = execute::finish(self.cluster, accepted, &mut listener).await;
        drop(live);
        show::done(self.args, self.app, plan, &outcome, &self.request.hints);
        Ok(Some(outcome.exit_status()))
    }

    async fn nothing(&self, nothing: &Nothing, snapshot: &Snapshot) -> Result<ExitStatus> {
        let joins = nothing.converging && self.args.waits() && !self.stops_at_plan();
        let held = self.open_holds(snapshot);
        if !joins {
            show::nothing(self.args, self.app, nothing, None, &self.request.hints);
            return Ok(held);
        }
        let marks = self.app.console.marks;
        self.app.console.note(&format!("{}\n", marks.foreign(&nothing.message)));
        let seconds = rollback::default_timeout(self.backend, &snapshot.workload);
        let deadline = self.budget.waiting(seconds);
        let mut live = self.args.format().listener(self.app.console, &self.target);
        let waited = status::join(self.cluster, self.backend, snapshot, deadline, &mut *live).await;
        drop(live);
        show::nothing(self.args, self.app, nothing, Some(&waited), &self.request.hints);
        Ok(waited.ending.exit_status().worst(held))
    }

    /// Says which of its owners are held for this workload still, and what finishes that.
    fn open_holds(&self, snapshot: &Snapshot) -> ExitStatus {
        let (now, marks) = (jiff::Timestamp::now(), self.app.console.marks);
        let holds = snapshot.true_owners().flat_map(|owner| &owner.holds);
        let mut exit = ExitStatus::Success;
        for open in holds.filter(|open| open.hold.workload == self.target) {
            self.app.console.note(&holds::lines(open, now, &self.request.hints, marks));
            exit = ExitStatus::Held;
        }
        exit
    }

    pub(super) async fn join_somebody(
        &self,
        plan: &Plan,
        snapshot: &Snapshot,
    ) -> Result<ExitStatus> {
        let nothing = earlier::done_by_somebody(self.backend, plan, snapshot);
        self.nothing(&nothing, snapshot).await
    }

    pub(super) fn lost_race(&self, plan: &Plan) -> Error {
        let reference = self.target.reference();
        Error::new(
            ErrorKind::LostRace,
            format!(
                "another release of {reference} went live between the plan and the write: nothing \
                 was written; the plan above is the new one, from {}",
                plan.from.label()
            ),
        )
        .hint(format!("to carry it out: {}", self.command("")))
        .with_plan(show::plan_document(self.args, plan))
    }

    fn changes_all_the_time(&self) -> Error {
        let reference = self.target.reference();
        let message = format!(
            "{reference} changed {ROUNDS} times between the plan and the write: nothing was written"
        );
        Error::new(ErrorKind::LostRace, message).hint(format!("to try again: {}", self.command("")))
    }

    /// This command again, with one more flag, and pinned to where it went this time.
    pub(super) fn command(&self, flag: &str) -> String {
        command_again(self.args, self.app, self.cluster, flag)
    }
}

/// Nobody said yes, and nobody can.
pub(in crate::cli) fn unconfirmed(app: &App, command: &str) -> Error {
    let why = if app.environment.is_ci { "CI is set" } else { "this is no terminal" };
    Error::new(
        ErrorKind::Unconfirmed,
        format!("nobody can be asked, since {why}: nothing was written"),
    )
    .hint(format!("to do it without asking: {command}"))
}

pub(in crate::cli) fn declined() -> Error {
    Error::new(ErrorKind::Unconfirmed, "declined: nothing was written")
}
