//! Where no commit is to be reverted: what is said, and what to do by hand.

use serde_json::json;

use super::given::{
    Person, WEB, above, application, containers, decide, follows, image, kustomization, planned,
    taking, told, web,
};
use crate::suite::{Test, pure};
use crate::testbed::Fleet;
use kubectl_rb::durable::origin::OwnerRead;
use kubectl_rb::error::ErrorKind;
use kubectl_rb::rollback::model::ownership::Proof;
use kubectl_rb::rollback::model::target::Target;

pub(super) fn tests() -> Vec<Test> {
    pure![
        what_is_good_already_has_only_to_be_applied,
        another_release_since_is_named,
        a_pinned_commit_is_changed_where_it_is_declared,
        a_pinned_source_of_flux_is_changed_in_the_source,
        a_tag_is_no_branch,
        a_parameter_without_a_parent_in_git_is_changed_in_the_application,
        a_chart_that_is_fetched_has_no_commit,
        values_that_another_owner_has_applied_are_changed_at_its_source,
        two_sources_that_moved_are_listed,
        an_owner_that_does_not_list_it_has_no_say,
        without_an_owner_in_git_nothing_is_guessed,
        an_image_that_never_was_before_is_not_made_up,
        a_parent_that_does_not_say_for_whom_is_not_torn_up,
        a_sidecar_that_would_go_along_is_refused,
    ]
}

fn what_is_good_already_has_only_to_be_applied() {
    let fleet = web();
    let bad = fleet.release(WEB, &image("1.1"));
    let revert = fleet.revert(&bad);
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let settled = Person::new().settled(&owners, &image("1.1"), &image("1.0"));
    assert_eq!(settled.tip.to_string(), revert);
    assert_eq!(settled.by.map(|by| by.id), Some(revert));
    assert_eq!((settled.owner, settled.source), (0, 0));
    let evidence = &settled.evidence[0];
    assert_eq!(evidence, "the files at apps/web name web:1.0 already, as revision 1 ran");
}

fn another_release_since_is_named() {
    let fleet = web();
    let bad = fleet.release(WEB, &image("1.1"));
    let newer = fleet.release(WEB, &image("1.2"));
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let told = Person::new().refused(&owners, &image("1.1"), &image("1.0"));
    assert!(told.contains("somebody has committed another release"), "{told}");
    assert!(told.contains(&format!("{} (Bump web to 1.2)", &newer[..9])), "{told}");
    assert!(told.contains(&format!("{} (Bump web to 1.1) had brought it", &bad[..9])), "{told}");
    assert!(told.contains("but registry.test/web:1.2"), "{told}");
    assert!(told.contains(&format!("rb revert-commit {}", &newer[..9])), "{told}");
}

fn a_pinned_commit_is_changed_where_it_is_declared() {
    let fleet = web();
    let bad = fleet.release(WEB, &image("1.1"));
    let mut source = follows(&fleet, WEB);
    source["targetRevision"] = json!(bad);
    let owners = [application("web", &[source])];
    let told = Person::new().refused(&owners, &image("1.1"), &image("1.0"));
    assert!(told.contains(&format!("Argo CD application web follows {bad}")), "{told}");
    assert!(told.contains("which is no branch"), "{told}");
    assert!(told.contains("kubectl edit application.argoproj.io/web -n argocd"), "{told}");
    // Nobody has to be asked for that.
    assert_eq!(fleet.server().requests().len(), 0);
}

/// It is not the Kustomization that says what is followed.
fn a_pinned_source_of_flux_is_changed_in_the_source() {
    let fleet = web();
    let bad = fleet.release(WEB, &image("1.1"));
    let mut pinned = kustomization(&fleet, "web", WEB);
    let source = &mut pinned.owner.sources[0];
    (source.wants, source.is_branch) = (bad.clone(), false);
    source.object = Some(Target {
        api_version: "source.toolkit.fluxcd.io/v1".to_owned(),
        kind: "GitRepository".to_owned(),
        namespace: "flux-system".to_owned(),
        name: "fleet".to_owned(),
    });
    let told = Person::new().refused(&[pinned], &image("1.1"), &image("1.0"));
    assert!(told.contains(&format!("Kustomization flux-system/web follows {bad}")), "{told}");
    let edit = "kubectl edit gitrepository.source.toolkit.fluxcd.io/fleet -n flux-system";
    assert!(told.contains(edit), "{told}");
    assert!(!told.contains("kubectl edit kustomization"), "{told}");
}

fn a_tag_is_no_branch() {
    let fleet = web();
    fleet.git(&["tag", "v1.1"]);
    fleet.git(&["push", "-q", "origin", "v1.1"]);
    let mut source = follows(&fleet, WEB);
    source["targetRevision"] = json!("v1.1");
    let owners = [application("web", &[source])];
    let told = Person::new().refused(&owners, &image("1.1"), &image("1.0"));
    assert!(told.contains("follows v1.1 of"), "{told}");
    assert!(told.contains("v1.1 is a tag of"), "{told}");
}

fn a_parameter_without_a_parent_in_git_is_changed_in_the_application() {
    let fleet = web();
    let mut source = follows(&fleet, WEB);
    source["helm"] = json!({"parameters": [{"name": "image.tag", "value": "1.1"}]});
    let owners = [application("web", &[source])];
    let told = Person::new().refused(&owners, &image("1.1"), &image("1.0"));
    let place = "parameter image.tag of Argo CD application web";
    assert!(told.contains(&format!("what is live is given by {place}")), "{told}");
    assert!(told.contains("kubectl edit application.argoproj.io/web -n argocd"), "{told}");
    assert_eq!(fleet.server().requests().len(), 0);
}

fn a_chart_that_is_fetched_has_no_commit() {
    let chart =
        json!({"repoURL": "https://charts.test", "chart": "web", "targetRevision": "1.4.2"});
    let owners = [application("web", &[chart])];
    let told = Person::new().refused(&owners, &image("1.1"), &image("1.0"));
    assert!(told.contains("a chart of https://charts.test (1.4.2): there is no commit"), "{told}");
    assert!(
        told.contains("set its version back, where Argo CD application web is declared"),
        "{told}"
    );
}

fn two_sources_that_moved_are_listed() {
    let (one, other) = (web(), web());
    let first = one.release(WEB, &image("1.1"));
    let second = other.release(WEB, &image("1.1"));
    let owners = [application("web", &[follows(&one, WEB), follows(&other, WEB)])];
    let told = Person::new().refused(&owners, &image("1.1"), &image("1.0"));
    assert!(told.contains("more than one source of Argo CD application web"), "{told}");
    for (fleet, commit) in [(&one, first), (&other, second)] {
        let line =
            format!("rb revert-commit {} --repo {} --branch main", &commit[..9], fleet.url());
        assert!(told.contains(&line), "{told}");
    }
}

fn an_owner_that_does_not_list_it_has_no_say() {
    let fleet = web();
    fleet.release(WEB, &image("1.1"));
    let mut owner = application("web", &[follows(&fleet, WEB)]);
    owner.owner.proof = Proof::Refuted("it does not list it".to_owned());
    let told = Person::new().refused(&[owner], &image("1.1"), &image("1.0"));
    assert!(told.contains("no owner says which files of Git it renders"), "{told}");
}

/// By hand they would be put back.
fn values_that_another_owner_has_applied_are_changed_at_its_source() {
    let fleet = Fleet::new();
    fleet.app(WEB, "web", "${image}");
    fleet.push("Add web");
    let mut web = kustomization(&fleet, "web", WEB);
    web.object["spec"]["postBuild"] =
        json!({"substituteFrom": [{"kind": "ConfigMap", "name": "versions"}]});
    let mut web = taking(web);
    let refused = |web: &OwnerRead| {
        Person::new().refused(std::slice::from_ref(web), &image("1.1"), &image("1.0"))
    };
    let told = refused(&web);
    assert!(told.contains("it may stand in ConfigMap flux-system/versions"), "{told}");
    let labels = json!({"kustomize.toolkit.fluxcd.io/name": "settings",
        "kustomize.toolkit.fluxcd.io/namespace": "flux-system"});
    web.taken[0].object = json!({"metadata": {"labels": labels}, "data": {"image": image("1.1")}});
    let told = refused(&web);
    assert!(told.contains("is given by key image of ConfigMap flux-system/versions"), "{told}");
    let where_to = "change it where Kustomization flux-system/settings takes it from";
    assert!(told.contains(where_to), "{told}");
    assert!(told.contains("else: kubectl edit configmap/versions -n flux-system"), "{told}");
}

fn without_an_owner_in_git_nothing_is_guessed() {
    let told = Person::new().refused(&[], &image("1.1"), &image("1.0"));
    assert!(told.contains("no owner says which files of Git it renders\nthere is none"), "{told}");
}

fn an_image_that_never_was_before_is_not_made_up() {
    let fleet = web();
    let bad = fleet.release(WEB, &image("1.1"));
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let told = Person::new().refused(&owners, &image("1.1"), &image("0.9"));
    assert!(told.contains(&format!("came with {}", &bad[..9])), "{told}");
    assert!(told.contains("and revision 1 was never before it"), "{told}");
}

/// A chart of Applications with a value for several of them: two commits have the word.
fn a_parent_that_does_not_say_for_whom_is_not_torn_up() {
    let fleet = Fleet::new();
    fleet.write("root/Chart.yaml", "name: root\nversion: 0.1.0\n");
    let values = |web: &str, api: &str| format!("web: \"{web}\"\napi: \"{api}\"\n");
    fleet.write("root/values.yaml", &values("1.0", "1.0"));
    fleet.push("Add both");
    fleet.write("root/values.yaml", &values("1.0", "1.1"));
    fleet.push("Release 1.1 of api");
    fleet.write("root/values.yaml", &values("1.1", "1.1"));
    fleet.push("Release 1.1 of web");
    let chart = json!({"repoURL": "https://charts.test", "chart": "web", "targetRevision": "1.4.2",
        "helm": {"parameters": [{"name": "image.tag", "value": "1.1"}]}});
    let child = application("web", &[chart]);
    let parent = above(&child, application("root", &[follows(&fleet, "root")]));
    let told = Person::new().refused(&[child, parent], &image("1.1"), &image("1.0"));
    assert!(told.contains("parameter image.tag of Argo CD application web"), "{told}");
    assert!(told.contains("looked at as well"), "{told}");
    assert!(told.contains("of Argo CD application root, which does not tell"), "{told}");
}

/// The commit that brought the release fixed another container, which is right as it is.
fn a_sidecar_that_would_go_along_is_refused() {
    let fleet = web();
    let two = |app: &str, side: &str| {
        let pod =
            format!("      - {{name: app, image: {app}}}\n      - {{name: side, image: {side}}}\n");
        format!("kind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n{pod}")
    };
    fleet.write("apps/web/deployment.yaml", &two(&image("1.0"), "registry.test/side:1.0"));
    fleet.push("Two containers");
    fleet.write("apps/web/deployment.yaml", &two(&image("1.1"), "registry.test/side:1.1"));
    fleet.push("Release both");
    let owners = [application("web", &[follows(&fleet, WEB)])];
    let live = containers("app=registry.test/web:1.1 side=registry.test/side:1.1");
    let good = "app=registry.test/web:1.0 side=registry.test/side:1.1";
    let person = Person::new();
    let found = person.find_all(&owners, &live, &containers(good), true).expect("reached");
    let mut origin = person.kept(found);
    let error = decide(&mut origin, good).expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Refused);
    let told = told(&error);
    assert!(told.contains("would not bring back what is wanted"), "{told}");
    let why = "for container side the files would name registry.test/side:1.0 and not side:1.1";
    assert!(told.contains(why), "{told}");
    // Where that is wanted as well, it is no fault.
    let both = "app=registry.test/web:1.0 side=registry.test/side:1.0";
    let found = person.find_all(&owners, &live, &containers(both), true).expect("reached");
    let mut origin = person.kept(found);
    assert_eq!(planned(&mut origin, both).reverted.files.len(), 1);
}
