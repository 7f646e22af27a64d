//! The command line: one file per command, each with its arguments and a `run`.

mod audit_log;
mod completion;
mod conclusion;
mod config_file;
mod connection_args;
mod duration;
mod environment;
#[cfg(test)]
mod examples;
mod git;
mod history;
mod man;
mod output;
mod owner;
mod private_file;
mod proof_args;
mod report_args;
mod revert_commit;
mod settings;
mod signals;
mod status;
mod target_args;
mod undo;
mod verify;

use std::ffi::OsString;

use anstream::ColorChoice;
use clap::error::ErrorKind as ClapErrorKind;
use clap::{ArgAction, CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::app::App;
use crate::error::{Error, ErrorKind};
use crate::exit::{self, ExitStatus};
use crate::report::json::event::EventLine;
use crate::report::json::v1::ErrorDocument;
use crate::report::{failure, github};
use crate::terminal::ci::Runner;
use crate::terminal::{Console, Verbosity, live};

use self::conclusion::{Keeps, conclude};
use self::connection_args::ConnectionArgs;
use self::environment::read as read_environment;
use self::output::Format;

/// Roll a Kubernetes workload back, and prove it
#[derive(Debug, Parser)]
#[command(
    name = "rb",
    version,
    propagate_version = true,
    max_term_width = 100,
    before_help = EXAMPLES,
    after_help = exit_codes(),
)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    connection: ConnectionArgs,

    /// Say only what went wrong
    #[arg(short, long, global = true, help_heading = "Output")]
    quiet: bool,

    /// Show every request; twice: everything
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Output")]
    verbose: u8,

    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output"
    )]
    color: ColorArg,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum ColorArg {
    Auto,
    Always,
    Never,
}

const EXAMPLES: &str = "\
Examples:
  rb undo deploy/checkout -n shop             back to the last good revision; shows a plan and asks
  rb undo deploy/checkout -n shop --yes       the same without asking, for CI and scripts
  rb undo deploy/checkout --dry-run           what it would do, and nothing else
  rb history deploy/checkout -n shop          what there is to go back to
  rb status deploy/checkout -n shop           is it healthy, and if not, which pod and why
";

fn exit_codes() -> String {
    format!(
        "Exit codes:\n{}\nSeveral workloads end with the code of the worst, in the order {}.",
        exit::help_table().trim_end(),
        exit::order_of_severity()
    )
}

#[derive(Debug, Subcommand)]
enum Command {
    History(history::HistoryArgs),
    Undo(Box<undo::UndoArgs>),
    Status(status::StatusArgs),
    Verify(Box<verify::VerifyArgs>),
    RevertCommit(Box<revert_commit::RevertArgs>),
    Completion(completion::CompletionArgs),
    Man(man::ManArgs),
}

impl Command {
    fn format(&self) -> Format {
        match self {
            Self::History(args) => args.format(),
            Self::Undo(args) => args.format(),
            Self::Status(args) => args.format(),
            Self::Verify(args) => args.format(),
            Self::RevertCommit(args) => args.format(),
            Self::Completion(_) | Self::Man(_) => Format::Human,
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::History(_) => "history",
            Self::Undo(_) => "undo",
            Self::Status(_) => "status",
            Self::Verify(_) => "verify",
            Self::RevertCommit(_) => "revert-commit",
            Self::Completion(_) => "completion",
            Self::Man(_) => "man",
        }
    }

    /// What is kept of a command that acts or judges.
    fn keeps(&self) -> Option<Keeps<'_>> {
        match self {
            Self::Undo(args) => Some(args.keeps()),
            Self::Verify(args) => Some(args.keeps()),
            Self::RevertCommit(args) => Some(args.keeps()),
            Self::History(_) | Self::Status(_) | Self::Completion(_) | Self::Man(_) => None,
        }
    }

    async fn run(&self, app: &App) -> Result<ExitStatus, Error> {
        match self {
            Self::History(args) => Box::pin(history::run(args, app)).await,
            Self::Undo(args) => Box::pin(undo::run(args, app)).await,
            Self::Status(args) => Box::pin(status::run(args, app)).await,
            Self::Verify(args) => Box::pin(verify::run(args, app)).await,
            Self::RevertCommit(args) => Box::pin(revert_commit::run(args, app)).await,
            Self::Completion(args) => Ok(completion::run(args, app)),
            Self::Man(args) => man::run(args, app),
        }
    }
}

/// The command line, with the name that was typed in its help.
fn command(program: &str) -> clap::Command {
    let rename = |command: clap::Command| {
        let examples = command.get_before_help().map(|help| {
            help.to_string()
                .replace("  rb ", &format!("  {program} "))
                .replace("& rb ", &format!("& {program} "))
        });
        command.before_help(examples.unwrap_or_default())
    };
    let command = Cli::command().bin_name(program);
    if program == "rb" { command } else { rename(command).mut_subcommands(rename) }
}

/// Runs the program with these arguments, the first of which is its own name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitStatus {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let environment = read_environment(&arguments);
    if let Some(answer) = completion::answer(&arguments, command(&environment.program)) {
        Console::new(ColorChoice::Never, Verbosity::Quiet, true, true).answer(&answer);
        return ExitStatus::Success;
    }
    let parsed = command(&environment.program)
        .try_get_matches_from(&arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error, &arguments, &environment),
    };
    let color = match cli.color {
        ColorArg::Auto => ColorChoice::Auto,
        ColorArg::Always => ColorChoice::Always,
        ColorArg::Never => ColorChoice::Never,
    };
    let verbosity = live::verbosity(cli.quiet, cli.verbose);
    let mut console = Console::new(color, verbosity, environment.is_ci, environment.is_utf8);
    console.runner = environment.ci.runner;
    log(verbosity, cli.verbose);
    let format = cli.command.format();
    begin(format, &environment.program, console);
    let app = App::new(environment, console, cli.connection.into_options());
    let result = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::new(ErrorKind::Internal, "cannot start").because(error))
        .and_then(|runtime| runtime.block_on(run_until_signal(&cli.command, &app)));
    let exit = result.as_ref().map_or_else(|error| failed(error, format, &app), |exit| *exit);
    let keeps = cli.command.keeps();
    conclude(&app, cli.command.name(), keeps.as_ref(), exit, result.as_ref().err());
    exit
}

/// A stream says first what it is.
fn begin(format: Format, program: &str, console: Console) {
    if format == Format::Jsonl {
        console.answer(&EventLine::version(program).text());
    }
}

async fn run_until_signal(command: &Command, app: &App) -> Result<ExitStatus, Error> {
    tokio::select! {
        biased;
        error = signals::interrupted(app) => Err(error),
        result = command.run(app) => result,
    }
}

fn failed(error: &Error, format: Format, app: &App) -> ExitStatus {
    let target = app.target();
    if let Some(document) = format.document(&ErrorDocument::new(error, target.as_ref())) {
        app.console.answer(&document);
    }
    app.console.error(&failure::error(error, app.console.marks));
    error.kind().exit_status()
}

/// Help and version are answers; anything else is a usage error, as a document where one was asked
/// for.
fn not_parsed(
    error: &clap::Error,
    arguments: &[OsString],
    environment: &crate::app::Environment,
) -> ExitStatus {
    let is_answer =
        matches!(error.kind(), ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion);
    if is_answer {
        let _ = error.print();
        return ExitStatus::Success;
    }
    let text = error.render().to_string();
    let message = text.lines().next().unwrap_or_default();
    let message = message.strip_prefix("error: ").unwrap_or(message);
    if let Some(format) = output::format_in(arguments) {
        let error = Error::new(ErrorKind::Usage, message)
            .hint(format!("to see how it is used: {} --help", environment.program));
        let console = Console::new(ColorChoice::Auto, Verbosity::Normal, true, true);
        begin(format, &environment.program, console);
        if let Some(document) = format.document(&ErrorDocument::new(&error, None)) {
            console.answer(&document);
        }
    }
    let _ = error.print();
    if let Some(instead) = output::instead_of_format(arguments) {
        let console = Console::new(ColorChoice::Auto, Verbosity::Normal, true, true);
        console.error(&format!("  hint: {}\n", console.marks.foreign(&instead)));
    }
    if environment.ci.runner == Some(Runner::GitHub) {
        let console = Console::new(ColorChoice::Auto, Verbosity::Normal, true, true);
        let title = format!("{} ended with {}", environment.program, ExitStatus::Usage.code());
        console.mark(&github::error(&title, &console.marks.foreign(message)));
    }
    ExitStatus::Usage
}

/// Warnings are always shown, `-v` shows every request; `RB_LOG` takes a filter of tracing, such as
/// `kubectl_rb=debug,hyper=info`.
fn log(verbosity: Verbosity, verbose: u8) {
    let level = match (verbosity, verbose) {
        (Verbosity::Quiet, _) => LevelFilter::OFF,
        (_, 0) => LevelFilter::WARN,
        (_, 1) => LevelFilter::DEBUG,
        (_, _) => LevelFilter::TRACE,
    };
    let usual = Targets::new().with_target("kubectl_rb", level);
    let asked = std::env::var("RB_LOG").ok().and_then(|filter| filter.parse::<Targets>().ok());
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .with_target(false)
        .without_time()
        .with_filter(asked.unwrap_or(usual));
    let _ = tracing_subscriber::registry().with(lines).try_init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
