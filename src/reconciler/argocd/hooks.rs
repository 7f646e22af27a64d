//! Hooks of an Application: objects that are made anew by each sync, such as a Job that migrates a database.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::text::shorten;

use super::fields::{flag, items, text};
use super::hook_jobs;

/// Hooks that are called.
const NAMES: usize = 3;
/// Those that no sync that succeeds runs.
const ELSEWHERE: [&str; 3] = ["SyncFail", "PreDelete", "PostDelete"];

const AGAIN: &str = "its hooks run again, with the old release: ";

/// What a sync to a commit does besides: its hooks run again, whatever release it brings. Known are those of
/// the last sync, and those that are still there.
pub(super) fn besides(application: &Value) -> Option<String> {
    again(application, &[])
}

/// Says of these Jobs that they do not run again, and of the others only that they do.
pub(super) fn without(besides: &mut Vec<String>, application: &Value, jobs: &[&Value]) {
    if jobs.is_empty() {
        return;
    }
    besides.retain(|sentence| !sentence.starts_with(AGAIN));
    let names: Vec<String> =
        jobs.iter().map(|job| called("Job", text(job, "/metadata/name"))).collect();
    besides.extend(jobs.iter().map(|job| hook_jobs::words(job)));
    besides.extend(again(application, &names));
}

fn called(kind: &str, name: &str) -> String {
    shorten(&format!("{kind} {name}"), 60).into_owned()
}

fn again(application: &Value, without: &[String]) -> Option<String> {
    let last = items(application, "/status/operationState/syncResult/resources").iter();
    let ran = last.filter(|result| {
        let kind = text(result, "/hookType");
        !kind.is_empty() && !ELSEWHERE.contains(&kind)
    });
    let left = items(application, "/status/resources").iter();
    let left = left.filter(|entry| flag(entry, "/hook"));
    let called = |object: &Value| called(text(object, "/kind"), text(object, "/name"));
    let mut names: BTreeSet<String> = ran.map(called).collect();
    if names.is_empty() {
        names = left.map(called).collect();
    }
    names.retain(|name| !without.contains(name));
    if names.is_empty() {
        return None;
    }
    let more = names.len().saturating_sub(NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let few = names.iter().take(NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    Some(format!("{AGAIN}{few}{more}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::given::application;
    use super::*;

    #[test]
    fn a_job_that_does_not_run_again_is_not_named_among_those_that_do() {
        let result = |name: &str| json!({"kind": "Job", "name": name, "hookType": "PreSync"});
        let owner = application(&json!({"status": {"operationState": {"syncResult": {
            "resources": [result("migrate"), result("other")]}}}}));
        let job = json!({"metadata": {"name": "migrate", "namespace": "prod"}});
        let before: Vec<String> = ["x".to_owned()].into_iter().chain(besides(&owner)).collect();
        for (jobs, expected) in [
            (vec![], vec!["x".to_owned(), format!("{AGAIN}Job migrate, Job other")]),
            (vec![&job], vec!["x".to_owned(), hook_jobs::words(&job), format!("{AGAIN}Job other")]),
        ] {
            let mut said = before.clone();
            without(&mut said, &owner, &jobs);
            assert_eq!(said, expected);
        }
    }

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
