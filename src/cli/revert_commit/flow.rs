//! What `rb revert-commit` does: finds the repository, makes the plan, shows it, asks, and pushes.

use std::path::Path;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::app::App;
use crate::cli::config_file;
use crate::cli::git::host::{Advised, Host};
use crate::cli::git::identity;
use crate::cli::git::progress::during;
use crate::cli::git::push::Push;
use crate::cli::output::Format;
use crate::cli::undo::{declined, unconfirmed};
use crate::cluster::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::report::json::revert::RevertDocument;
use crate::report::revert as report;
use crate::revert::asked::{Request, Which};
use crate::revert::ground::{Ground, Reach};
use crate::revert::land::By;
use crate::revert::plan::{Decision, Terms, decide};
use crate::rollback::model::revert_outcome::{NothingToRevert, RevertOutcome};
use crate::rollback::model::revert_plan::{RevertPlan, Way};
use crate::terminal::{ci, prompt};

use super::again::{Again, Known};
use super::{RevertArgs, choose, plan_file, request};

pub(super) async fn run(args: &RevertArgs, app: &App) -> Result<ExitStatus> {
    let mut known = Known::default();
    let ended = Box::pin(go(args, app, &mut known)).await;
    ended.map_err(|error| Again::new(app, known).complete(error))
}

/// What is found out about the command stays in `known`, however it ends.
async fn go(args: &RevertArgs, app: &App, known: &mut Known) -> Result<ExitStatus> {
    args.files.files().check()?;
    let folder = identity::folder()?;
    let settings = config_file::git_settings(args.config.as_deref())?;
    let planned = args.plan.as_deref().map(plan_file::read).transpose()?;
    known.planned = planned.as_ref().map(plan_file::asked);
    let place = planned.as_ref().map(|plan| (plan.repository.url.as_str(), plan.branch.as_str()));
    let reach = Reach {
        repository: place.map(|(url, _)| url).or(args.repo.as_deref()),
        branch: place.map(|(_, branch)| branch).or(args.branch.as_deref()),
        folder: &folder,
        interactive: app.console.can_prompt,
        until: Instant::now() + args.timeout,
    };
    let format = args.format();
    let mut ground =
        during(app, format, "looks for the repository", async |_| Ground::reach(reach).await)
            .await?;
    known.place = Some(ground.named.clone());
    let by = identity::by(&ground.config, &folder)?;
    let terms = request::terms(args, &settings, app.actor(&by.author.to_string()), &by);
    let call = Call { args, app, format, by };
    let request = match (&planned, request::request(args, Timestamp::now())?) {
        (Some(plan), _) => Request::of(&plan.asked),
        (None, Some(request)) => request,
        (None, None) => call.chosen(&mut ground).await?,
    };
    let way = planned.as_ref().map(|plan| plan.way);
    let (decision, host) = call.decide(&mut ground, &request, &terms, way).await?;
    let decision = match (planned, &args.plan) {
        (Some(plan), Some(file)) => as_planned(file, plan, decision)?,
        _ => decision,
    };
    call.go_on(&mut ground, &host, decision).await
}

/// A plan of a file is made again: it is carried out only where the same comes out.
fn as_planned(file: &Path, plan: RevertPlan, made: Decision) -> Result<Decision> {
    if let Decision::Revert(now, _) = &made {
        plan_file::check(file, &plan, now)?;
    }
    match made {
        Decision::Revert(now, shown) if now.reverted.files == plan.reverted.files => {
            let plan = RevertPlan { reverted: now.reverted, ..plan };
            Ok(Decision::Revert(Box::new(plan), shown))
        }
        Decision::Revert(now, _) => {
            let message =
                "the branch moved since the plan was made: it would change other files now";
            Err(Error::new(ErrorKind::LostRace, message)
                .because(report::files_in_words(&now.reverted.files))
                .again("make a new one", plan_file::remade(&plan)))
        }
        other => Ok(other),
    }
}

struct Call<'a> {
    args: &'a RevertArgs,
    app: &'a App,
    format: Format,
    by: By,
}

impl Call<'_> {
    async fn chosen(&self, ground: &mut Ground) -> Result<Request> {
        let paths = request::paths(self.args)?;
        let commit = choose::choose(ground, &paths, self.format, self.app).await?;
        request::asking_for(self.args, Which::Named(commit))
    }

    /// Makes the plan, and asks the host meanwhile which way it takes, unless that is known: `way`.
    async fn decide(
        &self,
        ground: &mut Ground,
        request: &Request,
        terms: &Terms,
        way: Option<Way>,
    ) -> Result<(Decision, Host)> {
        let (url, branch) = (ground.remote.url().clone(), ground.branch.clone());
        let deadline = Deadline::after(self.args.timeout);
        let (made, asked) = during(self.app, self.format, "fetches the branch", async |progress| {
            tokio::join!(
                decide(ground, request, terms, Timestamp::now(), progress),
                Host::ask(&self.args.request, &url, branch.as_str(), way, deadline),
            )
        })
        .await;
        let (host, advised) = asked;
        Ok(match made? {
            Decision::Revert(plan, shown) => {
                let Advised { way, notes } = advised?;
                let warnings = [notes, plan.warnings.clone()].concat();
                (Decision::Revert(Box::new(RevertPlan { way, warnings, ..*plan }), shown), host)
            }
            other => (other, host),
        })
    }

    async fn go_on(
        &self,
        ground: &mut Ground,
        host: &Host,
        decision: Decision,
    ) -> Result<ExitStatus> {
        let (plan, shown) = match decision {
            Decision::Revert(plan, shown) => (plan, shown),
            Decision::Nothing(nothing) => return Ok(self.nothing(nothing)),
            Decision::Blocked(blocked, error) => {
                let marks = self.app.console.marks;
                self.app.console.error(&report::conflicts(&blocked.conflicts, marks));
                return Err(error);
            }
        };
        self.app.story().revert_planned(&plan);
        if let Some(file) = &self.args.plan_out {
            plan_file::write(file, &plan)?;
        }
        if self.args.dry_run {
            self.show(&plan, &shown, false);
            if let Some(document) = self.format.document(&*plan) {
                self.app.console.answer(&document);
            } else {
                self.app.console.note("dry run: nothing was pushed\n");
            }
            return Ok(ExitStatus::Success);
        }
        self.agree(&plan, &shown).await?;
        let section = self.app.console.section(ci::WAIT);
        self.app.remember_push(Some(self.app.environment.command_line.clone()));
        let outcome = during(self.app, self.format, "pushes the revert", async |progress| {
            Push { app: self.app, args: &self.args.request, by: &self.by, host }
                .carry_out(ground, &plan, progress)
                .await
        });
        let outcome = outcome.await;
        self.app.remember_push(None);
        drop(section);
        let known = Known { place: Some(ground.named.clone()), planned: None };
        let outcome = Again::new(self.app, known).pin(outcome?);
        self.tell(&outcome, Some(&plan));
        Ok(outcome.exit_status())
    }

    fn nothing(&self, nothing: NothingToRevert) -> ExitStatus {
        self.tell(&RevertOutcome::Nothing(nothing), None);
        ExitStatus::Success
    }

    fn tell(&self, outcome: &RevertOutcome, plan: Option<&RevertPlan>) {
        self.app.story().reverted(outcome);
        self.app.story().say(report::sentence(outcome, self.app.console.marks));
        let document = self.format.document(&RevertDocument::new(outcome, plan));
        let text = document.unwrap_or_else(|| report::done(outcome, self.app.console.marks));
        self.app.console.answer(&text);
    }

    /// To people, where the answer is: on stdout; before a question beside it.
    fn show(&self, plan: &RevertPlan, shown: &str, asks: bool) {
        if !self.format.is_human() {
            return;
        }
        let marks = self.app.console.marks;
        let text = report::card(plan, marks) + &report::difference(shown, marks);
        let _section = self.app.console.section(ci::PLAN);
        if asks { self.app.console.error(&text) } else { self.app.console.answer(&text) }
    }

    async fn agree(&self, plan: &RevertPlan, shown: &str) -> Result<()> {
        let asks = self.app.console.can_prompt && !self.args.yes;
        self.show(plan, shown, asks);
        if self.args.yes {
            return Ok(());
        }
        if !asks {
            return Err(unconfirmed(self.app, &self.app.environment.again_with("--yes")));
        }
        let question = report::question(plan, self.app.console.marks);
        if prompt::ask(&self.app.console, &question).await { Ok(()) } else { Err(declined()) }
    }
}
