//! Why a connection could not be made or was lost, in plain words.
//!
//! In: the chain of errors from hyper, rustls, the proxy and the kernel; out: one [`Error`] that says
//! which of them it was. Pure.

use std::error::Error as StdError;
use std::io;

use http::Uri;
use rustls::{AlertDescription, CertificateError};

use super::pin;
use crate::error::{Error, ErrorKind};

/// The error and its causes, including those that `io::Error` hides from `source()`.
pub(super) fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}

/// Whether nobody listens there: the one connection failure that an API server restart explains.
pub(super) fn is_refused(error: &(dyn StdError + 'static)) -> bool {
    chain(error)
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// Whether trying again cannot help: names and certificates do not change within seconds.
pub(super) fn is_permanent(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(|error| error.is::<rustls::Error>() || is_dns(error))
}

pub(super) fn is_dns(error: &(dyn StdError + 'static)) -> bool {
    // hyper-util does not export the type; its message begins with these words.
    error.to_string().starts_with("dns error")
}

/// `HOST:PORT` of a server URL.
pub(super) fn address(server: &Uri) -> String {
    let port =
        server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 });
    format!("{}:{port}", server.host().unwrap_or_default())
}

/// The error for a connection that was not made, or (`made`) was lost.
pub(super) fn describe(
    cause: &(dyn StdError + 'static),
    made: bool,
    server: &Uri,
    flags: &str,
) -> Error {
    let place = address(server);
    let (message, hint) = words(cause, made, &place, flags);
    // The causes that io::Error hides are the ones that say something.
    let deepest = chain(cause).last().map(ToString::to_string).unwrap_or_default();
    let all: Vec<_> = chain(cause).map(ToString::to_string).collect();
    tracing::debug!(causes = ?all, "connection failed");
    Error::new(ErrorKind::Unreachable, message).because(deepest).hint(hint)
}

fn words(
    cause: &(dyn StdError + 'static),
    made: bool,
    place: &str,
    flags: &str,
) -> (String, String) {
    let view = || pin::command("config view --minify", flags);
    let reach = || pin::command("cluster-info", flags);
    if let Some(tls) = chain(cause).find_map(|error| error.downcast_ref::<rustls::Error>()) {
        return (tls_words(tls, place), view());
    }
    if chain(cause).any(|error| error.to_string().contains("tunnel error")) {
        return (format!("the proxy did not connect to {place}"), view());
    }
    if chain(cause).any(|error| error.to_string().to_ascii_lowercase().contains("socks")) {
        return (format!("the SOCKS proxy did not connect to {place}"), view());
    }
    if chain(cause).any(is_dns) {
        return (format!("cannot find the host of {place}"), view());
    }
    if is_refused(cause) {
        return (
            format!("{place} refuses connections: the API server is down, or elsewhere"),
            reach(),
        );
    }
    if made {
        return (format!("the connection to {place} was lost"), reach());
    }
    (format!("cannot connect to {place}"), reach())
}

fn tls_words(error: &rustls::Error, place: &str) -> String {
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::UnknownIssuer => format!(
                "the certificate of {place} is signed by an authority that certificate-authority in \
                 the kubeconfig does not hold"
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                format!(
                    "the certificate of {place} is for other names: see tls-server-name and server"
                )
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                format!("the certificate of {place} has expired")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                format!("the certificate of {place} is not valid yet: is the clock right?")
            }
            _ => format!("the certificate of {place} is not valid"),
        },
        rustls::Error::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown,
        ) => format!("{place} does not accept the client certificate of the kubeconfig"),
        rustls::Error::InvalidMessage(_) => {
            format!("{place} does not speak TLS: is the server's URL http, or a proxy in between?")
        }
        _ => format!("no TLS connection to {place}"),
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
    fn each_failure_has_its_words() {
        let server: Uri = "https://api.example.com:6443".parse().unwrap();
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        for (cause, made, part) in [
            (wrapped(CertificateError::UnknownIssuer.into()), false, "certificate-authority"),
            (wrapped(CertificateError::NotValidForName.into()), false, "tls-server-name"),
            (wrapped(CertificateError::Expired.into()), false, "has expired"),
            (wrapped(rustls::Error::DecryptError), false, "no TLS connection"),
            (refused().into(), false, "refuses connections"),
            (io::Error::other(refused()).into(), true, "refuses connections"),
            ("dns error: no such host".into(), false, "cannot find the host"),
            ("tunnel error: unsuccessful".into(), false, "the proxy did not connect"),
            ("connection closed".into(), true, "was lost"),
            ("timed out".into(), false, "cannot connect"),
        ] {
            let error = describe(&*cause, made, &server, "--context prod");
            assert!(error.to_string().contains(part), "{error}");
            assert!(error.to_string().contains("api.example.com:6443"), "{error}");
            assert_eq!(error.kind(), ErrorKind::Unreachable);
            assert!(error.hints().iter().all(|hint| hint.ends_with("--context prod")));
        }
    }

    #[test]
    fn only_names_and_certificates_are_permanent() {
        assert!(is_permanent(&*wrapped(rustls::Error::DecryptError)));
        assert!(!is_permanent(&io::Error::from(io::ErrorKind::ConnectionReset)));
    }
}
