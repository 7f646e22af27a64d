//! What speaks for and against a revision.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text;

/// A reason not to go back to a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Against {
    /// rb rolled back from it.
    RolledBack {
        /// When.
        at: Timestamp,
        /// By whom.
        by: String,
    },
    /// A verification failed on it.
    VerifyFailed {
        /// When.
        at: Timestamp,
    },
    /// A pod of it is in a terminal state now.
    PodFailing {
        /// The pod.
        pod: String,
        /// The reason, e.g. `CrashLoopBackOff`.
        reason: String,
    },
    /// Events say that its pods could not run.
    Events {
        /// The event's reason: `BackOff` or `Failed`.
        reason: String,
        /// The newest message.
        message: String,
        /// When it was last seen.
        at: Timestamp,
    },
}

impl Against {
    /// In words, relative to `now`. Foreign text inside is not sanitized yet.
    #[must_use]
    pub fn words(&self, now: Timestamp) -> String {
        match self {
            Self::RolledBack { at, by } => {
                format!("rolled back by {by} {} ago", ago(now, *at))
            }
            Self::VerifyFailed { at } => format!("verification failed {} ago", ago(now, *at)),
            Self::PodFailing { pod, reason } => format!("pod {pod} is in {reason}"),
            Self::Events { reason, at, .. } => {
                format!("its pods had {reason} events {} ago", ago(now, *at))
            }
        }
    }

    /// When it was found out; `None` for what is so now.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::RolledBack { at, .. } | Self::VerifyFailed { at } | Self::Events { at, .. } => {
                Some(*at)
            }
            Self::PodFailing { .. } => None,
        }
    }
}

/// A reason to trust a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "kind")]
pub enum Favour {
    /// A `verified` stamp that is newer than everything against it.
    Verified {
        /// When.
        at: Timestamp,
    },
    /// Pods of it are available now.
    PodsAvailable {
        /// How many.
        count: i64,
    },
    /// The controller calls it the one that was rolled out before what is live.
    CurrentRevision,
}

impl Favour {
    /// In words, relative to `now`.
    #[must_use]
    pub fn words(&self, now: Timestamp) -> String {
        match self {
            Self::Verified { at } => format!("verified {} ago", ago(now, *at)),
            Self::PodsAvailable { count } => {
                format!("{} of it available now", text::plural(*count, "pod"))
            }
            Self::CurrentRevision => "the StatefulSet's currentRevision".to_owned(),
        }
    }
}

/// All evidence on one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    /// What speaks against it and is not outdated by a later `verified` stamp.
    pub against: Vec<Against>,
    /// What speaks for it.
    pub favour: Vec<Favour>,
}

impl Evidence {
    /// Whether a valid `verified` stamp is on it.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.favour.iter().any(|favour| matches!(favour, Favour::Verified { .. }))
    }

    /// What speaks for it, in words; `no evidence` where nothing does.
    #[must_use]
    pub fn favour_words(&self, now: Timestamp) -> String {
        if self.favour.is_empty() {
            return "no evidence".to_owned();
        }
        self.favour.iter().map(|favour| favour.words(now)).collect::<Vec<_>>().join(", ")
    }

    /// What speaks against it, in words.
    #[must_use]
    pub fn against_words(&self, now: Timestamp) -> String {
        self.against.iter().map(|against| against.words(now)).collect::<Vec<_>>().join(", ")
    }
}

/// The age of `at` in short form.
#[must_use]
pub fn ago(now: Timestamp, at: Timestamp) -> String {
    text::age(now.as_second() - at.as_second())
}
