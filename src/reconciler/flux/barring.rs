//! What keeps a Kustomization or a `HelmRelease` from taking a commit up.

use serde_json::Value;

use crate::rollback::model::barrier::{Barrier, Stops};
use crate::rollback::model::hint::kubectl_on;
use crate::rollback::model::target::Target;

use super::fields::{flag, is_set};

/// What it says itself. `target` is what it is called.
pub(super) fn of(owner: &Value, target: &Target) -> Option<Barrier> {
    if is_set(owner, "/metadata/deletionTimestamp") {
        return Some(Barrier {
            why: "it is being deleted".to_owned(),
            stops: Stops::All,
            remedy: format!(
                "a deletion cannot be taken back: make the {} again, with the commit reverted, or leave \
                 it",
                target.kind
            ),
        });
    }
    flag(owner, "/spec/suspend").then(|| {
        let patch = "--type=merge -p '{\"spec\":{\"suspend\":false}}'";
        Barrier {
            why: "spec.suspend is true".to_owned(),
            stops: Stops::WhileOff,
            remedy: format!("to resume it: {}", kubectl_on("patch", target, patch)),
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_deleted_or_suspended_takes_nothing_up() {
        let target = Target {
            api_version: "kustomize.toolkit.fluxcd.io/v1".to_owned(),
            kind: "Kustomization".to_owned(),
            namespace: "flux".to_owned(),
            name: "web".to_owned(),
        };
        for (owner, stops) in [
            (json!({"metadata": {"deletionTimestamp": "2026-03-02T12:00:00Z"}}), Some(Stops::All)),
            (json!({"spec": {"suspend": true}}), Some(Stops::WhileOff)),
            (json!({"spec": {"suspend": false}}), None),
            (json!({}), None),
        ] {
            assert_eq!(of(&owner, &target).map(|barrier| barrier.stops), stops, "{owner}");
        }
        let suspended = of(&json!({"spec": {"suspend": true}}), &target).unwrap();
        assert_eq!(
            suspended.remedy,
            "to resume it: kubectl patch kustomization.kustomize.toolkit.fluxcd.io/web -n flux \
             --type=merge -p '{\"spec\":{\"suspend\":false}}'"
        );
    }
}
