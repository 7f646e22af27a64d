//! What was seen of an owner so far, and what follows from that: where it is, what to write, whether the
//! wait is over. Values and times in, values out.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use serde_json::Value;

use super::super::following::{Address, Following, Given, Goal, Nudge, NudgeKind};
use super::Follow;
use super::run::milliseconds;
use crate::rollback::model::convergence::{Convergence, Relation};
use crate::rollback::model::following::{Arrival, Told};

/// So long nobody needs to pick up a request.
const PATIENCE: Duration = Duration::from_secs(30);
/// After so long it is asked again about a revision of which nothing could be found out.
const DOUBT: Duration = Duration::from_secs(5);

/// What a look came to.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// What is to be told.
    pub(super) told: Vec<Told>,
    /// What is to be written.
    pub(super) nudges: Vec<Nudge>,
    /// How the wait ended, where it did.
    pub(super) arrival: Option<Arrival>,
}

/// What is known of a revision.
struct Known {
    relation: Relation,
    /// When it is to be asked again, where it could not be found out.
    until: Option<Duration>,
}

/// What was seen so far.
pub(super) struct Course<'a> {
    follow: &'a Follow<'a>,
    path: String,
    owner: Option<Value>,
    others: BTreeMap<String, Value>,
    /// A fingerprint of the whole status of each of them.
    statuses: HashMap<String, u64>,
    known: HashMap<String, Known>,
    given: Vec<Given>,
    refused: Vec<(NudgeKind, String)>,
    last: Option<Convergence>,
    /// When it took its last step.
    moved_at: Duration,
    /// When a controller wrote to one of the objects last.
    stirred_at: Duration,
}

impl<'a> Course<'a> {
    /// A wait in which nothing has been seen yet. `path` is that of the owner.
    pub(super) fn new(follow: &'a Follow<'a>, path: String) -> Self {
        Self {
            follow,
            path,
            owner: None,
            others: BTreeMap::new(),
            statuses: HashMap::new(),
            known: HashMap::new(),
            given: Vec::new(),
            refused: Vec::new(),
            last: None,
            moved_at: Duration::ZERO,
            stirred_at: Duration::ZERO,
        }
    }

    /// The owner's path.
    pub(super) fn owner_path(&self) -> &str {
        &self.path
    }

    /// An object is like this now.
    pub(super) fn put(&mut self, path: String, mut object: Value, now: Duration) {
        let is_owner = path == self.path;
        // A request of rb changes no status.
        let status = fingerprint(object.get("status"));
        if self.statuses.insert(path.clone(), status) != Some(status) {
            self.stirred_at = now;
        }
        self.follow.reconciler.lighten(&mut object);
        if is_owner {
            self.owner = Some(object);
        } else {
            self.others.insert(path, object);
        }
    }

    /// One of the others is gone.
    pub(super) fn remove(&mut self, path: &str, now: Duration) {
        self.statuses.remove(path);
        if self.others.remove(path).is_some() {
            self.stirred_at = now;
        }
    }

    /// What else is to be watched, by what has been seen.
    pub(super) fn wanted(&self) -> Vec<Address> {
        let seen = self.owner.iter().chain(self.others.values());
        seen.flat_map(|object| self.follow.reconciler.watched(object)).collect()
    }

    /// Revisions about which Git has to be asked.
    pub(super) fn unknown(&self, now: Duration) -> Vec<String> {
        let reconciler = self.follow.reconciler;
        let judged = self.judge(now, |owner, following| {
            reconciler.convergence(owner, following);
            reconciler.nudges(owner, following);
        });
        let mut unknown = judged.map(|((), unknown)| unknown).unwrap_or_default();
        unknown.sort();
        unknown.dedup();
        unknown
    }

    /// What Git says of a revision.
    pub(super) fn learn(&mut self, revision: String, relation: Option<Relation>, now: Duration) {
        let until = relation.is_none().then(|| now.saturating_add(DOUBT));
        let relation = relation.unwrap_or(Relation::Other);
        self.known.insert(revision, Known { relation, until });
    }

    /// Something was written.
    pub(super) fn given(&mut self, nudge: &Nudge, now: Duration) {
        self.given.push(Given {
            kind: nudge.kind,
            path: nudge.path.to_string(),
            token: nudge.token.clone(),
            at: now,
        });
    }

    /// Something may not be written.
    pub(super) fn refused(&mut self, nudge: &Nudge) {
        self.refused.push((nudge.kind, nudge.path.to_string()));
    }

    /// Where it is now, and what follows from that.
    pub(super) fn look(&mut self, now: Duration) -> Look {
        let reconciler = self.follow.reconciler;
        let judged = self.judge(now, |owner, following| reconciler.convergence(owner, following));
        let Some((state, _)) = judged else { return Look::default() };
        let mut look = Look::default();
        if self.last.as_ref().is_none_or(|last| state.is_step_from(last)) {
            self.moved_at = now;
        }
        if self.last.as_ref() != Some(&state) {
            let milliseconds = milliseconds(now);
            look.told.push(Told::Moved { milliseconds, convergence: state.clone() });
        }
        look.arrival = self.arrival(&state).or_else(|| self.unheard(now));
        self.last = Some(state);
        if look.arrival.is_none() {
            let judged = self.judge(now, |owner, following| reconciler.nudges(owner, following));
            look.nudges = judged.map(|(nudges, _)| nudges).unwrap_or_default();
        }
        look
    }

    /// Where it was last.
    pub(super) fn into_last(self) -> Option<Convergence> {
        self.last
    }

    fn arrival(&self, state: &Convergence) -> Option<Arrival> {
        if self.follow.goal == Goal::Idle {
            let is_busy =
                matches!(state, Convergence::Blocked { .. } | Convergence::Running { .. });
            return (!is_busy).then_some(Arrival::Reached);
        }
        match (self.follow.goal, state) {
            // Where it says nothing of its health, it never will.
            (
                Goal::Seen | Goal::Written | Goal::Applied | Goal::Anew,
                Convergence::Applied { .. },
            )
            | (Goal::Healthy, Convergence::Applied { why: None, .. })
            | (_, Convergence::Healthy { .. }) => Some(Arrival::Reached),
            (_, Convergence::Failed { .. }) => Some(Arrival::Failed),
            (_, Convergence::Superseded { .. }) => Some(Arrival::Superseded),
            (_, Convergence::Suspended { .. }) => Some(Arrival::Suspended),
            _ => None,
        }
    }

    /// Nobody has picked up a request, and no controller has written anything since.
    fn unheard(&self, now: Duration) -> Option<Arrival> {
        let since = self.given.last()?.at.max(self.stirred_at);
        let reconciler = self.follow.reconciler;
        let (unheard, _) =
            self.judge(now, |owner, following| reconciler.unheard(owner, following))?;
        unheard.filter(|_| now >= since.saturating_add(PATIENCE)).map(Arrival::Unheard)
    }

    /// Asks about the owner as it is now; with the revisions of which nothing is known.
    fn judge<T>(
        &self,
        now: Duration,
        judge: impl FnOnce(&Value, &Following<'_>) -> T,
    ) -> Option<(T, Vec<String>)> {
        let owner = self.owner.as_ref()?;
        let unknown = RefCell::new(Vec::new());
        let relation = |revision: &str| {
            let known = self.known.get(revision);
            let known = known.filter(|known| known.until.is_none_or(|until| now < until));
            if known.is_none() && !revision.is_empty() && self.follow.goal != Goal::Idle {
                unknown.borrow_mut().push(revision.to_owned());
            }
            known.map_or(Relation::Other, |known| known.relation)
        };
        let others: Vec<&Value> = self.others.values().collect();
        let following = Following {
            relation: &relation,
            others: &others,
            given: &self.given,
            refused: &self.refused,
            elapsed: now,
            unmoved: now.saturating_sub(self.moved_at),
            token: self.follow.token,
            goal: self.follow.goal,
            may_sync: self.follow.may_sync,
            waits: true,
        };
        let judged = judge(owner, &following);
        Some((judged, unknown.into_inner()))
    }
}

fn fingerprint(status: Option<&Value>) -> u64 {
    let mut hasher = DefaultHasher::new();
    status.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
