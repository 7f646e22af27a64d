//! HTTP probes: what is asked, how, and what a good answer is.

use std::collections::BTreeMap;
use std::time::Duration;

use super::check_ids;
use crate::rollback::model::check::Level;

/// Good answers in a row that a probe wants, where nothing else is configured.
pub const CONSECUTIVE: u16 = 3;
/// How long one answer may take, where nothing else is configured.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// One probe, complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpProbe {
    /// Its name: the check is `http.NAME`.
    pub name: String,
    /// Whom it asks.
    pub route: Route,
    /// How it asks.
    pub method: Method,
    /// What it says, by name in lower case.
    pub headers: BTreeMap<String, HeaderSource>,
    /// What a good answer is.
    pub expect: Expect,
    /// Good answers in a row that it takes.
    pub consecutive: u16,
    /// How long one answer may take.
    pub timeout: Duration,
    /// The time between two questions of a row.
    pub pause: Duration,
    /// What a failure means.
    pub level: Level,
}

impl HttpProbe {
    /// The id of the check that it is: `http.ready`.
    #[must_use]
    pub fn id(&self) -> String {
        check_ids::of_probe(&self.name)
    }
}

/// Whom a probe asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// A Service, through the API server.
    Service {
        /// Where that is not the namespace of the workload.
        namespace: Option<String>,
        /// Where none is given: the only one that selects the pods.
        name: Option<String>,
        /// What of it.
        endpoint: Endpoint,
    },
    /// Each pod, through the API server.
    Pod(Endpoint),
    /// A URL, from where rb runs.
    Url(String),
}

/// What of a Service or of a pod is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// With or without TLS.
    pub scheme: Scheme,
    /// Where none is given: the only one, or the first.
    pub port: Option<Port>,
    /// The path, with a query where there is one. It begins with `/` and leads nowhere else.
    pub path: String,
}

/// How the port is spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// In plain text.
    #[default]
    Http,
    /// With TLS.
    Https,
}

impl Scheme {
    /// `http` or `https`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A port of a Service or of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Port {
    /// By number.
    Number(u16),
    /// By name.
    Name(String),
}

impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

/// The methods that change nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// With the body.
    #[default]
    Get,
    /// Without it.
    Head,
}

/// Where the value of a header comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeaderSource {
    /// The configuration.
    Text(String),
    /// This variable of the environment. Its value is a secret.
    Variable(String),
}

/// What a good answer is: all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expect {
    /// One of these. Where there are none: any from 200 to 299.
    pub status: Vec<u16>,
    /// The body holds this.
    pub body_contains: Option<String>,
    /// These headers have exactly these values; names are in lower case.
    pub headers: BTreeMap<String, String>,
}

impl Expect {
    /// Whether the status is a good one.
    #[must_use]
    pub fn accepts(&self, status: u16) -> bool {
        if self.status.is_empty() {
            (200..300).contains(&status)
        } else {
            self.status.contains(&status)
        }
    }
}
