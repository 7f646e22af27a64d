use serde_json::{Value, json};

use super::*;
use crate::probe::fixture::{Shop, application, kustomization, verdict};
use crate::rollback::model::check::CheckStatus::{Fail, Pass, Unknown, Warn};

const LATER: &str = "2026-11-25T21:04:00Z";

fn entry(manager: &str, fields: &Value) -> Value {
    json!({"manager": manager, "operation": "Update", "time": LATER,
        "fieldsV1": {"f:spec": {"f:template": fields}}})
}

fn image() -> Value {
    json!({"f:spec": {"f:containers": {"k:{\"name\":\"app\"}": {"f:image": {}}}}})
}

fn restart() -> Value {
    json!({"f:metadata": {"f:annotations": {"f:restartedAt": {}}}})
}

/// The Deployment, with these entries of managed fields.
fn web(entries: &[Value]) -> Shop {
    Shop::web().workload(&json!({"/metadata/managedFields": entries}))
}

#[test]
fn an_application_is_asked_for_its_own_comparison() {
    let old = json!({"/status/reconciledAt": "2026-11-25T21:00:00Z"});
    let new = json!({"/status/reconciledAt": "2026-11-25T21:04:30Z"});
    let status = |at: &str| json!({"/status/resources/1/status": at});
    let image_of = |fields: Value| {
        json!({"/spec/ignoreDifferences": [{"group": "apps",
        "kind": "Deployment", "jsonPointers": fields}]})
    };
    let own = || entry("argocd-controller", &image());
    let patched = || [entry("argocd-controller", &json!({})), entry("kubectl-set", &image())];
    for (what, edits, entries, expected) in [
        ("synced", json!({}), vec![own()], (Pass, "")),
        ("out of sync", status("OutOfSync"), vec![own()], (Fail, "Differs")),
        ("patched", status("OutOfSync"), patched().to_vec(), (Fail, "LivePatch")),
        // The patch came after the comparison that found no difference.
        ("not compared since", old.clone(), patched().to_vec(), (Unknown, "NotCompared")),
        ("compared since", new, patched().to_vec(), (Pass, "")),
        ("a restart", old, vec![own(), entry("kubectl", &restart())], (Pass, "")),
        ("no word", status(""), vec![own()], (Unknown, "NotCompared")),
        ("not listed", json!({"/status/resources": []}), vec![own()], (Unknown, "NotCompared")),
        ("other fields left alone", image_of(json!(["/spec/replicas"])), vec![own()], (Pass, "")),
        (
            "the image left alone",
            image_of(json!(["/spec/template/spec"])),
            vec![own()],
            (Warn, "Ignored"),
        ),
        ("all left alone", image_of(json!([""])), vec![own()], (Warn, "Ignored")),
    ] {
        let finding = web(&entries).owned(application(&edits)).alone(&GitopsAgrees);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
    }
    let finding = web(&patched()).owned(application(&status("OutOfSync"))).alone(&GitopsAgrees);
    let said = "kubectl-set wrote spec.containers[app].image 1m ago";
    assert!(finding.message.ends_with(said), "{}", finding.message);
}

#[test]
fn of_flux_the_managed_fields_tell() {
    let own = || entry("kustomize-controller", &image());
    let taken = || vec![entry("kustomize-controller", &json!({})), entry("kubectl-edit", &image())];
    for (what, edits, entries, expected) in [
        ("its own", json!({}), vec![own()], (Pass, "")),
        ("a live patch", json!({}), taken(), (Fail, "LivePatch")),
        ("a restart", json!({}), vec![own(), entry("kubectl", &restart())], (Pass, "")),
        ("no managed fields", json!({}), Vec::new(), (Unknown, "NotCompared")),
        (
            "the image left alone",
            json!({"/spec/ignore": [{"paths": ["/spec/template/spec/containers/0/image"]}]}),
            vec![own()],
            (Warn, "Ignored"),
        ),
    ] {
        let rung = kustomization(&edits, Some(&json!({})));
        let finding = web(&entries).owned(rung).alone(&GitopsAgrees);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
    }
    let mark = json!({"kustomize.toolkit.fluxcd.io/reconcile": "disabled"});
    let shop = web(&[own()]).workload(&json!({"/metadata/annotations": mark}));
    let finding = shop.owned(kustomization(&json!({}), Some(&json!({})))).alone(&GitopsAgrees);
    assert_eq!(verdict(&finding), (Unknown, "NotCompared"));
    assert!(finding.message.contains("it leaves the workload alone (annotation "), "{finding:?}");
}

/// What rb wrote belongs to others again: so only a run since then tells anything.
#[test]
fn an_undo_past_flux_is_not_known_to_agree_before_its_next_run() {
    for (ran, expected) in
        [("2026-11-25T21:03:00Z", (Unknown, "NotCompared")), ("2026-11-25T21:04:30Z", (Pass, ""))]
    {
        let history = json!({"/status/history": [{"lastReconciled": ran,
            "lastReconciledStatus": "ReconciliationSucceeded", "metadata": {"revision": "main@sha1:a"}}]});
        let rung = kustomization(&history, Some(&json!({})));
        let mut shop = web(&[entry("kustomize-controller", &image())]).owned(rung);
        shop.expected.undone = Some(LATER.parse().unwrap());
        assert_eq!(verdict(&shop.alone(&GitopsAgrees)), expected, "{ran}");
    }
}
