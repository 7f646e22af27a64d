//! What `git` does: one line on stderr that is drawn over on a terminal; for machines, lines of a
//! stream. Elsewhere it is silent, but for a sign of life where it takes long.

use std::time::Instant;

use crate::report::json::event::EventLine;
use crate::text::{age, sanitize, truncate};

use super::line::Line;
use super::live::{HEARTBEAT, WIDTH};
use super::{Console, Verbosity};

/// Shows what `git` says while it works.
pub struct GitProgress {
    console: Console,
    /// Lines go to stdout, as those of `-o jsonl`.
    is_stream: bool,
    line: Line,
    started: Instant,
    last: String,
    last_shown: u64,
}

impl GitProgress {
    /// Begins; `doing` is shown until `git` says more.
    #[must_use]
    pub fn new(console: Console, is_stream: bool, doing: &str) -> Self {
        let (line, started) = (Line::new(console), Instant::now());
        let mut new =
            Self { console, is_stream, line, started, last: String::new(), last_shown: 0 };
        new.said(doing);
        new
    }

    /// It said something, such as `Receiving objects:  45% (9/20)`.
    pub fn said(&mut self, text: &str) {
        let is_new = part(text) != part(&self.last);
        self.last = sanitize(text).into_owned();
        if is_new && self.is_stream {
            self.stream();
        }
        if self.console.verbosity >= Verbosity::Verbose {
            let text = self.console.marks.foreign(text);
            return self.line.print(&format!("  git: {text}\n"));
        }
        self.draw();
    }

    /// A second went by.
    pub fn tick(&mut self) {
        let is_drawn = self.draw();
        if self.elapsed() >= self.last_shown + HEARTBEAT {
            if self.is_stream {
                self.stream();
            }
            if !is_drawn {
                let text = self.sentence();
                self.line.print(&text);
            }
            self.last_shown = self.elapsed();
        }
    }

    fn elapsed(&self) -> u64 {
        self.started.elapsed().as_secs()
    }

    fn draw(&self) -> bool {
        let text = self.sentence();
        self.line.show(truncate(text.trim(), WIDTH).into_owned())
    }

    fn sentence(&self) -> String {
        let elapsed = age(i64::try_from(self.elapsed()).unwrap_or(i64::MAX));
        format!("  {elapsed:>5}  git: {}\n", self.console.marks.foreign(&self.last))
    }

    fn stream(&self) {
        self.console.answer(&EventLine::git(self.elapsed(), &self.last).text());
    }
}

/// What is done, without how far it is.
fn part(text: &str) -> &str {
    text.split(':').next().unwrap_or_default()
}
