//! `rb revert-commit` by change requests, from the command line to the merge: the real `git` and
//! `git http-backend`, and at the same address a fake of each host, which holds what it is asked
//! against the published schema and merges in the very repository that is pushed to.

mod answers;
mod front;
mod opening;
mod protected;
mod tokens;
mod trouble;
mod waiting;

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use self::front::{Behind, Front};
use super::repository::GitOps;
use crate::hosting::WORDS;
use crate::hosting::forge::{Forge, Pull, Settings, TOKEN};
use crate::hosting::repository::Repository;
use crate::hosting::server::{Fault, Reply, Server};
use crate::rb::Rb;
use crate::suite::Test;
use crate::testbed::git_server::{GitServer, Ground};

pub(crate) fn tests() -> Vec<Test> {
    [
        answers::tests(),
        opening::tests(),
        protected::tests(),
        tokens::tests(),
        trouble::tests(),
        waiting::tests(),
    ]
    .concat()
}

/// A host with the repository `acme/shop`, whose newest commit is a bad release, and a checkout of it.
struct Stage {
    word: &'static str,
    gitops: GitOps,
    bad: String,
    forge: Arc<Forge>,
    api: Server,
    ground: Arc<Ground>,
    git: GitServer,
    front: Front,
}

impl Stage {
    fn new(word: &'static str) -> Self {
        Self::with(word, true)
    }

    /// A server that has Git and nothing else.
    fn without_host() -> Self {
        Self::with("gitea", false)
    }

    fn with(word: &'static str, has_api: bool) -> Self {
        let gitops = GitOps::new();
        let bad = gitops.release("checkout", "2.8.1");
        gitops.in_origin(&["config", "http.receivepack", "true"]);
        let ground = Arc::new(Ground::new().expect("a ground"));
        fs::create_dir(ground.root().join("acme")).expect("a folder");
        symlink(gitops.origin(), ground.repository("acme/shop")).expect("a link");
        let git = GitServer::start(&ground).expect("a server");
        let forge = Forge::of(word, Repository::at(&gitops.origin()));
        let answers = Arc::clone(&forge);
        let api = Server::start(move |request| answers.answer(request));
        let behind = Behind { git: git.address(), api: has_api.then(|| api.address()) };
        let front = Front::start(move || behind);
        let stage = Self { word, gitops, bad, forge, api, ground, git, front };
        stage.forge.with(|state| state.origin = stage.origin());
        stage.gitops.git(&["remote", "set-url", "origin", &stage.url()]);
        stage
    }

    fn origin(&self) -> String {
        format!("http://{}", self.front.address())
    }

    fn url(&self) -> String {
        format!("{}/acme/shop.git", self.origin())
    }

    /// The branch of the request.
    fn head(&self) -> String {
        format!("rb/revert-{}", &self.bad[..9])
    }

    /// The page of a request.
    fn page(&self, number: u64) -> String {
        let part = match self.word {
            "github" => "pull",
            "gitlab" => "-/merge_requests",
            _ => "pulls",
        };
        format!("{}/acme/shop/{part}/{number}", self.origin())
    }

    /// `rb revert-commit` of the bad release, with a token.
    fn rb(&self, words: &str) -> Rb {
        self.rb_without_token(words)
            .env("RB_GIT_TOKEN", TOKEN)
            .env("RB_GIT_HOST", self.front.address().to_string())
    }

    fn rb_without_token(&self, words: &str) -> Rb {
        self.gitops.rb(&format!("{} --yes {words}", self.bad))
    }

    fn set(&self, change: impl FnOnce(&mut Settings)) {
        self.forge.with(|state| change(&mut state.settings));
    }

    /// The server's hook refuses what is pushed to `main`, with these words.
    fn refuse_pushes(&self, words: &str) {
        let script = format!(
            "while read old new ref; do\n  if [ $ref = refs/heads/main ]; then\n    \
             echo '{words}' >&2\n    exit 1\n  fi\ndone"
        );
        self.ground.hook("acme/shop", "pre-receive", &script).expect("a hook");
    }

    /// The next `times` requests with this in their path come to this.
    fn fault(&self, method: &'static str, part: &'static str, times: usize, reply: Reply) {
        self.api.fail(Fault { method, part, times, is_done: false, reply });
    }

    fn tip(&self, branch: &str) -> Option<String> {
        self.forge.with(|state| state.repository.tip(branch))
    }

    fn pulls(&self) -> Vec<Pull> {
        self.forge.with(|state| state.pulls.clone())
    }

    /// Whether the branch has the good release again.
    fn is_reverted(&self) -> bool {
        self.gitops.there("apps/checkout/deploy.yaml").contains("checkout:2.8.0")
    }

    /// Nothing was asked or answered that is not in the schema of the host.
    fn assert_in_shape(&self) {
        let flaws = self.forge.with(|state| state.flaws.clone());
        assert!(flaws.is_empty(), "{flaws:#?}");
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
        [$(crate::revert_commit::requests::each(module_path!(), stringify!($test), $test)),*]
            .concat()
    };
}
use each_host;
