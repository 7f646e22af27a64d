//! The one error type of the library.
//!
//! An error says what happened, on which object and why; its hints are commands to paste. `Display`
//! shows the message alone: whoever prints it walks [`std::error::Error::source`] for the causes.

use crate::exit::ExitStatus;
use crate::text::shell_quote;

/// A boxed cause.
pub type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// `Result` with [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is: decides the exit code, and is a word in `rb.error/v1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line or a configuration file is wrong.
    Usage,
    /// The API server did not answer, or not in time.
    Unreachable,
    /// The API server does not know who we are (401).
    Unauthenticated,
    /// The API server knows who we are and says no (403).
    Forbidden,
    /// There is no such object.
    NotFound,
    /// There is no revision to go back to.
    NoRevision,
    /// Refused by a rule of rb before anything was changed.
    Refused,
    /// A hold, a configured lock or a freeze stands in the way.
    Held,
    /// Another release went live between the plan and the write.
    LostRace,
    /// Nothing tells whether it was done.
    Inconclusive,
    /// Nobody said yes.
    Unconfirmed,
    /// Stopped by SIGINT.
    Interrupted,
    /// Stopped by SIGTERM.
    Terminated,
    /// Anything that should not happen.
    Internal,
}

impl ErrorKind {
    /// The exit code that this kind ends with.
    #[must_use]
    pub fn exit_status(self) -> ExitStatus {
        match self {
            Self::Usage => ExitStatus::Usage,
            Self::Unreachable | Self::Unauthenticated | Self::Internal => ExitStatus::Error,
            Self::Forbidden | Self::Refused | Self::LostRace => ExitStatus::Refused,
            Self::Held => ExitStatus::Held,
            Self::NotFound | Self::NoRevision => ExitStatus::NotFound,
            Self::Inconclusive => ExitStatus::Inconclusive,
            Self::Unconfirmed => ExitStatus::Unconfirmed,
            Self::Interrupted => ExitStatus::Interrupted,
            Self::Terminated => ExitStatus::Terminated,
        }
    }

    /// The word in `rb.error/v1`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Unreachable => "unreachable",
            Self::Unauthenticated => "unauthenticated",
            Self::Forbidden => "forbidden",
            Self::NotFound => "notFound",
            Self::NoRevision => "noRevision",
            Self::Refused => "refused",
            Self::Held => "held",
            Self::LostRace => "lostRace",
            Self::Inconclusive => "inconclusive",
            Self::Unconfirmed => "unconfirmed",
            Self::Interrupted => "interrupted",
            Self::Terminated => "terminated",
            Self::Internal => "internal",
        }
    }
}

/// A hint that is the same command with other words.
#[derive(Debug)]
struct Again {
    /// Which of the hints.
    at: usize,
    label: String,
    words: Vec<String>,
}

fn labelled(label: &str, command: &str) -> String {
    if label.is_empty() { command.to_owned() } else { format!("{label}: {command}") }
}

fn quoted(words: &[String]) -> String {
    let words = words.iter().filter(|word| !word.is_empty());
    words.map(|word| shell_quote(word)).collect::<Vec<_>>().join(" ")
}

/// A failure with its cause and the commands that would fix or show it.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    hints: Vec<String>,
    again: Vec<Again>,
    source: Option<Source>,
    plan: Option<Box<serde_json::Value>>,
}

impl Error {
    /// An error of this kind; `message` is a sentence without a full stop.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            hints: Vec::new(),
            again: Vec::new(),
            source: None,
            plan: None,
        }
    }

    /// Adds a hint: a sentence or a command to paste.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds a hint: the same command with these words more. An option stands in the place of one of
    /// its name, and takes it away where it has no value; a word that is none is another commit, and an
    /// empty one is none. Whoever knows the command line makes it whole: see [`Error::complete`].
    #[must_use]
    pub fn again<W: Into<String>>(
        mut self,
        label: &str,
        words: impl IntoIterator<Item = W>,
    ) -> Self {
        let words: Vec<String> = words.into_iter().map(Into::into).collect();
        let (at, label) = (self.hints.len(), label.to_owned());
        self.hints.push(labelled(&label, &quoted(&words)));
        self.again.push(Again { at, label, words });
        self
    }

    /// Makes the hints of [`Error::again`] commands to paste.
    #[must_use]
    pub fn complete(mut self, command: impl Fn(&[String]) -> String) -> Self {
        for Again { at, label, words } in std::mem::take(&mut self.again) {
            if let Some(hint) = self.hints.get_mut(at) {
                *hint = labelled(&label, &command(&words));
            }
        }
        self
    }

    /// Leaves out the hints of [`Error::again`]: the command has not these options.
    #[must_use]
    pub fn without_again(mut self) -> Self {
        let again: Vec<usize> = self.again.drain(..).map(|again| again.at).collect();
        let hints = std::mem::take(&mut self.hints).into_iter().enumerate();
        self.hints = hints.filter(|(at, _)| !again.contains(at)).map(|(_, hint)| hint).collect();
        self
    }

    /// With these flags in the commands of kubectl that its hints hold, where they are not there yet.
    #[must_use]
    pub fn pinned(mut self, flags: &str) -> Self {
        for hint in self.hints.iter_mut().filter(|hint| !flags.is_empty() && !hint.contains(flags))
        {
            *hint = hint.replacen(": kubectl ", &format!(": kubectl {flags} "), 1);
        }
        self
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds the plan that would do it now, as a document with hidden values.
    #[must_use]
    pub fn with_plan(mut self, plan: serde_json::Value) -> Self {
        self.plan = Some(Box::new(plan));
        self
    }

    /// The plan that would do it now.
    #[must_use]
    pub fn plan(&self) -> Option<&serde_json::Value> {
        self.plan.as_deref()
    }

    /// What sort of failure it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What would fix or show it, most useful first.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The messages of all causes, outermost first; neighbours that repeat each other count once.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut causes: Vec<String> = Vec::new();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            let text = cause.to_string();
            if causes.last().is_none_or(|last| !last.contains(&text)) {
                causes.push(text);
            }
            next = cause.source();
        }
        causes
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hints_of_another_command_are_left_out() {
        let error = Error::new(ErrorKind::Usage, "it is a tag")
            .hint("git tag")
            .again("name a branch", ["--branch", "main"])
            .hint("git branch");
        assert_eq!(error.hints().len(), 3);
        let error = error.without_again();
        assert_eq!(error.hints(), ["git tag", "git branch"]);
        assert_eq!(error.complete(|_| "rb".to_owned()).hints(), ["git tag", "git branch"]);
    }

    #[test]
    fn commands_of_kubectl_are_pinned_once() {
        let error = Error::new(ErrorKind::Held, "x")
            .hint("to look at it: kubectl get pods -n shop")
            .hint("to look at it: kubectl --context prod get pods")
            .hint("take it out in Git");
        let pinned = error.pinned("--context prod");
        assert_eq!(
            pinned.hints(),
            [
                "to look at it: kubectl --context prod get pods -n shop",
                "to look at it: kubectl --context prod get pods",
                "take it out in Git",
            ]
        );
    }
}
