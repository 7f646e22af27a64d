//! One line on stderr that is drawn over again, where stderr is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Console;

/// The line; without a terminal there is none, and text goes straight to stderr.
pub(super) struct Line {
    console: Console,
    bar: Option<ProgressBar>,
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
        Self { console, bar }
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

    /// Prints above it.
    pub(super) fn print(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.console.note(text)),
            None => self.console.note(text),
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
