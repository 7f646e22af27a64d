//! Reverts that reach the real Flux in spite of something.

use serde_json::json;

use crate::durable::{WEB, image, live, newest_message, undo, web};
use crate::given::allow;
use crate::suite::{Test, on_bed};
use crate::testbed::TestBed;
use crate::testbed::flux::{git_repository, kustomization};

use super::{hasty, wait_checked};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_branch_may_have_any_name,
        with_the_gate_a_check_ends_by_itself,
        a_success_that_was_none_is_not_gone_back_to,
        without_the_right_to_ask_it_says_so_and_waits,
        an_undo_of_a_blocked_kustomization_says_what_ends_the_check,
    ]
}

/// The revision is `stable@2/web@sha1:…` then.
fn a_branch_may_have_any_name(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("durable-branch"), web());
    let branch = "stable@2/web";
    let push = || fleet.git(&["push", "-q", "origin", &format!("HEAD:refs/heads/{branch}")]);
    push();
    let follows = json!({"spec": {"ref": {"branch": branch}}});
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()).with(&follows));
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&hasty()));
    flux.wait_applied(&namespace, "web", &fleet.head());
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    push();
    flux.reconcile(&namespace, "gitrepository", "fleet");
    let object = flux.wait_applied(&namespace, "web", &bad);
    assert_eq!(object["status"]["lastAppliedRevision"], format!("{branch}@sha1:{bad}"));
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
    fleet.git(&["fetch", "-q", "origin", branch]);
    let message = fleet.git(&["log", "-1", "--format=%B", "FETCH_HEAD"]);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}");
    // The branch of others is left alone.
    assert_eq!(fleet.server_head(), bad);
}

/// A new revision ends the check of the bad one, and that is no failure.
fn with_the_gate_a_check_ends_by_itself(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("durable-gate"), web());
    flux.start_cancelling(bed);
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).cancelling());
    flux.wait_applied(&namespace, "web", &fleet.head());
    let bad = fleet.release(WEB, &image("2.0-crash"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    wait_checked(&namespace, &bad);
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
    flux.wait_applied(&namespace, "web", &fleet.server_head());
}

/// The patch that ends the check of a bad release has Flux write down that it was a success, where the next run
/// does not write over that.
fn a_success_that_was_none_is_not_gone_back_to(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("durable-false"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    namespace.rollout_done("web");
    let first = fleet.release(WEB, &image("2.0-crash"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    wait_checked(&namespace, &first);
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    fleet.pull();
    let second = fleet.release(WEB, &image("3.0-crash"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    wait_checked(&namespace, &second);
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
    let message = newest_message(&fleet);
    assert!(message.contains(&format!("This reverts commit {second}")), "{message}");
    assert!(!message.contains(&first), "{message}");
}

fn without_the_right_to_ask_it_says_so_and_waits(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("durable-rights"), web());
    let often = json!({"spec": {"interval": "5s"}});
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()).with(&often));
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&hasty()));
    flux.wait_applied(&namespace, "web", &fleet.head());
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    flux.wait_applied(&namespace, "web", &bad);
    let rules = [
        "get,watch,patch deployments.apps",
        "list,patch replicasets.apps",
        "get,list,watch pods",
        "list,create events",
        "get,watch kustomizations.kustomize.toolkit.fluxcd.io",
        "get,watch gitrepositories.source.toolkit.fluxcd.io",
    ];
    allow(&namespace, "alice", &rules);
    let ran = undo(&namespace, "deploy/web --yes").env("KUBECONFIG", namespace.user("alice")).run();
    let ran = ran.ends_with(0);
    assert!(ran.stderr.contains("could not ask GitRepository"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"));
    flux.wait_applied(&namespace, "web", &fleet.server_head());
}

/// It knows no workload to patch: the plan says whose undo does.
fn an_undo_of_a_blocked_kustomization_says_what_ends_the_check(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("durable-ks-blocked"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    wait_checked(&namespace, &bad);
    let ran = undo(&namespace, "ks/web --dry-run").run().ends_with(0);
    assert!(ran.stdout.contains("to end that wait: rb undo deploy/NAME"), "{ran}");
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
}
