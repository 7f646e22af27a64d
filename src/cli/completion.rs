//! `rb completion`: the script that makes a shell ask rb what a word may become, and the answer.
//!
//! The script runs rb with [`script::VARIABLE`] set and the words of the line after `--`. The answer
//! comes from the same description of the command line that parses it; names of live objects come
//! from the cluster, within a budget, or not at all.

mod candidates;
mod line;
mod live;
mod print;
mod script;

use std::ffi::OsString;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use clap_complete::engine;

use crate::app::App;
use crate::exit::ExitStatus;

use self::line::Line;
use self::script::VARIABLE;

/// Print the script that completes rb in a shell
///
/// Names of live workloads, revisions, namespaces and contexts are completed too. The cluster has
/// 300 ms for its answer, or what `RB_COMPLETE_TIMEOUT` says; without one nothing is completed. A
/// credential plugin that needs a terminal is not run.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  rb completion fish | source                              in ~/.config/fish/config.fish
  source <(rb completion bash)                             in ~/.bashrc
  source <(rb completion zsh)                              in ~/.zshrc, after compinit
  rb completion powershell | Out-String | Invoke-Expression
  rb completion kubectl >~/bin/kubectl_complete-rb         for `kubectl rb`; chmod +x, on the PATH
")]
pub(super) struct CompletionArgs {
    /// The shell; kubectl: the program that kubectl asks to complete `kubectl rb`
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Shell {
    Bash,
    Zsh,
    Fish,
    Powershell,
    Kubectl,
}

pub(super) fn run(args: &CompletionArgs, app: &App) -> ExitStatus {
    app.console.answer(&script::of(args.shell, &app.environment.executable));
    ExitStatus::Success
}

/// The answer to a shell that asks; `None` where none does. Without an answer it is empty: whatever
/// went wrong is no matter of somebody who presses a key.
pub(super) fn answer(arguments: &[OsString], command: clap::Command) -> Option<String> {
    let asked = std::env::var(VARIABLE).ok()?;
    let Ok(shell) = Shell::from_str(&asked, false) else { return Some(String::new()) };
    let start = arguments.iter().position(|word| word == "--").map_or(arguments.len(), |i| i + 1);
    let words = arguments.get(start..).unwrap_or_default().to_vec();
    let line = Arc::new(Line::new(shell, words, &command));
    let (words, index) = (line.words.clone(), line.index);
    let mut command = candidates::attach(command, &line);
    let folder = std::env::current_dir().ok();
    let found = engine::complete(&mut command, words, index, folder.as_deref());
    Some(print::text(shell, &line, &found.unwrap_or_default()))
}
