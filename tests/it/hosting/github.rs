//! The shapes of GitHub.

use serde_json::{Value, json};

use super::forge::{Pull, REVIEWER, State, TOKEN};
use super::schema;
use super::server::{Reply, Request};

pub(super) fn refused(status: u16) -> Reply {
    let message = match status {
        401 => "Bad credentials",
        403 => "Resource not accessible by personal access token",
        _ => "Not Found",
    };
    let body = json!({"message": message, "documentation_url": "https://docs.test",
        "status": status.to_string()});
    Reply::json(status, &body).header("x-github-request-id", "A:1")
}

fn invalid(message: &str) -> Reply {
    let errors = json!([{"resource": "PullRequest", "code": "custom", "message": message}]);
    let body = json!({"message": "Validation Failed", "errors": errors, "documentation_url": "d"});
    Reply::json(422, &body)
}

fn failed(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"message": message, "documentation_url": "d"}))
}

pub(super) fn answer(
    state: &mut State,
    request: &Request,
    parts: &[&str],
) -> (&'static str, Reply) {
    let body = &request.body;
    let protected = state.settings.is_protected;
    match (request.method.as_str(), parts) {
        ("GET", ["meta"]) => {
            ("GET /meta", Reply::json(200, &json!({"verifiable_password_authentication": true})))
        }
        ("GET", ["repos", "acme", "shop"]) => {
            let squashes = state.settings.squashes;
            let body = json!({"full_name": "acme/shop", "allow_merge_commit": !squashes,
                "allow_squash_merge": true, "allow_rebase_merge": false,
                "allow_auto_merge": state.settings.allows_auto_merge});
            ("GET /repos/{owner}/{repo}", Reply::json(200, &body))
        }
        ("GET", ["repos", "acme", "shop", "pulls"]) => {
            let is_asked = |pull: &&Pull| {
                let owner = if pull.from_fork { "mallory" } else { "acme" };
                pull.is_open
                    && request.query.get("head") == Some(&format!("{owner}:{}", pull.head))
                    && request.query.get("base") == Some(&pull.base)
            };
            let list: Vec<_> =
                state.pulls.iter().filter(is_asked).map(|p| view(state, p, false)).collect();
            ("GET /repos/{owner}/{repo}/pulls", Reply::json(200, &json!(list)))
        }
        ("POST", ["repos", "acme", "shop", "pulls"]) => {
            let operation = "POST /repos/{owner}/{repo}/pulls";
            (operation, open(state, body))
        }
        ("GET", ["repos", "acme", "shop", "pulls", number]) => {
            let reply = match state.pull(number).cloned() {
                Some(pull) => Reply::json(200, &view(state, &pull, true)),
                None => refused(404),
            };
            ("GET /repos/{owner}/{repo}/pulls/{pull_number}", reply)
        }
        ("PUT", ["repos", "acme", "shop", "pulls", number, "merge"]) => {
            ("PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge", merge(state, number, body))
        }
        ("POST", ["repos", "acme", "shop", "pulls", number, "requested_reviewers"]) => {
            let operation = "POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers";
            (operation, ask(state, number, body))
        }
        ("POST", ["repos", "acme", "shop", "issues", number, "labels"]) => {
            let pull = state.pull(number).expect("a request");
            let labels: Vec<String> =
                serde_json::from_value(body["labels"].clone()).unwrap_or_default();
            pull.labels.extend(labels);
            let labels: Vec<_> = pull.labels.iter().map(|name| json!({"name": name})).collect();
            let operation = "POST /repos/{owner}/{repo}/issues/{issue_number}/labels";
            (operation, Reply::json(200, &json!(labels)))
        }
        ("GET", ["repos", "acme", "shop", "rules", "branches", "main"]) => {
            let rules = if protected { json!([{"type": "pull_request"}]) } else { json!([]) };
            ("GET /repos/{owner}/{repo}/rules/branches/{branch}", Reply::json(200, &rules))
        }
        ("GET", ["repos", "acme", "shop", "branches", "main"]) => {
            let body = json!({"name": "main", "protected": protected});
            ("GET /repos/{owner}/{repo}/branches/{branch}", Reply::json(200, &body))
        }
        ("GET", ["repos", "acme", "shop", "commits", _, "check-runs"]) => {
            let runs: Vec<Value> = state.settings.checks.iter().map(|checks| run(checks)).collect();
            let body = json!({"total_count": runs.len(), "check_runs": runs});
            ("GET /repos/{owner}/{repo}/commits/{ref}/check-runs", Reply::json(200, &body))
        }
        ("GET", ["repos", "acme", "shop", "commits", _, "status"]) => {
            let body = json!({"state": "pending", "statuses": [], "total_count": 0});
            ("GET /repos/{owner}/{repo}/commits/{ref}/status", Reply::json(200, &body))
        }
        _ => ("none", refused(404)),
    }
}

fn run(checks: &str) -> Value {
    match checks {
        "pending" => json!({"name": "build", "status": "in_progress", "conclusion": null}),
        conclusion => json!({"name": "build", "status": "completed", "conclusion": conclusion}),
    }
}

fn view(state: &State, pull: &Pull, is_long: bool) -> Value {
    let owner = if pull.from_fork { "mallory" } else { "acme" };
    let end = |name: &str, owner: &str| {
        json!({"ref": name, "sha": state.repository.tip(name), "label": format!("{owner}:{name}"),
            "repo": {"full_name": format!("{owner}/shop")}})
    };
    let is_merged = pull.merge_commit.is_some();
    let mut view = json!({
        "number": pull.number, "title": pull.title, "body": pull.body,
        "state": if pull.is_open { "open" } else { "closed" },
        "html_url": format!("{}/acme/shop/pull/{}", state.origin, pull.number),
        "node_id": format!("PR_{}", pull.number),
        "head": end(&pull.head, owner), "base": end(&pull.base, "acme"),
        "merged_at": is_merged.then_some("2026-01-01T00:00:00Z"),
        // Of an open request it is that of a trial.
        "merge_commit_sha": pull.merge_commit.clone().or(Some("e".repeat(40))),
        "auto_merge": null, "draft": false,
        "labels": pull.labels.iter().map(|name| json!({"name": name})).collect::<Vec<_>>(),
        "requested_reviewers":
            pull.reviewers.iter().map(|login| json!({"login": login})).collect::<Vec<_>>(),
        "requested_teams": pull.teams.iter().map(|slug| json!({"slug": slug})).collect::<Vec<_>>(),
    });
    if is_long {
        view["merged"] = json!(is_merged);
        view["mergeable"] = json!(!state.conflicts(pull));
        view["mergeable_state"] = json!(if state.conflicts(pull) { "dirty" } else { "blocked" });
    }
    view
}

fn open(state: &mut State, body: &Value) -> Reply {
    let head = body["head"].as_str().unwrap_or_default();
    if state.repository.tip(head).is_none() {
        let errors = json!([{"resource": "PullRequest", "field": "head", "code": "invalid"}]);
        let body =
            json!({"message": "Validation Failed", "errors": errors, "documentation_url": ""});
        return Reply::json(422, &body);
    }
    let base = body["base"].as_str().unwrap_or_default();
    if state.repository.is_behind(head, base) {
        return invalid(&format!("No commits between {base} and {head}"));
    }
    let exists = format!("A pull request already exists for acme:{head}.");
    match state.open(body, ["title", "body", "head", "base"]) {
        Some(pull) => Reply::json(201, &view(state, &pull, true)),
        None => invalid(&exists),
    }
}

fn merge(state: &mut State, number: &str, body: &Value) -> Reply {
    let pull = state.pull(number).expect("a request").clone();
    if state.settings.has_queue {
        return failed(405, "Changes must be made through the merge queue");
    }
    if state.refuses_for_now() {
        return failed(405, "Base branch was modified. Review and try the merge again.");
    }
    if body["sha"].as_str() != state.repository.tip(&pull.head).as_deref() {
        return failed(409, "Head branch was modified. Review and try the merge again.");
    }
    if !state.merge(pull.number) {
        return failed(405, "Pull Request is not mergeable");
    }
    let sha = state.pull(number).and_then(|pull| pull.merge_commit.clone());
    Reply::json(200, &json!({"merged": true, "sha": sha, "message": "merged"}))
}

fn ask(state: &mut State, number: &str, body: &Value) -> Reply {
    let names = |name: &str| -> Vec<String> {
        serde_json::from_value(body[name].clone()).unwrap_or_default()
    };
    let (users, teams) = (names("reviewers"), names("team_reviewers"));
    if users.iter().any(|user| user != REVIEWER) {
        return invalid("Reviews may only be requested from collaborators.");
    }
    let pull = state.pull(number).expect("a request");
    pull.reviewers.extend(users);
    pull.teams.extend(teams);
    let pull = pull.clone();
    Reply::json(201, &view(state, &pull, false))
}

pub(super) fn graphql(state: &mut State, request: &Request) -> Reply {
    if request.headers.get("authorization") != Some(&format!("Bearer {TOKEN}")) {
        return refused(401);
    }
    let query = request.body["query"].as_str().unwrap_or_default();
    let variables = &request.body["variables"];
    let name =
        if query.contains("enqueue") { "enqueuePullRequest" } else { "enablePullRequestAutoMerge" };
    state.flaws.extend(schema::mutation(name, query, variables));
    let number = variables["id"].as_str().and_then(|id| id.strip_prefix("PR_")).unwrap_or_default();
    let head = state.pull(number).expect("a request").head.clone();
    let error = |message: &str| {
        let errors = json!([{"type": "UNPROCESSABLE", "path": [name], "message": message}]);
        Reply::json(200, &json!({"data": {name: null}, "errors": errors}))
    };
    if variables["head"].as_str() != state.repository.tip(&head).as_deref() {
        return error("Expected head oid does not match the current head oid");
    }
    if name == "enablePullRequestAutoMerge" {
        if !state.settings.allows_auto_merge {
            return error("Pull request Auto merge is not allowed for this repository");
        }
        if state.settings.is_ready {
            return error("Pull request Pull request is in clean status");
        }
    }
    state.pull(number).expect("a request").merges_itself = true;
    Reply::json(200, &json!({"data": {name: {"clientMutationId": null}}}))
}
