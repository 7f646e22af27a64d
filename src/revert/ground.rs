//! Where a revert is made.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use tokio::time::Instant;

use crate::error::Result;
use crate::git::branch::BranchName;
use crate::git::locate::{Located, Wanted, cloned, locate};
use crate::git::program::user_config::UserConfig;
use crate::git::program::{Git, cache_folder};
use crate::git::remote::Remote;
use crate::git::store::Store;
use crate::git::store::cache;

/// What the user says of it.
#[derive(Clone, Copy, Debug)]
pub struct Reach<'a> {
    /// URL or path; `None`: where this checkout pushes to.
    pub repository: Option<&'a str>,
    /// The branch; `None`: that of the checkout, else the repository's own.
    pub branch: Option<&'a str>,
    /// Where `rb` runs.
    pub folder: &'a Path,
    /// Whether somebody can answer questions of `git`.
    pub interactive: bool,
    /// The end of the time for the whole command.
    pub until: Instant,
}

/// How it is named on a command line, from any folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The checkout that leads there, else the URL.
    pub repository: String,
    /// The branch by the name that it has there.
    pub branch: String,
}

/// A repository that can be reached, a branch of it, and a copy of its objects.
#[derive(Debug)]
pub struct Ground {
    /// The repository.
    pub remote: Remote,
    /// The copy.
    pub store: Store,
    /// The branch.
    pub branch: BranchName,
    /// The user's settings, with those of the checkout.
    pub config: UserConfig,
    /// How to name it again.
    pub named: Named,
    /// What the user should know, each a sentence without a full stop.
    pub notes: Vec<String>,
}

impl Ground {
    /// Finds it; at most one question to the server, for its default branch. Errors as of
    /// [`locate`] and [`Remote::connect`].
    pub async fn reach(reach: Reach<'_>) -> Result<Self> {
        let git = Git::find(std::env::vars_os(), reach.interactive).await?;
        let wanted =
            Wanted { repository: reach.repository, branch: reach.branch, folder: reach.folder };
        let located = locate(&git, wanted).await?;
        let caches = cache_folder(|name| std::env::var_os(name));
        Self::open(git, located, caches, &reach).await
    }

    /// The same of a repository that somebody else names by its URL. Where `rb` runs in a clone of it,
    /// it is reached as that does. `variables` are those of this process.
    pub async fn reach_named(
        url: &str,
        reach: Reach<'_>,
        variables: &[(OsString, OsString)],
    ) -> Result<Self> {
        let git = Git::find(variables.iter().cloned(), reach.interactive).await?;
        let branch = reach.branch.map(BranchName::parse).transpose()?;
        let located = cloned(&git, url, branch, reach.folder).await?;
        let variable = |name: &str| variables.iter().find(|(found, _)| found == name);
        let caches = cache_folder(|name| variable(name).map(|(_, value)| value.clone()));
        Self::open(git, located, caches, &reach).await
    }

    async fn open(
        git: Git,
        located: Located,
        caches: Option<PathBuf>,
        reach: &Reach<'_>,
    ) -> Result<Self> {
        let checkout = located.checkout.as_ref();
        let folder = checkout.map_or(reach.folder, |checkout| &checkout.folder);
        let config = UserConfig::read(&git, folder).await?;
        let git = match checkout {
            Some(checkout) => git.adopt(&checkout.folder).await?,
            None => git,
        };
        let objects = checkout.and_then(|checkout| checkout.objects.as_deref());
        let store = cache::open(caches.as_deref(), &located.url, objects, reach.until).await?;
        let (name, local) = (located.name, located.local);
        let notes = [located.notes, store.notes().to_vec()].concat();
        let remote = Remote::connect(git, located.url, None, reach.until).await?;
        let branch = match located.branch {
            Some(branch) => branch,
            None => remote.default_branch().await?,
        };
        let named = Named {
            repository: name,
            branch: local.unwrap_or_else(|| branch.clone()).as_str().to_owned(),
        };
        Ok(Self { remote, store, branch, config, named, notes })
    }
}
