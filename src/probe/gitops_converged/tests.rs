use serde_json::{Value, json};

use super::*;
use crate::probe::fixture::{Shop, application, kustomization, verdict};
use crate::rollback::model::check::CheckStatus::{Fail, Pass, Skipped, Unknown};
use crate::rollback::model::ownership::Proof;

#[test]
fn an_owner_has_to_be_done_with_what_it_wants() {
    let state = "/status/operationState";
    for (what, edits, expected, words) in [
        ("done", json!({}), (Pass, ""), "has applied 9f3c2ab and says that it is healthy"),
        (
            "a sync that was asked for",
            json!({"/operation": {"sync": {"revision": "9f3c2ab51d0e77aa0123456789abcdef01234567"}}}),
            (Fail, "Running"),
            "is at work (sync, asked for)",
        ),
        (
            "a sync that runs",
            json!({state: {"phase": "Running", "message": "waiting for hooks",
                "syncResult": {"revision": "9f3c2ab51d0e77aa0123456789abcdef01234567"}}}),
            (Fail, "Running"),
            "is at work (sync): waiting for hooks",
        ),
        (
            "a sync to another commit",
            json!({state: {"phase": "Running", "syncResult": {"revision": "other"}}}),
            (Fail, "Blocked"),
            "is held back by a sync to other, which is running",
        ),
        (
            "a difference",
            json!({"/status/sync/status": "OutOfSync", "/status/resources/1/status": "OutOfSync"}),
            (Fail, "NotApplied"),
            "waits for what differs although the sync succeeded: Deployment shop/web",
        ),
        (
            "a comparison that was asked for",
            json!({"/metadata/annotations": {"argocd.argoproj.io/refresh": "normal"}}),
            (Fail, "NotCompared"),
            "is not up to date and is at 9f3c2ab: it was asked to compare again",
        ),
        (
            "another source than the one that was compared",
            json!({"/status/sync/comparedTo": {"source": {"repoURL": "https://git.test/fleet.git",
                "path": "apps/web", "targetRevision": "old"}}}),
            (Fail, "NotCompared"),
            "is not up to date and is at 9f3c2ab: its source was changed",
        ),
        (
            "nothing that can be compared",
            json!({"/status/sync/status": "Unknown",
                "/status/conditions": [{"type": "ComparisonError", "message": "no such path"}]}),
            (Fail, "NotCompared"),
            "is not up to date and is at 9f3c2ab: no such path",
        ),
        (
            "a deletion",
            json!({"/metadata/deletionTimestamp": "2026-11-25T21:04:00Z"}),
            (Fail, "Failed"),
            "has failed: it is being deleted",
        ),
        (
            "health from before the sync",
            json!({"/status/reconciledAt": "2026-03-02T10:59:59Z"}),
            (Pass, ""),
            "has applied 9f3c2ab: its health is from before the sync",
        ),
    ] {
        let finding = Shop::web().owned(application(&edits)).alone(&GitopsConverged);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
        let said = format!("Argo CD application web {words}");
        assert!(finding.message.starts_with(&said), "{what}: {}", finding.message);
        assert_eq!(finding.level, None, "{what}");
    }
}

#[test]
fn a_kustomization_has_to_have_what_its_source_has() {
    let newer = "main@sha1:51d0e77aa0123456789abcdef012345679f3c2ab";
    for (what, owner, source, expected) in [
        ("done", json!({}), json!({}), (Pass, "")),
        (
            "a newer artifact",
            json!({}),
            json!({"/status/artifact/revision": newer}),
            (Fail, "NotApplied"),
        ),
        ("a generation", json!({"/metadata/generation": 3}), json!({}), (Fail, "Running")),
        (
            "a request",
            json!({"/metadata/annotations": {"reconcile.fluxcd.io/requestedAt": "now"}}),
            json!({}),
            (Fail, "NotCompared"),
        ),
        (
            "a source that cannot be fetched",
            json!({}),
            json!({"/status/conditions": [{"type": "Ready", "status": "False", "reason": "GitFailed"}]}),
            (Fail, "NotCompared"),
        ),
        (
            "a request to the source",
            json!({}),
            json!({"/metadata/annotations": {"reconcile.fluxcd.io/requestedAt": "now"}}),
            (Fail, "NotCompared"),
        ),
        ("a suspension", json!({"/spec/suspend": true}), json!({}), (Fail, "Suspended")),
    ] {
        let shop = Shop::web().owned(kustomization(&owner, Some(&source)));
        let finding = shop.alone(&GitopsConverged);
        assert_eq!(verdict(&finding), expected, "{what}: {finding:?}");
    }
    let finding = Shop::web().owned(kustomization(&json!({}), None)).alone(&GitopsConverged);
    assert_eq!(verdict(&finding), (Unknown, "Unreadable"));
    assert!(finding.message.contains("GitRepository flux/fleet was not found"), "{finding:?}");
}

#[test]
fn an_owner_that_does_nothing_by_itself_is_worth_a_look_only() {
    let by_hand = |edits: &Value| {
        let mut rung = application(edits);
        rung.owner.automation.as_mut().unwrap().syncs = false;
        rung
    };
    let differs = json!({"/status/sync/status": "OutOfSync"});
    let finding = Shop::web().owned(by_hand(&differs)).alone(&GitopsConverged);
    assert_eq!((verdict(&finding), finding.level), ((Fail, "NotApplied"), Some(Level::Advisory)));
    // This undo went past it, and said so.
    let mut shop = Shop::web().owned(application(&differs));
    shop.expected.past_owners = true;
    assert_eq!(shop.alone(&GitopsConverged).level, Some(Level::Advisory));
}

#[test]
fn who_cannot_be_read_is_not_known() {
    let mut rung = application(&json!({}));
    rung.object = None;
    rung.owner.proof = Proof::Unread("not allowed to list applications".to_owned());
    let finding = Shop::web().owned(rung).alone(&GitopsConverged);
    assert_eq!((verdict(&finding), finding.level), ((Unknown, "Unreadable"), None));
    assert!(finding.message.ends_with("is not known: not allowed to list applications"));
}

#[test]
fn without_an_owner_there_is_nothing_to_check() {
    let finding = Shop::web().alone(&GitopsConverged);
    assert_eq!(verdict(&finding), (Skipped, ""));
    assert_eq!(finding.message, "nobody owns it who takes it from Git");
    let mut rung = application(&json!({}));
    rung.owner.proof = Proof::Refuted("there is no Application web".to_owned());
    let finding = Shop::web().owned(rung).alone(&GitopsConverged);
    assert_eq!(verdict(&finding), (Skipped, ""));
    let told =
        "Argo CD application web (annotation x) counts for nothing: there is no Application web";
    assert_eq!(finding.evidence, [told]);
}
