//! What a command leaves behind when it has ended, however it ended: the report, the local log, and
//! what a CI system is told. Nothing here changes the exit code.

use std::path::PathBuf;

use crate::app::App;
use crate::error::{Error, ErrorKind};
use crate::exit::ExitStatus;
use crate::report::github;
use crate::report::json::audit::AuditLine;
use crate::report::json::audit_revert::RevertAuditLine;
use crate::report::markdown::{self, Ended};
use crate::report::story::{Failure, Story};
use crate::report::style::{WARN, paint};
use crate::rollback::model::snapshot::now;
use crate::terminal::Verbosity;
use crate::terminal::ci::{self, Runner};

use super::audit_log;
use super::report_args::Files;

/// Bytes of a summary: GitHub shows none that is longer than 1 MiB.
const SUMMARY: usize = 1_000_000;

/// What a command keeps that acts or judges.
pub(super) struct Keeps<'a> {
    /// The files that were asked for.
    pub(super) files: Files<'a>,
    /// Whether it only says what it would do.
    pub(super) is_dry: bool,
}

/// Ends a command. `name` is its own: `undo`.
pub(super) fn conclude(
    app: &App,
    name: &str,
    keeps: Option<&Keeps<'_>>,
    exit: ExitStatus,
    error: Option<&Error>,
) {
    app.story().close(error);
    let story = app.story();
    let failure = error.map(Failure::from);
    let command = format!("{} {name}", app.environment.program);
    let ended = Ended { command: &command, exit, failure: failure.as_ref() };
    if let Some(keeps) = keeps {
        if !keeps.is_dry {
            log(app, &story);
        }
        for warning in keeps.files.write(&story, &ended) {
            // What was refused for it said so.
            if failure.as_ref().is_none_or(|failure| failure.kind != ErrorKind::Usage) {
                warn(app, &warning);
            }
        }
        summarise(app, &story, &ended, keeps);
    }
    if exit != ExitStatus::Success && app.console.runner == Some(Runner::GitHub) {
        let message = github::annotation(&story, &ended, app.console.marks);
        app.console.mark(&github::error(&github::title(&story, &ended), &message));
    }
}

/// Adds to the local log.
fn log(app: &App, story: &Story) {
    let took = u64::try_from(app.started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let of_workloads = story.chapters().iter();
    let of_workloads = of_workloads.filter_map(|chapter| AuditLine::of(chapter, now(), took));
    let of_git = story.revert().and_then(|chapter| RevertAuditLine::of(chapter, now(), took));
    let lines: Vec<String> =
        of_workloads.map(|line| line.text()).chain(of_git.map(|line| line.text())).collect();
    if lines.is_empty() {
        return;
    }
    let Some(state) = &app.environment.state_home else {
        if app.console.verbosity == Verbosity::Verbose {
            app.console.note("no local log is kept: neither XDG_STATE_HOME nor HOME is set\n");
        }
        return;
    };
    let path = audit_log::path(state);
    if let Err(error) = audit_log::append(&path, lines) {
        warn(app, &format!("the local log {} cannot be written: {error}", path.display()));
    }
}

/// What GitHub Actions takes: the summary of the job, and the outputs of the step.
fn summarise(app: &App, story: &Story, ended: &Ended<'_>, keeps: &Keeps<'_>) {
    let ci = &app.environment.ci;
    if ci.runner != Some(Runner::GitHub) {
        return;
    }
    let write = |path: &Option<PathBuf>, text: &str, what: &str| {
        if let Some(path) = path
            && let Err(error) = ci::append(path, text)
        {
            warn(app, &format!("{what} {} cannot be written: {error}", path.display()));
        }
    };
    if ci.summary.is_some() {
        let text = shortened(&markdown::document(story, ended), SUMMARY);
        write(&ci.summary, &text, "the summary");
    }
    if ci.output.is_some() {
        let report = keeps.files.report.map(|path| path.display().to_string());
        let delimiter = ci::delimiter();
        let text: String = github::outputs(story, ended, report)
            .iter()
            .map(|(name, value)| github::output(name, value, &delimiter))
            .collect();
        write(&ci.output, &text, "the outputs");
    }
}

/// Whole lines of a text that is too long for its reader.
fn shortened(text: &str, room: usize) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    let mut short = String::with_capacity(room);
    for line in text.lines() {
        if short.len() + line.len() + 1 > room {
            break;
        }
        short += line;
        short.push('\n');
    }
    short + "\nThe rest has no room here; `--report FILE` writes all of it.\n"
}

fn warn(app: &App, message: &str) {
    let message = app.console.marks.foreign(message);
    app.console.note(&paint(WARN, &format!("  warning: {message}\n")));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_that_is_too_long_ends_with_a_whole_line() {
        let text = "| a | b |\n".repeat(20);
        assert_eq!(shortened(&text, 200), text);
        let short = shortened(&text, 199);
        assert!(short.starts_with(&"| a | b |\n".repeat(19)), "{short}");
        assert!(short.ends_with("writes all of it.\n"), "{short}");
    }
}
