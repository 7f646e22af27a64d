//! A Kustomization that is named itself.

use serde_json::Value;

use crate::facts::Facts;
use crate::rollback::model::deployed::{Deployed, Listed, OwnerOperation, OwnerState, Standing};
use crate::rollback::model::ownership::{Owner, Proof};
use crate::rollback::model::target;

use super::super::super::owner_kind::OwnerKind;
use super::super::super::rendered::Rendering;
use super::super::super::{Claim, Reconciler};
use super::super::fields::{flag, is_set, text, word};
use super::super::source::SourceRef;
use super::super::{barring, deployed, health_check, listed, renders, revision, standing};
use super::{KIND, Kustomizations, SOURCE, course, state};

/// What Kustomizations are called.
static NAMES: target::Kind = target::Kind {
    api_version: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    plural: "kustomizations",
    singular: "kustomization",
    short: &["ks"],
};

impl OwnerKind for Kustomizations {
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
        about.notes.extend(state::notes(owner, &Value::Null));
        about
    }

    fn deployed(&self, owner: &Value) -> Vec<Deployed> {
        deployed::of_kustomization(owner, state::live_revision(owner))
    }

    fn listed(&self, owner: &Value) -> Vec<Listed> {
        listed::of(owner)
    }

    fn elsewhere(&self, owner: &Value) -> Option<String> {
        let away = "it applies by way of a kubeconfig (spec.kubeConfig), to another cluster";
        is_set(owner, "/spec/kubeConfig").then(|| away.to_owned())
    }

    fn standing(&self, owner: &Value, facts: &Facts<'_>) -> Standing {
        let artifact = SourceRef::at(owner, SOURCE).and_then(|source| source.read(facts).artifact);
        let applied = word(owner, "/status/lastAppliedRevision");
        let desired = artifact.as_deref().or_else(|| word(owner, "/status/lastAttemptedRevision"));
        let (state, summary) = judged(owner, artifact.as_deref());
        Standing {
            state,
            summary,
            desired: desired.map(revision::words),
            applied: applied.map(revision::words),
            operation: operation(owner),
            conditions: standing::conditions(owner),
        }
    }

    fn rendering(&self, owner: &Value) -> Result<Rendering, String> {
        let kind = text(owner, "/spec/sourceRef/kind");
        if kind != "GitRepository" {
            return Err(format!("its source is no Git repository but {kind}"));
        }
        let places = [
            ("/spec/images", "images"),
            ("/spec/patches", "patches"),
            ("/spec/postBuild", "variables"),
        ];
        let set = |pointer: &str| match owner.pointer(pointer) {
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Object(members)) => !members.is_empty(),
            _ => false,
        };
        let overridden = places.iter().find(|(pointer, _)| set(pointer));
        let overridden =
            overridden.map(|(_, what)| format!("its own spec has {what} that win over Git"));
        Ok(Rendering::of(renders::of_kustomization(owner), overridden))
    }
}

fn judged(owner: &Value, artifact: Option<&str>) -> (OwnerState, String) {
    let applied = word(owner, "/status/lastAppliedRevision");
    let is_behind = match (artifact, applied) {
        (Some(artifact), Some(applied)) => !revision::are_same(artifact, applied),
        (Some(_), None) => true,
        (None, _) => false,
    };
    if flag(owner, "/spec/suspend") && !is_set(owner, "/metadata/deletionTimestamp") {
        let what = artifact.filter(|_| is_behind).map(revision::words);
        let behind = what.map(|what| format!(", and its source has {what}")).unwrap_or_default();
        let state = if is_behind { OwnerState::Behind } else { OwnerState::Healthy };
        return (state, format!("is suspended{behind}"));
    }
    if let Some(judged) = standing::of(owner) {
        return judged;
    }
    if let Some(artifact) = artifact.filter(|_| is_behind) {
        let words = format!("is about to apply {}", revision::words(artifact));
        return (OwnerState::Progressing, words);
    }
    let what = applied.map(revision::words).unwrap_or_default();
    let health = if health_check::is_waited_for(owner) {
        "and found it healthy"
    } else {
        "and does not look at its health"
    };
    (OwnerState::Healthy, format!("has applied {what} {health}"))
}

fn operation(owner: &Value) -> Option<OwnerOperation> {
    let running = health_check::running(owner)?;
    let since = running.until.and_then(|until| until.checked_sub(running.timeout).ok());
    let what = format!("it waits for the health of {}", revision::words(running.revision));
    Some(OwnerOperation { what, since, until: running.until })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NEW: &str = "main@sha1:0123456789abcdef0123456789abcdef01234567";
    const OLD: &str = "main@sha1:1123456789abcdef0123456789abcdef01234567";

    #[test]
    fn what_its_source_has_is_what_it_wants() {
        let ready = json!({"metadata": {"generation": 1}, "spec": {}, "status": {
            "observedGeneration": 1, "lastAppliedRevision": OLD,
            "conditions": [{"type": "Ready", "status": "True"}]}});
        let mut suspended = ready.clone();
        suspended["spec"]["suspend"] = json!(true);
        for (owner, artifact, state, words) in [
            (
                &ready,
                Some(OLD),
                OwnerState::Healthy,
                "has applied main@112345678 and does not look at its health",
            ),
            (&ready, Some(NEW), OwnerState::Progressing, "is about to apply main@012345678"),
            (&suspended, Some(OLD), OwnerState::Healthy, "is suspended"),
            (
                &suspended,
                Some(NEW),
                OwnerState::Behind,
                "is suspended, and its source has main@012345678",
            ),
        ] {
            assert_eq!(judged(owner, artifact), (state, words.to_owned()));
        }
    }
}
