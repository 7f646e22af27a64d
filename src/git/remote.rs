//! A repository somewhere, and one branch of it: looked at, fetched and pushed to. The way of a revert:
//!
//! 1. [`crate::git::locate::locate`] says which repository and branch; [`Remote::connect`] how to talk to it;
//! 2. [`crate::git::store::cache::open`] opens the copy, [`Remote::fetch`] brings it up to date;
//! 3. [`Remote::push_with_retry`] makes the commit and pushes it, again where somebody was faster.
//!
//! With a copy that is there this is two calls of `git` over the network.

pub mod fetch;
pub mod heads;
pub(in crate::git) mod jitter;
pub mod network_failure;
pub(in crate::git) mod network_signs;
pub mod push;
pub(in crate::git) mod push_report;
pub mod remote_url;
pub mod retry;

use std::ffi::OsString;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::git::branch::BranchName;
use crate::git::program::credentials::Credentials;
use crate::git::program::version;
use crate::git::program::{Call, Git, NoOutput, OnProgress, Output};
use crate::git::remote::heads::Heads;
use crate::git::remote::network_failure::NetworkFailure;
use crate::git::remote::remote_url::RemoteUrl;
use crate::text::shell_quote;

/// How often a read is tried that fails for a reason that passes.
const TRIES: u32 = 3;
/// The longest pause between two of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A connection that stays silent for a minute is dead: a server that works sends a sign of life every
/// few seconds.
const SILENCE: [&str; 2] = ["http.lowSpeedLimit=1", "http.lowSpeedTime=60"];

/// How long each sort of call may take, within the time for the whole command.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// `ls-remote`
    pub look: Duration,
    /// `fetch`
    pub fetch: Duration,
    /// `push`, with the hooks of the server.
    pub push: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        Self { look: Duration::from_secs(30), fetch: minutes(10), push: minutes(3) }
    }
}

/// A repository that can be reached.
#[derive(Debug)]
pub struct Remote {
    git: Git,
    url: RemoteUrl,
    until: Instant,
    patience: Patience,
    calls: AtomicU32,
}

/// Why a call brought nothing.
pub(super) enum Failed {
    Network(NetworkFailure),
    Other(Error),
}

impl Remote {
    /// Prepares, and sends nothing yet. `until` is the end of the time for the whole command. Without
    /// `credentials` those of the URL are used, else what the user's configuration of `git` says.
    pub async fn connect(
        git: Git,
        url: RemoteUrl,
        credentials: Option<Credentials>,
        until: Instant,
    ) -> Result<Self> {
        let git = git.for_remote(&url, credentials).await?;
        Ok(Self { git, url, until, patience: Patience::default(), calls: AtomicU32::new(0) })
    }

    /// With other times.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> &RemoteUrl {
        &self.url
    }

    /// How often `git` was run over the network so far.
    #[must_use]
    pub fn calls(&self) -> u32 {
        self.calls.load(Ordering::Relaxed)
    }

    /// Where this branch stands and which one is the default: one call.
    pub async fn look(&self, branch: Option<&BranchName>) -> Result<Heads> {
        let mut arguments = words(&["ls-remote", "--symref", "--", self.url.argument(), "HEAD"]);
        if let Some(branch) = branch {
            arguments.push(branch.full().into());
            arguments.push(format!("refs/tags/{}", branch.as_str()).into());
        }
        let output = self.read(self.patience.look, None, &arguments, &mut |_| ()).await;
        let output = output.map_err(|failed| self.error("cannot read the repository", failed))?;
        Ok(Heads::parse(&output.stdout))
    }

    /// The branch that a clone would check out: one call.
    pub async fn default_branch(&self) -> Result<BranchName> {
        self.look(None).await?.default_branch().ok_or_else(|| {
            let message = format!("{} has no default branch", self.url);
            let list = format!("git ls-remote --heads {}", shell_quote(self.url.argument()));
            Error::new(ErrorKind::NotFound, message)
                .again("name one", ["--branch", "NAME"])
                .hint(list)
        })
    }

    pub(super) fn until(&self) -> Instant {
        self.until
    }

    pub(super) fn patience(&self) -> Patience {
        self.patience
    }

    /// A call that changes nothing there: tried again where the reason may have passed.
    pub(super) async fn read(
        &self,
        patience: Duration,
        git_dir: Option<&Path>,
        arguments: &[OsString],
        progress: &mut OnProgress<'_>,
    ) -> Result<Output, Failed> {
        for failures in 1.. {
            let call = self.call(patience, git_dir, arguments, &SILENCE);
            let failure = match self.run(call, progress).await? {
                Ok(output) if output.status.success() => return Ok(output),
                Ok(output) => NetworkFailure::read(&output.said, &output.remote),
                Err(late) => late,
            };
            let pause = jitter::pause(failures, LONGEST_PAUSE);
            let in_time = Instant::now() + pause < self.until;
            if failures >= TRIES || !failure.reason.is_transient() || !in_time {
                return Err(Failed::Network(failure));
            }
            tokio::time::sleep(pause).await;
        }
        Err(Failed::Network(NetworkFailure::late(&[], &[])))
    }

    /// One call, whatever becomes of it. The inner error is that of the deadline.
    pub(super) async fn run(
        &self,
        call: Call<'_>,
        progress: &mut OnProgress<'_>,
    ) -> Result<Result<Output, NetworkFailure>, Failed> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        match self.git.call(call, progress).await {
            Ok(output) => Ok(Ok(output)),
            Err(NoOutput::NotRun(error)) => Err(Failed::Other(version::missing(error))),
            Err(NoOutput::Late { said, remote }) => Ok(Err(NetworkFailure::late(&said, &remote))),
        }
    }

    pub(super) fn call<'a>(
        &self,
        patience: Duration,
        git_dir: Option<&'a Path>,
        arguments: &[OsString],
        settings: &'a [&'a str],
    ) -> Call<'a> {
        let deadline = self.until.min(Instant::now() + patience);
        Call { arguments: arguments.to_vec(), git_dir, deadline, remote: true, settings }
    }

    pub(super) fn error(&self, what: &str, failed: Failed) -> Error {
        match failed {
            Failed::Network(failure) => failure.into_error(what, &self.url),
            Failed::Other(error) => error,
        }
    }
}

pub(super) fn words(words: &[&str]) -> Vec<OsString> {
    words.iter().map(OsString::from).collect()
}
