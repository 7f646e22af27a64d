//! By whom a commit comes from its branch to the workload, and whether they let it pass: looked at before
//! anything is pushed. Pure.

use crate::error::{Error, ErrorKind};
use crate::reconciler::{self, Reconciler};
use crate::rollback::model::barrier::{Barrier, Brings, Stops, Verdict};
use crate::rollback::model::target::Target;

use super::in_the_way::{self, InTheWay};
use super::origin::OwnerRead;
use super::owners::{self, Bringer};
use super::plan::Followed;

/// The owners on the way of a commit.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Passage {
    /// Those who bring it, the farthest first.
    pub followed: Vec<Followed>,
    /// Those of them whose running operation is ended first.
    pub settled: Vec<Followed>,
    /// Those of them that something under way holds back until it ends: a health check, an action of Helm.
    pub blocked: Vec<Followed>,
    /// Those that are turned off and nobody waits for, who can see it meanwhile all the same: then they do not
    /// begin with something older once they are on again.
    pub seen: Vec<Followed>,
    /// What the user should know before saying yes, each a sentence without a full stop.
    pub warnings: Vec<String>,
    /// What somebody has to do besides, each with its command.
    pub todo: Vec<String>,
}

/// An owner that does not let it pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Barred {
    /// What people call the owner.
    pub name: String,
    /// Why.
    pub barrier: Barrier,
}

impl Barred {
    /// The refusal, with what takes the barrier away.
    #[must_use]
    pub fn error(&self) -> Error {
        let Self { name, barrier } = self;
        let message = match barrier.stops {
            Stops::WhileOff | Stops::All | Stops::Unfetched => {
                format!("{name} takes nothing up from Git: {}", barrier.why)
            }
            Stops::Unsigned => format!(
                "{name} would not take the revert up: {}, and the revert would have no signature",
                barrier.why
            ),
            Stops::Unversioned(_) => {
                format!("{name} would not take the revert up: {}", barrier.why)
            }
        };
        Error::new(ErrorKind::Refused, message).hint(barrier.remedy.clone())
    }
}

/// The way of a commit to a workload. `between` are the owners up to the one whose files change, the nearest
/// first. `holders` are those that are held while the workload is patched first; `None`: nobody patches it.
///
/// # Errors
///
/// The first owner that does not let it pass. Where the workload is patched first, one that is turned off may
/// be: it leaves the patch alone, and takes up what Git holds once it is on again. Nobody waits for that. That
/// counts only for the owner of the workload itself: one above would let the one below undo the patch.
pub fn of(
    between: &[OwnerRead],
    commit: Brings<'_>,
    holders: Option<&[Followed]>,
) -> Result<Passage, Barred> {
    let mut passage = Passage::default();
    for Bringer { owner, fetches } in owners::that_bring_it(between) {
        let Some(object) = owner.owner.object.clone() else { continue };
        let followed = Followed { owner: object, name: owner.owner.name.clone() };
        let is_held = holders.is_some_and(|holders| holders.contains(&followed));
        let mut waits_for_it = true;
        let barriers = owner.owner.barriers.iter();
        for barrier in barriers.filter(|barrier| fetches || !barrier.is_of_source()) {
            let name = followed.name.clone();
            let is_off = barrier.stops == Stops::WhileOff;
            match barrier.verdict(commit) {
                Verdict::Passes => {}
                Verdict::Unsure(unknown) => {
                    passage.warnings.push(format!("{name}: {}; {unknown}", barrier.why));
                }
                Verdict::Stopped if is_off && is_held => {}
                Verdict::Stopped if is_off && holders.is_some() && owner.owner.of.is_none() => {
                    waits_for_it = false;
                    passage.warnings.push(format!(
                        "{name} takes nothing up now ({}): it leaves the patch alone",
                        barrier.why
                    ));
                    passage.todo.push(barrier.remedy.clone());
                }
                Verdict::Stopped => return Err(Barred { name, barrier: barrier.clone() }),
            }
        }
        if !waits_for_it {
            passage.seen.extend(Some(followed).filter(|_| in_the_way::can_see_while_off(owner)));
            continue;
        }
        let InTheWay { settles, words } = in_the_way::of(owner);
        let besides = owner.owner.besides.iter();
        passage.warnings.extend(besides.map(|besides| format!("{}: {besides}", followed.name)));
        passage.todo.extend(owner.owner.remedies.iter().cloned());
        if settles {
            passage.settled.push(followed.clone());
        } else if let Some(words) = words {
            passage.warnings.push(format!("{} {words}", followed.name));
            passage.blocked.push(followed.clone());
        }
        passage.followed.push(followed);
    }
    Ok(passage)
}

/// Whether a patch that makes its objects well may bring it to take a commit up sooner.
#[must_use]
pub fn waits_for_health(owner: &Target) -> bool {
    reconciler::from_git(owner).is_some_and(Reconciler::waits_for_health)
}

#[cfg(test)]
mod tests;
