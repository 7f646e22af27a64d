//! Change requests (pull requests, merge requests) where a branch takes no pushes: one file and one
//! line per host.
//!
//! In: the URL of a repository ([`Place`]) and what is wanted; out: values of
//! [`change_request`](crate::rollback::model::change_request). [`Hosting::connect`] finds out which
//! [`Host`] answers there and whose token to use; after that one HTTP client ([`api::Api`]) asks all of
//! them. Reads are tried again while that can help. A write is sent once: where nothing tells whether
//! it was done, the host is asked for what there is now ([`open`]).
//!
//! A token goes to the one server that it is for, and into no message, log or `Debug` text.
//!
//! # Adding a host
//!
//! Write `src/hosting/NAME.rs` with an implementation of [`Host`] and add one line to [`REGISTRY`]. A
//! test compares the folder with the registry; `docs/hosts.md` gets a section.

pub mod api;
pub mod by_hand;
pub mod detect;
mod document;
pub mod gitea;
pub mod github;
pub mod gitlab;
pub mod login;
pub mod open;
pub mod place;
pub mod rules;
pub mod token;
pub mod wait;

use futures::future::BoxFuture;
use http::HeaderMap;
use serde_json::Value;

use self::api::{Api, Lost, Pace};
pub use self::by_hand::by_hand;
use self::login::Login;
pub use self::open::{Created, Opened};
pub use self::place::Place;
pub use self::rules::BranchRules;
pub use self::token::{Environment, Token, Variable};
pub use self::wait::Step;
use crate::cluster::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::change_request::{ChangeRequest, Checks, RequestState, Wanted};

/// All hosts whose API is known.
pub static REGISTRY: &[&dyn Host] = &[&github::GitHub, &gitlab::GitLab, &gitea::Gitea];

/// A kind of server that has repositories and change requests.
pub trait Host: Sync {
    /// `github`: the word of `--host` and of documents.
    fn word(&self) -> &'static str;

    /// `GitHub`: for people.
    fn title(&self) -> &'static str;

    /// Whether a server of this name is known to be one.
    fn is_named(&self, name: &str) -> bool;

    /// A path on the server that tells whether it is one, asked for without a token.
    fn mark(&self) -> &'static str;

    /// Whether this is how it answers there: status, headers, and the document or null.
    fn is_marked(&self, status: u16, headers: &HeaderMap, document: &Value) -> bool;

    /// The URL that the paths of its API are below.
    fn api(&self, place: &Place) -> String;

    /// Names and values of the headers that it is asked with.
    fn headers(&self, token: &Token) -> Vec<(&'static str, String)>;

    /// The user name that goes with a token for Git over HTTPS.
    fn git_user(&self) -> &'static str;

    /// What a token has to be allowed, in the words of the host.
    fn rights(&self) -> &'static str;

    /// The environment variables that may hold a token for it, in their order.
    fn variables(&self) -> &'static [Variable];

    /// The program that may be logged in there.
    fn login(&self) -> Option<&'static Login> {
        None
    }

    /// The page on which a person opens the request.
    fn by_hand(&self, place: &Place, head: &str, base: &str) -> String;

    /// The path of a request in its API.
    fn path(&self, place: &Place, number: u64) -> String;

    /// Reads a request from its document; `None` where that is none.
    fn read(&self, document: &Value) -> Option<ChangeRequest>;

    /// How the checks of an open request stand, where that takes requests of its own. What cannot be
    /// seen is `None`.
    fn checks<'a>(
        &'a self,
        api: &'a Api,
        request: &'a ChangeRequest,
    ) -> BoxFuture<'a, Option<Checks>>;

    /// What the branch demands of a push, whoever pushes.
    fn rules<'a>(&'a self, api: &'a Api, branch: &'a str) -> BoxFuture<'a, Result<BranchRules>>;

    /// The open request from the wanted head to the wanted base. One from a fork does not count:
    /// anybody can make a branch of that name there.
    fn find<'a>(
        &'a self,
        api: &'a Api,
        wanted: &'a Wanted,
    ) -> BoxFuture<'a, Result<Option<ChangeRequest>>>;

    /// Opens a request, with one write.
    fn create<'a>(
        &'a self,
        api: &'a Api,
        wanted: &'a Wanted,
    ) -> BoxFuture<'a, Result<Created, Lost>>;

    /// The labels and reviewers that the document of a request has.
    fn worn(&self, document: &Value) -> Worn;

    /// Adds labels and reviewers to those that are there. What does not work is told and no failure.
    fn dress<'a>(
        &'a self,
        api: &'a Api,
        request: &'a ChangeRequest,
        wanted: &'a Wanted,
    ) -> BoxFuture<'a, Vec<String>>;

    /// Has it merged as soon as it may be, and only while its head is this commit.
    fn merge_when_ready<'a>(
        &'a self,
        api: &'a Api,
        request: &'a ChangeRequest,
        commit: &'a str,
    ) -> BoxFuture<'a, Result<AutoMerge>>;
}

/// What a request has already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Worn {
    /// Names of labels.
    pub labels: Vec<String>,
    /// Names of users that are asked for a review, and of teams without their organization.
    pub reviewers: Vec<String>,
}

/// What came of the wish that a request be merged by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AutoMerge {
    /// The host merges it as soon as it may.
    Set,
    /// Nothing stood in the way: it is merged.
    Merged,
    /// The host does not; why, in words for people. The request waits for somebody.
    NotOffered(String),
}

/// How to get to a host.
#[derive(Clone, Debug)]
pub struct Way<'a> {
    /// The repository.
    pub place: &'a Place,
    /// `--host`: which kind of host it is, where the user or the configuration says it.
    pub said: Option<&'a str>,
    /// Where tokens are looked for.
    pub environment: &'a Environment,
    /// How long to wait between two looks.
    pub pace: Pace,
    /// After this nobody waits any longer.
    pub deadline: Deadline,
}

/// A host that was found, with a token for it.
#[derive(Debug)]
pub struct Hosting {
    api: Api,
}

impl Hosting {
    /// Finds out which host it is and a token for it; `None` where the host is of no known kind.
    ///
    /// Asks no host whose kind is known by name or from the user. [`ErrorKind::Usage`] where there is
    /// no token, or no kind of host of this word.
    pub async fn connect(way: &Way<'_>) -> Result<Option<Self>> {
        let Some(host) = detect::detect(way.place, way.said, way.deadline).await? else {
            return Ok(None);
        };
        let token = token::find(host, way.place, way.environment, way.deadline).await?;
        let api = Api::new(host, way.place.clone(), token, way.pace, way.deadline)?;
        Ok(Some(Self { api }))
    }

    /// Which kind of host it is.
    #[must_use]
    pub fn host(&self) -> &'static dyn Host {
        self.api.host()
    }

    /// Where the token is from: `GH_TOKEN`, `gh auth token`.
    #[must_use]
    pub fn token_source(&self) -> &str {
        &self.api.token().source
    }

    /// User name and secret for Git over HTTPS on the same server: never to be shown.
    #[must_use]
    pub fn git_login(&self) -> (&str, &str) {
        let token = self.api.token();
        (token.user.as_deref().unwrap_or(self.host().git_user()), token.secret())
    }

    /// What the branch demands of a push. To be asked before: a token of an administrator is not
    /// refused, and the rules would be passed over in silence.
    pub async fn rules(&self, branch: &str) -> Result<BranchRules> {
        self.host().rules(&self.api, branch).await
    }

    /// The open request from the wanted head to the wanted base.
    pub async fn find(&self, wanted: &Wanted) -> Result<Option<ChangeRequest>> {
        self.host().find(&self.api, wanted).await
    }

    /// Finds the request or opens it: see [`open::open`].
    pub async fn open(&self, wanted: &Wanted) -> Result<Opened> {
        open::open(&self.api, wanted).await
    }

    /// Has it merged as soon as it may be, and only while its head is this commit:
    /// [`ErrorKind::LostRace`] where it is another one.
    pub async fn merge_when_ready(&self, number: u64, commit: &str) -> Result<AutoMerge> {
        let request = self.api.request(number).await?;
        if request.head_commit.as_deref().is_some_and(|head| head != commit) {
            return Err(moved(&request));
        }
        self.host().merge_when_ready(&self.api, &request, commit).await
    }

    /// What has become of a request: open, merged with which commit, closed; conflicts and checks.
    ///
    /// Hosts show a conflict for a moment also while they look for one: then it is looked at twice.
    pub async fn look(&self, number: u64) -> Result<ChangeRequest> {
        let mut request = self.api.request(number).await?;
        if request.state == RequestState::Open && request.has_conflict == Some(true) {
            tokio::time::sleep(self.api.pace().settle).await;
            request = self.api.request(number).await?;
        }
        Ok(self.api.with_checks(request).await)
    }

    /// Waits until it is merged or closed, conflicts, or the time is up: see [`wait::wait`].
    pub async fn wait(
        &self,
        request: ChangeRequest,
        tell: &mut (dyn FnMut(Step<'_>) + Send),
    ) -> Result<ChangeRequest> {
        wait::wait(&self.api, request, tell).await
    }
}

/// The host of this word, as `--host` and documents have it.
#[must_use]
pub fn by_word(word: &str) -> Option<&'static dyn Host> {
    REGISTRY.iter().copied().find(|host| host.word() == word)
}

/// Somebody pushed to the branch of the request.
fn moved(request: &ChangeRequest) -> Error {
    let ChangeRequest { number, head, url, .. } = request;
    let message = format!("request {number} is no longer what was planned, so it is not merged");
    Error::new(ErrorKind::LostRace, message)
        .because(format!("the branch {head} has another commit now"))
        .hint(format!("look at {url}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_a_host_is_registered() {
        let shared = [
            "api", "by_hand", "detect", "document", "login", "open", "place", "rules", "token",
            "wait",
        ];
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/hosting");
        let hosts = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
            .filter(|name| !shared.contains(&name.as_str()));
        for name in hosts {
            assert!(by_word(&name).is_some(), "src/hosting/{name}.rs has no line in REGISTRY");
        }
    }

    #[test]
    fn no_server_is_named_by_two_hosts() {
        for name in ["github.com", "acme.ghe.com", "gitlab.com", "codeberg.org", "gitea.com"] {
            let hosts = REGISTRY.iter().filter(|host| host.is_named(name)).count();
            assert_eq!(hosts, 1, "{name}");
        }
        for name in ["github.com.evil.test", "notgithub.com", "git.corp", ""] {
            assert!(!REGISTRY.iter().any(|host| host.is_named(name)), "{name}");
        }
    }
}
