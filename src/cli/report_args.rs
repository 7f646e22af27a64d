//! `--report` and `--junit`: files that are left behind when a command has ended, however it ended.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::{Error, ErrorKind, Result};
use crate::report::markdown::Ended;
use crate::report::story::Story;
use crate::report::{junit, markdown};
use crate::text::shell_quote;

/// The report of a command.
#[derive(Debug, Default, Args)]
pub(super) struct ReportArgs {
    /// Write what happened into this file, as Markdown for a ticket or a chat
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    report: Option<PathBuf>,
}

/// The report, and the checks, of a command that makes some.
#[derive(Debug, Default, Args)]
pub(super) struct ReportAndChecksArgs {
    #[command(flatten)]
    report: ReportArgs,

    /// Write the checks into this file, as `JUnit` for the test tab of a CI system
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    junit: Option<PathBuf>,
}

impl ReportArgs {
    /// The file that was asked for.
    pub(super) fn files(&self) -> Files<'_> {
        Files { report: self.report.as_deref(), junit: None }
    }
}

impl ReportAndChecksArgs {
    /// The files that were asked for.
    pub(super) fn files(&self) -> Files<'_> {
        Files { junit: self.junit.as_deref(), ..self.report.files() }
    }
}

/// The files of a command.
#[derive(Clone, Copy, Debug)]
pub(super) struct Files<'a> {
    /// For people.
    pub(super) report: Option<&'a Path>,
    /// For CI systems.
    junit: Option<&'a Path>,
}

impl Files<'_> {
    /// Refuses what cannot be written, before anything is done: afterwards nobody can do it again.
    pub(super) fn check(&self) -> Result<()> {
        if self.report.is_some() && self.report == self.junit {
            let message = "--report and --junit name the same file";
            return Err(Error::new(ErrorKind::Usage, message).hint("name two files"));
        }
        for path in [self.report, self.junit].into_iter().flatten() {
            let open = OpenOptions::new().write(true).create(true).truncate(false).open(path);
            open.map_err(|error| {
                Error::new(ErrorKind::Usage, words(path, "cannot be written"))
                    .because(error)
                    .hint("name a file in a folder that exists and that you may write to")
            })?;
        }
        Ok(())
    }

    /// Writes the files that were asked for; what comes back are warnings.
    pub(super) fn write(&self, story: &Story, ended: &Ended<'_>) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut write = |path: &Path, text: String| {
            if let Err(error) = std::fs::write(path, text) {
                warnings.push(format!("{}: {error}", words(path, "cannot be written")));
            }
        };
        if let Some(path) = self.report {
            write(path, markdown::document(story, ended));
        }
        if let Some(path) = self.junit {
            write(path, junit::document(story, ended.command, ended.failure));
        }
        warnings
    }
}

fn words(path: &Path, what: &str) -> String {
    format!("file {} {what}", shell_quote(&path.display().to_string()))
}
