//! `--now`: the service comes back by a patch, while the owner is held; then Git agrees, and the owner
//! is let go.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Command;

use serde_json::{Value, json};

use super::{WEB, bad_release, deployed, image, live, newest_message, undo, web};
use crate::rb::Rb;
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::automated;
use crate::testbed::flux::{git_repository, kustomization};
use crate::testbed::{Action, Gate, RequestHead, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        an_application_is_held_patched_and_let_go,
        a_kustomization_is_held_patched_and_let_go,
        where_git_is_out_of_reach_the_hold_stays_and_is_gone_on_with,
        the_service_does_not_wait_for_git,
        a_hold_can_be_given_up,
        an_application_set_cannot_be_held,
        a_call_that_was_killed_is_gone_on_with,
    ]
}

const HOLD: &str = "kubectl-rb/hold";

/// The words of a card, wherever its lines end.
fn unwrapped(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn assert_let_go(object: &Value, spec: &Value) {
    assert_eq!(object["metadata"]["annotations"][HOLD], Value::Null);
    assert_eq!(object["spec"], *spec);
}

fn an_application_is_held_patched_and_let_go(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("now-argo"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    let spec = app.get()["spec"].clone();
    let ran = undo(&namespace, "deploy/web --now --yes --reason burning").run().ends_with(0);
    let order =
        ["done: hold Application", "done: patch deployment/web", "done: release Application"];
    let places: Vec<_> = order.iter().map(|text| ran.stderr.find(text)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {ran}");
    // What is reverted is not waited for, and told before it is pushed.
    let said = unwrapped(&ran.stdout);
    let told = ["revert in Git what brought it", "next revert", "apps/web/deployment.yaml"];
    let places: Vec<_> = told.iter().map(|text| said.find(text)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{places:?} {ran}");
    assert_eq!(live(&namespace), image("1.0"));
    let message = newest_message(&fleet);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}");
    let object = app.wait_synced(&fleet.server_head());
    assert_let_go(&app.get(), &spec);
    assert_eq!(object["status"]["sync"]["status"], "Synced");
    // It survives whatever looks at it.
    for _ in 0..3 {
        app.refresh();
    }
    assert_eq!(live(&namespace), image("1.0"));
    undo(&namespace, "deploy/web --now --yes").run().ends_with(0).says("already rolled back");
    undo(&namespace, "deploy/web --resume --yes").run().ends_with(0).says("nothing to go on with");
}

fn a_kustomization_is_held_patched_and_let_go(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("now-flux"), web());
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let hasty = json!({"spec": {"wait": false}});
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&hasty));
    flux.wait_applied(&namespace, "web", &fleet.head());
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &bad);
    let spec = namespace.get("kustomization", "web")["spec"].clone();
    undo(&namespace, "deploy/web --now --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
    let head = fleet.server_head();
    assert_ne!(head, bad);
    flux.wait_applied(&namespace, "web", &head);
    assert_let_go(&namespace.get("kustomization", "web"), &spec);
    assert_eq!(live(&namespace), image("1.0"));
}

fn where_git_is_out_of_reach_the_hold_stays_and_is_gone_on_with(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("now-no-git"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    let spec = app.get()["spec"].clone();
    // As where the user's machine does not reach the host that the controllers reach.
    let away = |words: &str| {
        undo(&namespace, words)
            .env("GIT_CONFIG_COUNT", "1")
            .env("GIT_CONFIG_KEY_0", "url.http://127.0.0.1:1/.insteadOf")
            .env("GIT_CONFIG_VALUE_0", fleet.url().replace("fleet.git", ""))
    };
    let ran = away("deploy/web --now --yes").run().ends_with(11);
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
    assert!(ran.stdout.contains("held: deployment/web has the template of revision 1"), "{ran}");
    assert!(ran.stdout.contains("rb undo deployment/web --resume"), "{ran}");
    assert!(app.get()["metadata"]["annotations"][HOLD].is_string());
    // Argo CD leaves it alone as long as it is held.
    app.refresh();
    assert_eq!(live(&namespace), image("1.0"));
    let status = Rb::new(namespace.kubeconfig()).words("status --holds").run().ends_with(11);
    assert!(status.stdout.contains("rb undo deployment/web --resume"), "{status}");
    // Somebody else, elsewhere.
    undo(&namespace, "deploy/web --resume --yes").run().ends_with(0);
    let message = newest_message(&fleet);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}");
    app.wait_synced(&fleet.server_head());
    assert_let_go(&app.get(), &spec);
    assert_eq!(live(&namespace), image("1.0"));
}

/// Git is looked into while the service comes back, however long that takes, and whoever stops it is told
/// what is true.
fn the_service_does_not_wait_for_git(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("now-slow-git"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    let spec = app.get()["spec"].clone();
    // It takes connections and never answers.
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let base = format!("http://{}/", silent.local_addr().expect("its address"));
    let mut running = undo(&namespace, "deploy/web --now --yes")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", format!("url.{base}.insteadOf"))
        .env("GIT_CONFIG_VALUE_0", fleet.url().replace("fleet.git", ""))
        .spawn();
    namespace.wait_until("it is patched", |_| live(&namespace) == image("1.0"));
    namespace.rollout_done("web");
    assert!(!running.has_ended());
    assert_eq!(fleet.server_head(), bad);
    let interrupted = Command::new("kill").args(["-INT", &running.id().to_string()]).status();
    assert!(interrupted.expect("kill").success());
    let ran = running.wait().ends_with(130);
    assert!(unwrapped(&ran.stdout).contains("revert in Git what brought it"), "{ran}");
    assert!(ran.stderr.contains("it is patched, and its owner is held until Git agrees"), "{ran}");
    assert!(ran.stderr.contains("rb undo deployment/web --resume"), "{ran}");
    undo(&namespace, "deploy/web --resume --yes").run().ends_with(0);
    app.wait_synced(&fleet.server_head());
    assert_let_go(&app.get(), &spec);
    assert_eq!(live(&namespace), image("1.0"));
}

fn a_hold_can_be_given_up(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("now-given-up"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    let spec = app.get()["spec"].clone();
    let away = undo(&namespace, "deploy/web --now --yes")
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", "url.http://127.0.0.1:1/.insteadOf")
        .env("GIT_CONFIG_VALUE_0", fleet.url().replace("fleet.git", ""));
    away.run().ends_with(11);
    undo(&namespace, "deploy/web --abandon").run().ends_with(10).says("--yes");
    assert_eq!(live(&namespace), image("1.0"));
    undo(&namespace, "deploy/web --abandon --yes").run().ends_with(0).says("given up");
    assert_let_go(&app.get(), &spec);
    // And Argo CD does what Git says.
    namespace.wait_until("the release is back", |_| live(&namespace) == image("2.0-crash"));
    assert_eq!(fleet.server_head(), bad);
    undo(&namespace, "deploy/web --abandon --yes").run().ends_with(0).says("nothing to give up");
}

/// It would undo the hold at once.
fn an_application_set_cannot_be_held(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("now-set"));
    argocd.start_application_sets(bed);
    let (fleet, commit) = web();
    let app = argocd.generated_application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let bad = bad_release(&app, &fleet);
    let spec = app.get()["spec"].clone();
    let ran = undo(&namespace, "deploy/web --now --yes").run().ends_with(3);
    assert!(ran.stderr.contains("ApplicationSet"), "{ran}");
    assert_eq!(live(&namespace), image("2.0-crash"));
    assert_eq!(fleet.server_head(), bad);
    assert_let_go(&app.get(), &spec);
    // Through Git it goes.
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
}

type Boundary = (&'static str, fn(&RequestHead) -> bool);

/// The writes at which it is killed: each is on its way by then, and arrives.
const BOUNDARIES: [Boundary; 4] = [
    ("hold", |head| is_patch(head, "/applications/") && says(head, "kubectl-rb~1hold")),
    ("patch", |head| {
        is_patch(head, "/deployments/")
            && !head.path.contains("dryRun")
            && says(head, "\"replace\"")
    }),
    ("compare", |head| {
        is_patch(head, "/applications/") && says(head, "argocd.argoproj.io/refresh")
    }),
    ("release", |head| {
        is_patch(head, "/applications/")
            && says(head, "\"remove\"")
            && says(head, "kubectl-rb~1hold")
    }),
];

fn says(head: &RequestHead, text: &str) -> bool {
    String::from_utf8_lossy(&head.body).contains(text)
}

fn is_patch(head: &RequestHead, of: &str) -> bool {
    head.method == "PATCH" && head.path.contains(of)
}

/// Whoever goes on comes to the same end, wherever it was killed: before a write was stored, and before
/// its answer came.
fn a_call_that_was_killed_is_gone_on_with(bed: &TestBed) {
    std::thread::scope(|scope| {
        for (name, is_it) in BOUNDARIES {
            scope.spawn(move || killed_at(bed, &format!("before {name}"), is_it, Action::Hold));
            scope
                .spawn(move || killed_at(bed, &format!("after {name}"), is_it, Action::HoldAnswer));
        }
    });
}

fn killed_at(
    bed: &TestBed,
    name: &str,
    is_it: fn(&RequestHead) -> bool,
    stop: impl Fn(Gate) -> Action + Send + 'static,
) {
    let (namespace, (fleet, _)) = (bed.namespace("now-killed"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    let spec = app.get()["spec"].clone();
    let (proxy, gate) = (bed.proxy(), Gate::closed());
    let held = gate.clone();
    proxy.inject(move |head| if is_it(head) { stop(held.clone()) } else { Action::Pass });
    let kubeconfig = proxy.kubeconfig(&namespace);
    let mut running =
        undo(&namespace, "deploy/web --now --yes").env("KUBECONFIG", &kubeconfig).spawn();
    namespace.wait_until("the write is on its way", |_| gate.is_reached() || running.has_ended());
    let killed = Command::new("kill").args(["-KILL", &running.id().to_string()]).status();
    assert!(killed.expect("kill").success());
    let ran = running.wait();
    assert_eq!(ran.code, -1, "{name}: {ran}");
    // What is held before it is stored never is: the gate stays closed.
    namespace.wait_until("nothing is on its way", |_| !proxy.is_forwarding());

    let resumed = undo(&namespace, "deploy/web --resume --yes").run();
    // Where nothing was written there is nothing to go on with.
    let resumed = if resumed.stdout.contains("nothing to go on with") {
        undo(&namespace, "deploy/web --now --yes").run()
    } else {
        resumed
    };
    assert_eq!(resumed.code, 0, "{name}: {resumed}");
    assert_eq!(live(&namespace), image("1.0"), "{name}: {resumed}");
    let message = newest_message(&fleet);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{name}: {message}");
    app.wait_synced(&fleet.server_head());
    assert_let_go(&app.get(), &spec);
    assert_eq!(live(&namespace), image("1.0"), "{name}");
}
