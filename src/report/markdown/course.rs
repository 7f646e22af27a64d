//! What was written, what changed, how it went, and what is left to do.

use crate::report::failure;
use crate::report::story::{Chapter, End};
use crate::report::verification;
use crate::rollback::model::evidence::ago;
use crate::text::{plural, shell_quote};

use super::escape::{block, table, text};
use super::timeline::utc;
use super::{MARKS, failed, to_do};

pub(super) fn written(chapter: &Chapter) -> String {
    let Some(plan) = &chapter.plan else { return String::new() };
    let title = "### What was written\n\n";
    let outcome = match &chapter.end {
        End::Undone(outcome) => outcome,
        End::Failed(failure) if !failure.is_without_a_write() => {
            return format!(
                "{title}Not known; the write of operation {} may have been applied.\n\n",
                text(&plan.id)
            );
        }
        _ => return format!("{title}Nothing.\n\n"),
    };
    let rows = outcome
        .written
        .iter()
        .map(|written| [utc(written.at), text(&written.step), text(&written.summary)]);
    format!("{title}{}\n", table(["time (UTC)", "step", "what"], rows))
}

/// Names and summaries; values of variables are in none of them.
pub(super) fn changes(chapter: &Chapter) -> String {
    let Some(plan) = &chapter.plan else { return String::new() };
    let is_undone = matches!(chapter.end, End::Undone(_));
    let title = if is_undone { "What changed" } else { "What would change" };
    let mut out = format!("### {title}\n\n");
    for change in &plan.diff {
        let summary = MARKS.arrows(&change.summary).into_owned();
        out += &format!("- {} (at {})\n", text(&summary), text(&change.path));
    }
    for change in &plan.context_changes {
        out += &format!("- {}\n", text(&MARKS.arrows(&change.words())));
    }
    if plan.diff.is_empty() {
        out += "- nothing in the pod template\n";
    }
    out + "\n"
}

/// How the rollback went; of a verification, what it looked at.
pub(super) fn section(chapter: &Chapter) -> String {
    let title = if chapter.is_verify() { "How it went" } else { "How the rollback went" };
    let mut out = format!("### {title}\n\n");
    match &chapter.end {
        End::Failed(failure) => out += &failed(failure),
        End::Undone(outcome) => {
            out += &format!("{}\n\n", text(&chapter.sentence(MARKS)));
            out += &durations(chapter);
            for warning in &outcome.warnings {
                out += &format!("- warning: {}\n", text(warning));
            }
            if !outcome.warnings.is_empty() {
                out += "\n";
            }
        }
        End::Planned if chapter.is_verify() => {}
        End::Planned | End::Nothing(..) | End::LeftOut => {
            out += &format!("{}\n\n", text(&chapter.sentence(MARKS)));
        }
    }
    for warning in chapter.plan.iter().flat_map(|plan| &plan.warnings) {
        out += &format!("- warning of the plan: {}\n", text(warning));
    }
    for todo in chapter.plan.iter().flat_map(|plan| &plan.todo) {
        out += &format!("- to do: {}\n", text(todo));
    }
    if chapter.plan.as_ref().is_some_and(|plan| !plan.warnings.is_empty() || !plan.todo.is_empty())
    {
        out += "\n";
    }
    let failed = chapter.waited().and_then(|waited| waited.failure.as_ref());
    if let Some(failed) = failed {
        let words = failure::last_words(failed, MARKS);
        out += &format!("- {}\n\n", text(&failure::summary(failed, MARKS)));
        if !words.is_empty() {
            out += &format!("{}\n", block(&words, "text", 0));
        }
    }
    out + &of_verification(chapter)
}

/// Figures of a recovery: from the release and from the plan until it was well again.
fn durations(chapter: &Chapter) -> String {
    let (Some(plan), Some(waited)) = (&chapter.plan, chapter.waited()) else {
        return String::new();
    };
    let mut out = format!("- from the plan to this end: {}\n", ago(waited.ended_at, plan.made_at));
    if let Some(created) = plan.from.created {
        let whole = ago(waited.ended_at, created);
        out += &format!("- from the release to this end: {whole}\n");
    }
    if let Some(progress) = &waited.progress {
        let pods = &progress.pods;
        out += &format!(
            "- {} of {} updated and {} available, {} in all\n",
            pods.updated,
            plural(pods.desired, "pod"),
            pods.available,
            pods.total
        );
    }
    out + "\n"
}

fn of_verification(chapter: &Chapter) -> String {
    let Some(verified) = &chapter.verification else { return String::new() };
    let rounds = i64::try_from(verified.rounds).unwrap_or(i64::MAX);
    let took = ago(verified.ended_at, verified.started_at);
    let mut out = format!("Verified in {} within {took}.\n\n", plural(rounds, "round"));
    for (image, digests) in &verified.digests {
        out += &format!("- {} is {}\n", text(image), text(&digests.join(", ")));
    }
    if verified.digests.is_empty() { out } else { out + "\n" }
}

pub(super) fn follow_ups(chapter: &Chapter) -> String {
    let reference = chapter.target.reference();
    let quoted = shell_quote(&reference);
    let mut out = "### Follow-ups\n\n".to_owned();
    if matches!(chapter.end, End::Undone(_)) {
        let forward = chapter.plan.as_ref().and_then(|plan| plan.forward.as_deref());
        out += &to_do("Go forward again once the release is fixed", forward);
    }
    if let Some(verified) = &chapter.verification
        && let Some(next) = verification::next(verified, &chapter.asked.hints)
        && let Some((what, command)) = next.split_once(": ")
    {
        out += &to_do(&what.replacen("to ", "To ", 1), Some(command));
    }
    let history = chapter.asked.hints.rb(&format!("history {quoted}"));
    out += &to_do("See which revisions there are, and what is known of each", Some(&history));
    match &chapter.evidence {
        Some(folder) => {
            out += &to_do(&format!("Keep the evidence: {}", text(&folder.to_string_lossy())), None);
        }
        None if !chapter.is_verify() => {
            out += &to_do("Keep the evidence (Events, logs, metrics): TODO", None);
        }
        None => {}
    }
    out
}
