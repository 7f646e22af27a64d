//! Applications of the real Argo CD.

use serde_json::{Value, json};

use super::phases::Phases;
use super::{
    WEB, bad_release, deployed, image, last_undo, live, newest_message, stopped_as_it_asks, undo,
    web,
};
use crate::given::allow_only;
use crate::rb::Rb;
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::automated;
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_bad_release_goes_back_and_stays_back,
        a_dry_run_changes_nothing,
        an_application_that_is_synced_by_hand_is_synced,
        a_sync_that_waits_for_health_is_ended_first,
        a_second_call_after_the_push_pushes_nothing,
        the_right_commit_of_many_is_reverted,
        without_the_right_to_read_the_application_nothing_is_done,
        a_durable_undo_costs_few_requests,
        an_interrupted_wait_says_what_is_true,
    ]
}

/// What the rollback itself may ask for: reading, planning, and carrying it out.
const MOST_REQUESTS: usize = 25;
/// What it asks for in all, with the checks before the first write and the verification of two pods.
const MEASURED: usize = 39;

fn a_bad_release_goes_back_and_stays_back(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("durable-argo"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    assert_eq!(live(&namespace), image("2.0-crash"));

    let ran = undo(&namespace, "deploy/web --yes --reason burning --incident INC-1").run();
    let ran = ran.ends_with(0).says("rolled back: deployment/web runs the template of revision 1");
    let head = fleet.server_head();
    assert_ne!(head, bad);
    let message = newest_message(&fleet);
    assert!(message.starts_with("Revert \"Bump web to 2.0-crash\""), "{message}");
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}");
    assert!(message.contains("INC-1"), "{message}");
    assert_eq!(live(&namespace), image("1.0"));
    let object = app.get();
    assert_eq!(object["status"]["sync"]["revision"], *head);
    assert_eq!(object["status"]["sync"]["status"], "Synced");
    let undo_record = last_undo(&namespace);
    assert_eq!(undo_record["reason"], "burning");
    assert!(ran.stdout.contains("durable: revert"), "{ran}");
    // Whoever compares it now finds no difference, and the record stays.
    app.refresh();
    assert_eq!(app.get()["status"]["sync"]["status"], "Synced");
    assert_eq!(live(&namespace), image("1.0"));
    assert_eq!(last_undo(&namespace)["id"], undo_record["id"]);

    // A retried step does not go further back, and nobody goes forward to what was left.
    undo(&namespace, "deploy/web --yes").run().ends_with(0).says("already rolled back");
    assert_eq!(fleet.server_head(), head);
    let ran = undo(&namespace, "deploy/web --yes --again").run().ends_with(4);
    assert_eq!(fleet.server_head(), head, "{ran}");
}

fn a_dry_run_changes_nothing(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("durable-dry"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    let before = namespace.get("deployment", "web");
    let plan = undo(&namespace, "deploy/web --dry-run -o json").run().ends_with(0).json();
    let kinds: Vec<&str> = plan["steps"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|step| step["action"]["type"].as_str())
        .collect();
    let wanted =
        ["record", "revert", "follow", "annotateRevision", "createEvent", "wait", "stampVerdict"];
    assert_eq!(kinds, wanted);
    let revert = plan["steps"].as_array().and_then(|steps| steps.get(1)).expect("a revert");
    assert_eq!(revert["action"]["plan"]["asked"]["commits"], json!([bad]));
    undo(&namespace, "deploy/web --dry-run").run().ends_with(0).says("durable: revert");
    undo(&namespace, "deploy/web -o sh")
        .run()
        .ends_with(0)
        .says(&format!("revert --no-edit {bad}"));
    assert_eq!(fleet.server_head(), bad);
    let after = namespace.get("deployment", "web");
    assert_eq!(before["metadata"]["annotations"], after["metadata"]["annotations"]);
    plan_file_is_carried_out_once(&namespace, &fleet, &bad);
}

/// A plan that goes through Git is made again: it is carried out where the same comes out.
fn plan_file_is_carried_out_once(namespace: &Namespace, fleet: &Fleet, bad: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("plan.json");
    let with = |words: &str| undo(namespace, words).arg(&file);
    with("deploy/web --dry-run --plan-out").run().ends_with(0);
    assert_eq!(fleet.server_head(), *bad);
    // Another plan than the one that somebody has looked at is not carried out.
    let text = std::fs::read_to_string(&file).expect("a plan");
    let other = text.replace(bad, &"1".repeat(40));
    let forged = folder.path().join("forged.json");
    std::fs::write(&forged, other).expect("a file");
    undo(namespace, "--yes --plan").arg(&forged).run().ends_with(3).says("stale");
    assert_eq!(fleet.server_head(), *bad);
    // Nobody can be asked here, and nothing was said.
    undo(namespace, "deploy/web").run().ends_with(10).says("--yes");
    assert_eq!(fleet.server_head(), *bad);
    with("--yes --plan").run().ends_with(0);
    assert_ne!(fleet.server_head(), *bad);
    assert_eq!(live(namespace), image("1.0"));
}

fn an_application_that_is_synced_by_hand_is_synced(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("durable-manual"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &json!({}));
    app.sync(&commit);
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    app.refresh_to(&bad);
    app.sync(&bad);
    app.wait_synced(&bad);
    let report = undo(&namespace, "deploy/web --yes -o json").run().ends_with(0).json();
    assert_eq!(report["result"], "rolledBack", "{report}");
    assert_eq!(report["revert"]["result"], "pushed");
    assert_eq!(report["revert"]["commit"], *fleet.server_head());
    assert_eq!(live(&namespace), image("1.0"));
}

/// A sync waits for what it has deployed before it goes on with the next wave, and what crashes never
/// gets there. What is pushed meanwhile waits behind it.
fn a_sync_that_waits_for_health_is_ended_first(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("durable-pinned"), web());
    let app = deployed(bed, &namespace, &fleet);
    let later = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: later\n  annotations:\n    \
                 argocd.argoproj.io/sync-wave: \"1\"\n";
    fleet.write(&format!("{WEB}/later.yaml"), later);
    let bad = fleet.release(WEB, &image("2.0-crash"));
    app.refresh_to(&bad);
    namespace.wait_until("the bad release is live", |_| live(&namespace) == image("2.0-crash"));
    app.wait_until("its sync waits for health", |app| {
        app["status"]["operationState"]["phase"] == "Running"
            && app["status"]["operationState"]["syncResult"]["revision"] == *bad
    });
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert!(ran.stdout.contains("durable: end what runs, revert"), "{ran}");
    assert!(ran.stderr.contains("done: terminate the sync to"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"));
    assert_eq!(app.get()["status"]["sync"]["revision"], *fleet.server_head());
}

/// As after a call that was killed between the push and the wait.
fn a_second_call_after_the_push_pushes_nothing(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("durable-again"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &json!({}));
    app.sync(&commit);
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    app.refresh_to(&bad);
    app.sync(&bad);
    app.wait_synced(&bad);
    // Without automation nobody takes it up but rb.
    let revert = fleet.revert(&bad);
    let ran = undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert!(ran.stdout.contains("push nothing, Git holds it"), "{ran}");
    assert_eq!(fleet.server_head(), revert);
    assert_eq!(live(&namespace), image("1.0"));
}

fn the_right_commit_of_many_is_reverted(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("durable-mono"));
    let (fleet, _) = web();
    fleet.app("apps/api", "api", "registry.test/api:1.0");
    let commit = fleet.push("Add api");
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    // Both apps in one commit, then the other one alone.
    let path = "apps/api/deployment.yaml";
    fleet.write(path, &fleet.read(path).replace("api:1.0", "api:2.0"));
    let bad = fleet.release(WEB, &image("2.0-crash"));
    let top = fleet.release("apps/api", "registry.test/api:3.0");
    app.refresh_to(&top);
    app.wait_synced(&top);
    let plan = undo(&namespace, "deploy/web --dry-run -o json").run().ends_with(0).json();
    let revert = &plan["steps"][1]["action"]["plan"];
    assert_eq!(revert["asked"]["commits"], json!([bad]), "{revert}");
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    fleet.pull();
    assert_eq!(live(&namespace), image("1.0"));
    // What the same commit brought to another application stays.
    assert!(fleet.read(path).contains("api:3.0"));
    let changed = fleet.git(&["diff", "--name-only", &top, "HEAD"]);
    assert_eq!(changed.trim(), format!("{WEB}/deployment.yaml"));
}

fn without_the_right_to_read_the_application_nothing_is_done(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("durable-blind"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    let rules = [
        "get,list,watch,patch deployments.apps",
        "get,list,watch replicasets.apps",
        "get,list,watch pods",
        "get,list,watch,create events",
    ];
    allow_only(&namespace, "carol", &rules);
    let ran = Rb::new(&namespace.user("carol")).words("undo deploy/web --yes").run().ends_with(3);
    assert!(ran.stderr.contains("not known"), "{ran}");
    assert!(ran.stderr.contains("--direct"), "{ran}");
    assert_eq!(fleet.server_head(), bad);
    assert_eq!(live(&namespace), image("2.0-crash"));
    assert_eq!(
        namespace.get("deployment", "web")["metadata"]["annotations"]["kubectl-rb/record"],
        Value::Null
    );
}

fn a_durable_undo_costs_few_requests(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("durable-cost"), web());
    let app = deployed(bed, &namespace, &fleet);
    bad_release(&app, &fleet);
    let proxy = bed.proxy();
    let ran = undo(&namespace, "deploy/web --yes").env("KUBECONFIG", proxy.kubeconfig(&namespace));
    ran.run().ends_with(0);
    let requests = proxy.requests();
    let phases = Phases::of(&requests);
    let asked: Vec<String> = requests
        .iter()
        .filter(|record| !record.request.is_watch())
        .map(|record| format!("{} {}", record.request.method, record.request.path))
        .collect();
    let rollback = phases.reading + phases.rollback;
    assert!(rollback <= MOST_REQUESTS, "{phases:?}: {asked:#?}");
    // The repeated request to compare, and the log of one pod more.
    assert!(phases.all() <= MEASURED + 2, "{phases:?}: {asked:#?}");
    assert!(phases.checks > 0 && phases.verification > 0, "{phases:?}: {asked:#?}");
}

/// Ctrl-C while the owner is followed: the commit is on the branch, and that is what is said.
fn an_interrupted_wait_says_what_is_true(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("durable-int"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    let (ran, gate) = stopped_as_it_asks(bed, &namespace, "deploy/web --yes", "-INT");
    let ran = ran.ends_with(130);
    assert_ne!(fleet.server_head(), bad);
    assert!(ran.stderr.contains("is on the branch, and the owner carries it on"), "{ran}");
    gate.open();
    // Whoever calls again pushes nothing more, and brings it to its end.
    let newest = fleet.server_head();
    undo(&namespace, "deploy/web --yes").run().ends_with(0);
    assert_eq!(fleet.server_head(), newest);
    assert_eq!(live(&namespace), image("1.0"));
}
