//! Who owns an object: those whose marks it carries, asked whether it is so, and who owns them.
//!
//! A [`Reconciler`] is one kind of owner: one file or folder, and one line in [`REGISTRY`]. It says what
//! an object's marks claim, what has to be read to know, and what that comes to: functions of values.
//! [`chain`] does the reading, a level at a time, and each level in one round trip.
//!
//! It also says how far an owner is with a commit and what brings it there sooner, again as functions of
//! values ([`following`]); [`follow`] watches, writes and waits. And it says in which form its automation
//! is turned off ([`holding`]); [`hold`] turns it off and on again, and finds what was left off.
//!
//! What is asked of an owner that is named itself is in [`owner_kind`]; [`find_owner`] finds it, and
//! [`read_owner`] reads what is around it.

mod argocd;
pub mod chain;
mod controller;
pub mod dropped;
pub mod find_owner;
mod flux;
pub mod follow;
pub mod following;
mod helm;
pub mod hold;
pub mod holding;
mod marks;
pub mod neighbours;
pub mod owner_kind;
pub mod read_owner;
pub mod rendered;
pub mod rung;
pub mod taken;
mod versions;

use jiff::Timestamp;
use serde_json::Value;

use crate::cluster::Path;
use crate::error::{Error, ErrorKind, Result};
use crate::facts::{Ask, Facts};
use crate::rollback::model::agreement::Agreement;
use crate::rollback::model::convergence::{Applied, Convergence};
use crate::rollback::model::following::Unheard;
use crate::rollback::model::ownership::Owner;
use crate::rollback::model::target::Target;

use self::dropped::{Change, Dropped};
use self::following::{Address, Following, Nudge};
use self::holding::{Switch, UnderWay};
use self::neighbours::Neighbour;
use self::rendered::Rendered;
use self::taken::Taken;

/// All kinds of owners.
pub static REGISTRY: &[&dyn Reconciler] = &[
    &argocd::Applications,
    &argocd::ApplicationSets,
    &argocd::Stages,
    &argocd::ImageUpdaters,
    &flux::Kustomizations,
    &flux::HelmReleases,
    &flux::ResourceSets,
    &flux::FluxInstances,
    &flux::ImageAutomations,
    &helm::Releases,
    &controller::Controllers,
];

/// The kind of an owner that takes its state from Git, and so can be followed.
#[must_use]
pub fn from_git(owner: &Target) -> Option<&'static dyn Reconciler> {
    REGISTRY.iter().copied().find(|reconciler| reconciler.address(owner).is_some())
}

/// Whether it is a release: see [`Reconciler::is_release`].
#[must_use]
pub fn is_release(owner: &Target) -> bool {
    from_git(owner).is_some_and(Reconciler::is_release)
}

/// Whether it makes other owners: see [`Reconciler::makes_owners`].
#[must_use]
pub fn makes_owners(owner: &Target) -> bool {
    of(owner).is_some_and(Reconciler::makes_owners)
}

/// The kind of an owner that can tell what it renders.
#[must_use]
pub fn of(owner: &Target) -> Option<&'static dyn Reconciler> {
    REGISTRY.iter().copied().find(|reconciler| reconciler.is_of(owner))
}

/// What the marks of an object say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claim {
    /// Namespace of the owner, where the mark says it.
    pub namespace: Option<String>,
    /// Name of the owner.
    pub name: String,
    /// The mark, e.g. `annotation argocd.argoproj.io/tracking-id`.
    pub mark: String,
    /// The object that carries it.
    pub of: Target,
    /// Namespace that an owner of that name was found in before: it is asked for there, and nowhere else.
    pub place: Option<String>,
}

impl Claim {
    /// The same, for one of these: those who were found before, the nearest first.
    fn placed(mut self, reconciler: &dyn Reconciler, known: &[Target]) -> Self {
        let fits = |one: &&Target| {
            let is_there = self.namespace.as_ref().is_none_or(|wanted| *wanted == one.namespace);
            is_there && one.name == self.name && reconciler.is_of(one)
        };
        let mut found = known.iter().filter(fits);
        // Of several, nobody knows which it was.
        if let (Some(one), None) = (found.next(), found.next()) {
            self.place = Some(one.namespace.clone());
        }
        self
    }
}

/// What a claim comes to.
#[derive(Clone, Debug, Default)]
pub struct Link {
    /// Who it is, for people and machines.
    pub owner: Owner,
    /// Its object as it was read: its own marks say who owns it.
    pub object: Option<Value>,
}

/// One kind of owner.
pub trait Reconciler: Sync + std::fmt::Debug {
    /// What the marks on an object claim. `object` is as the API server sent it.
    fn claims(&self, object: &Value) -> Vec<Claim>;

    /// What has to be read to know whether a claim is true.
    fn asks(&self, _claim: &Claim) -> Vec<Ask> {
        Vec::new()
    }

    /// What it comes to; `object` carries the mark. Several: the mark fits more than one owner.
    fn judge(&self, claim: &Claim, object: &Value, facts: &Facts<'_>) -> Vec<Link>;

    /// What has to be read besides, once the owner is known: its source, its project.
    fn further(&self, _owner: &Value) -> Vec<Ask> {
        Vec::new()
    }

    /// Adds what that says.
    fn complete(&self, _link: &mut Owner, _owner: &Value, _facts: &Facts<'_>) {}

    /// Where an owner of this kind is read, watched and patched; `None`: it takes nothing from Git.
    fn address(&self, _owner: &Target) -> Option<Address> {
        None
    }

    /// Whether an owner is of this kind, of those that say what they render.
    fn is_of(&self, owner: &Target) -> bool {
        self.address(owner).is_some()
    }

    /// What it renders of each of its sources, and what it lays over that.
    fn renders(&self, _owner: &Value) -> Vec<Rendered> {
        Vec::new()
    }

    /// Of an owner that makes others of what it reads: those that it makes no more after a change.
    fn drops(&self, _owner: &Value, _change: &Change<'_>) -> Vec<Dropped> {
        Vec::new()
    }

    /// Where others of its kind are listed that may render the same; one page of a size that can be afforded.
    fn others(&self, _owner: &Value) -> Option<Path> {
        None
    }

    /// What one of these is, next to the owner of this workload, or next to the owner as a whole.
    fn neighbour(
        &self,
        _owner: &Value,
        _workload: Option<&Target>,
        _other: &Value,
    ) -> Option<Neighbour> {
        None
    }

    /// What it takes from objects of the cluster besides.
    fn takes(&self, _owner: &Value) -> Vec<Taken> {
        Vec::new()
    }

    /// The commits of one of its sources that it says it has applied, the newest first.
    fn applied_of(&self, _owner: &Value, _source: usize) -> Vec<Applied> {
        Vec::new()
    }

    /// What else is watched to know how far an owner is: its source, what it depends on. Asked again of
    /// each of these once it is there.
    fn watched(&self, _owner: &Value) -> Vec<Address> {
        Vec::new()
    }

    /// Takes out of an object that is followed what grows with the number of objects that it deploys,
    /// and does not count.
    fn lighten(&self, _object: &mut Value) {}

    /// How far the owner is with the commit.
    fn convergence(&self, _owner: &Value, _following: &Following<'_>) -> Convergence {
        Convergence::NotSeen { has: None, why: Some("it takes nothing from Git".to_owned()) }
    }

    /// What to write now, so that it gets there sooner, or at all; nothing where that was done already.
    fn nudges(&self, _owner: &Value, _following: &Following<'_>) -> Vec<Nudge> {
        Vec::new()
    }

    /// Who has not picked up yet what was asked.
    fn unheard(&self, _owner: &Value, _following: &Following<'_>) -> Option<Unheard> {
        None
    }

    /// The commits that the owner says it has applied, the newest first.
    fn applied(&self, _owner: &Value) -> Vec<Applied> {
        Vec::new()
    }

    /// What has to be read before an owner is held: who makes it, and may put it back.
    fn makers(&self, _owner: &Value) -> Vec<Address> {
        Vec::new()
    }

    /// In which form its automation is turned off. `makers` are those objects that are there.
    ///
    /// [`ErrorKind::Refused`] where it would not last.
    fn switch(&self, owner: &Value, _makers: &[Value]) -> Result<Switch> {
        let message = format!("{} is nothing that rb can hold", holding::named(owner));
        Err(Error::new(ErrorKind::Refused, message))
    }

    /// What it is doing that may write the workload still although it is held.
    fn under_way(&self, _owner: &Value) -> Option<UnderWay> {
        None
    }

    /// Whether owners of this kind take what they apply from a source, such as Git.
    fn has_source(&self) -> bool {
        false
    }

    /// Whether owners of this kind make other owners of what they read, and deploy nothing themselves.
    fn makes_owners(&self) -> bool {
        false
    }

    /// Whether owners of this kind are releases, made of a chart and of values that stand where the owner itself
    /// is declared.
    fn is_release(&self) -> bool {
        false
    }

    /// Whether an owner of this kind takes nothing up while it waits for its objects to be well: a patch that
    /// makes them so ends that.
    fn waits_for_health(&self) -> bool {
        false
    }

    /// Whether owners of this kind are programs that write to the source of another owner.
    fn writes_to_source(&self) -> bool {
        false
    }

    /// Whether this is the name under which its controller writes to objects.
    fn writes_as(&self, _manager: &str) -> bool {
        false
    }

    /// How far the owner is with the newest state that its source has: [`Convergence::Applied`] or
    /// [`Convergence::Healthy`] where nothing is left to do. `others` are the objects of
    /// [`Self::watched`] that are there. An error says why it cannot be told.
    fn settled(&self, _owner: &Value, _others: &[&Value]) -> Result<Convergence, String> {
        Err("it takes nothing from a source".to_owned())
    }

    /// Whether the workload is as the owner would apply it. `undone`: when rb put back what is live.
    fn agreement(
        &self,
        _owner: &Value,
        _workload: &Value,
        _undone: Option<Timestamp>,
    ) -> Agreement {
        Agreement::unknown("it takes nothing from a source")
    }

    /// What keeps the owner from taking up a commit by itself, each a sentence about it.
    fn hindrances(&self, _owner: &Value, _facts: &Facts<'_>) -> Vec<String> {
        Vec::new()
    }

    /// The revision that the owner applies now or has applied last, for people.
    fn applies(&self, _owner: &Value) -> Option<String> {
        None
    }

    /// The write that brings it back, without Git, to a state that it has deployed: what each of its
    /// sources was at. `token` names the write. Refused where that is not possible, or would not last.
    fn roll_back(
        &self,
        owner: &Value,
        _to: &[String],
        _token: &str,
        _reason: Option<&str>,
    ) -> Result<Nudge> {
        let message = format!("{} takes what it runs from its source alone", holding::named(owner));
        Err(Error::new(ErrorKind::Refused, message)
            .because("there is no write to it that would bring an older state")
            .hint("leave --direct out: then it goes back in Git"))
    }

    /// How that write has ended: an error says why it came to nothing. `None`: it has not.
    fn rolled_back(
        &self,
        _owner: &Value,
        _to: &[String],
        _token: &str,
    ) -> Option<Result<(), String>> {
        None
    }
}
