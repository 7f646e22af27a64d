//! What comes after the yes: the commit gets onto its branch, the owners are brought to it, and how the
//! owner does then is the answer.

use jiff::Timestamp;

use crate::cli::git::progress::during;
use crate::cli::git::push::Push;
use crate::cli::owner::status::{self, Reading, answer};
use crate::cluster::Deadline;
use crate::durable::arrive::{Commit, Course};
use crate::durable::bring::Bringing;
use crate::durable::origin::Whole;
use crate::durable::passage::Passage;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::git::Oid;
use crate::reconciler::read_owner;
use crate::report::{owner_undo, revert as report};
use crate::rollback::model::git_path::GitPath;
use crate::rollback::model::outcome::Stopped;
use crate::rollback::model::owner_status::{OwnerStatus, Undone};
use crate::rollback::model::revert_outcome::RevertOutcome;
use crate::terminal::ci;

use super::Undo;
use super::act::Ready;

/// For how long an owner is waited for by default, in seconds.
const PATIENCE: u64 = 600;

impl Undo<'_> {
    fn waiting(&self) -> Deadline {
        self.budget.waiting(PATIENCE)
    }

    pub(super) async fn settle(&self, whom: &Passage, token: &str, course: &mut Course) {
        let (cluster, deadline) = (self.cluster, self.waiting());
        let mut live = self.asked.format.listener(self.app.console, &self.found.target);
        let bringing = Bringing { cluster, token, deadline };
        bringing.settle(&whom.settled, course, &mut *live).await;
    }

    pub(super) async fn push(&self, whole: &mut Whole, ready: &Ready) -> Result<RevertOutcome> {
        let app = self.app;
        let section = app.console.section(ci::WAIT);
        app.remember_push(Some(app.environment.command_line.clone()));
        let push = Push { app, args: self.asked.request, by: &ready.by, host: &ready.host };
        let ground = &mut whole.ground;
        let outcome = during(app, self.asked.format, "pushes the commit", async |progress| {
            push.carry_out(ground, &ready.plan, progress).await
        });
        let outcome = outcome.await;
        app.remember_push(None);
        drop(section);
        let outcome = outcome.map_err(|error| self.with_direct(error))?;
        app.story().reverted(&outcome);
        let marks = app.console.marks;
        app.console.note(&format!("  {}\n", report::sentence(&outcome, marks)));
        Ok(outcome)
    }

    /// Brings the owners there, and ends as `rb status` of it does.
    pub(super) async fn end(
        &mut self,
        whole: &mut Whole,
        whom: &Passage,
        commit: Oid,
        files: &[GitPath],
        undone: Undone,
    ) -> Result<ExitStatus> {
        let known = Undone { commit: Some(commit.to_string()), ..undone.clone() };
        match self.bring(whole, whom, commit, files, undone).await? {
            Ok(status) => {
                self.answer(&status);
                Ok(status.exit_status())
            }
            Err(stopped) => {
                let exit = stopped.exit;
                let error = self.not_brought(&stopped);
                let marks = self.app.console.marks;
                self.app.story().say(marks.foreign(&error.to_string()));
                self.app.console.note(&format!("  {}\n", marks.foreign(&error.to_string())));
                let status = self.after(false, known).await?;
                let status = OwnerStatus { stopped: Some(exit), ..status };
                self.answer(&status);
                Ok(status.exit_status())
            }
        }
    }

    pub(super) fn not_brought(&self, stopped: &Stopped) -> Error {
        let error = Error::new(ErrorKind::Inconclusive, stopped.sentence.clone());
        let error = error.hint(format!("to see how it does: {}", self.command("status")));
        match &stopped.check {
            Some(check) => error.hint(check.clone()),
            None => error,
        }
    }

    pub(super) async fn bring(
        &mut self,
        whole: &mut Whole,
        whom: &Passage,
        id: Oid,
        files: &[GitPath],
        undone: Undone,
    ) -> Result<Result<OwnerStatus, Stopped>> {
        let (cluster, deadline) = (self.cluster, self.waiting());
        let token = self.app.operation_id();
        let mut course = Course::default();
        let bringing = Bringing { cluster, token: &token, deadline };
        let reader = whole.reader(files).cloned();
        let commit = Commit { ground: &mut whole.ground, id, files };
        if self.asked.waits {
            let mut live = self.asked.format.listener(self.app.console, &self.found.target);
            let followed = &whom.followed;
            let bring = bringing.bring(followed, reader.as_ref(), commit, &mut course, &mut *live);
            let brought = bring.await;
            if let Err(stopped) = brought {
                return Ok(Err(stopped));
            }
            let itself = &self.found.target;
            let acts = self.known.owners.first().and_then(|owner| owner.automation.as_ref());
            let is_left_out = whom.followed.iter().all(|followed| followed.owner != *itself);
            if is_left_out && acts.is_none_or(|automation| automation.syncs) {
                bringing.rest(itself).await;
            }
        }
        let undone = Undone { commit: Some(id.to_string()), ..undone };
        self.after(self.asked.waits, undone).await.map(Ok)
    }

    /// How it does now.
    pub(super) async fn after(&mut self, watch: bool, undone: Undone) -> Result<OwnerStatus> {
        let deadline = self.waiting();
        let found = self.found.read_again(self.cluster, deadline).await?;
        let known = read_owner::read(self.cluster, found.kind, &found.object, deadline).await;
        let asked = status::Asked {
            watch,
            timeout: self.asked.timeout,
            revision: None,
            format: self.asked.format,
        };
        let reading = Reading {
            app: self.app,
            cluster: self.cluster,
            asked,
            deadline,
            started: self.started,
            read_at: Timestamp::now(),
        };
        let status = reading.after(found, known).await?;
        Ok(OwnerStatus { undone: Some(undone), ..status })
    }

    pub(super) fn answer(&self, status: &OwnerStatus) {
        if status.exit_status() != ExitStatus::Success {
            let words = format!("{} {}", self.reference, status.standing.summary);
            self.app.story().say(self.app.console.marks.foreign(&words));
        }
        if self.asked.format.is_human() {
            let text = owner_undo::ending(status, self.app.console.marks);
            self.app.console.answer(&text);
        }
        self.app.console.answer(&answer(self.asked.format, self.app, status));
    }
}
