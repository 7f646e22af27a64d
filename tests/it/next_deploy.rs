//! The deploy after a rollback: release 1 has some things, the bad release 2 drops them, the undo
//! brings them back, and release 3, deployed as the others were, must be what its manifest says:
//! no conflict with rb, nothing left over.

mod helm;
mod kubectl;
mod ownership;
mod sets;

use serde_json::{Value, json};

use crate::rb::{Ran, rb};
use crate::scene::{image, settle};
use crate::suite::Test;
use crate::testbed::{Namespace, Output};

pub(crate) fn tests() -> Vec<Test> {
    [helm::tests(), kubectl::tests(), ownership::tests(), sets::tests()].concat()
}

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const CAUSE: &str = "kubernetes.io/change-cause";

/// Release 1: a variable, an annotation, a container and a period that later releases do not have.
fn first() -> Value {
    let mut manifest = later("1.0");
    let template = &mut manifest["spec"]["template"];
    template["metadata"]["annotations"] = json!({"example.test/old": "1"});
    template["spec"]["terminationGracePeriodSeconds"] = json!(60);
    template["spec"]["containers"][0]["env"] = json!([{"name": "OLD", "value": "1"}]);
    let side = json!({"name": "side", "image": "registry.test:5000/shop/side:1"});
    template["spec"]["containers"].as_array_mut().expect("a list").push(side);
    manifest
}

/// A release without any of these.
fn later(tag: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "app", "image": image(tag)}]},
            },
        },
    })
}

/// The same, saying why it is deployed.
fn because(mut manifest: Value, cause: &str) -> Value {
    manifest["metadata"]["annotations"] = json!({CAUSE: cause});
    manifest
}

/// Runs kubectl with a manifest in a file, whatever comes of it.
fn try_with(namespace: &Namespace, words: &str, manifest: &Value) -> Output {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), manifest.to_string()).expect("it can be written");
    let path = file.path().display().to_string();
    let words = words.split(' ').chain(["-f", &path]);
    namespace.kubectl(&words.collect::<Vec<_>>())
}

/// The same, and it must succeed without a warning.
#[track_caller]
fn with(namespace: &Namespace, words: &str, manifest: &Value) -> String {
    let output = try_with(namespace, words, manifest);
    assert!(output.code == 0 && output.stderr.is_empty(), "kubectl {words}: {output}");
    output.stdout
}

/// The template that the API server makes of a manifest where nothing was before.
#[track_caller]
fn declared(namespace: &Namespace, manifest: &Value) -> Value {
    let mut fresh = manifest.clone();
    fresh["metadata"]["name"] = json!("fresh");
    let made = with(namespace, "create --dry-run=server -o json", &fresh);
    serde_json::from_str::<Value>(&made).expect("an object")["spec"]["template"].clone()
}

fn live_template(namespace: &Namespace) -> Value {
    namespace.get("deployment", "web")["spec"]["template"].clone()
}

/// Fails the test unless the live template is what this manifest declares.
#[track_caller]
fn is_exactly(namespace: &Namespace, manifest: &Value) {
    assert_eq!(live_template(namespace), declared(namespace, manifest));
}

/// Rolls back to release 1, without a word of warning unless the test says which.
#[track_caller]
fn undo(namespace: &Namespace, flags: &str) -> Ran {
    let ran = rb(namespace, &format!("undo deploy/web --yes {flags}")).ends_with(0);
    is_exactly(namespace, &first());
    ran
}

#[track_caller]
fn is_silent(ran: &Ran) {
    assert!(!ran.to_string().to_lowercase().contains("warning"), "{ran}");
}

/// Releases 1 and 2 by this command.
fn two_releases(namespace: &Namespace, create: &str, update: &str) {
    with(namespace, create, &first());
    settle(namespace, "1.0");
    with(namespace, update, &later("2.0"));
    settle(namespace, "2.0");
}

/// The fields that a manager owns, whatever the operation; null where there are none.
fn fields(namespace: &Namespace, manager: &str) -> Value {
    fields_of(&namespace.get("deployment", "web"), manager)
}

fn fields_of(web: &Value, manager: &str) -> Value {
    let entries = web["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
    let found = entries.into_iter().find(|entry| entry["manager"] == manager);
    found.map(|entry| entry["fieldsV1"].clone()).unwrap_or_default()
}

/// Fails the test unless rb owns its own annotation and nothing else.
#[track_caller]
fn rb_has_its_own_only(namespace: &Namespace) {
    rb_owns_its_own_only(&namespace.get("deployment", "web"));
}

#[track_caller]
fn rb_owns_its_own_only(web: &Value) {
    let own = json!({"f:metadata": {"f:annotations": {"f:kubectl-rb/record": {}}}});
    let mut found = fields_of(web, "rb");
    if let Some(annotations) = found.pointer_mut("/f:metadata/f:annotations") {
        annotations.as_object_mut().map(|members| members.remove("."));
    }
    assert_eq!(found, own);
}
