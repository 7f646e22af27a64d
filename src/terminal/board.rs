//! Progress of several workloads on stderr: one live line on a terminal, one line for each that is
//! done elsewhere.

use crate::exit::ExitStatus;
use crate::report::style::{BAD, DIM, GOOD, WARN, paint};
use crate::report::{failure, several};
use crate::rollback::model::check::CheckStatus;
use crate::rollback::model::event::{Event, Listeners};
use crate::rollback::model::outcome::Ending;
use crate::text::age;

use super::Console;
use super::line::Line;
use super::live::HEARTBEAT;

/// Shows the events of several workloads as they come.
pub struct Board {
    console: Console,
    names: Vec<String>,
    line: Line,
    written: usize,
    ended: usize,
    unwell: usize,
    last_shown: u64,
}

impl Board {
    /// For these workloads, by their places.
    #[must_use]
    pub fn new(console: Console, names: Vec<String>) -> Self {
        let line = Line::new(console);
        Self { console, names, line, written: 0, ended: 0, unwell: 0, last_shown: 0 }
    }

    fn say(&self, index: usize, elapsed: Option<u64>, text: &str) -> String {
        let name = self.names.get(index).map(String::as_str).unwrap_or_default();
        let text = self.console.marks.foreign(&format!("{name}: {text}"));
        match elapsed {
            Some(seconds) => format!("  {:>5}  {text}\n", time(seconds)),
            None => format!("  {text}\n"),
        }
    }

    fn counts(&self) -> String {
        let unwell = match self.unwell {
            0 => String::new(),
            count => format!(", {count} of them not well"),
        };
        let written = match self.written {
            // A status writes nothing.
            0 => String::new(),
            count => format!("{count} written, "),
        };
        format!("{written}{} of {} done{unwell}", self.ended, self.names.len())
    }

    fn refresh(&mut self, elapsed: u64) {
        let text = format!("{:>5}  {}", time(elapsed), self.counts());
        if !self.line.show(text.clone()) && elapsed >= self.last_shown + HEARTBEAT {
            self.last_shown = elapsed;
            self.line.print(&format!("  {text}\n"));
        }
    }

    fn ended(&mut self, index: usize, elapsed: u64, ending: &Ending) {
        self.ended += 1;
        let is_well = ending.exit_status() == ExitStatus::Success;
        self.unwell += usize::from(!is_well);
        // On a terminal the table follows at once; a log shows how it went, where anybody waits.
        let is_told = !self.line.is_shown() && *ending != Ending::NotWaited;
        if is_told || !is_well {
            let style = if is_well { GOOD } else { BAD };
            let text = self.say(index, Some(elapsed), several::word_of_ending(ending));
            self.line.print(&paint(style, &text));
            self.last_shown = elapsed;
        }
        self.refresh(elapsed);
    }
}

fn time(seconds: u64) -> String {
    age(i64::try_from(seconds).unwrap_or(i64::MAX))
}

impl Listeners for Board {
    fn on(&mut self, index: usize, event: Event) {
        match event {
            Event::Writing | Event::NotWritten | Event::Progress { .. } => {}
            Event::StepDone { summary } => {
                self.written += 1;
                if !summary.starts_with("patch ") {
                    self.written -= 1;
                    self.line
                        .print(&paint(DIM, &self.say(index, None, &format!("done: {summary}"))));
                }
                self.refresh(self.last_shown);
            }
            Event::Warning { message } => {
                self.line
                    .print(&paint(WARN, &self.say(index, None, &format!("warning: {message}"))));
            }
            Event::Owner { elapsed, name, state } => {
                let text = format!("{name} {state}");
                self.line.print(&paint(DIM, &self.say(index, Some(elapsed), &text)));
            }
            Event::Trouble { elapsed, failure } => {
                let text = failure::summary(&failure, self.console.marks);
                self.line.print(&paint(WARN, &self.say(index, Some(elapsed), &text)));
            }
            Event::Check { elapsed, check } => {
                let is_bad = check.blocks() && check.status == CheckStatus::Fail;
                if is_bad {
                    let text = format!("check {}: {}", check.id, check.message);
                    self.line.print(&paint(WARN, &self.say(index, Some(elapsed), &text)));
                }
            }
            Event::Ended { elapsed, ending } => self.ended(index, elapsed, &ending),
            Event::Tick { elapsed } => self.refresh(elapsed),
        }
    }
}
