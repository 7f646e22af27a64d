//! Signs commits the way the user's `git` would: the same settings, the same programs, the same
//! arguments.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Result};
use crate::git::commit::signing_program::{Answer, Program};
use crate::git::program::user_config::UserConfig;
use crate::text::sanitize;

/// How a signature is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    OpenPgp,
    X509,
    Ssh,
}

/// A key and the program that signs with it.
#[derive(Clone, Debug)]
pub struct Signing {
    format: Format,
    program: String,
    key: String,
    folder: PathBuf,
    timeout: Duration,
}

impl Signing {
    /// What the configuration says: `None` where commits are not signed (`commit.gpgsign`), unless
    /// `wanted` decides that. `committer` names the key where `user.signingkey` does not; programs run
    /// in `folder` and have `timeout` each, in which somebody may have to touch a key. Fails with
    /// [`ErrorKind::Usage`] where the settings do not say how.
    pub fn configured(
        config: &UserConfig,
        wanted: Option<bool>,
        committer: &crate::git::commit::identity::Identity,
        folder: &Path,
        timeout: Duration,
    ) -> Result<Option<Self>> {
        let is_wanted = match wanted {
            Some(wanted) => wanted,
            None => config.is_on("commit.gpgsign")?,
        };
        if !is_wanted {
            return Ok(None);
        }
        let format = match config.get("gpg.format").unwrap_or("openpgp") {
            "openpgp" => Format::OpenPgp,
            "x509" => Format::X509,
            "ssh" => Format::Ssh,
            other => {
                let message =
                    format!("gpg.format is {} in your Git configuration", sanitize(other));
                return Err(Error::new(ErrorKind::Usage, message)
                    .because("git signs with openpgp, x509 or ssh"));
            }
        };
        let program = match format {
            Format::OpenPgp => config.get("gpg.openpgp.program").or(config.get("gpg.program")),
            Format::X509 => config.get("gpg.x509.program"),
            Format::Ssh => config.get("gpg.ssh.program"),
        };
        let default = match format {
            Format::OpenPgp => "gpg",
            Format::X509 => "gpgsm",
            Format::Ssh => "ssh-keygen",
        };
        let program = program.map_or_else(|| default.to_owned(), with_home);
        let folder = folder.to_path_buf();
        let key = config.get("user.signingkey").map(str::to_owned);
        let key = match (key, format) {
            (Some(key), _) => key,
            (None, Format::Ssh) => default_ssh_key(config, &folder, timeout)?,
            (None, _) => committer.to_string(),
        };
        Ok(Some(Self { format, program, key, folder, timeout }))
    }

    /// The program that is asked, for messages.
    #[must_use]
    pub fn program(&self) -> &str {
        &self.program
    }

    /// The signature of a commit's text. Fails with [`ErrorKind::Refused`] where the program does not
    /// make one.
    pub(in crate::git) fn sign(&self, content: &str) -> Result<String> {
        let signature = match self.format {
            Format::OpenPgp | Format::X509 => self.sign_with_gpg(content)?,
            Format::Ssh => self.sign_with_ssh(content)?,
        };
        // Git writes no empty line after it.
        Ok(signature.replace("\r\n", "\n").trim_end_matches('\n').to_owned())
    }

    fn sign_with_gpg(&self, content: &str) -> Result<String> {
        let answer = self.run(&["--status-fd=2", "-bsau", &self.key], Some(content))?;
        let created = |line: &str| line.starts_with("[GNUPG:] SIG_CREATED ");
        if answer.succeeded && answer.stderr.lines().any(created) && !answer.stdout.is_empty() {
            return Ok(answer.stdout);
        }
        // What is for programs says little to people.
        let words: Vec<&str> =
            answer.stderr.lines().filter(|line| !line.starts_with("[GNUPG:]")).collect();
        Err(self.failed(&words.join("\n")))
    }

    fn sign_with_ssh(&self, content: &str) -> Result<String> {
        let scratch = Scratch::new()?;
        let buffer = scratch.file("commit", content)?;
        let key = match literal(&self.key) {
            Some(key) => scratch.file("key", &format!("{key}\n"))?,
            None => with_home(&self.key),
        };
        let answer = self.run(&["-Y", "sign", "-n", "git", "-f", &key, &buffer], None)?;
        if !answer.succeeded {
            return Err(self.failed(&answer.stderr));
        }
        std::fs::read_to_string(format!("{buffer}.sig"))
            .map_err(|error| self.failed("it left no signature").because(error))
    }

    fn run(&self, arguments: &[&str], input: Option<&str>) -> Result<Answer> {
        Program { name: &self.program, folder: &self.folder, timeout: self.timeout }
            .run(arguments, input)
    }

    fn failed(&self, why: &str) -> Error {
        let program = sanitize(&self.program);
        let why = why.lines().rev().find(|line| !line.trim().is_empty());
        let error = Error::new(ErrorKind::Refused, format!("{program} did not sign the commit"))
            .because(sanitize(why.unwrap_or("it said nothing")).into_owned());
        error.hint("git config --show-origin --get-regexp '^(user.signingkey|gpg|commit.gpgsign)'")
    }
}

/// The key itself where the setting holds it, and not the name of a file.
fn literal(key: &str) -> Option<&str> {
    key.strip_prefix("key::").or_else(|| key.starts_with("ssh-").then_some(key))
}

/// `~/` is the home folder.
fn with_home(path: &str) -> String {
    match (path.strip_prefix("~/"), std::env::var("HOME")) {
        (Some(rest), Ok(home)) => format!("{home}/{rest}"),
        _ => path.to_owned(),
    }
}

/// The first key that `gpg.ssh.defaultKeyCommand` names.
fn default_ssh_key(config: &UserConfig, folder: &Path, timeout: Duration) -> Result<String> {
    let Some(command) = config.get("gpg.ssh.defaultkeycommand") else {
        return Err(Error::new(ErrorKind::Usage, "no key to sign the commit with")
            .because("gpg.format is ssh, and user.signingkey is not set")
            .hint("git config --global user.signingkey ~/.ssh/id_ed25519.pub"));
    };
    let answer = Program { name: "sh", folder, timeout }.run(&["-c", command], None)?;
    let first = answer.stdout.lines().next().unwrap_or_default().trim();
    if answer.succeeded && literal(first).is_some() {
        return Ok(first.to_owned());
    }
    let message = "gpg.ssh.defaultKeyCommand named no key";
    Err(Error::new(ErrorKind::Refused, message)
        .hint("git config --show-origin --get gpg.ssh.defaultKeyCommand"))
}

/// A folder for the files that `ssh-keygen` reads and writes. It goes with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        let failed = |error| {
            let message = "cannot make a folder for the signature";
            Error::new(ErrorKind::Internal, message).because(error)
        };
        for _ in 0..8 {
            let name = format!("rb-sign-{:016x}", random());
            let folder = std::env::temp_dir().join(name);
            let mut builder = std::fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            match builder.create(&folder) {
                Ok(()) => return Ok(Self(folder)),
                // Somebody else's: never used.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed(std::io::ErrorKind::AlreadyExists.into()))
    }

    fn file(&self, name: &str, content: &str) -> Result<String> {
        let path = self.0.join(name);
        let written = std::fs::File::create_new(&path)
            .and_then(|mut file| file.write_all(content.as_bytes()));
        written.map_err(|error| {
            let message = "cannot write what is to be signed";
            Error::new(ErrorKind::Internal, message).because(error)
        })?;
        Ok(path.to_string_lossy().into_owned())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // It holds nothing that is secret, and nobody can do more about it.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A random number without a crate for it: each `RandomState` is keyed differently.
fn random() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    std::hash::RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests;
