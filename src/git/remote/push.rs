//! Pushing one commit to one branch: never by force, and only where the branch still is what the commit
//! was made on.

use std::ffi::OsString;
use std::time::Duration;

use git2::Oid;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::git::branch::BranchName;
use crate::git::program::OnProgress;
use crate::git::remote::network_failure::{NetworkFailure, Reason};
use crate::git::remote::push_report::{self, Report};
use crate::git::remote::{Failed, Remote, words};
use crate::git::store::{Store, unreadable};
use crate::text::{self, shell_quote};

/// Time that a push leaves for looking whether it was done.
const LOOK: Duration = Duration::from_secs(10);

/// What the branch has to be, or nothing is pushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// At this commit.
    At(Oid),
    /// Not there yet.
    Absent,
}

/// A push that was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Landed {
    /// What the server said to it, sanitized: many name the URL that opens a change request.
    pub said: Vec<String>,
    /// The server let it through although its rules forbid it to others.
    pub bypassed: bool,
    /// The branch was at this commit before: somebody else has made the very same one, in the same second,
    /// and was faster.
    pub by_others: bool,
}

/// What became of one try.
pub(in crate::git) enum Sent {
    Landed(Landed),
    /// The branch is as it was.
    Refused(NetworkFailure),
    /// Nobody knows.
    Open(NetworkFailure),
}

impl Remote {
    /// Pushes `commit` to a branch, once. Where the answer is lost, it looks whether it was done.
    ///
    /// Lost race: the branch is not what the lease says. Inconclusive: nothing tells whether it was done.
    /// The cause of other errors is a [`NetworkFailure`], where [`Reason::Protected`] asks for a change
    /// request.
    pub async fn push(
        &self,
        store: &Store,
        branch: &BranchName,
        commit: Oid,
        lease: Lease,
        progress: &mut OnProgress<'_>,
    ) -> Result<Landed> {
        match self.send(store, branch, commit, lease, progress).await? {
            Sent::Landed(landed) => Ok(landed),
            Sent::Refused(failure) => Err(self.refused(branch, failure)),
            Sent::Open(failure) => match self.look(Some(branch)).await {
                Ok(heads) if heads.tip(branch) == Some(commit) => Ok(Landed::default()),
                Ok(_) => Err(self.refused(branch, failure)),
                Err(_) => Err(self.unknown(branch, commit, failure)),
            },
        }
    }

    /// One try, without a look at what it leaves open.
    pub(in crate::git) async fn send(
        &self,
        store: &Store,
        branch: &BranchName,
        commit: Oid,
        lease: Lease,
        progress: &mut OnProgress<'_>,
    ) -> Result<Sent> {
        let expected = match lease {
            Lease::At(base) => {
                check_parent(store, commit, base)?;
                base.to_string()
            }
            Lease::Absent => String::new(),
        };
        let full = branch.full();
        let mut arguments = words(&["push", "--porcelain", "--progress", "--no-verify"]);
        arguments.extend(words(&["--no-follow-tags", "--recurse-submodules=no"]));
        arguments.push(OsString::from(format!("--force-with-lease={full}:{expected}")));
        arguments.extend(words(&["--", self.url().argument(), &format!("{commit}:{full}")]));
        let left = self.until().saturating_duration_since(Instant::now());
        let patience = self.patience().push.min(left.saturating_sub(LOOK.min(left / 4)));
        let call = self.call(patience, Some(store.git_dir()), &arguments, &[]);
        let output = match self.run(call, progress).await {
            Ok(Ok(output)) => output,
            Ok(Err(late)) => return Ok(Sent::Open(late)),
            Err(failed) => return Err(self.error("cannot push", failed)),
        };
        let report = push_report::read(&output.stdout, &full, &output.said, &output.remote);
        Ok(match report {
            Report::Done => Sent::Landed(landed(&output.remote)),
            Report::There => Sent::Landed(Landed { by_others: true, ..Landed::default() }),
            Report::Refused(failure) => Sent::Refused(failure),
            Report::Silent => {
                let failure = NetworkFailure::read(&output.said, &output.remote);
                if failure.reason.leaves_open() {
                    Sent::Open(failure)
                } else {
                    Sent::Refused(failure)
                }
            }
        })
    }

    pub(in crate::git) fn refused(&self, branch: &BranchName, failure: NetworkFailure) -> Error {
        self.error(&format!("cannot push to {branch}"), Failed::Network(failure))
    }

    pub(in crate::git) fn unknown(
        &self,
        branch: &BranchName,
        commit: Oid,
        failure: NetworkFailure,
    ) -> Error {
        let url = self.url();
        let message = format!("nothing tells whether {commit} is on {branch} of {url}");
        let full = branch.full();
        let look = format!("git ls-remote {} {}", shell_quote(url.argument()), shell_quote(&full));
        Error::new(ErrorKind::Inconclusive, message)
            .because(failure)
            .hint(look)
            .again("once more: it finds its own commit", [""; 0])
    }
}

/// With a lease, Git leaves it to the caller that nothing is lost: the commit has to stand on the base.
fn check_parent(store: &Store, commit: Oid, base: Oid) -> Result<()> {
    let repository = store.repository()?;
    let found = repository.find_commit(commit).map_err(|error| unreadable(&error))?;
    if found.parent_ids().any(|parent| parent == base) {
        return Ok(());
    }
    let message = format!("commit {commit} does not stand on {base}, and is not pushed");
    Err(Error::new(ErrorKind::Internal, message))
}

fn landed(remote: &[String]) -> Landed {
    let bypassed = remote.iter().any(|line| line.to_ascii_lowercase().contains("bypassed rule"));
    let said = remote.iter().map(|line| text::sanitize(line).into_owned()).collect();
    Landed { said, bypassed, by_others: false }
}

/// Whether the same push may succeed on the next tip.
pub(in crate::git) fn is_worth_another_try(reason: Reason) -> bool {
    matches!(reason, Reason::LostRace | Reason::Locked | Reason::Timeout) || reason.is_transient()
}
