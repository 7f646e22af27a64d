//! `rb man`: manual pages, made from the description of the command line.

use std::path::PathBuf;

use clap::Args;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::exit::{self, ExitStatus};

/// Print a manual page, or write all of them
///
/// The page is for man: `rb man undo | man -l -`.
#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  rb man | man -l -
  rb man undo | man -l -
  rb man --dir ~/.local/share/man/man1          rb.1 and one page for each command
")]
pub(super) struct ManArgs {
    /// The command; without it the page of rb itself
    #[arg(value_name = "COMMAND", conflicts_with = "dir")]
    page: Option<String>,

    /// Write one file for each command into this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

pub(super) fn run(args: &ManArgs, app: &App) -> Result<ExitStatus> {
    let pages = pages();
    if let Some(folder) = &args.dir {
        let not_there = |error| {
            let message = format!("{} cannot be made", folder.display());
            Error::new(ErrorKind::Usage, message).because(error)
        };
        std::fs::create_dir_all(folder).map_err(not_there)?;
        for (name, page) in pages {
            let file = folder.join(format!("{name}.1"));
            std::fs::write(&file, page).map_err(|error| {
                let message = format!("{} cannot be written", file.display());
                Error::new(ErrorKind::Usage, message)
                    .because(error)
                    .hint("name a folder that you may write to")
            })?;
        }
        return Ok(ExitStatus::Success);
    }
    let wanted = args.page.as_ref().map_or_else(|| "rb".to_owned(), |name| format!("rb-{name}"));
    let Some((_, page)) = pages.iter().find(|(name, _)| *name == wanted) else {
        let known: Vec<&str> =
            pages.iter().filter_map(|(name, _)| name.strip_prefix("rb-")).collect();
        let message = format!("there is no command {:?}", args.page.as_deref().unwrap_or_default());
        return Err(Error::new(ErrorKind::Usage, message)
            .hint(format!("commands with a page: {}", known.join(", "))));
    };
    app.console.answer(page);
    Ok(ExitStatus::Success)
}

/// The pages and their names: `rb`, `rb-undo`, ….
fn pages() -> Vec<(String, String)> {
    let mut root = super::command("rb").disable_help_subcommand(true);
    root.build();
    let commands = root.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    std::iter::once(root.clone())
        .chain(commands)
        .map(|command| {
            let name = command.get_display_name().unwrap_or_else(|| command.get_name());
            (name.to_owned(), page(&command))
        })
        .collect()
}

fn page(command: &clap::Command) -> String {
    let man = Man::new(command.clone()).source(concat!("rb ", env!("CARGO_PKG_VERSION")));
    let mut text = Vec::new();
    let written = man
        .render_title(&mut text)
        .and_then(|()| man.render_name_section(&mut text))
        .and_then(|()| man.render_synopsis_section(&mut text))
        .and_then(|()| man.render_description_section(&mut text))
        .and_then(|()| man.render_options_section(&mut text))
        .and_then(|()| {
            let has_commands = command.has_subcommands();
            if has_commands { man.render_subcommands_section(&mut text) } else { Ok(()) }
        })
        .and_then(|()| examples(command).to_writer(&mut text))
        .and_then(|()| as_it_is("EXIT STATUS", &exit::help_table()).to_writer(&mut text))
        .and_then(|()| man.render_version_section(&mut text));
    written.map(|()| String::from_utf8_lossy(&text).into_owned()).unwrap_or_default()
}

fn examples(command: &clap::Command) -> Roff {
    let help = command.get_before_help().map(ToString::to_string).unwrap_or_default();
    as_it_is("EXAMPLES", help.trim_start_matches("Examples:\n"))
}

/// A section of lines that are not filled.
fn as_it_is(title: &str, lines: &str) -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", [title]).control("nf", []);
    for line in lines.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As roff writes it.
    fn escaped(flag: &str) -> String {
        flag.replace('-', "\\-")
    }

    #[test]
    fn every_command_has_a_page_with_every_flag() {
        let mut root = crate::cli::command("rb");
        root.build();
        let pages = pages();
        let commands = root.get_subcommands().filter(|c| c.get_name() != "help");
        let mut flags = 0;
        for command in std::iter::once(&root).chain(commands) {
            let name = command.get_display_name().unwrap_or("rb");
            let page = &pages.iter().find(|(page, _)| page == name).unwrap().1;
            for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "EXIT STATUS"]
            {
                let heading = format!(".SH {section}\n");
                let quoted = format!(".SH \"{section}\"\n");
                assert!(page.contains(&heading) || page.contains(&quoted), "{name}: {section}");
            }
            for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
                if let Some(long) = argument.get_long() {
                    let flag = escaped(&format!("--{long}"));
                    assert!(page.contains(&flag), "{name}: {flag}");
                    flags += 1;
                }
            }
        }
        assert!(flags > 60, "{flags} flags");
    }
}
