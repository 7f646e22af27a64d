//! `--direct`: an Application that is not synced by itself is synced to a state of its history, without
//! Git. It differs from Git then, until somebody makes Git agree.

use jiff::Timestamp;
use serde_json::Value;

use crate::cluster::{PatchKind, WriteError, WriteOptions};
use crate::durable::choice::{Back, choose, short};
use crate::error::{Error, ErrorKind, Result};
use crate::exit::ExitStatus;
use crate::reconciler::follow::settle::{self, Settled};
use crate::report::owner_undo;
use crate::rollback::model::deployed::OwnerState;
use crate::rollback::model::owner_history::{OwnerMark, OwnerRow};
use crate::rollback::model::owner_status::{OwnerStatus, Undone};
use crate::rollback::model::record::FIELD_MANAGER;
use crate::rollback::owner_history;

use super::{RECENT, Undo, told};

/// For how long it is waited for by default, in seconds.
const PATIENCE: u64 = 600;

impl Undo<'_> {
    pub(super) async fn by_operation(&mut self, back: Back<'_>) -> Result<ExitStatus> {
        let mut rows =
            owner_history::merge(&self.found.kind.deployed(&self.found.object), None, false);
        rows.reverse();
        let states: Vec<usize> = rows
            .iter()
            .enumerate()
            .map(|(at, row)| {
                rows.iter().position(|other| other.revisions == row.revisions).unwrap_or(at)
            })
            .collect();
        let token = self.app.operation_id();
        let chosen = choose(&rows, &states, back);
        let named = chosen.as_ref().ok().and_then(|chosen| rows.get(chosen.to)).cloned();
        let wanted = named.map(|row| row.revisions).unwrap_or_default();
        let reconciler = self.found.kind.reconciler();
        if let Some(age) = self.just_now(&rows, back) {
            return self.look_again(&rows, age).await;
        }
        let nudge = reconciler.roll_back(&self.found.object, &wanted, &token, self.asked.reason);
        let (chosen, nudge) = match (chosen, nudge) {
            (Ok(chosen), nudge) => (chosen, nudge?),
            // What is refused whatever the state counts first.
            (Err(_), Err(error)) if !self.may_sync() => return Err(error),
            (Err(none), _) => return Err(told::no_state(none, &rows, self)),
        };
        let states = (rows.get(chosen.from), rows.get(chosen.to));
        let (Some(from), Some(to)) = states else {
            return Err(Error::new(ErrorKind::Internal, "a state that is none"));
        };
        let card = owner_undo::Card {
            target: &self.found.target,
            owners: &self.known.owners,
            from,
            to,
            why: &chosen.why,
            against: chosen.against.as_deref(),
            passed: &told::reasons(&chosen.passed, &rows),
            settles: false,
            warnings: &[
                "Git is left as it is: it is OutOfSync then, and the next sync brings back what \
                         is left"
                    .to_owned(),
            ],
        };
        let marks = self.app.console.marks;
        let text = owner_undo::heading(&card, Timestamp::now(), marks);
        if self.asked.dry_run {
            if !self.asked.format.is_human() {
                let message = "there is no document of the plan of an operation";
                return Err(Error::new(ErrorKind::Usage, message).hint("leave -o out"));
            }
            self.app.console.answer(&text);
            self.app.console.note("dry run: nothing was changed\n");
            return Ok(ExitStatus::Success);
        }
        let question = format!("Sync {} to that? [y/N] ", self.reference);
        let undone = Undone {
            result: "operation",
            from: Some(from.name().to_owned()),
            to: Some(to.name().to_owned()),
            commit: None,
        };
        self.agree_to(&text, &question).await?;
        let deadline = self.budget.waiting(PATIENCE);
        let options = WriteOptions { dry_run: false, field_manager: FIELD_MANAGER };
        let (path, body) = (nudge.path.as_str(), &nudge.body);
        let written = self.cluster.patch(path, PatchKind::Merge, body, options, deadline).await;
        let written = match written {
            Ok(object) => object,
            // It may have been written: what is seen tells.
            Err(WriteError::Unknown(_)) => self.found.object.clone(),
            Err(WriteError::Conflict(error)) => {
                let message = format!("{} changed meanwhile: nothing was written", self.reference);
                return Err(Error::new(ErrorKind::LostRace, message).because(error));
            }
            Err(WriteError::Rejected(error) | WriteError::Throttled { error, .. }) => {
                return Err(error);
            }
        };
        self.app.console.note(&format!("  done: {}\n", marks.foreign(&nudge.summary)));
        if self.asked.waits {
            self.until_ended(&written, &wanted, &token).await?;
        }
        self.ended(undone).await
    }

    /// Whether it is one that rb may sync.
    fn may_sync(&self) -> bool {
        let owner = self.known.owners.first();
        let automation = owner.and_then(|owner| owner.automation.as_ref());
        self.found.target.kind == "Application" && automation.is_some_and(|one| !one.syncs)
    }

    /// Waits until the operation has ended well.
    async fn until_ended(&self, written: &Value, wanted: &[String], token: &str) -> Result<()> {
        let reconciler = self.found.kind.reconciler();
        let Some(address) = reconciler.address(&self.found.target) else { return Ok(()) };
        let deadline = self.budget.waiting(PATIENCE);
        let has_ended = |object: &Value| reconciler.rolled_back(object, wanted, token).is_some();
        let reference = &self.reference;
        let failed = |why: String| {
            let message = format!("the sync of {reference} came to nothing: {why}");
            let status = self.command("status");
            Err(Error::new(ErrorKind::Inconclusive, message)
                .hint(format!("to see how it does: {status}")))
        };
        match settle::until(self.cluster, &address, written, deadline, has_ended).await {
            Settled::So(object) => match reconciler.rolled_back(&object, wanted, token) {
                Some(Err(why)) => failed(why),
                _ => Ok(()),
            },
            Settled::Gone => failed("it was deleted".to_owned()),
            Settled::TimedOut => failed("it has not ended in time".to_owned()),
            Settled::Lost(error) => Err(error),
        }
    }

    async fn ended(&mut self, undone: Undone) -> Result<ExitStatus> {
        let status = self.after(self.asked.waits, undone).await?;
        let is_left_behind = status.standing.state == OwnerState::Behind;
        let status = OwnerStatus { is_left_behind, ..status };
        self.answer(&status);
        let note =
            format!("  Git still has what was left; to make it agree: {}\n", self.command("undo"));
        self.app.console.note(&note);
        Ok(status.exit_status())
    }

    /// How long ago rb has synced it, where that is the newest.
    fn just_now(&self, rows: &[OwnerRow], back: Back<'_>) -> Option<i64> {
        if self.asked.again || back != Back::Newest {
            return None;
        }
        let live = rows.first().filter(|row| row.marks.contains(&OwnerMark::Live))?;
        let age = Timestamp::now().as_second() - live.at?.as_second();
        let is_ours = live.by.as_deref() == Some(FIELD_MANAGER) && age < RECENT;
        is_ours.then_some(age.max(0))
    }

    async fn look_again(&mut self, rows: &[OwnerRow], seconds: i64) -> Result<ExitStatus> {
        let to = rows.first().map(short);
        let words = format!(
            "already rolled back, to {}, {} ago\n",
            to.as_deref().unwrap_or_default(),
            crate::text::age(seconds)
        );
        self.app.console.note(&words);
        let status =
            self.after(self.asked.waits, Undone { result: "nothingToDo", to, ..Undone::default() });
        let status = status.await?;
        let is_left_behind = status.standing.state == OwnerState::Behind;
        let status = OwnerStatus { is_left_behind, ..status };
        let exit = status.exit_status();
        if exit != ExitStatus::Success {
            let message =
                format!("{} was rolled back just now, and is not healthy", self.reference);
            let further = self.command("undo --direct --again");
            return Err(Error::new(ErrorKind::Refused, message)
                .hint(format!("to go further back: {further}")));
        }
        self.answer(&status);
        Ok(exit)
    }
}
