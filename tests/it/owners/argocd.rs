//! Applications of the real Argo CD: each way in which they mark what they deploy, who owns them, marks
//! that are not true, and what a user sees who may not read them.

use serde_json::{Value, json};

use super::{notes, owners};
use crate::given::allow;
use crate::rb::{Rb, rb};
use crate::scene::projects::{automated_in, delete_project, with_windows};
use crate::scene::{assert_live, releases};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::automated;
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        an_application_is_known_by_its_annotation,
        an_application_is_known_by_the_label_of_old_versions,
        an_application_is_known_by_a_label_of_anybodys_choice,
        an_application_is_known_by_its_installation,
        an_application_of_applications_is_above,
        an_application_set_is_above,
        marks_that_are_not_true_count_for_nothing,
        a_mark_that_is_left_over_counts_for_nothing,
        an_application_that_nobody_looks_at_is_an_owner_still,
        without_the_right_to_read_it_an_application_is_an_owner_still,
        a_sync_that_is_tried_again_is_told,
        a_window_that_forbids_a_sync_is_told_and_forbids_it,
    ]
}

const WEB: &str = "apps/web";
const TRACKING: &str = "argocd.argoproj.io/tracking-id";

/// A fleet whose app `web` has the image `registry.test/web:1.0`, and the commit that brought it.
fn web() -> (Fleet, String) {
    let fleet = Fleet::new();
    fleet.app(WEB, "web", "registry.test/web:1.0");
    let commit = fleet.push("Add web");
    (fleet, commit)
}

/// The owners of the Deployment `web`.
#[track_caller]
fn of_web(namespace: &Namespace) -> Vec<Value> {
    owners(namespace.kubeconfig(), "deploy/web")
}

fn names(owners: &[Value]) -> Vec<&str> {
    owners.iter().filter_map(|owner| owner["name"].as_str()).collect()
}

/// What is said of the mark of one that is not there.
fn no_application(name: &str) -> String {
    format!(
        "there is no Application {name} in this cluster; an Argo CD of another one would put a patch back"
    )
}

/// What an Application does that heals.
fn heals(what: &str, within: u64) -> String {
    format!("it puts {what} back within {within} s")
}

/// Whether one of the notes begins so.
fn says(owner: &Value, start: &str) -> bool {
    notes(owner).iter().any(|note| note.starts_with(start))
}

fn image(namespace: &Namespace) -> Value {
    namespace.get("deployment", "web")["spec"]["template"]["spec"]["containers"][0]["image"].clone()
}

fn an_application_is_known_by_its_annotation(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("owner-annotation"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let second = fleet.release(WEB, "registry.test/web:1.1");
    app.refresh_to(&second);
    app.wait_synced(&second);
    namespace.rollout_done("web");

    let owners = of_web(&namespace);
    assert_eq!(owners.len(), 1, "{owners:?}");
    let owner = &owners[0];
    assert_eq!(owner["name"], format!("Argo CD application {}", app.name()));
    assert_eq!(owner["proof"], "listed");
    assert_eq!(owner["mark"], format!("annotation {TRACKING}"));
    assert_eq!(owner["object"]["namespace"], argocd.namespace());
    // On a busy machine it may have healed what was no drift, and then it waits a little.
    let within = owner["within"].as_u64().expect("a time");
    assert!((1..=300).contains(&within), "{owner}");
    assert_eq!(owner["would"], heals("its own version", within));
    let source = json!({"kind": "git", "url": fleet.url(), "wants": "main", "isBranch": true,
        "path": WEB, "revision": second});
    assert_eq!(owner["sources"], json!([source]));
    let automation = json!({"syncs": true, "heals": true, "prunes": true, "suspended": false});
    assert_eq!(owner["automation"], automation);
}

/// Deploys with an Argo CD that tracks in this way, and looks at the owner.
fn known_by_a_label(bed: &TestBed, settings: &[(&str, &str)], key: &str) {
    bed.with_argocd(settings, |argocd| {
        let namespace = bed.namespace("owner-label");
        let (fleet, commit) = web();
        let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
        app.wait_synced(&commit);
        let metadata = &namespace.get("deployment", "web")["metadata"];
        assert_eq!(metadata["labels"][key], app.name());
        assert_eq!(metadata["annotations"][TRACKING], Value::Null);
        let owners = of_web(&namespace);
        assert_eq!(owners.len(), 1, "{owners:?}");
        assert_eq!(owners[0]["name"], format!("Argo CD application {}", app.name()));
        assert_eq!(owners[0]["proof"], "listed");
        assert_eq!(owners[0]["mark"], format!("label {key}, written by Argo CD"));
    });
}

fn an_application_is_known_by_the_label_of_old_versions(bed: &TestBed) {
    let settings = [("application.resourceTrackingMethod", "label")];
    known_by_a_label(bed, &settings, "app.kubernetes.io/instance");
}

fn an_application_is_known_by_a_label_of_anybodys_choice(bed: &TestBed) {
    let settings = [
        ("application.resourceTrackingMethod", "label"),
        ("application.instanceLabelKey", "x.test/app"),
    ];
    known_by_a_label(bed, &settings, "x.test/app");
}

fn an_application_is_known_by_its_installation(bed: &TestBed) {
    bed.with_argocd(&[("installationID", "one")], |argocd| {
        let namespace = bed.namespace("owner-installation");
        let (fleet, commit) = web();
        let app = argocd.application(&namespace, &fleet.url(), WEB, &json!({}));
        app.refresh_to(&commit);
        app.sync(&commit);
        app.wait_synced(&commit);
        let key = "argocd.argoproj.io/installation-id";
        assert_eq!(namespace.get("deployment", "web")["metadata"]["annotations"][key], "one");
        let found = of_web(&namespace);
        assert_eq!(found[0]["proof"], "listed", "{found:?}");
        assert_eq!(found[0]["mark"], format!("annotations {TRACKING} and {key}"));

        // As if the Argo CD of another cluster had deployed it.
        namespace.kubectl_ok(&["annotate", "--overwrite", "deployment/web", &format!("{key}=two")]);
        let found = of_web(&namespace);
        assert_eq!(found.len(), 1, "{found:?}");
        let why = found[0]["proof"]["unread"].as_str().unwrap_or_default();
        assert!(
            why.contains("installation \"two\" of Argo CD, which is not the one here"),
            "{why}"
        );
    });
}

fn an_application_of_applications_is_above(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("owner-parent"));
    let (fleet, _) = web();
    let name = format!("{}-web", namespace.name());
    let child = argocd.manifest(&name, &namespace, &fleet.url(), WEB, &automated());
    fleet.write("clusters/one/web.json", &child.to_string());
    let commit = fleet.push("Let the cluster have web");
    let mut extra = automated();
    extra["spec"]["destination"] = json!({"namespace": argocd.namespace()});
    extra["metadata"] = json!({"finalizers": ["resources-finalizer.argocd.argoproj.io"]});
    let parent = argocd.application(&namespace, &fleet.url(), "clusters/one", &extra);
    parent.wait_synced(&commit);
    argocd.application_of_others(&namespace, &name).wait_synced(&commit);

    let owners = of_web(&namespace);
    let expected = [&name, parent.name()].map(|name| format!("Argo CD application {name}"));
    assert_eq!(names(&owners), expected);
    assert!(owners.iter().all(|owner| owner["proof"] == "listed"), "{owners:?}");
    assert_eq!(owners[0]["of"], Value::Null);
    assert_eq!([&owners[1]["of"]["kind"], &owners[1]["of"]["name"]], ["Application", &*name]);
    let within = owners[1]["within"].as_u64().expect("a time");
    assert_eq!(owners[1]["would"], heals("the settings of this Application", within));
}

fn an_application_set_is_above(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("owner-set"));
    argocd.start_application_sets(bed);
    let (fleet, commit) = web();
    let app = argocd.generated_application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    let owners = of_web(&namespace);
    let name = app.name();
    let expected = [format!("Argo CD application {name}"), format!("ApplicationSet {name}")];
    assert_eq!(names(&owners), expected);
    assert!(owners.iter().all(|owner| owner["proof"] == "listed"), "{owners:?}");
    assert_eq!(owners[1]["of"]["kind"], "Application");
    assert_eq!(owners[1]["within"], 1);
}

/// Marks that somebody has put on a Deployment of nobody.
fn marks_that_are_not_true_count_for_nothing(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("owner-forged"));
    let (fleet, commit) = web();
    let elsewhere = bed.namespace("owner-true");
    let app = argocd.application(&elsewhere, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    // At its next comparison it would take what bears its mark for its own, and prune it.
    let skip = json!({"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": "true"}}});
    app.patch(&skip);
    releases(&namespace, 0, &["1.0", "2.0"]);
    let (place, name) = (namespace.name(), app.name());
    for (id, why) in [
        (
            format!("{name}:apps/Deployment:{place}/web"),
            format!("Application {name} does not list it"),
        ),
        (
            format!("{name}:apps/Deployment:{}/web", elsewhere.name()),
            format!("it names Deployment {}/web, from which it was copied", elsewhere.name()),
        ),
        (format!("nobody:apps/Deployment:{place}/web"), no_application("nobody")),
        (
            format!("{place}_nobody:apps/Deployment:{place}/web"),
            no_application(&format!("{place}/nobody")),
        ),
        (
            format!("..:apps/Deployment:{place}/web"),
            "no Application can be called \"..\"".to_owned(),
        ),
        (name.to_owned(), "its text is no id of Argo CD".to_owned()),
    ] {
        let mark = format!("{TRACKING}={id}");
        namespace.kubectl_ok(&["annotate", "--overwrite", "deployment/web", &mark]);
        let found = of_web(&namespace);
        assert_eq!(found.len(), 1, "{id}: {found:?}");
        assert_eq!(found[0]["proof"]["refuted"], why, "{id}");
    }
    // A chart's label, on what nobody with the name of Argo CD has written.
    namespace.kubectl_ok(&["annotate", "deployment/web", &format!("{TRACKING}-")]);
    let label = format!("app.kubernetes.io/instance={name}");
    namespace.kubectl_ok(&["label", "deployment/web", &label]);
    assert_eq!(of_web(&namespace), [] as [Value; 0]);
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    assert_live(&namespace, "1.0");
}

/// In a namespace that its Argo CD does not look at it is never compared, and lists nothing.
fn an_application_that_nobody_looks_at_is_an_owner_still(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("owner-blank"), web().0);
    let mut object = argocd.manifest("web", &namespace, &fleet.url(), WEB, &automated());
    object["metadata"]["namespace"] = json!(namespace.name());
    namespace.apply(&object.to_string());
    releases(&namespace, 0, &["1.0", "2.0"]);
    let place = namespace.name();
    let mark = format!("{TRACKING}={place}_web:apps/Deployment:{place}/web");
    namespace.kubectl_ok(&["annotate", "deployment/web", &mark]);
    let found = of_web(&namespace);
    let why = found[0]["proof"]["unread"].as_str().unwrap_or_default();
    assert!(why.contains("has never been compared with its source"), "{found:?}");
    rb(&namespace, "undo deploy/web --yes").ends_with(3).says("has never been compared");
    assert_live(&namespace, "2.0");
}

/// What an Application leaves behind that was deleted without its objects.
fn a_mark_that_is_left_over_counts_for_nothing(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("owner-left"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    let second = fleet.release(WEB, "registry.test/web:1.1");
    app.refresh_to(&second);
    app.wait_synced(&second);
    namespace.rollout_done("web");
    let name = app.name().to_owned();
    drop(app);
    let why = no_application(&name);
    namespace.wait_until("the Application is gone", |namespace| {
        of_web(namespace)[0]["proof"]["refuted"] == why
    });
    rb(&namespace, "undo deploy/web --yes").ends_with(0);
    assert_eq!(image(&namespace), "registry.test/web:1.0");
}

fn without_the_right_to_read_it_an_application_is_an_owner_still(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("owner-rights"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    let rules = ["get,patch,watch deployments.apps", "list replicasets.apps", "list,watch pods"];
    allow(&namespace, "grace", &rules);
    let found = owners(&namespace.user("grace"), "deploy/web");
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0]["name"], format!("Argo CD application {}", app.name()));
    let why = found[0]["proof"]["unread"].as_str().unwrap_or_default();
    assert!(why.contains("not allowed to list applications.argoproj.io"), "{why}");
    assert!(why.contains("auth can-i list applications.argoproj.io -A"), "{why}");

    // Where Argo CD usually is, the right to read there is enough.
    let role = format!("{}-grace", namespace.name());
    let resource = "--resource=applications.argoproj.io";
    let place = argocd.namespace();
    namespace.kubectl_ok(&["-n", place, "create", "role", &role, "--verb=get", resource]);
    let (role_flag, user) = (format!("--role={role}"), "--user=grace");
    namespace.kubectl_ok(&["-n", place, "create", "rolebinding", &role, &role_flag, user]);
    namespace.wait_until("the Application may be read", |namespace| {
        owners(&namespace.user("grace"), "deploy/web")[0]["proof"] == "listed"
    });
    let refused = Rb::new(&namespace.user("grace")).words("undo deploy/web --yes").run();
    refused.says(app.name());
    namespace.kubectl_ok(&["-n", place, "delete", "role,rolebinding", &role]);
}

/// A commit that cannot be applied holds back all that come after it.
fn a_sync_that_is_tried_again_is_told(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("owner-pinned"));
    let (fleet, commit) = web();
    let app = argocd.application(&namespace, &fleet.url(), WEB, &automated());
    app.wait_synced(&commit);
    let path = format!("{WEB}/deployment.yaml");
    // A selector is immutable.
    fleet.write(&path, &fleet.read(&path).replace("app: web", "app: other"));
    let bad = fleet.push("Rename the label");
    app.refresh_to(&bad);
    app.wait_until("the sync has failed once", |app| {
        let state = &app["status"]["operationState"];
        state["phase"] == "Running" && state["finishedAt"].is_string()
    });
    let short = &bad[..7];
    let told = format!("a sync to {short} has failed and is tried again");
    namespace.wait_until("it is told", |namespace| {
        let owner = of_web(namespace).remove(0);
        if says(&owner, &told) { Ok(()) } else { Err(owner.to_string()) }
    });
}

fn a_window_that_forbids_a_sync_is_told_and_forbids_it(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("owner-window"));
    let (fleet, commit) = web();
    let project = namespace.name();
    argocd.apply(&with_windows(project, &json!([])));
    let extra = automated_in(project);
    let app = argocd.application(&namespace, &fleet.url(), WEB, &extra);
    app.wait_synced(&commit);
    assert!(!notes(&of_web(&namespace)[0]).concat().contains("window"));
    for (schedule, kind, is_forbidden) in
        [("* * * * *", "allow", false), ("0 0 29 2 *", "allow", true), ("* * * * *", "deny", true)]
    {
        let windows = json!([{"kind": kind, "schedule": schedule, "duration": "1h",
            "applications": [app.name()]}]);
        argocd.apply(&with_windows(project, &windows));
        let owner = of_web(&namespace).remove(0);
        let is_told = says(&owner, "it may not sync at all until ");
        assert_eq!(is_told, is_forbidden, "{schedule} {kind}: {owner}");
        assert_eq!(owner["within"].as_u64().unwrap() > 60, is_forbidden, "{owner}");
    }
    // The real one holds to it.
    namespace.set_image("web", "registry.test/web:0.9");
    app.wait_until("the patch was seen", |app| app["status"]["sync"]["status"] == "OutOfSync");
    let compared = app.refresh();
    assert_eq!(compared["operation"], Value::Null);
    assert_eq!(image(&namespace), "registry.test/web:0.9");
    drop(app);
    delete_project(argocd, &namespace, project);
}
