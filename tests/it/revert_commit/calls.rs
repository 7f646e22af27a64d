//! What a revert costs: the programs that `rb` starts, and the requests that reach the server.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::rb::Rb;
use crate::suite::{Test, pure};
use crate::testbed::git_server::{GitServer, Ground, find_program};

pub(crate) fn tests() -> Vec<Test> {
    pure![two_calls_over_the_network_with_a_copy_and_without]
}

const NAME: &str = "shop";

/// A server, and a `git` that keeps a record.
struct Scene {
    ground: Arc<Ground>,
    server: GitServer,
    record: PathBuf,
}

/// What a call came to.
#[derive(Debug, PartialEq, Eq)]
struct Cost {
    /// Commands of `git`, in the order of their start.
    programs: Vec<String>,
    /// Calls over the network: each begins by asking for `/info/refs`.
    calls: usize,
    /// Requests of `git` in all.
    requests: usize,
    /// What else was asked: which kind of host an unknown one is, all at once.
    others: usize,
}

impl Scene {
    fn new() -> Self {
        let ground = Arc::new(Ground::new().expect("a ground"));
        ground.with_commits(NAME, 30).expect("a repository");
        let server = GitServer::start(&ground).expect("a server");
        let record = ground.folder().join("record");
        let programs = ground.folder().join("bin");
        fs::create_dir(&programs).expect("a folder");
        let git = find_program("git").expect("git");
        let (record_at, git) = (record.display(), git.display());
        let script = format!("#!/bin/sh\necho \"$@\" >> {record_at}\nexec {git} \"$@\"\n");
        write_program(&programs.join("git"), &script);
        Self { ground, server, record }
    }

    /// A release by somebody else, straight on the branch.
    fn somebody_releases(&self) {
        let ground = &self.ground;
        let tree = ground.commit(NAME, "main~1^{tree}").expect("a tree");
        let words = ["commit-tree", &tree, "-p", "main", "-m", "release"];
        let new = ground.git(NAME, &words).expect("a commit");
        ground.git(NAME, &["update-ref", "refs/heads/main", new.trim()]).expect("a branch");
    }

    fn revert(&self, bad: &str, words: &str) -> Cost {
        let url = self.server.url(NAME);
        let before = (self.server.count("/info/refs"), self.server.requests().len());
        let _ = fs::remove_file(&self.record);
        let path = std::env::var("PATH").expect("a PATH");
        let programs = self.ground.folder().join("bin");
        let tip = self.ground.commit(NAME, "main").expect("a tip");
        Rb::new(Path::new("/nowhere"))
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("XDG_CACHE_HOME", self.ground.folder().join("cache"))
            .env("GIT_AUTHOR_NAME", "Ada Ops")
            .env("GIT_AUTHOR_EMAIL", "ada@example.test")
            .env("GIT_COMMITTER_NAME", "Ada Ops")
            .env("GIT_COMMITTER_EMAIL", "ada@example.test")
            .words(&format!("revert-commit {bad} --repo {url} --branch main --yes {words}"))
            .run()
            .ends_with(0);
        assert_eq!(self.ground.commit(NAME, "main~1").expect("a commit"), tip);
        let record = fs::read_to_string(&self.record).expect("a record");
        let requests = self.server.requests().split_off(before.1);
        let others = requests.iter().filter(|head| head.contains(" /api/")).count();
        Cost {
            programs: record.lines().map(command).collect(),
            calls: self.server.count("/info/refs") - before.0,
            requests: requests.len() - others,
            others,
        }
    }
}

/// With a copy of an earlier day, too; one more for a commit that is older than what was copied.
fn two_calls_over_the_network_with_a_copy_and_without() {
    let scene = Scene::new();
    let commit = |name: &str| scene.ground.commit(NAME, name).expect("a commit");
    let (first, older) = (commit("main~3"), commit("main~2"));
    let cost = |fetches: usize, requests, others| {
        let programs = ["version", "config"].into_iter();
        let programs = programs.chain(vec!["fetch"; fetches]).chain(["push"]);
        let programs = programs.map(str::to_owned).collect();
        Cost { programs, calls: fetches + 1, requests, others }
    };
    // To fetch: which protocol, which refs, the objects. To push: which refs, the objects.
    assert_eq!(scene.revert(&first, "--way push"), cost(1, 5, 0), "without a copy");
    // An unknown host is asked of which kind it is.
    scene.somebody_releases();
    assert_eq!(scene.revert(&commit("main"), ""), cost(1, 5, 3), "a commit newer than the copy");
    // The branch has not moved: no objects. The commit by its id: no refs.
    assert_eq!(scene.revert(&older, "--way push"), cost(2, 6, 0), "an older commit");
}

/// The command in an argument list of `git`.
fn command(line: &str) -> String {
    let mut words = line.split(' ');
    while let Some(word) = words.next() {
        if matches!(word, "-c" | "-C") {
            words.next();
        } else if !word.starts_with('-') {
            return word.to_owned();
        }
    }
    line.to_owned()
}

fn write_program(path: &Path, script: &str) {
    // Written aside: a program that is open for writing cannot be run.
    let aside = path.with_extension("new");
    fs::write(&aside, script).expect("a file");
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o755)).expect("a mode");
    fs::rename(&aside, path).expect("a file");
}
