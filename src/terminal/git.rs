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
    pace: Pace,
}

/// What was said last, and when anything of it was shown, in seconds.
#[derive(Default)]
struct Pace {
    last: String,
    shown: u64,
}

impl Pace {
    /// Whether something else is done than before.
    fn takes(&mut self, text: &str) -> bool {
        let is_new = part(text) != part(&self.last);
        self.last = sanitize(text).into_owned();
        is_new
    }

    /// Whether a sign of life is due.
    fn beats(&mut self, elapsed: u64) -> bool {
        let is_due = elapsed >= self.shown + HEARTBEAT;
        if is_due {
            self.shown = elapsed;
        }
        is_due
    }
}

impl GitProgress {
    /// Begins; `doing` is shown until `git` says more.
    #[must_use]
    pub fn new(console: Console, is_stream: bool, doing: &str) -> Self {
        let (line, started) = (Line::new(console), Instant::now());
        let mut new = Self { console, is_stream, line, started, pace: Pace::default() };
        new.said(doing);
        new
    }

    /// It said something, such as `Receiving objects:  45% (9/20)`.
    pub fn said(&mut self, text: &str) {
        if self.pace.takes(text) && self.is_stream {
            self.stream();
            self.pace.shown = self.elapsed();
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
        let elapsed = self.elapsed();
        if self.pace.beats(elapsed) {
            if self.is_stream {
                self.stream();
            }
            if !is_drawn {
                let text = self.sentence();
                self.line.print(&text);
            }
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
        format!("  {elapsed:>5}  git: {}\n", self.console.marks.foreign(&self.pace.last))
    }

    fn stream(&self) {
        self.console.answer(&EventLine::git(self.elapsed(), &self.pace.last).text());
    }
}

/// What is done, without how far it is.
fn part(text: &str) -> &str {
    text.split(':').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_what_is_new_and_beats_where_nothing_was_told_for_long() {
        let mut pace = Pace::default();
        assert!(pace.takes("Counting objects:  10% (1/10)"));
        assert!(!pace.takes("Counting objects: 100% (10/10), done."));
        for (elapsed, beats) in [(29, false), (30, true), (31, false), (59, false), (60, true)] {
            assert_eq!(pace.beats(elapsed), beats, "at {elapsed}");
        }
        // What nobody was shown is no sign of life.
        assert!(pace.takes("Receiving objects:   1% (1/99)"));
        assert!(pace.beats(90));
    }
}
