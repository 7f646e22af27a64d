//! Which proxy stands between us and the API server.
//!
//! In: the cluster's `proxy-url` and the proxy variables; out: a [`Proxy`] or none. Like client-go:
//! `proxy-url` always counts, the variables only for hosts that are not loopback and that `NO_PROXY`
//! does not name. kube is not asked: it compares `NO_PROXY` with the proxy's own address.

use std::net::IpAddr;

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};

use crate::error::{Error, ErrorKind, Result};

/// A proxy to go through, with its credentials.
pub(super) type Proxy = Intercept;

/// The proxy for `server`, if there is one.
pub(super) fn choose(proxy_url: Option<&str>, server: &Uri) -> Result<Option<Proxy>> {
    let first = |names: [&str; 2]| {
        names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    };
    let url = match proxy_url.filter(|url| !url.is_empty()) {
        Some(url) => return parse("proxy-url in the kubeconfig", url, server).map(Some),
        None if server.scheme_str() == Some("http") => first(["HTTP_PROXY", "http_proxy"]),
        None => first(["HTTPS_PROXY", "https_proxy"]),
    };
    let no_proxy = first(["NO_PROXY", "no_proxy"]).unwrap_or_default();
    match url {
        Some(url) if !is_loopback(server) && !excluded(&no_proxy, server) => {
            parse("HTTPS_PROXY or HTTP_PROXY", &url, server).map(Some)
        }
        _ => Ok(None),
    }
}

fn parse(origin: &str, url: &str, server: &Uri) -> Result<Proxy> {
    let proxy = Matcher::builder().all(url).build().intercept(server);
    let supported = |proxy: &Proxy| {
        matches!(proxy.uri().scheme_str(), Some("http" | "https" | "socks5" | "socks5h"))
    };
    // The URL itself is not shown: it may hold a password.
    proxy.filter(supported).ok_or_else(|| {
        Error::new(ErrorKind::Usage, format!("{origin} is not a proxy that can be used"))
            .hint("use http://HOST:PORT, https://HOST:PORT or socks5://HOST:PORT")
    })
}

/// client-go never sends loopback addresses to a proxy from the environment: kind and minikube.
fn is_loopback(server: &Uri) -> bool {
    let host = host(server);
    host.eq_ignore_ascii_case("localhost") || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

fn host(server: &Uri) -> &str {
    server.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
}

/// Whether `NO_PROXY` names the server.
///
/// The matcher speaks curl's dialect; Go also has `*.domain` and `host:port`, so those are translated.
fn excluded(no_proxy: &str, server: &Uri) -> bool {
    let port =
        server.port_u16().unwrap_or(if server.scheme_str() == Some("http") { 80 } else { 443 });
    let entries: Vec<&str> =
        no_proxy.split(',').filter_map(|entry| entry_for(entry, port)).collect();
    // The destination of the probe does not matter: only whether it is intercepted at all.
    let probe = Matcher::builder().all("http://proxy.invalid").no(entries.join(",")).build();
    probe.intercept(server).is_none()
}

/// One entry without its port and its `*` of `*.domain`; `None` when the port is another one.
fn entry_for(entry: &str, port: u16) -> Option<&str> {
    let entry = entry.trim();
    let domain = match entry.rsplit_once(':') {
        // A second colon means a bare IPv6 address, which has no port.
        Some((host, of_port)) if !host.contains(':') || host.ends_with(']') => {
            if of_port.parse() != Ok(port) {
                return None;
            }
            host
        }
        _ => entry,
    };
    let domain = domain.trim_start_matches('[').trim_end_matches(']');
    Some(if domain.starts_with("*.") { domain.trim_start_matches('*') } else { domain })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_proxy_is_matched_against_the_server() {
        for (no_proxy, server, skipped) in [
            ("", "https://k8s.example.com:6443", false),
            ("*", "https://k8s.example.com", true),
            ("example.com", "https://k8s.example.com", true),
            ("*.example.com", "https://k8s.example.com", true),
            (".example.com,", "https://k8s.example.com", true),
            ("ample.com", "https://k8s.example.com", false),
            ("proxy.local", "https://k8s.example.com", false),
            ("10.0.0.0/8, other", "https://10.1.2.3:6443", true),
            ("10.0.0.0/8", "https://11.1.2.3:6443", false),
            ("k8s.example.com:6443", "https://k8s.example.com:6443", true),
            ("k8s.example.com:443", "https://k8s.example.com:6443", false),
            ("k8s.example.com:443", "https://k8s.example.com", true),
            ("2001:db8::/32", "https://[2001:db8::1]:6443", true),
            ("[2001:db8::1]:6443", "https://[2001:db8::1]:6443", true),
        ] {
            assert_eq!(
                excluded(no_proxy, &server.parse().unwrap()),
                skipped,
                "{no_proxy} {server}"
            );
        }
    }

    #[test]
    fn loopback_is_never_proxied_by_the_environment() {
        for (server, loopback) in [
            ("https://localhost:6443", true),
            ("https://127.0.0.1:6443", true),
            ("https://[::1]:6443", true),
            ("https://127.0.0.1.example.com", false),
        ] {
            assert_eq!(is_loopback(&server.parse().unwrap()), loopback, "{server}");
        }
    }

    #[test]
    fn proxy_urls() {
        let server: Uri = "https://k8s.example.com".parse().unwrap();
        for (url, uri) in [
            ("http://p:3128", Some("http://p:3128/")),
            ("p:3128", Some("http://p:3128/")),
            ("https://u:s%40@p", Some("https://p/")),
            ("socks5://p:1080", Some("socks5://p:1080/")),
            ("ftp://p", None),
            ("http://", None),
        ] {
            let parsed = parse("it", url, &server).ok().map(|proxy| proxy.uri().to_string());
            assert_eq!(parsed.as_deref(), uri, "{url}");
        }
    }
}
