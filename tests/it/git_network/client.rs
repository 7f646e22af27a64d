//! Somebody who fetches and pushes: a home and a cache of their own, and no terminal.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use git2::Oid;
use kubectl_rb::error::{Error, Result};
use kubectl_rb::git::branch::BranchName;
use kubectl_rb::git::program::Git;
use kubectl_rb::git::program::credentials::Credentials;
use kubectl_rb::git::remote::fetch::Needs;
use kubectl_rb::git::remote::network_failure::{NetworkFailure, Reason};
use kubectl_rb::git::remote::remote_url::RemoteUrl;
use kubectl_rb::git::remote::{Patience, Remote};
use kubectl_rb::git::store::Store;
use kubectl_rb::git::store::cache;
use tokio::time::Instant;

use crate::testbed::git_server::{GitServer, Ground};

pub(super) struct Client {
    folder: tempfile::TempDir,
    variables: Vec<(OsString, OsString)>,
    patience: Patience,
    until: Duration,
}

/// Runs what is asynchronous.
pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// A ground with the repository `shop` of so many commits, and a server for it.
pub(super) fn shop(commits: usize) -> (Arc<Ground>, GitServer) {
    let ground = Arc::new(Ground::new().expect("a ground"));
    ground.with_commits("shop", commits).expect("a repository");
    let server = GitServer::start(&ground).expect("a server");
    (ground, server)
}

pub(super) fn main() -> BranchName {
    BranchName::parse("main").expect("a branch")
}

impl Client {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let home = folder.path().join("home");
        std::fs::create_dir(&home).expect("a home");
        let variables = vec![
            ("PATH".into(), path),
            ("HOME".into(), home.into()),
            ("GIT_CONFIG_NOSYSTEM".into(), "1".into()),
        ];
        // Patient enough for a busy machine.
        let patience = Patience::default();
        Self { folder, variables, patience, until: Duration::from_secs(120) }
    }

    pub(super) fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.variables.retain(|(found, _)| found != name);
        self.variables.push((name.into(), value.into()));
        self
    }

    pub(super) fn patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    pub(super) fn until(mut self, until: Duration) -> Self {
        self.until = until;
        self
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(super) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub(super) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    pub(super) async fn find_git(&self) -> Result<Git> {
        Git::find(self.variables.clone(), false).await
    }

    pub(super) async fn remote(&self, url: &str) -> Remote {
        self.remote_as(url, None).await
    }

    pub(super) async fn remote_as(&self, url: &str, credentials: Option<Credentials>) -> Remote {
        let git = self.find_git().await.expect("git");
        let url = RemoteUrl::parse(url).expect("a URL");
        let until = Instant::now() + self.until;
        let remote = Remote::connect(git, url, credentials, until).await.expect("a remote");
        remote.with_patience(self.patience)
    }

    /// The copy in the cache.
    pub(super) async fn store(&self, remote: &Remote) -> Store {
        let until = Instant::now() + Duration::from_secs(60);
        cache::open(Some(&self.cache()), remote.url(), None, until).await.expect("a copy")
    }

    /// Fetches `main` into the cache.
    pub(super) async fn fetch(&self, url: &str, needs: &Needs) -> Result<Oid> {
        let remote = self.remote(url).await;
        let mut store = self.store(&remote).await;
        remote.fetch(&mut store, &main(), needs, &mut |_| ()).await
    }
}

pub(super) fn oid(text: &str) -> Oid {
    Oid::from_str(text.trim()).expect("a commit")
}

/// The reason behind an error.
#[track_caller]
pub(super) fn reason(error: &Error) -> Reason {
    let failure = NetworkFailure::of(error);
    failure.unwrap_or_else(|| panic!("no reason: {error:?}")).reason
}

/// The repository of a copy, as it is now.
pub(super) fn opened(store: &Store) -> kubectl_rb::git::store::Opened<'_, git2::Repository> {
    let open = |path: &Path| Ok(git2::Repository::open(path).expect("a repository"));
    store.open(open).expect("a repository")
}

/// How many parents libgit2 sees, and how many there are.
pub(super) fn parents(store: &Store, commit: Oid) -> (usize, usize) {
    let repository = opened(store);
    let commit = repository.find_commit(commit).expect("a commit");
    let header = String::from_utf8_lossy(commit.raw_header_bytes()).into_owned();
    (commit.parents().count(), header.matches("\nparent ").count())
}

/// A commit on `tip` with the same files: what stands for a revert.
pub(super) fn commit_on(store: &Store, tip: Oid, message: &str) -> Oid {
    let repository = opened(store);
    let parent = repository.find_commit(tip).expect("the tip");
    let tree = parent.tree().expect("its tree");
    let who = git2::Signature::now("Cid", "cid@x.test").expect("a name");
    repository.commit(None, &who, &who, message, &tree, &[&parent]).expect("a commit")
}

/// Says why a test did nothing.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so where tests report")]
pub(crate) fn skipped(why: &str) {
    println!("skipped: {why}");
}
