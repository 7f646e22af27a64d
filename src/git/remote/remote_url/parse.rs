//! Text to [`RemoteUrl`]. What Git would take for an option or for a program to run is refused here, so
//! that it never gets near an argument list.

use super::{RemoteUrl, Transport};
use crate::error::{Error, ErrorKind, Result};
use crate::git::program::credentials::Credentials;
use crate::text;

pub(super) fn parse(text: &str) -> Result<RemoteUrl> {
    if text.is_empty() {
        return Err(refused("the URL of the repository is empty"));
    }
    if text.chars().any(char::is_control) {
        return Err(refused("the URL of the repository has a line end or a control character"));
    }
    if text.starts_with('-') {
        let message = format!("{} is no URL of a repository but an option", quoted(text));
        return Err(refused(&message));
    }
    if let Some(helper) = helper(text) {
        let message = format!("{helper}:: is not a way to a repository that rb goes");
        return Err(refused(&message).because("it would make git run a program of that name"));
    }
    match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => url(scheme, rest),
        _ => match scp_like(text) {
            Some((place, path)) => scp(place, path),
            None => file(text),
        },
    }
}

/// The `NAME` of `NAME::address`.
fn helper(text: &str) -> Option<&str> {
    let (name, _) = text.split_once("::")?;
    is_scheme(name).then_some(name)
}

fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c))
}

fn url(scheme: &str, rest: &str) -> Result<RemoteUrl> {
    let (transport, usual_port) = match scheme.to_ascii_lowercase().as_str() {
        "https" => (Transport::Https, 443),
        "http" => (Transport::Http, 80),
        "ssh" | "git+ssh" | "ssh+git" => (Transport::Ssh, 22),
        "git" => (Transport::Git, 9418),
        "file" => return file_url(rest),
        other => {
            let message = format!("{} is not a way to a repository that rb knows", quoted(other));
            return Err(refused(&message).hint("https://, ssh://, git://, file:// or host:path"));
        }
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (userinfo, place) = match authority.rsplit_once('@') {
        Some((userinfo, place)) => (Some(userinfo), place),
        None => (None, authority),
    };
    let (host, port) = host_and_port(place)?;
    check_path(path)?;
    let port = port.filter(|port| *port != usual_port);
    let place = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
    let is_ssh = transport == Transport::Ssh;
    let scheme = if is_ssh { "ssh" } else { &scheme.to_ascii_lowercase() };
    let (user, credentials) = match userinfo {
        None => (None, None),
        // A password in an SSH URL is used by nobody.
        Some(userinfo) if is_ssh => (Some(ssh_user(userinfo.split(':').next())?), None),
        Some(userinfo) => (None, credentials(userinfo)?),
    };
    let at = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    let argument = format!("{scheme}://{at}{place}{path}");
    Ok(RemoteUrl { transport, user, host, port, path: path.to_owned(), argument, credentials })
}

/// `place:path` as `scp` has it: a colon before any slash.
fn scp_like(text: &str) -> Option<(&str, &str)> {
    let (user, rest) = match text.split_once('@') {
        Some((user, rest)) if !user.contains(['/', ':']) => (user.len() + 1, rest),
        _ => (0, text),
    };
    let colon = match rest.strip_prefix('[') {
        Some(inner) => inner.find("]:").map(|end| end + 2),
        None => rest.find(':'),
    }?;
    let (place, path) = text.split_at_checked(user + colon)?;
    (!place.contains('/')).then(|| (place, path.strip_prefix(':').unwrap_or(path)))
}

fn scp(place: &str, path: &str) -> Result<RemoteUrl> {
    let (user, place) = match place.rsplit_once('@') {
        Some((user, place)) => (Some(ssh_user(Some(user))?), place),
        None => (None, place),
    };
    let inner = place.strip_prefix('[').and_then(|place| place.strip_suffix(']'));
    let (host, port) = match inner {
        // `[host:port]:path`; two colons make it an IPv6 address.
        Some(inner) if inner.matches(':').count() == 1 => host_and_port(inner)?,
        _ => host_and_port(place)?,
    };
    if path.is_empty() || path.starts_with('-') {
        return Err(refused(&format!("{} is no path of a repository", quoted(path))));
    }
    let port = port.filter(|port| *port != 22);
    let at = user.as_ref().map(|user| format!("{user}@")).unwrap_or_default();
    let argument = match port {
        Some(port) => format!("{at}[{host}:{port}]:{path}"),
        None => format!("{at}{host}:{path}"),
    };
    let path = path.to_owned();
    Ok(RemoteUrl { transport: Transport::Ssh, user, host, port, path, argument, credentials: None })
}

fn file_url(rest: &str) -> Result<RemoteUrl> {
    // Git knows no host here, but many write one.
    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    if !path.starts_with('/') {
        return Err(refused(&format!("file://{} names a host", text::sanitize(rest))));
    }
    check_path(path)?;
    Ok(of_file(decoded(path), format!("file://{path}")))
}

fn file(text: &str) -> Result<RemoteUrl> {
    let absolute = std::path::absolute(text).map_err(|error| {
        Error::new(ErrorKind::Usage, format!("cannot use the path {}", quoted(text))).because(error)
    })?;
    let absolute = absolute.into_os_string().into_string().map_err(|_| {
        refused(&format!("the folder of {} has a name that is not UTF-8", quoted(text)))
    })?;
    Ok(of_file(absolute.clone(), absolute))
}

fn of_file(path: String, argument: String) -> RemoteUrl {
    let (host, transport) = (String::new(), Transport::File);
    RemoteUrl { transport, user: None, host, port: None, path, argument, credentials: None }
}

fn host_and_port(place: &str) -> Result<(String, Option<u16>)> {
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (place, None),
    };
    let port = match port {
        None | Some("") => None,
        Some(text) => Some(text.parse().map_err(|_| {
            refused(&format!("{} is no port in the URL of the repository", quoted(text)))
        })?),
    };
    let is_name = |c: char| c.is_alphanumeric() || "-._".contains(c);
    let is_address = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit() || ":.%".contains(c));
    let good = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => !address.is_empty() && is_address(address),
        // A leading `-` would be an option of ssh.
        None => !host.is_empty() && !host.starts_with('-') && host.chars().all(is_name),
    };
    if !good {
        return Err(refused(&format!("{} is no host of a repository", quoted(host))));
    }
    Ok((host.to_ascii_lowercase(), port))
}

fn ssh_user(user: Option<&str>) -> Result<String> {
    let user = user.unwrap_or_default();
    let good = |c: char| c.is_alphanumeric() || "-._+@".contains(c);
    if user.is_empty() || user.starts_with('-') || !user.chars().all(good) {
        return Err(refused("the URL of the repository has a user name that SSH cannot take"));
    }
    Ok(user.to_owned())
}

/// The texts in the errors are not repeated: they are secrets.
fn credentials(userinfo: &str) -> Result<Option<Credentials>> {
    let (user, password) = match userinfo.split_once(':') {
        Some((user, password)) => (decoded(user), Some(decoded(password))),
        None => (decoded(userinfo), None),
    };
    let credentials = match password {
        Some(password) => Credentials::Basic { user, password },
        None if user.is_empty() => return Ok(None),
        None => Credentials::User(user),
    };
    credentials.checked().map(Some)
}

fn check_path(path: &str) -> Result<()> {
    if path.trim_matches('/').is_empty() {
        return Err(refused("the URL of the repository has no path"));
    }
    if path.contains(['?', '#']) {
        // Not shown: a query may hold a token.
        let message = "the URL of the repository has a query or a fragment";
        return Err(refused(message).hint("give it without what follows ? or #"));
    }
    if decoded(path).chars().any(char::is_control) {
        return Err(refused("the URL of the repository has a control character"));
    }
    Ok(())
}

/// With `%41` as `A`. What is not UTF-8 afterwards is replaced.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let is_hex = |digits: &&str| digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let code = code.filter(is_hex).and_then(|code| u8::from_str_radix(code, 16).ok());
        if let Some(byte) = code.filter(|_| *first == b'%') {
            bytes.push(byte);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn quoted(text: &str) -> String {
    format!("{:?}", text::truncate(&text::sanitize(text), 80))
}

fn refused(message: &str) -> Error {
    Error::new(ErrorKind::Usage, message).again("name the repository", ["--repo", "URL"])
}
