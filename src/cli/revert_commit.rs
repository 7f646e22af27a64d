//! `rb revert-commit`: its arguments. What it does is in [`flow`].

mod again;
mod choose;
mod flow;
mod plan_file;
mod request;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};

use crate::app::App;
use crate::error::Result;
use crate::exit::ExitStatus;
use crate::rollback::model::revert::Mode;

use super::conclusion::Keeps;
use super::duration;
use super::git::change_request::ChangeRequestArgs;
use super::output::{Format, StatusFormat};
use super::report_args::ReportArgs;

/// Take a bad release out of a GitOps repository
///
/// Makes one commit that reverts the bad one, without a checkout, and pushes it; never by force. Says
/// first what it undoes, which files and images change, and what else it touches. Needs no cluster.
/// Calling it again finds the commit of the first call and pushes nothing.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[command(before_help = "\
Examples:
  rb revert-commit                                  which commits there are to revert
  rb revert-commit 9f3c2ab --path apps/checkout     what that commit changed there
  rb revert-commit last --path apps/checkout --yes --reason 'error rate' --incident INC-42
  rb revert-commit --image checkout:2.8.1           the commit that brought this image
  rb revert-commit 51d0e77..9f3c2ab --dry-run       a range, as one commit; show it and stop
  rb revert-commit --to 51d0e77 --mode restore --path apps/checkout
  rb revert-commit 9f3c2ab --way request --wait-merge    by a change request; wait for its merge
")]
pub(super) struct RevertArgs {
    /// Commit: SHA, HEAD~N, a range A..B, or `last`; without it, the commits to choose from
    #[arg(value_name = "COMMIT", value_parser = NonEmptyStringValueParser::new())]
    commit: Option<String>,

    /// The newest commit that brought this image: its tag or digest
    #[arg(long, value_name = "IMAGE", conflicts_with = "commit",
          value_parser = NonEmptyStringValueParser::new())]
    image: Option<String>,

    /// All commits since then, such as 30m or 2026-11-25T20:00:00Z
    #[arg(long, value_name = "TIME", conflicts_with_all = ["commit", "image"],
          value_parser = NonEmptyStringValueParser::new())]
    since: Option<String>,

    /// URL or path of the repository; default: where the branch of this checkout pushes to
    #[arg(long, value_name = "URL|PATH", value_parser = NonEmptyStringValueParser::new())]
    repo: Option<String>,

    /// The branch; default: that of this checkout, else the repository's own
    #[arg(long, value_name = "BRANCH", value_parser = NonEmptyStringValueParser::new())]
    branch: Option<String>,

    /// Look at this path only; may be given several times
    #[arg(long, value_name = "PATH", value_parser = NonEmptyStringValueParser::new())]
    path: Vec<String>,

    /// How: what the commits changed, the same below the paths, or the paths as they were
    #[arg(long, value_name = "MODE", default_value = "auto")]
    mode: ModeArg,

    /// The commit whose state the paths get: restore
    #[arg(long, value_name = "COMMIT", value_parser = NonEmptyStringValueParser::new())]
    to: Option<String>,

    /// Of a merge commit: which parent is the branch, from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    mainline: Option<u32>,

    /// Do not ask
    #[arg(short, long)]
    yes: bool,

    /// Show the plan and stop
    #[arg(long)]
    dry_run: bool,

    /// Write the plan to a file
    #[arg(long, value_name = "FILE")]
    plan_out: Option<PathBuf>,

    /// Carry out exactly this plan
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "commit", "image", "since", "repo", "branch", "path", "mode", "to", "mainline", "reason",
        "incident", "way"])]
    plan: Option<PathBuf>,

    /// Why: goes into the commit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Id of the incident: goes into the commit
    #[arg(long, value_name = "ID")]
    incident: Option<String>,

    /// Write the subject as Conventional Commits do
    #[arg(long)]
    conventional: bool,

    /// Add `Signed-off-by`
    #[arg(long)]
    signoff: bool,

    /// Let it delete so many files more than the commits had added
    #[arg(long, value_name = "N", default_value_t = 0)]
    allow_delete: usize,

    /// Configuration file; none: read no configuration at all
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    request: ChangeRequestArgs,

    /// How long it may take in all; with --wait-merge, 30m where nothing else is said
    #[arg(long, value_name = "DURATION", default_value = "2m", value_parser = duration::parse,
          default_value_if("wait_merge", "true", "30m"))]
    timeout: Duration,

    #[command(flatten)]
    files: ReportArgs,

    /// Format of the answer
    #[arg(short, long, value_name = "FORMAT")]
    output: Option<StatusFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ModeArg {
    Auto,
    Revert,
    Subset,
    Restore,
}

impl From<ModeArg> for Mode {
    fn from(mode: ModeArg) -> Self {
        match mode {
            ModeArg::Auto => Self::Auto,
            ModeArg::Revert => Self::Revert,
            ModeArg::Subset => Self::Subset,
            ModeArg::Restore => Self::Restore,
        }
    }
}

impl RevertArgs {
    pub(super) fn format(&self) -> Format {
        self.output.map(Format::from).unwrap_or_default()
    }

    pub(super) fn keeps(&self) -> Keeps<'_> {
        Keeps { files: self.files.files(), is_dry: self.dry_run }
    }
}

pub(super) async fn run(args: &RevertArgs, app: &App) -> Result<ExitStatus> {
    Box::pin(flow::run(args, app)).await
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: RevertArgs,
    }

    #[test]
    fn a_merge_is_waited_for_longer() {
        let minutes = |words: &str| {
            let line = Line::parse_from(format!("rb {words}").split(' '));
            line.args.timeout.as_secs() / 60
        };
        assert_eq!(minutes("last"), 2);
        assert_eq!(minutes("last --wait-merge"), 30);
        assert_eq!(minutes("last --wait-merge --timeout 5m"), 5);
    }
}
