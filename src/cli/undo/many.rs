//! The course of an undo of several workloads: all are read and planned before the first write, all
//! are written at once, one table says what came of it. What is wrong with one does not stop the
//! others, unless that is asked for.

use std::time::Instant;

use crate::app::{App, Budget};
use crate::backend::Rollbacker;
use crate::cli::settings::{Configuration, reach_of};
use crate::cli::target_args::{Wanted, wish};
use crate::cluster::Cluster;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::rollback::execute::ToProve;
use crate::rollback::execute::many::{self as engine, Join, Order, Task};
use crate::rollback::model::decision::{Decision, Nothing};
use crate::rollback::model::outcome::Done;
use crate::rollback::model::plan::Plan;
use crate::rollback::model::request::UndoRequest;
use crate::rollback::model::snapshot::Snapshot;
use crate::rollback::model::target::Target;
use crate::rollback::preflight::{self, Inquiry, Looked};
use crate::rollback::snapshot::many::{self as reading, Found, Wish};
use crate::rollback::status::Look;
use crate::rollback::subject::Subject;
use crate::rollback::{planner, snapshot, verify};
use crate::terminal::prompt;
use crate::text::plural;

use super::flow::{self, ROUNDS};
use super::{UndoArgs, capture, command_again, show_many};

/// What is to become of one workload.
pub(super) struct Item {
    pub(super) backend: &'static dyn Rollbacker,
    pub(super) target: Target,
    pub(super) fate: Fate,
}

pub(super) enum Fate {
    Undo(Box<Undo>),
    /// It is at its target and not healthy yet.
    Join(Box<Nothing>, Box<Look>),
    Nothing(Box<Nothing>),
    Refused(Error),
}

/// A plan with all that carrying it out takes.
pub(super) struct Undo {
    pub(super) request: UndoRequest,
    pub(super) plan: Box<Plan>,
    subject: Subject,
    proof: ToProve,
}

/// Rolls back what several words, a selection or a file name.
pub(super) async fn run(args: &UndoArgs, app: &App, wanted: &Wanted) -> Result<ExitStatus> {
    let budget = Budget::start(args.timeout);
    let cluster = app.connect(args.expect_context.as_deref(), budget.reading()).await?;
    let (wish, everywhere) = wish_of(args, app, &cluster, wanted, &budget).await?;
    let reach = reach_of(&wish);
    let asked = args.proof.config.as_ref();
    let configuration = Configuration::load(asked, app, &cluster, &reach, budget.reading()).await?;
    let make = |backend, snapshot| decide(args, app, &cluster, &configuration, backend, snapshot);
    let found = reading::each(&cluster, wish, budget.reading(), make).await;
    let hints = app.hints(&cluster, cluster.namespace());
    let found = found.map_err(|error| args.target.or_in_one_namespace(error, "undo", &hints))?;
    let items = found.into_iter().map(item).collect();
    let mut course =
        Course { args, app, cluster: &cluster, configuration: &configuration, budget, everywhere };
    course.run(items).await
}

async fn wish_of(
    args: &UndoArgs,
    app: &App,
    cluster: &Cluster,
    wanted: &Wanted,
    budget: &Budget,
) -> Result<(Wish, bool)> {
    match wanted {
        Wanted::One(named) => Ok((wish::named(std::slice::from_ref(named), cluster), false)),
        Wanted::Several(named) => Ok((wish::named(named, cluster), false)),
        Wanted::Selected(selected) => {
            let all = command_again(args, app, cluster, "--all");
            wish::refuse_bare_type(selected, cluster, &all, budget.reading()).await?;
            Ok((wish::selected(selected, cluster), selected.everywhere))
        }
    }
}

fn decide(
    args: &UndoArgs,
    app: &App,
    cluster: &Cluster,
    configuration: &Configuration,
    backend: &'static dyn Rollbacker,
    snapshot: Snapshot,
) -> Fate {
    let namespace = snapshot.target.namespace.clone();
    let mut request = args.request(app, cluster);
    request.hints.namespace.clone_from(&namespace);
    if let Err(error) = configuration.apply(&mut request, &namespace) {
        return Fate::Refused(error);
    }
    match planner::decide(backend, &snapshot, &request) {
        Decision::Undo(mut plan) => {
            plan.warnings.extend(configuration.warnings(&namespace).cloned());
            app.story().planned(&plan, &request, Some(&snapshot));
            let subject = Subject::new(backend, &snapshot, &plan);
            let demand = configuration.demand(args.proof.demand_at_once(), &snapshot);
            let demand = match demand {
                Ok(demand) => demand,
                Err(error) => return Fate::Refused(error),
            };
            let stamps = args.proof.stamps();
            let proof = verify::to_prove(&plan, &subject, demand, &request.hints, stamps);
            Fate::Undo(Box::new(Undo { request, plan, subject, proof }))
        }
        Decision::Nothing(nothing) if nothing.converging && args.waits() => {
            Fate::Join(nothing, Box::new(Look::new(backend, snapshot).of_undo()))
        }
        Decision::Nothing(nothing) => Fate::Nothing(nothing),
        Decision::Again(again) => Fate::Refused(again.refusal),
        Decision::Owned(owned) => Fate::Refused(owned.refusal),
        Decision::Refused(error) => Fate::Refused(*error),
    }
}

fn item(found: Found<Fate>) -> Item {
    let Found { backend, target, result } = found;
    Item { backend, target, fate: result.unwrap_or_else(Fate::Refused) }
}

struct Course<'a> {
    args: &'a UndoArgs,
    app: &'a App,
    cluster: &'a Cluster,
    configuration: &'a Configuration,
    budget: Budget,
    everywhere: bool,
}

impl Course<'_> {
    async fn run(&mut self, mut items: Vec<Item>) -> Result<ExitStatus> {
        let stops = self.args.stops_at_plan();
        self.look(&mut items).await;
        if stops {
            let exit = refusals(&items);
            show_many::plans(self.args, self.app, self.cluster, &items, exit);
            return Ok(exit);
        }
        show_many::before_the_act(self.args, self.app, self.cluster, &items);
        if self.args.all_or_nothing && refusals(&items) != ExitStatus::Success {
            return Ok(self.nothing_at_all(items));
        }
        self.agree(&items).await?;
        let done = self.act(items).await;
        let mut exit = worst(done.iter().map(|(_, done)| done.exit_status()));
        let is_half = self.args.all_or_nothing && is_half_done(&done);
        if is_half {
            exit = exit.worst(ExitStatus::HalfDone);
        }
        show_many::results(self.args, self.app, self.cluster, &done, exit);
        if is_half {
            self.app.console.error(
                "half done: some were written and some were refused, although all were accepted \
                 before: --all-or-nothing cannot take the written ones back\n",
            );
        }
        Ok(exit)
    }

    /// Runs the checks of all plans; what a check says no to is refused. Where a workload changed
    /// meanwhile, it is planned again.
    async fn look(&self, items: &mut [Item]) {
        let mut places: Vec<usize> = (0..items.len()).collect();
        for _ in 0..ROUNDS {
            places = self.look_at(items, &places).await;
            if places.is_empty() {
                return;
            }
            for place in &places {
                let Some(item) = items.get_mut(*place) else { continue };
                let deadline = self.budget.reading();
                let read = snapshot::take(self.cluster, item.backend, &item.target, deadline).await;
                item.fate = match read {
                    Ok(snapshot) => {
                        let (args, configuration) = (self.args, self.configuration);
                        decide(args, self.app, self.cluster, configuration, item.backend, snapshot)
                    }
                    Err(error) => Fate::Refused(error),
                };
            }
        }
        for place in places {
            let Some(item) = items.get_mut(place) else { continue };
            item.fate = Fate::Refused(changes_all_the_time(&item.target));
        }
    }

    /// The places of those that are not as they were planned for any more.
    async fn look_at(&self, items: &mut [Item], places: &[usize]) -> Vec<usize> {
        let (mut looked_at, mut inquiries) = (Vec::new(), Vec::new());
        for place in places {
            let fate = items.get(*place).map(|item| &item.fate);
            if let Some(Fate::Undo(undo)) = fate {
                let Undo { request, plan, subject, .. } = &**undo;
                looked_at.push(*place);
                inquiries.push(Inquiry { subject, plan, request });
            }
        }
        let deadline = self.budget.reading();
        let look = preflight::look_all(self.cluster, &inquiries, deadline);
        let answers = if self.args.stops_at_plan() {
            look.await
        } else {
            let plans: Vec<_> = inquiries.iter().map(|one| (one.plan, one.subject)).collect();
            let save = capture::save(self.args, self.app, self.cluster, &plans, deadline);
            futures::join!(look, save).0
        };
        let mut stale = Vec::new();
        for (place, looked) in looked_at.into_iter().zip(answers) {
            let Some(item) = items.get_mut(place) else { continue };
            let Fate::Undo(undo) = &mut item.fate else { continue };
            match looked {
                Looked::Stale => stale.push(place),
                Looked::Checked(checks) => {
                    undo.plan.checks = checks;
                    self.app.story().planned(&undo.plan, &undo.request, None);
                    let again = |flags: &str| self.command(flags);
                    if let Some(error) =
                        preflight::refusal(&undo.plan, self.args.reason.is_some(), again)
                    {
                        item.fate = Fate::Refused(error);
                    }
                }
            }
        }
        stale
    }

    fn command(&self, flags: &str) -> String {
        command_again(self.args, self.app, self.cluster, flags)
    }

    fn nothing_at_all(&self, items: Vec<Item>) -> ExitStatus {
        let done: Vec<(Target, Done)> = items
            .into_iter()
            .map(|item| {
                let done = match item.fate {
                    Fate::Refused(error) => Done::Failed(error),
                    Fate::Nothing(nothing) | Fate::Join(nothing, _) => Done::Joined(nothing, None),
                    Fate::Undo(..) => Done::LeftOut,
                };
                (item.target, done)
            })
            .collect();
        let exit = worst(done.iter().map(|(_, done)| done.exit_status()));
        show_many::results(self.args, self.app, self.cluster, &done, exit);
        self.app
            .console
            .error("nothing was written, since not all can be rolled back (--all-or-nothing)\n");
        exit
    }

    async fn agree(&mut self, items: &[Item]) -> Result<()> {
        let count = items.iter().filter(|item| matches!(item.fate, Fate::Undo(..))).count();
        if self.args.yes || count == 0 {
            return Ok(());
        }
        if !self.app.console.can_prompt {
            return Err(flow::unconfirmed(self.app, &self.command("--yes")));
        }
        let asked = Instant::now();
        let count = plural(i64::try_from(count).unwrap_or(i64::MAX), "workload");
        let context = self.app.console.marks.foreign(self.cluster.context_name());
        let question = format!("Roll {count} back in {context}? [y/N] ");
        let yes = prompt::ask(&self.app.console, &question).await;
        self.budget.pause(asked.elapsed());
        if yes { Ok(()) } else { Err(flow::declined()) }
    }

    async fn act(&self, items: Vec<Item>) -> Vec<(Target, Done)> {
        let targets = items.iter().map(|item| &item.target);
        let status = show_many::again(self.args, self.app, self.cluster, "status", targets);
        self.app.remember_status(status);
        let mut done: Vec<(Target, Option<Done>)> = Vec::new();
        let (mut places, mut tasks, mut targets) = (Vec::new(), Vec::new(), Vec::new());
        for (place, Item { backend, target, fate }) in items.into_iter().enumerate() {
            let ended = match fate {
                Fate::Refused(error) => Some(Done::Failed(error)),
                Fate::Nothing(nothing) => Some(Done::Joined(nothing, None)),
                Fate::Undo(undo) => {
                    let Undo { request, plan, proof, .. } = *undo;
                    let deadline = self.budget.waiting(plan.seconds());
                    let proof = self.args.waits().then_some(proof);
                    let order = Order { backend, request, plan, deadline, proof };
                    tasks.push(Task::Undo(Box::new(order)));
                    None
                }
                Fate::Join(nothing, look) => {
                    let deadline = self.budget.waiting(look.seconds);
                    tasks.push(Task::Join(Join { nothing, look, deadline }));
                    None
                }
            };
            if ended.is_none() {
                places.push(place);
                targets.push(target.clone());
            }
            done.push((target, ended));
        }
        if !tasks.is_empty() {
            let mut board = self.args.format().listeners(self.app.console, targets);
            let planned = tasks.iter().filter(|task| matches!(task, Task::Undo(_))).count();
            let mut listeners = self.app.tracked_all(planned, &mut *board);
            let ended =
                engine::carry_out(self.cluster, tasks, self.everywhere, &mut listeners).await;
            drop(board);
            for (place, end) in places.into_iter().zip(ended) {
                if let Some((_, slot)) = done.get_mut(place) {
                    *slot = Some(end);
                }
            }
        }
        done.into_iter().filter_map(|(target, done)| Some((target, done?))).collect()
    }
}

fn changes_all_the_time(target: &Target) -> Error {
    let reference = target.reference();
    let message = format!("{reference} changed {ROUNDS} times while it was looked at");
    Error::new(ErrorKind::LostRace, message)
}

/// Whether some were written and some were not.
fn is_half_done(done: &[(Target, Done)]) -> bool {
    let any = |test: fn(&Done) -> bool| done.iter().any(|(_, done)| test(done));
    any(|done| matches!(done, Done::Undone(..))) && any(|done| matches!(done, Done::Failed(_)))
}

/// The worst of what is refused.
fn refusals(items: &[Item]) -> ExitStatus {
    worst(items.iter().map(|item| match &item.fate {
        Fate::Refused(error) => error.kind().exit_status(),
        Fate::Undo(..) | Fate::Join(..) | Fate::Nothing(_) => ExitStatus::Success,
    }))
}

fn worst(all: impl Iterator<Item = ExitStatus>) -> ExitStatus {
    all.fold(ExitStatus::Success, ExitStatus::worst)
}
