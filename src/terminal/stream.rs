//! Events on stdout as they come, one JSON object a line; what is said on stderr stays.

use crate::report::json::event::EventLine;
use crate::report::several;
use crate::rollback::model::event::{Event, Listener, Listeners};
use crate::rollback::model::progress::Progress;
use crate::rollback::model::target::Target;

use super::Console;
use super::board::Board;
use super::live::{HEARTBEAT, Live};

/// The lines about one workload.
struct Lines {
    target: Target,
    last: Option<Progress>,
    last_shown: u64,
}

impl Lines {
    fn new(target: Target) -> Self {
        Self { target, last: None, last_shown: 0 }
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

/// Writes events as lines for machines, and passes them on to the lines for people.
pub struct Stream {
    console: Console,
    lines: Lines,
    live: Live,
}

impl Stream {
    /// Of the work on this workload.
    #[must_use]
    pub fn new(console: Console, target: Target) -> Self {
        Self { console, lines: Lines::new(target), live: Live::new(console) }
    }
}

impl Listener for Stream {
    fn on(&mut self, event: Event) {
        if let Some(line) = self.lines.line(&event) {
            self.console.answer(&line);
        }
        self.live.on(event);
    }
}

/// The same of several workloads; what is said on stderr is one board for all.
pub struct Streams {
    console: Console,
    lines: Vec<Lines>,
    board: Board,
}

impl Streams {
    /// Of the work on these workloads, by their places.
    #[must_use]
    pub fn new(console: Console, targets: Vec<Target>) -> Self {
        let board = Board::new(console, several::names(targets.iter()));
        Self { console, lines: targets.into_iter().map(Lines::new).collect(), board }
    }
}

impl Listeners for Streams {
    fn on(&mut self, index: usize, event: Event) {
        if let Some(line) = self.lines.get_mut(index).and_then(|lines| lines.line(&event)) {
            self.console.answer(&line);
        }
        self.board.on(index, event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::model::progress::{Phase, PodCounts};

    #[test]
    fn it_beats_only_where_nothing_was_said_for_long() {
        let target = Target {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: "web".into(),
        };
        let mut lines = Lines::new(target);
        let mut beats = |event| lines.line(&event).is_some();
        assert!(!beats(Event::Tick { elapsed: 40 }), "there is nothing to say yet");
        let progress =
            Progress { phase: Phase::Rolling, message: String::new(), pods: PodCounts::default() };
        assert!(beats(Event::Progress { elapsed: 41, progress }));
        for (elapsed, beat) in [(70, false), (71, true), (72, false), (100, false), (101, true)] {
            assert_eq!(beats(Event::Tick { elapsed }), beat, "at {elapsed}");
        }
    }
}
