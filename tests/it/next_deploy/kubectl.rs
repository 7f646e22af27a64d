//! The next deploy by kubectl.

use serde_json::{Value, json};

use super::{
    CAUSE, LAST_APPLIED, because, fields, first, is_exactly, is_silent, later, rb_has_its_own_only,
    try_with, two_releases, undo, with,
};
use crate::rb::rb;
use crate::scene::{annotation, image, settle};
use crate::suite::{Test, on_bed};
use crate::testbed::{Namespace, TestBed};

pub(super) fn tests() -> Vec<Test> {
    on_bed![
        apply_on_the_client,
        apply_on_the_server,
        apply_on_the_server_of_a_manifest_that_says_why,
        apply_moves_to_the_server,
        apply_has_moved_to_the_server,
        what_was_last_applied_changes_in_its_template_only,
        what_was_last_applied_stays_where_it_would_be_too_big,
        replace,
        what_kubectl_created_gets_no_annotation,
        set_image,
        patch,
        rollout_undo,
    ]
}

fn apply_on_the_client(bed: &TestBed) {
    let namespace = bed.namespace("next-client");
    two_releases(&namespace, "apply", "apply");
    is_silent(&undo(&namespace, ""));
    with(&namespace, "apply", &later("3.0"));
    is_exactly(&namespace, &later("3.0"));
}

fn apply_on_the_server(bed: &TestBed) {
    let namespace = bed.namespace("next-server");
    let apply = "apply --server-side";
    two_releases(&namespace, apply, apply);
    is_silent(&undo(&namespace, ""));
    rb_has_its_own_only(&namespace);
    with(&namespace, apply, &later("3.0"));
    is_exactly(&namespace, &later("3.0"));
    // As if rb had never been there.
    let fresh = bed.namespace("next-fresh");
    with(&fresh, apply, &later("3.0"));
    assert_eq!(fields(&namespace, "kubectl"), fields(&fresh, "kubectl"));
}

/// The undo writes the change-cause, too: it must not become rb's.
fn apply_on_the_server_of_a_manifest_that_says_why(bed: &TestBed) {
    let namespace = bed.namespace("next-why");
    let apply = "apply --server-side";
    with(&namespace, apply, &because(first(), "release 1"));
    settle(&namespace, "1.0");
    with(&namespace, apply, &because(later("2.0"), "release 2"));
    settle(&namespace, "2.0");
    undo(&namespace, "");
    rb_has_its_own_only(&namespace);
    assert!(annotation(&namespace, CAUSE).starts_with("rb undo: "));
    with(&namespace, apply, &because(later("3.0"), "release 3"));
    is_exactly(&namespace, &later("3.0"));
    assert_eq!(annotation(&namespace, CAUSE), "release 3");
    // And it goes away with the manifest that declared it.
    with(&namespace, apply, &later("3.0"));
    assert_eq!(annotation(&namespace, CAUSE), "");
}

/// The first server-side apply takes over what kubectl applied on the client.
fn apply_moves_to_the_server(bed: &TestBed) {
    let namespace = bed.namespace("next-moves");
    two_releases(&namespace, "apply", "apply");
    is_silent(&undo(&namespace, ""));
    with(&namespace, "apply --server-side", &later("3.0"));
    is_exactly(&namespace, &later("3.0"));
}

/// The annotation of the client-side days is still there, and kubectl keeps it up to date.
fn apply_has_moved_to_the_server(bed: &TestBed) {
    let namespace = bed.namespace("next-moved");
    two_releases(&namespace, "apply", "apply --server-side");
    assert!(annotation(&namespace, LAST_APPLIED).contains(&image("2.0")));
    // kubectl moves in two writes, the first of which is a release of its own, a mixture.
    is_silent(&undo(&namespace, "--to-revision=1"));
    rb_has_its_own_only(&namespace);
    with(&namespace, "apply --server-side", &later("3.0"));
    is_exactly(&namespace, &later("3.0"));
}

fn what_was_last_applied_changes_in_its_template_only(bed: &TestBed) {
    let namespace = bed.namespace("next-applied");
    two_releases(&namespace, "apply", "apply");
    let before = annotation(&namespace, LAST_APPLIED);
    undo(&namespace, "");
    let after = annotation(&namespace, LAST_APPLIED);
    assert!(before.ends_with("}\n") && after.ends_with("}\n"), "{before:?} {after:?}");
    let [mut before, mut after] =
        [before, after].map(|text| serde_json::from_str::<Value>(&text).expect("JSON"));
    // As the manifest had it, without what the API server has filled in.
    assert_eq!(after["spec"]["template"], first()["spec"]["template"]);
    for document in [&mut before, &mut after] {
        document["spec"]["template"] = Value::Null;
    }
    assert_eq!(after, before);
}

fn what_was_last_applied_stays_where_it_would_be_too_big(bed: &TestBed) {
    let namespace = bed.namespace("next-big");
    let mut big = first();
    big["spec"]["template"]["metadata"]["annotations"]["example.test/big"] =
        json!("x".repeat(20_000));
    with(&namespace, "apply", &big);
    settle(&namespace, "1.0");
    with(&namespace, "apply", &later("2.0"));
    settle(&namespace, "2.0");
    let much = json!({"metadata": {"annotations": {"example.test/much": "x".repeat(250_000)}}});
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), much.to_string()).expect("it can be written");
    let file = file.path().display().to_string();
    let patch = ["patch", "deployment/web", "--type=merge", "--patch-file", &file];
    namespace.kubectl_ok(&patch);
    let before = annotation(&namespace, LAST_APPLIED);
    let ran = rb(&namespace, "undo deploy/web --yes").ends_with(0);
    ran.says("stays as it is, since").says("256 KiB in all");
    is_exactly(&namespace, &big);
    assert_eq!(annotation(&namespace, LAST_APPLIED), before);
}

fn replace(bed: &TestBed) {
    let namespace = bed.namespace("next-replace");
    two_releases(&namespace, "create", "replace");
    is_silent(&undo(&namespace, ""));
    // It writes over what it has read; a controller that is not done would be in between.
    namespace.rollout_done("web");
    with(&namespace, "replace", &later("3.0"));
    is_exactly(&namespace, &later("3.0"));
}

fn what_kubectl_created_gets_no_annotation(bed: &TestBed) {
    let namespace = bed.namespace("next-created");
    two_releases(&namespace, "create", "replace");
    undo(&namespace, "");
    rb_has_its_own_only(&namespace);
    assert_eq!(annotation(&namespace, LAST_APPLIED), "");
    // Nobody applied it on the server, and now somebody does: the usual conflicts, none with rb.
    let output = try_with(&namespace, "apply --server-side", &later("3.0"));
    assert!(!output.stderr.contains("\"rb\""), "{output}");
    assert!(output.stderr.contains("conflict with \"kubectl-"), "{output}");
}

/// It declares the image, and nothing else.
fn set_image(bed: &TestBed) {
    let namespace = bed.namespace("next-image");
    created_and_changed(&namespace);
    undo(&namespace, "");
    namespace.set_image("web", &image("3.0"));
    is_exactly(&namespace, &first_with_image("3.0"));
}

fn patch(bed: &TestBed) {
    let namespace = bed.namespace("next-patch");
    created_and_changed(&namespace);
    undo(&namespace, "");
    patched(&namespace, "3.0");
    is_exactly(&namespace, &later("3.0"));
}

fn rollout_undo(bed: &TestBed) {
    let namespace = bed.namespace("next-rollout");
    two_releases(&namespace, "apply", "apply");
    undo(&namespace, "");
    settle(&namespace, "1.0");
    namespace.kubectl_ok(&["rollout", "undo", "deployment/web"]);
    is_exactly(&namespace, &later("2.0"));
    // And what is deployed after that is clean, too.
    with(&namespace, "apply", &later("3.0"));
    is_exactly(&namespace, &later("3.0"));
}

/// Release 1, and a second one made of changes.
fn created_and_changed(namespace: &Namespace) {
    with(namespace, "create", &first());
    settle(namespace, "1.0");
    patched(namespace, "2.0");
    settle(namespace, "2.0");
}

/// What release 1 has and later ones have not is taken away by a patch.
fn patched(namespace: &Namespace, tag: &str) {
    let patch = json!({"spec": {"template": {"spec": {
        "terminationGracePeriodSeconds": null,
        "containers": [
            {"name": "app", "image": image(tag), "env": null},
            {"name": "side", "$patch": "delete"},
        ],
    }, "metadata": {"annotations": null}}}});
    namespace.kubectl_ok(&["patch", "deployment/web", "-p", &patch.to_string()]);
    is_exactly(namespace, &later(tag));
}

fn first_with_image(tag: &str) -> Value {
    let mut manifest = first();
    manifest["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image(tag));
    manifest
}
