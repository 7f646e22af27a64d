//! The shapes of Gitea and Forgejo.

use serde_json::{Value, json};

use super::forge::{LABEL, Pull, REVIEWER, State};
use super::server::{Reply, Request};

const LABEL_ID: u64 = 11;

pub(super) fn refused(status: u16) -> Reply {
    let message = match status {
        401 => "user does not exist [uid: 0, name: ]",
        403 => "token does not have at least one of required scope(s): [write:repository]",
        _ => "The target couldn't be found.",
    };
    failed(status, message)
}

fn failed(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"message": message, "url": "http://gitea.test/api/swagger"}))
}

fn empty(status: u16) -> Reply {
    Reply { body: String::new(), ..Reply::text(status, "") }
}

pub(super) fn answer(
    state: &mut State,
    request: &Request,
    parts: &[&str],
) -> (&'static str, Reply) {
    let body = &request.body;
    match (request.method.as_str(), parts) {
        ("GET", ["version"]) => {
            ("GET /version", Reply::json(200, &json!({"version": "1.25.0+gitea-1.22.0"})))
        }
        ("GET", ["repos", "acme", "shop"]) => {
            let squashes = state.settings.squashes;
            let body = json!({"full_name": "acme/shop", "allow_merge_commits": !squashes,
                "allow_squash_merge": true, "default_merge_style": "merge"});
            ("GET /repos/{owner}/{repo}", Reply::json(200, &body))
        }
        ("GET", ["repos", "acme", "shop", "pulls"]) => {
            let list: Vec<_> =
                state.pulls.iter().rev().filter(|p| p.is_open).map(|p| view(state, p)).collect();
            ("GET /repos/{owner}/{repo}/pulls", page(request, &list))
        }
        ("POST", ["repos", "acme", "shop", "pulls"]) => {
            let reply = if let Some(pull) = state.open(body, ["title", "body", "head", "base"]) {
                Reply::json(201, &view(state, &pull))
            } else {
                let message = "pull request already exists for these targets [id: 7, issue_id: \
                               7, head_repo_id: 3, base_repo_id: 3]";
                failed(409, message)
            };
            ("POST /repos/{owner}/{repo}/pulls", reply)
        }
        ("GET", ["repos", "acme", "shop", "pulls", number]) => {
            let reply = match state.pull(number).cloned() {
                Some(pull) => Reply::json(200, &view(state, &pull)),
                None => refused(404),
            };
            ("GET /repos/{owner}/{repo}/pulls/{index}", reply)
        }
        ("POST", ["repos", "acme", "shop", "pulls", number, "merge"]) => {
            ("POST /repos/{owner}/{repo}/pulls/{index}/merge", merge(state, number, body))
        }
        ("POST", ["repos", "acme", "shop", "pulls", number, "requested_reviewers"]) => {
            let operation = "POST /repos/{owner}/{repo}/pulls/{index}/requested_reviewers";
            (operation, ask(state, number, body))
        }
        ("POST", ["repos", "acme", "shop", "issues", number, "labels"]) => {
            let pull = state.pull(number).expect("a request");
            if body["labels"] == json!([LABEL_ID]) {
                pull.labels.push(LABEL.to_owned());
            }
            let list = json!([{"id": LABEL_ID, "name": LABEL}]);
            ("POST /repos/{owner}/{repo}/issues/{index}/labels", Reply::json(200, &list))
        }
        // The label stands on a further page.
        ("GET", ["repos", "acme", "shop", "labels"]) => {
            let mut list: Vec<Value> =
                (100..150).map(|id| json!({"id": id, "name": format!("l{id}")})).collect();
            list.push(json!({"id": LABEL_ID, "name": LABEL}));
            ("GET /repos/{owner}/{repo}/labels", page(request, &list))
        }
        ("GET", ["orgs", "acme", "labels"]) => ("GET /orgs/{org}/labels", refused(404)),
        ("GET", ["repos", "acme", "shop", "branches", "main"]) => {
            let protected = state.settings.is_protected;
            let body = json!({"name": "main", "protected": protected, "user_can_push": !protected});
            ("GET /repos/{owner}/{repo}/branches/{branch}", Reply::json(200, &body))
        }
        ("GET", ["repos", "acme", "shop", "commits", _, "status"]) => {
            let checks = state.settings.checks;
            let list: Vec<_> =
                checks.iter().map(|state| json!({"context": "build", "status": state})).collect();
            let body = json!({"state": checks.unwrap_or_default(), "statuses": list});
            ("GET /repos/{owner}/{repo}/commits/{ref}/status", Reply::json(200, &body))
        }
        _ => ("none", refused(404)),
    }
}

fn page(request: &Request, list: &[Value]) -> Reply {
    let number = |name: &str| request.query.get(name).and_then(|n| n.parse::<usize>().ok());
    let (page, limit) = (number("page").unwrap_or(1), number("limit").unwrap_or(30).min(50));
    let members: Vec<_> = list.iter().skip((page - 1) * limit).take(limit).collect();
    Reply::json(200, &json!(members))
}

fn view(state: &State, pull: &Pull) -> Value {
    let end = |name: &str, id: u64| json!({"label": name, "ref": name, "sha": state.repository.tip(name), "repo_id": id});
    json!({
        "number": pull.number, "title": pull.title, "body": pull.body,
        "state": if pull.is_open { "open" } else { "closed" },
        "html_url": format!("{}/acme/shop/pulls/{}", state.origin, pull.number),
        "head": end(&pull.head, if pull.from_fork { 9 } else { 3 }), "base": end(&pull.base, 3),
        "merged": pull.merge_commit.is_some(), "merge_commit_sha": pull.merge_commit,
        "mergeable": pull.is_open && !state.conflicts(pull),
        "labels": pull.labels.iter().map(|name| json!({"id": LABEL_ID, "name": name})).collect::<Vec<_>>(),
        "requested_reviewers":
            pull.reviewers.iter().map(|login| json!({"login": login})).collect::<Vec<_>>(),
    })
}

fn merge(state: &mut State, number: &str, body: &Value) -> Reply {
    let pull = state.pull(number).expect("a request").clone();
    if state.refuses_for_now() {
        return failed(405, "Please try again later");
    }
    let allowed = if state.settings.squashes { "squash" } else { "merge" };
    if body["Do"] != json!(allowed) {
        return failed(405, "not allowed an allowed merge style for this repository");
    }
    let waits = body["merge_when_checks_succeed"] == json!(true) && !state.settings.is_ready;
    if waits && state.settings.allows_auto_merge {
        state.pull(number).expect("a request").merges_itself = true;
        return empty(201);
    }
    if !state.settings.is_ready {
        return failed(405, "Does not have enough approvals");
    }
    if body["head_commit_id"].as_str() != state.repository.tip(&pull.head).as_deref() {
        return failed(409, "head out of date");
    }
    if state.merge(pull.number) { empty(200) } else { failed(409, "merge conflict") }
}

fn ask(state: &mut State, number: &str, body: &Value) -> Reply {
    let names = |name: &str| -> Vec<String> {
        serde_json::from_value(body[name].clone()).unwrap_or_default()
    };
    let (users, teams) = (names("reviewers"), names("team_reviewers"));
    if users.iter().any(|user| user != REVIEWER) {
        return failed(422, "user does not exist [uid: 0, name: nobody]");
    }
    let pull = state.pull(number).expect("a request");
    pull.reviewers.extend(users);
    pull.teams.extend(teams);
    Reply::json(201, &json!([]))
}
