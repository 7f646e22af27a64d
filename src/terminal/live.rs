//! Progress on stderr: one line that is drawn over on a terminal, one line per change elsewhere.

use std::collections::BTreeSet;

use anstyle::Style;

use crate::report::style::{DIM, GOOD, Marks, WARN, paint};
use crate::report::{checks, failure};
use crate::rollback::model::check::{Check, CheckStatus};
use crate::rollback::model::event::{Event, Listener};
use crate::rollback::model::progress::Progress;
use crate::text::{age, truncate};

use super::ci;
use super::line::Line;
use super::{Console, Verbosity};

/// Some CI runners end jobs that say nothing for minutes.
pub(super) const HEARTBEAT: u64 = 30;

/// Columns of the live line.
pub(super) const WIDTH: usize = 96;

/// Shows events as they come.
pub struct Live {
    console: Console,
    line: Line,
    last: Option<Progress>,
    last_shown: u64,
    doubtful: Doubtful,
}

impl Live {
    /// For this console.
    #[must_use]
    pub fn new(console: Console) -> Self {
        let (line, doubtful) = (Line::new(console), Doubtful::default());
        Self { console, line, last: None, last_shown: 0, doubtful }
    }

    fn progress(&mut self, elapsed: u64, progress: Progress) {
        let text = sentence(elapsed, &progress);
        let drawn = self.line.show(truncate(&text, WIDTH).into_owned());
        // Counts that the line does not show may have moved.
        if !drawn && self.last_shown_differs(elapsed, &progress) {
            self.line.print(&format!("  {text}\n"));
        }
        self.last_shown = elapsed;
        self.last = Some(progress);
    }

    fn last_shown_differs(&self, elapsed: u64, progress: &Progress) -> bool {
        let beat = elapsed >= self.last_shown + HEARTBEAT;
        beat || self.last.as_ref().is_none_or(|last| counts(last) != counts(progress))
    }

    fn check(&mut self, elapsed: u64, check: &Check) {
        let Some(style) = self.doubtful.style(check) else { return };
        let text = line_of(elapsed, check, self.console.marks);
        self.line.print(&paint(style, &format!("  {text}\n")));
    }

    fn tick(&mut self, elapsed: u64) {
        let Some(progress) = self.last.clone() else { return };
        if self.line.is_shown() || elapsed >= self.last_shown + HEARTBEAT {
            self.progress(elapsed, progress);
        }
    }
}

fn sentence(elapsed: u64, progress: &Progress) -> String {
    let elapsed = age(i64::try_from(elapsed).unwrap_or(i64::MAX));
    format!("{elapsed:>5}  {}", counts(progress))
}

/// Names of the checks that were told to be not good.
#[derive(Default)]
struct Doubtful(BTreeSet<String>);

impl Doubtful {
    /// How a check is told, if it is: what is good from the start is in the answer.
    fn style(&mut self, check: &Check) -> Option<Style> {
        if matches!(check.status, CheckStatus::Pass | CheckStatus::Skipped) {
            return self.0.remove(&check.id).then_some(GOOD);
        }
        self.0.insert(check.id.clone());
        Some(WARN)
    }
}

fn line_of(elapsed: u64, check: &Check, marks: Marks) -> String {
    let elapsed = age(i64::try_from(elapsed).unwrap_or(i64::MAX));
    let sentence = marks.foreign(&format!("{}: {}", check.id, check.message));
    format!("{elapsed:>5}  check {} {sentence}", checks::word(check))
}

fn counts(progress: &Progress) -> String {
    let pods = &progress.pods;
    format!(
        "{} of {} updated, {} available, {} in all",
        pods.updated, pods.desired, pods.available, pods.total
    )
}

impl Listener for Live {
    fn on(&mut self, event: Event) {
        match event {
            Event::Writing | Event::NotWritten | Event::Ended { .. } => {}
            Event::StepDone { summary } => {
                let line = format!("  done: {}\n", self.console.marks.foreign(&summary));
                self.line.print(&paint(DIM, &line));
                self.line.keep_moving();
            }
            Event::Warning { message } => {
                let line = format!("  warning: {}\n", self.console.marks.foreign(&message));
                self.line.print(&paint(WARN, &line));
            }
            Event::Owner { elapsed, name, state } => {
                let elapsed = age(i64::try_from(elapsed).unwrap_or(i64::MAX));
                let text = self.console.marks.foreign(&format!("{name} {state}"));
                self.line.print(&paint(DIM, &format!("  {elapsed:>5}  {text}\n")));
                self.line.keep_moving();
            }
            Event::Progress { elapsed, progress } => self.progress(elapsed, progress),
            Event::Trouble { elapsed, failure } => {
                let elapsed = age(i64::try_from(elapsed).unwrap_or(i64::MAX));
                let text = failure::summary(&failure, self.console.marks);
                self.line.print(&paint(WARN, &format!("  {elapsed:>5}  {text}\n")));
            }
            Event::Check { elapsed, check } => {
                self.line.enter(ci::VERIFY);
                self.check(elapsed, &check);
            }
            Event::Tick { elapsed } => self.tick(elapsed),
        }
    }
}

/// The verbosity that `-q` and `-v` ask for.
#[must_use]
pub fn verbosity(quiet: bool, verbose: u8) -> Verbosity {
    match (quiet, verbose) {
        (true, _) => Verbosity::Quiet,
        (false, 0) => Verbosity::Normal,
        (false, _) => Verbosity::Verbose,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::model::check::{Finding, Level};

    #[test]
    fn a_check_is_told_when_it_is_not_good_and_when_it_is_good_again() {
        let mut doubtful = Doubtful::default();
        let mut told = |finding| doubtful.style(&Check::new("logs", finding, Level::Required));
        assert_eq!(told(Finding::pass("")), None);
        assert_eq!(told(Finding::fail("")), Some(WARN));
        assert_eq!(told(Finding::unknown("")), Some(WARN));
        assert_eq!(told(Finding::pass("")), Some(GOOD));
        assert_eq!(told(Finding::pass("")), None);
    }
}
