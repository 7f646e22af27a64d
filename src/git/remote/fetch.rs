//! Bringing the copy up to date with as little as the work at hand needs.
//!
//! An empty copy gets the newest commit and those that are named, each with its parent: one call. What
//! is named comes with its parent always: a commit at the edge of a shallow repository would look as if
//! it had none. A copy that has something gets what is new; a depth would cut off what it has. Where the
//! server gives no commits by their id, or more history is needed, it is deepened in steps.

use std::ffi::OsString;

use git2::{Oid, Repository};

use crate::error::{Error, ErrorKind, Result};
use crate::git::branch::BranchName;
use crate::git::program::OnProgress;
use crate::git::remote::network_failure::{NetworkFailure, Reason};
use crate::git::remote::{Failed, Remote, words};
use crate::git::store::lock::Lock;
use crate::git::store::{Store, tip_ref, unreadable};
use crate::text::shell_quote;

/// What has to be in the copy besides the newest commit of the branch.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Commits, each with its parents.
    pub commits: Vec<Oid>,
    /// How much of what lies between.
    pub history: History,
}

/// More steps than it takes to get everything: by id, 50, 200, 1000, all.
const MOST_STEPS: u32 = 8;

/// How much history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum History {
    /// Whatever is there.
    #[default]
    Any,
    /// A step more than is there: 50, 200, 1000 commits, then all.
    Deeper,
    /// All of it.
    Full,
}

impl Remote {
    /// Fetches the branch, and says where it stands. `store` is for the caller alone meanwhile: what was
    /// opened before has to be opened again.
    ///
    /// Not found: there is no such branch, or no such commit in the repository.
    pub async fn fetch(
        &self,
        store: &mut Store,
        branch: &BranchName,
        needs: &Needs,
        progress: &mut OnProgress<'_>,
    ) -> Result<Oid> {
        let what = format!("cannot fetch {branch}");
        let lock = store.lock(self.until()).await?;
        let mut work = Work { remote: self, store, branch, lock };
        let mut failed = match work.bring(needs, progress).await {
            Ok(tip) => return Ok(tip),
            Err(failed) => failed,
        };
        if is_broken(&failed) {
            work.store.stop_borrowing();
            work.store.make_anew()?;
            match work.bring(needs, progress).await {
                Ok(tip) => return Ok(tip),
                Err(again) => failed = again,
            }
        }
        match failed {
            Failed::Network(failure) if failure.reason == Reason::DiskFull => {
                let folder = store.git_dir().display().to_string();
                let error = self.error(&what, Failed::Network(failure));
                Err(error.hint(format!("df -h {}", shell_quote(&folder))))
            }
            Failed::Network(failure) if failure.reason == Reason::NoBranch => {
                Err(self.look(Some(branch)).await?.missing(branch, self.url()))
            }
            failed => Err(self.error(&what, failed)),
        }
    }
}

/// A fetch, under the lock.
struct Work<'a> {
    remote: &'a Remote,
    store: &'a mut Store,
    branch: &'a BranchName,
    #[expect(dead_code, reason = "it is held")]
    lock: Option<Lock>,
}

impl Work<'_> {
    async fn bring(&mut self, needs: &Needs, progress: &mut OnProgress<'_>) -> Result<Oid, Failed> {
        let before = self.store.repository()?;
        let known = self.store.tip(self.branch)?.filter(|tip| before.find_commit(*tip).is_ok());
        let mut by_id = true;
        if known.is_none() && !self.store.borrows() {
            by_id = self.begin(needs, progress).await?;
        } else {
            let deeper = match needs.history {
                History::Any => None,
                History::Deeper => deeper(&before, known)?,
                History::Full => before.is_shallow().then(|| "--unshallow".to_owned()),
            };
            self.branch_with(deeper.as_slice(), &[], progress).await?;
        }
        drop(before);
        self.complete(&needs.commits, by_id, progress).await?;
        let tip = self.store.tip(self.branch)?;
        tip.ok_or_else(|| Failed::Network(NetworkFailure::with(Reason::NoBranch, &[], &[])))
    }

    /// Into an empty copy. Says whether the server gives commits by their id.
    async fn begin(&self, needs: &Needs, progress: &mut OnProgress<'_>) -> Result<bool, Failed> {
        let depth = match needs.history {
            History::Any if needs.commits.is_empty() => Some("--depth=1"),
            History::Any => Some("--depth=2"),
            History::Deeper => Some("--depth=50"),
            History::Full => None,
        };
        let depth: Vec<String> = depth.into_iter().map(str::to_owned).collect();
        match self.branch_with(&depth, &needs.commits, progress).await {
            Err(Failed::Network(failure)) if failure.reason == Reason::NotAdvertised => {
                self.branch_with(&depth, &[], progress).await?;
                Ok(false)
            }
            done => done.map(|()| true),
        }
    }

    /// Until each commit is there with its parents.
    async fn complete(
        &self,
        commits: &[Oid],
        mut by_id: bool,
        progress: &mut OnProgress<'_>,
    ) -> Result<(), Failed> {
        for _ in 0..MOST_STEPS {
            let now = self.store.repository()?;
            let missing: Vec<Oid> =
                commits.iter().copied().filter(|id| !is_whole(&now, *id)).collect();
            if missing.is_empty() {
                return Ok(());
            }
            if by_id {
                by_id = false;
                // Without a depth all that lies behind it would come.
                let depth = now.is_shallow().then(|| "--depth=2".to_owned());
                drop(now);
                match self.fetch(depth.as_slice(), &ids(&missing), progress).await {
                    Err(Failed::Network(failure)) if failure.reason == Reason::NotAdvertised => {}
                    done => done?,
                }
                continue;
            }
            let step = deeper(&now, self.store.tip(self.branch)?)?;
            drop(now);
            let Some(step) = step else { break };
            self.branch_with(&[step], &[], progress).await?;
        }
        let now = self.store.repository()?;
        let missing = commits.iter().find(|id| !is_whole(&now, **id));
        missing.map_or(Ok(()), |id| Err(Failed::Other(self.no_commit(&id.to_string()))))
    }

    /// The branch to its private ref, and these commits.
    async fn branch_with(
        &self,
        options: &[String],
        commits: &[Oid],
        progress: &mut OnProgress<'_>,
    ) -> Result<(), Failed> {
        let refspec = format!("+{}:{}", self.branch.full(), tip_ref(self.branch)?);
        let refspecs: Vec<String> = [refspec].into_iter().chain(ids(commits)).collect();
        self.fetch(options, &refspecs, progress).await
    }

    async fn fetch(
        &self,
        options: &[String],
        refspecs: &[String],
        progress: &mut OnProgress<'_>,
    ) -> Result<(), Failed> {
        // No URL and no name is written anywhere: not as a remote, and not to FETCH_HEAD.
        let mut arguments = words(&[
            "fetch",
            "--progress",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
        ]);
        arguments.extend(options.iter().map(OsString::from));
        arguments.extend(words(&["--", self.remote.url().argument()]));
        arguments.extend(refspecs.iter().map(OsString::from));
        let (patience, git_dir) = (self.remote.patience().fetch, Some(self.store.git_dir()));
        match self.remote.read(patience, git_dir, &arguments, progress).await {
            Ok(_) => Ok(()),
            Err(Failed::Network(failure)) if failure.reason == Reason::NoCommit => {
                let missing = refspecs.iter().find(|id| failure.to_string().contains(id.as_str()));
                Err(Failed::Other(
                    self.no_commit(missing.map_or("that is asked for", String::as_str)),
                ))
            }
            Err(failed) => Err(failed),
        }
    }

    fn no_commit(&self, id: &str) -> Error {
        let url = self.remote.url();
        Error::new(ErrorKind::NotFound, format!("there is no commit {id} in {url}"))
            .because(NetworkFailure::with(Reason::NoCommit, &[], &[]))
            .again("which there are", [""])
            .hint(format!("where it is, in a checkout: git branch --all --contains {id}"))
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

fn is_broken(failed: &Failed) -> bool {
    match failed {
        Failed::Network(failure) => failure.reason == Reason::BrokenCopy,
        // libgit2 could not read it.
        Failed::Other(error) => error.kind() == ErrorKind::Internal,
    }
}

fn ids(commits: &[Oid]) -> Vec<String> {
    commits.iter().map(Oid::to_string).collect()
}

/// Whether a commit is there with all its parents. libgit2 gives a commit at the edge no parents: the
/// commit itself tells how many it has.
fn is_whole(repository: &Repository, id: Oid) -> bool {
    let Ok(commit) = repository.find_commit(id) else { return false };
    let header = commit.raw_header_bytes();
    let lines = header.split(|byte| *byte == b'\n');
    let parents = lines.filter(|line| line.starts_with(b"parent ")).count();
    commit.parent_count() == parents && commit.parents().count() == parents
}

/// The option that brings a step more of history; `None` where all of it is there. `--deepen` counts from
/// the edge: it never cuts off what is there, as `--depth` does.
fn deeper(repository: &Repository, tip: Option<Oid>) -> Result<Option<String>> {
    if !repository.is_shallow() {
        return Ok(None);
    }
    let mut walk = repository.revwalk().map_err(|error| unreadable(&error))?;
    if let Some(tip) = tip {
        walk.push(tip).map_err(|error| unreadable(&error))?;
    }
    let step = match walk.take(1000).count() {
        0..50 => "--deepen=50",
        50..200 => "--deepen=150",
        200..1000 => "--deepen=800",
        _ => "--unshallow",
    };
    Ok(Some(step.to_owned()))
}
