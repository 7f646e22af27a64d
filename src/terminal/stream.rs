//! Events on stdout as they come, one JSON object a line; what is said on stderr stays.

use crate::report::json::event::EventLine;
use crate::report::several;
use crate::rollback::model::event::{Event, Listener, Listeners};
use crate::rollback::model::progress::Progress;
use crate::rollback::model::target::Target;

use super::Console;
use super::board::Board;
use super::live::{HEARTBEAT, Live};

/// Writes events as lines for machines, and passes them on to the lines for people.
pub struct Stream {
    console: Console,
    target: Target,
    live: Live,
    last: Option<Progress>,
    last_shown: u64,
}

impl Stream {
    /// Of the work on this workload.
    #[must_use]
    pub fn new(console: Console, target: Target) -> Self {
        Self { console, target, live: Live::new(console), last: None, last_shown: 0 }
    }

    /// What is said of an event; where nothing was said for long, the last progress again.
    fn line(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::Tick { elapsed } if *elapsed >= self.last_shown + HEARTBEAT => {
                let progress = self.last.clone()?;
                return self.line(&Event::Progress { elapsed: *elapsed, progress });
            }
            Event::Progress { elapsed, progress } => {
                self.last_shown = *elapsed;
                self.last = Some(progress.clone());
            }
            _ => {}
        }
        EventLine::event(event, &self.target).map(|line| line.text())
    }
}

impl Listener for Stream {
    fn on(&mut self, event: Event) {
        if let Some(line) = self.line(&event) {
            self.console.answer(&line);
        }
        self.live.on(event);
    }
}

/// The same of several workloads; what is said on stderr is one board for all.
pub struct Streams {
    console: Console,
    targets: Vec<Target>,
    board: Board,
}

impl Streams {
    /// Of the work on these workloads, by their places.
    #[must_use]
    pub fn new(console: Console, targets: Vec<Target>) -> Self {
        let board = Board::new(console, several::names(targets.iter()));
        Self { console, targets, board }
    }
}

impl Listeners for Streams {
    fn on(&mut self, index: usize, event: Event) {
        if let Some(target) = self.targets.get(index)
            && let Some(line) = EventLine::event(&event, target)
        {
            self.console.answer(&line.text());
        }
        self.board.on(index, event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::model::progress::{Phase, PodCounts};
    use crate::terminal::Verbosity;
    use anstream::ColorChoice;

    #[test]
    fn it_beats_only_where_nothing_was_said_for_long() {
        let console = Console::new(ColorChoice::Never, Verbosity::Quiet, true, true);
        let target = Target {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: "web".into(),
        };
        let mut stream = Stream::new(console, target);
        let mut beats = |event| stream.line(&event).is_some();
        assert!(!beats(Event::Tick { elapsed: 40 }), "there is nothing to say yet");
        let progress =
            Progress { phase: Phase::Rolling, message: String::new(), pods: PodCounts::default() };
        assert!(beats(Event::Progress { elapsed: 41, progress }));
        for (elapsed, beat) in [(70, false), (71, true), (72, false), (100, false), (101, true)] {
            assert_eq!(beats(Event::Tick { elapsed }), beat, "at {elapsed}");
        }
    }
}
