//! What a Kustomization says between two writes of its status, and between two runs. The real controller
//! does not stay there, so here the test writes the status, as the controller does.

use std::sync::atomic::{AtomicBool, Ordering};

use kubectl_rb::rollback::model::convergence::Convergence;
use serde_json::{Value, json};

use super::{WEB, to, web};
use crate::follow::Pursuit;
use crate::suite::{Test, on_bed};
use crate::testbed::flux::{git_repository, kustomization};
use crate::testbed::{Fleet, Namespace, Proxy, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        ready_beside_the_old_revision_counts_for_nothing,
        a_first_run_of_what_was_there_before_is_followed_by_another,
    ]
}

const REQUESTED: &str = "reconcile.fluxcd.io/requestedAt";

/// A repository that is fetched, and a Kustomization of it that no controller looks at.
fn of_nobody(bed: &TestBed, namespace: &Namespace, fleet: &Fleet) {
    let flux = bed.flux();
    flux.apply(namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(namespace, &kustomization("web", "fleet", WEB).of_nobody());
    // Its first generation is the one before.
    namespace.merge_patch("kustomization/web", &json!({"spec": {"interval": "2h"}}));
}

fn condition(kind: &str, reason: &str, message: &str) -> Value {
    json!({"type": kind, "status": "True", "reason": reason, "message": message,
        "observedGeneration": 2, "lastTransitionTime": "2026-01-01T00:00:00Z"})
}

/// The status after a run that has applied this and found it healthy, in the newest generation.
fn applied(commit: &str) -> Value {
    let revision = format!("main@sha1:{commit}");
    let message = format!("Applied revision: {revision}");
    let conditions = json!([
        condition("Ready", "ReconciliationSucceeded", &message),
        condition("Healthy", "ReconciliationSucceeded", "Health check passed in 40ms"),
    ]);
    json!({"observedGeneration": 2, "conditions": conditions,
        "lastAttemptedRevision": revision, "lastAppliedRevision": revision})
}

fn write_status(namespace: &Namespace, status: &Value) {
    let status = json!({"status": status}).to_string();
    let arguments = ["--subresource=status", "--type=merge", "-p", &status];
    namespace.kubectl_ok(&[&["patch", "kustomization/web"], arguments.as_slice()].concat());
}

/// Waits until whoever is behind the proxy has read the Kustomization and its source, and watches both; or
/// has done already.
fn wait_seen(namespace: &Namespace, proxy: &Proxy, is_done: &AtomicBool) {
    namespace.wait_until("it has seen both", |_| {
        let requests = proxy.requests();
        let watches = |kind: &str| {
            requests.iter().any(|one| one.request.is_watch() && one.request.path.contains(kind))
        };
        is_done.load(Ordering::Relaxed)
            || ["/kustomizations", "/gitrepositories"].into_iter().all(watches)
    });
}

/// Conditions are written first, then the rest: each of these is a moment of a good run, and looks like its
/// end.
fn ready_beside_the_old_revision_counts_for_nothing(bed: &TestBed) {
    let (namespace, (fleet, old)) = (bed.namespace("steps-ready"), web());
    of_nobody(bed, &namespace, &fleet);
    let new = fleet.release(WEB, "registry.test/web:1.1");
    let done = applied(&new);
    let with = |changes: &[(&str, Value)]| {
        let mut status = done.clone();
        for (member, value) in changes {
            status[*member] = value.clone();
        }
        status
    };
    let old = json!(format!("main@sha1:{old}"));
    let mut running = done["conditions"].clone();
    let progress = condition("Reconciling", "Progressing", "Reconciliation in progress");
    running.as_array_mut().expect("conditions").push(progress);
    for unfinished in [
        with(&[("lastAppliedRevision", old.clone())]),
        with(&[("lastAppliedRevision", old), ("observedGeneration", json!(1))]),
        with(&[("observedGeneration", json!(1))]),
        with(&[("conditions", running)]),
    ] {
        write_status(&namespace, &unfinished);
        let proxy = bed.proxy();
        let (kubeconfig, is_done) = (proxy.kubeconfig(&namespace), AtomicBool::new(false));
        let pursued = std::thread::scope(|scope| {
            scope.spawn(|| {
                wait_seen(&namespace, &proxy, &is_done);
                write_status(&namespace, &done);
            });
            let pursued = Pursuit { kubeconfig: &kubeconfig, ..to(&namespace, &fleet, &new) }.run();
            is_done.store(true, Ordering::Relaxed);
            pursued
        });
        let pursued = pursued.ends("reached");
        let told: Vec<&Convergence> = pursued.states().collect();
        let [before @ .., Convergence::Healthy { .. }] = told.as_slice() else {
            panic!("{unfinished}: {told:#?}")
        };
        assert!(!before.is_empty(), "{unfinished}: {told:#?}");
        assert!(pursued.last().contains(&new[..9]), "{unfinished}: {told:#?}");
    }
}

/// The new state of its source queues it, and it may still find the old one in its cache: it is ready with
/// that, and nobody queues it again.
fn a_first_run_of_what_was_there_before_is_followed_by_another(bed: &TestBed) {
    let (flux, namespace) = (bed.flux(), bed.namespace("steps-cache"));
    let (fleet, old) = web();
    of_nobody(bed, &namespace, &fleet);
    let new = fleet.release(WEB, "registry.test/web:1.1");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_fetched(&namespace, "fleet", &new);
    write_status(&namespace, &applied(&old));
    let pursued = std::thread::scope(|scope| {
        scope.spawn(|| {
            let asked = namespace.wait_until("it is asked to run once more", |namespace| {
                let web = namespace.get("kustomization", "web");
                web["metadata"]["annotations"][REQUESTED].as_str().map(str::to_owned)
            });
            let mut status = applied(&new);
            status["lastHandledReconcileAt"] = json!(asked);
            write_status(&namespace, &status);
        });
        to(&namespace, &fleet, &new).run()
    });
    let pursued = pursued.ends("reached");
    let asked = format!("ask Kustomization {}/web to run now", namespace.name());
    assert_eq!(pursued.followed.written, [asked]);
    assert!(pursued.last().contains(&new[..9]), "{}", pursued.last());
}
