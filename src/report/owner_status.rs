//! How an owner does, for people: what it says of itself, who owns it, how its workloads do.

use jiff::Timestamp;

use crate::exit::ExitStatus;
use crate::rollback::model::deployed::{OwnerCondition, OwnerState, Standing};
use crate::rollback::model::evidence::ago;
use crate::rollback::model::outcome::Ending;
use crate::rollback::model::owner_status::{OwnerStatus, WorkloadStatus};
use crate::rollback::model::ownership::{Automation, Owner};
use crate::rollback::model::target::Target;
use crate::text::{age, plural, truncate};

use super::several::{self, StatusRow};
use super::style::{BAD, COLUMNS, GOOD, Marks, NAME, WARN, paint};
use super::{failure, owners};

/// Workloads that are shown, the bad ones first.
const WORKLOADS: usize = 20;
/// Notes of an owner that are shown.
const NOTES: usize = 6;
/// Causes of failures that are shown below the table.
const CAUSES: usize = 5;

/// What it is and how it does, before its workloads are waited for.
#[must_use]
pub fn heading(
    target: &Target,
    own: &[Owner],
    standing: &Standing,
    hold: Option<&str>,
    now: Timestamp,
    marks: Marks,
) -> String {
    let mut text = format!(
        "{} {} namespace {}\n",
        paint(NAME, &target.reference()),
        marks.dot(),
        target.namespace
    );
    let mut line = |label: &str, words: &str| text += &line(label, words, marks);
    if let Some(hold) = hold {
        line("held", &format!("{hold} (annotation kubectl-rb/hold)"));
    }
    line("state", &format!("it {}", standing.summary));
    if let Some(revisions) = revisions(standing) {
        line("revision", &revisions);
    }
    if let Some(operation) = &standing.operation {
        line("now", &operation_words(&operation.what, operation.since, operation.until, now));
    }
    let mut rest = own.iter();
    if let Some(itself) = rest.next() {
        if let Some(automation) = &itself.automation {
            line("policy", &policy(automation));
        }
        if !itself.would.is_empty() {
            line("writes", &format!("of others: {}", itself.would));
        }
        for source in owners::sources(itself) {
            line("source", &source);
        }
    }
    for condition in standing.conditions.iter().filter(|one| is_telling(one)) {
        line("says", &condition_words(condition));
    }
    let notes = own.first().into_iter().flat_map(|own| &own.notes);
    for note in notes.filter(|note| !is_told(note, standing)).take(NOTES) {
        line("note", note);
    }
    let above: Vec<Owner> = rest.cloned().collect();
    text += &owners::lines(&above, marks).concat();
    text
}

/// How it ended.
#[must_use]
pub fn ending(status: &OwnerStatus, marks: Marks) -> String {
    let mut text = workloads(&status.workloads, marks);
    let objects = &status.objects;
    if objects.not_looked_at > 0 {
        let words = format!("{} more were not looked at", count(objects.not_looked_at, "workload"));
        text += &line("note", &words, marks);
    }
    for gap in &status.gaps {
        text += &line("note", gap, marks);
    }
    let (style, word) = verdict(status);
    let of = format!("{} of {} objects", objects.bad, objects.listed);
    let bad =
        if objects.bad > 0 { format!("; it says that {of} are not well") } else { String::new() };
    text + &format!("{}{bad}\n", paint(style, word))
}

fn verdict(status: &OwnerStatus) -> (anstyle::Style, &'static str) {
    match (status.exit_status(), status.standing.state) {
        (ExitStatus::Success, OwnerState::Behind) => (GOOD, "healthy, and not what its source has"),
        (ExitStatus::Success, _) => (GOOD, "healthy"),
        (ExitStatus::Failed, OwnerState::Failed) => (BAD, "failed"),
        (ExitStatus::Failed, _) => (BAD, "failed: a workload is not well"),
        (ExitStatus::NotConverged, OwnerState::Behind) => (WARN, "not converged, and it stays so"),
        (ExitStatus::NotConverged, _) => (WARN, "not converged"),
        (_, OwnerState::Unknown) => (WARN, "not known"),
        _ => (WARN, "in progress"),
    }
}

fn workloads(all: &[WorkloadStatus], marks: Marks) -> String {
    if all.is_empty() {
        return String::new();
    }
    let mut sorted: Vec<&WorkloadStatus> = all.iter().collect();
    sorted.sort_by_key(|one| one.exit_status() == ExitStatus::Success);
    let left_out = sorted.len().saturating_sub(WORKLOADS);
    sorted.truncate(WORKLOADS);
    let rows: Vec<StatusRow<'_>> = sorted.iter().map(|one| row(one)).collect();
    let mut text = several::statuses(&rows, marks);
    if left_out > 0 {
        let words = format!("{} more are as well as these or better", count(left_out, "workload"));
        text += &line("note", &words, marks);
    }
    let failures = sorted.iter().filter_map(|one| match &one.seen {
        Ok((_, _, waited)) => Some((&one.target, waited.failure.as_ref()?)),
        Err(_) => None,
    });
    for (target, failed) in failures.take(CAUSES) {
        let words = format!("{}: {}", target.reference(), failure::summary(failed, marks));
        text += &paint(BAD, &format!("  {:<8} {words}\n", "cause"));
    }
    text
}

fn row(one: &WorkloadStatus) -> StatusRow<'_> {
    let seen = one.seen.as_ref();
    let seen = seen.map(|(status, ending, waited)| (status, ending.as_ref(), waited));
    StatusRow { target: &one.target, seen }
}

/// The word of a workload in JSON.
#[must_use]
pub fn word_of(one: &WorkloadStatus) -> &'static str {
    match &one.seen {
        Ok((_, ending, _)) => ending.as_ref().map_or("inProgress", Ending::word),
        Err(error) => error.kind().word(),
    }
}

fn revisions(standing: &Standing) -> Option<String> {
    match (&standing.desired, &standing.applied) {
        (Some(desired), Some(applied)) if desired == applied => Some(applied.clone()),
        (Some(desired), Some(applied)) => {
            Some(format!("{applied} was applied last, {desired} is wanted"))
        }
        (Some(desired), None) => Some(format!("{desired} is wanted, nothing was applied yet")),
        (None, Some(applied)) => Some(format!("{applied} was applied last")),
        (None, None) => None,
    }
}

fn operation_words(
    what: &str,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    now: Timestamp,
) -> String {
    let mut words = what.to_owned();
    if let Some(since) = since {
        words.push_str(&format!(", begun {} ago", ago(now, since)));
    }
    if let Some(until) = until {
        let left = until.as_second() - now.as_second();
        words.push_str(&format!(", ends in {} at the latest", age(left)));
    }
    words
}

fn policy(automation: &Automation) -> String {
    let Automation { syncs, heals, prunes, suspended } = *automation;
    let mut words =
        vec![if syncs { "applies new commits by itself" } else { "applies nothing by itself" }];
    if heals {
        words.push("puts back what others change");
    }
    if prunes {
        words.push("deletes what is gone from its source");
    }
    if suspended {
        words.insert(0, "SUSPENDED");
    }
    words.join(", ")
}

/// Whether a note says what stands above it already.
fn is_told(note: &str, standing: &Standing) -> bool {
    let words = |state: &str| note.strip_prefix(state).is_some();
    let is_condition = |one: &OwnerCondition| {
        words(&one.kind) || (one.message.len() > 20 && note.contains(&one.message))
    };
    let operation = standing.operation.as_ref().is_some_and(|operation| operation.what == *note);
    let is_state =
        ["it is Synced", "it is OutOfSync", "its last sync"].iter().any(|state| words(state));
    operation || is_state || standing.conditions.iter().any(is_condition)
}

/// What is as it should be is not told.
fn is_telling(condition: &OwnerCondition) -> bool {
    match (condition.kind.as_str(), condition.status.as_str()) {
        // Its words are in the state.
        ("Healthy" | "Released" | "TestSuccess", "True") | ("Ready" | "Reconciling", _) => false,
        _ => true,
    }
}

fn condition_words(condition: &OwnerCondition) -> String {
    let OwnerCondition { kind, status, reason, message, .. } = condition;
    let status = if status.is_empty() { String::new() } else { format!(" {status}") };
    let reason = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
    format!("{kind}{status}{reason}: {message}")
}

fn line(label: &str, words: &str, marks: Marks) -> String {
    let words = marks.foreign(words);
    format!("  {label:<8} {}\n", truncate(&words, COLUMNS * 2))
}

fn count(count: usize, one: &str) -> String {
    plural(i64::try_from(count).unwrap_or(i64::MAX), one)
}

#[cfg(test)]
mod tests;
