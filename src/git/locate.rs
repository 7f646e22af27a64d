//! Which repository and which branch: those that are named, else those that the working directory's
//! checkout pushes to. `git` itself is asked, so that `branch.*.pushRemote`, `remote.pushDefault` and
//! `push.default` count; nothing is sent, and nothing in the checkout changes.

mod checkout;
mod cloned;
mod tracking;

use std::path::Path;

pub use checkout::Checkout;
pub use cloned::cloned;

use crate::error::{Error, ErrorKind, Result};
use crate::git::branch::BranchName;
use crate::git::program::Git;
use crate::git::remote::remote_url::{RemoteUrl, Transport};
use crate::text::{self, shell_quote};

/// What the user names.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// A URL, or a path: that of a bare repository is the repository, that of a checkout leads to where
    /// it pushes to.
    pub repository: Option<&'a str>,
    /// A branch of the repository.
    pub branch: Option<&'a str>,
    /// Where `rb` runs.
    pub folder: &'a Path,
}

/// What it comes to.
#[derive(Clone, Debug)]
pub struct Located {
    /// The repository.
    pub url: RemoteUrl,
    /// The branch; `None` is the default one of the repository, see [`crate::git::remote::Remote::default_branch`].
    pub branch: Option<BranchName>,
    /// The branch by the name that it has in the checkout.
    pub local: Option<BranchName>,
    /// What leads there again, from any folder: the path of the checkout, or the URL.
    pub name: String,
    /// The checkout that led there.
    pub checkout: Option<Checkout>,
    /// What the user should know, each a sentence without a full stop.
    pub notes: Vec<String>,
}

/// Finds it. Usage error: there is no repository here, HEAD is detached, the branch has no upstream, or
/// what is named cannot be one. Refused: the checkout belongs to another user.
pub async fn locate(git: &Git, wanted: Wanted<'_>) -> Result<Located> {
    let branch = wanted.branch.map(BranchName::parse).transpose()?;
    let folder = match wanted.repository {
        None => wanted.folder.to_owned(),
        Some(text) => {
            let url = RemoteUrl::parse_in(text, wanted.folder)?;
            let path = Path::new("/").join(url.path_of_file().unwrap_or_default());
            if url.transport() != Transport::File {
                return Ok(directly(url, branch));
            }
            if !path.exists() {
                return Err(nothing_there(&url));
            }
            if checkout::is_bare(git, &path).await? {
                return Ok(directly(url, branch));
            }
            path
        }
    };
    of_checkout(git, &folder, branch).await
}

fn directly(url: RemoteUrl, branch: Option<BranchName>) -> Located {
    let name = url.argument().to_owned();
    Located { url, branch, local: None, name, checkout: None, notes: Vec::new() }
}

fn nothing_there(url: &RemoteUrl) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no repository at {url}"))
        .because("nothing of that name is on this machine")
        .again("name another", ["--repo", "URL"])
}

async fn of_checkout(git: &Git, folder: &Path, branch: Option<BranchName>) -> Result<Located> {
    let checkout = checkout::find(git, folder).await?;
    let head = tracking::head(git, folder).await?;
    let local = match (&branch, head) {
        (Some(branch), _) => branch.clone(),
        (None, Some(head)) => head,
        (None, None) => {
            let message = "HEAD is detached: the checkout is at a commit and on no branch";
            let folder = shell_quote(&shown(folder)).into_owned();
            return Err(Error::new(ErrorKind::Usage, message)
                .again("name the branch", ["--branch", "NAME"])
                .hint(format!("which hold it: git -C {folder} branch --remotes --contains HEAD")));
        }
    };
    let tracked = tracking::of(git, folder, &local).await?;
    let (remote, branch, mut notes) = match (tracked, branch) {
        (Some(tracked), _) => {
            let notes = tracked.notes(&local);
            (tracked.remote, tracked.branch, notes)
        }
        // A branch that the checkout has not is one of the repository.
        (None, Some(branch)) => (tracking::usual_remote(git, folder).await?, branch, Vec::new()),
        (None, None) => {
            let remote = tracking::usual_remote(git, folder).await?;
            return Err(no_upstream(folder, &local, &remote));
        }
    };
    let url = tracking::url(git, folder, &remote).await?;
    notes.extend(checkout.notes());
    let (name, local) = (folder.display().to_string(), Some(local));
    Ok(Located { url, branch: Some(branch), local, name, checkout: Some(checkout), notes })
}

fn no_upstream(folder: &Path, branch: &BranchName, remote: &str) -> Error {
    let message =
        format!("the branch {branch} has no upstream: nothing says where it is pushed to");
    let upstream = format!("{remote}/{branch}");
    let [folder, upstream, branch] =
        [&shown(folder), &upstream, branch.as_str()].map(|text| shell_quote(text).into_owned());
    Error::new(ErrorKind::Usage, message)
        .again("name the branch of the repository", ["--branch", "NAME"])
        .hint(format!("git -C {folder} branch --set-upstream-to={upstream} {branch}"))
}

pub(super) fn shown(path: &Path) -> String {
    text::sanitize(&path.display().to_string()).into_owned()
}
