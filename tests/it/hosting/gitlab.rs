//! The shapes of GitLab.

use serde_json::{Value, json};

use super::forge::{Pull, REVIEWER, State};
use super::server::{Reply, Request};

/// Users by their numbers.
const USERS: [(u64, &str); 2] = [(42, REVIEWER), (43, "bob")];

pub(super) fn refused(status: u16) -> Reply {
    let body = match status {
        401 => json!({"message": "401 Unauthorized"}),
        403 => json!({"error": "insufficient_scope"}),
        _ => json!({"message": format!("{status} Not Found")}),
    };
    Reply::json(status, &body).header("x-gitlab-meta", "{\"version\":\"1\"}")
}

pub(super) fn answer(
    state: &mut State,
    request: &Request,
    parts: &[&str],
) -> (&'static str, Reply) {
    let body = &request.body;
    match (request.method.as_str(), parts) {
        ("GET", ["version"]) => ("GET /version", refused(401)),
        ("GET", ["users"]) => {
            let is_meant = |(_, name): &&(u64, &str)| {
                request.query.get("username").is_some_and(|wanted| wanted == name)
            };
            let list: Vec<Value> = USERS.iter().filter(is_meant).map(user).collect();
            ("GET /users", Reply::json(200, &json!(list)))
        }
        ("GET", ["projects", "acme/shop", "repository", "branches", "main"]) => {
            let protected = state.settings.is_protected;
            let body = json!({"name": "main", "protected": protected, "can_push": !protected});
            ("GET /projects/{id}/repository/branches/{branch}", Reply::json(200, &body))
        }
        ("GET", ["projects", "acme/shop", "merge_requests"]) => {
            let is_asked = |pull: &&Pull| {
                pull.is_open
                    && request.query.get("source_branch") == Some(&pull.head)
                    && request.query.get("target_branch") == Some(&pull.base)
            };
            let list: Vec<_> =
                state.pulls.iter().filter(is_asked).map(|p| view(state, p, false)).collect();
            ("GET /projects/{id}/merge_requests", Reply::json(200, &json!(list)))
        }
        ("POST", ["projects", "acme/shop", "merge_requests"]) => {
            let names = ["title", "description", "source_branch", "target_branch"];
            let reply = if let Some(pull) = state.open(body, names) {
                Reply::json(201, &view(state, &pull, true))
            } else {
                let message =
                    "Another open merge request already exists for this source branch: !7";
                Reply::json(409, &json!({"message": [message]}))
            };
            ("POST /projects/{id}/merge_requests", reply)
        }
        ("GET", ["projects", "acme/shop", "merge_requests", number]) => {
            let reply = match state.pull(number).cloned() {
                Some(pull) => Reply::json(200, &view(state, &pull, true)),
                None => refused(404),
            };
            ("GET /projects/{id}/merge_requests/{iid}", reply)
        }
        ("PUT", ["projects", "acme/shop", "merge_requests", number]) => {
            let pull = state.pull(number).expect("a request");
            if let Some(labels) = body["add_labels"].as_str() {
                pull.labels.extend(labels.split(',').map(str::to_owned));
            }
            // Those who are asked, whoever was asked before.
            if let Some(ids) = body["reviewer_ids"].as_array() {
                let is_meant = |(id, _): &&(u64, &str)| ids.contains(&json!(id));
                pull.reviewers =
                    USERS.iter().filter(is_meant).map(|(_, name)| (*name).to_owned()).collect();
            }
            let pull = pull.clone();
            let reply = Reply::json(200, &view(state, &pull, true));
            ("PUT /projects/{id}/merge_requests/{iid}", reply)
        }
        ("PUT", ["projects", "acme/shop", "merge_requests", number, "merge"]) => {
            ("PUT /projects/{id}/merge_requests/{iid}/merge", merge(state, number, body))
        }
        _ => ("none", refused(404)),
    }
}

fn user((id, name): &(u64, &str)) -> Value {
    json!({"id": id, "username": name})
}

fn view(state: &State, pull: &Pull, is_long: bool) -> Value {
    let is_merged = pull.merge_commit.is_some();
    let conflicts = state.conflicts(pull);
    let (merge, squash) = match (&pull.merge_commit, state.settings.squashes) {
        (Some(commit), false) => (Some(commit), None),
        (Some(commit), true) => (None, Some(commit)),
        (None, _) => (None, None),
    };
    let why = match (conflicts, state.settings.is_ready) {
        (true, _) => "broken_status",
        (false, true) => "mergeable",
        (false, false) => "not_approved",
    };
    let mut view = json!({
        "id": 1000 + pull.number, "iid": pull.number, "project_id": 3, "title": pull.title,
        "description": pull.body,
        "state": if is_merged { "merged" } else if pull.is_open { "opened" } else { "closed" },
        "web_url": format!("{}/acme/shop/-/merge_requests/{}", state.origin, pull.number),
        "source_branch": pull.head, "target_branch": pull.base,
        "source_project_id": if pull.from_fork { 9 } else { 3 }, "target_project_id": 3,
        "sha": state.repository.tip(&pull.head), "merge_commit_sha": merge,
        "squash_commit_sha": squash, "has_conflicts": conflicts,
        "merge_status": if conflicts { "cannot_be_merged" } else { "can_be_merged" },
        "detailed_merge_status": why, "labels": pull.labels,
        "reviewers": USERS
            .iter()
            .filter(|(_, name)| pull.reviewers.iter().any(|asked| asked == name))
            .map(user)
            .collect::<Vec<_>>(),
        "merge_when_pipeline_succeeds": pull.merges_itself,
    });
    if is_long {
        let status = state.settings.checks.map(|checks| match checks {
            "failure" => "failed",
            other => other,
        });
        view["head_pipeline"] = json!(status.map(|status| json!({"id": 5, "status": status})));
    }
    view
}

fn merge(state: &mut State, number: &str, body: &Value) -> Reply {
    let pull = state.pull(number).expect("a request").clone();
    let failed = |status: u16, message: &str| {
        Reply::json(status, &json!({"message": format!("{status} {message}")}))
    };
    if state.refuses_for_now() || (!state.settings.is_ready && !state.settings.allows_auto_merge) {
        return failed(405, "Method Not Allowed");
    }
    if body["sha"].as_str() != state.repository.tip(&pull.head).as_deref() {
        return failed(409, "SHA does not match HEAD of source branch");
    }
    if state.settings.is_ready {
        if !state.merge(pull.number) {
            return failed(422, "Branch cannot be merged");
        }
    } else if body["auto_merge"] == json!(true) {
        state.pull(number).expect("a request").merges_itself = true;
    } else {
        return failed(405, "Method Not Allowed");
    }
    let pull = state.pull(number).expect("a request").clone();
    Reply::json(200, &view(state, &pull, true))
}
