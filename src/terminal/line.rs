//! One line on stderr that is drawn over again, where stderr is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Console;
use super::ci::{self, Section};

/// The line; without a terminal there is none, and text goes straight to stderr.
pub(super) struct Line {
    console: Console,
    bar: Option<ProgressBar>,
    /// The part of a CI system's log that text goes to, and it, once there is text.
    part: &'static str,
    section: Option<Section>,
}

impl Line {
    pub(super) fn new(console: Console) -> Self {
        let bar = console.is_live().then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            let template = if console.marks.unicode { "  {spinner} {msg}" } else { "  {msg}" };
            if let Ok(style) = ProgressStyle::with_template(template) {
                bar.set_style(style);
            }
            bar
        });
        Self { console, bar, part: ci::WAIT, section: None }
    }

    /// Draws it anew; `false` where there is no such line.
    pub(super) fn show(&self, text: String) -> bool {
        let Some(bar) = &self.bar else { return false };
        bar.set_message(text);
        bar.tick();
        true
    }

    /// Shows by itself that something goes on.
    pub(super) fn keep_moving(&self) {
        if let Some(bar) = &self.bar {
            bar.enable_steady_tick(Duration::from_millis(120));
        }
    }

    pub(super) fn is_shown(&self) -> bool {
        self.bar.is_some()
    }

    /// What follows belongs to this part of the log.
    pub(super) fn enter(&mut self, part: &'static str) {
        if self.part != part {
            self.part = part;
            self.section = None;
        }
    }

    /// Prints above it.
    pub(super) fn print(&mut self, text: &str) {
        let (console, part) = (self.console, self.part);
        if let Some(bar) = &self.bar {
            return bar.suspend(|| console.note(text));
        }
        self.section.get_or_insert_with(|| console.section(part));
        console.note(text);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
