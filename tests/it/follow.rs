//! Owners that the library follows to a commit, on the real controllers.

mod argocd;
mod at_rest;
mod flux;
mod requests;
mod retries;

use std::path::Path;
use std::time::Duration;

use kubectl_rb::cluster::{Cluster, ConnectOptions, Deadline};
use kubectl_rb::reconciler;
use kubectl_rb::reconciler::follow::{Follow, follow};
use kubectl_rb::reconciler::following::Goal;
use kubectl_rb::rollback::model::convergence::{Convergence, Relation};
use kubectl_rb::rollback::model::following::{Followed, Told};
use kubectl_rb::rollback::model::target::Target;

use crate::suite::Test;
use crate::testbed::Fleet;

pub(crate) fn tests() -> Vec<Test> {
    [argocd::tests(), at_rest::tests(), flux::tests(), requests::tests(), retries::tests()].concat()
}

const WEB: &str = "apps/web";
/// Of each wait; the machine may be busy.
const LIMIT: Duration = Duration::from_secs(180);

/// The image of a release.
fn image(tag: &str) -> String {
    format!("registry.test/web:{tag}")
}

/// A fleet whose app `web` has the image of release 1.0, and the commit that brought it.
fn web() -> (Fleet, String) {
    let fleet = Fleet::new();
    fleet.app(WEB, "web", &image("1.0"));
    let commit = fleet.push("Add web");
    (fleet, commit)
}

/// Whom to follow, as whom, to which commit of a fleet.
struct Pursuit<'a> {
    kubeconfig: &'a Path,
    owner: Target,
    goal: Goal,
    fleet: &'a Fleet,
    /// The folder in which a commit on top is a newer release.
    folder: &'a str,
    commit: &'a str,
}

/// What came of it.
struct Pursued {
    followed: Followed,
    told: Vec<Told>,
}

impl Pursuit<'_> {
    /// What Git says of a revision: the clone of the person who pushes has all of them.
    fn relation(&self, revision: &str) -> Relation {
        let log = self.fleet.git(&["log", "--format=%H", "main"]);
        let place = |commit: &str| log.lines().position(|line| line == commit);
        match (place(revision), place(self.commit)) {
            (Some(seen), Some(ours)) if seen == ours => Relation::Ours,
            (Some(seen), Some(ours)) if seen < ours => {
                let range = format!("{}..{revision}", self.commit);
                let changed = self.fleet.git(&["log", "--format=%H", &range, "--", self.folder]);
                if changed.trim().is_empty() { Relation::OnTop } else { Relation::Replaced }
            }
            _ => Relation::Other,
        }
    }

    fn run(&self) -> Pursued {
        let options = ConnectOptions {
            kubeconfig: Some(self.kubeconfig.to_owned()),
            ..ConnectOptions::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let deadline = Deadline::after(LIMIT);
            let cluster = Cluster::connect(&options, deadline).await.expect("a connection");
            let to = Follow {
                reconciler: reconciler::from_git(&self.owner).expect("it is followed"),
                owner: &self.owner,
                token: &format!("follow-{}", self.commit),
                goal: self.goal,
                may_sync: true,
                deadline,
            };
            let mut told = Vec::new();
            let relation = async |revision: &str| Some(self.relation(revision));
            let listener = &mut |one: Told| told.push(one);
            let followed = follow(&cluster, to, relation, listener).await;
            Pursued { followed, told }
        })
    }
}

impl Pursued {
    /// Fails the test unless it ended so.
    #[track_caller]
    fn ends(self, word: &str) -> Self {
        let (followed, told) = (&self.followed, &self.told);
        assert_eq!(followed.arrival.word(), word, "{followed:?} {told:#?}");
        self
    }

    /// Where the owner was last, in words.
    #[track_caller]
    fn last(&self) -> String {
        self.followed.convergence.as_ref().expect("it was seen").to_string()
    }

    /// The states in between.
    fn states(&self) -> impl Iterator<Item = &Convergence> {
        self.told.iter().filter_map(|told| match told {
            Told::Moved { convergence, .. } => Some(convergence),
            _ => None,
        })
    }

    /// Whether something like this was written.
    fn wrote(&self, start: &str) -> bool {
        self.followed.written.iter().any(|written| written.starts_with(start))
    }
}
