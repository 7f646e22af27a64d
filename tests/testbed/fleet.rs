//! A Git repository with what a cluster is to run, as GitOps controllers read it: served over HTTP by
//! the real `git`, one folder for each app, and a clone in which a person works who pushes releases.
//!
//! ```ignore
//! let fleet = Fleet::new();                               // repository `fleet`, branch `main`
//! fleet.app("apps/web", "web", "registry.test/web:1.0");  // a folder with a Deployment
//! let first = fleet.push("Add web");
//! let second = fleet.release("apps/web", "registry.test/web:1.1");
//! fleet.revert(&second);
//! ```
//!
//! A test has one of its own; it ends when it is dropped.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};

use super::git_server::{GitServer, Ground, git};
use super::namespace::proper;

const NAME: &str = "fleet";

/// The chart that `Fleet::chart` writes, file by file.
const CHART: [(&str, &str); 3] = [
    ("Chart.yaml", include_str!("fleet/chart.yaml")),
    ("values.yaml", include_str!("fleet/values.yaml")),
    ("templates/deployment.yaml", include_str!("fleet/deployment.gotmpl")),
];

pub(crate) struct Fleet {
    ground: Arc<Ground>,
    server: GitServer,
}

impl Fleet {
    #[track_caller]
    pub(crate) fn new() -> Self {
        proper(Self::start())
    }

    fn start() -> Result<Self> {
        let ground = Arc::new(Ground::new()?);
        ground.with_commits(NAME, 0)?;
        let server = GitServer::start(&ground)?;
        let fleet = Self { ground, server };
        fs::create_dir(fleet.work())?;
        fleet.try_git(&["init", "-q", "--initial-branch=main"])?;
        let origin = fleet.ground.repository(NAME).display().to_string();
        fleet.try_git(&["remote", "add", "origin", &origin])?;
        Ok(fleet)
    }

    /// Where controllers and `rb` find it: `http://127.0.0.1:PORT/fleet.git`. Anybody may push.
    pub(crate) fn url(&self) -> String {
        self.server.url(NAME)
    }

    /// Copies the repository as it is to another one on the same server, which is behind from the next
    /// push on.
    #[track_caller]
    pub(crate) fn copy(&self, name: &str) {
        proper(self.ground.with_commits(name, 0));
        let copy = self.ground.repository(name).display().to_string();
        self.git(&["push", "-q", "--force", &copy, "main"]);
    }

    /// Where such a copy is found.
    pub(crate) fn url_of(&self, copy: &str) -> String {
        self.server.url(copy)
    }

    /// The server, for a test that breaks it or counts its requests.
    pub(crate) fn server(&self) -> &GitServer {
        &self.server
    }

    /// The clone in which the person works.
    pub(crate) fn work(&self) -> PathBuf {
        self.ground.folder().join("work")
    }

    /// `git` in that clone.
    #[track_caller]
    pub(crate) fn git(&self, words: &[&str]) -> String {
        proper(self.try_git(words))
    }

    /// Writes a file there, without committing it.
    #[track_caller]
    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.work().join(path);
        let folder = file.parent().context("a file in a folder");
        proper(folder.and_then(|folder| Ok(fs::create_dir_all(folder)?)));
        proper(fs::write(&file, text).context("writing a file of the fleet"));
    }

    #[track_caller]
    pub(crate) fn read(&self, path: &str) -> String {
        proper(fs::read_to_string(self.work().join(path)).context("reading a file of the fleet"))
    }

    /// Commits everything that was changed, pushes it, and says which commit that is.
    #[track_caller]
    pub(crate) fn push(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["push", "-q", "origin", "main"]);
        self.head()
    }

    /// The commit at which the person's clone is.
    #[track_caller]
    pub(crate) fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// The commit at which the branch is on the server, whoever pushed it.
    #[track_caller]
    pub(crate) fn server_head(&self) -> String {
        let line = self.git(&["ls-remote", "origin", "refs/heads/main"]);
        line.split_whitespace().next().unwrap_or_default().to_owned()
    }

    /// Takes in what others have pushed.
    #[track_caller]
    pub(crate) fn pull(&self) {
        self.git(&["pull", "-q", "--ff-only", "origin", "main"]);
    }

    /// Writes a folder with the manifest of a Deployment, as `Namespace::deployment` makes it, with two
    /// replicas. It says no namespace: that is for the controller to say.
    #[track_caller]
    pub(crate) fn app(&self, folder: &str, name: &str, image: &str) {
        let text = include_str!("fleet/app.yaml").replace("NAME", name).replace("IMAGE", image);
        self.write(&format!("{folder}/deployment.yaml"), &text);
    }

    /// Changes the image in the folder of an app, commits that as `Bump web to 1.1` and pushes it.
    #[track_caller]
    pub(crate) fn release(&self, folder: &str, image: &str) -> String {
        let path = format!("{folder}/deployment.yaml");
        self.write(&path, &with_line(&self.read(&path), "image: ", image));
        self.push(&bump(image))
    }

    /// Writes a folder with a Helm chart of a Deployment, which is called as the release is. Its values
    /// are `image.repository` (`registry.test/web`), `image.tag` and `replicas`.
    #[track_caller]
    pub(crate) fn chart(&self, folder: &str, tag: &str) {
        for (file, text) in CHART {
            self.write(&format!("{folder}/{file}"), &text.replace("TAG", tag));
        }
    }

    /// Undoes a commit by another one, as `git revert` does, and pushes that.
    #[track_caller]
    pub(crate) fn revert(&self, commit: &str) -> String {
        self.git(&["revert", "--no-edit", commit]);
        self.git(&["push", "-q", "origin", "main"]);
        self.head()
    }

    fn try_git(&self, words: &[&str]) -> Result<String> {
        git(&self.ground.home(), &self.work(), words)
    }
}

/// The text with what follows `key` changed, in the one line that has it.
fn with_line(text: &str, key: &str, value: &str) -> String {
    let change = |line: &str| match line.split_once(key) {
        Some((before, _)) => format!("{before}{key}{value}\n"),
        None => format!("{line}\n"),
    };
    text.lines().map(change).collect()
}

/// `registry.test/web:1.1` is `Bump web to 1.1`.
fn bump(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or(image);
    let (name, tag) = name.split_once(':').unwrap_or((name, "latest"));
    format!("Bump {name} to {tag}")
}
