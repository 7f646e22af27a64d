//! Events on stdout as they come, one JSON object a line; what is said on stderr stays.

use crate::report::json::event::EventLine;
use crate::rollback::model::event::{Event, Listener};
use crate::rollback::model::progress::Progress;
use crate::rollback::model::target::Target;

use super::Console;
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

    fn write(&mut self, event: &Event) {
        if let Event::Progress { elapsed, progress } = event {
            self.last_shown = *elapsed;
            self.last = Some(progress.clone());
        }
        if let Some(line) = EventLine::event(event, &self.target) {
            self.console.answer(&line.text());
        }
    }

    /// The last progress again, where nothing was said for long.
    fn beat(&mut self, elapsed: u64) {
        if elapsed >= self.last_shown + HEARTBEAT
            && let Some(progress) = self.last.clone()
        {
            self.write(&Event::Progress { elapsed, progress });
        }
    }
}

impl Listener for Stream {
    fn on(&mut self, event: Event) {
        match &event {
            Event::Tick { elapsed } => self.beat(*elapsed),
            event => self.write(event),
        }
        self.live.on(event);
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
        stream.on(Event::Tick { elapsed: 40 });
        assert_eq!(stream.last_shown, 0, "there is nothing to say yet");
        let progress =
            Progress { phase: Phase::Rolling, message: String::new(), pods: PodCounts::default() };
        stream.on(Event::Progress { elapsed: 41, progress });
        for (elapsed, shown) in [(70, 41), (71, 71), (72, 71), (101, 101)] {
            stream.on(Event::Tick { elapsed });
            assert_eq!(stream.last_shown, shown, "at {elapsed}");
        }
    }
}
