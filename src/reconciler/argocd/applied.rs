//! The commits that an Application has applied, by its history. What could not be applied is not in it,
//! nor what a heal did; and that something is in it says nothing of its health.

use serde_json::Value;

use crate::rollback::model::convergence::Applied;

use super::fields::{items, text, text_or};
use super::operation::revisions;

/// The newest first. Only of what was applied last the Application says how it does, and only where it
/// has looked since.
pub(super) fn of(application: &Value) -> Vec<Applied> {
    let entries = items(application, "/status/history").iter().rev();
    let mut applied: Vec<Applied> = entries.filter_map(entry).collect();
    let synced = revisions(application, "/status/operationState/syncResult");
    if let Some(last) = applied.first_mut()
        && last.revisions == synced
        && revisions(application, "/status/sync") == synced
    {
        last.healthy = match text(application, "/status/health/status") {
            "Healthy" => Some(true),
            "Degraded" => Some(false),
            _ => None,
        };
    }
    applied
}

fn entry(entry: &Value) -> Option<Applied> {
    let revisions: Vec<String> = revisions(entry, "").into_iter().map(str::to_owned).collect();
    let is_commit = |revision: &&String| {
        matches!(revision.len(), 40 | 64) && revision.chars().all(|c| c.is_ascii_hexdigit())
    };
    let commit = revisions.iter().find(is_commit).or_else(|| revisions.first())?.clone();
    let at = text_or(entry, "/deployedAt", "/deployStartedAt").parse().ok();
    Some(Applied { commit, revisions, at, healthy: None })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::{OLD, SHA, application};
    use super::*;

    fn history() -> Value {
        json!([
            {"id": 0, "revision": OLD, "deployedAt": "2026-03-01T10:00:00Z"},
            {"id": 1, "revisions": ["1.4.2", SHA], "deployStartedAt": "2026-03-01T11:00:00Z"},
            {"id": 2, "revision": ""},
            "absurd",
            {"id": 3, "revision": SHA, "deployedAt": "once"},
        ])
    }

    #[test]
    fn the_newest_is_first_and_what_names_no_revision_is_left_out() {
        let app = application(&json!({"status": {"history": history()}}));
        let applied = of(&app);
        let commits: Vec<&str> = applied.iter().map(|one| one.commit.as_str()).collect();
        assert_eq!(commits, [SHA, SHA, OLD]);
        assert_eq!(applied[1].revisions, ["1.4.2", SHA]);
        assert_eq!(applied[2].at, Some("2026-03-01T10:00:00Z".parse().unwrap()));
        assert_eq!(applied[0].at, None);
        assert!(of(&json!({"status": {"history": {}}})).is_empty());
    }

    #[test]
    fn only_of_the_last_one_the_health_is_known() {
        for (health, synced, compared, expected) in [
            ("Healthy", SHA, SHA, Some(true)),
            ("Degraded", SHA, SHA, Some(false)),
            ("Progressing", SHA, SHA, None),
            // Of something else: it was compared with a newer one, or the last sync came to nothing.
            ("Healthy", SHA, OLD, None),
            ("Healthy", OLD, OLD, None),
        ] {
            let app = application(&json!({"status": {"history": history(),
                "health": {"status": health}, "sync": {"revision": compared},
                "operationState": {"syncResult": {"revision": synced}}}}));
            let applied = of(&app);
            assert_eq!(applied[0].healthy, expected, "{health} {synced} {compared}");
            assert!(applied[1..].iter().all(|one| one.healthy.is_none()));
        }
    }
}
