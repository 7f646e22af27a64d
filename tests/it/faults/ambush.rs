//! What waits in the proxy for the requests of one run, and what the run does meanwhile: it sends the
//! signal when the request is held, or changes the workload while the first write is.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::races::signal;
use crate::rb::{Ran, Running};
use crate::testbed::{Action, Gate, Namespace, Proxy, RequestHead};

use super::oracle::writes_template;
use super::run::{Hit, LIMIT};
use super::scenario::Scenario;
use super::shape::Counter;
use super::strike::{Signal, Strike};
use super::subject::Subject;

pub(super) struct Ambush {
    is_hit: Arc<AtomicBool>,
    /// Where a request waits for the signal.
    held: Gate,
    signal: Option<&'static Signal>,
    /// Where the first write of a template waits for the change.
    first_write: Option<Gate>,
    has_meddled: bool,
}

/// What the run has to do something about.
enum Moment {
    Ended,
    FirstWrite(Gate),
    Signal(&'static Signal),
}

impl Ambush {
    pub(super) fn lay(proxy: &Proxy, scenario: &Scenario, hit: Option<Hit<'_>>) -> Self {
        let signal = match hit {
            Some((_, Strike::Signal(signal, _))) => Some(signal),
            _ => None,
        };
        let ambush = Self {
            is_hit: Arc::default(),
            held: Gate::closed(),
            signal,
            first_write: scenario.meanwhile.map(|_| Gate::closed()),
            has_meddled: false,
        };
        let hit = hit.map(|(asked, strike)| (asked.clone(), strike));
        let (is_hit, held) = (Arc::clone(&ambush.is_hit), ambush.held.clone());
        let mut first_write = ambush.first_write.clone();
        let mut counter = Counter::default();
        proxy.inject(move |request: &RequestHead| {
            let asked = counter.next(request);
            let mut action = Action::Pass;
            if let Some((wanted, strike)) = &hit {
                let is_wanted = asked == *wanted;
                if is_wanted || strike.lasts() && is_hit.load(Ordering::SeqCst) {
                    is_hit.store(true, Ordering::SeqCst);
                    action = strike.action(&held);
                }
            }
            let gate = first_write.take_if(|_| writes_template(request));
            gate.map_or(action.clone(), |gate| Action::HoldThen(gate, Box::new(action)))
        });
        ambush
    }

    /// Stays with the call until it ends; `None` where it does not.
    pub(super) fn accompany(
        &mut self,
        mut running: Running,
        scenario: &Scenario,
        namespace: &Namespace,
        subject: &Subject,
    ) -> Option<Ran> {
        while self.signal.is_some() || self.first_write.is_some() {
            let moment = namespace.wait_until("it gets where it is awaited, or ends", |_| {
                if running.has_ended() {
                    return Some(Moment::Ended);
                }
                let first_write = self.first_write.as_ref().filter(|gate| gate.is_reached());
                let signal = self.signal.filter(|_| self.held.is_reached());
                first_write.cloned().map(Moment::FirstWrite).or(signal.map(Moment::Signal))
            });
            match moment {
                Moment::Ended => break,
                Moment::FirstWrite(gate) => {
                    if let Some(change) = scenario.meanwhile {
                        change(namespace, &subject.name);
                        self.has_meddled = true;
                    }
                    gate.open();
                    self.first_write = None;
                }
                Moment::Signal(which) => {
                    signal(&running, which.name);
                    self.signal = None;
                }
            }
        }
        running.wait_at_most(LIMIT)
    }

    /// Whether the request came up that was to be hit.
    pub(super) fn is_hit(&self) -> bool {
        self.is_hit.load(Ordering::SeqCst)
    }

    /// Whether somebody else has changed the workload.
    pub(super) fn has_meddled(&self) -> bool {
        self.has_meddled
    }
}
