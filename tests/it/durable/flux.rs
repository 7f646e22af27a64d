//! Kustomizations and `HelmReleases` of the real Flux.

mod again;
mod arriving;
mod barred;
mod values;

use serde_json::json;

use super::{WEB, image, last_undo, live, newest_message, undo, web};
use crate::given::commands;
use crate::rb::Ran;
use crate::suite::{Test, on_bed};
use crate::testbed::flux::{git_repository, helm_release, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    let own = on_bed![
        a_bad_release_goes_back_and_stays_back,
        a_blocked_health_check_is_ended_by_a_patch,
        a_suspended_owner_is_refused,
        values_of_a_release_go_back_where_they_are_declared,
        a_waiting_upgrade_is_ended_by_a_patch,
        a_chart_in_git_goes_back,
    ];
    [own, again::tests(), arriving::tests(), barred::tests(), values::tests()].concat()
}

/// A Kustomization that does not wait for health.
fn hasty() -> serde_json::Value {
    json!({"spec": {"wait": false}})
}

/// An upgrade that does not wait for health.
fn hasty_helm() -> serde_json::Value {
    json!({"disableWait": true})
}

/// Waits until the health check of this commit runs.
#[track_caller]
fn wait_checked(namespace: &Namespace, commit: &str) {
    namespace.wait_until("the health check of it runs", |namespace| {
        let web = namespace.get("kustomization", "web");
        let conditions = web["status"]["conditions"].as_array().cloned().unwrap_or_default();
        web["status"]["lastAttemptedRevision"] == format!("main@sha1:{commit}")
            && conditions.iter().any(|c| {
                c["type"] == "Reconciling"
                    && c["message"]
                        .as_str()
                        .unwrap_or_default()
                        .starts_with("Running health checks")
            })
    });
}

/// Refused, and nothing was pushed or written; what it says.
#[track_caller]
fn is_refused(namespace: &Namespace, fleet: &Fleet, words: &str) -> Ran {
    let (head, before) = (fleet.server_head(), namespace.get("deployment", "web"));
    let ran = undo(namespace, words).run().ends_with(3);
    assert_eq!(fleet.server_head(), head, "{ran}");
    let after = namespace.get("deployment", "web");
    for member in ["generation", "annotations"] {
        assert_eq!(after["metadata"][member], before["metadata"][member], "{ran}");
    }
    ran
}

/// The command in a hint that has this in it.
#[track_caller]
fn command(ran: &Ran, part: &str) -> String {
    let all = commands(ran);
    let found = all.iter().find(|command| command.contains(part));
    found.unwrap_or_else(|| panic!("no command with {part}: {all:?} {ran}")).clone()
}

fn a_bad_release_goes_back_and_stays_back(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("durable-ks"), web());
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&hasty()));
    flux.wait_applied(&namespace, "web", &fleet.head());
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &bad);
    assert_eq!(live(&namespace), image("2.0-crash"));

    let ran = undo(&namespace, "deploy/web --yes --reason burning").run().ends_with(0);
    assert!(ran.stdout.contains("durable: revert"), "{ran}");
    let message = newest_message(&fleet);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}");
    assert_eq!(live(&namespace), image("1.0"));
    let record = last_undo(&namespace);
    assert_eq!(record["reason"], "burning");
    let kustomization = namespace.get("kustomization", "web");
    let applied = format!("main@sha1:{}", fleet.server_head());
    assert_eq!(kustomization["status"]["lastAppliedRevision"], applied);
    // Another run changes nothing.
    flux.reconcile(&namespace, "kustomization", "web");
    assert_eq!(live(&namespace), image("1.0"));
    assert_eq!(last_undo(&namespace)["id"], record["id"]);
}

/// With the default timeout the check of the bad revision holds the revert back for minutes.
fn a_blocked_health_check_is_ended_by_a_patch(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("durable-blocked"), web());
    flux.deploy(&namespace, &fleet, "web", WEB);
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    wait_checked(&namespace, &bad);
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert!(ran.stderr.contains("done: patch deployment/web to what Git holds by then"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"));
    let kustomization = namespace.get("kustomization", "web");
    let applied = format!("main@sha1:{}", fleet.server_head());
    assert_eq!(kustomization["status"]["lastAppliedRevision"], applied);
    // The next release is exactly what it says: nothing of the patch is left, and nobody is in its way.
    fleet.pull();
    let next = fleet.release(WEB, &image("3.0"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &next);
    assert_eq!(live(&namespace), image("3.0"));
}

fn a_suspended_owner_is_refused(bed: &TestBed) {
    let (flux, namespace, (fleet, _)) = (bed.flux(), bed.namespace("durable-suspended"), web());
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &kustomization("web", "fleet", WEB).with(&hasty()));
    flux.wait_applied(&namespace, "web", &fleet.head());
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &bad);
    let suspend = json!({"spec": {"suspend": true}}).to_string();
    namespace.kubectl_ok(&["patch", "kustomization/web", "--type=merge", "-p", &suspend]);
    undo(&namespace, "deploy/web --yes").run().ends_with(3).says("spec.suspend is true");
    assert_eq!(fleet.server_head(), bad);
}

/// A `HelmRelease` that a Kustomization applies, with a release of it that crashes: the commit of that.
/// `release` is its manifest for a tag.
#[track_caller]
fn crashing(
    bed: &TestBed,
    namespace: &Namespace,
    fleet: &Fleet,
    release: &dyn Fn(&str) -> String,
) -> String {
    let write = |tag: &str| fleet.write("releases/web.yaml", &release(tag));
    crashing_by(bed, namespace, fleet, &write, &|| ())
}

/// The same of whatever `write` writes for a tag; `take` has it taken up where Flux does not do so by itself.
#[track_caller]
fn crashing_by(
    bed: &TestBed,
    namespace: &Namespace,
    fleet: &Fleet,
    write: &dyn Fn(&str),
    take: &dyn Fn(),
) -> String {
    let flux = bed.flux();
    write("1.0");
    fleet.push("Add web");
    flux.apply(namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(namespace, &kustomization("releases", "fleet", "releases").with(&hasty()));
    flux.wait_applied(namespace, "releases", &fleet.head());
    flux.wait_released(namespace, "web");
    namespace.rollout_done("web");
    write("2.0-crash");
    let bad = fleet.push("Bump web to 2.0");
    flux.reconcile(namespace, "gitrepository", "fleet");
    flux.wait_applied(namespace, "releases", &bad);
    take();
    namespace.wait_until("the bad release is live", |_| live(namespace) == image("2.0-crash"));
    bad
}

fn values_of_a_release_go_back_where_they_are_declared(bed: &TestBed) {
    let (namespace, fleet) = (bed.namespace("durable-values"), Fleet::new());
    fleet.chart("charts/web", "0.9");
    let release = |tag: &str| {
        // Helm would wait five minutes for what crashes.
        let values = json!({"spec": {"values": {"image": {"tag": tag}}, "upgrade": hasty_helm()}});
        helm_release("web", "fleet", "./charts/web").with(&values).manifest(namespace.name())
    };
    let bad = crashing(bed, &namespace, &fleet, &release);
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    let message = newest_message(&fleet);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}\n{ran}");
    assert_eq!(live(&namespace), image("1.0"));
}

/// Helm waits for what crashes, for five minutes by default, and nothing new is taken up meanwhile.
fn a_waiting_upgrade_is_ended_by_a_patch(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("durable-helm-wait"), Fleet::new());
    fleet.chart("charts/web", "0.9");
    let release = |tag: &str| {
        let values = json!({"spec": {"values": {"image": {"tag": tag}}}});
        helm_release("web", "fleet", "./charts/web").with(&values).manifest(namespace.name())
    };
    crashing(bed, &namespace, &fleet, &release);
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert!(ran.stderr.contains("done: patch deployment/web to what Git holds by then"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"));
    // The next release is exactly what it says.
    fleet.pull();
    fleet.write("releases/web.yaml", &release("3.0"));
    let next = fleet.push("Bump web to 3.0");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "releases", &next);
    namespace.wait_until("the next release is live", |_| live(&namespace) == image("3.0"));
    flux.wait_released(&namespace, "web");
}

fn a_chart_in_git_goes_back(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("durable-chart"), Fleet::new());
    fleet.chart("charts/web", "1.0");
    fleet.push("Add a chart");
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    let hasty = json!({"spec": {"upgrade": hasty_helm()}});
    flux.apply(&namespace, &helm_release("web", "fleet", "./charts/web").with(&hasty));
    flux.wait_released(&namespace, "web");
    namespace.rollout_done("web");
    fleet.chart("charts/web", "2.0-crash");
    let bad = fleet.push("Bump the chart");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    namespace.wait_until("the bad release is live", |_| live(&namespace) == image("2.0-crash"));
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    let message = newest_message(&fleet);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}");
    assert_eq!(live(&namespace), image("1.0"));
}
