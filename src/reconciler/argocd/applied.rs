//! The commits that an Application has applied, by its history. What could not be applied is not in it,
//! nor what a heal did; and that something is in it says nothing of its health.

use serde_json::Value;

use crate::rollback::model::convergence::Applied;

use super::fields::{items, text, text_or};
use super::operation::revisions;
use super::{hydrator, renders, sources};

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

/// The commits of one source. Sources may have been moved in the list, or put in one's place, since: an
/// entry counts where it has the source. With a hydrator only the commit that was rendered last is known.
pub(super) fn of_source(application: &Value, source: usize) -> Vec<Applied> {
    if hydrator::is_used(application) {
        let last = "/status/sourceHydrator/lastSuccessfulOperation";
        let dry = text(application, &format!("{last}/drySHA"));
        let wet = text(application, &format!("{last}/hydratedSHA"));
        let of_last = |one: Applied| Applied { commit: dry.to_owned(), ..one };
        let is_last = |one: &Applied| !dry.is_empty() && one.commit == wet;
        return of(application).into_iter().filter(is_last).map(of_last).collect();
    }
    let declared = sources::declared(application);
    let Some(wanted) = declared.get(source) else { return Vec::new() };
    let entries = items(application, "/status/history").iter().rev();
    let entries = entries.filter(|entry| self::entry(entry).is_some());
    let one = |(one, entry): (Applied, &Value)| {
        let commit =
            one.revisions.get(place(entry, wanted, source)?).filter(|it| is_commit(it))?.clone();
        Some(Applied { commit, ..one })
    };
    of(application).into_iter().zip(entries).filter_map(one).collect()
}

/// Where an entry of the history has this source.
fn place(entry: &Value, wanted: &Value, index: usize) -> Option<usize> {
    let is_it = |source: &Value| {
        let at = |member: &str| text(source, member) == text(wanted, member);
        let repository = |source: &Value| renders::repository(text(source, "/repoURL"));
        repository(source) == repository(wanted) && ["/path", "/chart", "/ref"].into_iter().all(at)
    };
    let several = items(entry, "/sources");
    match entry.pointer("/source").filter(|_| several.is_empty()) {
        Some(one) => is_it(one).then_some(0),
        // Old versions do not say it.
        None if several.is_empty() => Some(index),
        None => several.iter().position(is_it),
    }
}

fn is_commit(revision: &str) -> bool {
    matches!(revision.len(), 40 | 64) && revision.chars().all(|c| c.is_ascii_hexdigit())
}

fn entry(entry: &Value) -> Option<Applied> {
    let revisions: Vec<String> = revisions(entry, "").into_iter().map(str::to_owned).collect();
    let commit = revisions.iter().find(|it| is_commit(it)).or_else(|| revisions.first())?.clone();
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

    #[test]
    fn a_commit_belongs_to_a_source_wherever_that_stood() {
        let (chart, fleet) = (
            json!({"repoURL": "https://charts.test", "chart": "web"}),
            json!({"repoURL": "https://git.test/fleet.git", "ref": "values"}),
        );
        let app = json!({"spec": {"sources": [chart, fleet]}, "status": {"history": [
            // From before there were two.
            {"revision": OLD, "source": {"repoURL": "git@git.test:fleet", "path": "apps/web"}},
            {"revisions": [OLD, "1.0"], "sources": [fleet, chart]},
            {"revisions": ["1.1", SHA], "sources": [chart, fleet]},
            {"revisions": ["1.2", SHA]},
            {"revisions": ["1.3"], "sources": [chart]},
        ]}});
        let commits = |source| -> Vec<String> {
            of_source(&app, source).into_iter().map(|one| one.commit).collect()
        };
        assert_eq!(commits(1), [SHA, SHA, OLD]);
        // Versions are no commits.
        assert!(commits(0).is_empty());
        assert!(commits(2).is_empty());
    }

    #[test]
    fn with_a_hydrator_only_the_commit_that_was_rendered_last_is_known() {
        let wet = "3".repeat(40);
        let app = json!({"spec": {"sourceHydrator": {"drySource": {}}}, "status": {
            "history": [{"revision": OLD}, {"revision": wet}],
            "sourceHydrator": {"lastSuccessfulOperation": {"drySHA": SHA, "hydratedSHA": wet}}}});
        let found = of_source(&app, 0);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].commit, SHA);
    }
}
