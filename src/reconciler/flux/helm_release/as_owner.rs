//! A `HelmRelease` that is named itself.

use serde_json::Value;

use crate::facts::Facts;
use crate::rollback::model::deployed::{Deployed, Listed, OwnerOperation, OwnerState, Standing};
use crate::rollback::model::ownership::{Owner, Proof};
use crate::rollback::model::target;

use super::super::super::owner_kind::OwnerKind;
use super::super::super::rendered::Rendering;
use super::super::super::{Claim, Reconciler};
use super::super::fields::{flag, is_set, text, word};
use super::super::{barring, deployed, listed, standing};
use super::{HelmReleases, KIND, course, state};

/// What they are called.
static NAMES: target::Kind = target::Kind {
    api_version: "helm.toolkit.fluxcd.io/v2",
    kind: "HelmRelease",
    plural: "helmreleases",
    singular: "helmrelease",
    short: &["hr"],
};

impl OwnerKind for HelmReleases {
    fn kind(&self) -> &'static target::Kind {
        &NAMES
    }

    fn reconciler(&self) -> &'static dyn Reconciler {
        &Self
    }

    fn about(&self, owner: &Value) -> Owner {
        let claim = Claim {
            namespace: Some(text(owner, "/metadata/namespace").to_owned()),
            name: text(owner, "/metadata/name").to_owned(),
            ..Claim::default()
        };
        let mut about = Owner {
            name: KIND.named(&claim),
            object: Some(KIND.target(&claim)),
            proof: Proof::Listed,
            ..Owner::default()
        };
        course::of(owner, &Value::Null, &claim.of).tell(&mut about);
        about.barriers.extend(barring::of(owner, &KIND.target(&claim)));
        about.notes.extend(state::notes(owner));
        about
    }

    fn deployed(&self, owner: &Value) -> Vec<Deployed> {
        deployed::of_release(owner)
    }

    fn listed(&self, owner: &Value) -> Vec<Listed> {
        listed::of(owner)
    }

    fn elsewhere(&self, owner: &Value) -> Option<String> {
        let away = "it releases by way of a kubeconfig (spec.kubeConfig), to another cluster";
        is_set(owner, "/spec/kubeConfig").then(|| away.to_owned())
    }

    fn standing(&self, owner: &Value, _facts: &Facts<'_>) -> Standing {
        let latest = state::latest(owner);
        let runs = latest.and_then(|latest| {
            let (name, version) = (word(latest, "/chartName")?, word(latest, "/chartVersion")?);
            Some(format!("{name} {version}"))
        });
        let (state, summary) = judged(owner, runs.as_deref());
        Standing {
            state,
            summary,
            desired: word(owner, "/status/lastAttemptedRevision").map(str::to_owned),
            applied: latest.and_then(|latest| word(latest, "/chartVersion")).map(str::to_owned),
            operation: operation(owner),
            conditions: standing::conditions(owner),
        }
    }

    fn rendering(&self, _owner: &Value) -> Result<Rendering, String> {
        Err("its releases are versions of a chart".to_owned())
    }
}

fn judged(owner: &Value, runs: Option<&str>) -> (OwnerState, String) {
    if flag(owner, "/spec/suspend") && !is_set(owner, "/metadata/deletionTimestamp") {
        let is_ready = standing::of(owner).is_none();
        let state = if is_ready { OwnerState::Healthy } else { OwnerState::Behind };
        return (state, "is suspended".to_owned());
    }
    standing::of(owner).unwrap_or_else(|| {
        (OwnerState::Healthy, format!("has released {}", runs.unwrap_or("its chart")))
    })
}

fn operation(owner: &Value) -> Option<OwnerOperation> {
    let action = state::action(owner)?;
    let since = action.since.parse::<jiff::Timestamp>().ok();
    let most = std::time::Duration::from_secs(action.most);
    let until = since.and_then(|since| since.checked_add(most).ok());
    Some(OwnerOperation { what: format!("it is busy with {}", action.name), since, until })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_told_with_what_it_runs() {
        let owner = json!({"metadata": {"generation": 1, "namespace": "shop", "name": "web"},
            "status": {"observedGeneration": 1,
            "lastAttemptedRevision": "1.2.0",
            "history": [{"version": 1, "chartName": "web", "chartVersion": "1.1.0"}],
            "conditions": [{"type": "Ready", "status": "True"}, {"type": "Reconciling",
                "status": "True", "message": "Running 'upgrade' action with timeout of 5m0s",
                "lastTransitionTime": "2026-03-01T10:00:00Z"}]}});
        let standing = HelmReleases.standing(&owner, &Facts::default());
        assert_eq!(standing.state, OwnerState::Progressing);
        assert_eq!(standing.desired.as_deref(), Some("1.2.0"));
        assert_eq!(standing.applied.as_deref(), Some("1.1.0"));
        let operation = standing.operation.unwrap();
        assert_eq!(operation.what, "it is busy with upgrade");
        assert_eq!(operation.until, Some("2026-03-01T10:05:00Z".parse().unwrap()));
        assert_eq!(HelmReleases.about(&owner).name, "HelmRelease shop/web");
    }
}
