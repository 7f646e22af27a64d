//! Progress on stderr: one line that is drawn over on a terminal, one line per change elsewhere.

use crate::report::style::{DIM, WARN, paint};
use crate::report::{checks, failure};
use crate::rollback::model::event::{Event, Listener};
use crate::rollback::model::progress::Progress;
use crate::text::{age, truncate};

use super::line::Line;
use super::{Console, Verbosity};

/// Some CI runners end jobs that say nothing for minutes.
pub(super) const HEARTBEAT: u64 = 30;

/// Columns of the live line.
const WIDTH: usize = 96;

/// Shows events as they come.
pub struct Live {
    console: Console,
    line: Line,
    last: Option<Progress>,
    last_shown: u64,
}

impl Live {
    /// For this console.
    #[must_use]
    pub fn new(console: Console) -> Self {
        Self { console, line: Line::new(console), last: None, last_shown: 0 }
    }

    fn progress(&mut self, elapsed: u64, progress: Progress) {
        let text = sentence(elapsed, &progress);
        let drawn = self.line.show(truncate(&text, WIDTH).into_owned());
        // Counts that the line does not show may have moved.
        if !drawn && self.last_shown_differs(elapsed, &progress) {
            self.console.note(&format!("  {text}\n"));
        }
        self.last_shown = elapsed;
        self.last = Some(progress);
    }

    fn last_shown_differs(&self, elapsed: u64, progress: &Progress) -> bool {
        let beat = elapsed >= self.last_shown + HEARTBEAT;
        beat || self.last.as_ref().is_none_or(|last| counts(last) != counts(progress))
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
            Event::Progress { elapsed, progress } => self.progress(elapsed, progress),
            Event::Trouble { elapsed, failure } => {
                let elapsed = age(i64::try_from(elapsed).unwrap_or(i64::MAX));
                let text = failure::summary(&failure, self.console.marks);
                self.line.print(&paint(WARN, &format!("  {elapsed:>5}  {text}\n")));
            }
            Event::Checked { elapsed, check } => {
                if check.objects() || check.is_warning() {
                    let elapsed = age(i64::try_from(elapsed).unwrap_or(i64::MAX));
                    let text = checks::sentence(&check, self.console.marks);
                    self.line.print(&paint(WARN, &format!("  {elapsed:>5}  {text}\n")));
                }
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
