//! Where a branch of a checkout pushes to, as `git` resolves it.

use std::path::Path;

use super::{checkout, shown};
use crate::error::{Error, ErrorKind, Result};
use crate::git::branch::BranchName;
use crate::git::program::Git;
use crate::git::remote::remote_url::RemoteUrl;
use crate::text::{self, shell_quote};

/// NUL stands in none of them. What is pushed to is a ref only where `remote.NAME.push` says so.
const FORMAT: &str = "--format=%(push:remotename)%00%(push:remoteref)%00%(upstream:remotename)%00\
    %(upstream:remoteref)%00%(upstream:track,nobracket)";

/// A branch of a repository that a local branch follows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tracked {
    /// Name of the remote, or its URL where it has no name.
    pub(super) remote: String,
    pub(super) branch: BranchName,
    /// `ahead 2, behind 1`, since the last fetch.
    drift: String,
}

impl Tracked {
    pub(super) fn notes(&self, local: &BranchName) -> Vec<String> {
        let mut notes = Vec::new();
        if self.branch != *local {
            notes.push(format!("your branch {local} pushes to {}", self.branch));
        }
        if self.drift.contains("ahead") {
            let note = "has commits that are not pushed: they are not part of what is reverted";
            notes.push(format!("your branch {local} {note}"));
        }
        notes
    }
}

/// The branch that HEAD names; `None` where it is detached.
pub(super) async fn head(git: &Git, folder: &Path) -> Result<Option<BranchName>> {
    let output = git.at(folder, &["symbolic-ref", "--quiet", "HEAD"]).await?;
    let name = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if name.is_empty() { Ok(None) } else { BranchName::parse(&name).map(Some) }
}

/// Where a local branch pushes to; `None` where there is no such branch or nothing says it.
pub(super) async fn of(git: &Git, folder: &Path, local: &BranchName) -> Result<Option<Tracked>> {
    let output = git.at(folder, &["for-each-ref", FORMAT, "--", &local.full()]).await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    // A name without wildcards matches what lies below it, too.
    let Some(line) = text.lines().next() else { return Ok(None) };
    let default = git.at(folder, &["config", "--get", "push.default"]).await?;
    let default = String::from_utf8_lossy(&default.stdout).trim().to_owned();
    read(line, local, &default)
}

/// As `git push` decides it. `simple` would refuse an upstream of another name; here it is the branch
/// that is meant.
fn read(line: &str, local: &BranchName, push_default: &str) -> Result<Option<Tracked>> {
    let mut fields = line.split('\0');
    let mut next = || fields.next().unwrap_or_default();
    let (push_remote, push_ref) = (next(), next());
    let (upstream_remote, upstream_ref) = (next(), next());
    let drift = next().to_owned();
    let same_name = local.full();
    let (remote, full) = if !push_ref.is_empty() {
        (push_remote, push_ref)
    } else if !push_remote.is_empty() && push_remote != upstream_remote {
        (push_remote, same_name.as_str())
    } else if push_default == "current" && upstream_remote != "." {
        (upstream_remote, same_name.as_str())
    } else {
        (upstream_remote, upstream_ref)
    };
    if remote.is_empty() || full.is_empty() {
        return Ok(None);
    }
    if remote == "." {
        let follows = text::sanitize(full).into_owned();
        let message = format!("the branch {local} follows {follows} of the same repository");
        return Err(Error::new(ErrorKind::Usage, message)
            .again("name the repository", ["--repo", "URL", "--branch", "NAME"]));
    }
    Ok(Some(Tracked { remote: remote.to_owned(), branch: BranchName::parse(full)?, drift }))
}

/// Where a branch is looked for that the checkout does not have.
pub(super) async fn usual_remote(git: &Git, folder: &Path) -> Result<String> {
    let output = git.at(folder, &["remote"]).await?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names: Vec<&str> = text.lines().collect();
    let default = git.at(folder, &["config", "--get", "remote.pushDefault"]).await?;
    let default = String::from_utf8_lossy(&default.stdout).trim().to_owned();
    let usual = [default.as_str(), "origin"].into_iter().find(|name| names.contains(name));
    match (usual, names.as_slice()) {
        (Some(name), _) | (None, &[name]) => Ok(name.to_owned()),
        (None, []) => Err(no_remote(folder, checkout::is_bare(git, folder).await?)),
        (None, several) => {
            let message = format!(
                "the repository here has several remotes, and none is called origin: {}",
                text::sanitize(&several.join(", "))
            );
            Err(Error::new(ErrorKind::Usage, message)
                .again("name the repository", ["--repo", "URL", "--branch", "NAME"]))
        }
    }
}

fn no_remote(folder: &Path, is_bare: bool) -> Error {
    let place = shown(folder);
    let message = format!("the repository {place} has no remote: nothing says where to push to");
    let error = Error::new(ErrorKind::Usage, message);
    if is_bare {
        // One that is pushed to, most likely.
        return error.again("to change it itself", ["--repo".to_owned(), place]);
    }
    error.again("name the repository", ["--repo", "URL", "--branch", "NAME"])
}

/// The URL that a remote is pushed to, as it is written: `insteadOf` is applied when it is used.
pub(super) async fn url(git: &Git, folder: &Path, remote: &str) -> Result<RemoteUrl> {
    for key in ["pushurl", "url"] {
        let name = format!("remote.{remote}.{key}");
        let output = git.at(folder, &["config", "--get-all", &name]).await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        match text.lines().collect::<Vec<_>>().as_slice() {
            [] => {}
            [url] => return RemoteUrl::parse_in(url, &base(git, folder).await?),
            _ => {
                let remote = text::sanitize(remote).into_owned();
                let message = format!("the remote {remote} is pushed to several places");
                return Err(Error::new(ErrorKind::Usage, message)
                    .hint(format!("git remote get-url --push --all {}", shell_quote(&remote)))
                    .again("name one", ["--repo", "URL", "--branch", "NAME"]));
            }
        }
    }
    // `branch.NAME.remote` may hold a URL.
    RemoteUrl::parse_in(remote, &base(git, folder).await?)
}

/// Where relative paths in the configuration begin.
async fn base(git: &Git, folder: &Path) -> Result<std::path::PathBuf> {
    let output = git.at(folder, &["rev-parse", "--show-toplevel"]).await?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(if line.is_empty() { folder.to_owned() } else { line.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch(name: &str) -> BranchName {
        BranchName::parse(name).unwrap()
    }

    #[test]
    fn it_is_decided_as_git_push_does_it() {
        let local = branch("main");
        for (line, push_default, expected) in [
            ("origin\0\0origin\0refs/heads/main\0", "", Some(("origin", "main"))),
            ("origin\0\0origin\0refs/heads/dev\0", "simple", Some(("origin", "dev"))),
            ("origin\0\0origin\0refs/heads/dev\0", "current", Some(("origin", "main"))),
            ("fork\0\0origin\0refs/heads/dev\0", "simple", Some(("fork", "main"))),
            ("o\0refs/heads/prod\0o\0refs/heads/dev\0", "", Some(("o", "prod"))),
            ("\0\0up\0refs/heads/dev\0", "", Some(("up", "dev"))),
            ("\0\0\0\0", "", None),
            ("\0\0\0\0", "current", None),
            ("", "", None),
        ] {
            let tracked = read(line, &local, push_default).unwrap();
            let found =
                tracked.as_ref().map(|found| (found.remote.as_str(), found.branch.as_str()));
            assert_eq!(found, expected, "{line:?} {push_default}");
        }
        for push_default in ["", "current"] {
            let error = read(".\0\0.\0refs/heads/dev\0", &local, push_default).unwrap_err();
            assert!(error.to_string().contains("follows refs/heads/dev of the same repository"));
        }
        assert!(read("o\0refs/tags/v1\0\0\0", &local, "").is_err());
    }

    #[test]
    fn what_differs_is_said() {
        let read = |line| read(line, &branch("main"), "").unwrap().unwrap().notes(&branch("main"));
        assert_eq!(read("\0\0o\0refs/heads/prod\0ahead 2, behind 1").len(), 2);
        assert!(read("\0\0o\0refs/heads/main\0behind 1").is_empty());
    }
}
