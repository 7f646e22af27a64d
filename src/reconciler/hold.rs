//! Holds on a cluster: turning the automation of an owner off, proving that it stays off, turning it on
//! again, and finding what was left off.
//!
//! What is written is decided by [`super::holding`], again after each write and each lost answer, from
//! the owner as it is then: so a hold that is there is never made twice, and one that somebody else has
//! changed is never overwritten. What fails half-way is taken back; where that fails too, the error
//! says so.

mod open;
mod proof;
mod wanted;

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::cluster::{Cluster, Deadline, PatchKind, WriteError, WriteOptions};
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::following::Arrival;
use crate::rollback::model::hold::{Hold, Holds, How, Stored};
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::record::FIELD_MANAGER;
use crate::rollback::model::target::Target;
use crate::text::shell_quote;

pub use self::open::{Open, open};
pub use self::wanted::{Wanted, wanted};
use super::follow::{Follow, follow};
use super::following::{Address, Goal};
use super::holding::{self, Holding, Releasing, Then, UnderWay, named};
use super::{Reconciler, from_git};

/// So many lost races for the same write are no chance any more.
const RACES: usize = 10;
/// How long an operation may take to end that was told to.
const TO_END: Duration = Duration::from_secs(30);
/// How long it may take to tidy up, whatever the time of the command is.
const TO_TIDY: Duration = Duration::from_secs(15);

/// What holding an owner came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The owner.
    pub owner: Target,
    /// How it is held.
    pub state: State,
    /// What was written, in words and in order.
    pub written: Vec<String>,
    /// What else is to be known, each a sentence without a full stop.
    pub notes: Vec<String>,
}

/// How an owner is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// In this form.
    Held(How),
    /// In this form, and others hold it as well.
    Shared(How),
    /// Not at all, since it does nothing by itself as it is: why. There is nothing to release.
    IsOff(String),
}

/// What letting go of an owner came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Released {
    /// The owner.
    pub owner: Target,
    /// What became of its automation; `None`: there was no such hold any more.
    pub then: Option<Then>,
    /// What was written, in words and in order.
    pub written: Vec<String>,
}

/// Turns an owner's automation off, and proves that it stays off.
///
/// `chain` is the chain of owners that `owner` stands in. A hold with the same id that is there already
/// is left, or changed to what this one says: so a call may be repeated, and may add what is known only
/// later (the pushed commit, the change request). What runs already and would still write the workload
/// is ended or waited for.
///
/// Refused before anything is written, or with everything taken back (but not a hold that was there before): [`ErrorKind::Refused`] where it
/// would not last, [`ErrorKind::Forbidden`] without the right to patch, with the command for somebody who
/// has it, [`ErrorKind::LostRace`]. [`ErrorKind::Held`] where somebody else has changed a hold of rb, or
/// where one could not be taken back; [`ErrorKind::Inconclusive`] where nobody knows.
pub async fn hold(
    cluster: &Cluster,
    owner: &Target,
    hold: &Hold,
    chain: &[Owner],
    deadline: Deadline,
) -> Result<Held> {
    let outcome = attempt(cluster, owner, hold, chain, deadline).await;
    outcome.map_err(|error| error.pinned(cluster.pin()))
}

async fn attempt(
    cluster: &Cluster,
    owner: &Target,
    hold: &Hold,
    chain: &[Owner],
    deadline: Deadline,
) -> Result<Held> {
    let mut hand = Hand::reach(cluster, owner, deadline).await?;
    // One that was there before this call stays, whatever comes of the call.
    let was_there = matches!(Stored::on(&hand.object),
        Stored::Holds(holds) if holds.by_id(&hold.id).is_some());
    let state = match hand.hold(hold).await {
        Ok(state) => state,
        Err(error) if was_there => return Err(error),
        Err(error) => return Err(hand.tidy(hold, error).await),
    };
    let mut notes = Vec::new();
    let how = match &state {
        State::IsOff(_) => None,
        State::Held(how) | State::Shared(how) => Some(*how),
    };
    match hand.reconciler.under_way(&hand.object) {
        Some(UnderWay::CanBeEnded(what)) => notes.extend(hand.end(&what, &hold.id).await),
        Some(UnderWay::GoesOn(note)) => notes.push(note),
        Some(UnderWay::Ends(_)) | None => {}
    }
    if how.is_some() {
        match proof::prove(&hand, hold, chain).await {
            Ok(note) => notes.extend(note),
            Err(error) if was_there => return Err(error),
            Err(error) => return Err(hand.tidy(hold, error).await),
        }
    }
    Ok(Held { owner: owner.clone(), state, written: hand.written, notes })
}

/// Lets go of an owner: its automation comes back as it was before, unless others hold it still or
/// somebody has changed it meanwhile. Anybody may do that; a hold that is gone already is no error.
///
/// [`ErrorKind::Forbidden`] without the right to patch, [`ErrorKind::Held`] where the record cannot be
/// read, [`ErrorKind::LostRace`], [`ErrorKind::Inconclusive`] where nobody knows.
pub async fn release(
    cluster: &Cluster,
    owner: &Target,
    id: &str,
    deadline: Deadline,
) -> Result<Released> {
    let mut hand = Hand::reach(cluster, owner, deadline).await?;
    let then = hand.release(id).await.map_err(|error| error.pinned(cluster.pin()))?;
    Ok(Released { owner: owner.clone(), then, written: hand.written })
}

/// An owner, and what was written to it.
struct Hand<'a> {
    cluster: &'a Cluster,
    reconciler: &'static dyn Reconciler,
    address: Address,
    deadline: Deadline,
    /// As it was last seen.
    object: Value,
    written: Vec<String>,
    /// What was sent last, where nobody has said yet whether it was stored.
    unsure: Option<String>,
}

impl<'a> Hand<'a> {
    async fn reach(cluster: &'a Cluster, owner: &Target, deadline: Deadline) -> Result<Self> {
        let found = from_git(owner).and_then(|kind| Some((kind, kind.address(owner)?)));
        let Some((reconciler, address)) = found else {
            let (kind, namespace, name) = (&owner.kind, &owner.namespace, &owner.name);
            let message = format!("{kind} {namespace}/{name} is nothing that rb can hold");
            return Err(Error::new(ErrorKind::Refused, message));
        };
        let object = cluster.get(&address.object(), deadline).await?;
        let (written, unsure) = (Vec::new(), None);
        Ok(Self { cluster, reconciler, address, deadline, object, written, unsure })
    }

    async fn hold(&mut self, hold: &Hold) -> Result<State> {
        let makers = self.makers().await;
        let mut dropped = None;
        for _ in 0..RACES {
            let next = holding::hold(self.reconciler, &self.object, hold, &makers, dropped)?;
            let write = match next {
                Holding::IsOff(why) => return Ok(State::IsOff(why)),
                Holding::Already(how) => {
                    self.is_sure();
                    let shared = matches!(Stored::on(&self.object),
                        Stored::Holds(Holds { holds, .. }) if holds.len() > 1);
                    return Ok(if shared { State::Shared(how) } else { State::Held(how) });
                }
                Holding::Write(write) => write,
            };
            let is_stored = self.send(&write.body, write.summary).await?;
            // The server has taken the record, and dropped a field that it does not know.
            if is_stored && !write.joins && write.how.now(&self.object) != write.how.held().as_ref()
            {
                dropped = Some(write.how);
            }
        }
        Err(self.lost())
    }

    async fn release(&mut self, id: &str) -> Result<Option<Then>> {
        let mut then = None;
        for _ in 0..RACES {
            match holding::release(self.reconciler, &self.object, id)? {
                Releasing::NotHeld => {
                    let was_written = self.unsure.is_some() || !self.written.is_empty();
                    self.is_sure();
                    return Ok(then.filter(|_| was_written));
                }
                Releasing::Write(write) => {
                    then = Some(write.then);
                    self.send(&write.body, write.summary).await?;
                }
            }
        }
        Err(self.lost())
    }

    /// Who makes the owner; whoever cannot be read is not there.
    async fn makers(&self) -> Vec<Value> {
        let mut makers = Vec::new();
        for maker in self.reconciler.makers(&self.object) {
            makers.extend(self.cluster.get(&maker.object(), self.deadline).await.ok());
        }
        makers
    }

    /// Sends a patch once and sees how the owner is after that. Whether it was stored for certain; where it
    /// was not, or nobody knows, the owner is read again.
    async fn send(&mut self, body: &Value, summary: String) -> Result<bool> {
        self.unsure = None;
        let options = WriteOptions { dry_run: false, field_manager: FIELD_MANAGER };
        let path = self.address.object();
        let kind = PatchKind::Json;
        match self.cluster.patch(&path, kind, body, options, self.deadline).await {
            Ok(object) => {
                self.object = object;
                self.written.push(summary);
                return Ok(true);
            }
            Err(WriteError::Rejected(error)) => return Err(self.rejected(error, body)),
            Err(WriteError::Conflict(_)) => {}
            Err(WriteError::Throttled { retry_after, .. }) => {
                sleep(retry_after.min(self.deadline.remaining())).await;
            }
            Err(WriteError::Unknown(_)) => self.unsure = Some(summary),
        }
        match self.cluster.get(&path, self.deadline).await {
            Ok(object) => {
                self.object = object;
                Ok(false)
            }
            Err(error) if self.unsure.is_some() => {
                let name = named(&self.object);
                let message = format!("nobody knows whether {name} is held: the answer was lost");
                Err(Error::new(ErrorKind::Inconclusive, message).because(error).hint(self.look()))
            }
            Err(error) => Err(error),
        }
    }

    /// What was sent last was stored after all.
    fn is_sure(&mut self) {
        self.written.extend(self.unsure.take());
    }

    /// Has what runs end, and says what is to be known of that.
    async fn end(&mut self, what: &str, token: &str) -> Vec<String> {
        let to = Follow {
            reconciler: self.reconciler,
            owner: &self.address.target,
            token,
            goal: Goal::Idle,
            may_sync: false,
            deadline: self.deadline.earlier(TO_END),
        };
        let followed = follow(self.cluster, to, async |_: &str| None, &mut |_| {}).await;
        let has_ended = matches!(followed.arrival, Arrival::Reached);
        let name = named(&self.object);
        let words = followed.words(&name);
        self.written.extend(followed.written);
        let note = format!("{what} goes on and may still write the workload: {words}");
        (!has_ended).then_some(note).into_iter().collect()
    }

    /// Takes back what was written before it failed; the error says what is left where that fails too.
    async fn tidy(&mut self, hold: &Hold, error: Error) -> Error {
        if self.written.is_empty() && self.unsure.is_none() {
            return error;
        }
        self.deadline = Deadline::after(TO_TIDY);
        let path = self.address.object();
        let released = match self.cluster.get(&path, self.deadline).await {
            Ok(object) => {
                self.object = object;
                self.release(&hold.id).await
            }
            Err(gone) if gone.kind() == ErrorKind::NotFound => Ok(None),
            Err(unread) => Err(unread),
        };
        let Err(why) = released else { return error };
        let name = named(&self.object);
        let message = format!("{error}; and the hold on {name} could not be taken back: {why}");
        Error::new(ErrorKind::Held, message).because(error).hint(self.look())
    }

    fn rejected(&self, error: Error, body: &Value) -> Error {
        if error.kind() != ErrorKind::Forbidden {
            return error;
        }
        let Target { namespace, name, .. } = &self.address.target;
        let (object, namespace_word) = (self.address.target.qualified(), shell_quote(namespace));
        let message = format!("no right to patch {} {namespace}/{name}", self.address.target.kind);
        let patch = body.to_string();
        let command = format!(
            "kubectl patch {} -n {namespace_word} --type=json --field-manager={FIELD_MANAGER} -p {}",
            shell_quote(&object),
            shell_quote(&patch)
        );
        Error::new(ErrorKind::Forbidden, message)
            .because(error)
            .hint(format!("somebody who may do that: {command}"))
    }

    fn lost(&self) -> Error {
        let name = named(&self.object);
        let message = format!("{name} is changed by others again and again: {RACES} tries failed");
        Error::new(ErrorKind::LostRace, message).hint(self.look())
    }

    fn look(&self) -> String {
        holding::look(&self.object)
    }
}
