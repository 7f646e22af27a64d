//! What makes a `HelmRelease` take a commit up now: its source, then its chart, then itself.

use std::time::Duration;

use serde_json::Value;

use crate::rollback::model::convergence::Convergence;

use super::super::super::following::{Address, Following, Goal, Nudge, NudgeKind};
use super::super::super::marks::reference;
use super::super::condition::failure;
use super::super::fields::word;
use super::super::source::SourceRef;
use super::super::{dependency, fetching, request, values_from};
use super::converging::{self, fetchers};
use super::{KIND, SOURCE, chart};

/// What its source has fetched queues its chart, and that the release.
const TO_BEGIN: Duration = Duration::from_secs(2);
/// What was asked for is not asked for again sooner.
const PAUSE: Duration = Duration::from_secs(10);

/// Its source and its chart, and the releases that it depends on; of a chart its source.
pub(super) fn watched(owner: &Value) -> Vec<Address> {
    let of = reference(owner);
    if of.kind == chart::HELM_CHART {
        let source = SourceRef::at(owner, "/spec/sourceRef");
        return source.and_then(|source| source.address()).into_iter().collect();
    }
    if !KIND.is_of(&of) {
        return Vec::new();
    }
    let chart = SourceRef::at(owner, chart::REFERENCE).or_else(|| chart::fetcher(owner));
    let sources = [SourceRef::at(owner, SOURCE), chart].into_iter().flatten();
    let sources = sources.filter_map(|source| source.address());
    sources.chain(dependency::addresses(&KIND, owner)).collect()
}

/// What is to be written now.
pub(super) fn of(owner: &Value, following: &Following<'_>) -> Vec<Nudge> {
    if following.goal == Goal::Idle {
        return Vec::new();
    }
    let fetchers = fetchers(owner, following);
    let fetch = fetchers.repository.and_then(|source| fetching::nudge(&source, following));
    if fetch.is_some() {
        return fetch.into_iter().collect();
    }
    // What it takes from other objects changes nothing of it, so nobody else makes it run.
    let is_due =
        following.unmoved >= TO_BEGIN || values_from::are_to_be_read(&KIND, owner, following);
    let next = match converging::of(owner, following) {
        Convergence::Compared { .. } if is_due => {
            built(&fetchers, following).or_else(|| run(owner, following))
        }
        Convergence::Blocked { .. } if are_others_done(owner, following) => run(owner, following),
        _ => None,
    };
    next.into_iter().collect()
}

/// Asks for the chart to be built, where it is not of the commit.
fn built(fetchers: &converging::Fetchers<'_>, following: &Following<'_>) -> Option<Nudge> {
    fetchers.repository?;
    let address = fetchers.chart?.address()?;
    let object = following.other(&address.target)?;
    let built = word(object, "/status/observedSourceArtifactRevision");
    if fetching::is_at(built, following) {
        return None;
    }
    request::again(NudgeKind::Fetch, &address, object, following, PAUSE)
}

fn run(owner: &Value, following: &Following<'_>) -> Option<Nudge> {
    let address = KIND.address_of(owner);
    request::again(NudgeKind::Refresh, &address, owner, following, PAUSE)
}

/// It would look only every 30 s whether what it depends on is done.
fn are_others_done(owner: &Value, following: &Following<'_>) -> bool {
    let addresses = dependency::addresses(&KIND, owner);
    let waits = failure(owner);
    waits.is_some_and(|ready| ready.reason() == "DependencyNotReady")
        && !addresses.is_empty()
        && dependency::are_done(owner, &addresses, None, following)
}

#[cfg(test)]
mod tests;
