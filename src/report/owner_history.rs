//! The history of an owner for people: one line a state.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use jiff::Timestamp;

use crate::rollback::model::deployed::{DeployOutcome, Release};
use crate::rollback::model::evidence::ago;
use crate::rollback::model::image::{ImageRef, short_digest};
use crate::rollback::model::owner_history::{OwnerHistory, OwnerMark, OwnerRow};
use crate::text::{shorten, truncate, width};

use super::style::{COLUMNS, DIM, Marks, NAME, paint};

/// Digits of a commit that people read.
const SHORT: usize = 9;
/// Columns between two cells.
const GAP: usize = 2;
/// Columns of what gives way last.
const AUTHOR: usize = 12;
const IMAGES: usize = 15;
const MARKS: usize = 18;
/// Columns of a subject, at least, and in the wide table.
const SUBJECT: usize = 10;
const WIDE: usize = 72;
/// What is not known.
const NONE: &str = "-";

/// All states, oldest first; `wide` leaves nothing out.
#[must_use]
pub fn table(history: &OwnerHistory, wide: bool, marks: Marks) -> String {
    if history.rows.is_empty() {
        return heading(history, marks) + "nothing was deployed yet\n" + &notes(history, marks);
    }
    let has_releases = history.rows.iter().any(|row| row.release.is_some());
    let (header, rows) =
        if has_releases { releases(history, wide, marks) } else { commits(history, wide, marks) };
    heading(history, marks) + &drawn(header, rows) + &notes(history, marks)
}

/// What it is, and where.
fn heading(history: &OwnerHistory, marks: Marks) -> String {
    let (target, dot) = (&history.target, marks.dot());
    let name = paint(NAME, &target.reference());
    let mut parts = vec![name, format!("namespace {}", target.namespace)];
    if let Some(git) = &history.git {
        let url = marks.foreign(&git.url);
        parts.push(format!("{} branch {}", shorten(&url, 50), marks.foreign(&git.branch)));
    }
    parts.join(&format!(" {dot} ")) + "\n"
}

fn drawn(header: Vec<&str>, rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header);
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, u16::try_from(GAP).unwrap_or_default()));
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

type Rows = (Vec<&'static str>, Vec<Vec<String>>);

fn commits(history: &OwnerHistory, wide: bool, marks: Marks) -> Rows {
    let now = history.read_at;
    let mut header =
        vec!["COMMIT", "AGE", "AUTHOR", "SUBJECT", "IMAGES", "DEPLOYED", "STATE", "MARKS"];
    if wide {
        header.push("BY");
        header.push("WHY");
    }
    let cut = |text: &str, columns: usize| {
        if wide { text.to_owned() } else { truncate(text, columns).into_owned() }
    };
    let mut rows: Vec<Vec<String>> = history
        .rows
        .iter()
        .map(|row| {
            let commit = row.commit.as_ref();
            let author = commit.map(|commit| marks.foreign(&commit.author));
            let subject = commit.map(|commit| marks.foreign(&commit.subject));
            let images = marks.foreign(&images(row));
            let images = if wide { images } else { shorten(&images, IMAGES).into_owned() };
            let mut cells = vec![
                marks.foreign(&name(row)),
                commit.map_or_else(|| NONE.to_owned(), |commit| ago(now, commit.at)),
                author.map_or_else(|| NONE.to_owned(), |author| cut(&author, AUTHOR)),
                subject.unwrap_or_else(|| NONE.to_owned()),
                images,
                since(now, row.at),
                state(row).to_owned(),
                cut(&words(row), MARKS),
            ];
            if wide {
                cells.push(marks.foreign(row.by.as_deref().unwrap_or(NONE)));
                cells.push(marks.foreign(why(row).unwrap_or(NONE)));
            }
            cells
        })
        .collect();
    let room = if wide { WIDE } else { room(&header, &rows) };
    for cell in rows.iter_mut().filter_map(|row| row.get_mut(3)) {
        *cell = truncate(cell, room).into_owned();
    }
    (header, rows)
}

/// Columns that are left for the subject.
fn room(header: &[&str], rows: &[Vec<String>]) -> usize {
    let column = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at)).map(|cell| width(cell));
        cells.chain(header.get(at).map(|head| width(head))).max().unwrap_or_default()
    };
    let others: usize = (0..header.len()).filter(|at| *at != 3).map(column).sum();
    let gaps = GAP * header.len().saturating_sub(1);
    COLUMNS.saturating_sub(others + gaps).max(SUBJECT)
}

fn releases(history: &OwnerHistory, wide: bool, marks: Marks) -> Rows {
    let now = history.read_at;
    let mut header =
        vec!["REVISION", "CHART", "APP", "DEPLOYED", "STATUS", "CONFIG", "COMMIT", "MARKS"];
    if wide {
        header.push("WHY");
    }
    let known = |text: &str| marks.foreign(if text.is_empty() { NONE } else { text });
    let cells = |row: &OwnerRow| {
        let none = Release::default();
        let release = row.release.as_ref().unwrap_or(&none);
        let chart = format!("{} {}", release.chart, release.chart_version);
        let cut = |text: &str, columns: usize| {
            if wide { known(text) } else { shorten(&known(text), columns).into_owned() }
        };
        let mut cells = vec![
            release.revision.to_string(),
            cut(chart.trim(), 30),
            cut(&release.app_version, 14),
            since(now, row.at),
            cut(&release.status, 16),
            known(short_digest(&release.config_digest)),
            row.commit_id.as_deref().map_or_else(|| NONE.to_owned(), digits),
            words(row),
        ];
        if wide {
            cells.push(marks.foreign(why(row).unwrap_or(NONE)));
        }
        cells
    };
    (header, history.rows.iter().map(cells).collect())
}

/// A commit is cut, a version is not.
fn name(row: &OwnerRow) -> String {
    let all: Vec<String> = match &row.commit {
        Some(commit) => vec![digits(&commit.id)],
        None => row.revisions.iter().map(|revision| short(revision)).collect(),
    };
    if all.is_empty() { "?".to_owned() } else { shorten(&all.join(","), 24).into_owned() }
}

/// `main@sha1:9f3c…` is `9f3c2ab51`.
fn short(revision: &str) -> String {
    let tail = revision.rsplit([':', '/']).next().unwrap_or(revision);
    let is_commit = tail.len() == 40 && tail.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_commit { digits(tail) } else { revision.to_owned() }
}

fn digits(commit: &str) -> String {
    commit.chars().take(SHORT).collect()
}

fn images(row: &OwnerRow) -> String {
    if row.images.is_empty() {
        return NONE.to_owned();
    }
    let short = row.images.iter().map(|image| ImageRef::parse(image).short());
    short.collect::<Vec<_>>().join(", ")
}

fn since(now: Timestamp, at: Option<Timestamp>) -> String {
    at.map_or_else(|| NONE.to_owned(), |at| ago(now, at))
}

/// What came of it, in a word.
fn state(row: &OwnerRow) -> &'static str {
    match (&row.outcome, row.healthy) {
        (None, _) => NONE,
        (Some(DeployOutcome::Failed(_)), _) => "failed",
        (Some(DeployOutcome::Running(_)), _) => "running",
        (Some(DeployOutcome::Applied), Some(true)) => "healthy",
        (Some(DeployOutcome::Applied), Some(false)) => "unhealthy",
        (Some(DeployOutcome::Applied), None) => "applied",
    }
}

fn why(row: &OwnerRow) -> Option<&str> {
    match row.outcome.as_ref()? {
        DeployOutcome::Failed(why) | DeployOutcome::Running(why) => Some(why),
        DeployOutcome::Applied => None,
    }
}

fn words(row: &OwnerRow) -> String {
    let word = |mark: &OwnerMark| match mark {
        OwnerMark::Live => "live".to_owned(),
        OwnerMark::Pending => "not deployed".to_owned(),
        OwnerMark::Rollback => "rollback by rb".to_owned(),
        OwnerMark::OffBranch => "not on the branch".to_owned(),
        OwnerMark::Reverted => {
            let by = row.reverted_by.as_deref().map(digits).unwrap_or_default();
            format!("reverted {by}").trim_end().to_owned()
        }
    };
    let all: Vec<String> = row.marks.iter().map(word).collect();
    if all.is_empty() { NONE.to_owned() } else { all.join(", ") }
}

fn notes(history: &OwnerHistory, marks: Marks) -> String {
    let mut notes: Vec<String> = history.gaps.clone();
    if history.has_more {
        notes.push("older states may have been left out".to_owned());
    }
    let line = |note: &String| paint(DIM, &format!("note: {}", marks.foreign(note))) + "\n";
    notes.iter().map(line).collect()
}

#[cfg(test)]
mod tests;
