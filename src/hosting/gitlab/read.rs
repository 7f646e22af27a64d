//! Merge requests of GitLab, as values.

use serde_json::Value;

use crate::hosting::document::{commit, flag, number, text, url};
use crate::rollback::model::change_request::{ChangeRequest, Checks, ChecksState, RequestState};

/// From a document of a list or of one request.
pub(super) fn request(document: &Value) -> Option<ChangeRequest> {
    let state = match text(document, "/state")? {
        // Locked is what it is while it is being merged.
        "opened" | "locked" => RequestState::Open,
        "merged" => RequestState::Merged,
        "closed" => RequestState::Closed,
        _ => return None,
    };
    Some(ChangeRequest {
        host: "gitlab",
        number: number(document, "/iid")?,
        url: url(document, "/web_url")?,
        state,
        head: text(document, "/source_branch")?.to_owned(),
        head_commit: commit(document, "/sha"),
        base: text(document, "/target_branch")?.to_owned(),
        merge_commit: merge_commit(document).filter(|_| state == RequestState::Merged),
        has_conflict: has_conflict(document),
        checks: pipeline(document),
    })
}

/// A merge makes a commit, a squash without a merge one of its own, a fast-forward none.
fn merge_commit(document: &Value) -> Option<String> {
    ["/merge_commit_sha", "/squash_commit_sha", "/sha"]
        .iter()
        .find_map(|pointer| commit(document, pointer))
}

/// `has_conflicts` is false as long as nobody has looked.
fn has_conflict(document: &Value) -> Option<bool> {
    match (flag(document, "/has_conflicts"), text(document, "/merge_status")?) {
        (Some(true), _) | (None, "cannot_be_merged") => Some(true),
        // Without a conflict, something else stands in the way.
        (_, "can_be_merged") | (Some(false), "cannot_be_merged") => Some(false),
        _ => None,
    }
}

fn pipeline(document: &Value) -> Option<Checks> {
    let state = match text(document, "/head_pipeline/status")? {
        "success" | "skipped" => ChecksState::Passed,
        "failed" | "canceled" => ChecksState::Failed,
        _ => ChecksState::Pending,
    };
    let name = match number(document, "/head_pipeline/id") {
        Some(id) => format!("pipeline {id}"),
        None => "pipeline".to_owned(),
    };
    let failing = if state == ChecksState::Failed { vec![name] } else { Vec::new() };
    Some(Checks { state, failing })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(change: &Value) -> Option<ChangeRequest> {
        let mut document = json!({
            "iid": 7, "state": "opened", "web_url": "https://gitlab.com/a/b/-/merge_requests/7",
            "source_branch": "rb/revert-1", "target_branch": "main", "sha": "1".repeat(40),
            "merge_commit_sha": null, "squash_commit_sha": null, "merge_status": "unchecked",
            "has_conflicts": false, "head_pipeline": null,
        });
        for (name, value) in change.as_object().unwrap() {
            document[name] = value.clone();
        }
        request(&document)
    }

    #[test]
    fn the_commit_of_a_merge_is_that_of_its_manner() {
        let merged = |change: Value| {
            let mut document = json!({"state": "merged"});
            document.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            read(&document).unwrap().merge_commit.unwrap()
        };
        let (merge, squash) = ("2".repeat(40), "3".repeat(40));
        let both = json!({"merge_commit_sha": merge, "squash_commit_sha": squash});
        assert_eq!(merged(both), merge);
        assert_eq!(merged(json!({"squash_commit_sha": squash})), squash);
        assert_eq!(merged(json!({})), "1".repeat(40), "a fast-forward");
        assert_eq!(read(&json!({})).unwrap().merge_commit, None);
    }

    #[test]
    fn states_conflicts_and_pipelines() {
        assert_eq!(read(&json!({"state": "locked"})).unwrap().state, RequestState::Open);
        assert_eq!(read(&json!({"state": "closed"})).unwrap().state, RequestState::Closed);
        assert_eq!(read(&json!({"state": "weird"})), None);
        for (status, has, conflict) in [
            ("unchecked", json!(false), None),
            ("checking", json!(false), None),
            ("can_be_merged", json!(false), Some(false)),
            ("cannot_be_merged", json!(true), Some(true)),
            ("cannot_be_merged", json!(false), Some(false)),
            ("cannot_be_merged", json!(null), Some(true)),
        ] {
            let request = read(&json!({"merge_status": status, "has_conflicts": has})).unwrap();
            assert_eq!(request.has_conflict, conflict, "{status} {has}");
        }
        for (status, state) in [
            ("success", ChecksState::Passed),
            ("running", ChecksState::Pending),
            ("manual", ChecksState::Pending),
            ("failed", ChecksState::Failed),
        ] {
            let request = read(&json!({"head_pipeline": {"id": 9, "status": status}})).unwrap();
            let checks = request.checks.unwrap();
            assert_eq!(checks.state, state, "{status}");
            assert_eq!(checks.failing.is_empty(), state != ChecksState::Failed);
        }
        assert_eq!(read(&json!({})).unwrap().checks, None);
    }
}
