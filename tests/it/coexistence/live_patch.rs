//! What an undo through Git does where a Kustomization is held up by its own health check: once the
//! revert is pushed, the live template is patched to what Git now holds, and the run comes later.

use serde_json::{Value, json};

use crate::rb::rb;
use crate::scene::hash;
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

use super::flux::Kustomized;
use super::page;
use super::release::{Declared, bad, fixed, old};
use super::story::{CAUSE_KEY, Owner as _, fields_of_rb, written};

pub(super) const SECTION: &str = "A live patch to what Git holds after the revert";
pub(super) const QUESTIONS: [&str; 5] =
    ["the run writes", "conflict", "rb owns after the run", "the next release", "rb owns then"];
const GIVEN_BACK: &str = "by `rb undo`: the fields go back to their owner";
const CAUSE: &str = "by `rb undo`, and Git has a `change-cause`";
const KEPT: &str = "by field manager rb, which keeps the fields";
pub(super) const WAYS: [&str; 3] = [GIVEN_BACK, CAUSE, KEPT];

pub(super) fn tests() -> Vec<Test> {
    on_bed![with_the_fields_given_back, with_a_declared_cause, with_the_fields_kept]
}

fn with_the_fields_given_back(bed: &TestBed) {
    measured(bed, "coexist-given", GIVEN_BACK, |manifest, _| manifest, undo);
}

fn with_a_declared_cause(bed: &TestBed) {
    let because = |mut manifest: Value, cause: &str| {
        manifest["metadata"]["annotations"] = json!({CAUSE_KEY: cause});
        manifest
    };
    measured(bed, "coexist-cause", CAUSE, because, undo);
}

fn with_the_fields_kept(bed: &TestBed) {
    let patch = |namespace: &Namespace, template: &Value| {
        let patch = json!([{"op": "replace", "path": "/spec/template", "value": template}]);
        let patch = patch.to_string();
        let words = ["patch", "deployment/web", "--field-manager=rb", "--type=json", "-p", &patch];
        namespace.kubectl_ok(&words);
    };
    measured(bed, "coexist-kept", KEPT, |manifest, _| manifest, patch);
}

fn undo(namespace: &Namespace, _: &Value) {
    let words = format!("undo deploy/web --direct --yes --to-revision={}", hash(namespace, "1.0"));
    rb(namespace, &words).ends_with(0);
}

/// `manifest` makes of a release what is in Git; `patch` makes a template live.
fn measured(
    bed: &TestBed,
    hint: &str,
    way: &str,
    manifest: impl Fn(Value, &str) -> Value,
    patch: impl Fn(&Namespace, &Value),
) {
    let namespace = bed.namespace(hint);
    let owner = Kustomized::deployed(bed, &namespace, &manifest(old(), "release 1"));
    let declared = Declared::here(&namespace);
    namespace.rollout_done("web");
    let template = namespace.get("deployment", "web")["spec"]["template"].clone();
    owner.release(&manifest(bad(), "release 2")).expect("the bad release comes");
    namespace.rollout_done("web");
    patch(&namespace, &template);
    namespace.rollout_done("web");
    assert_eq!(declared.live(&namespace), "the old one");
    let before = written(&namespace);
    let came = owner.revert();
    let writes = writes(before, written(&namespace));
    assert_eq!(declared.live(&namespace), "the old one");
    let owns = fields_of_rb(&namespace);
    owner.release(&manifest(fixed(), "release 3")).expect("the fixed release comes");
    let conflict = came.err().unwrap_or_else(|| "none".to_owned());
    let next = declared.live(&namespace);
    let cells = vec![writes.to_owned(), conflict, owns, next, fields_of_rb(&namespace)];
    page::says(way, &[(SECTION, cells)]);
}

fn writes(mut before: Value, mut after: Value) -> &'static str {
    if before == after {
        return "nothing";
    }
    for object in [&mut before, &mut after] {
        object["metadata"]["annotations"][CAUSE_KEY] = Value::Null;
        object["metadata"]["managedFields"] = Value::Null;
        // It counts changes of annotations, too.
        object["metadata"]["generation"] = Value::Null;
    }
    if before == after { "`change-cause`" } else { "the Deployment" }
}
