//! The API of one host as one user: the only HTTP client of this module.
//!
//! Documents in and out are JSON. Answers are bounded. Redirects are followed on the same server only,
//! and a write only by those that keep it a write. Nothing is asked of another server: the token is
//! not for it.

mod answer;
mod look;
pub(super) mod pause;
mod refusal;
mod write;

use std::fmt;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, IF_NONE_MATCH, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use serde_json::Value;
use tokio::time::sleep;

pub(super) use self::answer::{Answer, unknown};
pub(super) use self::look::Look;
use super::Host;
use super::place::Place;
use super::token::Token;
use crate::cluster::{Deadline, HttpAsk, NoAnswer, Why, ask_url};
use crate::error::{Error, ErrorKind, Result};
use crate::text::sanitize;

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much of an answer is read: a page of requests with long texts fits in.
const LIMIT: usize = 16 * 1024 * 1024;
/// How often a read is sent.
const TRIES: u32 = 3;
/// How often a redirect is followed.
const HOPS: usize = 3;
/// How many pages of a list are read: the newest come first.
const PAGES: usize = 4;
/// How many members a page of a list has. Gitea gives no more than that.
pub(super) const PAGE: usize = 50;

/// Why a redirect to another server is not followed.
const ONE_SERVER: &str = "the token is for the first server only, so rb does not follow";
/// Why a redirect is not followed that makes a read of a write.
const READS_ONLY: &str = "what was to be written would not be sent there";

/// How long to wait between two looks.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between the first looks at a request that waits to be merged.
    pub first: Duration,
    /// At most.
    pub most: Duration,
    /// While the host works out what it has been told.
    pub settle: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { first: seconds(2), most: seconds(30), settle: seconds(2) }
    }
}

/// The API of one host as one user.
pub struct Api {
    host: &'static dyn Host,
    place: Place,
    token: Token,
    base: String,
    /// Scheme, host and port that the token goes to.
    origin: String,
    headers: HeaderMap,
    pace: Pace,
    deadline: Deadline,
}

/// Names the server and nothing secret.
impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("base", &self.base)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

/// Why there is no answer to a write.
#[derive(Debug)]
pub struct Lost {
    /// In words.
    pub error: Error,
    /// Whether it may have been done all the same.
    pub may_be_done: bool,
    /// Whether asking again may help.
    is_passing: bool,
}

impl From<Lost> for Error {
    fn from(lost: Lost) -> Self {
        lost.error
    }
}

impl Api {
    /// Connects nothing yet. [`ErrorKind::Usage`] where the token cannot stand in a header.
    pub fn new(
        host: &'static dyn Host,
        repository: Place,
        token: Token,
        pace: Pace,
        deadline: Deadline,
    ) -> Result<Self> {
        let base = host.api(&repository);
        let mut headers = HeaderMap::new();
        for (name, value) in host.headers(&token) {
            let value = HeaderValue::from_str(&value).ok();
            let name = HeaderName::from_bytes(name.as_bytes()).ok();
            let (Some(name), Some(mut value)) = (name, value) else {
                let message = format!("what {} holds is no token", token.source);
                return Err(Error::new(ErrorKind::Usage, message)
                    .because("it has characters that no token has, such as a line end"));
            };
            value.set_sensitive(name == AUTHORIZATION);
            headers.insert(name, value);
        }
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let origin = base.parse::<Uri>().ok().and_then(|uri| origin(&uri)).unwrap_or_default();
        Ok(Self { host, place: repository, token, base, origin, headers, pace, deadline })
    }

    /// Which kind of host it is.
    #[must_use]
    pub fn host(&self) -> &'static dyn Host {
        self.host
    }

    /// The repository.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Whose token is used.
    #[must_use]
    pub fn token(&self) -> &Token {
        &self.token
    }

    /// The URL that the paths of its API are below.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) fn pace(&self) -> Pace {
        self.pace
    }

    pub(super) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Reads a path; whatever the host answers in the end is an answer.
    pub(super) async fn get(&self, path: &str) -> Result<Answer> {
        self.get_since(path, None).await
    }

    /// The same, where it has changed since this `ETag`; else status 304.
    async fn get_since(&self, path: &str, etag: Option<&HeaderValue>) -> Result<Answer> {
        let url = format!("{}{path}", self.base);
        let mut tries = 1;
        loop {
            let answer = self.ask(&Method::GET, &url, etag, None).await;
            let pause = match &answer {
                Ok(answer) => pause::after(answer.status, &answer.headers, tries),
                Err(lost) => lost.is_passing.then(|| pause::backoff(tries)),
            };
            let pause = pause.filter(|pause| *pause < self.deadline.remaining());
            match pause.filter(|pause| tries < TRIES && *pause <= pause::LONGEST) {
                Some(pause) => sleep(pause).await,
                None => return answer.map_err(Error::from),
            }
            tries += 1;
        }
    }

    /// The first member of a list that is looked for, on its first pages.
    pub(super) async fn find<T>(
        &self,
        list: &str,
        what: &str,
        mut is_it: impl FnMut(&Value) -> Option<T>,
    ) -> Result<Option<T>> {
        for page in 1..=PAGES {
            let answer = self.get(&format!("{list}&page={page}")).await?;
            let document = answer.ok(self, what)?;
            let Some(members) = document.as_array() else {
                return Err(self.odd("it is no list"));
            };
            if let Some(found) = members.iter().find_map(&mut is_it) {
                return Ok(Some(found));
            }
            if !answer.has_next_page(members.len()) {
                break;
            }
        }
        Ok(None)
    }

    async fn ask(
        &self,
        method: &Method,
        url: &str,
        etag: Option<&HeaderValue>,
        body: Option<&Value>,
    ) -> Result<Answer, Lost> {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let mut headers = self.headers.clone();
        if body.is_empty() {
            headers.remove(CONTENT_TYPE);
        }
        if let Some(etag) = etag {
            headers.insert(IF_NONE_MATCH, etag.clone());
        }
        let ask = HttpAsk {
            method: method.clone(),
            headers: &headers,
            body: body.as_bytes(),
            limit: LIMIT,
        };
        let mut url = url.to_owned();
        for _ in 0..=HOPS {
            let uri = self.own(&url)?;
            let answer = ask_url(&uri, &ask, self.deadline.earlier(PATIENCE)).await;
            let answer = answer.map_err(|no_answer| self.lost(no_answer))?;
            let location = answer.headers.get(LOCATION).and_then(|value| value.to_str().ok());
            match (answer.status, location) {
                (307 | 308, Some(to)) => url = absolute(&uri, to),
                (301..=303, Some(to)) if *method == Method::GET => url = absolute(&uri, to),
                (301..=303, Some(to)) => {
                    return Err(self.elsewhere(&absolute(&uri, to), READS_ONLY));
                }
                _ => return Answer::read(answer, self, *method != Method::GET),
            }
        }
        Err(Lost::not_done(self.odd("it redirects without an end")))
    }

    /// The URL, if it is one of the server that the token is for.
    fn own(&self, url: &str) -> Result<Uri, Lost> {
        let uri = url.parse::<Uri>().ok();
        let is_own = |uri: &Uri| origin(uri).is_some_and(|origin| origin == self.origin);
        uri.filter(is_own).ok_or_else(|| self.elsewhere(url, ONE_SERVER))
    }

    /// A redirect that is not followed.
    fn elsewhere(&self, to: &str, why: &str) -> Lost {
        let to = to.split(['?', '#']).next().unwrap_or_default();
        let to: String = sanitize(to).chars().take(200).collect();
        let message = format!("{} redirects to {to}", self.name());
        let error = Error::new(ErrorKind::Refused, message)
            .because(why)
            .hint("git remote get-url origin   # is this still where the repository is?");
        Lost::not_done(error)
    }

    fn lost(&self, no_answer: NoAnswer) -> Lost {
        let (is_passing, may_be_done) = match no_answer.why {
            Why::Refused | Why::Unreachable => (true, false),
            Why::Dns | Why::Tls | Why::ProxyRefused | Why::Configuration => (false, false),
            _ => (true, true),
        };
        let why = sanitize(&no_answer.message).into_owned();
        let error = Error::new(ErrorKind::Unreachable, format!("no answer of {}", self.name()))
            .because(why);
        let error = match no_answer.hint {
            Some(hint) => error.hint(hint),
            None => error,
        };
        Lost { error, may_be_done, is_passing }
    }

    /// `GitHub (api.github.com)`.
    pub(super) fn name(&self) -> String {
        let server = self.origin.split_once("://").map_or("", |(_, server)| server);
        format!("{} ({server})", self.host.title())
    }

    /// An answer that is not one of this kind of host.
    pub(super) fn odd(&self, what: &str) -> Error {
        let words: Vec<&str> = super::REGISTRY.iter().map(|host| host.word()).collect();
        let message = format!("{} does not answer as {} does", self.name(), self.host.title());
        Error::new(ErrorKind::Unreachable, message)
            .because(what.to_owned())
            .hint(format!("say which kind of host it is: --host {}", words.join("|")))
    }
}

impl Lost {
    fn not_done(error: Error) -> Self {
        Self { error, may_be_done: false, is_passing: false }
    }
}

/// Scheme, host and port; `None` of what has no host.
fn origin(uri: &Uri) -> Option<String> {
    let authority = uri.authority()?;
    let scheme = uri.scheme_str()?;
    let port = uri.port_u16().unwrap_or(if scheme == "http" { 80 } else { 443 });
    Some(format!("{scheme}://{}:{port}", authority.host().to_ascii_lowercase()))
}

/// Where a redirect leads.
fn absolute(from: &Uri, to: &str) -> String {
    let scheme = from.scheme_str().unwrap_or_default();
    let authority = from.authority().map(ToString::to_string).unwrap_or_default();
    if to.starts_with("//") {
        format!("{scheme}:{to}")
    } else if to.starts_with('/') {
        format!("{scheme}://{authority}{to}")
    } else {
        to.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_told_apart_by_scheme_host_and_port() {
        let of = |url: &str| origin(&url.parse().unwrap());
        assert_eq!(of("https://api.github.com/x"), of("https://API.github.com:443/y"));
        for other in [
            "http://api.github.com/x",
            "https://api.github.com:8443/x",
            "https://api.github.com.evil.test/x",
            "https://github.com/x",
        ] {
            assert_ne!(of("https://api.github.com/x"), of(other), "{other}");
        }
        assert_eq!(of("/x"), None);
    }

    #[test]
    fn redirects_lead_where_they_say() {
        let from: Uri = "https://git.corp:8443/api/v4/x".parse().unwrap();
        for (to, url) in [
            ("/y?z=1", "https://git.corp:8443/y?z=1"),
            ("//evil.test/y", "https://evil.test/y"),
            ("https://evil.test/y", "https://evil.test/y"),
        ] {
            assert_eq!(absolute(&from, to), url);
        }
    }
}
