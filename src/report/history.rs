//! The history for people: a table, or one revision with its template and how it differs from the
//! live one.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, Table};
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use crate::rollback::model::evidence::ago;
use crate::rollback::model::history::{History, Mark, Row};
use crate::rollback::model::target::Target;
use crate::rollback::model::template::hide_environment;
use crate::text::truncate;

use super::owners;
use super::style::{BAD, DIM, GOOD, Marks, NAME, paint};

/// Columns of free text in the narrow table.
const CAUSE: usize = 40;
/// Columns of the recorded context in the wide table.
const CONTEXT: usize = 60;

/// All revisions, oldest first; `wide` adds what identifies them and who made them.
#[must_use]
pub fn table(history: &History, wide: bool, marks: Marks) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let narrow = ["REVISION", "AGE", "IMAGES", "PODS", "MARKS", "CAUSE"];
    let extra = ["HASH", "COMMIT", "CONTEXT", "BY", "EVIDENCE"];
    let header = narrow.into_iter().chain(extra.into_iter().filter(|_| wide));
    table.set_header(header);
    for row in &history.rows {
        table.add_row(cells(history, row, wide, marks));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 3));
    }
    let lines = table.lines().map(|line| format!("{}\n", line.trim_end()));
    lines.collect::<String>() + &notes(history, marks)
}

/// The line above one of several tables.
#[must_use]
pub fn heading(target: &Target, marks: Marks) -> String {
    let dot = marks.dot();
    format!("{} {dot} namespace {}\n", paint(NAME, &target.reference()), target.namespace)
}

fn cells(history: &History, row: &Row, wide: bool, marks: Marks) -> Vec<String> {
    let cause = row.change_cause.clone().unwrap_or_else(|| "<none>".to_owned());
    let cause = marks.foreign(&cause);
    let narrow = [
        row.revision.map_or_else(|| "?".to_owned(), |number| number.to_string()),
        row.created.map_or_else(|| "?".to_owned(), |at| ago(history.read_at, at)),
        marks.foreign(&row.short_images.join(", ")),
        format!("{}/{}", row.replicas.ready, row.replicas.desired),
        words(&row.marks),
        if wide { cause } else { truncate(&cause, CAUSE).into_owned() },
    ];
    let extra = [
        row.hash.clone(),
        marks.foreign(&row.context.commit.clone().unwrap_or_else(|| "-".to_owned())),
        context(row, marks),
        marks.foreign(&row.by.clone().unwrap_or_else(|| "-".to_owned())),
        marks.foreign(&row.evidence.join(", ")),
    ];
    narrow.into_iter().chain(extra.into_iter().filter(|_| wide)).collect()
}

fn context(row: &Row, marks: Marks) -> String {
    let words = marks.foreign(&row.context.words());
    if words.is_empty() { "-".to_owned() } else { truncate(&words, CONTEXT).into_owned() }
}

fn words(marks: &[Mark]) -> String {
    if marks.is_empty() {
        return "-".to_owned();
    }
    marks.iter().map(|mark| mark.words()).collect::<Vec<_>>().join(", ")
}

fn notes(history: &History, marks: Marks) -> String {
    let mut notes = Vec::new();
    if !history.live_is_stored {
        notes.push("the controller has not stored the newest template yet".to_owned());
    }
    notes.extend(history.gaps.iter().cloned());
    let notes = notes.iter().map(|note| format!("note: {}\n", marks.foreign(note)));
    owners::lines(&history.owners, marks).into_iter().chain(notes).collect()
}

/// One revision: what is known of it, its pod template, and a diff from the live template to it.
#[must_use]
pub fn one(history: &History, row: &Row, show_values: bool, marks: Marks) -> String {
    let number = row.revision.map_or_else(|| "?".to_owned(), |number| number.to_string());
    let mut text = format!(
        "{} revision {number}, hash {}, made {} ago\n",
        paint(NAME, &history.target.reference()),
        row.hash,
        row.created.map_or_else(|| "?".to_owned(), |at| ago(history.read_at, at)),
    );
    let mut fact = |label: &str, value: &str| {
        text += &format!("  {label:<8} {}\n", marks.foreign(value));
    };
    fact("marks", &words(&row.marks));
    row.evidence.iter().for_each(|evidence| fact("evidence", evidence));
    row.change_cause.iter().for_each(|cause| fact("cause", cause));
    row.context.commit.iter().for_each(|commit| fact("commit", commit));
    let context = row.context.words();
    Some(&context).filter(|words| !words.is_empty()).iter().for_each(|c| fact("context", c));
    row.by.iter().for_each(|by| fact("by", by));
    row.reason.iter().for_each(|reason| fact("reason", reason));
    let template = yaml(&row.template, show_values);
    text += "\npod template:\n";
    text += &template.lines().map(|l| format!("  {}\n", marks.foreign(l))).collect::<String>();
    if row.marks.contains(&Mark::Current) {
        return text;
    }
    text + "\nfrom the live template to this one:\n"
        + &diff(&history.live_template, &row.template, show_values, marks)
}

fn yaml(template: &Value, show_values: bool) -> String {
    let mut template = template.clone();
    if !show_values {
        hide_environment(&mut template);
    }
    serde_yaml::to_string(&template).unwrap_or_else(|_| template.to_string())
}

/// What is stored in a `ControllerRevision` has its members in another order than what is live: that
/// is no difference.
fn diff(before: &Value, after: &Value, show_values: bool, marks: Marks) -> String {
    let [before, after] = [before, after].map(|template| {
        let mut template = template.clone();
        template.sort_all_objects();
        yaml(&template, show_values)
    });
    let diff = TextDiff::from_lines(&before, &after);
    let mut text = String::new();
    for (index, group) in diff.grouped_ops(2).iter().enumerate() {
        if index > 0 {
            text += "  ...\n";
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = marks.foreign(change.value().trim_end_matches('\n'));
            text += &match change.tag() {
                ChangeTag::Delete => format!("  {}\n", paint(BAD, &format!("- {line}"))),
                ChangeTag::Insert => format!("  {}\n", paint(GOOD, &format!("+ {line}"))),
                ChangeTag::Equal => format!("  {}\n", paint(DIM, &format!("  {line}"))),
            };
        }
    }
    if text.is_empty() { "  no difference\n".to_owned() } else { text }
}
