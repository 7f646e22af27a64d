//! What makes a Kustomization take a commit up now.

use std::time::Duration;

use serde_json::Value;

use crate::rollback::model::convergence::Convergence;

use super::super::super::following::{Address, Following, Goal, Nudge, NudgeKind};
use super::super::super::marks::reference;
use super::super::source::SourceRef;
use super::super::{dependency, fetching, request, values_from};
use super::{KIND, SOURCE, converging};

/// What its source has fetched queues it, but the first run may still read the old state.
const TO_BEGIN: Duration = Duration::from_secs(2);
/// A run that was asked for is not asked for again sooner.
const PAUSE: Duration = Duration::from_secs(10);
/// The same for one that waits for others, since it would look only every 30 s.
const SHORT_PAUSE: Duration = Duration::from_secs(2);

/// Its source, and the Kustomizations that it depends on.
pub(super) fn watched(owner: &Value) -> Vec<Address> {
    if !KIND.is_of(&reference(owner)) {
        return Vec::new();
    }
    let source = SourceRef::at(owner, SOURCE).and_then(|source| source.address());
    source.into_iter().chain(dependency::addresses(&KIND, owner)).collect()
}

/// What is to be written now.
pub(super) fn of(owner: &Value, following: &Following<'_>) -> Vec<Nudge> {
    let Some(source) = SourceRef::at(owner, SOURCE).filter(|_| following.goal != Goal::Idle) else {
        return Vec::new();
    };
    let state = converging::of(owner, following);
    if matches!(
        state,
        Convergence::Failed { .. } | Convergence::Suspended { .. } | Convergence::Superseded { .. }
    ) {
        return Vec::new();
    }
    let mut nudges: Vec<Nudge> = fetching::nudge(&source, following).into_iter().collect();
    // What it takes from other objects changes nothing of it, so nobody else makes it run.
    let is_due =
        following.unmoved >= TO_BEGIN || values_from::are_to_be_read(&KIND, owner, following);
    if matches!(state, Convergence::Compared { .. }) && is_due {
        nudges.extend(run(owner, following, PAUSE));
    }
    // From the first on which all the others wait, each as soon as it can.
    let waiting = std::iter::once(owner).chain(following.others.iter().copied());
    nudges.extend(waiting.filter_map(|one| dependent(one, following)));
    nudges
}

fn run(one: &Value, following: &Following<'_>, pause: Duration) -> Option<Nudge> {
    let address = KIND.address_of(one);
    request::again(NudgeKind::Refresh, &address, one, following, pause)
}

/// Asks for a run of one that waits for others, once these are done.
fn dependent(one: &Value, following: &Following<'_>) -> Option<Nudge> {
    if !KIND.is_of(&reference(one)) || !converging::is_dependent(one) {
        return None;
    }
    let source = SourceRef::at(one, SOURCE)?;
    let artifact = fetching::artifact(&source, following);
    let addresses = dependency::addresses(&KIND, one);
    let is_ready =
        !addresses.is_empty() && dependency::are_done(one, &addresses, artifact, following);
    is_ready.then(|| run(one, following, SHORT_PAUSE)).flatten()
}

#[cfg(test)]
mod tests;
