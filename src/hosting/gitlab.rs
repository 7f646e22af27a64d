//! GitLab, on gitlab.com and on servers of one's own, by its REST API.

mod merge;
mod read;

use futures::future::{BoxFuture, ready};
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::api::{Answer, Api, Lost, PAGE};
use super::document::{flag, members, number, text, texts};
use super::login::Login;
use super::place::{Place, escape};
use super::{AutoMerge, BranchRules, Created, Host, Token, Variable, Worn};
use crate::error::Result;
use crate::rollback::model::change_request::{ChangeRequest, Checks, Wanted};

/// The host.
pub struct GitLab;

const SERVER_IN: &[&str] = &["GITLAB_HOST", "GL_HOST", "CI_SERVER_URL"];
const PUBLIC: &[&str] = &["gitlab.com"];

const VARIABLES: &[Variable] = &[
    Variable { name: "GITLAB_TOKEN", server_in: SERVER_IN, or_servers: PUBLIC },
    Variable { name: "GITLAB_ACCESS_TOKEN", server_in: SERVER_IN, or_servers: PUBLIC },
];

static LOGIN: Login = Login {
    program: "glab",
    say: &["config", "get", "token", "--host"],
    log_in: "auth login --hostname",
    without: &["GITLAB_TOKEN", "GITLAB_ACCESS_TOKEN", "OAUTH_TOKEN"],
    folder_in: "GLAB_CONFIG_DIR",
    folder: "glab-cli",
    file: "config.yml",
    path: &["hosts", "{}", "token"],
};

impl Host for GitLab {
    fn word(&self) -> &'static str {
        "gitlab"
    }

    fn title(&self) -> &'static str {
        "GitLab"
    }

    fn is_named(&self, name: &str) -> bool {
        PUBLIC.contains(&name)
    }

    fn mark(&self) -> &'static str {
        "/api/v4/version"
    }

    fn is_marked(&self, status: u16, headers: &HeaderMap, document: &Value) -> bool {
        // It tells its version to nobody without a token.
        headers.contains_key("x-gitlab-meta")
            || (status == 401 && text(document, "/message") == Some("401 Unauthorized"))
    }

    fn api(&self, place: &Place) -> String {
        format!("{}/api/v4", place.origin())
    }

    fn headers(&self, token: &Token) -> Vec<(&'static str, String)> {
        vec![("authorization", token.bearer())]
    }

    fn git_user(&self) -> &'static str {
        "oauth2"
    }

    fn rights(&self) -> &'static str {
        "the scope api, and the role Developer in the project or more"
    }

    fn variables(&self) -> &'static [Variable] {
        VARIABLES
    }

    fn login(&self) -> Option<&'static Login> {
        Some(&LOGIN)
    }

    fn by_hand(&self, place: &Place, head: &str, base: &str) -> String {
        let (web, head, base) = (place.web(), escape(head), escape(base));
        format!(
            "{web}/-/merge_requests/new?merge_request%5Bsource_branch%5D={head}\
             &merge_request%5Btarget_branch%5D={base}"
        )
    }

    fn path(&self, place: &Place, number: u64) -> String {
        format!("{}/merge_requests/{number}", project(place))
    }

    fn read(&self, document: &Value) -> Option<ChangeRequest> {
        read::request(document)
    }

    /// The document of a request has its pipeline already.
    fn checks<'a>(
        &'a self,
        _: &'a Api,
        request: &'a ChangeRequest,
    ) -> BoxFuture<'a, Option<Checks>> {
        Box::pin(ready(request.checks.clone()))
    }

    fn rules<'a>(&'a self, api: &'a Api, branch: &'a str) -> BoxFuture<'a, Result<BranchRules>> {
        Box::pin(async move {
            let path = format!("{}/repository/branches/{}", project(api.place()), escape(branch));
            let answer = api.get(&path).await?;
            let document = answer.ok(api, "read the branch")?;
            // Of this user. Nobody passes over it in silence.
            let needs_request = flag(document, "/can_push").map(|can_push| !can_push);
            let protected = flag(document, "/protected") == Some(true);
            let rules = protected.then(|| "protected".to_owned()).into_iter().collect();
            Ok(BranchRules { needs_request, rules })
        })
    }

    fn find<'a>(
        &'a self,
        api: &'a Api,
        wanted: &'a Wanted,
    ) -> BoxFuture<'a, Result<Option<ChangeRequest>>> {
        Box::pin(async move {
            let (head, base) = (escape(&wanted.head), escape(&wanted.base));
            let list = format!(
                "{}/merge_requests?state=opened&source_branch={head}&target_branch={base}\
                 &per_page={PAGE}",
                project(api.place())
            );
            let is_it = |document: &Value| {
                let id = |end: &str| number(document, &format!("/{end}_project_id"));
                let request = read::request(document).filter(|_| id("source") == id("target"))?;
                (request.head == wanted.head && request.base == wanted.base).then_some(request)
            };
            api.find(&list, "list merge requests", is_it).await
        })
    }

    fn create<'a>(
        &'a self,
        api: &'a Api,
        wanted: &'a Wanted,
    ) -> BoxFuture<'a, Result<Created, Lost>> {
        Box::pin(async move {
            let path = format!("{}/merge_requests", project(api.place()));
            let body = json!({
                "title": wanted.title, "description": wanted.marked_body(),
                "source_branch": wanted.head, "target_branch": wanted.base,
                "remove_source_branch": true,
            });
            let answer = api.send(Method::POST, &path, &body).await?;
            let exists = |answer: &Answer| answer.status == 409 && answer.says("already exists");
            api.created(&answer, exists, "open a merge request")
        })
    }

    fn worn(&self, document: &Value) -> Worn {
        // Its labels are bare texts.
        let labels = texts(document, "/labels", "");
        Worn { labels, reviewers: texts(document, "/reviewers", "/username") }
    }

    fn dress<'a>(
        &'a self,
        api: &'a Api,
        request: &'a ChangeRequest,
        wanted: &'a Wanted,
    ) -> BoxFuture<'a, Vec<String>> {
        Box::pin(dress(api, request, wanted))
    }

    fn merge_when_ready<'a>(
        &'a self,
        api: &'a Api,
        request: &'a ChangeRequest,
        commit: &'a str,
    ) -> BoxFuture<'a, Result<AutoMerge>> {
        Box::pin(merge::when_ready(api, request, commit))
    }
}

/// The path of the project in the API: groups nest, so its slashes are escaped.
fn project(place: &Place) -> String {
    format!("/projects/{}", escape(&place.path))
}

async fn dress(api: &Api, request: &ChangeRequest, wanted: &Wanted) -> Vec<String> {
    let mut notes = Vec::new();
    let path = GitLab.path(api.place(), request.number);
    // A comma is what divides labels there.
    let (odd, labels): (Vec<_>, Vec<_>) =
        wanted.labels.iter().map(String::as_str).partition(|label| label.contains(','));
    notes.extend(odd.iter().map(|label| format!("could not add the label {label}: a comma")));
    if !labels.is_empty() {
        let body = json!({"add_labels": labels.join(",")});
        notes.extend(api.try_to("add labels", Method::PUT, &path, &body).await);
    }
    let mut ids = Vec::new();
    for reviewer in &wanted.reviewers {
        match user_id(api, reviewer).await {
            Ok(id) => ids.push(id),
            Err(why) => notes.push(format!("could not ask {reviewer} for a review: {why}")),
        }
    }
    if !ids.is_empty() {
        // The list takes the place of the one that is there.
        match asked(api, &path).await {
            Ok(asked) => {
                ids.extend(asked);
                let body = json!({"reviewer_ids": ids});
                notes.extend(api.try_to("ask for a review", Method::PUT, &path, &body).await);
            }
            Err(error) => notes.push(format!("could not ask for a review: {error}")),
        }
    }
    notes
}

/// The numbers of those who are asked for a review.
async fn asked(api: &Api, path: &str) -> Result<Vec<u64>> {
    let answer = api.get(path).await?;
    let document = answer.ok(api, "read the merge request")?;
    Ok(members(document, "/reviewers").iter().filter_map(|user| number(user, "/id")).collect())
}

async fn user_id(api: &Api, name: &str) -> Result<u64, String> {
    if name.contains('/') {
        return Err("GitLab asks users, no teams".to_owned());
    }
    match find_user(api, name).await {
        Ok(Some(id)) => Ok(id),
        Ok(None) => Err("there is no such user".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

async fn find_user(api: &Api, name: &str) -> Result<Option<u64>> {
    let answer = api.get(&format!("/users?username={}", escape(name))).await?;
    let document = answer.ok(api, "look for the user")?;
    Ok(members(document, "").iter().find_map(|user| number(user, "/id")))
}
