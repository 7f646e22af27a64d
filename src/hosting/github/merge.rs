//! Auto-merge on GitHub: GraphQL sets it; where nothing stands in the way it refuses, and the request
//! is merged by REST.

use http::Method;
use serde_json::{Value, json};

use super::{GitHub, repository};
use crate::error::Result;
use crate::hosting::api::{Answer, Api, unknown};
use crate::hosting::document::{flag, members, text};
use crate::hosting::{AutoMerge, Host as _, moved};
use crate::rollback::model::change_request::ChangeRequest;
use crate::text::sanitize;

const ENABLE: &str = "mutation($id: ID!, $head: GitObjectID!, $method: PullRequestMergeMethod) { \
     enablePullRequestAutoMerge(input: {pullRequestId: $id, expectedHeadOid: $head, \
     mergeMethod: $method}) { clientMutationId } }";
const ENQUEUE: &str = "mutation($id: ID!, $head: GitObjectID!) { \
     enqueuePullRequest(input: {pullRequestId: $id, expectedHeadOid: $head}) { clientMutationId } }";

/// What it says where nothing stands in the way, or no rule asks it to wait.
const READY: [&str; 2] = ["clean status", "rules not configured"];

pub(super) async fn when_ready(
    api: &Api,
    request: &ChangeRequest,
    commit: &str,
) -> Result<AutoMerge> {
    let answer = api.get(&GitHub.path(api.place(), request.number)).await?;
    let document = answer.ok(api, "read the pull request")?;
    let id = text(document, "/node_id").ok_or_else(|| api.odd("the request has no node id"))?;
    if document.get("auto_merge").is_some_and(|set| !set.is_null()) {
        return Ok(AutoMerge::Set);
    }
    let method = method(api).await?;
    let variables = json!({"id": id, "head": commit, "method": method});
    match mutate(api, ENABLE, &variables).await? {
        None => Ok(AutoMerge::Set),
        Some(why) if READY.iter().any(|ready| why.to_ascii_lowercase().contains(ready)) => {
            merge(api, request, commit, method, id).await
        }
        Some(why) if says_moved(&why) => Err(moved(request)),
        Some(why) => Ok(AutoMerge::NotOffered(why)),
    }
}

/// The first way of merging that the repository takes.
async fn method(api: &Api) -> Result<&'static str> {
    let answer = api.get(&repository(api.place())).await?;
    let document = answer.ok(api, "read the repository")?;
    let takes = |name: &str| flag(document, name) != Some(false);
    Ok(match () {
        () if takes("/allow_merge_commit") => "MERGE",
        () if takes("/allow_squash_merge") => "SQUASH",
        () => "REBASE",
    })
}

/// Sends a mutation; what it says against it, if anything. Its errors come with status 200.
async fn mutate(api: &Api, query: &str, variables: &Value) -> Result<Option<String>> {
    let url = match api.base().strip_suffix("/api/v3") {
        Some(server) => format!("{server}/api/graphql"),
        None => format!("{}/graphql", api.base()),
    };
    let what = "set auto-merge";
    let body = json!({"query": query, "variables": variables});
    let answer = match api.send_to(Method::POST, &url, &body).await {
        Ok(answer) => answer,
        Err(lost) if lost.may_be_done => return Err(unknown(what, lost.into())),
        Err(lost) => return Err(lost.into()),
    };
    let document = answer.ok(api, what)?;
    let errors: Vec<&str> =
        members(document, "/errors").iter().filter_map(|error| text(error, "/message")).collect();
    if errors.is_empty() {
        let is_done = document.pointer("/data").is_some_and(Value::is_object);
        return if is_done { Ok(None) } else { Err(api.odd("it does not say that it is set")) };
    }
    let said = api.token().hide(&errors.join("; "));
    Ok(Some(sanitize(&said).chars().take(400).collect()))
}

async fn merge(
    api: &Api,
    request: &ChangeRequest,
    commit: &str,
    method: &str,
    id: &str,
) -> Result<AutoMerge> {
    let path = format!("{}/merge", GitHub.path(api.place(), request.number));
    let body = json!({"sha": commit, "merge_method": method.to_ascii_lowercase()});
    // 405 also where another merge was faster: then it goes well a moment later.
    let is_passing =
        |answer: &Answer| answer.status == 405 && answer.says("base branch was modified");
    let answer = api.send_until(Method::PUT, &path, &body, is_passing).await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(lost) if lost.may_be_done => return api.merged_after_all(request.number, lost).await,
        Err(lost) => return Err(lost.into()),
    };
    match answer.status {
        405 if answer.says("merge queue") => {
            let variables = json!({"id": id, "head": commit});
            let why = mutate(api, ENQUEUE, &variables).await?;
            Ok(why.map_or(AutoMerge::Set, AutoMerge::NotOffered))
        }
        409 => Err(moved(request)),
        405 | 422 => Ok(AutoMerge::NotOffered(answer.said(api))),
        _ => answer.ok(api, "merge the pull request").map(|_| AutoMerge::Merged),
    }
}

fn says_moved(why: &str) -> bool {
    let why = why.to_ascii_lowercase();
    why.contains("head sha")
        || why.contains("head branch was modified")
        || why.contains("expected head oid")
}
