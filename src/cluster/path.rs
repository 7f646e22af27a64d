//! Paths of the Kubernetes API.
//!
//! Names and selectors come from clusters, files and command lines: here they become percent-encoded
//! segments, so that a hostile name cannot reach another object. Nothing here knows about HTTP.

use std::fmt::Write as _;
use std::ops::Deref;

use crate::error::{Error, ErrorKind, Result};

/// A request path with its query: `/apis/apps/v1/namespaces/shop/deployments/checkout?…`.
///
/// Dereferences to `str`. A segment that is empty, `.` or `..` cannot be encoded away: it is refused
/// with [`ErrorKind::Usage`] when the path is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    /// A collection in one namespace; `group_version` is `api/v1` or `apis/GROUP/VERSION`.
    #[must_use]
    pub fn namespaced(group_version: &str, namespace: &str, resource: &str) -> Self {
        Self::root(group_version).segment("namespaces").segment(namespace).segment(resource)
    }

    /// A collection across all namespaces, or one of cluster-scoped objects.
    #[must_use]
    pub fn cluster_wide(group_version: &str, resource: &str) -> Self {
        Self::root(group_version).segment(resource)
    }

    /// One object of the collection.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.segment(name)
    }

    /// A subresource of the object: `status`, `scale`, `log`.
    #[must_use]
    pub fn subresource(self, subresource: &str) -> Self {
        self.segment(subresource)
    }

    /// What the API server hands on to a program: the `proxy` subresource of a port of a Service or a
    /// pod, to which it speaks with TLS or without.
    #[must_use]
    pub fn program(mut self, name: &str, port: &str, tls: bool) -> Self {
        self.0.push_str(if tls { "/https:" } else { "/" });
        encode_into(&mut self.0, name);
        self.0.push(':');
        encode_into(&mut self.0, port);
        self.segment("proxy")
    }

    /// Adds a query parameter. Call it after all segments.
    #[must_use]
    pub fn query(mut self, key: &str, value: &str) -> Self {
        append_query(&mut self.0, key, value);
        self
    }

    /// The path as it goes over the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn root(group_version: &str) -> Self {
        group_version.split('/').fold(Self(String::new()), Self::segment)
    }

    fn segment(mut self, segment: &str) -> Self {
        self.0.push('/');
        encode_into(&mut self.0, segment);
        self
    }
}

impl Deref for Path {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Appends `key=value`, encoded, to a path that may have a query already.
pub(super) fn append_query(path: &mut String, key: &str, value: &str) {
    path.push(if path.contains('?') { '&' } else { '?' });
    encode_into(path, key);
    path.push('=');
    encode_into(path, value);
}

/// Refuses a path that could mean another object than its segments say.
///
/// Percent-encoding does not protect `.` and `..`: proxies resolve them in either spelling. An empty
/// segment would turn an object into its collection.
pub(super) fn check(path: &str) -> Result<()> {
    let Some(segments) = path.split('?').next().and_then(|path| path.strip_prefix('/')) else {
        return Err(Error::new(ErrorKind::Internal, format!("not an API path: {path}")));
    };
    for segment in segments.split('/') {
        if segment.is_empty() || moves(segment) {
            let message = format!("{segment:?} is not a name that an object can have");
            return Err(Error::new(ErrorKind::Usage, message)
                .because(format!("it would make the request path {path}")));
        }
    }
    Ok(())
}

/// The same for a path behind one of the API's, which the API server hands on: there segments may be
/// empty.
pub(super) fn check_behind(path: &str) -> Result<()> {
    let plain = path.split('?').next().unwrap_or_default();
    if !plain.starts_with('/') || plain.split('/').any(moves) {
        let message = format!("{plain:?} is not a path that can be asked for");
        return Err(Error::new(ErrorKind::Usage, message));
    }
    Ok(())
}

/// Whether it is `.` or `..`.
fn moves(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// Keeps RFC 3986's unreserved characters; everything else becomes `%XX`.
fn encode_into(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_and_queries_are_encoded() {
        let deployments = || Path::namespaced("apis/apps/v1", "shop", "deployments");
        for (path, wire) in [
            (deployments(), "/apis/apps/v1/namespaces/shop/deployments"),
            (deployments().name("a/../b"), "/apis/apps/v1/namespaces/shop/deployments/a%2F..%2Fb"),
            (
                deployments().name("a?x=1#y"),
                "/apis/apps/v1/namespaces/shop/deployments/a%3Fx%3D1%23y",
            ),
            (
                deployments().name("ä b%2f"),
                "/apis/apps/v1/namespaces/shop/deployments/%C3%A4%20b%252f",
            ),
            (
                Path::cluster_wide("api/v1", "pods")
                    .query("labelSelector", "a in (b,c)")
                    .query("limit", "1&watch=1"),
                "/api/v1/pods?labelSelector=a%20in%20%28b%2Cc%29&limit=1%26watch%3D1",
            ),
            (
                Path::namespaced("api/v1", "shop", "pods").name("p").subresource("log"),
                "/api/v1/namespaces/shop/pods/p/log",
            ),
            (
                Path::namespaced("api/v1", "shop", "services").program("web", "a/b", true),
                "/api/v1/namespaces/shop/services/https:web:a%2Fb/proxy",
            ),
            (
                Path::namespaced("api/v1", "shop", "pods").program("..", "80", false),
                "/api/v1/namespaces/shop/pods/..:80/proxy",
            ),
        ] {
            assert_eq!(path.as_str(), wire);
            assert!(check(&path).is_ok(), "{wire}");
        }
    }

    #[test]
    fn names_that_move_the_path_are_refused() {
        let base = || Path::namespaced("api/v1", "shop", "pods");
        for name in ["", ".", ".."] {
            assert_eq!(check(&base().name(name)).unwrap_err().kind(), ErrorKind::Usage, "{name:?}");
        }
        for path in ["/api/v1/%2E%2e/x", "/api//v1", "/api/v1/", "api/v1"] {
            assert!(check(path).is_err(), "{path}");
        }
        assert!(check("/api/v1/namespaces/...").is_ok());
        for (path, fine) in [("/", true), ("//a/?..", true), ("", false), ("/a/.%2E/b", false)] {
            assert_eq!(check_behind(path).is_ok(), fine, "{path}");
        }
    }
}
