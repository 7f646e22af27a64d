//! What people commit on one branch, the source hydrator of Argo CD renders into another, and that is
//! applied: a bad release goes back where people commit.

use serde_json::{Value, json};

use super::{WEB, image, live, newest_message, undo, web};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::{Application, hydrated};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_release_goes_back_where_people_commit_and_is_rendered,
        what_is_rendered_for_somebody_to_move_is_waited_for,
    ]
}

/// The branch that is rendered into.
const RENDERED: &str = "env/test";

/// The folder `web`, rendered into that branch, with everything healthy.
#[track_caller]
fn rendered<'a>(bed: &'a TestBed, namespace: &'a Namespace, fleet: &Fleet) -> Application<'a> {
    let argocd = bed.argocd();
    argocd.start_hydrator(bed);
    let hydrated = hydrated(&fleet.url(), WEB, RENDERED);
    let app = argocd.application(namespace, &fleet.url(), WEB, &hydrated);
    app.wait_synced(&app.hydrate_to(&fleet.head()));
    namespace.rollout_done("web");
    app
}

/// The newest commit of a branch that is rendered into, and what it was rendered from.
fn newest_rendered(fleet: &Fleet, branch: &str) -> (String, Value) {
    fleet.git(&["fetch", "-q", "origin", branch]);
    let commit = fleet.git(&["rev-parse", "FETCH_HEAD"]).trim().to_owned();
    let metadata = fleet.git(&["show", "FETCH_HEAD:web/hydrator.metadata"]);
    (commit, serde_json::from_str(&metadata).expect("JSON"))
}

fn a_release_goes_back_where_people_commit_and_is_rendered(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("durable-dry"), web());
    let app = rendered(bed, &namespace, &fleet);
    let bad = fleet.release(WEB, &image("2.0-crash"));
    let bad_rendered = app.hydrate_to(&bad);
    app.wait_synced(&bad_rendered);
    namespace.wait_until("the bad release is live", |_| live(&namespace) == image("2.0-crash"));

    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert!(ran.stderr.contains("done: ask Argo CD application"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
    let message = newest_message(&fleet);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}\n{ran}");
    // What was rendered from the revert is what is there, on top of the bad one.
    let (newest, metadata) = newest_rendered(&fleet, RENDERED);
    assert_eq!(metadata["drySha"], fleet.server_head(), "{ran}");
    app.wait_synced(&newest);
    assert_eq!(fleet.git(&["rev-parse", &format!("{newest}~1")]).trim(), bad_rendered, "{ran}");
}

/// It is rendered into a branch before the one that is applied, and a person moves that.
fn what_is_rendered_for_somebody_to_move_is_waited_for(bed: &TestBed) {
    const NEXT: &str = "env/next";
    let (namespace, (fleet, _)) = (bed.namespace("durable-staged"), web());
    let app = rendered(bed, &namespace, &fleet);
    app.patch(&json!({"spec": {"sourceHydrator": {"hydrateTo": {"targetBranch": NEXT}}}}));
    let take_over = || {
        fleet.git(&["fetch", "-q", "origin", NEXT]);
        fleet.git(&["push", "-q", "origin", &format!("FETCH_HEAD:refs/heads/{RENDERED}")]);
    };
    let bad = fleet.release(WEB, &image("2.0-crash"));
    let bad_rendered = app.hydrate_to(&bad);
    take_over();
    app.refresh_to(&bad_rendered);
    app.wait_synced(&bad_rendered);
    namespace.wait_until("the bad release is live", |_| live(&namespace) == image("2.0-crash"));
    let ran = std::thread::scope(|scope| {
        scope.spawn(|| {
            namespace.wait_until("the revert is rendered", |_| {
                let (_, metadata) = newest_rendered(&fleet, NEXT);
                metadata["drySha"] != bad && metadata["drySha"] == fleet.server_head()
            });
            take_over();
        });
        undo(&namespace, "deploy/web --yes").run()
    });
    let ran = ran.ends_with(0);
    let told = format!(
        "what it renders goes to {NEXT}, and is applied once somebody has moved {RENDERED}"
    );
    let words: Vec<&str> = ran.stdout.split_whitespace().collect();
    assert!(words.join(" ").contains(&told), "{ran}");
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
}
