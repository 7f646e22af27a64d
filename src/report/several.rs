//! Several workloads at once: what is planned and what came of it, as one table each, and a summary.

mod words;

use std::collections::BTreeMap;

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};

use crate::error::Error;
use crate::rollback::model::decision::Nothing;
use crate::rollback::model::outcome::{Done, Ending, Waited};
use crate::rollback::model::plan::{Plan, RevisionView};
use crate::rollback::model::status::Status;
use crate::rollback::model::target::Target;
use crate::rollback::model::template::short_images;
use crate::text::{plural, shorten, truncate, width};

use self::words::{why, why_failed, why_waited, without_name, word, word_of};
use super::style::{BAD, GOOD, Marks, WARN, paint};

pub use self::words::word_of_ending;

/// Columns of a whole row, as far as the names allow: what is free text gives way.
const ROW: usize = 140;
/// Columns of free text at least.
const TEXT: usize = 48;
/// Columns of what speaks for a revision.
const EVIDENCE: usize = 30;
/// Columns of a revision with its image.
const REVISION: usize = 32;
/// Commands that go forward again which are shown; more are in the document.
const FORWARD: usize = 5;

/// What is planned for one workload.
pub enum Intent<'a> {
    /// An undo.
    Undo(&'a Plan),
    /// Nothing.
    Nothing(&'a Nothing),
    /// It is refused.
    Refused(&'a Error),
}

/// What is planned for all of them.
#[must_use]
pub fn plans(all: &[(&Target, Intent<'_>)], context: &str, marks: Marks) -> String {
    let names = names(all.iter().map(|(target, _)| *target));
    let rows = all.iter().zip(names).map(|((target, intent), name)| match intent {
        Intent::Undo(plan) => [
            name,
            revision(&plan.from, &plan.to, marks),
            revision(&plan.to, &plan.from, marks),
            truncate(&marks.foreign(&plan.to.state), EVIDENCE).into_owned(),
            text(&notes(plan), target, marks),
        ],
        Intent::Nothing(nothing) => {
            let dash = || "-".to_owned();
            [
                name,
                dash(),
                dash(),
                "nothing to do".to_owned(),
                text(&nothing.message, target, marks),
            ]
        }
        Intent::Refused(error) => {
            let dash = || "-".to_owned();
            [
                name,
                dash(),
                dash(),
                word_of(error.kind()).to_owned(),
                text(&why_failed(error), target, marks),
            ]
        }
    });
    let header = ["WORKLOAD", "NOW", "BACK TO", "EVIDENCE", "CHANGES"];
    let undone = all.iter().filter(|(_, intent)| matches!(intent, Intent::Undo(_))).count();
    let title = format!(
        "{} of {} to roll back{}, context {}\n",
        undone,
        workloads(all.len()),
        place(all.iter().map(|(target, _)| *target)),
        marks.foreign(context)
    );
    title + &table(&header, rows)
}

fn notes(plan: &Plan) -> String {
    let changes = plan.diff.iter().map(|change| change.summary.clone());
    let warnings = plan.warnings.iter().map(|warning| format!("warning: {warning}"));
    warnings.chain(changes).collect::<Vec<_>>().join(", ")
}

/// What came of it: a table, the count, and how to go forward again; `history` is the command that
/// shows the revisions of all of them.
#[must_use]
pub fn results(all: &[(&Target, &Done)], history: &str, marks: Marks) -> String {
    let names = names(all.iter().map(|(target, _)| *target));
    let rows = all.iter().zip(&names).map(|((target, done), name)| {
        let (to, pods) = match done {
            Done::Undone(plan, outcome) => {
                (revision(&plan.to, &plan.from, marks), pods(Some(&outcome.waited)))
            }
            Done::Joined(nothing, waited) => {
                let live = &nothing.live;
                (revision(live, &RevisionView::default(), marks), pods(waited.as_deref()))
            }
            Done::Failed(_) | Done::LeftOut => ("-".to_owned(), "-".to_owned()),
        };
        [name.clone(), word(done).to_owned(), to, pods, text(&why(done, marks), target, marks)]
    });
    let mut out = table(&["WORKLOAD", "RESULT", "REVISION", "PODS", "WHY"], rows);
    let place = place(all.iter().map(|(target, _)| *target));
    out += &summary(&place, all.iter().map(|(_, done)| word(done)));
    out + &forward(all, history, marks)
}

/// The status of one of several workloads.
pub struct StatusRow<'a> {
    /// Which.
    pub target: &'a Target,
    /// How it does and how the wait ended, or why that could not be read.
    pub seen: Result<(&'a Status, Option<&'a Ending>, &'a Waited), &'a Error>,
}

/// How all of them do.
#[must_use]
pub fn statuses(all: &[StatusRow<'_>], marks: Marks) -> String {
    let names = names(all.iter().map(|row| row.target));
    let rows = all.iter().zip(names).map(|(row, name)| match &row.seen {
        Ok((status, ending, waited)) => {
            let progress = waited.progress.as_ref().filter(|_| !is_done(*ending));
            let sentence = progress.map(|progress| progress.message.clone()).unwrap_or_default();
            // The ending of a single look is that nobody waited.
            let ended =
                Waited { ending: ending.cloned().unwrap_or(Ending::Complete), ..(*waited).clone() };
            let why = match why_waited(&ended, &[], marks) {
                why if why.is_empty() => sentence,
                why => why,
            };
            let live = revision(&status.live, &RevisionView::default(), marks);
            [
                name,
                status_word(row).to_owned(),
                live,
                pods(Some(waited)),
                text(&why, row.target, marks),
            ]
        }
        Err(error) => {
            let dash = || "-".to_owned();
            [
                name,
                status_word(row).to_owned(),
                dash(),
                dash(),
                text(&why_failed(error), row.target, marks),
            ]
        }
    });
    let out = table(&["WORKLOAD", "STATUS", "REVISION", "PODS", "WHY"], rows);
    out + &summary(&place(all.iter().map(|row| row.target)), all.iter().map(status_word))
}

fn status_word(row: &StatusRow<'_>) -> &'static str {
    match &row.seen {
        Ok((_, Some(ending), _)) => word_of_ending(ending),
        Ok((_, None, _)) => "in progress",
        Err(error) => word_of(error.kind()),
    }
}

fn is_done(ending: Option<&Ending>) -> bool {
    matches!(ending, Some(Ending::Complete | Ending::NothingRan))
}

/// `100 workloads in namespace shop: 1 failed, 1 refused, 98 rolled back`.
fn summary(place: &str, words: impl Iterator<Item = &'static str>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    let total: usize = counts.values().sum();
    let parts: Vec<String> = counts
        .iter()
        .map(|(word, count)| {
            let style = match *word {
                "rolled back" | "healthy" | "nothing to do" => GOOD,
                "left out" | "patched" | "no pods" | "waits" | "superseded" | "in progress" => WARN,
                _ => BAD,
            };
            paint(style, &format!("{count} {word}"))
        })
        .collect();
    format!("{}{place}: {}\n", workloads(total), parts.join(", "))
}

fn forward(all: &[(&Target, &Done)], history: &str, marks: Marks) -> String {
    let commands: Vec<&String> = all
        .iter()
        .filter_map(|(_, done)| match done {
            Done::Undone(plan, _) => plan.forward.as_ref(),
            Done::Joined(..) | Done::Failed(_) | Done::LeftOut => None,
        })
        .collect();
    if commands.len() > FORWARD {
        return format!(
            "  forward  to go forward again, one by one: undo with --to-revision; what was rolled \
             back: {}\n",
            marks.foreign(history)
        );
    }
    let line =
        |command: &&String| format!("  forward  to go forward again: {}\n", marks.foreign(command));
    commands.iter().map(line).collect()
}

fn pods(waited: Option<&Waited>) -> String {
    let progress = waited.and_then(|waited| waited.progress.as_ref());
    progress.map_or_else(|| "-".to_owned(), |p| format!("{}/{}", p.pods.available, p.pods.desired))
}

fn revision(view: &RevisionView, other: &RevisionView, marks: Marks) -> String {
    let number = view.revision.map_or_else(|| view.hash.clone(), |number| number.to_string());
    let images = short_images(&view.images, &other.images);
    let image = images.first().map(String::as_str).unwrap_or_default();
    shorten(&marks.foreign(&format!("{number} {image}")), REVISION).into_owned()
}

fn text(text: &str, target: &Target, marks: Marks) -> String {
    let text = marks.foreign(without_name(text, target));
    let text = marks.arrows(&text);
    if text.is_empty() { "-".to_owned() } else { text.into_owned() }
}

fn workloads(count: usize) -> String {
    plural(i64::try_from(count).unwrap_or(i64::MAX), "workload")
}

/// The namespace of all of them, where they have one.
#[must_use]
pub fn namespace_of<'a>(targets: impl IntoIterator<Item = &'a Target>) -> Option<&'a str> {
    let mut namespaces = targets.into_iter().map(|target| target.namespace.as_str());
    let first = namespaces.next()?;
    namespaces.all(|namespace| namespace == first).then_some(first)
}

/// ` in namespace shop`.
fn place<'a>(targets: impl Iterator<Item = &'a Target>) -> String {
    namespace_of(targets).map(|name| format!(" in namespace {name}")).unwrap_or_default()
}

/// `deployment/web`, with the namespace before it where there is more than one.
#[must_use]
pub fn names<'a>(targets: impl Iterator<Item = &'a Target>) -> Vec<String> {
    let targets: Vec<&Target> = targets.collect();
    let same = namespace_of(targets.iter().copied()).is_some();
    let name = |target: &&Target| {
        if same {
            target.reference()
        } else {
            format!("{} {}", target.namespace, target.reference())
        }
    };
    targets.iter().map(name).collect()
}

/// Rows under a header, without lines around them; the last column is cut.
fn table<const N: usize>(header: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut rows: Vec<[String; N]> = rows.collect();
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| width(cell)).max().unwrap_or_default()
    };
    let others: usize = (0..N - 1).map(|column| widest(column) + 3).sum();
    let room = ROW.saturating_sub(others).max(TEXT);
    for cell in rows.iter_mut().filter_map(|row| row.last_mut()) {
        *cell = truncate(cell, room).into_owned();
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.iter());
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 3));
    }
    table.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}
