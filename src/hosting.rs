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
//! test compares the folder with the registry.

pub mod api;
pub mod by_hand;
pub mod detect;
pub mod gitea;
pub mod github;
pub mod gitlab;
pub mod merge;
pub mod open;
pub mod place;
pub mod protected;
pub mod rules;
pub mod token;
pub mod wait;

use futures::future::BoxFuture;
use http::HeaderMap;
use serde_json::Value;

use self::api::{Api, Pace};
pub use self::by_hand::by_hand;
pub use self::merge::AutoMerge;
pub use self::open::{Created, Opened};
pub use self::place::Place;
pub use self::protected::{bypassed, protected_branch};
pub use self::rules::BranchRules;
use self::token::{Environment, Login, Token, Variable};
use crate::cluster::Deadline;
use crate::error::Result;
use crate::rollback::model::change_request::{ChangeRequest, Wanted};

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
    fn git_user(&self, token: &Token) -> &'static str;

    /// What a token has to be allowed, in the words of the host.
    fn rights(&self) -> &'static str;

    /// The environment variables that may hold a token for it, in their order.
    fn variables(&self) -> &'static [Variable];

    /// The program that may be logged in there.
    fn login(&self) -> Option<Login> {
        None
    }

    /// A variable that is asked for last: what it holds is good for little.
    fn last_resort(&self) -> Option<&'static Variable> {
        None
    }

    /// Parts of the lines in which its servers refuse a push because the branch is protected.
    fn refusals(&self) -> &'static [&'static str];

    /// The page on which a person opens the request.
    fn by_hand(&self, place: &Place, head: &str, base: &str) -> String;

    /// The path of a request in its API.
    fn path(&self, place: &Place, number: u64) -> String;

    /// Reads a request from its document; `None` where that is none.
    fn read(&self, document: &Value) -> Option<ChangeRequest>;

    /// What the branch demands of a push, whoever pushes.
    fn rules<'a>(&'a self, api: &'a Api, branch: &'a str) -> BoxFuture<'a, Result<BranchRules>>;

    /// The open request from a branch of the repository itself that has the wanted head, or whose body
    /// names the operation. Those from forks do not count: anybody can write there what he likes.
    fn find<'a>(
        &'a self,
        api: &'a Api,
        wanted: &'a Wanted,
    ) -> BoxFuture<'a, Result<Option<ChangeRequest>>>;

    /// Opens a request, with one write.
    fn create<'a>(&'a self, api: &'a Api, wanted: &'a Wanted) -> BoxFuture<'a, Result<Created>>;

    /// Adds labels and reviewers. What does not work is told and no failure.
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

/// How to get to a host.
#[derive(Clone, Debug)]
pub struct Way<'a> {
    /// The repository.
    pub place: &'a Place,
    /// `--host`: which kind of host it is, where the user says it.
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
    /// no token.
    ///
    /// [`ErrorKind::Usage`]: crate::error::ErrorKind::Usage
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

    /// Where the token is from: `GH_TOKEN`, `gh auth login`.
    #[must_use]
    pub fn token_source(&self) -> &str {
        &self.api.token().source
    }

    /// What the branch demands of a push. To be asked before: a token of an administrator is not
    /// refused, and the rules would be passed over in silence.
    pub async fn rules(&self, branch: &str) -> Result<BranchRules> {
        self.host().rules(&self.api, branch).await
    }

    /// The open request of this head or this operation.
    pub async fn find(&self, wanted: &Wanted) -> Result<Option<ChangeRequest>> {
        self.host().find(&self.api, wanted).await
    }

    /// Finds the request or opens it: see [`open::open`].
    pub async fn open(&self, wanted: &Wanted) -> Result<Opened> {
        open::open(&self.api, wanted).await
    }

    /// Has it merged as soon as it may be, and only while its head is this commit.
    pub async fn merge_when_ready(
        &self,
        request: &ChangeRequest,
        commit: &str,
    ) -> Result<AutoMerge> {
        self.host().merge_when_ready(&self.api, request, commit).await
    }

    /// What has become of a request.
    pub async fn look(&self, number: u64) -> Result<ChangeRequest> {
        self.api.request(number).await
    }

    /// Waits until it is merged or closed, or the time is up: see [`wait::wait`].
    pub async fn wait(
        &self,
        request: ChangeRequest,
        tell: &mut (dyn FnMut(wait::Step<'_>) + Send),
    ) -> Result<ChangeRequest> {
        wait::wait(&self.api, request, tell).await
    }
}

/// The host of this word, as `--host` and documents have it.
#[must_use]
pub fn by_word(word: &str) -> Option<&'static dyn Host> {
    REGISTRY.iter().copied().find(|host| host.word() == word)
}
