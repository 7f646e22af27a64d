//! Which repository and which branch: those that are named, else those that the working directory's
//! checkout pushes to. `git` itself is asked, so that `branch.*.pushRemote`, `remote.pushDefault` and
//! `push.default` count; nothing is sent, and nothing in the checkout changes.

mod checkout;
mod tracking;

use std::path::Path;

pub use checkout::Checkout;

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
                return Ok(Located { url, branch, checkout: None, notes: Vec::new() });
            }
            if !path.exists() {
                let message = format!("there is no repository at {url}");
                return Err(Error::new(ErrorKind::NotFound, message));
            }
            if checkout::is_bare(git, &path).await? {
                return Ok(Located { url, branch, checkout: None, notes: Vec::new() });
            }
            path
        }
    };
    of_checkout(git, &folder, branch).await
}

async fn of_checkout(git: &Git, folder: &Path, branch: Option<BranchName>) -> Result<Located> {
    let checkout = checkout::find(git, folder).await?;
    let head = tracking::head(git, folder).await?;
    let local = match (&branch, head) {
        (Some(branch), _) => branch.clone(),
        (None, Some(head)) => head,
        (None, None) => {
            let message = "HEAD is detached: the checkout is at a commit and on no branch";
            return Err(Error::new(ErrorKind::Usage, message)
                .hint("name the branch: --branch NAME")
                .hint("git switch NAME"));
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
        (None, None) => return Err(no_upstream(&local)),
    };
    let url = tracking::url(git, folder, &remote).await?;
    notes.extend(checkout.notes());
    Ok(Located { url, branch: Some(branch), checkout: Some(checkout), notes })
}

fn no_upstream(branch: &BranchName) -> Error {
    let message =
        format!("the branch {branch} has no upstream: nothing says where it is pushed to");
    let quoted = shell_quote(branch.as_str()).into_owned();
    Error::new(ErrorKind::Usage, message)
        .hint("name the repository: --repo URL --branch NAME")
        .hint(format!("git branch --set-upstream-to=origin/{quoted} {quoted}"))
}

pub(super) fn shown(path: &Path) -> String {
    text::sanitize(&path.display().to_string()).into_owned()
}
