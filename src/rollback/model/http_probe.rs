//! A probe of an HTTP endpoint: what is asked, which way, and which answers are good.
//!
//! Whoever builds one from a configuration asks [`HttpProbe::flaw`] before it is used.

mod path;

use std::fmt;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Uri};

use super::check::Level;

pub use self::path::{encode, shown};

/// More requests than this in a row would be a load test.
const MOST_IN_A_ROW: u32 = 100;

/// Headers that are written by whoever carries the request.
const OF_THE_CARRIER: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that the API server takes for its own: the probed program would never see them, and the
/// API server would take what is in them for a claim of who we are.
const OF_THE_API_SERVER: &[&str] = &["authorization", "host"];
const IDENTITIES: &[&str] = &["impersonate-", "x-remote-"];

/// Parts of the names of headers whose values are secret.
const SECRET: &[&str] = &["auth", "cookie", "key", "token", "secret", "password", "credential"];

/// Which way a request takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Via {
    /// Through the API server to one of the pods behind a Service.
    Service {
        /// Its name; `None`: the only one that selects the pods.
        service: Option<String>,
        /// Its namespace; `None`: that of the workload.
        namespace: Option<String>,
    },
    /// Through the API server to each of the pods.
    Pod,
    /// From here to a URL: the way that users take.
    Url(String),
}

/// How the program is spoken to, where the API server connects to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Plain.
    #[default]
    Http,
    /// With TLS. The API server does not check the program's certificate.
    Https,
}

/// What is asked for. Nothing else is safe to send to a program in an incident.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpMethod {
    /// The whole answer.
    #[default]
    Get,
    /// The head of the answer.
    Head,
}

impl HttpMethod {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
        }
    }
}

/// A probe of an HTTP endpoint. `Debug` shows the names of its headers only.
#[derive(Clone, PartialEq, Eq)]
pub struct HttpProbe {
    /// What it is called: the check is `http.NAME`.
    pub name: String,
    /// Which way.
    pub via: Via,
    /// How the program is spoken to; that of the URL counts where there is one.
    pub scheme: Scheme,
    /// Name or number of the port of the Service or the pod; `None`: the only one.
    pub port: Option<String>,
    /// Path and query. Behind a URL it is appended.
    pub path: String,
    /// What is asked for.
    pub method: HttpMethod,
    /// Headers to send.
    pub headers: Vec<(String, String)>,
    /// Good statuses; none: 200 to 299.
    pub status: Vec<u16>,
    /// What the first 64 KiB of the body have to contain.
    pub body_contains: Option<String>,
    /// Headers that the answer has to have.
    pub expect_headers: Vec<(String, String)>,
    /// So many good answers in a row are one good round.
    pub consecutive: u32,
    /// The time between two questions of a row.
    pub pause: Duration,
    /// How long one answer may take.
    pub timeout: Duration,
    /// How much it counts.
    pub level: Level,
}

impl Default for HttpProbe {
    fn default() -> Self {
        Self {
            name: String::new(),
            via: Via::Service { service: None, namespace: None },
            scheme: Scheme::default(),
            port: None,
            path: "/".to_owned(),
            method: HttpMethod::default(),
            headers: Vec::new(),
            status: Vec::new(),
            body_contains: None,
            expect_headers: Vec::new(),
            consecutive: 3,
            pause: Duration::ZERO,
            timeout: Duration::from_secs(5),
            level: Level::Required,
        }
    }
}

impl fmt::Debug for HttpProbe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.headers.iter().map(|(name, _)| name).collect();
        let mut probe = f.debug_struct("HttpProbe");
        // The query of a URL may hold a token.
        let via = match &self.via {
            Via::Url(url) => Via::Url(shown(url)),
            via => via.clone(),
        };
        probe.field("name", &self.name).field("via", &via).field("port", &self.port);
        probe.field("method", &self.method).field("path", &shown(&self.path));
        probe.field("headers", &names).finish_non_exhaustive()
    }
}

impl HttpProbe {
    /// The id of the check.
    #[must_use]
    pub fn id(&self) -> String {
        format!("http.{}", self.name)
    }

    /// Whether an answer with this status is good.
    #[must_use]
    pub fn accepts(&self, status: u16) -> bool {
        if self.status.is_empty() {
            (200..300).contains(&status)
        } else {
            self.status.contains(&status)
        }
    }

    /// What is wrong with it, so that it can never be good: a mistake of the configuration.
    #[must_use]
    pub fn flaw(&self) -> Option<String> {
        let plain = self.plain_flaw().map(str::to_owned);
        plain
            .or_else(|| encode(&self.path).err().map(|flaw| format!("path {flaw}")))
            .or_else(|| self.headers.iter().find_map(|header| self.header_flaw(header)))
            .or_else(|| self.expect_headers.iter().find_map(malformed))
            .or_else(|| self.url().err())
    }

    /// The URL with the path behind it; `None` where the API server carries the request.
    pub fn url(&self) -> Result<Option<Uri>, String> {
        let Via::Url(url) = &self.via else { return Ok(None) };
        let wrong = |what: &str| Err(format!("url {what}"));
        let path = encode(&self.path).map_err(|flaw| format!("path {flaw}"))?;
        let url = match path.as_str() {
            "/" => url.clone(),
            _ if url.contains('?') => {
                return wrong("has a query, so it cannot have a path behind it");
            }
            path => format!("{}{path}", url.trim_end_matches('/')),
        };
        if url.contains('#') {
            return wrong("has a #, which is not sent to a server");
        }
        let Ok(uri) = url.parse::<Uri>() else { return wrong("is not one") };
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return wrong("does not begin with http:// or https://");
        }
        if uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
            return wrong("holds a user or a password: use a header");
        }
        if uri.host().unwrap_or_default().is_empty() {
            return wrong("names no host");
        }
        Ok(Some(uri))
    }

    fn plain_flaw(&self) -> Option<&'static str> {
        let is_port = |port: &str| match port.parse::<u32>() {
            Ok(number) => (1..=65_535).contains(&number),
            Err(_) => {
                !port.is_empty() && port.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            }
        };
        if self.method == HttpMethod::Head && self.body_contains.is_some() {
            return Some("the answer to HEAD has no body: bodyContains needs method GET");
        }
        if self.body_contains.as_deref() == Some("") {
            return Some("bodyContains is empty: every body contains that");
        }
        if self.consecutive == 0 || self.consecutive > MOST_IN_A_ROW {
            return Some("consecutive is not a number from 1 to 100");
        }
        if self.timeout.is_zero() {
            return Some("timeout is zero");
        }
        if self.status.iter().any(|status| !(200..=599).contains(status)) {
            return Some("status is not a number from 200 to 599");
        }
        match (&self.via, self.port.as_deref()) {
            (Via::Url(_), Some(_)) => Some("the port belongs into the url"),
            (_, Some(port)) if !is_port(port) => Some("port is neither a number nor a name"),
            (Via::Service { service: None, namespace: Some(_) }, _) => {
                Some("namespace is that of a service, and none is named")
            }
            _ => None,
        }
    }

    fn header_flaw(&self, header: &(String, String)) -> Option<String> {
        let name = header.0.to_ascii_lowercase();
        if OF_THE_CARRIER.contains(&name.as_str()) {
            return Some(format!("header {name} belongs to the connection"));
        }
        if is_for_the_api_server(&name) && !matches!(self.via, Via::Url(_)) {
            return Some(format!(
                "header {name} would be for the API server, which carries the request: use via: url"
            ));
        }
        malformed(header)
    }
}

/// Whether the API server would take this header, in lower case, for itself instead of carrying it.
#[must_use]
pub fn is_for_the_api_server(name: &str) -> bool {
    OF_THE_API_SERVER.contains(&name) || IDENTITIES.iter().any(|prefix| name.starts_with(prefix))
}

/// Whether the value of a header with this name must not be shown.
#[must_use]
pub fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    SECRET.iter().any(|part| name.contains(part))
}

fn malformed((name, value): &(String, String)) -> Option<String> {
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return Some(format!("{name:?} is not the name of a header"));
    }
    // The value is not shown: it may be secret.
    HeaderValue::from_str(value).is_err().then(|| format!("header {name} has an impossible value"))
}

#[cfg(test)]
mod tests;
