//! The user's own `git`: the only file of the library that starts it.
//!
//! An argument list and never a shell; an environment without what leads elsewhere (`scrubbed`);
//! a deadline for each call, after which the child and its children are ended; what is read is bounded.
//! Secrets go through the environment: argument lists are public on a machine.

pub(in crate::git) mod adopted;
pub(in crate::git) mod chatter;
pub mod credentials;
pub(in crate::git) mod environment;
pub(in crate::git) mod running;
pub mod user_config;
pub(in crate::git) mod version;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Command;
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::{Error, ErrorKind, Result};
use crate::git::program::chatter::Chatter;
use crate::git::program::credentials::Credentials;
use crate::git::program::environment::{
    Variables, add_settings, keep_ssh_quiet, names_ssh, scrubbed,
};
use crate::git::program::running::Running;
use crate::git::program::version::Version;
use crate::git::remote::remote_url::{RemoteUrl, Transport};

/// What the user may have set and what must not be so here: programs that run by themselves, work in
/// the background on a repository that is under a lock, and advice in the middle of what is read.
const SETTINGS: [&str; 10] = [
    "protocol.ext.allow=never",
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "fetch.writeCommitGraph=false",
    "fetch.prune=false",
    "push.followTags=false",
    "advice.pushUpdateRejected=false",
    "color.ui=never",
];
/// How much of an answer is read.
const STDOUT_LIMIT: usize = 8 * 1024 * 1024;
/// How long pipes are read that a child in the background holds open after `git` has ended.
const AFTERGLOW: Duration = Duration::from_secs(2);
/// Patience with what needs no network.
const LOCAL: Duration = Duration::from_secs(10);

/// Who is told of progress: a line of `git`, with foreign text that is not sanitized.
pub type OnProgress<'a> = dyn FnMut(&str) + 'a;

/// The program, with the environment that it is run in.
#[derive(Clone, Debug)]
pub struct Git {
    variables: Variables,
    credentials: Option<(String, Credentials)>,
    interactive: bool,
    version: Version,
}

/// One call.
pub(super) struct Call<'a> {
    /// What follows `git --git-dir=…`.
    pub(super) arguments: Vec<OsString>,
    /// The repository that it is about.
    pub(super) git_dir: Option<&'a Path>,
    /// When nobody waits any longer.
    pub(super) deadline: Instant,
    /// Whether it talks to the remote, and needs the credentials for it.
    pub(super) remote: bool,
    /// Settings for this call, as `name=value`.
    pub(super) settings: &'a [&'a str],
}

/// What came of a call.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) status: ExitStatus,
    pub(super) stdout: Vec<u8>,
    /// What `git` said, without progress and without the server's lines.
    pub(super) said: Vec<String>,
    /// What the server said (`remote: …`).
    pub(super) remote: Vec<String>,
}

/// Why there is nothing of a call.
#[derive(Debug)]
pub(super) enum NoOutput {
    /// It could not be run.
    NotRun(std::io::Error),
    /// It was ended at the deadline; what it had said until then.
    Late { said: Vec<String>, remote: Vec<String> },
}

impl Git {
    /// Finds `git` and asks for its version. `variables` are those of this process
    /// (`std::env::vars_os()`); `interactive` says whether somebody at a terminal can answer questions.
    /// Usage error: it is missing or too old.
    pub async fn find(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        interactive: bool,
    ) -> Result<Self> {
        let variables = scrubbed(variables, interactive);
        let credentials = None;
        let mut git = Self { variables, credentials, interactive, version: version::OLDEST };
        let output = git.local(None, &["version"]).await?;
        let said = String::from_utf8_lossy(&output.stdout);
        let found = Version::parse(&said).ok_or_else(|| version::not_git(&said))?;
        if found < version::OLDEST {
            return Err(version::too_old(found));
        }
        git.version = found;
        Ok(git)
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// With what a checkout of this repository says in its own configuration about the network, as
    /// `git` would read it there: CI systems write their credentials into it.
    pub async fn adopt(mut self, checkout: &Path) -> Result<Self> {
        let output = self.at(checkout, &adopted::ARGUMENTS).await?;
        // It ends with 1 where there is nothing of that.
        add_settings(&mut self.variables, &adopted::settings(&output.stdout));
        Ok(self)
    }

    /// For one remote: with these credentials, else those of its URL, else none but the user's helpers.
    /// Without a terminal SSH is told not to ask.
    pub async fn for_remote(
        mut self,
        url: &RemoteUrl,
        credentials: Option<Credentials>,
    ) -> Result<Self> {
        let credentials = credentials.or_else(|| url.credentials().cloned());
        self.credentials = match (url.origin(), credentials) {
            (Some(origin), Some(credentials)) => Some((origin, credentials.checked()?)),
            _ => None,
        };
        if url.transport() == Transport::Ssh && !self.interactive {
            let configured = if names_ssh(&self.variables) {
                None
            } else {
                let output = self.local(None, &["config", "--get", "core.sshCommand"]).await?;
                Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
            };
            let configured = configured.as_deref().filter(|command| !command.is_empty());
            keep_ssh_quiet(&mut self.variables, configured);
        }
        Ok(self)
    }

    /// A call that needs no network and succeeds or fails quickly.
    pub(super) async fn local(&self, git_dir: Option<&Path>, words: &[&str]) -> Result<Output> {
        let call = Call { git_dir, ..local(words.iter().map(OsString::from).collect()) };
        self.call(call, &mut |_| ()).await.map_err(NoOutput::into_error)
    }

    /// The same in a folder.
    pub(super) async fn at(&self, folder: &Path, words: &[&str]) -> Result<Output> {
        let mut arguments: Vec<OsString> = vec!["-C".into(), folder.into()];
        arguments.extend(words.iter().map(OsString::from));
        self.call(local(arguments), &mut |_| ()).await.map_err(NoOutput::into_error)
    }

    /// Runs `git` to its end, or to the deadline.
    pub(super) async fn call<'a>(
        &'a self,
        call: Call<'a>,
        progress: &'a mut OnProgress<'a>,
    ) -> Result<Output, NoOutput> {
        let started = Instant::now();
        let mut command = self.command(&call);
        let child = command.spawn().map_err(NoOutput::NotRun)?;
        let mut running = Running::new(child, !self.interactive);
        let (out, err) = (running.child().stdout.take(), running.child().stderr.take());

        let secrets = self.credentials.as_ref().map(|(_, held)| held.secrets()).unwrap_or_default();
        let mut chatter = Chatter::new(progress, &secrets);
        let mut stdout = Vec::new();
        let ended = {
            let reading = async {
                let out = read(out, |bytes| {
                    let room = STDOUT_LIMIT.saturating_sub(stdout.len());
                    stdout.extend(bytes.iter().take(room));
                });
                tokio::join!(out, read(err, |bytes| chatter.push(bytes)));
            };
            tokio::pin!(reading);
            let whole = async {
                tokio::select! {
                    () = &mut reading => running.wait().await,
                    status = running.wait() => {
                        let _ = timeout(AFTERGLOW, reading).await;
                        status
                    }
                }
            };
            timeout_at(call.deadline, whole).await
        };
        if ended.is_err() {
            running.end().await;
        }
        let (said, remote) = chatter.finish();
        let ms = started.elapsed().as_millis();
        let word = call.arguments.first().cloned().unwrap_or_default();
        match ended {
            Ok(Ok(status)) => {
                tracing::debug!(command = ?word, %status, ms, "git");
                Ok(Output { status, stdout, said, remote })
            }
            Ok(Err(error)) => Err(NoOutput::NotRun(error)),
            Err(_) => {
                tracing::debug!(command = ?word, ms, "git was ended at the deadline");
                Err(NoOutput::Late { said, remote })
            }
        }
    }

    fn command(&self, call: &Call<'_>) -> Command {
        let mut variables = self.variables.clone();
        let mut command = Command::new("git");
        if call.remote {
            if let Some((origin, credentials)) = &self.credentials {
                add_settings(&mut variables, &credentials.settings(origin));
                for (name, value) in credentials.variables() {
                    variables.insert(name.into(), value.into());
                }
            }
            for setting in SETTINGS.iter().chain(call.settings) {
                command.arg("-c").arg(setting);
            }
        }
        if let Some(git_dir) = call.git_dir {
            let mut word = OsString::from("--git-dir=");
            word.push(git_dir);
            command.arg(word);
        }
        command.args(&call.arguments).env_clear().envs(&variables).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own can be ended as a whole. With a terminal it stays in that of `rb`: another
        // one may not read from the terminal, and Ctrl-C reaches it there.
        #[cfg(unix)]
        if !self.interactive {
            command.process_group(0);
        }
        command
    }
}

fn local<'a>(arguments: Vec<OsString>) -> Call<'a> {
    let (git_dir, remote, settings) = (None, false, &[][..]);
    Call { arguments, git_dir, deadline: Instant::now() + LOCAL, remote, settings }
}

impl NoOutput {
    /// The error of a call that needs no network.
    fn into_error(self) -> Error {
        match self {
            Self::NotRun(error) => version::missing(error),
            Self::Late { .. } => {
                Error::new(ErrorKind::Internal, "git does not end").hint("command -v git")
            }
        }
    }
}

async fn read(pipe: Option<impl AsyncRead + Unpin>, mut take: impl FnMut(&[u8])) {
    let Some(mut pipe) = pipe else { return };
    // Not in the future itself: each that waits for it would carry it along.
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = pipe.read(&mut buffer).await {
        take(buffer.get(..count).unwrap_or_default());
    }
}

/// Where `rb` keeps what it fetches: `$XDG_CACHE_HOME/rb/git`, else `~/.cache/rb/git`. `None` where the
/// environment says neither.
#[must_use]
pub fn cache_folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let path = |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let caches = path("XDG_CACHE_HOME").or_else(|| Some(path("HOME")?.join(".cache")))?;
    Some(caches.join("rb").join("git"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_where_the_user_wants_it() {
        let folder = |xdg: &'static str, home: &'static str| {
            cache_folder(move |name| match name {
                "XDG_CACHE_HOME" => Some(xdg.into()),
                "HOME" => Some(home.into()),
                _ => None,
            })
        };
        assert_eq!(folder("/x", "/h"), Some("/x/rb/git".into()));
        assert_eq!(folder("relative", "/h"), Some("/h/.cache/rb/git".into()));
        assert_eq!(folder("", ""), None);
    }
}
