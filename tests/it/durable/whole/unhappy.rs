//! `rb undo app/NAME` where more than one thing is in the way, or beside it.

use serde_json::{Value, json};

use super::super::bots::{image_updater, updates};
use super::super::request::merge;
use super::super::{WEB, bad_release, deployed, image, live, stopped_as_it_asks, undo, web};
use super::named;
use crate::suite::{Test, on_bed};
use crate::testbed::argocd::{Application, automated};
use crate::testbed::{Fleet, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        a_request_is_brought_once_it_is_merged,
        a_call_that_was_killed_after_the_push_is_gone_on_with,
        of_two_repositories_the_one_that_moved_goes_back,
        where_both_repositories_moved_nothing_is_pushed,
        who_brings_it_back_is_told_with_what_stops_it,
    ]
}

fn a_request_is_brought_once_it_is_merged(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("whole-request"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    let words = format!("{} --yes", named(&app, bed.argocd()));
    for _ in 0..2 {
        undo(&namespace, &format!("{words} --way request")).run().ends_with(12);
    }
    let branches = fleet.git(&["ls-remote", "origin", "refs/heads/rb/*"]);
    assert_eq!(branches.lines().count(), 1, "{branches}");
    assert_eq!((fleet.server_head(), live(&namespace)), (bad, image("2.0-crash")));
    merge(&fleet);
    let head = fleet.server_head();
    undo(&namespace, &words).run().ends_with(0);
    assert_eq!((fleet.server_head(), live(&namespace)), (head, image("1.0")));
}

fn a_call_that_was_killed_after_the_push_is_gone_on_with(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("whole-killed"), web());
    let app = deployed(bed, &namespace, &fleet);
    let bad = bad_release(&app, &fleet);
    let words = format!("{} --yes", named(&app, bed.argocd()));
    let (_, gate) = stopped_as_it_asks(bed, &namespace, &words, "-KILL");
    gate.open();
    let head = fleet.server_head();
    assert_ne!(head, bad);
    undo(&namespace, &words).run().ends_with(0).says("already rolled back");
    assert_eq!((fleet.server_head(), live(&namespace)), (head, image("1.0")));
}

/// Two sources of an Application, each in a repository of its own.
fn in_two_repositories(fleet: &Fleet, other: &Fleet) -> Value {
    let source = |fleet: &Fleet, path: &str| json!({"repoURL": fleet.url(), "path": path, "targetRevision": "main"});
    let mut extra = automated();
    extra["spec"]["sources"] = json!([source(other, "settings"), source(fleet, WEB)]);
    extra["spec"]["source"] = Value::Null;
    extra
}

/// Waits until what was deployed last are these commits of its two sources.
fn wait_deployed(app: &Application<'_>, revisions: [&str; 2]) {
    app.wait_until("both sources are deployed", |app| {
        let history = app["status"]["history"].as_array();
        history.and_then(|all| all.last()).is_some_and(|last| last["revisions"] == json!(revisions))
    });
}

fn settings(fleet: &Fleet, of: &str) -> String {
    let text = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  of: \"{of}\"\n"
    );
    fleet.write("settings/settings.yaml", &text);
    fleet.push(&format!("Settings of {of}"))
}

fn of_two_repositories_the_one_that_moved_goes_back(bed: &TestBed) {
    let (argocd, namespace, (fleet, first)) = (bed.argocd(), bed.namespace("whole-sources"), web());
    let other = Fleet::new();
    let unmoved = settings(&other, "1.0");
    let extra = in_two_repositories(&fleet, &other);
    let app = argocd.application(&namespace, &fleet.url(), WEB, &extra);
    wait_deployed(&app, [&unmoved, &first]);
    namespace.rollout_done("web");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    app.refresh();
    wait_deployed(&app, [&unmoved, &bad]);
    undo(&namespace, &format!("{} --yes", named(&app, argocd))).run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
    assert_ne!(fleet.server_head(), bad);
    assert_eq!(other.server_head(), unmoved);
}

fn where_both_repositories_moved_nothing_is_pushed(bed: &TestBed) {
    let (argocd, namespace, (fleet, first)) = (bed.argocd(), bed.namespace("whole-both"), web());
    let other = Fleet::new();
    let before = settings(&other, "1.0");
    let extra = in_two_repositories(&fleet, &other);
    let app = argocd.application(&namespace, &fleet.url(), WEB, &extra);
    wait_deployed(&app, [&before, &first]);
    let after = settings(&other, "2.0");
    let bad = fleet.release(WEB, &image("2.0-crash"));
    app.refresh();
    wait_deployed(&app, [&after, &bad]);
    let ran = undo(&namespace, &format!("{} --yes", named(&app, argocd))).run().ends_with(3);
    ran.says("nothing tells which source").says(&fleet.url()).says(&other.url());
    assert_eq!((fleet.server_head(), other.server_head()), (bad, after));
    assert_eq!(live(&namespace), image("2.0-crash"));
}

fn who_brings_it_back_is_told_with_what_stops_it(bed: &TestBed) {
    let (namespace, (fleet, _)) = (bed.namespace("whole-bot"), web());
    image_updater(&namespace);
    let app = deployed(bed, &namespace, &fleet);
    bad_release(&app, &fleet);
    let other = format!("{}-other", app.name());
    updates(bed.argocd(), &app, app.name(), "registry.test/web:1.x");
    // What it sets is not what goes back.
    updates(bed.argocd(), &app, &other, "registry.test/api");
    let words = format!("{} --dry-run", named(&app, bed.argocd()));
    let ran = undo(&namespace, &words).run().ends_with(0);
    let name = format!("Argo CD Image Updater {}/{}", app.place(), app.name());
    let command = format!("to keep {name} from bringing it back: kubectl");
    assert!(ran.stdout.contains(&command) && !ran.stdout.contains(&other), "{ran}");
    let plan = undo(&namespace, &format!("{words} -o json")).run().ends_with(0).json();
    let told = |member: &str, text: &str| {
        let all = plan[member].as_array().cloned().unwrap_or_default();
        all.iter().any(|one| one.as_str().is_some_and(|one| one.starts_with(text)))
    };
    assert!(told("todo", &command), "{plan}");
    assert!(told("warnings", &format!("{name}: it commits the newest tag")), "{plan}");
}
