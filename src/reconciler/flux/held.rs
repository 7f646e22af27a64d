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

/// A run that has begun goes on; once it has applied everything, it only waits.
pub(super) fn under_way(owner: &Value) -> Option<UnderWay> {
    let running = true_one(owner, "Reconciling")?;
    let writes = running.reason() != RETRY && !running.message().starts_with(APPLIED);
    writes.then(|| UnderWay::Ends(format!("its run ({})", running.words())))
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
        for (status, reason, message, writes) in [
            ("True", "Progressing", "Building manifests for revision main@sha1:a", true),
            (
                "True",
                "Progressing",
                "Running health checks for revision a with a timeout of 1m",
                false,
            ),
            ("True", "ProgressingWithRetry", "it failed", false),
            ("True", "Progressing", "Running 'upgrade' action with timeout of 5m0s", true),
            ("False", "Progressing", "", false),
        ] {
            let owner = json!({"status": {"conditions": [{"type": "Reconciling",
                "status": status, "reason": reason, "message": message}]}});
            assert_eq!(under_way(&owner).is_some(), writes, "{message}");
        }
        assert_eq!(under_way(&json!({})), None);
    }
}
