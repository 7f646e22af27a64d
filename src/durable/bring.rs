//! Brings whole owners to a commit that is on the branch: what they have under way ends first, then each
//! is followed until it has applied it. What runs afterwards is somebody else's question.

use serde_json::Value;

use crate::cluster::{Cluster, Deadline};
use crate::reconciler;
use crate::reconciler::follow::settle;
use crate::reconciler::following::Goal;
use crate::rollback::model::convergence::Convergence;
use crate::rollback::model::event::{Event, Listener};
use crate::rollback::model::following::Arrival;
use crate::rollback::model::outcome::Stopped;
use crate::rollback::model::target::Target;

use super::arrive::{Commit, Course, one, stopped, tell, written};
use super::origin;
use super::plan::{self, Followed};

/// Whom to follow, and how.
#[derive(Clone, Copy)]
pub struct Bringing<'a> {
    /// Where.
    pub cluster: &'a Cluster,
    /// By this the wait is known, in what it writes; unique among all waits.
    pub token: &'a str,
    /// When to give up.
    pub deadline: Deadline,
}

impl Bringing<'_> {
    /// Ends what these have under way. What goes wrong is a warning: the commit then waits for it.
    pub async fn settle(
        &self,
        owners: &[Followed],
        course: &mut Course,
        listener: &mut dyn Listener,
    ) {
        for Followed { owner, name } in owners {
            let told = &mut |told| tell(told, name, listener);
            let goal = (owner, Goal::Idle);
            let followed =
                one(self.cluster, self.token, goal, self.deadline, async |_| None, told).await;
            course.written.extend(written("settle", &followed));
            if !matches!(followed.arrival, Arrival::Reached) {
                let message =
                    format!("could not end what it has under way: {}", followed.words(name));
                listener.on(Event::Warning { message: message.clone() });
                course.warnings.push(message);
            }
        }
    }

    /// Follows these, one after the other, until each has applied the commit. `reader` has to read values again
    /// that the commit changes.
    pub async fn bring(
        &self,
        owners: &[Followed],
        reader: Option<&Target>,
        commit: Commit<'_>,
        course: &mut Course,
        listener: &mut dyn Listener,
    ) -> Result<(), Stopped> {
        let Commit { ground, id, files } = commit;
        let goals = |followed| plan::goals(followed, owners, reader).iter();
        let steps = owners.iter().flat_map(|one| goals(one).map(move |goal| (one, *goal)));
        for (Followed { owner, name }, goal) in steps {
            let told = &mut |told| tell(told, name, listener);
            let relation =
                async |revision: &str| origin::relation(ground, id, files, revision).await;
            let goal = (owner, goal);
            let followed = one(self.cluster, self.token, goal, self.deadline, relation, told).await;
            course.written.extend(written("follow", &followed));
            if !matches!(followed.arrival, Arrival::Reached) {
                return Err(stopped(&followed, name));
            }
        }
        Ok(())
    }

    /// Waits until an owner has done what follows from what those above have made of it: pinned to another
    /// commit, it sees nothing of theirs. What it came to is for whoever asks it then.
    pub async fn rest(&self, owner: &Target) {
        let Some(reconciler) = reconciler::from_git(owner) else { return };
        let Some(address) = reconciler.address(owner) else { return };
        let is_done = |object: &Value| match reconciler.settled(object, &[]) {
            Ok(state) => !matches!(
                state,
                Convergence::NotSeen { .. }
                    | Convergence::Compared { .. }
                    | Convergence::Running { .. }
                    | Convergence::Blocked { .. }
            ),
            Err(_) => true,
        };
        settle::until(self.cluster, &address, &Value::Null, self.deadline, is_done).await;
    }
}
