//! Change requests, against a fake per host: a small server with the shapes of the host, which holds
//! what it is asked and what it answers against the published schema, and really merges in a bare
//! repository. Each test runs for each host. No live host is asked.

pub(crate) mod forge;
mod gitea;
mod github;
mod gitlab;
mod life;
mod page;
mod peculiar;
pub(crate) mod repository;
mod schema;
pub(crate) mod server;
mod tokens;
mod trouble;
mod waiting;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use kubectl_rb::cluster::Deadline;
use kubectl_rb::error::{Error, Result};
use kubectl_rb::hosting::api::Pace;
use kubectl_rb::hosting::{Environment, Hosting, Opened, Place, Way};
use kubectl_rb::rollback::model::change_request::Wanted;

use self::forge::{Forge, TOKEN};
use self::repository::HEAD;
use self::server::Server;
use crate::suite::{Test, pure};

pub(crate) fn tests() -> Vec<Test> {
    let schema = Test::pure(concat!(module_path!(), "::flaws_are_found"), schema::flaws_are_found);
    [
        vec![schema],
        pure![a_foreign_server_is_of_no_kind],
        life::tests(),
        page::tests(),
        peculiar::tests(),
        tokens::tests(),
        trouble::tests(),
        waiting::tests(),
    ]
    .concat()
}

pub(crate) const WORDS: [&str; 3] = ["github", "gitlab", "gitea"];

const STILL: Pace = Pace {
    first: Duration::from_millis(2),
    most: Duration::from_millis(4),
    settle: Duration::from_millis(1),
};
/// Nothing takes so long but what hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// A fake host with the repository `acme/shop`.
struct Stage {
    word: &'static str,
    forge: Arc<Forge>,
    server: Server,
    place: Place,
}

impl Stage {
    fn new(word: &'static str) -> Self {
        let forge = Forge::new(word);
        let answers = Arc::clone(&forge);
        let server = Server::start(move |request| answers.answer(request));
        let url = format!("http://{}", server.address());
        forge.with(|state| state.origin.clone_from(&url));
        let place = Place::of_remote(&format!("{url}/acme/shop.git")).expect("a place");
        Self { word, forge, server, place }
    }

    /// Variables with a token for this server.
    fn environment(&self) -> Environment {
        let server = self.server.address().to_string();
        [("RB_GIT_TOKEN", TOKEN.to_owned()), ("RB_GIT_HOST", server)].into_iter().collect()
    }

    async fn connect(&self, patience: Duration) -> Result<Option<Hosting>> {
        self.connect_as(None, patience).await
    }

    /// The same where the user says which kind of host it is.
    async fn connect_as(&self, said: Option<&str>, patience: Duration) -> Result<Option<Hosting>> {
        let environment = self.environment();
        let way = Way {
            place: &self.place,
            said,
            environment: &environment,
            pace: STILL,
            deadline: Deadline::after(patience),
        };
        Hosting::connect(&way).await
    }

    /// The host, found by asking the server what it is.
    async fn hosting(&self) -> Hosting {
        let hosting = self.connect(PATIENCE).await.expect("a connection").expect("a known host");
        assert_eq!(hosting.host().word(), self.word);
        hosting
    }

    /// How much was written so far.
    fn writes(&self) -> usize {
        self.server.requests().iter().filter(|request| request.method != "GET").count()
    }

    fn head_commit(&self) -> String {
        self.forge.with(|state| state.repository.tip(HEAD)).expect("a branch")
    }

    async fn open(&self) -> Result<Opened> {
        self.hosting().await.open(&wanted()).await
    }

    /// Nothing was asked or answered that is not in the schema of the host, and the token went into
    /// no URL.
    fn assert_in_shape(&self) {
        let flaws = self.forge.with(|state| state.flaws.clone());
        assert!(flaws.is_empty(), "{flaws:#?}");
        let requests = self.server.requests();
        assert!(!requests.is_empty());
        assert!(requests.iter().all(|request| {
            !request.path.contains(TOKEN) && request.query.values().all(|value| value != TOKEN)
        }));
    }
}

fn wanted() -> Wanted {
    Wanted {
        head: HEAD.to_owned(),
        base: "main".to_owned(),
        title: "Revert \"bump\"".to_owned(),
        body: "Takes back 9f3c2ab.".to_owned(),
        operation: "op-1".to_owned(),
        ..Wanted::default()
    }
}

/// A test for each host.
fn each(module: &str, name: &str, body: fn(&Stage)) -> Vec<Test> {
    let test =
        |word| Test::pure(format!("{module}::{name}::{word}"), move || body(&Stage::new(word)));
    WORDS.into_iter().map(test).collect()
}

macro_rules! each_host {
    ($($test:ident),* $(,)?) => {
        [$(crate::hosting::each(module_path!(), stringify!($test), $test)),*].concat()
    };
}
use each_host;

fn block<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// All that a person sees of an error.
fn whole(error: &Error) -> String {
    format!("{error}\n{}\n{}\n{error:?}", error.causes().join("\n"), error.hints().join("\n"))
}

fn a_foreign_server_is_of_no_kind() {
    let server = Server::start(|_| server::Reply::text(200, "<html>Welcome</html>"));
    let place = Place::of_remote(&format!("http://{}/a/b.git", server.address())).expect("a place");
    let environment = [("RB_GIT_TOKEN", TOKEN)].into_iter().collect();
    let found = block(async {
        let deadline = Deadline::after(PATIENCE);
        let way =
            Way { place: &place, said: None, environment: &environment, pace: STILL, deadline };
        Hosting::connect(&way).await
    });
    assert!(found.expect("no failure").is_none());
    assert_eq!(server.requests().len(), WORDS.len());
    assert!(server.requests().iter().all(|request| !request.headers.contains_key("authorization")));
}
