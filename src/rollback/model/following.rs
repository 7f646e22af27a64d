//! What is told of an owner that is followed until it has applied a commit, and how that ended.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::exit::ExitStatus;

use super::convergence::Convergence;

/// Something happened to an owner that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// Its controller was asked to act.
    Nudged {
        /// What was written, in words.
        summary: String,
    },
    /// That was wanted, and could not be done; the wait goes on without it.
    NotNudged {
        /// What was to be written, in words.
        summary: String,
        /// Why not.
        why: String,
    },
    /// It is at another point than before.
    Moved {
        /// Milliseconds since the wait began.
        milliseconds: u64,
        /// Where it is.
        convergence: Convergence,
    },
    /// Something is not as it should be, and the wait goes on.
    Warning {
        /// In words.
        message: String,
    },
}

/// Nobody has picked up what was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unheard {
    /// Who should have, e.g. `the application-controller of Argo CD`.
    pub who: String,
    /// A command to paste that tells whether it runs.
    pub check: String,
}

/// How following an owner ended.
#[derive(Debug)]
pub enum Arrival {
    /// It is where it was to be.
    Reached,
    /// It could not apply the commit.
    Failed,
    /// Somebody has put a newer release on top.
    Superseded,
    /// Somebody has suspended it.
    Suspended,
    /// Its controller does not run.
    Unheard(Unheard),
    /// rb may not write what has to be written.
    Forbidden(Error),
    /// It was deleted.
    Deleted,
    /// The time was up.
    TimedOut,
    /// rb may not read it any more, or lost the API server for good.
    Lost(Error),
}

impl Arrival {
    /// The exit code of a durable way whose commit is in Git and that ends like this.
    #[must_use]
    pub fn exit_status(&self) -> ExitStatus {
        match self {
            Self::Reached => ExitStatus::Success,
            Self::Failed => ExitStatus::Failed,
            Self::Superseded | Self::Lost(_) => ExitStatus::Inconclusive,
            Self::Suspended
            | Self::Unheard(_)
            | Self::Forbidden(_)
            | Self::Deleted
            | Self::TimedOut => ExitStatus::NotConverged,
        }
    }

    /// The word in JSON.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Failed => "failed",
            Self::Superseded => "superseded",
            Self::Suspended => "suspended",
            Self::Unheard(_) => "controllerNotRunning",
            Self::Forbidden(_) => "forbidden",
            Self::Deleted => "deleted",
            Self::TimedOut => "timedOut",
            Self::Lost(_) => "lost",
        }
    }
}

/// What following an owner came to.
#[derive(Debug)]
pub struct Followed {
    /// How it ended.
    pub arrival: Arrival,
    /// Where the owner was last; `None`: nobody could read it.
    pub convergence: Option<Convergence>,
    /// What was written to it and to others, in words and in order.
    pub written: Vec<String>,
    /// How long it took, in milliseconds.
    pub milliseconds: u64,
}

impl Followed {
    /// For people: a sentence about the owner of this name, without a full stop.
    #[must_use]
    pub fn words(&self, name: &str) -> String {
        let state = self.convergence.as_ref().map(|state| format!("{name} {state}"));
        let state = state.unwrap_or_else(|| format!("nothing is known of {name}"));
        match &self.arrival {
            Arrival::Reached | Arrival::Failed | Arrival::Superseded | Arrival::Suspended => state,
            Arrival::Unheard(unheard) => format!(
                "{} has not picked up what was asked of it, so it does not run, or does not look \
                 after {name}: {state}",
                unheard.who
            ),
            Arrival::Forbidden(error) | Arrival::Lost(error) => format!("{state}: {error}"),
            Arrival::Deleted => format!("{name} was deleted"),
            Arrival::TimedOut => format!("the time is up: {state}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn each_ending_has_a_code_and_a_sentence() {
        let error = || Error::new(ErrorKind::Forbidden, "not allowed");
        let unheard = Unheard { who: "its controller".to_owned(), check: "kubectl".to_owned() };
        for (arrival, code, sentence) in [
            (Arrival::Reached, 0, "web has applied 1"),
            (Arrival::Failed, 6, "web has applied 1"),
            (Arrival::Superseded, 7, "web has applied 1"),
            (Arrival::Suspended, 5, "web has applied 1"),
            (
                Arrival::Unheard(unheard),
                5,
                "its controller has not picked up what was asked of it, so it does not run, or does \
                 not look after web: web has applied 1",
            ),
            (Arrival::Forbidden(error()), 5, "web has applied 1: not allowed"),
            (Arrival::Deleted, 5, "web was deleted"),
            (Arrival::TimedOut, 5, "the time is up: web has applied 1"),
            (Arrival::Lost(error()), 7, "web has applied 1: not allowed"),
        ] {
            assert_eq!(arrival.exit_status().code(), code, "{arrival:?}");
            let convergence = Some(Convergence::Applied { revision: "1".to_owned(), why: None });
            let followed = Followed { arrival, convergence, written: Vec::new(), milliseconds: 0 };
            assert_eq!(followed.words("web"), sentence);
        }
        let unknown = Followed {
            arrival: Arrival::TimedOut,
            convergence: None,
            written: Vec::new(),
            milliseconds: 0,
        };
        assert_eq!(unknown.words("web"), "the time is up: nothing is known of web");
    }
}
