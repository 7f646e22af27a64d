//! The revisions that an owner of Flux has applied, by its history: five at the most, and not always in
//! order.

use serde_json::Value;

use crate::rollback::model::convergence::Applied;

use super::fields::{list, text, word};
use super::health_check;
use super::revision;

/// A Kustomization keeps one entry for each distinct state. Its revision is the last one that gave that
/// state, not the first.
pub(super) fn of_kustomization(owner: &Value) -> Vec<Applied> {
    let entries = list(owner, "/status/history").iter();
    let all = entries.filter_map(|entry| {
        let revision = word(entry, "/metadata/revision")?;
        let healthy = match text(entry, "/lastReconciledStatus") {
            "ReconciliationSucceeded" => health_check::is_waited_for(owner).then_some(true),
            "HealthCheckFailed" => Some(false),
            // It was never whole in the cluster.
            _ => return None,
        };
        Some(one(revision, text(entry, "/lastReconciled"), healthy))
    });
    let mut all: Vec<Applied> = all.collect();
    if let Some(last) = word(owner, "/status/lastAppliedRevision")
        && !all.iter().any(|one| is_of(one, last))
    {
        // Old versions keep no history.
        all.push(one(last, "", health_check::is_waited_for(owner).then_some(true)));
    }
    sorted(all)
}

/// A `HelmRelease` has versions of its chart; which commit they are of, its Kustomization knows.
pub(super) fn of_release(owner: &Value) -> Vec<Applied> {
    let entries = list(owner, "/status/history").iter();
    let all = entries.filter_map(|entry| {
        let version = word(entry, "/chartVersion")?;
        let healthy = match text(entry, "/status") {
            "deployed" | "superseded" => Some(true),
            "failed" => Some(false),
            _ => None,
        };
        Some(one(version, text(entry, "/lastDeployed"), healthy))
    });
    sorted(all.collect())
}

fn one(revision: &str, at: &str, healthy: Option<bool>) -> Applied {
    Applied {
        commit: revision::commit(revision).unwrap_or(revision).to_owned(),
        revisions: vec![revision.to_owned()],
        at: at.parse().ok(),
        healthy,
    }
}

fn is_of(one: &Applied, revision: &str) -> bool {
    one.revisions.iter().any(|applied| revision::are_same(applied, revision))
}

fn sorted(mut all: Vec<Applied>) -> Vec<Applied> {
    all.sort_by_key(|one| std::cmp::Reverse(one.at));
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NEW: &str = "0123456789abcdef0123456789abcdef01234567";
    const OLD: &str = "1123456789abcdef0123456789abcdef01234567";

    fn entry(commit: &str, status: &str, at: &str) -> Value {
        json!({"digest": "sha256:0", "lastReconciled": at, "lastReconciledStatus": status,
            "metadata": {"revision": format!("main@sha1:{commit}")}})
    }

    fn told(owner: &Value) -> Vec<(String, Option<bool>)> {
        of_kustomization(owner).into_iter().map(|one| (one.commit, one.healthy)).collect()
    }

    #[test]
    fn the_order_is_that_of_time_whatever_the_list_says() {
        let history = json!([
            entry(OLD, "ReconciliationSucceeded", "2026-03-01T10:00:00Z"),
            entry(NEW, "HealthCheckFailed", "2026-03-01T11:00:00Z"),
            entry("x", "BuildFailed", "2026-03-01T12:00:00Z"),
            {"lastReconciledStatus": "ReconciliationSucceeded"},
            "absurd",
        ]);
        let owner = json!({"spec": {"wait": true}, "status": {"history": history,
            "lastAppliedRevision": format!("main@sha1:{OLD}")}});
        let (new, old) = ((NEW.to_owned(), Some(false)), (OLD.to_owned(), Some(true)));
        assert_eq!(told(&owner), [new, old]);
    }

    #[test]
    fn without_a_health_check_nothing_is_known_of_health() {
        let history = json!([entry(OLD, "ReconciliationSucceeded", "2026-03-01T10:00:00Z")]);
        let owner = json!({"status": {"history": history}});
        assert_eq!(told(&owner), [(OLD.to_owned(), None)]);
        let without = json!({"status": {"lastAppliedRevision": format!("main@sha1:{NEW}")}});
        assert_eq!(told(&without), [(NEW.to_owned(), None)]);
        assert!(told(&json!({"status": {"history": {}}})).is_empty());
    }

    #[test]
    fn a_release_tells_versions_of_its_chart() {
        let release = |version: &str, status: &str, at: &str| json!({"chartVersion": version, "status": status, "lastDeployed": at});
        let owner = json!({"status": {"history": [
            release("1.0.0", "superseded", "2026-03-01T10:00:00Z"),
            release("1.2.0", "deployed", "2026-03-01T12:00:00Z"),
            release("1.1.0", "failed", "2026-03-01T11:00:00Z"),
            release("", "failed", "2026-03-01T11:00:00Z")]}});
        let told: Vec<(String, Option<bool>)> =
            of_release(&owner).into_iter().map(|one| (one.commit, one.healthy)).collect();
        let expected = [("1.2.0", true), ("1.1.0", false), ("1.0.0", true)];
        assert_eq!(told, expected.map(|(version, good)| (version.to_owned(), Some(good))));
    }
}
