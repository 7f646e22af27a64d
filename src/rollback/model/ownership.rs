//! Who else writes to the workload, and what they would do to a direct write.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Somebody whose marks are on the workload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Owner {
    /// What it is and its name, e.g. `Argo CD application checkout`.
    pub name: String,
    /// What it would do to a direct write, as the end of a sentence that starts with its name.
    pub would: String,
    /// The mark that says so, e.g. `annotation argocd.argoproj.io/tracking-id`.
    pub mark: String,
}

/// The owners whose marks a workload carries.
#[must_use]
pub fn owners(workload: &Value) -> Vec<Owner> {
    [argo_cd, flux_kustomization, flux_helm_release, helm, controller]
        .iter()
        .filter_map(|find| find(workload))
        .collect()
}

fn annotation<'a>(workload: &'a Value, key: &str) -> Option<&'a str> {
    workload.pointer("/metadata/annotations")?.get(key)?.as_str()
}

fn label<'a>(workload: &'a Value, key: &str) -> Option<&'a str> {
    workload.pointer("/metadata/labels")?.get(key)?.as_str()
}

/// Whether a field manager whose name starts like this wrote the workload.
fn is_written_by(workload: &Value, start: &str) -> bool {
    let entries = workload.pointer("/metadata/managedFields").and_then(Value::as_array);
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.get("manager")?.as_str())
        .any(|manager| manager.starts_with(start))
}

fn argo_cd(workload: &Value) -> Option<Owner> {
    const TRACKING: &str = "argocd.argoproj.io/tracking-id";
    const INSTANCE: &str = "argocd.argoproj.io/instance";
    // The mark of Argo CD up to 2.14; Helm charts set it too, so it counts only where Argo CD writes.
    const SHARED: &str = "app.kubernetes.io/instance";
    let shared = || label(workload, SHARED).filter(|_| is_written_by(workload, "argocd-"));
    let (name, mark) = match (annotation(workload, TRACKING), label(workload, INSTANCE), shared()) {
        // The id is `application:group/kind:namespace/name`.
        (Some(id), _, _) => (id.split(':').next()?, format!("annotation {TRACKING}")),
        (None, Some(name), _) => (name, format!("label {INSTANCE}")),
        (None, None, Some(name)) => (name, format!("label {SHARED}, written by Argo CD")),
        (None, None, None) => return None,
    };
    Some(Owner {
        name: format!("Argo CD application {name}"),
        would: "with self-heal on it puts the bad version back within seconds, else at the next \
                sync"
            .to_owned(),
        mark,
    })
}

fn flux_kustomization(workload: &Value) -> Option<Owner> {
    const NAME: &str = "kustomize.toolkit.fluxcd.io/name";
    let name = label(workload, NAME)?;
    Some(Owner {
        name: format!("Flux Kustomization {name}"),
        would: "it puts the bad version back at its next reconciliation".to_owned(),
        mark: format!("label {NAME}"),
    })
}

fn flux_helm_release(workload: &Value) -> Option<Owner> {
    const NAME: &str = "helm.toolkit.fluxcd.io/name";
    let name = label(workload, NAME)?;
    Some(Owner {
        name: format!("Flux HelmRelease {name}"),
        would: "it puts the bad version back at its next upgrade, or at once with drift \
                correction"
            .to_owned(),
        mark: format!("label {NAME}"),
    })
}

fn helm(workload: &Value) -> Option<Owner> {
    const NAME: &str = "meta.helm.sh/release-name";
    // helm-controller puts Helm's marks on too, but then the HelmRelease is the owner.
    if flux_helm_release(workload).is_some() {
        return None;
    }
    let name = annotation(workload, NAME)?;
    Some(Owner {
        name: format!("Helm release {name}"),
        would: "it does nothing now, and its next upgrade puts back what the release says"
            .to_owned(),
        mark: format!("annotation {NAME}"),
    })
}

fn controller(workload: &Value) -> Option<Owner> {
    let references = workload.pointer("/metadata/ownerReferences")?.as_array()?;
    let owner = references
        .iter()
        .find(|reference| reference.get("controller").and_then(Value::as_bool) == Some(true))?;
    let text = |member| owner.get(member).and_then(Value::as_str).unwrap_or("?");
    Some(Owner {
        name: format!("{} {}", text("kind"), text("name")),
        would: "its controller writes this object and puts its own version back".to_owned(),
        mark: "metadata.ownerReferences".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_owner_is_known_by_its_marks() {
        for (metadata, name) in [
            (
                json!({"annotations": {"argocd.argoproj.io/tracking-id": "web:apps/Deployment:p/web"}}),
                "Argo CD application web",
            ),
            (json!({"labels": {"argocd.argoproj.io/instance": "web"}}), "Argo CD application web"),
            (
                json!({"labels": {"app.kubernetes.io/instance": "web"},
                       "managedFields": [{"manager": "argocd-controller"}]}),
                "Argo CD application web",
            ),
            (
                json!({"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}}),
                "Flux Kustomization apps",
            ),
            (
                json!({"labels": {"helm.toolkit.fluxcd.io/name": "web"},
                       "annotations": {"meta.helm.sh/release-name": "web"}}),
                "Flux HelmRelease web",
            ),
            (json!({"annotations": {"meta.helm.sh/release-name": "web"}}), "Helm release web"),
            (
                json!({"ownerReferences": [{"kind": "Canary", "name": "web", "controller": true}]}),
                "Canary web",
            ),
        ] {
            let found = owners(&json!({"metadata": metadata}));
            assert_eq!(found.iter().map(|o| o.name.as_str()).collect::<Vec<_>>(), [name]);
        }
    }

    #[test]
    fn ordinary_labels_are_no_owner() {
        let metadata = json!({
            "labels": {"app.kubernetes.io/instance": "web", "app.kubernetes.io/managed-by": "me"},
            "ownerReferences": [{"kind": "Thing", "name": "x"}],
        });
        assert_eq!(owners(&json!({"metadata": metadata})), []);
    }
}
