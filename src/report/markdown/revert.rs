//! A revert in Git.

use crate::report::revert as words;
use crate::report::story::RevertChapter;
use crate::rollback::model::revert::{CommitView, FileChange};
use crate::rollback::model::revert_outcome::RevertOutcome;
use crate::rollback::model::revert_plan::RevertPlan;
use crate::text::plural;

use super::escape::{block, table, text};
use super::timeline::utc;
use super::{MARKS, failed, or_todo};

/// Files that are listed; the commit has them all.
const FILES: usize = 50;

pub(super) fn section(chapter: &RevertChapter) -> String {
    let mut out = format!("## Revert in Git: {}\n\n", chapter.result());
    if let Some(outcome) = &chapter.outcome {
        out += &format!("{}\n\n", text(&words::sentence(outcome, MARKS)));
    }
    if let Some(plan) = &chapter.plan {
        out += &facts(chapter, plan);
        out += &commits("Commits that it takes out", &plan.reverted.commits);
        out += &commits("Later commits that it takes out along", &plan.reverted.also);
        out += &images(plan);
        out += &files(&plan.reverted.files);
        for warning in &plan.warnings {
            out += &format!("- warning: {}\n", text(warning));
        }
        if !plan.warnings.is_empty() {
            out += "\n";
        }
    }
    if let Some(failure) = &chapter.failure {
        out += &failed(failure);
    }
    out + &forward(chapter)
}

fn facts(chapter: &RevertChapter, plan: &RevertPlan) -> String {
    let mut parts = vec![
        format!("repository {}", text(&plan.repository.url)),
        format!("branch {}", text(&plan.branch)),
        format!("by {}", text(&plan.by)),
        format!("reason {}", or_todo(plan.reason.as_deref())),
        format!("incident {}", or_todo(plan.incident.as_deref())),
    ];
    parts.extend(chapter.commit().map(|commit| format!("commit {}", text(commit))));
    parts.push(format!("exit code {}", chapter.exit_status().code()));
    parts.push(format!("operation {}", text(&plan.id)));
    format!("{}\n\n", parts.join(" · "))
}

fn commits(title: &str, commits: &[CommitView]) -> String {
    if commits.is_empty() {
        return String::new();
    }
    let row = |commit: &CommitView| {
        [words::short(&commit.id), utc(commit.at), text(&commit.author), text(&commit.subject)]
    };
    let rows = table(["commit", "time (UTC)", "author", "subject"], commits.iter().map(row));
    format!("### {title}\n\n{rows}\n")
}

fn images(plan: &RevertPlan) -> String {
    if plan.images.is_empty() {
        return String::new();
    }
    let side = |image: &Option<String>| image.as_deref().map_or_else(|| "none".to_owned(), text);
    let rows = plan
        .images
        .iter()
        .map(|image| [text(&image.path.to_string()), side(&image.before), side(&image.after)]);
    format!("### Images\n\n{}\n", table(["file", "before", "after"], rows))
}

fn files(files: &[FileChange]) -> String {
    let mut out = "### Files\n\n".to_owned();
    for file in files.iter().take(FILES) {
        let kind = words::kind(file);
        out += &format!("- {kind} {}\n", text(&file.path.to_string()));
    }
    if files.len() > FILES {
        let more = i64::try_from(files.len() - FILES).unwrap_or(i64::MAX);
        out += &format!("- and {}\n", plural(more, "more file"));
    }
    out + "\n"
}

/// The command that takes it back.
fn forward(chapter: &RevertChapter) -> String {
    match chapter.outcome.as_deref() {
        Some(RevertOutcome::Pushed(pushed)) => {
            let command = block(std::slice::from_ref(&pushed.forward), "sh", 0);
            format!("To take it back, once the cause is mended:\n\n{command}\n")
        }
        _ => String::new(),
    }
}
