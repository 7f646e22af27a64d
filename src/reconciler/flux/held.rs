//! How a Kustomization or a `HelmRelease` is turned off: `spec.suspend`, by the field manager of rb, so
//! that a Kustomization above it leaves the field alone, unless Git names it.

use serde_json::Value;

use crate::error::{Error, ErrorKind, Result};
use crate::rollback::model::hold::How;

use super::super::holding::{Switch, UnderWay, declared_by, named};
use super::condition::true_one;
use super::fields::{flag, is_set};

/// What a Kustomization says once it has applied everything: from there on it writes nothing more.
const APPLIED: &str = "Running health checks";
/// What a `HelmRelease` says while Helm installs, upgrades or rolls back, which may take minutes.
const ACTION: &str = "Running '";
/// It has failed and waits: nothing of it comes while it is suspended.
const RETRY: &str = "ProgressingWithRetry";

/// In which form.
pub(super) fn switch(owner: &Value) -> Result<Switch> {
    if is_set(owner, "/metadata/deletionTimestamp") {
        let message = format!("{} cannot be held: it is being deleted", named(owner));
        return Err(Error::new(ErrorKind::Refused, message));
    }
    if flag(owner, "/spec/suspend") {
        return Ok(Switch::IsOff("somebody has suspended it already".to_owned()));
    }
    if let Some(manager) = declared_by(owner, How::Suspend) {
        let message = format!(
            "Git names spec.suspend of {}, so whoever applies it ({manager}) puts it back",
            named(owner)
        );
        return Err(Error::new(ErrorKind::Refused, message)
            .hint("take spec.suspend out of its manifest in Git")
            .hint("without --now the commit is reverted in Git, and nothing has to be held"));
    }
    Ok(Switch::Turn(vec![How::Suspend]))
}

/// A run that has begun goes on, whatever `suspend` says.
pub(super) fn under_way(owner: &Value) -> Option<UnderWay> {
    let running = true_one(owner, "Reconciling")?;
    let (name, words) = (named(owner), running.words());
    if running.reason() == RETRY {
        None
    } else if running.message().starts_with(APPLIED) {
        let note = format!("{name} waits for health still and writes nothing more ({words})");
        Some(UnderWay::GoesOn(note))
    } else if running.message().starts_with(ACTION) {
        let note =
            format!("{name} goes on with what Helm does and may write the workload ({words})");
        Some(UnderWay::GoesOn(note))
    } else {
        Some(UnderWay::Ends(format!("its run ({words})")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn owner(spec: &Value, manager: &str) -> Value {
        json!({"kind": "Kustomization", "metadata": {"namespace": "shop", "name": "web",
            "managedFields": [
                {"manager": "kustomize-controller", "fieldsV1": {"f:spec": {"f:path": {}}}},
                {"manager": manager, "fieldsV1": {"f:spec": {"f:suspend": {}}}},
            ]}, "spec": spec})
    }

    #[test]
    fn it_is_suspended_where_git_does_not_name_that() {
        let turn = Switch::Turn(vec![How::Suspend]);
        for spec in [json!({}), json!({"suspend": false}), json!({"suspend": "x"}), json!([])] {
            for manager in ["flux", "kubectl-edit", "rb"] {
                assert_eq!(switch(&owner(&spec, manager)).unwrap(), turn, "{spec} {manager}");
            }
            for manager in ["kustomize-controller", "argocd-controller"] {
                let error = switch(&owner(&spec, manager)).unwrap_err();
                assert_eq!(error.kind(), ErrorKind::Refused);
                assert!(error.to_string().contains(manager), "{error}");
            }
        }
    }

    #[test]
    fn what_is_off_or_goes_away_is_not_held() {
        let off = switch(&owner(&json!({"suspend": true}), "flux")).unwrap();
        assert_eq!(off, Switch::IsOff("somebody has suspended it already".to_owned()));
        let mut gone = owner(&json!({}), "flux");
        gone["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        let error = switch(&gone).unwrap_err().to_string();
        assert_eq!(error, "Kustomization shop/web cannot be held: it is being deleted");
    }

    #[test]
    fn a_run_writes_until_it_waits() {
        let build = "Building manifests for revision main@sha1:a";
        let check = "Running health checks for revision a with a timeout of 1m";
        let upgrade = "Running 'upgrade' action with timeout of 5m0s";
        for (status, reason, message, word) in [
            ("True", "Progressing", build, "ends"),
            ("True", "Progressing", check, "goes on"),
            ("True", "Progressing", upgrade, "goes on"),
            ("True", "ProgressingWithRetry", "it failed", "waits"),
            ("False", "Progressing", "", "waits"),
        ] {
            let owner = json!({"kind": "Kustomization", "status": {"conditions": [
                {"type": "Reconciling", "status": status, "reason": reason, "message": message}]}});
            let found = match under_way(&owner) {
                Some(UnderWay::Ends(_)) => "ends",
                Some(UnderWay::GoesOn(_)) => "goes on",
                Some(UnderWay::CanBeEnded(_)) => "can be ended",
                None => "waits",
            };
            assert_eq!(found, word, "{message}");
        }
        assert_eq!(under_way(&json!({})), None);
    }
}
