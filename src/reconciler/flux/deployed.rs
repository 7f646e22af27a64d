//! What owners of Flux have deployed, by their status.

use serde_json::Value;

use crate::rollback::model::deployed::{DeployOutcome, Deployed, Release};
use crate::text::truncate;

use super::condition::{Condition, failure, true_one};
use super::fields::{list, number, text, word};
use super::health_check;
use super::revision;

/// Between two tries.
const RETRIES: &str = "ProgressingWithRetry";
const COLUMNS: usize = 200;

/// The states of a Kustomization, the newest first. `live` is the revision whose objects are there.
pub(super) fn of_kustomization(owner: &Value, live: Option<&str>) -> Vec<Deployed> {
    let mut all: Vec<Deployed> =
        list(owner, "/status/history").iter().filter_map(|one| entry(owner, one)).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.again));
    let knows = |all: &[Deployed], asked: &str| {
        all.iter().any(|one| one.revisions.iter().any(|own| revision::are_same(own, asked)))
    };
    // Some versions keep no history, and what failed may have left none.
    let last_good = word(owner, "/status/lastAppliedRevision").filter(|one| !knows(&all, one));
    if let Some(applied) = last_good {
        let healthy = health_check::is_waited_for(owner).then_some(true);
        all.insert(0, Deployed { healthy, ..new(applied) });
    }
    if let Some(attempted) = word(owner, "/status/lastAttemptedRevision")
        && let Some(outcome) = attempt(owner, attempted).filter(|_| !knows(&all, attempted))
    {
        all.insert(0, Deployed { outcome, ..new(attempted) });
    }
    for one in &mut all {
        let is_it = |own: &String| live.is_some_and(|live| revision::are_same(own, live));
        one.live = one.revisions.iter().any(is_it);
    }
    all
}

fn new(revision: &str) -> Deployed {
    Deployed {
        revisions: vec![revision.to_owned()],
        commit: revision::commit(revision).filter(|one| one.len() == 40).map(str::to_owned),
        ..Deployed::default()
    }
}

/// One entry stands for one content. It keeps when that was applied first, and which revision had it
/// last.
fn entry(owner: &Value, entry: &Value) -> Option<Deployed> {
    let revision = word(entry, "/metadata/revision")?;
    let status = text(entry, "/lastReconciledStatus");
    let (outcome, healthy) = match status {
        "ReconciliationSucceeded" => {
            (DeployOutcome::Applied, health_check::is_waited_for(owner).then_some(true))
        }
        "HealthCheckFailed" => (DeployOutcome::Failed(status.to_owned()), Some(false)),
        _ => (DeployOutcome::Failed(status.to_owned()), None),
    };
    let at = |member: &str| text(entry, member).parse().ok();
    Some(Deployed {
        at: at("/firstReconciled"),
        again: at("/lastReconciled"),
        outcome,
        healthy,
        ..new(revision)
    })
}

/// What came of the revision that was tried last, where it is not the one that was applied.
fn attempt(owner: &Value, tried: &str) -> Option<DeployOutcome> {
    let applied = word(owner, "/status/lastAppliedRevision");
    if applied.is_some_and(|applied| revision::are_same(applied, tried)) {
        return None;
    }
    let words = |condition: Condition<'_>| truncate(&condition.words(), COLUMNS).into_owned();
    let run = true_one(owner, "Reconciling").filter(|run| run.reason() != RETRIES);
    match (run, failure(owner)) {
        (Some(run), _) => Some(DeployOutcome::Running(words(run))),
        (None, Some(ready)) => Some(DeployOutcome::Failed(words(ready))),
        (None, None) => None,
    }
}

/// The releases of a `HelmRelease`, the newest first.
pub(super) fn of_release(owner: &Value) -> Vec<Deployed> {
    let mut all: Vec<Deployed> =
        list(owner, "/status/history").iter().filter_map(release).collect();
    all.sort_by_key(|one| std::cmp::Reverse(one.release.as_ref().map(|one| one.revision)));
    // A failed one stays where it is until something else comes.
    if let Some(newest) = all.first_mut() {
        newest.live = true;
    }
    all
}

fn release(entry: &Value) -> Option<Deployed> {
    let chart_version = word(entry, "/chartVersion")?;
    let status = text(entry, "/status");
    let (outcome, healthy) = match status {
        "deployed" | "superseded" => (DeployOutcome::Applied, Some(true)),
        "failed" => (DeployOutcome::Failed("Helm says failed".to_owned()), Some(false)),
        other if other.starts_with("pending") => {
            (DeployOutcome::Running(format!("Helm says {other}")), None)
        }
        _ => (DeployOutcome::Applied, None),
    };
    let own = |member: &str| text(entry, member).to_owned();
    Some(Deployed {
        at: text(entry, "/lastDeployed").parse().ok(),
        outcome,
        healthy,
        release: Some(Release {
            revision: number(entry, "/version").unwrap_or_default(),
            chart: own("/chartName"),
            chart_version: chart_version.to_owned(),
            app_version: own("/appVersion"),
            config_digest: own("/configDigest"),
            status: status.to_owned(),
        }),
        revisions: vec![chart_version.to_owned()],
        ..Deployed::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NEW: &str = "0123456789abcdef0123456789abcdef01234567";
    const OLD: &str = "1123456789abcdef0123456789abcdef01234567";

    fn entry_of(commit: &str, status: &str, at: &str) -> Value {
        json!({"digest": "sha256:0", "firstReconciled": at, "lastReconciled": at,
            "lastReconciledStatus": status, "metadata": {"revision": format!("main@sha1:{commit}")}})
    }

    #[test]
    fn a_kustomization_tells_what_it_applied_and_what_it_tried() {
        let owner = json!({"spec": {"wait": true}, "status": {
            "history": [entry_of(OLD, "ReconciliationSucceeded", "2026-03-01T10:00:00Z"), "absurd"],
            "lastAppliedRevision": format!("main@sha1:{OLD}"),
            "lastAttemptedRevision": format!("main@sha1:{NEW}"),
            "conditions": [{"type": "Ready", "status": "False", "reason": "HealthCheckFailed",
                "message": "timeout"}]}});
        let live = format!("main@sha1:{NEW}");
        let told: Vec<(String, bool, Option<bool>, DeployOutcome)> =
            of_kustomization(&owner, Some(&live))
                .into_iter()
                .map(|one| (one.commit.unwrap(), one.live, one.healthy, one.outcome))
                .collect();
        let failed = DeployOutcome::Failed("HealthCheckFailed: timeout".to_owned());
        assert_eq!(
            told,
            [
                (NEW.to_owned(), true, None, failed),
                (OLD.to_owned(), false, Some(true), DeployOutcome::Applied),
            ]
        );
    }

    #[test]
    fn without_a_history_the_last_one_is_told() {
        let owner = json!({"status": {"lastAppliedRevision": format!("main@sha1:{NEW}"),
            "lastAttemptedRevision": format!("main@sha1:{NEW}")}});
        let all = of_kustomization(&owner, Some(NEW));
        assert_eq!(all.len(), 1);
        assert_eq!(
            (all[0].commit.as_deref(), all[0].healthy, all[0].live),
            (Some(NEW), None, true)
        );
        assert!(of_kustomization(&json!({"status": {"history": {}}}), None).is_empty());
    }

    #[test]
    fn releases_are_in_the_order_of_their_numbers() {
        let one = |version: i64, chart: &str, status: &str| {
            json!({"version": version, "chartName": "web", "chartVersion": chart,
                "appVersion": "9", "configDigest": "sha256:ab", "status": status,
                "lastDeployed": "2026-03-01T10:00:00Z"})
        };
        let owner = json!({"status": {"history": [
            one(1, "1.0.0", "superseded"), one(3, "1.2.0", "failed"), one(2, "1.1.0", "deployed"),
            {"version": 4}]}});
        let told: Vec<(i64, bool, Option<bool>)> = of_release(&owner)
            .into_iter()
            .map(|one| (one.release.unwrap().revision, one.live, one.healthy))
            .collect();
        assert_eq!(told, [(3, true, Some(false)), (2, false, Some(true)), (1, false, Some(true))]);
    }
}
