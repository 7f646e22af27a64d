//! Pull requests and statuses of Gitea and Forgejo, as values.

use serde_json::Value;

use crate::hosting::document::{self, commit, flag, members, number, text, url};
use crate::rollback::model::change_request::{ChangeRequest, Checks, ChecksState, RequestState};

/// From a document of a list or of one request.
pub(super) fn request(document: &Value) -> Option<ChangeRequest> {
    let state = match (text(document, "/state")?, flag(document, "/merged")) {
        (_, Some(true)) => RequestState::Merged,
        ("open", _) => RequestState::Open,
        ("closed", _) => RequestState::Closed,
        _ => return None,
    };
    Some(ChangeRequest {
        host: "gitea",
        number: number(document, "/number")?,
        url: url(document, "/html_url")?,
        state,
        head: text(document, "/head/ref")?.to_owned(),
        head_commit: commit(document, "/head/sha"),
        base: text(document, "/base/ref")?.to_owned(),
        merge_commit: commit(document, "/merge_commit_sha"),
        // For a moment also while it looks: whoever waits looks twice.
        has_conflict: flag(document, "/mergeable").map(|is_mergeable| !is_mergeable),
        checks: None,
    })
}

/// From the combined status of a commit.
pub(super) fn checks(document: &Value) -> Option<Checks> {
    document::checks(members(document, "/statuses").iter().map(|status| {
        let state = match text(status, "/status") {
            Some("success" | "warning" | "skipped") => ChecksState::Passed,
            Some("failure" | "error") => ChecksState::Failed,
            _ => ChecksState::Pending,
        };
        (text(status, "/context").unwrap_or("status"), state)
    }))
}

/// The manner of merging that the repository prefers, else the first that it takes.
pub(super) fn manner(repository: &Value) -> &'static str {
    let manners = [
        ("merge", "/allow_merge_commits"),
        ("squash", "/allow_squash_merge"),
        ("rebase", "/allow_rebase"),
        ("rebase-merge", "/allow_rebase_explicit"),
        ("fast-forward-only", "/allow_fast_forward_only_merge"),
    ];
    let preferred = text(repository, "/default_merge_style").unwrap_or("merge");
    let is_offered = |(_, flag_of): &&(&str, &str)| flag(repository, flag_of) == Some(true);
    let taken = || manners.iter().filter(is_offered);
    let found = taken().find(|(manner, _)| *manner == preferred).or_else(|| taken().next());
    found.map_or("merge", |(manner, _)| *manner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(change: &Value) -> Option<ChangeRequest> {
        let mut document = json!({
            "number": 7, "state": "open", "html_url": "https://codeberg.org/a/b/pulls/7",
            "merged": false, "merge_commit_sha": null, "mergeable": true,
            "head": {"ref": "rb/revert-1", "sha": "1".repeat(40)}, "base": {"ref": "main"},
        });
        for (name, value) in change.as_object().unwrap() {
            document[name] = value.clone();
        }
        request(&document)
    }

    #[test]
    fn states_are_told_apart() {
        let open = read(&json!({})).unwrap();
        assert_eq!((open.state, open.has_conflict), (RequestState::Open, Some(false)));
        assert_eq!(read(&json!({"mergeable": false})).unwrap().has_conflict, Some(true));
        assert_eq!(read(&json!({"state": "closed"})).unwrap().state, RequestState::Closed);
        let merged = json!({"state": "closed", "merged": true, "merge_commit_sha": "2".repeat(40)});
        let merged = read(&merged).unwrap();
        assert_eq!(merged.state, RequestState::Merged);
        assert_eq!(merged.merge_commit, Some("2".repeat(40)));
        for change in [json!({"state": "weird"}), json!({"number": -1}), json!({"head": {}})] {
            assert_eq!(read(&change), None, "{change}");
        }
    }

    #[test]
    fn the_manner_is_one_that_the_repository_takes() {
        let all = json!({"allow_merge_commits": true, "allow_squash_merge": true});
        for (change, expected) in [
            (json!({}), "merge"),
            (json!({"default_merge_style": "squash"}), "squash"),
            (json!({"default_merge_style": "rebase"}), "merge"),
            (json!({"allow_merge_commits": false}), "squash"),
        ] {
            let mut repository = all.clone();
            for (name, value) in change.as_object().unwrap() {
                repository[name] = value.clone();
            }
            assert_eq!(manner(&repository), expected, "{change}");
        }
        assert_eq!(manner(&json!({})), "merge");
    }

    #[test]
    fn statuses_are_summed_up() {
        let of = |status: &str| checks(&json!({"statuses": [{"context": "ci", "status": status}]}));
        assert_eq!(of("warning").unwrap().state, ChecksState::Passed);
        assert_eq!(of("pending").unwrap().state, ChecksState::Pending);
        assert_eq!(of("error").unwrap().failing, ["ci"]);
        assert_eq!(checks(&json!({"statuses": null, "state": ""})), None);
    }
}
