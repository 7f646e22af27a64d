//! A change request (pull request, merge request): what is asked for, and what has become of it.
//! Values only.

use serde::Serialize;

/// What is to be opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The branch that holds the revert, without `refs/heads/`.
    pub head: String,
    /// Its commit: 40 hexadecimal digits.
    pub head_commit: String,
    /// The branch that it is to be merged into.
    pub base: String,
    /// One line.
    pub title: String,
    /// Markdown.
    pub body: String,
    /// The id of the operation, for the last line of the body; may be empty.
    pub operation: String,
    /// Names of labels.
    pub labels: Vec<String>,
    /// Names of users; `TEAM` with a slash before it (`org/team`) is a team.
    pub reviewers: Vec<String>,
}

/// What the body of a request says the operation with.
pub const OPERATION_TRAILER: &str = "Rb-Operation: ";

impl Wanted {
    /// The body with a line that names the operation, as the commit does.
    #[must_use]
    pub fn marked_body(&self) -> String {
        if self.operation.is_empty() || names_operation(&self.body, &self.operation) {
            return self.body.clone();
        }
        format!("{}\n\n{OPERATION_TRAILER}{}\n", self.body.trim_end(), self.operation)
    }
}

/// Whether the text of a request names this operation, on a line of its own.
#[must_use]
pub fn names_operation(body: &str, operation: &str) -> bool {
    !operation.is_empty()
        && body.lines().any(|line| line.trim().strip_prefix(OPERATION_TRAILER) == Some(operation))
}

/// A change request as its host tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeRequest {
    /// `github`, `gitlab` or `gitea`.
    pub host: &'static str,
    /// Its number within the repository.
    pub number: u64,
    /// Where people see it.
    pub url: String,
    /// What has become of it.
    pub state: RequestState,
    /// The branch that it takes changes from.
    pub head: String,
    /// The newest commit of that branch, where the host says it.
    pub head_commit: Option<String>,
    /// The branch that it is merged into.
    pub base: String,
    /// The commit that `base` got by the merge. A squash or a rebase makes another one than the head.
    pub merge_commit: Option<String>,
    /// Whether it conflicts with `base`; `None` while the host has not found out.
    pub has_conflict: Option<bool>,
    /// How the checks of its newest commit stand; `None` where there are none, or none to be seen.
    pub checks: Option<Checks>,
}

/// How checks stand: jobs, pipelines, statuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checks {
    /// All of them together.
    pub state: ChecksState,
    /// Names of those that failed, some of them where they are many.
    pub failing: Vec<String>,
}

/// All checks together: the worst counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ChecksState {
    /// All passed.
    Passed,
    /// Some run, or wait to be run.
    Pending,
    /// Some failed.
    Failed,
}

/// What has become of a change request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RequestState {
    /// It waits: for a review, for checks, for somebody to merge it.
    Open,
    /// It is in the base.
    Merged,
    /// Somebody closed it and did not merge it.
    Closed,
}

impl RequestState {
    /// `open`, `merged`, `closed`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Merged => "merged",
            Self::Closed => "closed",
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_operation_stands_on_a_line_of_its_own_and_once() {
        let wanted = Wanted {
            body: "Takes back 9f3c2ab.\n".to_owned(),
            operation: "op-1".to_owned(),
            ..Wanted::default()
        };
        let body = wanted.marked_body();
        assert_eq!(body, "Takes back 9f3c2ab.\n\nRb-Operation: op-1\n");
        assert_eq!(Wanted { body: body.clone(), ..wanted }.marked_body(), body);
        assert!(names_operation("x\r\nRb-Operation: op-1\r\n", "op-1"));
        assert!(!names_operation(&body, "op-11"));
        assert!(!names_operation(&body, "op"));
        assert!(!names_operation("Rb-Operation: ", ""));
        assert!(!names_operation("not Rb-Operation: op-1", "op-1"));
    }

    #[test]
    fn documents_have_its_fields_in_camel_case() {
        let request = ChangeRequest {
            host: "gitlab",
            number: 7,
            url: "https://git.example.com/a/b/-/merge_requests/7".to_owned(),
            state: RequestState::Merged,
            head: "rb/revert-9f3c2ab".to_owned(),
            head_commit: None,
            base: "main".to_owned(),
            merge_commit: Some("1".repeat(40)),
            has_conflict: Some(false),
            checks: Some(Checks { state: ChecksState::Failed, failing: vec!["build".to_owned()] }),
        };
        assert_eq!(
            serde_json::to_value(&request).unwrap(),
            json!({
                "host": "gitlab", "number": 7,
                "url": "https://git.example.com/a/b/-/merge_requests/7", "state": "merged",
                "head": "rb/revert-9f3c2ab", "headCommit": null, "base": "main",
                "mergeCommit": "1".repeat(40), "hasConflict": false,
                "checks": {"state": "failed", "failing": ["build"]},
            })
        );
    }
}
