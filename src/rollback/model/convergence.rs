//! How far an owner is with a commit: from not having seen it to having applied it, or why not.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What Git says of a revision that an owner is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// An older commit, one of another line, or none of this repository.
    Other,
    /// The commit itself.
    Ours,
    /// One on top of it that leaves alone what it brought.
    OnTop,
    /// One on top of it that changes the same again: a newer release.
    Replaced,
}

impl Relation {
    /// Whether the commit is in that revision.
    #[must_use]
    pub fn is_at(self) -> bool {
        self != Self::Other
    }
}

/// How far an owner is with a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Convergence {
    /// It has not seen the commit.
    NotSeen {
        /// The revision that it has instead, for people; `None`: none at all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        has: Option<String>,
        /// What keeps it from seeing the commit, where it says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// It has seen the commit, and has not begun to apply it.
    Compared {
        /// What it waits for.
        waits: String,
    },
    /// It is about to apply the commit.
    Running {
        /// What it does, in a word or two, e.g. `health check`.
        phase: String,
        /// What it says of that.
        message: String,
        /// Since when, by its clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
    },
    /// It has applied the commit. That says nothing of pods.
    Applied {
        /// The revision that was applied, for people.
        revision: String,
        /// Why it does not count as healthy; `None`: it does not look at that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// It has applied the commit, and says that all is healthy. Its word alone proves nothing: it may
    /// be some seconds old.
    Healthy {
        /// The revision that was applied, for people.
        revision: String,
    },
    /// It could not apply the commit, and nothing will come of it without a change.
    Failed {
        /// Why, in its own words.
        reason: String,
        /// The object that it is about, e.g. `Deployment shop/web`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        object: Option<String>,
    },
    /// Something else has to end first.
    Blocked {
        /// What.
        by: String,
        /// When that ends at the latest, by its clock.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// What would end it sooner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        remedy: Option<String>,
    },
    /// Somebody has put a newer release on top.
    Superseded {
        /// Its revision, for people.
        by: String,
    },
    /// Somebody has suspended it: it takes up nothing.
    Suspended {
        /// What says so.
        by: String,
    },
}

impl Convergence {
    /// Whether the commit is applied.
    #[must_use]
    pub fn is_applied(&self) -> bool {
        matches!(self, Self::Applied { .. } | Self::Healthy { .. })
    }

    /// Whether it is somewhere else than before: a new message alone is no step.
    #[must_use]
    pub fn is_step_from(&self, before: &Self) -> bool {
        if std::mem::discriminant(self) != std::mem::discriminant(before) {
            return true;
        }
        match (self, before) {
            (Self::NotSeen { has: now, .. }, Self::NotSeen { has: then, .. }) => now != then,
            (Self::Compared { waits: now }, Self::Compared { waits: then })
            | (Self::Running { phase: now, .. }, Self::Running { phase: then, .. })
            | (Self::Blocked { by: now, .. }, Self::Blocked { by: then, .. }) => now != then,
            _ => self != before,
        }
    }
}

/// The end of a sentence that starts with the owner's name. Text of a controller is in it as it is.
impl std::fmt::Display for Convergence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotSeen { has, why } => {
                f.write_str("has not seen the commit yet")?;
                if let Some(has) = has {
                    write!(f, " and is at {has}")?;
                }
                why.as_ref().map_or(Ok(()), |why| write!(f, ": {why}"))
            }
            Self::Compared { waits } => write!(f, "has seen the commit and waits for {waits}"),
            Self::Running { phase, message, .. } if message.is_empty() => {
                write!(f, "is at work ({phase})")
            }
            Self::Running { phase, message, .. } => write!(f, "is at work ({phase}): {message}"),
            Self::Applied { revision, why: None } => write!(f, "has applied {revision}"),
            Self::Applied { revision, why: Some(why) } => {
                write!(f, "has applied {revision}: {why}")
            }
            Self::Healthy { revision } => {
                write!(f, "has applied {revision} and says that it is healthy")
            }
            Self::Failed { reason, object: None } => write!(f, "has failed: {reason}"),
            Self::Failed { reason, object: Some(object) } => {
                write!(f, "has failed at {object}: {reason}")
            }
            Self::Blocked { by, until, remedy } => {
                write!(f, "is held back by {by}")?;
                if let Some(until) = until {
                    write!(f, ", until {until} at the latest")?;
                }
                remedy.as_ref().map_or(Ok(()), |remedy| write!(f, " ({remedy})"))
            }
            Self::Superseded { by } => write!(f, "has a newer release, {by}"),
            Self::Suspended { by } => write!(f, "does nothing: {by}"),
        }
    }
}

/// A commit that an owner says it has applied.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    /// The commit, all of its digits; where the first source is no Git repository, its version.
    pub commit: String,
    /// What each source was at, in their order, as the owner writes it.
    pub revisions: Vec<String>,
    /// When it was applied last, by the owner's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// Whether it was healthy then; `None`: the owner does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub healthy: Option<bool>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(text: &str) -> String {
        text.to_owned()
    }

    fn all() -> Vec<(Convergence, &'static str, serde_json::Value)> {
        let until: Timestamp = "2026-03-02T12:00:00Z".parse().unwrap();
        vec![
            (
                Convergence::NotSeen { has: None, why: None },
                "has not seen the commit yet",
                json!({"state": "notSeen"}),
            ),
            (
                Convergence::NotSeen {
                    has: Some(text("main@9f3c2ab51")),
                    why: Some(text("no DNS")),
                },
                "has not seen the commit yet and is at main@9f3c2ab51: no DNS",
                json!({"state": "notSeen", "has": "main@9f3c2ab51", "why": "no DNS"}),
            ),
            (
                Convergence::Compared { waits: text("a sync") },
                "has seen the commit and waits for a sync",
                json!({"state": "compared", "waits": "a sync"}),
            ),
            (
                Convergence::Running {
                    phase: text("sync"),
                    message: text("wave 1"),
                    since: Some(until),
                },
                "is at work (sync): wave 1",
                json!({"state": "running", "phase": "sync", "message": "wave 1",
                    "since": "2026-03-02T12:00:00Z"}),
            ),
            (
                Convergence::Running { phase: text("sync"), message: text(""), since: None },
                "is at work (sync)",
                json!({"state": "running", "phase": "sync", "message": ""}),
            ),
            (
                Convergence::Applied { revision: text("9f3c2ab"), why: None },
                "has applied 9f3c2ab",
                json!({"state": "applied", "revision": "9f3c2ab"}),
            ),
            (
                Convergence::Applied { revision: text("9f3c2ab"), why: Some(text("Progressing")) },
                "has applied 9f3c2ab: Progressing",
                json!({"state": "applied", "revision": "9f3c2ab", "why": "Progressing"}),
            ),
            (
                Convergence::Healthy { revision: text("9f3c2ab") },
                "has applied 9f3c2ab and says that it is healthy",
                json!({"state": "healthy", "revision": "9f3c2ab"}),
            ),
            (
                Convergence::Failed {
                    reason: text("immutable"),
                    object: Some(text("Service a/b")),
                },
                "has failed at Service a/b: immutable",
                json!({"state": "failed", "reason": "immutable", "object": "Service a/b"}),
            ),
            (
                Convergence::Failed { reason: text("immutable"), object: None },
                "has failed: immutable",
                json!({"state": "failed", "reason": "immutable"}),
            ),
            (
                Convergence::Blocked {
                    by: text("a sync to 51d0e77"),
                    until: Some(until),
                    remedy: Some(text("end it")),
                },
                "is held back by a sync to 51d0e77, until 2026-03-02T12:00:00Z at the latest (end it)",
                json!({"state": "blocked", "by": "a sync to 51d0e77",
                    "until": "2026-03-02T12:00:00Z", "remedy": "end it"}),
            ),
            (
                Convergence::Superseded { by: text("51d0e77") },
                "has a newer release, 51d0e77",
                json!({"state": "superseded", "by": "51d0e77"}),
            ),
            (
                Convergence::Suspended { by: text("spec.suspend is true") },
                "does nothing: spec.suspend is true",
                json!({"state": "suspended", "by": "spec.suspend is true"}),
            ),
        ]
    }

    #[test]
    fn each_state_has_words_and_a_document() {
        for (state, words, document) in all() {
            assert_eq!(state.to_string(), words);
            assert_eq!(serde_json::to_value(&state).unwrap(), document);
            assert_eq!(serde_json::from_value::<Convergence>(document).unwrap(), state);
        }
    }

    #[test]
    fn a_new_message_is_no_step() {
        let running = |phase: &str, message: &str| Convergence::Running {
            phase: text(phase),
            message: text(message),
            since: None,
        };
        assert!(!running("sync", "wave 2").is_step_from(&running("sync", "wave 1")));
        assert!(running("health check", "").is_step_from(&running("sync", "")));
        assert!(running("sync", "").is_step_from(&Convergence::Compared { waits: text("a") }));
        let states: Vec<Convergence> = all().into_iter().map(|(state, ..)| state).collect();
        assert!(states.iter().all(|state| !state.is_step_from(state)));
    }
}
