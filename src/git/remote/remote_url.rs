//! Where a repository is: the URLs and paths that Git takes, and nothing that would run a program.
//!
//! Credentials are taken out on the way in: what is shown, hashed, logged and handed to `git` has none.

mod parse;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::Path;

use crate::error::Result;
use crate::git::program::credentials::Credentials;
use crate::text;

/// How a repository is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// `https://`
    Https,
    /// `http://`
    Http,
    /// `ssh://`, or `user@host:path`
    Ssh,
    /// `git://`
    Git,
    /// `file://`, or a path
    File,
}

/// The place of a repository, without credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteUrl {
    transport: Transport,
    /// Only of SSH, where it is a part of the place.
    user: Option<String>,
    /// Lower case, IPv6 in brackets; empty for files.
    host: String,
    port: Option<u16>,
    /// As it was written: with the leading `/` of a URL, without one after `host:`.
    path: String,
    /// What `git` is told.
    argument: String,
    credentials: Option<Credentials>,
}

impl RemoteUrl {
    /// Reads a URL, `host:path` or a path of this machine; a relative one starts where `rb` runs.
    /// Usage error: a helper of Git (`ext::`), an option, a control character, an unknown scheme.
    pub fn parse(text: &str) -> Result<Self> {
        parse::parse(text)
    }

    /// The same, where relative paths start in `folder`.
    pub fn parse_in(text: &str, folder: &Path) -> Result<Self> {
        let url = Self::parse(text)?;
        let is_path = url.transport == Transport::File && !text.contains("://");
        match folder.join(text).to_str() {
            Some(absolute) if is_path && Path::new(text).is_relative() => Self::parse(absolute),
            _ => Ok(url),
        }
    }

    /// The path of this machine, where it is one.
    #[must_use]
    pub fn path_of_file(&self) -> Option<&str> {
        (self.transport == Transport::File).then_some(self.path.as_str())
    }

    /// How it is reached.
    #[must_use]
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The host in lower case, without port; `None` for files.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        Some(self.host.as_str()).filter(|host| !host.is_empty())
    }

    /// The port, where it is not the usual one.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        self.port
    }

    /// The path without `/` at its ends and without `.git`: `owner/repository` on most hosts.
    #[must_use]
    pub fn path(&self) -> &str {
        let path = self.path.trim_matches('/');
        let path = path.strip_suffix("/.git").or_else(|| path.strip_suffix(".git")).unwrap_or(path);
        path.trim_end_matches('/')
    }

    /// What `git` is told: as it was written, so that `url.….insteadOf` matches, without credentials.
    #[must_use]
    pub fn argument(&self) -> &str {
        &self.argument
    }

    /// The same text for all ways to write this place with this transport.
    #[must_use]
    pub fn canonical(&self) -> String {
        let scheme = match self.transport {
            Transport::Https => "https",
            Transport::Http => "http",
            Transport::Ssh => "ssh",
            Transport::Git => "git",
            Transport::File => return format!("file:///{}", self.path()),
        };
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        format!("{scheme}://{user}{}/{}", self.authority(), self.path())
    }

    /// The same text for all transports that lead to this place: `github.com/owner/repository`.
    #[must_use]
    pub fn identity(&self) -> String {
        match self.transport {
            Transport::File => self.canonical(),
            _ => format!("{}/{}", self.authority(), self.path()),
        }
    }

    /// `https://host:port`: what credentials are bound to. `None` where HTTP is not spoken.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        match self.transport {
            Transport::Https => Some(format!("https://{}", self.authority())),
            Transport::Http => Some(format!("http://{}", self.authority())),
            Transport::Ssh | Transport::Git | Transport::File => None,
        }
    }

    /// The credentials that stood in the URL.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// `user@host` for `ssh`.
    #[must_use]
    pub fn ssh_destination(&self) -> Option<String> {
        let user = self.user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
        (self.transport == Transport::Ssh).then(|| format!("{user}{}", self.host))
    }

    fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }
}

/// As it was written, without credentials and safe to show.
impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::sanitize(&self.argument))
    }
}
