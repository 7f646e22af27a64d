//! Values that an owner takes from a `ConfigMap` or a `Secret`: where Git holds that, the commit goes back,
//! and the owner is made to read it again; where it was made by hand, somebody has to change it there.

mod whole;

use serde_json::{Value, json};

use super::{command, crashing_by, hasty, hasty_helm, is_refused};
use crate::durable::{WEB, image, live, newest_message, undo};
use crate::given::paste;
use crate::rb::rb;
use crate::scene::REVISION;
use crate::suite::{Test, on_bed};
use crate::testbed::flux::{FluxObject, git_repository, helm_release, kustomization};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    let one = on_bed![
        values_in_a_config_map_of_git_go_back,
        values_that_a_kustomization_generates_go_back,
        values_of_an_upgrade_that_waits_go_back,
        variables_in_a_config_map_of_the_kustomization_above_go_back,
        variables_of_the_kustomization_above_go_back_at_once,
        variables_in_a_config_map_of_the_kustomization_itself_go_back,
        variables_of_its_own_that_are_waited_for_go_back,
        values_that_somebody_has_put_right_have_only_to_be_read,
        values_that_were_made_by_hand_are_changed_by_hand,
        values_in_a_secret_are_not_read_and_named,
        variables_that_were_made_by_hand_are_changed_by_hand,
        variables_above_go_back_where_both_wait_for_health,
        variables_of_its_own_are_not_patched_over,
        variables_above_go_back_at_once_where_both_wait_for_health,
    ];
    [one, whole::tests()].concat()
}

/// What holds the values of a `HelmRelease`, in the member that its kind has for text.
fn values(kind: &str, member: &str, tag: &str) -> String {
    let values = format!("image:\n  tag: \"{tag}\"\n");
    json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "web-values"},
        member: {"values.yaml": values}})
    .to_string()
}

/// What holds the variables of a Kustomization.
fn variables(tag: &str) -> String {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "versions"},
        "data": {"tier": "web", "image": image(tag)}})
    .to_string()
}

/// A release of the chart with values from there; `upgrade` says whether Helm waits. With `Revision` each
/// commit would make another chart, and a new one is released with the values of then.
fn release(kind: &str, upgrade: &Value) -> FluxObject {
    let from = json!([{"kind": kind, "name": "web-values"}]);
    let chart = json!({"spec": {"reconcileStrategy": "ChartVersion"}});
    let spec = json!({"spec": {"valuesFrom": from, "upgrade": upgrade, "chart": chart}});
    helm_release("web", "fleet", "./charts/web").with(&spec)
}

/// A Kustomization `web` that takes variables from there.
fn substituting() -> FluxObject {
    let from = json!([{"kind": "ConfigMap", "name": "versions"}]);
    let spec = json!({"spec": {"postBuild": {"substituteFrom": from}}});
    kustomization("web", "fleet", WEB).with(&hasty()).with(&spec)
}

/// A fleet whose app `web` has the variable in its image.
fn with_variable() -> Fleet {
    let fleet = Fleet::new();
    fleet.app(WEB, "web", "${image}");
    fleet.push("Add web");
    fleet
}

/// Has an owner look at what it takes from elsewhere, and waits until that is live.
#[track_caller]
fn read_again(bed: &TestBed, namespace: &Namespace, kind: &str, tag: &str) {
    bed.flux().reconcile(namespace, kind, "web");
    namespace.wait_until("what was read is live", |_| live(namespace) == image(tag));
}

/// Undone by the commit that changed the values, which the owner was asked to read.
#[track_caller]
fn goes_back(namespace: &Namespace, fleet: &Fleet, bad: &str, asked: &str) {
    let ran = undo(namespace, "deploy/web --yes --timeout=3m").run().ends_with(0);
    let asked = format!("done: ask {asked} {}/web to run now", namespace.name());
    assert!(ran.stderr.contains(&asked), "{ran}");
    let message = newest_message(fleet);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}\n{ran}");
    assert_eq!(live(namespace), image("1.0"), "{ran}");
}

/// A `HelmRelease` and its values in one folder of Git, with a release of them that crashes.
#[track_caller]
fn values_of_git(bed: &TestBed, namespace: &Namespace, fleet: &Fleet, upgrade: &Value) -> String {
    // What is good is what the chart says by itself: the files of the chart alone would tell nothing.
    fleet.chart("charts/web", "1.0");
    fleet.write("releases/web.yaml", &release("ConfigMap", upgrade).manifest(namespace.name()));
    let write = |tag: &str| fleet.write("releases/values.yaml", &values("ConfigMap", "data", tag));
    crashing_by(bed, namespace, fleet, &write, &|| {
        bed.flux().reconcile(namespace, "helmrelease", "web");
    })
}

fn values_in_a_config_map_of_git_go_back(bed: &TestBed) {
    let (namespace, fleet) = (bed.namespace("values-git"), Fleet::new());
    let bad = values_of_git(bed, &namespace, &fleet, &hasty_helm());
    let told = "it takes values from ConfigMap web-values (spec.valuesFrom)";
    rb(&namespace, "status deploy/web --watch=false").says(told);
    goes_back(&namespace, &fleet, &bad, "HelmRelease");
    // It stays so.
    let flux = bed.flux();
    let word = flux.reconcile(&namespace, "helmrelease", "web");
    flux.wait_handled(&namespace, "helmrelease", "web", &word);
    assert_eq!(live(&namespace), image("1.0"));
}

/// As the documentation of Flux has it: the name of what is generated has the hash of what is in it.
fn values_that_a_kustomization_generates_go_back(bed: &TestBed) {
    let (namespace, fleet) = (bed.namespace("values-made"), Fleet::new());
    fleet.chart("charts/web", "1.0");
    let kustomization = json!({"resources": ["web.yaml"], "configurations": ["names.yaml"],
        "configMapGenerator": [{"name": "web-values", "files": ["values.yaml=../values/web.yaml"]}]});
    fleet.write("releases/kustomization.yaml", &kustomization.to_string());
    let field = json!({"path": "spec/valuesFrom/name", "kind": "HelmRelease"});
    let names =
        json!({"nameReference": [{"kind": "ConfigMap", "version": "v1", "fieldSpecs": [field]}]});
    fleet.write("releases/names.yaml", &names.to_string());
    let release = release("ConfigMap", &hasty_helm()).manifest(namespace.name());
    fleet.write("releases/web.yaml", &release);
    let write = |tag: &str| {
        fleet.write("values/web.yaml", &format!("image: {{tag: \"{tag}\"}}\n"));
    };
    let bad = crashing_by(bed, &namespace, &fleet, &write, &|| ());
    goes_back(&namespace, &fleet, &bad, "HelmRelease");
}

/// Nothing of the `HelmRelease` says that the upgrade is none of what is wanted.
fn values_of_an_upgrade_that_waits_go_back(bed: &TestBed) {
    let (namespace, fleet) = (bed.namespace("values-wait"), Fleet::new());
    let bad = values_of_git(bed, &namespace, &fleet, &json!({}));
    goes_back(&namespace, &fleet, &bad, "HelmRelease");
    bed.flux().wait_released(&namespace, "web");
    assert_eq!(live(&namespace), image("1.0"));
}

/// A Kustomization and its variables, which another one applies.
#[track_caller]
fn declared_above(bed: &TestBed, namespace: &Namespace, fleet: &Fleet, extra: &Value) {
    let flux = bed.flux();
    fleet.write("cluster/web.yaml", &substituting().with(extra).manifest(namespace.name()));
    fleet.write("cluster/versions.yaml", &variables("1.0"));
    let first = fleet.push("Declare web");
    flux.apply(namespace, &git_repository("fleet", &fleet.url()));
    let cluster = kustomization("cluster", "fleet", "cluster").with(&hasty()).with(extra);
    flux.apply(namespace, &cluster);
    flux.wait_applied(namespace, "cluster", &first);
    flux.wait_applied(namespace, "web", &first);
    namespace.rollout_done("web");
}

/// The same, with a release of them that crashes.
#[track_caller]
fn variables_above(bed: &TestBed, namespace: &Namespace, extra: &Value) -> (Fleet, String) {
    let (flux, fleet) = (bed.flux(), with_variable());
    declared_above(bed, namespace, &fleet, extra);
    fleet.write("cluster/versions.yaml", &variables("2.0-crash"));
    let bad = fleet.push("Bump web to 2.0");
    flux.reconcile(namespace, "gitrepository", "fleet");
    if extra.is_null() {
        flux.wait_applied(namespace, "cluster", &bad);
    }
    read_again(bed, namespace, "kustomization", "2.0-crash");
    (fleet, bad)
}

fn variables_in_a_config_map_of_the_kustomization_above_go_back(bed: &TestBed) {
    let namespace = bed.namespace("values-above");
    let (fleet, bad) = variables_above(bed, &namespace, &Value::Null);
    goes_back(&namespace, &fleet, &bad, "Kustomization");
}

/// The Kustomization is held meanwhile, and is asked to read them once it is let go.
fn variables_of_the_kustomization_above_go_back_at_once(bed: &TestBed) {
    let namespace = bed.namespace("values-now");
    let (fleet, bad) = variables_above(bed, &namespace, &Value::Null);
    let ran = undo(&namespace, "deploy/web --now --yes").run().ends_with(0);
    let message = newest_message(&fleet);
    assert!(message.contains(&format!("This reverts commit {bad}")), "{message}\n{ran}");
    read_again(bed, &namespace, "kustomization", "1.0");
    assert!(namespace.get("kustomization", "web")["spec"]["suspend"] != true, "{ran}");
    // It was never bad again: it is the third template still.
    let number = &namespace.get("deployment", "web")["metadata"]["annotations"][REVISION];
    assert_eq!(number, "3", "{ran}");
}

/// The check of the one above waits for the one below, and that for what crashes.
fn variables_above_go_back_where_both_wait_for_health(bed: &TestBed) {
    let namespace = bed.namespace("values-both");
    let (fleet, bad) = variables_above(bed, &namespace, &json!({"spec": {"wait": true}}));
    goes_back(&namespace, &fleet, &bad, "Kustomization");
}

/// The patch ends the check of the one that is held, and so the one above it.
fn variables_above_go_back_at_once_where_both_wait_for_health(bed: &TestBed) {
    let namespace = bed.namespace("values-both-now");
    let (_fleet, _) = variables_above(bed, &namespace, &json!({"spec": {"wait": true}}));
    let ran = undo(&namespace, "deploy/web --now --yes --timeout=3m").run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
    let number = &namespace.get("deployment", "web")["metadata"]["annotations"][REVISION];
    assert_eq!(number, "3", "{ran}");
    assert!(namespace.get("kustomization", "web")["spec"]["suspend"] != true, "{ran}");
}

/// Its first run once it is let go would put back what was left.
fn variables_of_its_own_are_not_patched_over(bed: &TestBed) {
    let namespace = bed.namespace("values-own-now");
    let (fleet, bad) = variables_of_its_own(bed, &namespace, &json!({}));
    let name = namespace.name();
    let told = format!(
        "a patch of deployment/web would not last: Kustomization {name}/web takes what is live from key \
         image of ConfigMap {name}/versions"
    );
    let ran = is_refused(&namespace, &fleet, "deploy/web --now --yes").says(&told);
    assert_eq!(fleet.server_head(), bad, "{ran}");
    assert!(namespace.get("kustomization", "web")["spec"]["suspend"].is_null(), "{ran}");
    let command = crate::scene::hint(&ran, "to go through Git instead: rb undo ");
    undo(&namespace, &format!("{command} --yes")).run().ends_with(0);
    assert_eq!(live(&namespace), image("1.0"));
}

/// Git and the object agree: nobody has told the owner.
fn values_that_somebody_has_put_right_have_only_to_be_read(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("values-right"), Fleet::new());
    let bad = values_of_git(bed, &namespace, &fleet, &hasty_helm());
    flux.wait_released(&namespace, "web");
    let revert = fleet.revert(&bad);
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "releases", &revert);
    let ran = is_refused(&namespace, &fleet, "deploy/web --yes");
    assert!(ran.stderr.contains("what is wanted is given by value image.tag in key"), "{ran}");
    paste(bed, namespace.kubeconfig(), &command(&ran, "kubectl annotate")).ends_with(0);
    namespace.wait_until("what was put right is live", |_| live(&namespace) == image("1.0"));
}

/// A Kustomization whose variables are among what it applies itself, with a release of them that crashes. It
/// takes the variables before it applies what holds them: a commit is live only with the second run.
#[track_caller]
fn variables_of_its_own(bed: &TestBed, namespace: &Namespace, extra: &Value) -> (Fleet, String) {
    let (flux, fleet) = (bed.flux(), with_variable());
    namespace.apply(&variables("1.0"));
    fleet.write("apps/web/versions.yaml", &variables("1.0"));
    let first = fleet.push("Add its variables");
    flux.apply(namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(namespace, &substituting().with(extra));
    flux.wait_applied(namespace, "web", &first);
    namespace.rollout_done("web");
    fleet.write("apps/web/versions.yaml", &variables("2.0-crash"));
    let bad = fleet.push("Bump web to 2.0");
    flux.reconcile(namespace, "gitrepository", "fleet");
    flux.wait_applied(namespace, "web", &bad);
    assert_eq!(live(namespace), image("1.0"));
    read_again(bed, namespace, "kustomization", "2.0-crash");
    (fleet, bad)
}

fn variables_in_a_config_map_of_the_kustomization_itself_go_back(bed: &TestBed) {
    let namespace = bed.namespace("values-itself");
    let (fleet, bad) = variables_of_its_own(bed, &namespace, &json!({}));
    goes_back(&namespace, &fleet, &bad, "Kustomization");
}

/// Its health check of what crashes runs for nearly an hour, and so would that of the first run with the revert,
/// which has the old variables still.
fn variables_of_its_own_that_are_waited_for_go_back(bed: &TestBed) {
    let namespace = bed.namespace("values-waits");
    let waits = json!({"spec": {"wait": true}});
    let (fleet, bad) = variables_of_its_own(bed, &namespace, &waits);
    goes_back(&namespace, &fleet, &bad, "Kustomization");
    let web = namespace.get("kustomization", "web");
    assert!(web["status"]["conditions"].to_string().contains("ReconciliationSucceeded"), "{web}");
}

/// A `HelmRelease` whose values somebody has made and changed by hand.
#[track_caller]
fn values_by_hand(bed: &TestBed, namespace: &Namespace, kind: &str, member: &str) -> Fleet {
    let (flux, fleet) = (bed.flux(), Fleet::new());
    fleet.chart("charts/web", "1.0");
    fleet.push("Add a chart");
    namespace.apply(&values(kind, member, "1.0"));
    flux.apply(namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(namespace, &release(kind, &hasty_helm()));
    flux.wait_released(namespace, "web");
    namespace.rollout_done("web");
    namespace.apply(&values(kind, member, "2.0-crash"));
    read_again(bed, namespace, "helmrelease", "2.0-crash");
    flux.wait_released(namespace, "web");
    fleet
}

/// Does what the refusal says: edits the object, and has its owner take that up.
#[track_caller]
fn is_changed_by_hand(bed: &TestBed, namespace: &Namespace, fleet: &Fleet, place: &str) {
    let ran = is_refused(namespace, fleet, "deploy/web --yes");
    assert!(ran.stderr.contains(&format!("what is live is given by {place}")), "{ran}");
    let edit = command(&ran, "kubectl edit configmap/");
    let edit = format!("KUBE_EDITOR='sed -i s/2.0-crash/1.0/' {edit}");
    paste(bed, namespace.kubeconfig(), &edit).ends_with(0);
    paste(bed, namespace.kubeconfig(), &command(&ran, "kubectl annotate")).ends_with(0);
    namespace.wait_until("what was changed is live", |_| live(namespace) == image("1.0"));
}

fn values_that_were_made_by_hand_are_changed_by_hand(bed: &TestBed) {
    let namespace = bed.namespace("values-hand");
    let fleet = values_by_hand(bed, &namespace, "ConfigMap", "data");
    let name = namespace.name();
    let place = format!(
        "value image.tag in key values.yaml of ConfigMap {name}/web-values (spec.valuesFrom of \
         HelmRelease {name}/web)"
    );
    is_changed_by_hand(bed, &namespace, &fleet, &place);
}

/// All that is said of it stands in the `HelmRelease`.
fn values_in_a_secret_are_not_read_and_named(bed: &TestBed) {
    let namespace = bed.namespace("values-secret");
    let fleet = values_by_hand(bed, &namespace, "Secret", "stringData");
    let ran = is_refused(&namespace, &fleet, "deploy/web --yes");
    let name = namespace.name();
    let place = format!("it may stand in key values.yaml of Secret {name}/web-values");
    assert!(ran.stderr.contains(&place), "{ran}");
    command(&ran, &format!("kubectl edit secret/web-values -n {name}"));
    command(&ran, "kubectl annotate --overwrite helmrelease.helm.toolkit.fluxcd.io/web");
}

fn variables_that_were_made_by_hand_are_changed_by_hand(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("values-vars"), with_variable());
    namespace.apply(&variables("1.0"));
    flux.apply(&namespace, &git_repository("fleet", &fleet.url()));
    flux.apply(&namespace, &substituting());
    flux.wait_applied(&namespace, "web", &fleet.head());
    namespace.rollout_done("web");
    namespace.apply(&variables("2.0-crash"));
    read_again(bed, &namespace, "kustomization", "2.0-crash");
    let told = "it takes variables from ConfigMap versions (spec.postBuild.substituteFrom)";
    rb(&namespace, "status deploy/web --watch=false").says(told);
    let name = namespace.name();
    let place = format!(
        "key image of ConfigMap {name}/versions (spec.postBuild.substituteFrom of Kustomization {name}/web)"
    );
    is_changed_by_hand(bed, &namespace, &fleet, &place);
}
