//! What an undo through Git does where a Kustomization is held up by its own health check: once the
//! revert is pushed, the live template is patched to what Git now holds, and the run comes later.

use serde_json::{Value, json};

use crate::rb::rb;
use crate::scene::hash;
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

use super::flux::Kustomized;
use super::page;
use super::release::{Declared, bad, fixed};
use super::story::{Owner as _, fields_of_rb, written};

pub(super) const SECTION: &str = "A live patch to what Git holds after the revert";
pub(super) const QUESTIONS: [&str; 5] =
    ["the run writes", "conflict", "rb owns after the run", "the next release", "rb owns then"];
const GIVEN_BACK: &str = "by `rb undo`: the fields go back to their owner";
const KEPT: &str = "by field manager rb, which keeps the fields";
pub(super) const WAYS: [&str; 2] = [GIVEN_BACK, KEPT];

pub(super) fn tests() -> Vec<Test> {
    on_bed![with_the_fields_given_back, with_the_fields_kept]
}

fn with_the_fields_given_back(bed: &TestBed) {
    measured(bed, "coexist-given", GIVEN_BACK, |namespace, _| {
        let words =
            format!("undo deploy/web --direct --yes --to-revision={}", hash(namespace, "1.0"));
        rb(namespace, &words).ends_with(0);
    });
}

fn with_the_fields_kept(bed: &TestBed) {
    measured(bed, "coexist-kept", KEPT, |namespace, template| {
        let patch = json!([{"op": "replace", "path": "/spec/template", "value": template}]);
        let patch = patch.to_string();
        let words = ["patch", "deployment/web", "--field-manager=rb", "--type=json", "-p", &patch];
        namespace.kubectl_ok(&words);
    });
}

fn measured(bed: &TestBed, hint: &str, way: &str, patch: impl Fn(&Namespace, &Value)) {
    let namespace = bed.namespace(hint);
    let owner = Kustomized::deployed(bed, &namespace);
    let declared = Declared::here(&namespace);
    namespace.rollout_done("web");
    let template = namespace.get("deployment", "web")["spec"]["template"].clone();
    owner.release(&bad()).expect("the bad release comes");
    namespace.rollout_done("web");
    patch(&namespace, &template);
    namespace.rollout_done("web");
    assert_eq!(declared.live(&namespace), "the old one");
    let before = written(&namespace);
    let came = owner.revert();
    let writes = if written(&namespace) == before { "nothing" } else { "the Deployment" };
    assert_eq!(declared.live(&namespace), "the old one");
    let owns = fields_of_rb(&namespace);
    owner.release(&fixed()).expect("the fixed release comes");
    let conflict = came.err().unwrap_or_else(|| "none".to_owned());
    let next = declared.live(&namespace);
    let cells = vec![writes.to_owned(), conflict, owns, next, fields_of_rb(&namespace)];
    page::says(way, &[(SECTION, cells)]);
}
