//! Making a commit and pushing it, all of it again where the branch has moved: a commit that was made on
//! an old tip is never pushed onto a new one.

use std::time::Duration;

use git2::Oid;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::git::branch::BranchName;
use crate::git::program::OnProgress;
use crate::git::remote::Remote;
use crate::git::remote::fetch::{History, Needs};
use crate::git::remote::jitter;
use crate::git::remote::network_failure::{NetworkFailure, Reason};
use crate::git::remote::push::{Landed, Lease, Sent, is_worth_another_try};
use crate::git::store::Store;

/// How often `make` may ask for more before it is told that there is no more: once by id, and the steps
/// of history.
const MOST_REQUESTS: u32 = 8;

/// How often and how fast.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Pushes, the first included.
    pub tries: u32,
    /// The longest pause between two.
    pub longest: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { tries: 5, longest: Duration::from_secs(2) }
    }
}

/// What was made of a tip.
#[derive(Debug)]
pub enum Made<T> {
    /// A commit in the store, with the tip for its parent.
    Commit(Oid, T),
    /// Nothing: it is done already, by us or by others.
    Nothing(T),
    /// Nothing yet: this has to be fetched first.
    Needs(Needs),
    /// Nothing: objects that should be in the copy are not. It is made anew once; then this error stands.
    Broken(Error),
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pushed<T> {
    /// What `make` gave with its commit, or in the place of one.
    pub value: T,
    /// The commit that is on the branch; `None` where there was nothing to do.
    pub commit: Option<Oid>,
    /// The tip that it stands on, or where there was nothing to do.
    pub on: Oid,
    /// How many pushes it took.
    pub tries: u32,
    /// What the server said to the last one.
    pub landed: Landed,
}

impl Remote {
    /// Makes a commit on `tip`, which was just fetched, and pushes it. `make` gets the store and a tip; it
    /// opens the store anew each time, looks first whether its commit is there already, and does all of its
    /// work again. Its errors end this: a conflict with what has landed is one.
    ///
    /// Lost race: the branch moved each time. Inconclusive: nothing tells whether it was done; the same
    /// command, run again, finds its own commit. Otherwise as [`Remote::push`].
    pub async fn push_with_retry<T>(
        &self,
        store: &mut Store,
        branch: &BranchName,
        mut tip: Oid,
        pace: Pace,
        progress: &mut OnProgress<'_>,
        mut make: impl FnMut(&Store, Oid) -> Result<Made<T>>,
    ) -> Result<Pushed<T>> {
        let (mut tries, mut requests, mut anew) = (0, 0, false);
        // What may have landed although no answer came.
        let mut unanswered = None;
        loop {
            let (commit, value) = match make(store, tip)? {
                Made::Commit(commit, value) => (commit, value),
                Made::Nothing(value) => {
                    let landed = Landed::default();
                    return Ok(Pushed { value, commit: None, on: tip, tries, landed });
                }
                Made::Needs(needs) if requests < MOST_REQUESTS => {
                    requests += 1;
                    tip = self.fetch(store, branch, &needs, progress).await?;
                    continue;
                }
                Made::Needs(_) => return Err(self.no_more(branch)),
                Made::Broken(error) if anew => return Err(error),
                Made::Broken(_) => {
                    anew = true;
                    tip = self.fetch_anew(store, branch, progress).await?;
                    continue;
                }
            };
            tries += 1;
            let (failure, open) =
                match self.send(store, branch, commit, Lease::At(tip), progress).await? {
                    Sent::Landed(mut landed) => {
                        landed.by_others &= unanswered != Some(commit);
                        return Ok(Pushed { value, commit: Some(commit), on: tip, tries, landed });
                    }
                    Sent::Refused(failure) => (failure, false),
                    Sent::Open(failure) => {
                        unanswered = Some(commit);
                        (failure, true)
                    }
                };
            let pushed = |value| {
                let landed = Landed::default();
                Pushed { value, commit: Some(commit), on: tip, tries, landed }
            };
            if open {
                match self.look(Some(branch)).await {
                    Ok(heads) if heads.tip(branch) == Some(commit) => return Ok(pushed(value)),
                    Ok(_) => {}
                    Err(_) => return Err(self.unknown(branch, commit, failure)),
                }
            } else if failure.reason == Reason::BrokenCopy && !anew {
                anew = true;
                tip = self.fetch_anew(store, branch, progress).await?;
                continue;
            }
            let is_last = tries >= pace.tries || !is_worth_another_try(failure.reason);
            if is_last && !open {
                return Err(self.gave_up(branch, tries, failure));
            }
            if !is_last {
                let end = Instant::now() + jitter::pause(tries, pace.longest);
                tokio::time::sleep_until(end.min(self.until())).await;
            }
            let next = match self.fetch(store, branch, &Needs::default(), progress).await {
                Ok(next) => next,
                Err(_) if open => return Err(self.unknown(branch, commit, failure)),
                Err(error) => return Err(error),
            };
            if open && holds(store, next, commit) {
                return Ok(pushed(value));
            }
            if is_last {
                return Err(self.gave_up(branch, tries, failure));
            }
            tip = next;
        }
    }

    async fn fetch_anew(
        &self,
        store: &mut Store,
        branch: &BranchName,
        progress: &mut OnProgress<'_>,
    ) -> Result<Oid> {
        {
            let lock = store.lock(self.until()).await?;
            store.stop_borrowing();
            store.make_anew()?;
            drop(lock);
        }
        self.fetch(store, branch, &Needs::default(), progress).await
    }

    fn no_more(&self, branch: &BranchName) -> Error {
        let message = format!("the history of {branch} in {} ends too early", self.url());
        Error::new(ErrorKind::Refused, message)
            .because("all of it that the server gives was fetched, and more would be needed")
    }

    fn gave_up(&self, branch: &BranchName, tries: u32, failure: NetworkFailure) -> Error {
        if tries == 1 || failure.reason != Reason::LostRace {
            return self.refused(branch, failure);
        }
        let message = format!("{branch} of {} moved under each of {tries} pushes", self.url());
        Error::new(ErrorKind::LostRace, message)
            .because(failure)
            .hint("run the same command again, when fewer others push")
    }
}

impl Needs {
    /// These commits, with their parents.
    #[must_use]
    pub fn commits(commits: impl IntoIterator<Item = Oid>) -> Self {
        Self { commits: commits.into_iter().collect(), history: History::Any }
    }

    /// More history.
    #[must_use]
    pub fn history(history: History) -> Self {
        Self { commits: Vec::new(), history }
    }
}

/// Whether a commit of ours lies behind the tip.
fn holds(store: &Store, tip: Oid, commit: Oid) -> bool {
    let Ok(repository) = store.repository() else { return false };
    tip == commit || repository.graph_descendant_of(tip, commit).unwrap_or(false)
}
