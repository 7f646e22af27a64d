//! Applications of the real Argo CD.

use std::thread;

use serde_json::{Value, json};

use super::{WEB, image, is_bounded, told};
use crate::rb::{Rb, rb};
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::{Application, ArgoCd, automated};
use crate::testbed::{Action, Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        what_was_deployed_is_told_with_its_commits,
        where_git_is_not_reached_the_status_tells,
        an_application_and_its_workloads_have_a_status,
        an_application_is_found_without_its_namespace,
        without_rights_it_is_said,
        where_there_are_no_applications_it_is_said,
        of_a_whole_application_the_workloads_are_named,
    ]
}

/// An Application whose `web` has the image of release 1.0; a sync that fails is not tried again.
fn deployed<'a>(argocd: &'a ArgoCd, namespace: &'a Namespace, fleet: &Fleet) -> Application<'a> {
    fleet.app(WEB, "web", &image("1.0"));
    let commit = fleet.push("Add web");
    let mut extra = automated();
    extra["spec"]["syncPolicy"]["retry"] = json!({"limit": 0});
    let app = argocd.application(namespace, &fleet.url(), WEB, &extra);
    app.wait_synced(&commit);
    namespace.rollout_done("web");
    app
}

fn bring(app: &Application<'_>, namespace: &Namespace, commit: &str) {
    app.refresh_to(commit);
    app.wait_synced(commit);
    namespace.rollout_done("web");
}

/// A commit that cannot be applied: a selector is immutable.
fn break_it(app: &Application<'_>, fleet: &Fleet) -> String {
    let path = format!("{WEB}/deployment.yaml");
    fleet.write(&path, &fleet.read(&path).replace("app: web", "app: other"));
    let broken = fleet.push("Rename the label");
    app.refresh_to(&broken);
    app.wait_until("the sync has failed", |app| {
        app["status"]["operationState"]["phase"] == "Failed"
            && app["status"]["operationState"]["syncResult"]["revision"] == *broken
    });
    broken
}

fn what_was_deployed_is_told_with_its_commits(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("app-history"), Fleet::new());
    let app = deployed(argocd, &namespace, &fleet);
    // Somebody who wants to steer a terminal, or a runner.
    let path = format!("{WEB}/deployment.yaml");
    fleet.write(&path, &fleet.read(&path).replace(":1.0", ":1.1"));
    fleet.git(&["add", "--all"]);
    let author = "--author=::error::Eve\u{1b}[31m\u{202e} <eve@shop.test>";
    fleet.git(&["commit", "-q", author, "-m", "::error::bump\u{1b}]0;x\u{7} to 1.1"]);
    fleet.git(&["push", "-q", "origin", "main"]);
    let bad = fleet.head();
    bring(&app, &namespace, &bad);
    let revert = fleet.revert(&bad);
    bring(&app, &namespace, &revert);
    break_it(&app, &fleet);

    let words = format!("history app/{} -n {}", app.name(), argocd.namespace());
    let document = rb(&namespace, &format!("{words} -o json")).ends_with(0).json();
    let hostile = "::error::bump\u{1b}]0;x\u{7} to 1.1";
    assert_eq!(
        told(&document),
        [
            "Add web: applied".to_owned(),
            format!("{hostile}: applied reverted"),
            format!("Revert \"{hostile}\": applied live"),
            "Rename the label: failed".to_owned(),
        ]
    );
    let states = document["states"].as_array().expect("states");
    assert_eq!(states[1]["revertedBy"], *revert);
    assert_eq!(states[2]["reverts"], json!([bad]));
    let images: Vec<&Value> = states.iter().map(|state| &state["images"][0]).collect();
    assert_eq!(images, [&image("1.0"), &image("1.1"), &image("1.0"), &image("1.0")]);
    assert_eq!(states[0]["deployedBy"], "automated sync");
    assert!(states[0]["deployedAt"].is_string(), "{document:#}");
    assert!(states[3]["outcome"]["message"].is_string(), "{document:#}");
    assert_eq!(document["git"]["url"], fleet.url());
    assert_eq!(document["git"]["paths"], json!([path]));

    let table = rb(&namespace, &words).ends_with(0).says("reverted").says("web:1.1");
    is_bounded(&table);
    assert_eq!(table.stdout.lines().filter(|line| line.contains("web:1.")).count(), 4, "{table}");
    let wide = rb(&namespace, &format!("{words} -o wide")).ends_with(0);
    let wide = wide.says("automated sync").says(&format!("reverted {}", &revert[..9]));
    assert!(!wide.stdout.contains('\u{1b}'), "{wide}");
    let names = rb(&namespace, &format!("{words} -o name")).ends_with(0);
    assert_eq!(names.stdout.lines().nth(1), Some(bad.as_str()), "{names}");
}

fn where_git_is_not_reached_the_status_tells(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("app-no-git"), Fleet::new());
    let app = deployed(argocd, &namespace, &fleet);
    let second = fleet.release(WEB, &image("1.1"));
    bring(&app, &namespace, &second);
    app.wait_until("it is healthy", |app| app["status"]["health"]["status"] == "Healthy");
    // A comparison without Git would take out of its status what is asked for here.
    let skip = json!({"metadata": {"annotations": {"argocd.argoproj.io/skip-reconcile": "true"}}});
    app.patch(&skip);
    let url = fleet.url();
    drop(fleet);
    let words = format!("history app/{} -n {}", app.name(), argocd.namespace());
    let ran = rb(&namespace, &words).ends_with(0).says("note: Git was not asked");
    let ran = ran.says(&format!("git ls-remote {url} main")).says(&second[..9]);
    is_bounded_but_for_notes(&ran.stdout);
    let document = rb(&namespace, &format!("{words} -o json")).ends_with(0).json();
    assert_eq!(told(&document), ["?: applied", "?: applied live"]);
    assert_eq!(document["git"], Value::Null);
    let last = &document["states"][1];
    assert_eq!((&last["commitId"], &last["images"]), (&json!(second), &json!([image("1.1")])));
}

#[track_caller]
fn is_bounded_but_for_notes(text: &str) {
    let rows = text.lines().filter(|line| !line.starts_with("note: "));
    for line in rows {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

fn an_application_and_its_workloads_have_a_status(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("app-status"), Fleet::new());
    let app = deployed(argocd, &namespace, &fleet);
    let words = format!("status app/{} -n {}", app.name(), argocd.namespace());
    let ran = rb(&namespace, &words).ends_with(0).says("it is Synced and Healthy");
    let ran = ran.says("puts back what others change").says("deployment/web");
    assert!(ran.stdout.ends_with("healthy\n"), "{ran}");
    let document = rb(&namespace, &format!("{words} --watch=false -o json")).ends_with(0).json();
    assert_eq!((&document["result"], &document["exitCode"]), (&json!("healthy"), &json!(0)));
    assert_eq!(document["desired"], document["applied"]);
    assert_eq!(document["objects"]["workloads"], 1);
    let web = &document["workloads"][0];
    assert_eq!((&web["target"]["name"], &web["result"]), (&json!("web"), &json!("complete")));
    let lines = rb(&namespace, &format!("{words} -o jsonl")).ends_with(0).lines();
    assert_eq!(lines.last().expect("a line")["type"], "owner-status");

    app.patch(&json!({"metadata": {"annotations": {"kubectl-rb/hold": "audit"}}}));
    rb(&namespace, &words).ends_with(0).says("audit (annotation kubectl-rb/hold)");

    let broken = break_it(&app, &fleet);
    let failed = format!("it has failed to sync {}", &broken[..7]);
    let ran = rb(&namespace, &format!("{words} --watch=false")).ends_with(6).says(&failed);
    assert!(ran.stdout.ends_with("objects are not well\n"), "{ran}");
    // Nothing changes any more: nobody is kept waiting.
    rb(&namespace, &words).ends_with(6);

    // What is on its way is waited for.
    let revert = fleet.revert(&broken);
    let waits = format!("{words} --timeout=120s");
    let waiting = Rb::new(namespace.kubeconfig()).words(&waits);
    let waiting = thread::scope(|scope| {
        app.refresh_to(&revert);
        scope.spawn(|| waiting.run()).join().expect("it ran")
    });
    waiting.ends_with(0).says("it is Synced");
}

fn an_application_is_found_without_its_namespace(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("app-found"), Fleet::new());
    let app = deployed(argocd, &namespace, &fleet);
    let place = argocd.namespace();
    app.wait_until("it says that it is healthy", |app| {
        app["status"]["health"]["status"] == "Healthy"
    });
    let ran = rb(&namespace, &format!("status app {} --watch=false", app.name())).ends_with(0);
    ran.says(&format!("note: application/{} is in namespace {place}", app.name()));
    rb(&namespace, "status app/nobody-has-this").ends_with(4).says("does not exist");
    let ran = rb(&namespace, &format!("history app/{} -n {}", app.name(), namespace.name()));
    // It is somewhere else: with the command for that.
    ran.ends_with(4).says(&format!("rb history application/{} -n {place}", app.name()));
}

fn without_rights_it_is_said(bed: &TestBed) {
    let (argocd, namespace) = (bed.argocd(), bed.namespace("app-rights"));
    let grace = namespace.user("grace");
    for words in ["history app/web", "status app/web"] {
        for place in [String::new(), format!(" -n {}", argocd.namespace())] {
            let ran = Rb::new(&grace).words(&format!("{words}{place}")).run().ends_with(3);
            ran.says("not allowed to").says("applications.argoproj.io");
        }
    }
}

/// As on a cluster without Argo CD.
fn where_there_are_no_applications_it_is_said(bed: &TestBed) {
    let namespace = bed.namespace("app-no-crd");
    let proxy = bed.proxy();
    proxy.inject(|request| {
        if request.path.starts_with("/apis/argoproj.io") {
            Action::refuse(404, "NotFound", "the server could not find the requested resource")
        } else {
            Action::Pass
        }
    });
    let kubeconfig = proxy.kubeconfig(&namespace);
    for words in ["history app/web", "status app/web -n argocd", "undo app/web --yes"] {
        let ran = Rb::new(&kubeconfig).words(words).run().ends_with(4);
        ran.says("it has no applications.argoproj.io").says("Argo CD is not installed here");
    }
}

fn of_a_whole_application_the_workloads_are_named(bed: &TestBed) {
    let (argocd, namespace, fleet) = (bed.argocd(), bed.namespace("app-undo"), Fleet::new());
    let app = deployed(argocd, &namespace, &fleet);
    let name = format!("app/{} -n {}", app.name(), argocd.namespace());
    let of_web = format!("deployment/web -n {}", namespace.name());
    rb(&namespace, &format!("verify {name}")).ends_with(2).says(&format!("rb verify {of_web}"));
    rb(&namespace, "undo app/a app/b").ends_with(2).says("named alone");
    rb(&namespace, "status app --all").ends_with(2).says("select workloads");
}
