//! Why a program gave no answer, in one word and in plain ones.
//!
//! In: the chain of errors from hyper, rustls and the kernel; out: a [`NoAnswer`]. Pure.

use std::error::Error as StdError;
use std::io;

use hyper_util::client::legacy;
use rustls::CertificateError;

use super::unreachable::{chain, is_dns, is_refused};
use crate::error::Error;

/// Why there is no answer of the program.
#[derive(Debug)]
pub struct NoAnswer {
    /// What sort of reason.
    pub why: Why,
    /// The same in words that follow the name of the program: `it refuses connections`. Foreign text
    /// inside is not sanitized.
    pub message: String,
    /// A command that shows more or mends it.
    pub hint: Option<String>,
}

/// Sorts of reasons why there is no answer of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No answer in time.
    Timeout,
    /// Nobody listens there.
    Refused,
    /// Its name cannot be found.
    Dns,
    /// There is no way to it from here.
    Unreachable,
    /// The connection ended before the answer began.
    Closed,
    /// The connection ended before the answer did.
    Truncated,
    /// TLS: its certificate, or that it speaks none.
    Tls,
    /// What it answers is not HTTP.
    NotHttp,
    /// Its headers are too big.
    HugeHeaders,
    /// There is no ready pod behind the Service.
    NoEndpoints,
    /// There is no such Service or pod.
    NotFound,
    /// The Service has no such port.
    NoPort,
    /// The API server cannot reach it: says nothing of the program.
    NotReached,
    /// A proxy refuses to connect to it.
    ProxyRefused,
    /// No right to ask it through the API server.
    Forbidden,
    /// The API server, or the way to it.
    ApiServer,
    /// What was configured cannot be asked for.
    Configuration,
}

impl Why {
    /// One word for machines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Timeout => "Timeout",
            Self::Refused => "Refused",
            Self::Dns => "Dns",
            Self::Unreachable => "Unreachable",
            Self::Closed => "Closed",
            Self::Truncated => "Truncated",
            Self::Tls => "Tls",
            Self::NotHttp => "NotHttp",
            Self::HugeHeaders => "HugeHeaders",
            Self::NoEndpoints => "NoEndpoints",
            Self::NotFound => "NotFound",
            Self::NoPort => "NoPort",
            Self::NotReached => "NotReached",
            Self::ProxyRefused => "ProxyRefused",
            Self::Forbidden => "Forbidden",
            Self::ApiServer => "ApiServer",
            Self::Configuration => "Configuration",
        }
    }

    /// Whether it is the program's fault; otherwise nothing is known of the program.
    #[must_use]
    pub fn is_of_the_program(self) -> bool {
        match self {
            Self::Timeout
            | Self::Refused
            | Self::Dns
            | Self::Unreachable
            | Self::Closed
            | Self::Truncated
            | Self::Tls
            | Self::NotHttp
            | Self::HugeHeaders
            | Self::NoEndpoints => true,
            Self::NotFound
            | Self::NoPort
            | Self::NotReached
            | Self::ProxyRefused
            | Self::Forbidden
            | Self::ApiServer
            | Self::Configuration => false,
        }
    }
}

impl NoAnswer {
    /// For this reason, in these words.
    pub fn new(why: Why, message: impl Into<String>) -> Self {
        Self { why, message: message.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// From an error on the way to whoever carries the request.
    pub(super) fn of_error(why: Why, error: &Error) -> Self {
        let causes = error.causes();
        let message = match causes.first() {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        Self { why, message, hint: error.hints().first().cloned() }
    }

    /// From the error of an HTTP client that asked the program itself.
    pub(super) fn of_client(cause: &(dyn StdError + 'static)) -> Self {
        let deepest = chain(cause).last().map(ToString::to_string).unwrap_or_default();
        if let Some(tls) = chain(cause).find_map(|error| error.downcast_ref::<rustls::Error>()) {
            return Self::new(Why::Tls, tls_words(tls));
        }
        let lowercase: Vec<_> =
            chain(cause).map(|error| error.to_string().to_ascii_lowercase()).collect();
        if lowercase.iter().any(|text| text.contains("tunnel error") || text.contains("socks")) {
            return Self::new(
                Why::ProxyRefused,
                "the proxy from the environment does not connect to it",
            );
        }
        if chain(cause).any(is_dns) {
            return Self::new(Why::Dns, format!("its name cannot be found: {deepest}"));
        }
        if is_refused(cause) {
            return Self::new(Why::Refused, "it refuses connections");
        }
        if let Some(error) = chain(cause).find_map(|error| error.downcast_ref::<hyper::Error>()) {
            // hyper has a test for this in servers only.
            if error.to_string().contains("head is too large") {
                return Self::new(Why::HugeHeaders, "its headers are too big");
            }
            if error.is_parse() {
                return Self::new(Why::NotHttp, format!("what it answers is not HTTP: {deepest}"));
            }
            if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
                return Self::new(Why::Closed, "it closes the connection without an answer");
            }
        }
        if chain(cause).filter_map(|error| error.downcast_ref::<io::Error>()).any(is_broken) {
            return Self::new(Why::Closed, "it breaks the connection off without an answer");
        }
        let connecting =
            cause.downcast_ref::<legacy::Error>().is_some_and(legacy::Error::is_connect);
        if connecting {
            return Self::new(Why::Unreachable, format!("no connection to it: {deepest}"));
        }
        Self::new(Why::Closed, format!("no whole answer: {deepest}"))
    }
}

fn is_broken(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

fn tls_words(error: &rustls::Error) -> String {
    let certificate = |what: &str| format!("its certificate {what}");
    match error {
        rustls::Error::InvalidCertificate(invalid) => match invalid {
            CertificateError::UnknownIssuer => {
                certificate("is signed by an authority that this machine does not trust")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                certificate("is for other names")
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                certificate("has expired")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                certificate("is not valid yet")
            }
            other => certificate(&format!("is not valid: {other}")),
        },
        rustls::Error::InvalidMessage(_) => "it does not speak TLS".to_owned(),
        other => format!("no TLS connection to it: {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Source;

    fn wrapped(error: rustls::Error) -> Source {
        Box::new(io::Error::other(io::Error::new(io::ErrorKind::InvalidData, error)))
    }

    #[test]
    fn each_cause_has_its_word() {
        let io =
            |kind: io::ErrorKind| -> Source { Box::new(io::Error::other(io::Error::from(kind))) };
        for (cause, why, part) in [
            (wrapped(CertificateError::UnknownIssuer.into()), Why::Tls, "does not trust"),
            (wrapped(CertificateError::NotValidForName.into()), Why::Tls, "for other names"),
            (wrapped(CertificateError::Expired.into()), Why::Tls, "has expired"),
            (wrapped(rustls::Error::DecryptError), Why::Tls, "no TLS connection"),
            ("dns error: no such host".into(), Why::Dns, "cannot be found"),
            ("tunnel error: unsuccessful".into(), Why::ProxyRefused, "proxy"),
            ("SOCKS error: refused".into(), Why::ProxyRefused, "proxy"),
            (io(io::ErrorKind::ConnectionRefused), Why::Refused, "refuses"),
            (io(io::ErrorKind::ConnectionReset), Why::Closed, "breaks the connection off"),
            ("something else".into(), Why::Closed, "something else"),
        ] {
            let no_answer = NoAnswer::of_client(&*cause);
            assert_eq!(no_answer.why, why, "{cause}");
            assert!(no_answer.message.contains(part), "{}", no_answer.message);
        }
    }
}
