//! Whether the working directory is a clone of a repository that somebody else names: then the way that
//! the clone has to it is the one that the user's credentials are set up for.

use std::path::Path;

use super::{Located, checkout};
use crate::error::Result;
use crate::git::branch::BranchName;
use crate::git::program::Git;
use crate::git::remote::remote_url::{RemoteUrl, Transport};

/// The remotes of a checkout with their URLs.
const REMOTES: [&str; 4] = ["config", "--null", "--get-regexp", r"^remote\..*\.(push)?url$"];

/// The repository of a URL, by the way of the clone that `rb` runs in, where that is one of it. Errors
/// as of [`RemoteUrl::parse`].
pub async fn cloned(
    git: &Git,
    url: &str,
    branch: Option<BranchName>,
    folder: &Path,
) -> Result<Located> {
    let url = RemoteUrl::parse(url)?;
    let mut located = super::directly(url, branch);
    let Some(own) = own_way(git, &located.url, folder).await else { return Ok(located) };
    let Ok(checkout) = checkout::find(git, folder).await else { return Ok(located) };
    if own != located.url {
        located.notes.push(format!("reached as your clone here does: {own}"));
    }
    located.checkout = Some(checkout);
    located.url = own;
    Ok(located)
}

/// The URL that the clone has, of its remotes the one that is pushed to.
async fn own_way(git: &Git, url: &RemoteUrl, folder: &Path) -> Option<RemoteUrl> {
    let output = git.at(folder, &REMOTES).await.ok().filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let remotes = text.split('\0').filter_map(|entry| entry.split_once('\n'));
    let mut fitting: Vec<(&str, RemoteUrl)> = remotes
        .filter_map(|(key, own)| Some((key, RemoteUrl::parse_in(own, folder).ok()?)))
        .filter(|(_, own)| are_same(own, url))
        .collect();
    // The URL that is pushed to, that of the usual remote, and one like the owner's, in this order.
    fitting.sort_by_key(|(key, own)| {
        let is_usual = key.starts_with("remote.origin.");
        (!key.ends_with(".pushurl"), !is_usual, own.transport() != url.transport())
    });
    fitting.into_iter().next().map(|(_, own)| own)
}

/// By host and path: the way there may be another one. Hosts do not tell big from small letters.
fn are_same(one: &RemoteUrl, other: &RemoteUrl) -> bool {
    let is_file = |url: &RemoteUrl| url.transport() == Transport::File;
    // Ports differ where the ways do.
    let port = one.transport() != other.transport() || one.port() == other.port();
    !is_file(one)
        && !is_file(other)
        && one.host() == other.host()
        && port
        && one.path().eq_ignore_ascii_case(other.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_path_tell_a_repository() {
        for (one, other, same) in [
            ("git@git.test:shop/fleet.git", "https://git.test/shop/fleet", true),
            ("ssh://git@git.test:2222/shop/fleet", "https://git.test/shop/Fleet.git/", true),
            ("https://git.test/shop/fleet", "https://git.test:8443/shop/fleet", false),
            ("https://git.test/shop/fleet", "https://git.test/shop/fleet-2", false),
            ("https://git.test/shop/fleet", "https://other.test/shop/fleet", false),
            ("/srv/fleet.git", "/srv/fleet.git", false),
        ] {
            let url = |text: &str| RemoteUrl::parse(text).unwrap();
            assert_eq!(are_same(&url(one), &url(other)), same, "{one} {other}");
        }
    }
}
