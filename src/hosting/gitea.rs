//! Gitea and Forgejo (Codeberg), by the REST API that both have.

mod read;

use futures::future::BoxFuture;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::api::{Answer, Api, Lost, PAGE};
use super::document::{flag, number, text, texts};
use super::place::{Place, segments};
use super::{AutoMerge, BranchRules, Created, Host, Token, Variable, Worn, moved};
use crate::error::Result;
use crate::rollback::model::change_request::{ChangeRequest, Checks, Wanted};

/// The host.
pub struct Gitea;

const PUBLIC: &[&str] = &["gitea.com", "codeberg.org"];

/// Workflows on such a server have a token of it in variables that are named after GitHub.
const VARIABLES: &[Variable] = &[
    Variable {
        name: "FORGEJO_TOKEN",
        server_in: &["FORGEJO_SERVER_URL"],
        or_servers: &["codeberg.org"],
    },
    Variable { name: "GITEA_TOKEN", server_in: &["GITEA_SERVER_URL"], or_servers: &["gitea.com"] },
    Variable { name: "GITEA_SERVER_TOKEN", server_in: &["GITEA_SERVER_URL"], or_servers: &[] },
    Variable { name: "GITEA_TOKEN", server_in: &["GITHUB_SERVER_URL"], or_servers: &[] },
    Variable { name: "GITHUB_TOKEN", server_in: &["GITHUB_SERVER_URL"], or_servers: &[] },
];

impl Host for Gitea {
    fn word(&self) -> &'static str {
        "gitea"
    }

    fn title(&self) -> &'static str {
        "Gitea"
    }

    fn is_named(&self, name: &str) -> bool {
        PUBLIC.contains(&name)
    }

    fn mark(&self) -> &'static str {
        "/api/v1/version"
    }

    fn is_marked(&self, status: u16, _: &HeaderMap, document: &Value) -> bool {
        let tells = status == 200 && text(document, "/version").is_some();
        // It may tell nothing without a token; its errors name their documentation.
        tells || text(document, "/url").is_some_and(|url| url.ends_with("/api/swagger"))
    }

    fn api(&self, place: &Place) -> String {
        format!("{}/api/v1", place.origin())
    }

    fn headers(&self, token: &Token) -> Vec<(&'static str, String)> {
        // A credential helper may have a password, which a bearer cannot show.
        let authorization = match &token.user {
            Some(user) => token.basic(user),
            None => token.bearer(),
        };
        vec![("authorization", authorization)]
    }

    fn git_user(&self) -> &'static str {
        "oauth2"
    }

    fn rights(&self) -> &'static str {
        "the scopes write:repository and write:issue, and write access to the repository"
    }

    fn variables(&self) -> &'static [Variable] {
        VARIABLES
    }

    fn by_hand(&self, place: &Place, head: &str, base: &str) -> String {
        format!("{}/compare/{}...{}", place.web(), segments(base), segments(head))
    }

    fn path(&self, place: &Place, number: u64) -> String {
        format!("{}/pulls/{number}", repository(place))
    }

    fn read(&self, document: &Value) -> Option<ChangeRequest> {
        read::request(document)
    }

    fn checks<'a>(
        &'a self,
        api: &'a Api,
        request: &'a ChangeRequest,
    ) -> BoxFuture<'a, Option<Checks>> {
        Box::pin(async move {
            let commit = request.head_commit.as_deref()?;
            let path = format!("{}/commits/{commit}/status", repository(api.place()));
            let answer = api.get(&path).await.ok()?;
            if answer.is_good() { read::checks(&answer.document) } else { None }
        })
    }

    fn rules<'a>(&'a self, api: &'a Api, branch: &'a str) -> BoxFuture<'a, Result<BranchRules>> {
        Box::pin(async move {
            let path = format!("{}/branches/{}", repository(api.place()), segments(branch));
            let answer = api.get(&path).await?;
            let document = answer.ok(api, "read the branch")?;
            // Of this user; an administrator is refused like everybody else.
            let needs_request = flag(document, "/user_can_push").map(|can_push| !can_push);
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
            // It cannot be asked for a branch, so all that are open are read, the newest first.
            let path = repository(api.place());
            let list = format!("{path}/pulls?state=open&sort=recentupdate&limit={PAGE}");
            let is_it = |document: &Value| {
                let id = |end: &str| number(document, &format!("/{end}/repo_id"));
                let request = read::request(document).filter(|_| id("head") == id("base"))?;
                (request.head == wanted.head && request.base == wanted.base).then_some(request)
            };
            api.find(&list, "list pull requests", is_it).await
        })
    }

    fn create<'a>(
        &'a self,
        api: &'a Api,
        wanted: &'a Wanted,
    ) -> BoxFuture<'a, Result<Created, Lost>> {
        Box::pin(async move {
            let path = format!("{}/pulls", repository(api.place()));
            let body = json!({"title": wanted.title, "body": wanted.marked_body(),
                "head": wanted.head, "base": wanted.base});
            let answer = api.send(Method::POST, &path, &body).await?;
            let exists = |answer: &Answer| answer.status == 409;
            api.created(&answer, exists, "open a pull request")
        })
    }

    fn worn(&self, document: &Value) -> Worn {
        // Of teams not every server tells; to ask one again changes nothing.
        let reviewers = texts(document, "/requested_reviewers", "/login");
        Worn { labels: texts(document, "/labels", "/name"), reviewers }
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
        Box::pin(merge(api, request, commit))
    }
}

/// The path of the repository in the API.
fn repository(place: &Place) -> String {
    format!("/repos/{}", segments(&place.path))
}

async fn dress(api: &Api, request: &ChangeRequest, wanted: &Wanted) -> Vec<String> {
    let mut notes = Vec::new();
    let (path, number) = (repository(api.place()), request.number);
    let mut ids = Vec::new();
    for label in &wanted.labels {
        match label_id(api, label).await {
            Ok(Some(id)) => ids.push(id),
            Ok(None) => notes.push(format!("could not add the label {label}: there is none")),
            Err(error) => notes.push(format!("could not add the label {label}: {error}")),
        }
    }
    if !ids.is_empty() {
        let body = json!({"labels": ids});
        let path = format!("{path}/issues/{number}/labels");
        notes.extend(api.try_to("add labels", Method::POST, &path, &body).await);
    }
    let path = format!("{path}/pulls/{number}/requested_reviewers");
    notes.extend(api.ask_reviewers(&path, &wanted.reviewers).await);
    notes
}

/// Older servers know labels by number only. Those of the organization count, too.
async fn label_id(api: &Api, label: &str) -> Result<Option<u64>> {
    let is_it = |document: &Value| {
        number(document, "/id").filter(|_| text(document, "/name") == Some(label))
    };
    let list = format!("{}/labels?limit={PAGE}", repository(api.place()));
    if let Some(id) = api.find(&list, "list labels", is_it).await? {
        return Ok(Some(id));
    }
    let owner = api.place().path.split('/').next().unwrap_or_default();
    let list = format!("/orgs/{}/labels?limit={PAGE}", segments(owner));
    // The owner may be a person.
    Ok(api.find(&list, "list labels", is_it).await.unwrap_or_default())
}

/// The call that merges, which may wait for the checks. While it waits, it does not hold on to the
/// commit.
async fn merge(api: &Api, request: &ChangeRequest, commit: &str) -> Result<AutoMerge> {
    let answer = api.get(&repository(api.place())).await?;
    let document = answer.ok(api, "read the repository")?;
    let manner = read::manner(document);
    let path = format!("{}/merge", Gitea.path(api.place(), request.number));
    let body = json!({"Do": manner, "head_commit_id": commit, "merge_when_checks_succeed": true});
    // It has not looked for conflicts yet.
    let is_passing = |answer: &Answer| answer.status == 405 && answer.says("try again later");
    let answer = match api.send_until(Method::POST, &path, &body, is_passing).await {
        Ok(answer) => answer,
        Err(lost) if lost.may_be_done => return api.merged_after_all(request.number, lost).await,
        Err(lost) => return Err(lost.into()),
    };
    match answer.status {
        201 => Ok(AutoMerge::Set),
        409 if answer.says("head out of date") => Err(moved(request)),
        409 if answer.says("already scheduled") => Ok(AutoMerge::Set),
        405 | 409 => Ok(AutoMerge::NotOffered(answer.said(api))),
        _ => answer.ok(api, "merge the pull request").map(|_| AutoMerge::Merged),
    }
}
