//! Why `git` could not do what it was run for: the reasons that are told apart, and the error that
//! each of them is.

use std::fmt;

use crate::error::{Error, ErrorKind};
use crate::git::remote::network_signs;
use crate::git::remote::remote_url::RemoteUrl;
use crate::text::{self, shell_quote};

/// What stood in the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The server does not know who we are.
    Authentication,
    /// It knows who we are, and says no.
    Forbidden,
    /// There is no such repository, or it is not shown to us.
    NotFound,
    /// It is elsewhere now, and a token is not carried to another place.
    Moved,
    /// The repository has no such branch.
    NoBranch,
    /// The branch takes changes by request only, or from others.
    Protected,
    /// A rule or a hook of the server says no.
    Hook,
    /// Something in the push is too large.
    TooLarge,
    /// Somebody else holds the branch at this moment.
    Locked,
    /// The branch moved.
    LostRace,
    /// Nobody has vouched for the host key of the server.
    HostKey,
    /// The certificate of the server does not hold.
    Certificate,
    /// The proxy says no or is not there.
    Proxy,
    /// The host has no address.
    Dns,
    /// Nobody listens there.
    Refused,
    /// The connection broke.
    Reset,
    /// Too many requests (429).
    Busy,
    /// The server failed (5xx).
    ServerFailed,
    /// Nothing came in time.
    Timeout,
    /// A disk of this machine is full.
    DiskFull,
    /// Our own copy is broken.
    BrokenCopy,
    /// The server gives no commits by their id.
    NotAdvertised,
    /// The server has no such commit.
    NoCommit,
    /// Its objects have ids of another sort (SHA-256).
    ObjectFormat,
    /// What answers is not Git, or something in between answers.
    NotGit,
    /// The way there is not allowed.
    NotAllowed,
    /// The repository belongs to another user of the machine that it is on.
    Owner,
    /// None of these.
    Unknown,
}

impl Reason {
    /// The word for documents.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Authentication => "authFailed",
            Self::Forbidden => "forbidden",
            Self::NotFound => "repositoryNotFound",
            Self::Moved => "repositoryMoved",
            Self::NoBranch => "branchNotFound",
            Self::Protected => "policyDeclined",
            Self::Hook => "hookDeclined",
            Self::TooLarge => "tooLarge",
            Self::Locked => "refLocked",
            Self::LostRace => "lostRace",
            Self::HostKey => "hostKey",
            Self::Certificate => "certificate",
            Self::Proxy => "proxy",
            Self::Dns => "dns",
            Self::Refused => "connectionRefused",
            Self::Reset => "connectionBroke",
            Self::Busy => "tooManyRequests",
            Self::ServerFailed => "serverFailed",
            Self::Timeout => "timeout",
            Self::DiskFull => "diskFull",
            Self::BrokenCopy => "brokenCopy",
            Self::NotAdvertised => "notAdvertised",
            Self::NoCommit => "commitNotFound",
            Self::ObjectFormat => "objectFormat",
            Self::NotGit => "notGit",
            Self::NotAllowed => "notAllowed",
            Self::Owner => "owner",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the same may well succeed a moment later.
    #[must_use]
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Reset | Self::Busy | Self::ServerFailed)
    }

    /// Whether a push may have been done although this came of it.
    pub(in crate::git) fn leaves_open(self) -> bool {
        matches!(self, Self::Reset | Self::ServerFailed | Self::Timeout | Self::Unknown)
    }

    fn kind(self) -> ErrorKind {
        match self {
            Self::Authentication => ErrorKind::Unauthenticated,
            Self::Forbidden => ErrorKind::Forbidden,
            Self::NotFound | Self::Moved | Self::NoBranch | Self::NoCommit => ErrorKind::NotFound,
            Self::Protected | Self::Hook | Self::TooLarge | Self::Owner => ErrorKind::Refused,
            Self::Locked | Self::LostRace => ErrorKind::LostRace,
            Self::ObjectFormat | Self::NotAllowed => ErrorKind::Usage,
            Self::DiskFull | Self::BrokenCopy => ErrorKind::Internal,
            _ => ErrorKind::Unreachable,
        }
    }

    fn clause(self) -> &'static str {
        match self {
            Self::Authentication => "the server does not accept the credentials, or wants some",
            Self::Forbidden => "these credentials have no right to it",
            Self::NotFound => "there is no such repository, or these credentials may not see it",
            Self::Moved => "it leads elsewhere, and a token is carried nowhere else",
            Self::NoBranch => "there is no such branch",
            Self::Protected => "the branch is protected: it takes changes by request only",
            Self::Hook => "a rule of the server declines it",
            Self::TooLarge => "it is larger than the server takes",
            Self::Locked => "another push holds the branch",
            Self::LostRace => "the branch moved in the meantime",
            Self::HostKey => "the host key of the server is not known, or it has changed",
            Self::Certificate => "the certificate of the server cannot be verified",
            Self::Proxy => "the proxy does not let it through",
            Self::Dns => "the host has no address",
            Self::Refused => "the host refuses the connection",
            Self::Reset => "the connection broke",
            Self::Busy => "the server wants fewer requests (429)",
            Self::ServerFailed => "the server failed",
            Self::Timeout => "it did not answer in time",
            Self::DiskFull => "the disk is full",
            Self::BrokenCopy => "the copy on this machine is broken",
            Self::NotAdvertised => "the server gives no commits by their id",
            Self::NoCommit => "the server has no such commit",
            Self::ObjectFormat => "its objects are SHA-256, which rb cannot read",
            Self::NotGit => "what answers there does not speak Git",
            Self::NotAllowed => "Git is not allowed to use this transport",
            Self::Owner => "the repository belongs to another user there",
            Self::Unknown => "git failed",
        }
    }

    fn hints(self, url: &RemoteUrl) -> Vec<String> {
        let argument = url.argument();
        let look = format!("git ls-remote {}", shell_quote(argument));
        let host = url.host().unwrap_or_default();
        match self {
            Self::Authentication if url.ssh_destination().is_some() => {
                let destination = url.ssh_destination().unwrap_or_default();
                let port = url.port().map(|port| format!("-p {port} ")).unwrap_or_default();
                vec![format!("ssh {port}-T {}", shell_quote(&destination)), "ssh-add -l".to_owned()]
            }
            Self::Authentication => vec![
                look,
                format!("printf 'url=%s\\n\\n' {} | git credential fill", shell_quote(argument)),
            ],
            Self::HostKey => vec![format!(
                "ssh-keyscan {}{} and compare it with what the host publishes",
                url.port().map(|port| format!("-p {port} ")).unwrap_or_default(),
                shell_quote(host)
            )],
            Self::Certificate => {
                vec!["git config --global http.sslCAInfo /path/to/ca.pem".to_owned(), look]
            }
            Self::Proxy => vec!["env | grep -i _proxy".to_owned(), look],
            Self::DiskFull => vec!["df -h".to_owned()],
            Self::LostRace | Self::Locked => vec!["run the same command again".to_owned()],
            Self::Owner => vec![format!(
                "git config --global --add safe.directory {}",
                shell_quote(&format!("/{}", url.path()))
            )],
            // What helps against a protected branch depends on who pushes what.
            Self::Protected
            | Self::Hook
            | Self::TooLarge
            | Self::ObjectFormat
            | Self::NotAllowed => Vec::new(),
            _ => vec![look],
        }
    }
}

/// What a call of `git` came to, read from what it said. It stands behind an [`Error`] as its cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkFailure {
    /// What stood in the way.
    pub reason: Reason,
    /// What `git` and the server said, sanitized, at most a few lines.
    pub said: Vec<String>,
}

/// Lines of a server and of `git` that an error repeats.
const REPEATED: usize = 8;
/// Columns of each.
const COLUMNS: usize = 300;

impl NetworkFailure {
    /// Reads it from the lines of `git` and those of the server.
    pub(in crate::git) fn read(said: &[String], remote: &[String]) -> Self {
        Self::with(network_signs::reason(said, remote), said, remote)
    }

    /// The deadline came first.
    pub(in crate::git) fn late(said: &[String], remote: &[String]) -> Self {
        Self::with(Reason::Timeout, said, remote)
    }

    pub(in crate::git) fn with(reason: Reason, said: &[String], remote: &[String]) -> Self {
        // The server's words tell more than those of git, which follow from them.
        let texts = remote.iter().chain(said.iter().filter(|line| !is_empty_talk(line)));
        let said = texts.take(REPEATED).map(|line| shown(line)).collect();
        Self { reason, said }
    }

    /// The failure behind an error, where it is one of the network.
    #[must_use]
    pub fn of(error: &Error) -> Option<&Self> {
        std::error::Error::source(error)?.downcast_ref()
    }

    /// The error: `what` is what was tried, as in `cannot fetch main`.
    pub(in crate::git) fn into_error(self, what: &str, url: &RemoteUrl) -> Error {
        let message = format!("{what} ({url}): {}", self.reason.clause());
        let hints = self.reason.hints(url);
        let error = Error::new(self.reason.kind(), message).because(self);
        hints.into_iter().fold(error, Error::hint)
    }
}

impl fmt::Display for NetworkFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.said.as_slice() {
            [] => f.write_str("git says nothing"),
            said => f.write_str(&said.join("; ")),
        }
    }
}

impl std::error::Error for NetworkFailure {}

fn shown(line: &str) -> String {
    text::truncate(&text::sanitize(line), COLUMNS).into_owned()
}

/// What `git` adds to every failure.
fn is_empty_talk(line: &str) -> bool {
    const EMPTY: [&str; 6] = [
        "error: failed to push some refs",
        "fatal: the remote end hung up unexpectedly",
        "Please make sure you have the correct access rights",
        "and the repository exists.",
        "Everything up-to-date",
        "warning: redirecting to",
    ];
    EMPTY.iter().any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn an_error_says_what_where_why_and_what_to_do() {
        let url = RemoteUrl::parse("https://u:s3cret@git.test/a/b.git").unwrap();
        let said = lines("fatal: Authentication failed for 'https://git.test/a/b.git/'");
        let error = NetworkFailure::read(&said, &[]).into_error("cannot fetch main", &url);
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert_eq!(
            error.to_string(),
            "cannot fetch main (https://git.test/a/b.git): the server does not accept the \
             credentials, or wants some"
        );
        assert_eq!(error.hints().first().unwrap(), "git ls-remote https://git.test/a/b.git");
        assert!(error.causes().first().unwrap().contains("Authentication failed"));
        assert_eq!(NetworkFailure::of(&error).unwrap().reason, Reason::Authentication);
    }

    #[test]
    fn the_server_is_heard_first_and_steers_no_terminal() {
        let said = lines("error: failed to push some refs to 'x'\nfatal: x");
        let remote = lines("GH006: Protected branch\u{1b}[2J update failed.");
        let failure = NetworkFailure::read(&said, &remote);
        assert_eq!(failure.reason, Reason::Protected);
        assert_eq!(failure.to_string(), "GH006: Protected branch\\x1b[2J update failed.; fatal: x");
        let flood: Vec<String> =
            (0..500).map(|line| format!("{line}{}", "x".repeat(2000))).collect();
        assert!(NetworkFailure::read(&[], &flood).to_string().len() < 3000);
    }
}
