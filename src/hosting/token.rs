//! Whose token is used for a host: from the environment, from a login of `gh` or `glab`, from Git's
//! credential helpers, in that order. The first that is for this server counts.
//!
//! Where a token is for one server it goes to no other one: the URL of a repository is easily foreign,
//! and a server of one's own tells itself what kind it is.

mod credential;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Host, Place};
use crate::cluster::Deadline;
use crate::error::{Error, ErrorKind, Result};

/// A token for any host.
const ANY: Variable =
    Variable { name: "RB_GIT_TOKEN", server_in: &["RB_GIT_HOST"], or_servers: &[] };

/// A token, and where it is from. Printing it shows no secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// The name of the user, where it comes with one.
    pub user: Option<String>,
    /// Where it is from: `GH_TOKEN`, `gh auth token`.
    pub source: String,
    secret: String,
}

impl Token {
    /// `None` where it is empty.
    #[must_use]
    pub fn new(secret: &str, source: impl Into<String>) -> Option<Self> {
        let secret = secret.trim().to_owned();
        (!secret.is_empty()).then(|| Self { user: None, source: source.into(), secret })
    }

    /// With the name of its user.
    #[must_use]
    pub fn of_user(self, user: Option<String>) -> Self {
        Self { user: user.filter(|user| !user.is_empty()), ..self }
    }

    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// What the header `Authorization` says.
    #[must_use]
    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.secret)
    }

    /// The same for hosts on which it may be a password.
    #[must_use]
    pub fn basic(&self, user: &str) -> String {
        format!("Basic {}", STANDARD.encode(format!("{user}:{}", self.secret)))
    }

    /// A text of a server, without the token that it may repeat.
    #[must_use]
    pub fn hide(&self, text: &str) -> String {
        let user = self.user.as_deref().unwrap_or_default();
        let basic = STANDARD.encode(format!("{user}:{}", self.secret));
        text.replace(&self.secret, "***").replace(&basic, "***")
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token(from {})", self.source)
    }
}

/// An environment variable that may hold a token, and for which server it is.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Variables that name the server, as a URL or a host: the first that is set counts.
    pub server_in: &'static [&'static str],
    /// Where none of them is set: servers that it is for. `.ghe.com` is each name that ends so.
    pub or_servers: &'static [&'static str],
}

impl Variable {
    fn is_for(&self, place: &Place, environment: &Environment) -> bool {
        match self.server_in.iter().find_map(|name| environment.get(name)) {
            Some(server) => server_of(server) == place.host,
            None => self.or_servers.iter().any(|server| is_server(&place.host, server)),
        }
    }

    /// How to say for which server it is.
    fn rule(&self) -> String {
        let servers = self.or_servers.join(", ").replace(".ghe", "*.ghe");
        match (self.server_in.first(), servers.as_str()) {
            (Some(name), "") => format!("it is for the server in {name}"),
            (Some(name), _) => format!("it is for {servers}, or for the server in {name}"),
            (None, _) => format!("it is for {servers}"),
        }
    }
}

/// Whether a server is the one that is named, or `.one.of.these`.
pub(super) fn is_server(host: &str, server: &str) -> bool {
    host == server || (server.starts_with('.') && host.ends_with(server))
}

/// Host and port of `https://host:port/path`, `host:port` and `host`.
fn server_of(text: &str) -> String {
    let (scheme, rest) = text.trim().split_once("://").unwrap_or(("https", text.trim()));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let port = if scheme == "http" { ":80" } else { ":443" };
    host.strip_suffix(port).map(str::to_owned).unwrap_or(host)
}

/// The environment variables of a process. Printing it shows none of them.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// Those of this process.
    #[must_use]
    pub fn of_process() -> Self {
        std::env::vars_os().collect()
    }

    /// The value of a variable; `None` where it is empty or no text.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let value = self.variables.get(OsStr::new(name))?.to_str()?;
        (!value.trim().is_empty()).then_some(value)
    }

    pub(super) fn without(&self, names: &[&str]) -> Self {
        let kept = |name: &OsString| !names.iter().any(|gone| name == *gone);
        let variables = self.variables.iter().filter(|(name, _)| kept(name));
        variables.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.variables.iter()
    }
}

impl<N: Into<OsString>, V: Into<OsString>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let variables = pairs.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self { variables: variables.collect() }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.variables.len())
    }
}

/// A token for this host; [`ErrorKind::Usage`] where there is none.
pub async fn find(
    host: &dyn Host,
    place: &Place,
    environment: &Environment,
    deadline: Deadline,
) -> Result<Token> {
    if let Some(token) = of_environment(host, place, environment) {
        return Ok(token);
    }
    if let Some(login) = host.login()
        && let Some(token) = login.token(place, environment, deadline).await
    {
        return Ok(token);
    }
    match credential::of_git(place, environment, deadline).await {
        Some(token) => Ok(token),
        None => Err(none(host, place, environment)),
    }
}

fn all(host: &dyn Host) -> impl Iterator<Item = &'static Variable> {
    std::iter::once(&ANY).chain(host.variables())
}

fn of_environment(host: &dyn Host, place: &Place, environment: &Environment) -> Option<Token> {
    let mut found = all(host).filter(|variable| variable.is_for(place, environment));
    found.find_map(|variable| Token::new(environment.get(variable.name)?, variable.name))
}

fn none(host: &dyn Host, place: &Place, environment: &Environment) -> Error {
    let server = &place.host;
    let error = Error::new(ErrorKind::Usage, format!("there is no token for {server}"));
    let foreign: Vec<String> = all(host)
        .filter(|variable| environment.get(variable.name).is_some())
        .map(|variable| format!("{} is set, but {}", variable.name, variable.rule()))
        .collect();
    let error = if foreign.is_empty() { error } else { error.because(foreign.join("; ")) };
    let error = match host.login() {
        Some(login) => error.hint(login.command(place)),
        None => error,
    };
    error
        .hint(format!("export {}=TOKEN {}={server}", ANY.name, ANY.server_in.concat()))
        .hint(format!("the token needs: {}", host.rights()))
}

#[cfg(test)]
mod tests;
