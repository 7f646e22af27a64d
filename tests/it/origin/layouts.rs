//! Folders, overlays, several applications in one repository.

use serde_json::json;

use super::given::{
    Person, WEB, application, containers, decide, files, follows, gone, image, kustomization,
    planned, web,
};
use crate::suite::{Test, pure};
use crate::testbed::Fleet;
use kubectl_rb::revert::plan::Decision;
use kubectl_rb::rollback::model::provenance::Proof;
use kubectl_rb::rollback::model::revert::Mode;

pub(super) fn tests() -> Vec<Test> {
    pure![
        a_folder_has_its_commit_and_a_plan_that_is_proven,
        a_copy_that_is_there_costs_one_fetch,
        the_default_branch_costs_one_question_more,
        an_overlay_gets_its_image_back,
        a_base_that_brought_it_is_found_through_the_overlay,
        another_app_that_was_committed_in_between_stays,
        apps_in_one_folder_with_containers_of_one_name_are_told_apart,
        a_commit_for_two_apps_goes_for_one,
        several_bumps_go_together,
        what_came_with_it_is_told_when_it_goes,
        a_commit_that_was_built_on_is_not_torn_out,
        more_than_images_is_put_back_as_a_whole,
        a_conflict_outside_the_app_leaves_the_rest_alone,
        with_the_same_images_the_owners_history_tells,
        history_behind_a_shallow_copy_is_fetched,
    ]
}

fn a_folder_has_its_commit_and_a_plan_that_is_proven() {
    let fleet = web();
    let good = fleet.head();
    let bad = fleet.release(WEB, &image("1.1"));
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    assert_eq!((origin.owner, origin.source), (0, 0));
    assert_eq!(origin.brought.good.id, good);
    assert_eq!(origin.brought.proof, Proof::Images);
    assert_eq!(origin.tip.to_string(), bad);
    let plan = planned(&mut origin, &image("1.0"));
    assert_eq!(files(&plan), ["apps/web/deployment.yaml"]);
    assert_eq!((plan.reverted.mode, plan.branch.as_str()), (Mode::Revert, "main"));
    assert_eq!(plan.images[0].after.as_deref(), Some("registry.test/web:1.0"));
    // The fetch, and nothing for the plan.
    assert_eq!(fleet.server().count("/info/refs"), 1);
}

fn a_copy_that_is_there_costs_one_fetch() {
    let fleet = web();
    fleet.release(WEB, &image("1.1"));
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let person = Person::new();
    drop(person.origin(&owners, &image("1.1"), &image("1.0")));
    fleet.release(WEB, &image("1.2"));
    let before = fleet.server().count("/info/refs");
    let origin = person.origin(&owners, &image("1.2"), &image("1.1"));
    assert_eq!(gone(&origin), [fleet.head().as_str()]);
    assert_eq!(fleet.server().count("/info/refs"), before + 1);
}

fn the_default_branch_costs_one_question_more() {
    let fleet = web();
    let bad = fleet.release(WEB, &image("1.1"));
    let mut source = follows(&fleet, WEB);
    source["targetRevision"] = "HEAD".into();
    let owners = [application("web", &[source])];
    let origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    assert_eq!(origin.ground.branch.as_str(), "main");
    assert_eq!(fleet.server().count("/info/refs"), 2);
}

/// A base with the image of release 1.0 and two overlays, of which `prod` says the tag.
fn overlays() -> Fleet {
    let fleet = Fleet::new();
    fleet.app("base", "web", &image("1.0"));
    fleet.write("base/kustomization.yaml", "resources: [deployment.yaml]\n");
    fleet.write("prod/kustomization.yaml", &overlay("1.0"));
    fleet.write("staging/kustomization.yaml", "resources: [../base]\n");
    fleet.push("Add web");
    fleet
}

fn overlay(tag: &str) -> String {
    format!("resources: [../base]\nimages:\n- name: registry.test/web\n  newTag: \"{tag}\"\n")
}

fn an_overlay_gets_its_image_back() {
    let fleet = overlays();
    fleet.write("prod/kustomization.yaml", &overlay("1.1"));
    let bad = fleet.push("Release 1.1");
    // What the overlay lies over does not count.
    fleet.app("base", "web", &image("1.2"));
    fleet.push("Staging gets 1.2");
    let owners = [application("web", &[follows(&fleet, "prod")])];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["prod/kustomization.yaml"]);
}

fn a_base_that_brought_it_is_found_through_the_overlay() {
    let fleet = overlays();
    fleet.app("base", "web", &image("1.1"));
    let bad = fleet.push("Release 1.1");
    let owners = [kustomization(&fleet, "web", "./staging")];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["base/deployment.yaml"]);
}

fn api(tag: &str) -> String {
    format!("registry.test/api:{tag}")
}

fn another_app_that_was_committed_in_between_stays() {
    let fleet = web();
    fleet.app("apps/api", "api", &api("1.0"));
    fleet.push("Add api");
    let bad = fleet.release(WEB, &image("1.1"));
    fleet.release("apps/api", &api("1.1"));
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    assert!(origin.brought.others.is_empty());
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["apps/web/deployment.yaml"]);
}

/// One Kustomization of all apps: the container is called `app` in each.
fn apps_in_one_folder_with_containers_of_one_name_are_told_apart() {
    let fleet = web();
    fleet.app("apps/api", "api", &api("1.0"));
    fleet.push("Add api");
    let bad = fleet.release(WEB, &image("1.1"));
    let other = fleet.release("apps/api", &api("1.1"));
    let owners = [kustomization(&fleet, "apps", "./apps")];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    let others: Vec<&str> = origin.brought.others.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(others, [other.as_str()]);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["apps/web/deployment.yaml"]);
}

fn a_commit_for_two_apps_goes_for_one() {
    let fleet = web();
    fleet.app("apps/api", "api", &api("1.0"));
    fleet.push("Add api");
    fleet.app(WEB, "web", &image("1.1"));
    fleet.app("apps/api", "api", &api("1.1"));
    let bad = fleet.push("Release the shop");
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    let plan = planned(&mut origin, &image("1.0"));
    assert_eq!(files(&plan), ["apps/web/deployment.yaml"]);
    assert_eq!(plan.reverted.mode, Mode::Subset);
    assert!(plan.others.is_empty(), "{:?}", plan.others);
}

fn several_bumps_go_together() {
    let fleet = web();
    let first = fleet.release(WEB, &image("1.1"));
    let second = fleet.release(WEB, &image("1.2"));
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let mut origin = Person::new().origin(&owners, &image("1.2"), &image("1.0"));
    assert_eq!(gone(&origin), [second.as_str(), first.as_str()]);
    let plan = planned(&mut origin, &image("1.0"));
    assert_eq!(plan.images[0].after.as_deref(), Some("registry.test/web:1.0"));
}

fn what_came_with_it_is_told_when_it_goes() {
    let fleet = web();
    fleet.app(WEB, "web", &image("1.1"));
    let volume = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: cache}\n";
    fleet.write("apps/web/cache.yaml", volume);
    fleet.push("Release 1.1 with a cache");
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    let plan = planned(&mut origin, &image("1.0"));
    assert_eq!(files(&plan), ["apps/web/cache.yaml", "apps/web/deployment.yaml"]);
    let warning = "PersistentVolumeClaim cache came with it: Argo CD application web deletes what the \
        files do not hold, with all that is in it";
    assert!(plan.warnings.iter().any(|one| one == warning), "{:#?}", plan.warnings);
}

/// Somebody has changed the line that the release changed: neither a revert nor a restore is taken.
fn a_commit_that_was_built_on_is_not_torn_out() {
    let fleet = web();
    fleet.release(WEB, &image("1.1"));
    let text = fleet.read("apps/web/deployment.yaml");
    let commented = text.replace(&image("1.1"), &format!("{} # signed", image("1.1")));
    fleet.write("apps/web/deployment.yaml", &commented);
    fleet.push("Say that it is signed");
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(origin.brought.others.len(), 1);
    match decide(&mut origin, &image("1.0")).expect("an answer") {
        Decision::Blocked(_, error) => {
            let told = super::given::told(&error);
            assert!(told.contains("a file conflicts with what came later"), "{told}");
            assert!(told.contains("others' work as well"), "{told}");
            assert!(told.contains("Say that it is signed"), "{told}");
            assert!(told.contains("rb revert-commit "), "{told}");
        }
        other => panic!("{other:#?}"),
    }
}

fn more_than_images_is_put_back_as_a_whole() {
    let fleet = web();
    let bad = fleet.release(WEB, &image("1.1"));
    let text = fleet.read("apps/web/deployment.yaml");
    fleet.write("apps/web/deployment.yaml", &text.replace("replicas: 2", "replicas: 3"));
    let more = fleet.push("Three of them");
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let (live, good) = (containers(&image("1.1")), containers(&image("1.0")));
    let person = Person::new();
    let found = person.find_all(&owners, &live, &good, false).expect("it is reached");
    let mut origin = person.kept(found);
    assert_eq!(gone(&origin), [more.as_str(), bad.as_str()]);
    let plan = planned(&mut origin, &image("1.0"));
    assert_eq!(files(&plan), ["apps/web/deployment.yaml"]);
}

/// The release changed notes as well, which somebody has written on since.
fn a_conflict_outside_the_app_leaves_the_rest_alone() {
    let fleet = web();
    fleet.write("docs/notes.md", "web is at 1.0\n");
    fleet.push("Take notes");
    fleet.app(WEB, "web", &image("1.1"));
    fleet.write("docs/notes.md", "web is at 1.1\n");
    let bad = fleet.push("Release 1.1");
    fleet.write("docs/notes.md", "web is at 1.1, and well\n");
    fleet.push("Praise it");
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    let plan = planned(&mut origin, &image("1.0"));
    assert_eq!(files(&plan), ["apps/web/deployment.yaml"]);
    assert_eq!(plan.reverted.mode, Mode::Subset);
}

/// What differs is no image: the files that the owner applied before tell.
fn with_the_same_images_the_owners_history_tells() {
    let fleet = web();
    let good = fleet.head();
    let text = fleet.read("apps/web/deployment.yaml");
    fleet.write("apps/web/deployment.yaml", &text.replace("replicas: 2", "replicas: 0"));
    let bad = fleet.push("Nobody needs it");
    fleet.app("apps/api", "api", &api("1.0"));
    let other = fleet.push("Add api");
    let mut owner = application("web", &[follows(&fleet, WEB)]);
    let entry = |commit: &str| json!({"revisions": [commit]});
    owner.object["status"] = json!({"history": [entry(&good), entry(&bad), entry(&other)]});
    let owners = [owner];
    let person = Person::new();
    let both = containers(&image("1.0"));
    let found = person.find_all(&owners, &both, &both, false).expect("it is reached");
    let mut origin = person.kept(found);
    assert_eq!(gone(&origin), [bad.as_str()]);
    assert_eq!(origin.brought.proof, Proof::OwnerHistory);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["apps/web/deployment.yaml"]);
}

/// The bad commit lies deeper than what a first fetch brings.
fn history_behind_a_shallow_copy_is_fetched() {
    let fleet = web();
    let bad = fleet.release(WEB, &image("1.1"));
    for number in 0..60 {
        fleet.git(&["commit", "-q", "--allow-empty", "-m", &format!("Other work {number}")]);
    }
    fleet.git(&["push", "-q", "origin", "main"]);
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let mut origin = Person::new().origin(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(gone(&origin), [bad.as_str()]);
    assert_eq!(fleet.server().count("/info/refs"), 2);
    assert_eq!(files(&planned(&mut origin, &image("1.0"))), ["apps/web/deployment.yaml"]);
}
