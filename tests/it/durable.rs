//! `rb undo` of workloads that their owners take from Git, on the real controllers: the commit that
//! brought the bad release goes out of Git, and the owner brings the good one back.

mod argocd;
mod barriers;
mod beside;
mod bots;
mod by_hand;
mod flux;
mod hydrated;
mod now;
mod paths;
mod phases;
mod pinned;
mod request;
mod sets;
mod syncs;
mod unwell;
mod whole;
mod windows;

use std::process::Command;

use serde_json::Value;

use crate::rb::{Ran, Rb};
use crate::suite::Test;
use crate::testbed::argocd::{Application, automated};
use crate::testbed::{Action, Fleet, Gate, Namespace, TestBed};

pub(crate) fn tests() -> Vec<Test> {
    [
        argocd::tests(),
        barriers::tests(),
        beside::tests(),
        bots::tests(),
        by_hand::tests(),
        flux::tests(),
        hydrated::tests(),
        now::tests(),
        paths::tests(),
        pinned::tests(),
        request::tests(),
        sets::tests(),
        syncs::tests(),
        unwell::tests(),
        whole::tests(),
        windows::tests(),
    ]
    .concat()
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

/// The Application of the folder `web`, which takes up new commits and heals, with everything healthy.
#[track_caller]
fn deployed<'a>(bed: &'a TestBed, namespace: &'a Namespace, fleet: &Fleet) -> Application<'a> {
    let app = bed.argocd().application(namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&fleet.head());
    namespace.rollout_done("web");
    app
}

/// Pushes a release that crashes, and has it synced.
#[track_caller]
fn bad_release(app: &Application<'_>, fleet: &Fleet) -> String {
    let bad = fleet.release(WEB, &image("2.0-crash"));
    app.refresh_to(&bad);
    app.wait_synced(&bad);
    app.destination().deployment_observed("web");
    bad
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

/// Stops a call by a signal while it asks an Application to compare, which does not arrive before the gate is
/// opened: the commit is on the branch by then.
#[track_caller]
fn stopped_as_it_asks(
    bed: &TestBed,
    namespace: &Namespace,
    words: &str,
    signal: &str,
) -> (Ran, Gate) {
    let (proxy, gate) = (bed.proxy(), Gate::closed());
    let closed = gate.clone();
    proxy.inject(move |head| {
        let is_nudge = head.method == "PATCH" && head.path.contains("/applications/");
        if is_nudge { Action::Hold(closed.clone()) } else { Action::Pass }
    });
    let kubeconfig = proxy.kubeconfig(namespace);
    let mut running = undo(namespace, words).env("KUBECONFIG", &kubeconfig).spawn();
    namespace.wait_until("it asks the owner", |_| gate.is_reached() || running.has_ended());
    let signalled = Command::new("kill").args([signal, &running.id().to_string()]).status();
    assert!(signalled.expect("kill").success());
    (running.wait(), gate)
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
