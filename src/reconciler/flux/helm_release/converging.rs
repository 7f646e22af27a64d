//! How far a `HelmRelease` is with a commit.
//!
//! No revision of Git is written down in it. Where its chart is in Git, the `HelmChart` between them says
//! from which commit it was built, and the release says which version of the chart it has. Where the
//! commit changes the release itself, the Kustomization that applies it is followed first, and here the
//! newest generation counts.

use serde_json::Value;

use crate::rollback::model::convergence::Convergence;
use crate::text::truncate;

use super::super::super::following::{Following, Goal, NudgeKind};
use super::super::condition::{Condition, failure, is_true, is_unfinished, true_one};
use super::super::fetching::{self, is_at};
use super::super::fields::{flag, is_set, number, text, word};
use super::super::request;
use super::super::source::SourceRef;
use super::super::values_from;
use super::{KIND, SOURCE, chart, state};

const COLUMNS: usize = 300;
/// What it says while others are not done.
const WAITS: [&str; 3] = ["DependencyNotReady", "SourceNotReady", "ArtifactFailed"];
/// A newer revision has ended the check: that is no failure of the commit.
const CANCELLED: &str = "HealthCheckCanceled";
/// Between two tries.
const RETRIES: &str = "ProgressingWithRetry";

/// What fetches the chart of a release.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fetchers<'v> {
    /// The repository that the chart is in, where that is one of Git.
    pub repository: Option<SourceRef<'v>>,
    /// The `HelmChart` that is built from it.
    pub chart: Option<SourceRef<'v>>,
}

/// How far it is.
pub(super) fn of(owner: &Value, following: &Following<'_>) -> Convergence {
    if is_set(owner, "/metadata/deletionTimestamp") {
        return Convergence::Failed { reason: "it is being deleted".to_owned(), object: None };
    }
    let fetchers = fetchers(owner, following);
    if following.goal == Goal::Seen {
        let seen = Convergence::Applied { revision: "its chart".to_owned(), why: None };
        return before_it(&fetchers, following).unwrap_or(seen);
    }
    if flag(owner, "/spec/suspend") {
        return Convergence::Suspended { by: "spec.suspend is true".to_owned() };
    }
    if let Some(state) = blocked(owner, &fetchers, following) {
        return state;
    }
    if let Some(state) = before_it(&fetchers, following) {
        return state;
    }
    let deployed = state::latest(owner).filter(|latest| text(latest, "/status") == "deployed");
    // After a remediation what is wanted may be there already: then there is no new release at all.
    if let Some(deployed) = deployed
        && !is_unfinished(owner)
        && is_of_chart(owner, &fetchers, following)
        && values_from::are_read(&KIND, owner, following)
    {
        let (chart, version) = (text(deployed, "/chartName"), text(deployed, "/chartVersion"));
        return Convergence::Healthy { revision: format!("{chart} {version}") };
    }
    lost(owner, &fetchers, following).unwrap_or_else(|| under_way(owner))
}

/// What fetches its chart.
pub(super) fn fetchers<'v>(owner: &'v Value, following: &Following<'v>) -> Fetchers<'v> {
    let is_git = |source: &SourceRef<'_>| source.kind == "GitRepository";
    if let Some(chart) = SourceRef::at(owner, chart::REFERENCE) {
        if chart.kind != chart::HELM_CHART {
            return Fetchers::default();
        }
        let object = following.other(&chart.target());
        let repository = object.and_then(|object| SourceRef::at(object, "/spec/sourceRef"));
        return Fetchers { repository: repository.filter(is_git), chart: Some(chart) };
    }
    let repository = SourceRef::at(owner, SOURCE).filter(is_git);
    Fetchers { repository, chart: chart::fetcher(owner) }
}

/// The actions whose end is that of Helm's wait for the objects.
const WAITING: [&str; 3] = ["install", "upgrade", "rollback"];

/// An action for what was wanted before: nothing else is begun while it runs.
fn blocked(
    owner: &Value,
    fetchers: &Fetchers<'_>,
    following: &Following<'_>,
) -> Option<Convergence> {
    let action = state::action(owner)?;
    let is_wanted = before_it(fetchers, following).is_none()
        && is_attempted(owner)
        && is_of_chart(owner, fetchers, following)
        && !values_from::are_to_be_read(&KIND, owner, following);
    let since = action.since.parse::<jiff::Timestamp>().ok();
    let name = action.name;
    if is_wanted {
        let (phase, message) = (name.to_owned(), String::new());
        return Some(Convergence::Running { phase, message, since });
    }
    let most = std::time::Duration::from_secs(action.most);
    Some(Convergence::Blocked {
        by: format!("its {name} of what was wanted before"),
        until: since.and_then(|since| since.checked_add(most).ok()),
        // It waits for its objects to be well, whoever makes them so.
        remedy: WAITING
            .contains(&name)
            .then(|| "patching its objects to what Git holds ends it".to_owned()),
    })
}

/// How far the chart is, where it has not got the commit.
fn before_it(fetchers: &Fetchers<'_>, following: &Following<'_>) -> Option<Convergence> {
    let repository = fetchers.repository?;
    if let Err(state) = fetching::of(&repository, following) {
        return Some(state);
    }
    let waits = || Some(Convergence::Compared { waits: "its chart to be built".to_owned() });
    let chart = fetchers.chart.and_then(|chart| Some((chart, following.other(&chart.target())?)));
    let Some((chart, object)) = chart else { return waits() };
    let error = true_one(object, "Stalled").or(failure(object));
    // That is written before it is built, and says nothing of success.
    if is_at(word(object, "/status/observedSourceArtifactRevision"), following) {
        return match error {
            Some(error) => {
                Some(Convergence::Failed { reason: words(error), object: Some(chart.named()) })
            }
            None if is_unfinished(object) || !is_written(object) => waits(),
            None => None,
        };
    }
    let path = chart.address()?.object();
    let last = following.last(NudgeKind::Fetch, &path);
    match (error, last) {
        (Some(error), Some(last)) if request::is_handled(object, last) => {
            Some(Convergence::Failed { reason: words(error), object: Some(chart.named()) })
        }
        _ => waits(),
    }
}

/// Whether the chart that it says it is ready with is the one that it shows: conditions are written first
/// (source-controller, `ChartBuild.Summary`: `packaged 'web' chart with version '1.0.0+9f3c2ab51d0e'`).
fn is_written(chart: &Value) -> bool {
    let said = true_one(chart, "Ready").and_then(|ready| {
        let (_, version) = ready.message().split_once("version '")?;
        Some(version.split_once('\'')?.0)
    });
    said.is_none_or(|version| word(chart, "/status/artifact/revision") == Some(version))
}

/// Whether its last action was for its newest generation.
fn is_attempted(owner: &Value) -> bool {
    number(owner, "/status/lastAttemptedGeneration") == number(owner, "/metadata/generation")
}

/// Whether its last action was for the chart that is there now.
fn is_of_chart(owner: &Value, fetchers: &Fetchers<'_>, following: &Following<'_>) -> bool {
    let chart = fetchers.chart.and_then(|chart| fetching::artifact(&chart, following));
    chart.is_none_or(|chart| text(owner, "/status/lastAttemptedRevision") == chart)
}

/// Why nothing will come of it. What it says of what was wanted before is not meant.
fn lost(owner: &Value, fetchers: &Fetchers<'_>, following: &Following<'_>) -> Option<Convergence> {
    let ready = failure(owner)?;
    if WAITS.contains(&ready.reason()) {
        return Some(Convergence::Blocked { by: words(ready), until: None, remedy: None });
    }
    let is_ours = is_attempted(owner)
        && is_of_chart(owner, fetchers, following)
        && values_from::are_read(&KIND, owner, following);
    let is_running =
        true_one(owner, "Reconciling").is_some_and(|running| running.reason() != RETRIES);
    let is_lost = is_ours && !is_running && ready.reason() != CANCELLED;
    let error = true_one(owner, "Stalled").unwrap_or(ready);
    is_lost.then(|| {
        let remediated = if is_true(owner, "Remediated") {
            " (it has undone that by itself, and the cluster differs from Git)"
        } else {
            ""
        };
        Convergence::Failed { reason: format!("{}{remediated}", words(error)), object: None }
    })
}

fn under_way(owner: &Value) -> Convergence {
    let run = true_one(owner, "Reconciling").filter(|run| run.reason() != RETRIES);
    match run {
        Some(run) => Convergence::Running {
            phase: "run".to_owned(),
            message: words(run),
            since: run.since().parse().ok(),
        },
        None => Convergence::Compared { waits: "its next run".to_owned() },
    }
}

fn words(condition: Condition<'_>) -> String {
    truncate(&condition.words(), COLUMNS).into_owned()
}

#[cfg(test)]
mod tests;
