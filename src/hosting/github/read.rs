//! Pull requests and checks of GitHub, as values.

use serde_json::Value;

use super::repository;
use crate::hosting::api::{Answer, Api, PAGE};
use crate::hosting::document::{self, commit, flag, members, number, text, url};
use crate::rollback::model::change_request::{ChangeRequest, Checks, ChecksState, RequestState};

/// From a `pull-request` or `pull-request-simple`.
pub(super) fn request(document: &Value) -> Option<ChangeRequest> {
    let state = match text(document, "/state")? {
        "open" => RequestState::Open,
        // Both have it; `merged` is in the long one only.
        "closed" if text(document, "/merged_at").is_some() => RequestState::Merged,
        "closed" => RequestState::Closed,
        _ => return None,
    };
    // Before the merge it is that of a trial, which is on no branch.
    let merge_commit =
        commit(document, "/merge_commit_sha").filter(|_| state == RequestState::Merged);
    Some(ChangeRequest {
        host: "github",
        number: number(document, "/number")?,
        url: url(document, "/html_url")?,
        state,
        head: text(document, "/head/ref")?.to_owned(),
        head_commit: commit(document, "/head/sha"),
        base: text(document, "/base/ref")?.to_owned(),
        merge_commit,
        has_conflict: flag(document, "/mergeable").map(|is_mergeable| !is_mergeable),
        checks: None,
    })
}

/// From the check runs and the statuses of the newest commit. A token may see one kind and not the
/// other.
pub(super) async fn checks(api: &Api, request: &ChangeRequest) -> Option<Checks> {
    let commit = request.head_commit.as_deref()?;
    let path = format!("{}/commits/{commit}", repository(api.place()));
    let runs = api.get(&format!("{path}/check-runs?per_page={PAGE}")).await.ok();
    let statuses = api.get(&format!("{path}/status?per_page={PAGE}")).await.ok();
    let whole = |answer: Option<Answer>| {
        answer.filter(Answer::is_good).map_or(Value::Null, |answer| answer.document)
    };
    let (runs, statuses) = (whole(runs), whole(statuses));
    let runs = members(&runs, "/check_runs")
        .iter()
        .map(|run| (text(run, "/name").unwrap_or("check"), state_of_run(text(run, "/conclusion"))));
    let statuses = members(&statuses, "/statuses").iter().map(|status| {
        (text(status, "/context").unwrap_or("status"), state_of_status(text(status, "/state")))
    });
    document::checks(runs.chain(statuses))
}

fn state_of_run(conclusion: Option<&str>) -> ChecksState {
    match conclusion {
        Some("success" | "neutral" | "skipped") => ChecksState::Passed,
        Some(_) => ChecksState::Failed,
        None => ChecksState::Pending,
    }
}

fn state_of_status(state: Option<&str>) -> ChecksState {
    match state {
        Some("success") => ChecksState::Passed,
        Some("failure" | "error") => ChecksState::Failed,
        _ => ChecksState::Pending,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(change: &Value) -> Value {
        let mut document = json!({
            "number": 7, "state": "open", "html_url": "https://github.com/a/b/pull/7",
            "merged_at": null, "merge_commit_sha": "2".repeat(40), "mergeable": null,
            "head": {"ref": "rb/revert-1", "sha": "1".repeat(40)}, "base": {"ref": "main"},
        });
        for (name, value) in change.as_object().unwrap() {
            document[name] = value.clone();
        }
        document
    }

    #[test]
    fn states_are_told_apart() {
        let read = |change: &Value| request(&document(change)).unwrap();
        let open = read(&json!({}));
        assert_eq!((open.state, open.has_conflict), (RequestState::Open, None));
        assert_eq!(open.merge_commit, None, "that of a trial merge");
        assert_eq!(read(&json!({"mergeable": false})).has_conflict, Some(true));
        assert_eq!(read(&json!({"state": "closed"})).state, RequestState::Closed);
        let merged = read(&json!({"state": "closed", "merged_at": "2026-01-01T00:00:00Z"}));
        assert_eq!(merged.state, RequestState::Merged);
        assert_eq!(merged.merge_commit, Some("2".repeat(40)));
    }

    #[test]
    fn what_is_no_request_is_none() {
        for change in [
            json!({"state": "weird"}),
            json!({"number": "7"}),
            json!({"html_url": "javascript:x"}),
            json!({"head": null}),
            json!({"base": {}}),
        ] {
            assert_eq!(request(&document(&change)), None, "{change}");
        }
        assert_eq!(request(&json!([])), None);
    }

    #[test]
    fn conclusions_and_states() {
        assert_eq!(state_of_run(None), ChecksState::Pending);
        assert_eq!(state_of_run(Some("skipped")), ChecksState::Passed);
        for bad in ["failure", "cancelled", "timed_out", "action_required", "stale"] {
            assert_eq!(state_of_run(Some(bad)), ChecksState::Failed, "{bad}");
        }
        assert_eq!(state_of_status(Some("error")), ChecksState::Failed);
        assert_eq!(state_of_status(Some("pending")), ChecksState::Pending);
    }
}
