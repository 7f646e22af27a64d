//! The list of what an owner applied: `status.inventory.entries[].id`, as `NAMESPACE_NAME_GROUP_KIND`.
//!
//! No name holds an underscore, those of RBAC objects excepted, and their colons are written as two. An
//! object without a namespace has an empty one, and one of the core group an empty group.

use serde_json::Value;

use crate::rollback::model::ownership::Proof;
use crate::rollback::model::target::Target;

use super::super::Claim;
use super::super::marks::is_written_by;
use super::condition::is_unfinished;
use super::fields::{is_set, text};
use super::kind::Kind;

const RBAC: &str = "rbac.authorization.k8s.io";
const RBAC_KINDS: [&str; 4] = ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"];

/// Whether the owner lists what carries its label, and a word where that does not tell all.
pub(super) fn proof(
    kind: &Kind,
    claim: &Claim,
    carrier: &Value,
    owner: &Value,
) -> (Proof, Option<String>) {
    let who = kind.named(claim);
    let entries = owner.pointer("/status/inventory/entries").and_then(Value::as_array);
    let id = id(&claim.of);
    let is_listed = entries.map(|entries| entries.iter().any(|entry| text(entry, "/id") == id));
    // The label may be a copy; that its controller wrote the object is no copy.
    let is_written = is_written_by(carrier, kind.manager);
    if is_set(owner, "/spec/kubeConfig") {
        if is_listed == Some(true) && is_written {
            let text = "it applies by way of a kubeconfig (spec.kubeConfig), which may be of \
                        another cluster";
            return (Proof::Marked, Some(text.to_owned()));
        }
        let why = format!("{who} applies to another cluster (spec.kubeConfig)");
        return (Proof::Refuted(why), None);
    }
    match is_listed {
        Some(true) => (Proof::Listed, None),
        None => {
            let text = "it has no list of what it applied (status.inventory) that could confirm it";
            (Proof::Marked, Some(text.to_owned()))
        }
        Some(false) if is_written && is_unfinished(owner) => {
            let text = "it does not list this object, but its last run has not come to a good end, \
                        and the list is of an earlier one";
            (Proof::Marked, Some(text.to_owned()))
        }
        Some(false) => {
            let count = entries.map(Vec::len).unwrap_or_default();
            let why = format!("{who} does not list it among the objects that it applied ({count})");
            (Proof::Refuted(why), None)
        }
    }
}

/// What the object is called in such a list.
fn id(object: &Target) -> String {
    let group = object.api_version.split_once('/').map(|(group, _)| group).unwrap_or_default();
    let is_rbac = group == RBAC && RBAC_KINDS.contains(&object.kind.as_str());
    let name = if is_rbac { object.name.replace(':', "__") } else { object.name.clone() };
    format!("{}_{name}_{group}_{}", object.namespace, object.kind)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kustomization::KIND;
    use super::*;

    fn target(api_version: &str, kind: &str, namespace: &str, name: &str) -> Target {
        let text = str::to_owned;
        Target {
            api_version: text(api_version),
            kind: text(kind),
            namespace: text(namespace),
            name: text(name),
        }
    }

    #[test]
    fn ids_are_as_flux_writes_them() {
        for (object, expected) in [
            (target("apps/v1", "Deployment", "shop", "api"), "shop_api_apps_Deployment"),
            (target("v1", "ConfigMap", "shop", "api-config"), "shop_api-config__ConfigMap"),
            (target("v1", "Namespace", "", "shop"), "_shop__Namespace"),
            (
                target("helm.toolkit.fluxcd.io/v2", "HelmRelease", "shop", "web"),
                "shop_web_helm.toolkit.fluxcd.io_HelmRelease",
            ),
            (
                target("rbac.authorization.k8s.io/v1", "ClusterRole", "", "system:x:y"),
                "_system__x__y_rbac.authorization.k8s.io_ClusterRole",
            ),
            // Only those of RBAC: another kind of that name is another object.
            (target("example.com/v1", "Role", "a", "x:y"), "a_x:y_example.com_Role"),
        ] {
            assert_eq!(id(&object), expected);
        }
    }

    fn claim() -> Claim {
        Claim {
            namespace: Some("flux-system".into()),
            name: "apps".into(),
            of: target("apps/v1", "Deployment", "shop", "web"),
            ..Claim::default()
        }
    }

    fn written_by(manager: &str) -> Value {
        json!({"metadata": {"managedFields": [{"manager": "kubectl"}, {"manager": manager}]}})
    }

    fn owner(ready: &str, ids: &[&str]) -> Value {
        let entries: Vec<Value> = ids.iter().map(|id| json!({"id": id, "v": "v1"})).collect();
        json!({"metadata": {"generation": 1}, "status": {"observedGeneration": 1,
            "inventory": {"entries": entries},
            "conditions": [{"type": "Ready", "status": ready}]}})
    }

    fn with(mut owner: Value, member: &str, value: Value) -> Value {
        owner["spec"][member] = value;
        owner
    }

    #[test]
    fn the_list_decides() {
        const WEB: &str = "shop_web_apps_Deployment";
        let flux = written_by("kustomize-controller");
        let other = written_by("operator");
        let stale = Proof::Refuted(
            "Kustomization flux-system/apps does not list it among the objects that it applied (1)"
                .into(),
        );
        let remote = Proof::Refuted(
            "Kustomization flux-system/apps applies to another cluster (spec.kubeConfig)".into(),
        );
        let kubeconfig = json!({"secretRef": {"name": "prod"}});
        for (owner, carrier, expected, note) in [
            (owner("True", &[WEB]), &flux, Proof::Listed, ""),
            // Whoever wrote it last: it is applied again.
            (owner("True", &[WEB]), &other, Proof::Listed, ""),
            (owner("True", &["shop_web_apps_StatefulSet"]), &flux, stale.clone(), ""),
            (owner("True", &["_web_apps_Deployment"]), &flux, stale.clone(), ""),
            (owner("True", &["shop_web2_apps_Deployment"]), &other, stale.clone(), ""),
            // A copied label on what an operator made, while the owner fails.
            (owner("False", &["shop_api_apps_Deployment"]), &other, stale.clone(), ""),
            // Applied by a run that failed half-way: the list is written at its end.
            (owner("False", &["shop_api_apps_Deployment"]), &flux, Proof::Marked, "earlier one"),
            (owner("Unknown", &["shop_api_apps_Deployment"]), &flux, Proof::Marked, "earlier one"),
            (json!({"status": {}}), &flux, Proof::Marked, "no list"),
            (json!(["absurd"]), &other, Proof::Marked, "no list"),
            (json!({"status": {"inventory": []}}), &other, Proof::Marked, "no list"),
            (
                json!({"status": {"inventory": {"entries": {"id": WEB}}}}),
                &other,
                Proof::Marked,
                "no list",
            ),
            (
                with(owner("True", &[WEB]), "kubeConfig", kubeconfig.clone()),
                &other,
                remote.clone(),
                "",
            ),
            (with(owner("True", &[]), "kubeConfig", kubeconfig.clone()), &flux, remote, ""),
            (
                with(owner("True", &[WEB]), "kubeConfig", kubeconfig),
                &flux,
                Proof::Marked,
                "may be of another cluster",
            ),
            (with(owner("True", &[WEB]), "kubeConfig", Value::Null), &flux, Proof::Listed, ""),
        ] {
            let (found, word) = proof(&KIND, &claim(), carrier, &owner);
            assert_eq!(found, expected, "{owner}");
            let word = word.unwrap_or_default();
            assert!(word.contains(note) && word.is_empty() == note.is_empty(), "{owner} {word}");
        }
    }
}
