//! `rb undo` of workloads that their owners take from Git, on the real controllers: the commit that
//! brought the bad release goes out of Git, and the owner brings the good one back.

mod argocd;
mod flux;
mod now;
mod phases;
mod whole;

use serde_json::Value;

use crate::rb::Rb;
use crate::suite::Test;
use crate::testbed::{Fleet, Namespace};

pub(crate) fn tests() -> Vec<Test> {
    [argocd::tests(), flux::tests(), now::tests(), whole::tests()].concat()
}

const WEB: &str = "apps/web";

/// The image of a release; one with `crash` in its tag does not run.
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

/// `rb` by somebody who has told `git` who they are.
fn undo(namespace: &Namespace, words: &str) -> Rb {
    Rb::new(namespace.kubeconfig())
        .env("GIT_AUTHOR_NAME", "Ann")
        .env("GIT_AUTHOR_EMAIL", "ann@example.com")
        .env("GIT_COMMITTER_NAME", "Ann")
        .env("GIT_COMMITTER_EMAIL", "ann@example.com")
        .words(&format!("undo {words}"))
}

/// The image that the Deployment `web` has now.
fn live(namespace: &Namespace) -> String {
    let web = namespace.get("deployment", "web");
    let image = &web["spec"]["template"]["spec"]["containers"][0]["image"];
    image.as_str().unwrap_or_default().to_owned()
}

/// The message of the newest commit on the branch.
fn newest_message(fleet: &Fleet) -> String {
    fleet.pull();
    fleet.git(&["log", "-1", "--format=%B"])
}

/// What rb recorded last on the Deployment `web`.
fn last_undo(namespace: &Namespace) -> Value {
    let record = crate::scene::record(namespace);
    record["undos"].as_array().and_then(|undos| undos.last()).cloned().unwrap_or_default()
}
