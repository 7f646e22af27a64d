//! Shows what `git` does while something is waited for.

use std::cell::RefCell;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::cli::output::Format;
use crate::terminal::git::GitProgress;

const SECOND: Duration = Duration::from_secs(1);

/// Does the work. What it hears of `git` is shown, after `doing`.
pub(in crate::cli) async fn during<T>(
    app: &App,
    format: Format,
    doing: &str,
    work: impl AsyncFnOnce(&mut dyn FnMut(&str)) -> T,
) -> T {
    let shown = RefCell::new(GitProgress::new(app.console, format == Format::Jsonl, doing));
    let mut said = |text: &str| shown.borrow_mut().said(text);
    let mut seconds = interval(SECOND);
    seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut work = Box::pin(work(&mut said));
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = seconds.tick() => shown.borrow_mut().tick(),
        }
    }
}
