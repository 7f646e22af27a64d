//! The history of an owner: what its status says, row by row, with what Git says of each commit.

use std::collections::BTreeSet;

use super::model::app_log::{AppLog, LoggedCommit, Place};
use super::model::deployed::{DeployOutcome, Deployed};
use super::model::owner_history::{OwnerMark, OwnerRow};

/// Rows at most, the newest ones.
pub const MOST: usize = 50;

/// The commits of which Git is asked where they stand.
#[must_use]
pub fn commits(deployed: &[Deployed]) -> BTreeSet<String> {
    deployed.iter().filter_map(|one| one.commit.clone()).filter(|id| id.len() == 40).collect()
}

/// One row for each state, the oldest first. `deployed` is the newest first; `log` is what Git says,
/// where it was asked. With `images`, the log's count where the owner does not say them itself.
#[must_use]
pub fn merge(deployed: &[Deployed], log: Option<&AppLog>, images: bool) -> Vec<OwnerRow> {
    let none = AppLog::default();
    let log = log.unwrap_or(&none);
    let mut rows: Vec<OwnerRow> =
        log.commits.iter().map(|commit| of_commit(commit, images)).collect();
    // Those that are no commit of the log stand among the others by their time.
    let mut others: Vec<OwnerRow> = Vec::new();
    for one in deployed {
        let place = one.commit.as_ref().and_then(|commit| log.places.get(commit));
        match place {
            Some(Place::At(at)) => {
                if let Some(row) = rows.get_mut(*at) {
                    add(row, one);
                }
            }
            Some(Place::Off(commit)) => {
                let mut row = of_commit(commit, images);
                row.marks.push(OwnerMark::OffBranch);
                fold(&mut others, row, one);
            }
            None => fold(&mut others, OwnerRow::default(), one),
        }
    }
    let live = rows.iter().position(|row| row.marks.contains(&OwnerMark::Live));
    for row in rows.iter_mut().take(live.unwrap_or_default()) {
        if row.outcome.is_none() {
            row.marks.push(OwnerMark::Pending);
        }
    }
    for row in rows.iter_mut().filter(|row| row.reverted_by.is_some()) {
        row.marks.push(OwnerMark::Reverted);
    }
    let mut all = in_order(rows, others);
    all.truncate(MOST);
    all.reverse();
    all
}

fn of_commit(logged: &LoggedCommit, images: bool) -> OwnerRow {
    let commit = &logged.commit;
    OwnerRow {
        commit: Some(commit.clone()),
        commit_id: Some(commit.id.clone()),
        revisions: vec![commit.id.clone()],
        images: if images { logged.images.clone() } else { Vec::new() },
        reverts: logged.reverts.clone(),
        reverted_by: logged.reverted_by.clone(),
        marks: if logged.is_own { vec![OwnerMark::Rollback] } else { Vec::new() },
        ..OwnerRow::default()
    }
}

/// Several deployments of the same are one row.
fn fold(others: &mut Vec<OwnerRow>, new: OwnerRow, one: &Deployed) {
    let number = |row: &OwnerRow| row.release.as_ref().map(|release| release.revision);
    let is_it = |row: &&mut OwnerRow| {
        row.revisions == one.revisions
            && number(row) == one.release.as_ref().map(|release| release.revision)
    };
    if let Some(row) = others.iter_mut().find(is_it) {
        add(row, one);
        return;
    }
    let mut row = new;
    row.revisions.clone_from(&one.revisions);
    add(&mut row, one);
    others.push(row);
}

/// What the owner says of a state. The newest that it says comes first, and counts; a try that failed
/// before it was applied does not.
fn add(row: &mut OwnerRow, one: &Deployed) {
    let first = row.outcome.is_none();
    if one.live && !row.marks.contains(&OwnerMark::Live) {
        row.marks.insert(0, OwnerMark::Live);
    }
    let is_news = match (&row.outcome, &one.outcome) {
        (None, _) => true,
        (Some(DeployOutcome::Failed(_)), DeployOutcome::Applied) => one.at > row.at,
        _ => false,
    };
    if is_news {
        row.outcome = Some(one.outcome.clone());
        row.healthy = one.healthy;
    }
    if first {
        row.revisions.clone_from(&one.revisions);
        row.release.clone_from(&one.release);
    }
    row.healthy = row.healthy.or(one.healthy);
    let at = when(row, one);
    if at > row.at {
        row.at = at;
        row.by.clone_from(&one.by);
    }
    row.by = row.by.take().or_else(|| one.by.clone());
    row.commit_id = row.commit_id.take().or_else(|| one.commit.clone());
    if !one.images.is_empty() {
        row.images.clone_from(&one.images);
    }
}

/// A content that came back keeps the time of its first coming: what is older than the commit cannot be
/// meant.
fn when(row: &OwnerRow, one: &Deployed) -> Option<jiff::Timestamp> {
    let is_older = |at: jiff::Timestamp| row.commit.as_ref().is_some_and(|commit| at < commit.at);
    match one.at {
        Some(at) if is_older(at) => one.again,
        at => at.or(one.again),
    }
}

/// The newest first. What Git orders keeps its order.
fn in_order(log: Vec<OwnerRow>, others: Vec<OwnerRow>) -> Vec<OwnerRow> {
    if log.is_empty() {
        return others;
    }
    let time = |row: &OwnerRow| row.at.or(row.commit.as_ref().map(|commit| commit.at));
    let mut all = Vec::new();
    let mut others = others.into_iter().peekable();
    for row in log {
        while let Some(other) = others.next_if(|other| time(other) > time(&row)) {
            all.push(other);
        }
        all.push(row);
    }
    all.extend(others);
    all
}

#[cfg(test)]
mod tests;
