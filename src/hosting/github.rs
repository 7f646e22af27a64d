//! GitHub, also Enterprise Server and `*.ghe.com`: its REST API, and GraphQL for auto-merge, which
//! nothing else offers.

mod merge;
mod read;

use futures::future::BoxFuture;
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::api::{Answer, Api, Lost, PAGE};
use super::document::{flag, members, text, texts};
use super::login::Login;
use super::place::{Place, escape, segments};
use super::{AutoMerge, BranchRules, Created, Host, Token, Variable, Worn};
use crate::error::Result;
use crate::rollback::model::change_request::{ChangeRequest, Checks, Wanted};

/// The host.
pub struct GitHub;

const PUBLIC: &[&str] = &["github.com", ".ghe.com"];

const VARIABLES: &[Variable] = &[
    Variable { name: "GH_TOKEN", server_in: &[], or_servers: PUBLIC },
    Variable { name: "GITHUB_TOKEN", server_in: &["GITHUB_SERVER_URL"], or_servers: PUBLIC },
    Variable { name: "GH_ENTERPRISE_TOKEN", server_in: &["GH_HOST"], or_servers: &[] },
    Variable { name: "GITHUB_ENTERPRISE_TOKEN", server_in: &["GH_HOST"], or_servers: &[] },
];

static LOGIN: Login = Login {
    program: "gh",
    say: &["auth", "token", "--hostname"],
    log_in: "auth login --hostname",
    without: &["GH_TOKEN", "GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"],
    folder_in: "GH_CONFIG_DIR",
    folder: "gh",
    file: "hosts.yml",
    path: &["{}", "oauth_token"],
};

impl Host for GitHub {
    fn word(&self) -> &'static str {
        "github"
    }

    fn title(&self) -> &'static str {
        "GitHub"
    }

    fn is_named(&self, name: &str) -> bool {
        PUBLIC.iter().any(|server| super::token::is_server(name, server))
    }

    fn mark(&self) -> &'static str {
        "/api/v3/meta"
    }

    fn is_marked(&self, _: u16, headers: &HeaderMap, document: &Value) -> bool {
        // A server in private mode tells nothing else without a token.
        headers.contains_key("x-github-enterprise-version")
            || headers.contains_key("x-github-request-id")
            || flag(document, "/verifiable_password_authentication").is_some()
    }

    fn api(&self, place: &Place) -> String {
        if self.is_named(&place.host) {
            format!("https://api.{}", place.host)
        } else {
            format!("{}/api/v3", place.origin())
        }
    }

    fn headers(&self, token: &Token) -> Vec<(&'static str, String)> {
        vec![
            ("authorization", token.bearer()),
            ("accept", "application/vnd.github+json".to_owned()),
            ("x-github-api-version", "2022-11-28".to_owned()),
        ]
    }

    fn git_user(&self) -> &'static str {
        "x-access-token"
    }

    fn rights(&self) -> &'static str {
        "Contents and Pull requests, both read and write (classic: repo); Workflows where \
         .github/workflows is touched; and SSO authorization where the organization has SSO"
    }

    fn variables(&self) -> &'static [Variable] {
        VARIABLES
    }

    fn login(&self) -> Option<&'static Login> {
        Some(&LOGIN)
    }

    fn by_hand(&self, place: &Place, head: &str, base: &str) -> String {
        let (web, head, base) = (place.web(), segments(head), segments(base));
        format!("{web}/compare/{base}...{head}?expand=1")
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
        Box::pin(read::checks(api, request))
    }

    fn rules<'a>(&'a self, api: &'a Api, branch: &'a str) -> BoxFuture<'a, Result<BranchRules>> {
        Box::pin(rules(api, branch))
    }

    fn find<'a>(
        &'a self,
        api: &'a Api,
        wanted: &'a Wanted,
    ) -> BoxFuture<'a, Result<Option<ChangeRequest>>> {
        Box::pin(async move {
            let place = api.place();
            let owner = place.path.split('/').next().unwrap_or_default();
            let head = escape(&format!("{owner}:{}", wanted.head));
            let base = escape(&wanted.base);
            let path = repository(place);
            let list = format!("{path}/pulls?state=open&head={head}&base={base}&per_page={PAGE}");
            let is_it = |document: &Value| {
                let name = |end: &str| text(document, &format!("/{end}/repo/full_name"));
                let request = read::request(document).filter(|_| name("head") == name("base"))?;
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
            // Right after a push not every server of the host knows the branch.
            let is_passing = |answer: &Answer| {
                answer.status == 422 && (answer.says("field head") || answer.says("head sha"))
            };
            let answer = api.send_until(Method::POST, &path, &body, is_passing).await?;
            let exists = |answer: &Answer| {
                answer.status == 422 && answer.says("pull request already exists")
            };
            api.created(&answer, exists, "open a pull request")
        })
    }

    fn worn(&self, document: &Value) -> Worn {
        let users = texts(document, "/requested_reviewers", "/login");
        let teams = texts(document, "/requested_teams", "/slug");
        Worn { labels: texts(document, "/labels", "/name"), reviewers: [users, teams].concat() }
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

/// The path of the repository in the API.
fn repository(place: &Place) -> String {
    format!("/repos/{}", segments(&place.path))
}

async fn dress(api: &Api, request: &ChangeRequest, wanted: &Wanted) -> Vec<String> {
    let mut notes = Vec::new();
    let path = repository(api.place());
    let number = request.number;
    if !wanted.labels.is_empty() {
        let body = json!({"labels": wanted.labels});
        let path = format!("{path}/issues/{number}/labels");
        notes.extend(api.try_to("add labels", Method::POST, &path, &body).await);
    }
    let path = format!("{path}/pulls/{number}/requested_reviewers");
    notes.extend(api.ask_reviewers(&path, &wanted.reviewers).await);
    notes
}

/// Rule sets are told to everybody who may read; of the older protection only that there is one, and
/// what it demands to administrators.
async fn rules(api: &Api, branch: &str) -> Result<BranchRules> {
    let path = repository(api.place());
    let branch = segments(branch);
    let answer = api.get(&format!("{path}/rules/branches/{branch}?per_page={PAGE}")).await?;
    // Servers before 3.10 have none.
    let sets = match answer.status {
        404 => &Value::Null,
        _ => answer.ok(api, "read the rules of the branch")?,
    };
    let kinds: Vec<&str> =
        members(sets, "").iter().filter_map(|rule| text(rule, "/type")).collect();
    let demands = ["pull_request", "merge_queue", "required_status_checks", "update"];
    let mut rules = BranchRules {
        needs_request: Some(kinds.iter().any(|kind| demands.contains(kind))),
        rules: kinds
            .iter()
            .map(|kind| crate::text::sanitize(&kind.replace('_', " ")).into_owned())
            .collect(),
    };
    let answer = api.get(&format!("{path}/branches/{branch}")).await?;
    let document = answer.ok(api, "read the branch")?;
    if rules.needs_request == Some(true) || flag(document, "/protected") != Some(true) {
        return Ok(rules);
    }
    let answer = api.get(&format!("{path}/branches/{branch}/protection")).await?;
    if answer.is_good() {
        let has = |name: &str| answer.document.get(name).is_some_and(|value| !value.is_null());
        let demands = ["required_pull_request_reviews", "required_status_checks", "restrictions"];
        let found: Vec<_> = demands.into_iter().filter(|name| has(name)).collect();
        rules.needs_request = Some(!found.is_empty());
        rules.rules.extend(found.iter().map(|name| name.replace('_', " ")));
    } else if kinds.is_empty() {
        rules.needs_request = None;
        rules.rules.push("protected; how is told to administrators only".to_owned());
    }
    Ok(rules)
}
