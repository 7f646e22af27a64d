//! What a fake host knows, whatever its shapes: a repository, its requests, and what stands in their
//! way. Each host has a dialect, which reads requests and writes answers in its form.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::repository::Repository;
use super::schema::Schema;
use super::server::{Reply, Request};

pub(crate) const TOKEN: &str = "s3cret-token";
/// A user that can be asked for a review.
pub(crate) const REVIEWER: &str = "alice";
/// A label that there is.
pub(crate) const LABEL: &str = "rollback";

/// What a fake does where a host could do one thing or another.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Settings {
    /// Nothing stands in the way of a merge.
    pub(crate) is_ready: bool,
    /// The repository merges by itself.
    pub(crate) allows_auto_merge: bool,
    pub(crate) squashes: bool,
    /// `success`, `pending`, `failure`: the checks of every commit.
    pub(crate) checks: Option<&'static str>,
    /// `main` takes no pushes.
    pub(crate) is_protected: bool,
    /// The token may read only.
    pub(crate) reads_only: bool,
    /// How often a merge is refused before the host has looked for conflicts.
    pub(crate) merges_refused: usize,
    /// Merges go through a queue.
    pub(crate) has_queue: bool,
    /// What somebody does before the look at a request of this number, counted from 1.
    pub(crate) at_look: Option<(usize, Deed)>,
}

/// What somebody does with the newest request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    Merge,
    Close,
    /// Pushes something to the base that conflicts with it.
    Conflict,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            is_ready: false,
            allows_auto_merge: true,
            squashes: false,
            checks: None,
            is_protected: false,
            reads_only: false,
            merges_refused: 0,
            has_queue: false,
            at_look: None,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Pull {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) head: String,
    pub(crate) base: String,
    pub(crate) is_open: bool,
    pub(crate) merge_commit: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) reviewers: Vec<String>,
    pub(crate) teams: Vec<String>,
    pub(crate) merges_itself: bool,
    pub(crate) from_fork: bool,
}

/// What a dialect works on.
pub(crate) struct State {
    pub(crate) repository: Repository,
    pub(crate) pulls: Vec<Pull>,
    pub(crate) settings: Settings,
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// How often a request was looked at.
    pub(crate) looks: usize,
    /// What was not as the schema of the host has it.
    pub(crate) flaws: Vec<String>,
}

/// The form of one host: the operation that a request is, by its name in the schema, and the answer.
pub(crate) type Dialect = fn(&mut State, &Request, &[&str]) -> (&'static str, Reply);

pub(crate) struct Forge {
    state: Mutex<State>,
    schema: Schema,
    dialect: Dialect,
    /// Where the API is: `/api/v4`.
    prefix: &'static str,
    refused: fn(u16) -> Reply,
    has_tags: bool,
}

impl Forge {
    pub(crate) fn new(word: &str) -> Arc<Self> {
        Self::of(word, Repository::new())
    }

    /// The same for a repository that is there.
    pub(crate) fn of(word: &str, repository: Repository) -> Arc<Self> {
        let (dialect, prefix, refused): (Dialect, _, fn(u16) -> Reply) = match word {
            "github" => (super::github::answer, "/api/v3", super::github::refused),
            "gitlab" => (super::gitlab::answer, "/api/v4", super::gitlab::refused),
            _ => (super::gitea::answer, "/api/v1", super::gitea::refused),
        };
        let state = State {
            repository,
            pulls: Vec::new(),
            settings: Settings::default(),
            origin: String::new(),
            looks: 0,
            flaws: Vec::new(),
        };
        let has_tags = word != "gitea";
        let schema = Schema::of(word);
        Arc::new(Self { state: Mutex::new(state), schema, dialect, prefix, refused, has_tags })
    }

    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn answer(&self, request: &Request) -> Reply {
        if request.path == "/api/graphql" {
            return self.with(|state| super::github::graphql(state, request));
        }
        let Some(rest) = request.path.strip_prefix(self.prefix) else {
            // Other hosts are looked for here, too: a page for people.
            return Reply::text(404, "<html>nothing here</html>");
        };
        let is_mark = matches!(rest, "/meta" | "/version");
        if !is_mark && !has_token(request) {
            return (self.refused)(401);
        }
        let parts: Vec<String> = rest.split('/').skip(1).map(super::server::decode).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.with(|state| {
            if state.settings.reads_only && request.method != "GET" {
                return (self.refused)(403);
            }
            if matches!(parts.as_slice(), [.., "pulls" | "merge_requests", _])
                && request.method == "GET"
            {
                state.looked_at();
            }
            let (operation, reply) = (self.dialect)(state, request, &parts);
            state.flaws.extend(self.schema.request(operation, request));
            state.flaws.extend(self.schema.answer(operation, &reply));
            self.tagged(request, reply)
        })
    }

    fn tagged(&self, request: &Request, reply: Reply) -> Reply {
        if !self.has_tags || request.method != "GET" || reply.status != 200 {
            return reply;
        }
        let mut hasher = DefaultHasher::new();
        reply.body.hash(&mut hasher);
        let tag = format!("W/\"{:x}\"", hasher.finish());
        if request.headers.get("if-none-match") == Some(&tag) {
            return Reply { body: String::new(), ..Reply::text(304, "") }.header("etag", &tag);
        }
        reply.header("etag", &tag)
    }
}

/// A host takes the token in the one place where it belongs.
fn has_token(request: &Request) -> bool {
    let basic = STANDARD.encode(format!("me:{TOKEN}"));
    let authorization = request.headers.get("authorization").map(String::as_str);
    let is_gitea = request.path.starts_with("/api/v1/");
    authorization == Some(&format!("Bearer {TOKEN}"))
        || (is_gitea && authorization == Some(&format!("Basic {basic}")))
}

impl State {
    pub(crate) fn pull(&mut self, number: &str) -> Option<&mut Pull> {
        self.pulls.iter_mut().find(|pull| pull.number.to_string() == number)
    }

    /// Opens a request as a host does; `None` where there is one.
    pub(crate) fn open(&mut self, body: &Value, names: [&str; 4]) -> Option<Pull> {
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let [title, body, head, base] = names.map(text);
        if self.pulls.iter().any(|pull| pull.is_open && pull.head == head && pull.base == base) {
            return None;
        }
        let number = self.pulls.len() as u64 + 7;
        let pull = Pull { number, title, body, head, base, is_open: true, ..Pull::default() };
        self.pulls.push(pull.clone());
        Some(pull)
    }

    /// Merges a request: `false` for a conflict.
    pub(crate) fn merge(&mut self, number: u64) -> bool {
        let squashes = self.settings.squashes;
        let pull = self.pulls.iter_mut().find(|pull| pull.number == number).expect("a request");
        let commit = self.repository.merge(&pull.head, &pull.base, squashes);
        pull.is_open = commit.is_none();
        pull.merge_commit.clone_from(&commit);
        commit.is_some()
    }

    /// Somebody does at this moment what they mean to do.
    fn looked_at(&mut self) {
        self.looks += 1;
        let number = self.pulls.last().map_or(0, |pull| pull.number);
        match self.settings.at_look {
            Some((look, Deed::Merge)) if look == self.looks => assert!(self.merge(number)),
            Some((look, Deed::Close)) if look == self.looks => self.close(number),
            Some((look, Deed::Conflict)) if look == self.looks => {
                self.repository.write("main", "apps/checkout/deploy.yaml", "# another one\n");
            }
            _ => {}
        }
    }

    /// Somebody closes a request.
    pub(crate) fn close(&mut self, number: u64) {
        self.pulls.iter_mut().filter(|p| p.number == number).for_each(|p| p.is_open = false);
    }

    pub(crate) fn conflicts(&self, pull: &Pull) -> bool {
        pull.is_open && !self.repository.merges(&pull.head, &pull.base)
    }

    /// The first refusals of a merge, as long as the host has not looked for conflicts.
    pub(crate) fn refuses_for_now(&mut self) -> bool {
        let left = &mut self.settings.merges_refused;
        let refuses = *left > 0;
        *left = left.saturating_sub(1);
        refuses
    }
}
