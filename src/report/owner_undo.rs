//! `rb undo app/NAME` for people: what is left, what is gone back to and why; then what came of it.

use jiff::Timestamp;

use crate::exit::ExitStatus;
use crate::rollback::model::deployed::DeployOutcome;
use crate::rollback::model::evidence::ago;
use crate::rollback::model::owner_history::OwnerRow;
use crate::rollback::model::owner_status::OwnerStatus;
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::revert_plan::{RevertPlan, Way};
use crate::rollback::model::target::Target;
use crate::text::{shorten, truncate};

use super::revert::short;
use super::style::{BAD, COLUMNS, Marks, NAME, WARN, paint};

/// Lines of warnings that are shown.
const WARNINGS: usize = 8;
/// Columns of the subject of a commit.
const SUBJECT: usize = 40;

/// What the card before the plan says.
#[derive(Clone, Copy, Debug)]
pub struct Card<'a> {
    /// The owner.
    pub target: &'a Target,
    /// Itself, and those above it.
    pub owners: &'a [Owner],
    /// What is left.
    pub from: &'a OwnerRow,
    /// What is gone back to.
    pub to: &'a OwnerRow,
    /// Why that one.
    pub why: &'a str,
    /// What speaks against it all the same.
    pub against: Option<&'a str>,
    /// Those that were passed over: safe text.
    pub passed: &'a [String],
    /// Whether what it has under way is ended first.
    pub settles: bool,
    /// What the user should know, each a sentence without a full stop.
    pub warnings: &'a [String],
}

/// The lines above the plan of the commit.
#[must_use]
pub fn heading(card: &Card<'_>, now: Timestamp, marks: Marks) -> String {
    let Card { target, owners, from, to, .. } = card;
    let mut text = format!(
        "{} {} namespace {}\n",
        paint(NAME, &target.reference()),
        marks.dot(),
        marks.foreign(&target.namespace)
    );
    text += &line("now", &state(from, now, marks));
    text += &line("back to", &state(to, now, marks));
    text += &line("", &marks.foreign(card.why));
    if let Some(against) = card.against {
        text += &paint(WARN, &line("warning", &marks.foreign(&format!("of that: {against}"))));
    }
    for passed in card.passed {
        text += &line("passed", &marks.foreign(passed));
    }
    // Who brings releases by itself has a warning of its own.
    let shown = owners.iter().filter(|owner| owner.counts() && owner.pause.is_none());
    for owner in shown.take(3) {
        let syncs = match &owner.automation {
            Some(automation) if automation.suspended => ", suspended",
            Some(automation) if automation.syncs => ", applies new commits by itself",
            Some(_) => ", applies nothing by itself: rb has it synced",
            None => "",
        };
        text += &line("owner", &format!("{}{syncs}", marks.foreign(&owner.name)));
    }
    if card.settles {
        text += &line("first", "what it has under way is ended");
    }
    for warning in super::card::warnings(card.warnings, WARNINGS, marks) {
        text += &format!("{warning}\n");
    }
    text
}

fn state(row: &OwnerRow, now: Timestamp, marks: Marks) -> String {
    let name = marks.foreign(&name_of(row));
    let subject = row.commit.as_ref().map(|commit| marks.foreign(&commit.subject));
    let subject = subject.map(|subject| format!("  {}", shorten(&subject, SUBJECT)));
    let images: Vec<&str> =
        row.images.iter().map(|image| image.rsplit('/').next().unwrap_or(image)).collect();
    let images = match images.as_slice() {
        [] => String::new(),
        several => format!("  {}", shorten(&marks.foreign(&several.join(", ")), SUBJECT)),
    };
    let how = match (&row.outcome, row.healthy) {
        (Some(DeployOutcome::Failed(_)), _) => "failed",
        (Some(DeployOutcome::Running(_)), _) => "is being applied",
        (_, Some(true)) => "healthy",
        (_, Some(false)) => "not healthy",
        (Some(DeployOutcome::Applied), None) => "deployed",
        (None, None) => "",
    };
    let at = row.at.map(|at| format!(" {} ago", ago(now, at))).unwrap_or_default();
    let how = if how.is_empty() { String::new() } else { format!("  {how}{at}") };
    format!("{name}{}{images}{how}", subject.unwrap_or_default())
}

fn name_of(row: &OwnerRow) -> String {
    let name = row.name();
    if name.len() == 40 { short(name) } else { name.to_owned() }
}

/// The question after the plan.
#[must_use]
pub fn question(target: &Target, plan: &RevertPlan, marks: Marks) -> String {
    let branch = marks.foreign(&plan.branch);
    let how = match plan.way {
        Way::Push => format!("push that to {branch}"),
        Way::Request => format!("open a change request for {branch}"),
    };
    format!("Roll {} back, and {how}? [y/N] ", target.reference())
}

/// What came of it, before how the owner does.
#[must_use]
pub fn ending(status: &OwnerStatus, marks: Marks) -> String {
    let Some(undone) = &status.undone else { return String::new() };
    let to = undone.to.as_deref().map(|to| if to.len() == 40 { short(to) } else { to.to_owned() });
    let to = marks.foreign(&to.unwrap_or_default());
    let reference = status.target.reference();
    if status.stopped.is_some() {
        let words =
            format!("{reference}: Git has the state of {to}, and the owner has not got there\n");
        return paint(BAD, &words);
    }
    if !status.was_waited {
        return format!("{reference}: not verified, nobody waits\n");
    }
    if status.exit_status() != ExitStatus::Success {
        return paint(BAD, &format!("{reference} is back at the state of {to}, and not well\n"));
    }
    format!("rolled back: {reference} has the state of {to}\n")
}

fn line(label: &str, text: &str) -> String {
    truncate(&format!("  {label:<8} {text}"), COLUMNS).into_owned() + "\n"
}
