//! Other Applications of the real Argo CD that render the same object, or the same files.

use serde_json::{Value, json};

use super::{WEB, bad_release, deployed, image, live, undo, web};
use crate::rb::Ran;
use crate::scene::hint;
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::{Application, automated};
use crate::testbed::{Action, Fleet, Gate, Namespace, RequestHead, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        two_that_render_one_object_are_both_named,
        who_renders_the_same_files_is_named,
        who_does_not_answer_holds_no_patch_up,
    ]
}

const COPY: &str = "apps/copy";
const SHARED: &str = "SharedResourceWarning";

/// What an Application says of objects that it shares.
fn shared(app: &Value) -> Vec<&str> {
    let conditions = app["status"]["conditions"].as_array().into_iter().flatten();
    let of_it = conditions.filter(|condition| condition["type"] == SHARED);
    of_it.filter_map(|condition| condition["message"].as_str()).collect()
}

/// An Application of the folder `apps/copy`, which declares a Deployment `web` as well, in the same
/// namespace.
#[track_caller]
fn copy<'a>(
    bed: &'a TestBed,
    namespace: &'a Namespace,
    fleet: &Fleet,
    extra: &Value,
) -> Application<'a> {
    let argocd = bed.argocd();
    let name = format!("{}-copy", namespace.name());
    argocd.apply(&argocd.manifest(&name, namespace, &fleet.url(), COPY, extra));
    argocd.application_of_others(namespace, &name)
}

#[track_caller]
fn delete(app: &Application<'_>, namespace: &Namespace) {
    let words = ["-n", app.place(), "delete", "application", app.name(), "--wait=false"];
    namespace.kubectl_ok(&words);
}

/// Whether a request is for the Applications, whatever their names are.
fn lists_all(request: &RequestHead) -> bool {
    let path = &request.path;
    path.contains("/applications?") && path.contains("limit=100") && !path.contains("fieldSelector")
}

/// The last that was synced has its mark on the object; only the other says that they share it.
fn two_that_render_one_object_are_both_named(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("beside-object"), web());
    let app = deployed(bed, &namespace, &fleet);
    bad_release(&app, &fleet);
    fleet.app(COPY, "web", &image("1.0"));
    let head = fleet.push("Copy web");
    app.refresh_to(&head);
    app.wait_synced(&head);
    let copy = copy(bed, &namespace, &fleet, &json!({}));
    let said = format!(
        "Deployment/web is part of applications {}/{} and {}",
        copy.place(),
        copy.name(),
        app.name()
    );
    copy.wait_until("it says that it shares", |copy| shared(copy) == [said.as_str()]);
    assert_eq!(shared(&app.get()), [] as [&str; 0]);
    // One that syncs by itself puts its own version back with the next commit, whoever's.
    copy.patch(&json!({"spec": {"syncPolicy": {"automated": {}}}}));
    let is_stable = |app: &Value| {
        let is_marked = namespace.get("deployment", "web")["metadata"]["annotations"]
            ["argocd.argoproj.io/tracking-id"]
            .as_str()
            .is_some_and(|id| id.starts_with(&format!("{}:", namespace.name())));
        let is_done = app["operation"].is_null() && app["status"]["sync"]["status"] == "Synced";
        is_marked && is_done && shared(app).is_empty() && shared(&copy.get()) == [said.as_str()]
    };
    // It has synced once, and the first has healed that.
    copy.wait_until("it has synced once", |copy| {
        copy["status"]["operationState"]["phase"] == "Succeeded" && copy["operation"].is_null()
    });
    app.wait_until("its mark is on the object again", is_stable);
    let both = |ran: &Ran| {
        assert_eq!(ran.code, 3, "{ran}");
        for words in [
            format!("Argo CD application {}, whose mark is on it", app.name()),
            format!("Argo CD application {} syncs by itself", copy.name()),
        ] {
            assert!(ran.stderr.contains(&words), "{words}: {ran}");
        }
    };
    for words in ["deploy/web --yes", "deploy/web --now --yes", "deploy/web --dry-run"] {
        both(&undo(&namespace, words).run());
        assert_eq!(fleet.server_head(), head);
        assert_eq!(live(&namespace), image("2.0-crash"));
    }
    assert_eq!(app.get()["metadata"]["annotations"]["kubectl-rb/hold"], Value::Null);
    let ran = undo(&namespace, "deploy/web").run();
    let label = format!("to take Argo CD application {} back all the same: rb undo ", app.name());
    undo(&namespace, &format!("{} --dry-run", hint(&ran, &label)))
        .run()
        .ends_with(0)
        .says("back to");
    // One that is synced by hand leaves the revert alone.
    copy.patch(&json!({"spec": {"syncPolicy": null}}));
    let told = format!(
        "Argo CD application {} has deployment/web among its objects too, and each sync of it puts its \
         own there",
        copy.name()
    );
    undo(&namespace, "deploy/web --yes").run().ends_with(0).tells(&told);
    assert_eq!(live(&namespace), image("1.0"));
    assert_ne!(fleet.server_head(), head);
    delete(&copy, &namespace);
}

/// A folder that is deployed to two namespaces.
fn who_renders_the_same_files_is_named(bed: &TestBed) {
    let (namespace, other) = (bed.namespace("beside-files"), bed.namespace("beside-files-too"));
    let (fleet, commit) = web();
    fleet.app("apps/api", "api", "registry.test/api:1.0");
    let argocd = bed.argocd();
    let app = deployed(bed, &namespace, &fleet);
    let too = argocd.application(&other, &fleet.url(), WEB, &automated());
    too.wait_synced(&commit);
    bad_release(&app, &fleet);
    let told = format!("the files go back for others too: Argo CD application {}", too.name());
    for what in ["deploy/web".to_owned(), format!("app/{}", app.name())] {
        let plan = undo(&namespace, &format!("{what} --dry-run -o json")).run().ends_with(0);
        assert!(plan.json()["warnings"].to_string().contains(&told), "{plan}");
    }
    // Who may not list them is told nothing, and rolls back all the same.
    let proxy = bed.proxy();
    proxy.inject(|head| {
        if lists_all(head) { Action::refuse(403, "Forbidden", "no") } else { Action::Pass }
    });
    let ran = undo(&namespace, "deploy/web --yes").env("KUBECONFIG", proxy.kubeconfig(&namespace));
    let ran = ran.run().ends_with(0);
    assert!(!ran.stdout.contains("for others too"), "{ran}");
    assert_eq!(live(&namespace), image("1.0"));
    // It was told the truth.
    let head = fleet.server_head();
    too.refresh_to(&head);
    too.wait_synced(&head);
    assert_eq!(live(&other), image("1.0"));
}

/// The list of Applications never comes.
fn who_does_not_answer_holds_no_patch_up(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("beside-silent"), web());
    let app = deployed(bed, &namespace, &fleet);
    bad_release(&app, &fleet);
    let (proxy, gate) = (bed.proxy(), Gate::closed());
    let closed = gate.clone();
    proxy.inject(
        move |head| {
            if lists_all(head) { Action::Hold(closed.clone()) } else { Action::Pass }
        },
    );
    let ran = undo(&namespace, "deploy/web --now --yes");
    ran.env("KUBECONFIG", proxy.kubeconfig(&namespace)).run().ends_with(0);
    assert!(gate.is_reached());
    assert_eq!(live(&namespace), image("1.0"));
    assert_eq!(app.get()["metadata"]["annotations"]["kubectl-rb/hold"], Value::Null);
    gate.open();
}
