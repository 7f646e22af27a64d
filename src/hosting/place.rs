//! Where a repository is: from the URL that Git knows it by to a host and a path. Pure.

use std::fmt;

use http::Uri;

use crate::error::{Error, ErrorKind, Result};
use crate::text::sanitize;

/// A repository on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `https`, or `http` where the URL of the repository says so.
    pub scheme: &'static str,
    /// The name of the server, in lower case, with the port where it is not the usual one.
    pub host: String,
    /// `acme/shop`, `group/subgroup/project`: no slash around it, no `.git`.
    pub path: String,
}

/// Servers that take SSH on the port of HTTPS under another name.
const SSH_NAMES: [(&str, &str); 3] = [
    ("ssh.github.com", "github.com"),
    ("altssh.gitlab.com", "gitlab.com"),
    ("altssh.bitbucket.org", "bitbucket.org"),
];

impl Place {
    /// From the URL of a remote: `https://…`, `ssh://…`, `git@host:path`. Names and passwords in it
    /// are dropped. [`ErrorKind::Usage`] for paths on this machine, and for what is no URL.
    pub fn of_remote(url: &str) -> Result<Self> {
        parse(url).ok_or_else(|| {
            let shown = sanitize(without_credentials(url)).into_owned();
            Error::new(ErrorKind::Usage, format!("{shown} is not on a host of Git repositories"))
                .because("change requests need an https or ssh URL with a host and a path")
                .hint("git remote get-url origin")
        })
    }

    /// The name of the server without the port.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.host.rsplit_once(':') {
            Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
            _ => &self.host,
        }
    }

    /// `https://host`.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("{}://{}", self.scheme, self.host)
    }

    /// `https://host/path`: where people see it, on nearly every host.
    #[must_use]
    pub fn web(&self) -> String {
        format!("{}/{}", self.origin(), segments(&self.path))
    }

    /// The path as owner and name; `None` where it has other than two parts.
    #[must_use]
    pub fn owner_and_name(&self) -> Option<(&str, &str)> {
        self.path.split_once('/').filter(|(_, name)| !name.contains('/'))
    }
}

/// `host/path`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.path)
    }
}

fn without_credentials(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or_default();
    match authority.rfind('@') {
        Some(at) => rest.get(at + 1..).unwrap_or_default(),
        None => rest,
    }
}

fn parse(url: &str) -> Option<Place> {
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) || url.starts_with('-') {
        return None;
    }
    let (scheme, keeps_port) = match url.split_once("://").map(|(scheme, _)| scheme) {
        Some("https") => ("https", true),
        Some("http") => ("http", true),
        // Its port is that of SSH.
        Some("ssh" | "git+ssh" | "ssh+git") => ("https", false),
        Some(_) => return None,
        None => return scp_like(url),
    };
    let (host, path) = without_credentials(url).split_once('/')?;
    let host = if keeps_port { usual(scheme, host) } else { host.split(':').next()? };
    place(scheme, host, path)
}

/// `git@host:path`. A path of this machine has a slash before the first colon, and on Windows one
/// letter.
fn scp_like(url: &str) -> Option<Place> {
    let (host, path) = url.split_once(':')?;
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let is_local = host.contains('/') || host.len() < 2 || path.starts_with(':');
    if is_local { None } else { place("https", host, path) }
}

fn usual<'a>(scheme: &str, host: &'a str) -> &'a str {
    let port = if scheme == "http" { ":80" } else { ":443" };
    host.strip_suffix(port).unwrap_or(host)
}

fn place(scheme: &'static str, host: &str, path: &str) -> Option<Place> {
    let host = host.to_ascii_lowercase();
    let host = SSH_NAMES.iter().find(|(ssh, _)| *ssh == host).map_or(host, |n| n.1.to_owned());
    let path = decode(path.split(['?', '#']).next()?.trim_matches('/'));
    let path = path.strip_suffix(".git").unwrap_or(&path).trim_end_matches('/');
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(char::is_control);
    let is_clean = path.split('/').all(is_part);
    // What the server's name is used in must read it as one.
    let is_name = format!("https://{host}/").parse::<Uri>().is_ok_and(|uri| {
        uri.authority().is_some_and(|authority| authority.as_str() == host) && !host.contains('@')
    });
    (is_name && is_clean).then(|| Place { scheme, host, path: path.to_owned() })
}

/// `%20` and the like back to what they stand for, so that they are not escaped twice.
fn decode(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, tail @ ..] = rest {
        let pair = tail.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = pair.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        if let Some(byte) = byte.filter(|_| *first == b'%') {
            bytes.push(byte);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = tail;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

/// A text as one part of a path, or as a value of a query: all that is not plain is escaped.
#[must_use]
pub fn escape(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// A path whose slashes stay.
#[must_use]
pub fn segments(path: &str) -> String {
    path.split('/').map(escape).collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remotes_are_read_as_git_reads_them() {
        for (url, origin, path) in [
            ("https://github.com/acme/shop.git", "https://github.com", "acme/shop"),
            ("https://GitHub.com/acme/shop/", "https://github.com", "acme/shop"),
            ("https://me:s3cret@git.corp:8443/a/b/c.git", "https://git.corp:8443", "a/b/c"),
            ("https://git.corp:443/a/b", "https://git.corp", "a/b"),
            ("http://gitea.svc:3000/a/b.git", "http://gitea.svc:3000", "a/b"),
            ("git@github.com:acme/shop.git", "https://github.com", "acme/shop"),
            ("github.com:acme/shop", "https://github.com", "acme/shop"),
            ("ssh://git@git.corp:2222/acme/shop.git", "https://git.corp", "acme/shop"),
            ("ssh://git@ssh.github.com:443/acme/shop.git", "https://github.com", "acme/shop"),
            ("git@altssh.gitlab.com:acme/shop.git", "https://gitlab.com", "acme/shop"),
            ("https://git.corp/a/my%20repo", "https://git.corp", "a/my repo"),
            ("https://git.corp/a/b?x=y#z", "https://git.corp", "a/b"),
        ] {
            let place = Place::of_remote(url).unwrap();
            assert_eq!((place.origin().as_str(), place.path.as_str()), (origin, path), "{url}");
        }
    }

    #[test]
    fn what_is_on_no_host_is_refused_without_its_password() {
        for url in [
            "/srv/git/shop.git",
            "../shop",
            "C:/git/shop",
            "file:///srv/git/shop.git",
            "ext::sh -c id",
            "https://git.corp",
            "https://git.corp/",
            "https://git.corp/a/../b",
            "https://git.corp/a//b",
            "https://git.corp/a%2F..%2Fb",
            "https://git.corp/a/b%0Ahost=evil",
            "https://u:s3cret@/a/b",
            "https://git.corp/a\nhost=evil/b",
            "--upload-pack=x:y",
            "https://u:s3cret@a b/c/d",
            "git://git.corp/a/b",
            "",
        ] {
            let error = Place::of_remote(url).expect_err(url);
            assert_eq!(error.kind(), ErrorKind::Usage);
            assert!(!error.to_string().contains("s3cret"), "{error}");
            assert!(!error.to_string().contains('\n'), "{error}");
        }
    }

    #[test]
    fn parts_of_paths_are_escaped() {
        assert_eq!(escape("rb/revert-1"), "rb%2Frevert-1");
        assert_eq!(escape("größe&x=#"), "gr%C3%B6%C3%9Fe%26x%3D%23");
        assert_eq!(segments("a b/c"), "a%20b/c");
        let place = Place::of_remote("https://git.corp:8443/a/b").unwrap();
        assert_eq!((place.name(), place.to_string().as_str()), ("git.corp", "git.corp:8443/a/b"));
        assert_eq!(place.owner_and_name(), Some(("a", "b")));
        assert_eq!(Place { path: "a/b/c".into(), ..place }.owner_and_name(), None);
    }
}
