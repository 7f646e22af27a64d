//! What hits a request: a fault of the connection or of the server, or a signal to `rb` while the
//! request is under way.

use std::fmt;
use std::time::Duration;

use serde_json::json;

use crate::testbed::{Action, Gate, Reply};

use super::shape::{Shape, Verb};

/// Bytes after which an answer is broken off or ends: in the middle of its first object.
const SHORT: usize = 60;
/// How long nobody listens where the API server restarts. `rb` tries a refused connection again for
/// longer than this.
const OUTAGE: Duration = Duration::from_millis(300);
/// How much later a write arrives whose connection is gone: after a look at the object.
const LATE: Duration = Duration::from_millis(150);
/// A server that is slow, and not so slow that it counts as dead.
const SLOW: Duration = Duration::from_secs(2);
const FOR_GOOD: Duration = Duration::from_secs(3_600);

/// What hits one request.
#[derive(Clone, Copy)]
pub(super) enum Strike {
    Fault(&'static Fault),
    /// The request is held, before it is forwarded or before it is answered, and `rb` gets a signal.
    Signal(&'static Signal, Moment),
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Before,
    After,
}

pub(super) struct Signal {
    /// As `kill` calls it.
    pub(super) name: &'static str,
    /// What `rb` ends with; -1 where the kernel ends it.
    pub(super) code: i32,
}

/// Which requests are hit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reach {
    One,
    /// It and all that come later.
    Later,
    /// The same, and only the end of the time ends the call.
    ForGood,
}

pub(super) struct Fault {
    name: &'static str,
    applies: fn(&Shape) -> bool,
    action: fn() -> Action,
    reach: Reach,
    /// Whether `rb` has to get where it would have got without it: what passes by itself is no
    /// reason to give up.
    pub(super) is_survived: fn(&Shape) -> bool,
}

/// Each that a request may meet.
pub(super) const FAULTS: &[Fault] = &[
    Fault::once("refused", any, || Action::Refuse(OUTAGE), any),
    Fault::once("reset-before", any, || Action::ResetBefore, any),
    Fault::once("reset-after", any, || Action::ResetAfter, any),
    Fault::once("late-write", Shape::is_write, || Action::ResetThenForward(LATE), any),
    Fault::once("409", checked, || refusal(409, "Conflict"), Shape::is_write),
    // To the write of a template that is a final no.
    Fault::once("422", checked, || refusal(422, "Invalid"), |_| false),
    Fault::once("429", any, || Action::Respond(throttled()), any),
    Fault::once("500", any, || refusal(500, "InternalError"), any),
    Fault::once("503", any, || refusal(503, "ServiceUnavailable"), any),
    Fault::once("504-after", Shape::is_write, || Action::RespondAfter(gateway()), any),
    Fault::once("slow", any, || Action::Delay(SLOW), any),
    Fault::once("truncated", any, || Action::EndBodyAfter(SHORT), any),
    Fault::once("cut", any, || Action::CutBodyAfter(SHORT), any),
    Fault::once("watch-ended", Shape::is_watch, || lines(""), any),
    Fault::once("watch-410-event", Shape::is_watch, || lines(&expired()), any),
    Fault::once("watch-410", Shape::is_watch, || refusal(410, "Expired"), any),
    Fault {
        reach: Reach::Later,
        ..Fault::once("401", any, || refusal(401, "Unauthorized"), |_| false)
    },
    Fault {
        reach: Reach::ForGood,
        ..Fault::once("gone", any, || Action::Refuse(FOR_GOOD), |_| false)
    },
];

pub(super) const SIGNALS: &[Signal] = &[
    Signal { name: "KILL", code: -1 },
    Signal { name: "INT", code: 130 },
    Signal { name: "TERM", code: 143 },
];

/// All faults.
pub(super) fn faults() -> Vec<Strike> {
    FAULTS.iter().map(Strike::Fault).collect()
}

/// All signals, before and after.
pub(super) fn signals() -> Vec<Strike> {
    let both = |signal| [Moment::Before, Moment::After].map(|when| Strike::Signal(signal, when));
    SIGNALS.iter().flat_map(both).collect()
}

impl Fault {
    const fn once(
        name: &'static str,
        applies: fn(&Shape) -> bool,
        action: fn() -> Action,
        is_survived: fn(&Shape) -> bool,
    ) -> Self {
        Self { name, applies, action, reach: Reach::One, is_survived }
    }
}

impl Strike {
    pub(super) fn applies(self, shape: &Shape) -> bool {
        match self {
            Self::Fault(fault) => (fault.applies)(shape),
            Self::Signal(..) => true,
        }
    }

    /// What the proxy is to do; requests that are held wait at the gate.
    pub(super) fn action(self, gate: &Gate) -> Action {
        match self {
            Self::Fault(fault) => (fault.action)(),
            Self::Signal(_, Moment::Before) => Action::Hold(gate.clone()),
            Self::Signal(_, Moment::After) => Action::HoldAnswer(gate.clone()),
        }
    }

    /// Whether all requests that come later are hit too.
    pub(super) fn lasts(self) -> bool {
        matches!(self, Self::Fault(fault) if fault.reach != Reach::One)
    }

    /// Whether only the end of its time ends the call.
    pub(super) fn is_endless(self) -> bool {
        matches!(self, Self::Fault(fault) if fault.reach == Reach::ForGood)
    }

    pub(super) fn is_survived(self, shape: &Shape) -> bool {
        matches!(self, Self::Fault(fault) if (fault.is_survived)(shape))
    }
}

impl fmt::Display for Strike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(fault) => f.write_str(fault.name),
            Self::Signal(signal, Moment::Before) => write!(f, "{}-before", signal.name),
            Self::Signal(signal, Moment::After) => write!(f, "{}-after", signal.name),
        }
    }
}

fn any(_: &Shape) -> bool {
    true
}

/// What has preconditions: reads have none.
fn checked(shape: &Shape) -> bool {
    !shape.is_read() && shape.verb != Verb::Review
}

fn refusal(status: u16, reason: &str) -> Action {
    Action::refuse(status, reason, "the test says so")
}

fn throttled() -> Reply {
    let reply = Reply::refusal(429, "TooManyRequests", "the test says so");
    reply.with_header("retry-after", "1")
}

fn gateway() -> Reply {
    Reply::refusal(504, "Timeout", "the test says so")
}

fn lines(body: &str) -> Action {
    Action::Respond(Reply::json(200, body))
}

fn expired() -> String {
    let event = json!({"type": "ERROR", "object": {
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "too old resource version: 1 (2)", "reason": "Expired", "code": 410,
    }});
    format!("{event}\n")
}
