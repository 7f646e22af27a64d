//! What `rb revert-commit` does: finds the repository, makes the plan, shows it, asks, and pushes.

use jiff::Timestamp;
use tokio::time::Instant;

use crate::app::App;
use crate::cli::config_file;
use crate::cli::output::Format;
use crate::cli::undo::{declined, unconfirmed};
use crate::cluster::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::report::json::revert::RevertDocument;
use crate::report::revert as report;
use crate::revert::asked::{Request, Which};
use crate::revert::ground::{Ground, Reach};
use crate::revert::land::{By, land};
use crate::revert::plan::{Decision, Terms, decide};
use crate::revert::propose::propose;
use crate::rollback::model::revert_outcome::{NothingToRevert, RevertOutcome};
use crate::rollback::model::revert_plan::{RevertPlan, Way};
use crate::terminal::{ci, prompt};

use super::host::{self, Host};
use super::progress::during;
use super::{RevertArgs, WayArg, choose, identity, plan_file, request};

pub(super) async fn run(args: &RevertArgs, app: &App) -> Result<ExitStatus> {
    args.files.files().check()?;
    let folder = std::env::current_dir().map_err(|error| {
        Error::new(ErrorKind::Usage, "cannot tell the working directory").because(error)
    })?;
    let settings = config_file::git_settings(args.config.as_deref())?;
    let planned = args.plan.as_deref().map(plan_file::read).transpose()?;
    let place = planned.as_ref().map(|plan| (plan.repository.url.as_str(), plan.branch.as_str()));
    let reach = Reach {
        repository: place.map(|(url, _)| url).or(args.repo.as_deref()),
        branch: place.map(|(_, branch)| branch).or(args.branch.as_deref()),
        folder: &folder,
        interactive: app.console.can_prompt,
        until: Instant::now() + args.timeout,
    };
    let format = args.format();
    let (mut ground, mut host) =
        during(app, format, "looks for the repository", async |_| -> Result<_> {
            let ground = Ground::reach(reach).await?;
            let deadline = Deadline::after(args.timeout);
            let host = Host::find(args, ground.remote.url(), deadline).await;
            Ok((ground, host))
        })
        .await?;
    let by = identity::by(&ground.config, &folder)?;
    let way = match &planned {
        Some(plan) => plan.way,
        None => host.way(args, ground.branch.as_str(), &mut ground.notes).await?,
    };
    let terms =
        Terms { way, ..request::terms(args, &settings, app.actor(&by.author.to_string()), &by) };
    let call = Call { args, app, format, by, host };
    if let Some(plan) = planned {
        return call.carry_out_file(&mut ground, plan, &terms).await;
    }
    let request = match request::request(args, Timestamp::now())? {
        Some(request) => request,
        None => call.chosen(&mut ground).await?,
    };
    let decision = call.decide(&mut ground, &request, &terms).await?;
    call.go_on(&mut ground, decision).await
}

struct Call<'a> {
    args: &'a RevertArgs,
    app: &'a App,
    format: Format,
    by: By,
    host: Host,
}

impl Call<'_> {
    async fn chosen(&self, ground: &mut Ground) -> Result<Request> {
        let paths = request::paths(self.args)?;
        let commit = choose::choose(ground, &paths, self.format, self.app).await?;
        request::asking_for(self.args, Which::Named(commit))
    }

    async fn decide(
        &self,
        ground: &mut Ground,
        request: &Request,
        terms: &Terms,
    ) -> Result<Decision> {
        let doing = "fetches the branch";
        during(self.app, self.format, doing, async |progress| {
            decide(ground, request, terms, Timestamp::now(), progress).await
        })
        .await
    }

    /// A plan of a file is made again: it is carried out only where the same comes out.
    async fn carry_out_file(
        &self,
        ground: &mut Ground,
        plan: RevertPlan,
        terms: &Terms,
    ) -> Result<ExitStatus> {
        let request = Request::of(&plan.asked);
        let made = self.decide(ground, &request, terms).await?;
        let decision = match made {
            Decision::Revert(now, shown) if now.reverted.files == plan.reverted.files => {
                let plan = RevertPlan { reverted: now.reverted, ..plan };
                Decision::Revert(Box::new(plan), shown)
            }
            Decision::Revert(now, _) => {
                let message =
                    "the branch moved since the plan was made: it would change other files now";
                return Err(Error::new(ErrorKind::LostRace, message)
                    .because(report::files_in_words(&now.reverted.files))
                    .hint("make a new one: --dry-run --plan-out FILE"));
            }
            other => other,
        };
        self.go_on(ground, decision).await
    }

    async fn go_on(&self, ground: &mut Ground, decision: Decision) -> Result<ExitStatus> {
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
            self.carry_out(ground, &plan, progress).await
        });
        let outcome = outcome.await;
        self.app.remember_push(None);
        drop(section);
        let outcome = outcome?;
        self.tell(&outcome, Some(&plan));
        Ok(outcome.exit_status())
    }

    async fn carry_out(
        &self,
        ground: &mut Ground,
        plan: &RevertPlan,
        progress: &mut dyn FnMut(&str),
    ) -> Result<RevertOutcome> {
        if plan.way == Way::Request {
            return self.propose(ground, plan, progress).await;
        }
        match land(ground, plan, &self.by, progress).await {
            // Where there is nobody to ask, the server's own words are what helps.
            Err(error)
                if self.args.way == WayArg::Auto
                    && self.host.place.is_some()
                    && host::asks_for_a_request(&error) =>
            {
                let note = "the branch takes changes by requests only: one is opened\n";
                self.app.console.note(note);
                self.propose(ground, plan, progress).await
            }
            landed => {
                landed.map_err(|error| host::with_the_way(error, ground.remote.url(), self.app))
            }
        }
    }

    async fn propose(
        &self,
        ground: &mut Ground,
        plan: &RevertPlan,
        progress: &mut dyn FnMut(&str),
    ) -> Result<RevertOutcome> {
        let Some(place) = &self.host.place else {
            return Err(host::on_this_machine());
        };
        let mut tell = host::teller(self.app.console);
        let to = (place, self.host.hosting.as_ref());
        let wishes = self.host.wishes(self.args, self.app);
        propose(ground, plan, &self.by, to, &wishes, progress, &mut tell).await
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
