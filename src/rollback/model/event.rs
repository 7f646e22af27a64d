//! What the engine tells whoever watches it work; reporters turn it into text.

use std::cell::RefCell;

use super::check::Check;
use super::outcome::{Ending, PodFailure};
use super::progress::Progress;

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The write that matters is on its way: until its answer nobody knows whether it was applied.
    Writing,
    /// The write that matters was certainly not applied.
    NotWritten,
    /// A step is done.
    StepDone {
        /// What it did.
        summary: String,
    },
    /// An optional step failed, or something is not as it should be.
    Warning {
        /// In words.
        message: String,
    },
    /// An owner that is followed to a commit is somewhere else than before.
    Owner {
        /// Seconds since it is followed.
        elapsed: u64,
        /// What people call it.
        name: String,
        /// Where it is, as the end of a sentence that starts with its name.
        state: String,
    },
    /// The rollout moved.
    Progress {
        /// Seconds since the wait began.
        elapsed: u64,
        /// Where it stands.
        progress: Progress,
    },
    /// A pod has trouble that may still mend.
    Trouble {
        /// Seconds since the wait began.
        elapsed: u64,
        /// What ails it.
        failure: PodFailure,
    },
    /// A check of what runs came to something else than before; each is told once at least.
    Check {
        /// Seconds since the wait began.
        elapsed: u64,
        /// What it comes to now.
        check: Check,
    },
    /// The wait is over.
    Ended {
        /// Seconds since the wait began.
        elapsed: u64,
        /// How.
        ending: Ending,
    },
    /// A second went by.
    Tick {
        /// Seconds since the wait began.
        elapsed: u64,
    },
}

/// Receives events.
pub trait Listener {
    /// Takes one event.
    fn on(&mut self, event: Event);
}

/// Receives the events of several workloads, each known by its place in the list.
pub trait Listeners {
    /// Takes one event of the workload at this place.
    fn on(&mut self, index: usize, event: Event);
}

/// A single workload's listener, where several could be.
pub struct Only<'a>(pub &'a mut dyn Listener);

impl Listeners for Only<'_> {
    fn on(&mut self, _index: usize, event: Event) {
        self.0.on(event);
    }
}

/// One listener for several that speak at the same time.
pub struct Shared<'a, 'b, 'l>(pub &'a RefCell<&'b mut (dyn Listener + 'l)>);

impl Listener for Shared<'_, '_, '_> {
    fn on(&mut self, event: Event) {
        self.0.borrow_mut().on(event);
    }
}
