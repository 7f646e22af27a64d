//! The plan of an undo of an owner in Git, shown, agreed to and carried out, up to how the owner does then.

use std::time::Instant;

use jiff::Timestamp;

use crate::cli::git::host::{Advised, Host};
use crate::cli::git::identity;
use crate::cli::git::progress::during;
use crate::cli::undo::{declined, unconfirmed};
use crate::durable::arrive::Course;
use crate::durable::beside;
use crate::durable::bots;
use crate::durable::choice::{Chosen, short};
use crate::durable::origin::{self, OwnerRead, Whole};
use crate::durable::owners;
use crate::durable::passage::{self, Passage};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::git::Oid;
use crate::reconciler::neighbours::{self, Neighbours};
use crate::report::json::revert::RevertDocument;
use crate::report::{owner_undo, revert as report};
use crate::revert::land::By;
use crate::revert::plan::Decision;
use crate::rollback::model::barrier::Brings;
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::owner_history::OwnerRow;
use crate::rollback::model::owner_status::Undone;
use crate::rollback::model::revert_outcome::{NothingToRevert, RevertOutcome};
use crate::rollback::model::revert_plan::{RevertPlan, Way};
use crate::rollback::model::target::Target;
use crate::terminal::{ci, prompt};
use crate::text::age;

use super::{Undo, told};

/// A plan with what it takes to carry it out.
pub(super) struct Ready {
    pub(super) plan: Box<RevertPlan>,
    shown: String,
    pub(super) by: By,
    pub(super) host: Host,
}

impl Ready {
    fn files(&self) -> Vec<GitPath> {
        self.plan.reverted.files.iter().map(|file| file.path.clone()).collect()
    }

    /// Whether what gets onto the branch is signed; what a change request is merged with, its host makes.
    fn is_signed(&self) -> Option<bool> {
        (self.plan.way == Way::Push).then_some(self.by.signing.is_some())
    }
}

impl Undo<'_> {
    /// The last undo was just now: whoever asks again wants to know how it goes.
    pub(super) async fn again(&mut self, whole: &mut Whole, seconds: i64) -> Result<ExitStatus> {
        let newest = whole.rows.first().cloned().unwrap_or_default();
        let marks = self.app.console.marks;
        let words = format!(
            "already rolled back, by {}, {} ago: it is looked whether that has come to run",
            short(&newest),
            age(seconds)
        );
        self.app.console.note(&format!("{}\n", marks.foreign(&words)));
        if self.asked.dry_run {
            self.nothing("alreadyDone", &words, newest.commit_id.clone());
            return Ok(ExitStatus::Success);
        }
        let undone =
            Undone { result: "nothingToDo", to: Some(short(&newest)), ..Undone::default() };
        whole.is_about(&whole.newest_values()?);
        let whom = self.passage(whole, Brings::default())?;
        let files = whole.files()?;
        let status = match self.bring(whole, &whom, whole.tip, &files, undone).await? {
            Ok(status) => status,
            Err(stopped) => return Err(self.not_brought(&stopped)),
        };
        let exit = status.exit_status();
        if exit != ExitStatus::Success && self.asked.waits {
            let message = format!(
                "{} was rolled back {} ago, and {}",
                self.reference,
                age(seconds),
                status.standing.summary
            );
            return Err(Error::new(ErrorKind::Refused, message)
                .because("a second undo within ten minutes may be a mistake")
                .hint(format!("to go further back: {}", self.command("undo --again")))
                .hint(format!("to see how it does: {}", self.command("status"))));
        }
        self.answer(&status);
        Ok(exit)
    }

    pub(super) async fn carry_out(
        &mut self,
        whole: &mut Whole,
        chosen: &Chosen,
    ) -> Result<ExitStatus> {
        let (from, to) = Self::from_to(&whole.rows, chosen)
            .ok_or_else(|| Error::new(ErrorKind::Internal, "a state that is none"))?;
        let mut planned = self.plan(whole, chosen.to).await?;
        if planned.is_err() {
            whole.is_about(&whole.files()?);
        }
        let changed = planned.as_ref().map(Ready::files).unwrap_or_default();
        let signed = planned.as_ref().ok().and_then(Ready::is_signed);
        let files = planned.is_ok().then_some(changed.as_slice());
        let versions = match &planned {
            Ok(ready) => origin::versions(&whole.ground, &ready.plan)?,
            Err(_) => Vec::new(),
        };
        let whom = self.passage(whole, Brings { signed, files, versions: &versions })?;
        let mut warnings = whole.notes.clone();
        match &mut planned {
            Ok(ready) => {
                self.warn(&mut ready.plan, &whom, whole.reader(&changed));
            }
            Err(_) => warnings.extend(whom.warnings.clone()),
        }
        let heading = self.heading((whole, chosen), &whom, (&from, &to), &warnings);
        let mut undone = Undone {
            result: "nothingToDo",
            from: Some(from.name().to_owned()),
            to: Some(to.name().to_owned()),
            commit: None,
        };
        let ready = match planned {
            Ok(ready) => ready,
            Err(nothing) => {
                let marks = self.app.console.marks;
                let words = format!("nothing to push: {}", marks.foreign(&nothing));
                self.show(&format!("{heading}  {words}\n"));
                if self.asked.dry_run {
                    self.nothing("noChange", &nothing, Some(whole.tip.to_string()));
                    self.app.console.note("dry run: nothing was changed\n");
                    return Ok(ExitStatus::Success);
                }
                let (tip, files) = (whole.tip, whole.files()?);
                return self.end(whole, &whom, tip, &files, undone).await;
            }
        };
        self.app.story().revert_planned(&ready.plan);
        if self.asked.dry_run {
            return Ok(self.dry_run(&heading, &ready));
        }
        self.agree(&heading, &ready).await?;
        let mut course = Course::default();
        self.settle(&whom, &ready.plan.id, &mut course).await;
        let outcome = self.push(whole, &ready).await?;
        let commit = match &outcome {
            RevertOutcome::Pushed(pushed) => Some(pushed.commit.clone()),
            RevertOutcome::Requested(requested) => {
                requested.request.as_ref().and_then(|request| request.merge_commit.clone())
            }
            RevertOutcome::Nothing(nothing) => {
                nothing.commit.clone().or_else(|| Some(whole.tip.to_string()))
            }
        };
        let Some(commit) = commit else {
            // Somebody has to merge it first.
            let document = RevertDocument::new(&outcome, Some(&ready.plan));
            let text = self.asked.format.document(&document);
            let text = text.unwrap_or_else(|| report::done(&outcome, self.app.console.marks));
            self.app.console.answer(&text);
            return Ok(outcome.exit_status());
        };
        undone.result = match &outcome {
            RevertOutcome::Pushed(_) => "pushed",
            RevertOutcome::Requested(_) => "merged",
            RevertOutcome::Nothing(_) => "nothingToDo",
        };
        let commit = Oid::from_str(&commit)
            .map_err(|error| Error::new(ErrorKind::Internal, "no commit").because(error))?;
        self.end(whole, &whom, commit, &changed, undone).await
    }

    /// Makes the plan, and asks the host meanwhile how it gets onto the branch; the inner error is why
    /// there is nothing to push.
    async fn plan(&self, whole: &mut Whole, to: usize) -> Result<Result<Ready, String>> {
        let by = identity::by(&whole.ground.config, &self.folder)?;
        let (asked_by, why) =
            (self.app.actor(&by.author.to_string()), (self.asked.reason, self.asked.incident));
        let terms = identity::terms(&self.settings, &by, asked_by, why);
        let (url, branch) = (whole.ground.remote.url().clone(), whole.ground.branch.clone());
        let (app, format, request) = (self.app, self.asked.format, self.asked.request);
        let deadline = self.budget.reading();
        let renders = self.owners.get(whole.owner);
        let (made, (host, advised), beside) =
            during(app, format, "plans the commit", async |progress| {
                tokio::join!(
                    whole.plan(&self.owners, to, &terms, Timestamp::now(), progress),
                    Host::ask(request, &url, branch.as_str(), None, deadline),
                    self.neighbours(renders),
                )
            })
            .await;
        match made? {
            Decision::Revert(plan, shown) => {
                let Advised { way, notes } = advised?;
                let renders = self.owners.get(whole.owner);
                let source = renders.and_then(|read| read.owner.sources.get(whole.source));
                let gone = origin::dropped(&whole.ground, &plan, source, &self.owners)?;
                // It is something to know, and no more.
                let beside = beside::of_files(&beside, &whole.ground, &plan, source);
                let beside = beside.unwrap_or_default();
                let warnings = [gone, notes, plan.warnings.clone(), beside].concat();
                let plan = Box::new(RevertPlan { way, warnings, ..*plan });
                Ok(Ok(Ready { plan, shown, by, host }))
            }
            Decision::Nothing(nothing) => Ok(Err(nothing.message)),
            Decision::Blocked(blocked, error) => {
                let marks = self.app.console.marks;
                self.app.console.error(&report::conflicts(&blocked.conflicts, marks));
                Err(error)
            }
        }
    }

    /// Others of the kind of the one who renders it; none where that is not answered.
    async fn neighbours(&self, renders: Option<&OwnerRead>) -> Neighbours {
        let Some(read) = renders else { return Neighbours::default() };
        let Some(target) = &read.owner.object else { return Neighbours::default() };
        let owner = (target, &read.object);
        let found = neighbours::read(self.cluster, owner, None, self.budget.reading()).await;
        found.ok().flatten().unwrap_or_default()
    }

    /// By whom a commit of that repository comes here; refused where one of them would not take it up.
    fn passage(&self, whole: &Whole, commit: Brings<'_>) -> Result<Passage> {
        let between = self.owners.get(..=whole.owner).unwrap_or(&self.owners);
        let mut passage = passage::of(between, commit, None).map_err(|barred| barred.error())?;
        // Which of its objects a check waits for, an undo of that object knows, and patches it.
        if passage.blocked.iter().any(|blocked| passage::waits_for_health(&blocked.owner)) {
            let end = "to end that wait: rb undo deploy/NAME, which patches what it waits for";
            passage.warnings.push(end.to_owned());
        }
        Ok(passage)
    }

    fn heading(
        &self,
        (whole, chosen): (&Whole, &Chosen),
        whom: &Passage,
        states: (&OwnerRow, &OwnerRow),
        warnings: &[String],
    ) -> String {
        let (from, to) = states;
        let card = owner_undo::Card {
            target: &self.found.target,
            owners: &self.known.owners,
            from,
            to,
            why: &chosen.why,
            against: chosen.against.as_deref(),
            passed: &told::reasons(&chosen.passed, &whole.rows),
            settles: !whom.settled.is_empty(),
            warnings,
        };
        owner_undo::heading(&card, Timestamp::now(), self.app.console.marks)
    }

    /// Adds to the plan what is to be known of those who bring the commit, and of those who may bring back
    /// what it leaves.
    fn warn(&self, plan: &mut RevertPlan, whom: &Passage, reader: Option<&Target>) {
        let left = bots::left(&plan.images);
        let (warnings, todo) = bots::that_bring_it_back(&self.owners, left.as_deref());
        plan.warnings.extend([warnings, whom.warnings.clone()].concat());
        plan.todo.extend([whom.todo.clone(), todo].concat());
        let Some(reader) = reader else { return };
        let by_others = plan.way == Way::Request && !self.asked.request.wait_merge;
        if !self.asked.waits || by_others {
            plan.todo.extend(owners::commands_to_read(&self.owners, reader));
        }
        let reads_its_own = whom.followed.first().is_some_and(|one| one.owner == *reader);
        if reads_its_own && passage::waits_for_health(reader) {
            plan.warnings.push(format!(
                "the first run of {} with the commit has the old values: where its health check waits for what \
                 these break, rb undo deploy/NAME ends that",
                reader.reference()
            ));
        }
    }

    fn show(&self, text: &str) {
        if self.asked.format.is_human() {
            let _section = self.app.console.section(ci::PLAN);
            self.app.console.answer(text);
        }
    }

    fn dry_run(&self, heading: &str, ready: &Ready) -> ExitStatus {
        let marks = self.app.console.marks;
        let shown = report::difference(&ready.shown, marks);
        self.show(&format!("{heading}{}{shown}", report::card(&ready.plan, marks)));
        if let Some(document) = self.asked.format.document(&*ready.plan) {
            self.app.console.answer(&document);
        } else {
            self.app.console.note("dry run: nothing was changed\n");
        }
        ExitStatus::Success
    }

    /// The document of a plan that comes to nothing.
    fn nothing(&self, reason: &'static str, message: &str, commit: Option<String>) {
        let nothing = NothingToRevert { reason, message: message.to_owned(), commit };
        let outcome = RevertOutcome::Nothing(nothing);
        if let Some(document) = self.asked.format.document(&RevertDocument::new(&outcome, None)) {
            self.app.console.answer(&document);
        }
    }

    async fn agree(&mut self, heading: &str, ready: &Ready) -> Result<()> {
        let marks = self.app.console.marks;
        let shown = report::difference(&ready.shown, marks);
        let text = format!("{heading}{}{shown}", report::card(&ready.plan, marks));
        let question = owner_undo::question(&self.found.target, &ready.plan, marks);
        self.agree_to(&text, &question).await
    }

    /// Shows it and gets a yes.
    pub(super) async fn agree_to(&mut self, text: &str, question: &str) -> Result<()> {
        let asks = self.app.console.can_prompt && !self.asked.yes;
        if asks && self.asked.format.is_human() {
            self.app.console.error(text);
        } else {
            self.show(text);
        }
        if self.asked.yes {
            return Ok(());
        }
        if !asks {
            return Err(unconfirmed(self.app, &self.app.environment.again_with("--yes")));
        }
        let asked = Instant::now();
        let yes = prompt::ask(&self.app.console, question).await;
        self.budget.pause(asked.elapsed());
        if yes { Ok(()) } else { Err(declined()) }
    }
}
