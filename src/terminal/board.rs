//! Progress of several workloads on stderr: one live line on a terminal, one line for each that is
//! done elsewhere.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::exit::ExitStatus;
use crate::report::style::{BAD, DIM, GOOD, WARN, paint};
use crate::report::{failure, several};
use crate::rollback::model::event::{Event, Listeners};
use crate::rollback::model::outcome::Ending;
use crate::text::age;

use super::Console;
use super::live::HEARTBEAT;

/// Shows the events of several workloads as they come.
pub struct Board {
    console: Console,
    names: Vec<String>,
    line: Option<ProgressBar>,
    written: usize,
    ended: usize,
    unwell: usize,
    last_shown: u64,
}

impl Board {
    /// For these workloads, by their places.
    #[must_use]
    pub fn new(console: Console, names: Vec<String>) -> Self {
        let line = console.is_live().then(|| {
            let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let template = if console.marks.unicode { "  {spinner} {msg}" } else { "  {msg}" };
            if let Ok(style) = ProgressStyle::with_template(template) {
                line.set_style(style);
            }
            line
        });
        Self { console, names, line, written: 0, ended: 0, unwell: 0, last_shown: 0 }
    }

    /// Removes the live line.
    pub fn finish(&mut self) {
        if let Some(line) = self.line.take() {
            line.finish_and_clear();
        }
    }

    fn print(&self, text: &str) {
        match &self.line {
            Some(line) => line.suspend(|| self.console.note(text)),
            None => self.console.note(text),
        }
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
        if let Some(line) = &self.line {
            line.set_message(format!("{:>5}  {}", time(elapsed), self.counts()));
            line.tick();
        } else if elapsed >= self.last_shown + HEARTBEAT {
            self.last_shown = elapsed;
            self.console.note(&format!("  {:>5}  {}\n", time(elapsed), self.counts()));
        }
    }

    fn ended(&mut self, index: usize, elapsed: u64, ending: &Ending) {
        self.ended += 1;
        let is_well = ending.exit_status() == ExitStatus::Success;
        self.unwell += usize::from(!is_well);
        // On a terminal the table follows at once; a log shows how it went.
        if self.line.is_none() || !is_well {
            let style = if is_well { GOOD } else { BAD };
            let text = self.say(index, Some(elapsed), several::word_of_ending(ending));
            self.print(&paint(style, &text));
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
                    self.print(&paint(DIM, &self.say(index, None, &format!("done: {summary}"))));
                }
                self.refresh(self.last_shown);
            }
            Event::Warning { message } => {
                self.print(&paint(WARN, &self.say(index, None, &format!("warning: {message}"))));
            }
            Event::Trouble { elapsed, failure } => {
                let text = failure::summary(&failure, self.console.marks);
                self.print(&paint(WARN, &self.say(index, Some(elapsed), &text)));
            }
            Event::Ended { elapsed, ending } => self.ended(index, elapsed, &ending),
            Event::Tick { elapsed } => self.refresh(elapsed),
        }
    }
}

impl Drop for Board {
    fn drop(&mut self) {
        self.finish();
    }
}
