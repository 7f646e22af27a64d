//! The report for people, as Markdown: for a ticket, a chat, a pull request, the summary of a CI job.
//!
//! It says what rb knows, each time with its source, and marks what only people know with TODO. Why
//! the release failed and how the rollback went stand apart: a rollback is no explanation.

mod cause;
mod course;
pub mod escape;
mod revert;
#[cfg(test)]
mod tests;
mod timeline;

use crate::exit::ExitStatus;
use crate::rollback::model::check::Check;
use crate::rollback::model::plan::RevisionView;
use crate::rollback::model::target::Target;

use super::checks;
use super::story::{Chapter, End, Failure, Story};
use super::style::Marks;
use escape::{block, table, text};

/// What a reader of Markdown can show.
const MARKS: Marks = Marks { unicode: true };
/// The last line.
const POSTMORTEM: &str = "Postmortem: owner TODO, due date TODO\n";

/// How a command ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// The command: `rb undo`.
    pub command: &'a str,
    /// Its exit code.
    pub exit: ExitStatus,
    /// The error that ended it, where one did.
    pub failure: Option<&'a Failure>,
}

/// The whole report.
#[must_use]
pub fn document(story: &Story, ended: &Ended<'_>) -> String {
    let chapters = story.chapters();
    let mut parts = Vec::new();
    let in_git = story.revert();
    if chapters.len() != 1 && in_git.is_none() {
        parts.push(overview(chapters, ended));
    }
    parts.extend(in_git.map(revert::section));
    parts.extend(chapters.iter().map(chapter));
    let tells_nothing = chapters.is_empty() && ended.failure.is_some();
    if chapters.iter().any(has_to_be_understood) || in_git.is_some() || tells_nothing {
        parts.push(POSTMORTEM.to_owned());
    }
    parts.join("\n")
}

/// Of all workloads, or of none where it did not come that far.
fn overview(chapters: &[Chapter], ended: &Ended<'_>) -> String {
    let mut out =
        format!("## {} ended with exit code {}\n\n", text(ended.command), ended.exit.code());
    if let Some(failure) = ended.failure {
        out += &failed(failure);
    }
    if chapters.is_empty() {
        return out;
    }
    let rows = chapters.iter().map(|chapter| {
        let side = |view: Option<&RevisionView>| view.map_or_else(|| "-".to_owned(), named);
        let plan = chapter.plan.as_deref();
        [
            name(&chapter.target),
            chapter.result().to_owned(),
            side(plan.map(|plan| &plan.from)),
            side(plan.map(|plan| &plan.to)),
            text(&chapter.sentence(MARKS)),
        ]
    });
    out + &table(["workload", "result", "from", "to", "in words"], rows)
}

/// An error, its causes, and what would fix it.
fn failed(failure: &Failure) -> String {
    let mut out = format!("Error ({}): {}\n\n", failure.kind.word(), text(&failure.message));
    for cause in &failure.causes {
        out += &format!("- cause: {}\n", text(cause));
    }
    if !failure.causes.is_empty() {
        out += "\n";
    }
    if !failure.hints.is_empty() {
        out += &format!("To fix or see it:\n\n{}\n", block(&failure.hints, "text", 0));
    }
    out
}

fn chapter(chapter: &Chapter) -> String {
    let mut out = format!(
        "## {} of {}: {}\n\n{}\n\n",
        if chapter.is_verify() { "Verification" } else { "Rollback" },
        name(&chapter.target),
        word(chapter),
        summary(chapter),
    );
    out += &revisions(chapter);
    out += &timeline::section(chapter);
    out += &course::written(chapter);
    out += &course::changes(chapter);
    out += &section_of_checks("Checks before the write", chapter.planned_checks());
    out += &section_of_checks("Verification", chapter.verified_checks());
    out += &overrides(chapter);
    if !chapter.is_verify() {
        out += &cause::section(chapter);
    }
    out += &course::section(chapter);
    out + &course::follow_ups(chapter)
}

/// How it ended, in a word or two.
fn word(chapter: &Chapter) -> String {
    let sentence = chapter.sentence(MARKS);
    let is_bad = chapter.exit_status() != ExitStatus::Success && !chapter.is_verify();
    let verdict = chapter.verdict().filter(|_| is_bad);
    let verdict = verdict.map(|verdict| format!(", {verdict}")).unwrap_or_default();
    match (&chapter.end, sentence.split_once(": ")) {
        (End::Failed(_), _) | (_, None) => chapter.result().to_owned(),
        (_, Some((word, _))) => text(word) + &verdict,
    }
}

/// The lines at the top: all that somebody needs who reads nothing else.
fn summary(chapter: &Chapter) -> String {
    let mut parts = Vec::new();
    parts.push(format!("namespace {}", text(&chapter.target.namespace)));
    parts.extend(chapter.cluster().map(|cluster| format!("context {}", text(&cluster.context))));
    let asked = &chapter.asked;
    let by = Some(&asked.by).filter(|by| !by.is_empty());
    parts.extend(by.map(|by| format!("by {}", text(by))));
    if !chapter.is_verify() {
        parts.push(format!("reason {}", or_todo(asked.reason.as_deref())));
        parts.push(format!("incident {}", or_todo(asked.incident.as_deref())));
    }
    parts.push(format!("exit code {}", chapter.exit_status().code()));
    parts.extend(chapter.plan.as_ref().map(|plan| format!("operation {}", text(&plan.id))));
    format!("{}\n\n{}", text(&chapter.sentence(MARKS)), parts.join(" · "))
}

fn or_todo(value: Option<&str>) -> String {
    value.map_or_else(|| "TODO".to_owned(), text)
}

fn revisions(chapter: &Chapter) -> String {
    let row = |label: &str, view: &RevisionView| {
        let images: Vec<&str> = view.images.iter().map(|image| image.image.as_str()).collect();
        let made = view.created.map_or_else(|| "unknown".to_owned(), timeline::utc);
        let commit = view.commit.as_deref().map_or_else(|| "-".to_owned(), text);
        let label = label.to_owned();
        [label, named(view), text(&images.join(", ")), made, commit, text(&view.state)]
    };
    let rows: Vec<_> = match (&chapter.plan, &chapter.end, &chapter.verification) {
        (Some(plan), ..) => vec![row("from", &plan.from), row("to", &plan.to)],
        (None, End::Nothing(nothing, _), _) => vec![row("live", &nothing.live)],
        (None, _, Some(verified)) => vec![row("verified", &verified.revision)],
        (None, ..) => return String::new(),
    };
    table(["", "revision", "images", "made (UTC)", "commit", "state"], rows) + "\n"
}

fn section_of_checks<'c>(title: &str, checks: impl Iterator<Item = &'c Check>) -> String {
    let (mut rows, mut hints) = (Vec::new(), String::new());
    for check in checks {
        let mut found = vec![text(&check.message)];
        if check.is_warning() || check.blocks() {
            found.extend(check.evidence.iter().map(|line| text(line)));
            if let Some(hint) = &check.hint {
                hints += &to_do(&text(&check.id), Some(hint));
            }
        }
        let level = serde_json::to_value(check.level).unwrap_or_default();
        let level = level.as_str().unwrap_or_default().to_owned();
        rows.push([text(&check.id), checks::word(check).to_owned(), level, found.join("; ")]);
    }
    if rows.is_empty() {
        return String::new();
    }
    if !hints.is_empty() {
        hints += "\n";
    }
    let table = table(["check", "result", "counts", "found"], rows);
    format!("### {title}\n\n{table}\n{hints}")
}

fn overrides(chapter: &Chapter) -> String {
    let overridden: Vec<&Check> =
        chapter.planned_checks().filter(|check| check.overridden).collect();
    if overridden.is_empty() {
        return String::new();
    }
    let reason = or_todo(chapter.asked.reason.as_deref());
    let line = |check: &&Check| {
        format!(
            "- {} said no: {}; gone on because: {reason}\n",
            text(&check.id),
            text(&check.message)
        )
    };
    format!("### Overrides\n\n{}\n", overridden.iter().map(line).collect::<String>())
}

/// `deployment/web`; the namespace stands in the summary.
fn name(target: &Target) -> String {
    text(&target.reference())
}

/// `41 (51d0e7788)`.
fn named(view: &RevisionView) -> String {
    let hash = if view.hash.is_empty() { "not stored yet" } else { view.hash.as_str() };
    view.revision.map_or_else(|| text(hash), |number| format!("{number} ({})", text(hash)))
}

/// Whether somebody has to find out what went wrong, and see to it that it does not happen again.
fn has_to_be_understood(chapter: &Chapter) -> bool {
    match &chapter.end {
        End::Undone(_) | End::Failed(_) => true,
        End::Planned => chapter.is_verify() && chapter.exit_status() != ExitStatus::Success,
        End::Nothing(..) | End::LeftOut => chapter.exit_status() != ExitStatus::Success,
    }
}

/// A command to paste, as an item of a list.
fn to_do(what: &str, command: Option<&str>) -> String {
    let command = command.map(|command| "\n".to_owned() + &block(&[command.to_owned()], "sh", 2));
    format!("- [ ] {what}\n{}", command.unwrap_or_default())
}
