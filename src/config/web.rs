//! What may stand in a request: URLs, paths and headers.
//!
//! A probe mostly goes through the API server, with the rights of whoever runs rb. So a path must
//! not lead out of the proxy of its Service, and no header may speak to the API server itself.

use http::{HeaderName, HeaderValue, Uri};

/// Headers that carry credentials.
pub(super) const CREDENTIALS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

/// Headers that belong to the connection and to the body, of which there is none.
const OF_THE_CONNECTION: [&str; 9] = [
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// With these, the API server takes whoever asks for somebody else.
const IMPERSONATION: &str = "impersonate-";

/// The parts of a URL of the web.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WebUrl {
    pub(super) is_https: bool,
    /// In lower case.
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// With the query.
    pub(super) path: String,
}

/// Reads an absolute URL. The answer says what is wrong with it, without a word of it: it may hold a
/// secret.
pub(super) fn url(text: &str) -> Result<WebUrl, &'static str> {
    const NONE: &str = "is no URL such as https://shop.example.com/healthz";
    let uri: Uri = text.parse().map_err(|_| NONE)?;
    let authority = uri.authority().ok_or(NONE)?;
    let is_https = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => return Err("must begin with http:// or https://"),
    };
    if authority.as_str().contains('@') {
        return Err("must hold no user and no password");
    }
    if text.contains('#') {
        return Err("must not have a fragment (#)");
    }
    let host = authority.host();
    let is_host_char = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if host.is_empty() || !host.chars().all(is_host_char) {
        return Err("has no host that can be asked");
    }
    // A port that is no number is left out by the library.
    let port = authority.as_str().strip_prefix(host).and_then(|rest| rest.strip_prefix(':'));
    let port = match port {
        None => None,
        Some(port) => Some(port.parse().ok().filter(|p| *p > 0).ok_or("has a port that is none")?),
    };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    if !path.is_ascii() {
        return Err("must be ASCII: encode other characters as %XX");
    }
    let slash = if path.starts_with('/') { "" } else { "/" };
    Ok(WebUrl { is_https, host: host.to_ascii_lowercase(), port, path: format!("{slash}{path}") })
}

/// Checks a path, with or without a query.
pub(super) fn path(text: &str) -> Result<(), &'static str> {
    if !text.starts_with('/') {
        return Err("must begin with /");
    }
    if !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err("must be visible ASCII: encode other characters as %XX");
    }
    if text.contains('#') {
        return Err("must not have a fragment (#)");
    }
    let path = text.split('?').next().unwrap_or_default().to_ascii_lowercase();
    let plain = path.replace("%2e", ".").replace("%2f", "/").replace("%5c", "/").replace('\\', "/");
    if plain.split('/').any(|part| part == "." || part == "..") {
        return Err("must not have . or .. as a part");
    }
    Ok(())
}

/// The name of a header in lower case, where a request of ours may carry it.
pub(super) fn header(name: &str) -> Result<String, &'static str> {
    let name = any_header(name)?;
    if name.starts_with(IMPERSONATION) {
        return Err("would let the API server take rb for somebody else");
    }
    if OF_THE_CONNECTION.contains(&name.as_str()) {
        return Err("belongs to the connection and cannot be chosen");
    }
    Ok(name)
}

/// The name of any header in lower case.
pub(super) fn any_header(name: &str) -> Result<String, &'static str> {
    let parsed = HeaderName::from_bytes(name.as_bytes());
    parsed.map(|name| name.as_str().to_owned()).map_err(|_| "is no name of a header")
}

/// Checks the value of a header.
pub(super) fn header_value(value: &str) -> Result<(), &'static str> {
    let is_fine = value.is_ascii() && HeaderValue::from_str(value).is_ok();
    if is_fine { Ok(()) } else { Err("must be ASCII on one line") }
}

/// A name as DNS has it: of a Service, of a probe.
pub(super) fn is_dns_label(text: &str) -> bool {
    let is_end = |c: Option<char>| c.is_some_and(|c| c != '-');
    text.len() <= 63
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        && is_end(text.chars().next())
        && is_end(text.chars().last())
}

/// A name of a port.
pub(super) fn is_port_name(text: &str) -> bool {
    is_dns_label(text) && text.len() <= 15 && text.chars().any(|c| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_a_scheme_a_host_and_no_secrets() {
        let of = |text: &str| url(text).map(|url| (url.is_https, url.host, url.port, url.path));
        let found = |is_https, host: &str, port, path: &str| {
            Ok((is_https, host.to_owned(), port, path.to_owned()))
        };
        assert_eq!(of("https://a.example/b?c=d"), found(true, "a.example", None, "/b?c=d"));
        assert_eq!(of("HTTP://A:8080"), found(false, "a", Some(8080), "/"));
        assert_eq!(of("http://a?b"), found(false, "a", None, "/?b"));
        assert_eq!(of("http://[::1]:81/x"), found(false, "[::1]", Some(81), "/x"));
        for text in [
            "",
            "/x",
            "a/b",
            "a.example",
            "ftp://a/",
            "http://",
            "http:///x",
            "http://user:word@a/",
            "http://a/#b",
            "http://a:0/",
            "http://a:/",
            "http://a:99999/",
            "http://a:http/",
            "http://a b/",
            "http://a/ b",
            "http://a/é",
            "http://a$b/",
            "javascript:x",
        ] {
            assert!(url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_stays_behind_its_proxy() {
        for text in ["/", "/readyz", "/a.b/..c", "/x?y=../z", "/%20"] {
            assert_eq!(path(text), Ok(()), "{text}");
        }
        for text in [
            "",
            "x",
            "/a b",
            "/é",
            "/a#b",
            "/..",
            "/../x",
            "/a/../b",
            "/a/./b",
            "/%2e%2E/x",
            "/a%2f..%2fb",
            "/a\\..\\b",
            "/.%2e",
        ] {
            assert!(path(text).is_err(), "{text}");
        }
    }

    #[test]
    fn headers_that_are_not_for_the_workload_are_refused() {
        assert_eq!(header("X-Probe").as_deref(), Ok("x-probe"));
        for name in ["", "a b", "é", "Impersonate-User", "Transfer-Encoding", "a:"] {
            assert!(header(name).is_err(), "{name}");
        }
        assert_eq!(header_value("a b; c=\"d\""), Ok(()));
        for value in ["a\nb", "é", "\0"] {
            assert!(header_value(value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn names_are_those_of_dns() {
        assert!(is_dns_label("checkout") && is_dns_label("0-a") && is_port_name("http-2"));
        for name in ["", "-a", "a-", "A", "a.b", "a_b", "é"] {
            assert!(!is_dns_label(name), "{name}");
        }
        assert!(!is_port_name("8080") && !is_port_name("a-name-of-17-long"));
    }
}
