//! Values that an owner takes from a `ConfigMap`, where the owner goes back as a whole.

use serde_json::{Value, json};

use super::{
    crashing_by, declared_above, hasty_helm, release, values, values_by_hand, values_of_git,
    variables_above, variables_of_its_own, with_variable,
};
use crate::durable::{WEB, image, live, undo};
use crate::suite::{Test, on_bed};
use crate::testbed::{Fleet, Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        values_go_back_with_their_release,
        values_in_the_file_of_their_release_go_back,
        values_in_a_patch_of_that_file_go_back,
        variables_go_back_with_their_kustomization,
        what_nobody_waited_for_is_read_with_the_next_call,
        variables_of_its_own_go_back_with_a_kustomization,
        values_made_by_hand_stay,
        values_of_others_stay,
        who_only_declares_variables_is_not_needed_for_the_rest,
    ]
}

/// The whole owner goes back to before that commit, which changed nothing but its values; it reads them again.
#[track_caller]
fn goes_back_whole(namespace: &Namespace, fleet: &Fleet, what: &str, file: &str) {
    let ran = undo(namespace, &format!("{what} --yes")).run().ends_with(0).says("Bump web to 2.0");
    assert_eq!(live(namespace), image("1.0"), "{ran}");
    fleet.pull();
    let changed = fleet.git(&["show", "--name-only", "--format=", "HEAD"]);
    assert_eq!(changed.trim(), file, "{ran}");
    undo(namespace, &format!("{what} --yes")).run().ends_with(0).says("already rolled back");
    assert_eq!(live(namespace), image("1.0"));
}

fn values_go_back_with_their_release(bed: &TestBed) {
    let (namespace, fleet) = (bed.namespace("values-hr"), Fleet::new());
    values_of_git(bed, &namespace, &fleet, &hasty_helm());
    goes_back_whole(&namespace, &fleet, "hr/web", "releases/values.yaml");
}

/// The file goes back in any case, whatever else it declares.
fn values_in_the_file_of_their_release_go_back(bed: &TestBed) {
    let (namespace, fleet) = (bed.namespace("values-hr-file"), Fleet::new());
    fleet.chart("charts/web", "1.0");
    let release = release("ConfigMap", &hasty_helm()).manifest(namespace.name());
    let other = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}});
    let write = |tag: &str| {
        let all = [release.clone(), values("ConfigMap", "data", tag), other.to_string()];
        fleet.write("releases/web.yaml", &all.join("\n---\n"));
    };
    crashing_by(bed, &namespace, &fleet, &write, &|| {
        bed.flux().reconcile(&namespace, "helmrelease", "web");
    });
    goes_back_whole(&namespace, &fleet, "hr/web", "releases/web.yaml");
}

/// One of two files that declare the values goes back in any case; the bad commit changed the other.
fn values_in_a_patch_of_that_file_go_back(bed: &TestBed) {
    let (namespace, fleet) = (bed.namespace("values-hr-patch"), Fleet::new());
    fleet.chart("charts/web", "1.0");
    let release = release("ConfigMap", &hasty_helm()).manifest(namespace.name());
    let all = [release, values("ConfigMap", "data", "0.9")];
    fleet.write("base/web.yaml", &all.join("\n---\n"));
    fleet.write("base/kustomization.yaml", "resources: [web.yaml]\n");
    let overlay = "resources: [../base]\npatches: [{path: values.yaml}]\n";
    fleet.write("releases/kustomization.yaml", overlay);
    let write = |tag: &str| fleet.write("releases/values.yaml", &values("ConfigMap", "data", tag));
    crashing_by(bed, &namespace, &fleet, &write, &|| {
        bed.flux().reconcile(&namespace, "helmrelease", "web");
    });
    goes_back_whole(&namespace, &fleet, "hr/web", "releases/values.yaml");
}

fn variables_go_back_with_their_kustomization(bed: &TestBed) {
    let namespace = bed.namespace("values-ks");
    let (fleet, _) = variables_above(bed, &namespace, &Value::Null);
    goes_back_whole(&namespace, &fleet, "ks/web", "cluster/versions.yaml");
}

/// Nobody has asked for a run that reads them.
fn what_nobody_waited_for_is_read_with_the_next_call(bed: &TestBed) {
    let namespace = bed.namespace("values-ks-later");
    let (fleet, bad) = variables_above(bed, &namespace, &Value::Null);
    let ran = undo(&namespace, "ks/web --yes --no-wait").run();
    assert_ne!(fleet.server_head(), bad, "{ran}");
    let told = "once the commit is applied, have its values read: kubectl annotate --overwrite";
    let ran = ran.tells(told);
    assert_eq!(live(&namespace), image("2.0-crash"), "{ran}");
    undo(&namespace, "ks/web --yes").run().ends_with(0).says("already rolled back");
    assert_eq!(live(&namespace), image("1.0"));
}

fn variables_of_its_own_go_back_with_a_kustomization(bed: &TestBed) {
    let namespace = bed.namespace("values-ks-own");
    let (fleet, _) = variables_of_its_own(bed, &namespace, &json!({}));
    goes_back_whole(&namespace, &fleet, "ks/web", "apps/web/versions.yaml");
}

fn values_made_by_hand_stay(bed: &TestBed) {
    let namespace = bed.namespace("values-hr-hand");
    let fleet = values_by_hand(bed, &namespace, "ConfigMap", "data");
    fleet.write("charts/web/values.yaml", "image: {tag: other}\n");
    fleet.push("Change the chart");
    let each = json!({"spec": {"chart": {"spec": {"reconcileStrategy": "Revision"}}}});
    namespace.merge_patch("helmrelease/web", &each);
    let name = namespace.name();
    let told = format!(
        "the values in ConfigMap {name}/web-values stay: no file that goes back declares it"
    );
    undo(&namespace, "hr/web --dry-run").run().ends_with(0).tells(&told);
}

/// Another release takes values from the same object.
fn values_of_others_stay(bed: &TestBed) {
    let (namespace, fleet) = (bed.namespace("values-hr-shared"), Fleet::new());
    let other = json!({"metadata": {"name": "api"}, "spec": {"suspend": true}});
    let other = release("ConfigMap", &hasty_helm()).with(&other);
    fleet.write("releases/api.yaml", &other.manifest(namespace.name()));
    values_of_git(bed, &namespace, &fleet, &hasty_helm());
    let name = namespace.name();
    let told = format!(
        "the values in ConfigMap {name}/web-values stay: they belong to others too (releases/api.yaml)"
    );
    undo(&namespace, "hr/web --yes").run().ends_with(4).says(&told);
}

/// The one above declares its variables, is suspended, and has nothing to do with the commit.
fn who_only_declares_variables_is_not_needed_for_the_rest(bed: &TestBed) {
    let (flux, namespace, fleet) = (bed.flux(), bed.namespace("values-ks-rest"), with_variable());
    declared_above(bed, &namespace, &fleet, &json!({}));
    fleet.app(WEB, "web", &image("2.0-crash"));
    let bad = fleet.push("Bump web to 2.0");
    flux.reconcile(&namespace, "gitrepository", "fleet");
    flux.wait_applied(&namespace, "web", &bad);
    namespace.merge_patch("kustomization/cluster", &json!({"spec": {"suspend": true}}));
    let ran = undo(&namespace, "ks/web --yes").run().ends_with(0).says("Bump web to 2.0");
    assert_eq!(live(&namespace), image("1.0"), "{ran}");
}
