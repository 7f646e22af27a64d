//! Hooks of an Application: objects that are made anew by each sync, such as a Job that migrates a database.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::text::shorten;

use super::fields::{flag, items, text};

/// Hooks that are called.
const NAMES: usize = 3;
/// Those that no sync that succeeds runs.
const ELSEWHERE: [&str; 3] = ["SyncFail", "PreDelete", "PostDelete"];

/// What a sync to a commit does besides: its hooks run again, whatever release it brings. Known are those of
/// the last sync, and those that are still there.
pub(super) fn besides(application: &Value) -> Option<String> {
    let last = items(application, "/status/operationState/syncResult/resources").iter();
    let ran = last.filter(|result| {
        let kind = text(result, "/hookType");
        !kind.is_empty() && !ELSEWHERE.contains(&kind)
    });
    let left = items(application, "/status/resources").iter();
    let left = left.filter(|entry| flag(entry, "/hook"));
    let called = |object: &Value| {
        let at = |member: &str| text(object, member);
        shorten(&format!("{} {}", at("/kind"), at("/name")), 60).into_owned()
    };
    let known: BTreeSet<String> = ran.map(called).collect();
    let names: Vec<String> = if known.is_empty() {
        left.map(called).collect::<BTreeSet<String>>().into_iter().collect()
    } else {
        known.into_iter().collect()
    };
    if names.is_empty() {
        return None;
    }
    let more = names.len().saturating_sub(NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let few = names.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    Some(format!("its hooks run again, with the old release: {few}{more}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::application;
    use super::*;

    #[test]
    fn hooks_of_the_last_sync_are_named() {
        let result = |kind: &str, name: &str, hook: &str| json!({"kind": kind, "name": name, "hookType": hook, "hookPhase": "Succeeded"});
        let of = |results: Value, left: Value| {
            let resources = json!({"status": {"resources": left,
                "operationState": {"syncResult": {"resources": results}}}});
            besides(&application(&resources))
        };
        // Every object of a sync has a phase.
        let plain = json!({"kind": "Deployment", "name": "web", "hookPhase": "Running"});
        let words = "its hooks run again, with the old release: ";
        for (results, left, expected) in [
            (json!([plain]), json!([]), None),
            (json!([result("Job", "broken", "SyncFail")]), json!([]), None),
            (json!([plain, result("Job", "migrate", "PreSync")]), json!([]), Some("Job migrate")),
            // The last sync was of some objects only.
            (
                json!([plain]),
                json!([{"kind": "Job", "name": "migrate", "hook": true}]),
                Some("Job migrate"),
            ),
            (
                json!([
                    result("Job", "a", "PreSync"),
                    result("Job", "b", "PostSync"),
                    result("Job", "c", "Sync"),
                    result("Job", "d", "Sync"),
                ]),
                json!([]),
                Some("Job a, Job b, Job c and 1 more"),
            ),
        ] {
            let expected = expected.map(|names| format!("{words}{names}"));
            assert_eq!(of(results.clone(), left), expected, "{results}");
        }
    }
}
