//! The two streams of the program: stdout carries the answer, stderr everything else.

pub mod board;
pub mod ci;
pub mod git;
mod line;
pub mod live;
pub mod prompt;
pub mod stream;

use std::io::{IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use crate::report::style::Marks;

use self::ci::{Runner, Section};

/// How much is said beside the answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// `-q`: nothing but errors.
    Quiet,
    /// The usual.
    #[default]
    Normal,
    /// `-v`: requests too.
    Verbose,
}

/// Where text goes and how it may look there.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// `--color`.
    pub color: ColorChoice,
    /// Which characters can be shown.
    pub marks: Marks,
    /// How much is said.
    pub verbosity: Verbosity,
    /// Whether a question can be asked.
    pub can_prompt: bool,
    /// The CI system whose log this is, where it is one that rb speaks to.
    pub runner: Option<Runner>,
}

impl Console {
    /// Looks at the streams and the environment: a question needs two terminals and no CI.
    #[must_use]
    pub fn new(color: ColorChoice, verbosity: Verbosity, is_ci: bool, is_utf8: bool) -> Self {
        let terminals = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Self {
            color,
            marks: Marks { unicode: is_utf8 },
            verbosity,
            can_prompt: terminals && !is_ci,
            runner: None,
        }
    }

    /// Prints the answer. A reader that is gone is no error.
    pub fn answer(&self, text: &str) {
        let mut stdout = AutoStream::new(std::io::stdout(), self.color);
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }

    /// Prints beside the answer, unless `-q`.
    pub fn note(&self, text: &str) {
        if self.verbosity > Verbosity::Quiet {
            self.error(text);
        }
    }

    /// Prints beside the answer, whatever the verbosity.
    pub fn error(&self, text: &str) {
        let mut stderr = AutoStream::new(std::io::stderr(), self.color);
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }

    /// Begins a part of the log that a CI system can fold; elsewhere nothing is said.
    #[must_use]
    pub fn section(&self, title: &str) -> Section {
        Section::begin(*self, title)
    }

    /// Writes what a CI system reads, as it is: its escapes are no colours.
    pub fn mark(&self, text: &str) {
        let mut stderr = std::io::stderr();
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }

    /// Whether a line on stderr may be drawn over again.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.verbosity == Verbosity::Normal && std::io::stderr().is_terminal()
    }
}
