//! What `rb revert-commit` does: finds the repository, makes the plan, shows it, asks, and pushes.

use jiff::Timestamp;
use tokio::time::Instant;

use crate::app::App;
use crate::cli::output::Format;
use crate::cli::undo::{declined, unconfirmed};
use crate::cluster::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::git::commit::message::Style;
use crate::hosting::Step;
use crate::report::json::revert::RevertDocument;
use crate::report::revert as report;
use crate::revert::asked::{Request, Which};
use crate::revert::ground::{Ground, Reach};
use crate::revert::land::{By, land};
use crate::revert::plan::{Decision, Terms, decide};
use crate::revert::propose::propose;
use crate::rollback::model::revert_outcome::{NothingToRevert, RevertOutcome};
use crate::rollback::model::revert_plan::{RevertPlan, Way};
use crate::terminal::{Verbosity, prompt};

use super::again::{Again, Known};
use super::host::{self, Host};
use super::{RevertArgs, WayArg, choose, identity, plan_file, request};

pub(super) async fn run(args: &RevertArgs, app: &App) -> Result<ExitStatus> {
    let mut known = Known::default();
    let ended = Box::pin(go(args, app, &mut known)).await;
    ended.map_err(|error| Again::new(app, known).complete(error))
}

/// What is found out about the command stays in `known`, however it ends.
async fn go(args: &RevertArgs, app: &App, known: &mut Known) -> Result<ExitStatus> {
    let folder = std::env::current_dir().map_err(|error| {
        let message = "cannot tell the working directory: it may be gone";
        Error::new(ErrorKind::Usage, message).because(error).hint("go to one that is there: cd ~")
    })?;
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
    let console = app.console;
    let mut progress = move |line: &str| {
        if console.verbosity >= Verbosity::Verbose {
            console.error(&format!("  git: {}\n", console.marks.foreign(line)));
        }
    };
    let mut ground = Ground::reach(reach).await?;
    known.place = Some(ground.named.clone());
    let by = identity::by(&ground.config, &folder)?;
    let mut host = Host::find(args, ground.remote.url(), Deadline::after(args.timeout)).await;
    let way = match &planned {
        Some(plan) => plan.way,
        None => host.way(args, ground.branch.as_str()).await?,
    };
    let terms = Terms { way, ..terms(args, app, &by) };
    let call = Call { args, app, format: args.format(), by, host };
    if let Some(plan) = planned {
        return call.carry_out_file(&mut ground, plan, &terms, &mut progress).await;
    }
    let request = match request::request(args, Timestamp::now())? {
        Some(request) => request,
        None => call.chosen(&mut ground, &mut progress).await?,
    };
    let decision = decide(&mut ground, &request, &terms, Timestamp::now(), &mut progress).await?;
    call.go_on(&mut ground, decision, &mut progress).await
}

fn terms(args: &RevertArgs, app: &App, by: &By) -> Terms {
    Terms {
        reason: args.reason.clone(),
        incident: args.incident.clone(),
        by: app.actor(&by.author.to_string()),
        style: if args.conventional { Style::Conventional } else { Style::Git },
        sign_off: args.signoff.then(|| by.committer.clone()),
        ..Terms::default()
    }
}

struct Call<'a> {
    args: &'a RevertArgs,
    app: &'a App,
    format: Format,
    by: By,
    host: Host,
}

impl Call<'_> {
    async fn chosen(&self, ground: &mut Ground, progress: &mut dyn FnMut(&str)) -> Result<Request> {
        let paths = request::paths(self.args)?;
        let commit = choose::choose(ground, &paths, self.format, self.app, progress).await?;
        let (mode, good, mainline) =
            (self.args.mode.into(), self.args.to.clone(), self.args.mainline);
        Ok(Request { which: Which::Named(commit), mode, paths, good, mainline })
    }

    /// A plan of a file is made again: it is carried out only where the same comes out.
    async fn carry_out_file(
        &self,
        ground: &mut Ground,
        plan: RevertPlan,
        terms: &Terms,
        progress: &mut dyn FnMut(&str),
    ) -> Result<ExitStatus> {
        let request = Request::of(&plan.asked);
        let made = decide(ground, &request, terms, Timestamp::now(), progress).await?;
        if let (Decision::Revert(now, _), Some(file)) = (&made, &self.args.plan) {
            plan_file::check(file, &plan, now)?;
        }
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
                    .again("make a new one", plan_file::remade(&plan)));
            }
            other => other,
        };
        self.go_on(ground, decision, progress).await
    }

    async fn go_on(
        &self,
        ground: &mut Ground,
        decision: Decision,
        progress: &mut dyn FnMut(&str),
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
        let outcome = self.carry_out(ground, &plan, progress).await?;
        let outcome =
            Again::new(self.app, Known { place: Some(ground.named.clone()), planned: None })
                .pin(outcome);
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
        match land(ground, plan, &self.by, 0, progress).await {
            Err(error) if self.args.way == WayArg::Auto && host::asks_for_a_request(&error) => {
                let note = "the branch takes changes by requests only: one is opened\n";
                self.app.console.note(note);
                // Where that cannot be done, the server's own words are what helps.
                if self.host.place.is_none() {
                    Err(error)
                } else {
                    self.propose(ground, plan, progress).await
                }
            }
            landed => landed,
        }
    }

    async fn propose(
        &self,
        ground: &mut Ground,
        plan: &RevertPlan,
        progress: &mut dyn FnMut(&str),
    ) -> Result<RevertOutcome> {
        let Some(place) = &self.host.place else {
            let message = "a repository on this machine takes no change requests";
            return Err(Error::new(ErrorKind::Usage, message).hint("--way push"));
        };
        let console = self.app.console;
        let mut tell = move |step: Step<'_>| {
            let waited = step.waited.as_secs();
            let trouble = step.trouble.map(|error| format!(": {error}")).unwrap_or_default();
            let text = format!("waits for the merge, {waited} s{trouble}");
            console.note(&format!("  {}\n", console.marks.foreign(&text)));
        };
        let to = (place, self.host.hosting.as_ref());
        let wishes = host::wishes(self.args);
        propose(ground, plan, &self.by, to, &wishes, progress, &mut tell).await
    }

    fn nothing(&self, nothing: NothingToRevert) -> ExitStatus {
        self.tell(&RevertOutcome::Nothing(nothing), None);
        ExitStatus::Success
    }

    fn tell(&self, outcome: &RevertOutcome, plan: Option<&RevertPlan>) {
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
