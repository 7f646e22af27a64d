//! The objects in an owner's list: [`super::inventory`], read back.

use serde_json::Value;

use crate::rollback::model::deployed::Listed;
use crate::rollback::model::target::Target;

use super::fields::{list, text};

/// All of them; what is no id is left out.
pub(super) fn of(owner: &Value) -> Vec<Listed> {
    let entries = list(owner, "/status/inventory/entries").iter();
    let all = entries.filter_map(|entry| target(text(entry, "/id"), text(entry, "/v")));
    all.map(|target| Listed { target, is_bad: false }).collect()
}

/// `NAMESPACE_NAME_GROUP_KIND`; the name of an RBAC object may hold two underscores for a colon.
fn target(id: &str, version: &str) -> Option<Target> {
    let (namespace, rest) = id.split_once('_')?;
    let (rest, kind) = rest.rsplit_once('_')?;
    let (name, group) = rest.rsplit_once('_')?;
    if name.is_empty() || kind.is_empty() {
        return None;
    }
    let slash = if group.is_empty() { "" } else { "/" };
    Some(Target {
        api_version: format!("{group}{slash}{version}"),
        kind: kind.to_owned(),
        namespace: namespace.to_owned(),
        name: name.replace("__", ":"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_are_read_back() {
        for (id, version, expected) in [
            ("shop_api_apps_Deployment", "v1", Some(("apps/v1", "Deployment", "shop", "api"))),
            ("shop_api-config__ConfigMap", "v1", Some(("v1", "ConfigMap", "shop", "api-config"))),
            ("_shop__Namespace", "v1", Some(("v1", "Namespace", "", "shop"))),
            (
                "_system__x__y_rbac.authorization.k8s.io_ClusterRole",
                "v1",
                Some(("rbac.authorization.k8s.io/v1", "ClusterRole", "", "system:x:y")),
            ),
            ("", "v1", None),
            ("shop", "v1", None),
            ("a_b", "v1", None),
            ("a__apps_Deployment", "v1", None),
        ] {
            let entries = json!([{"id": id, "v": version}, 7]);
            let owner = json!({"status": {"inventory": {"entries": entries}}});
            let found = of(&owner);
            let told = found.first().map(|one| {
                let Target { api_version, kind, namespace, name } = &one.target;
                (api_version.as_str(), kind.as_str(), namespace.as_str(), name.as_str())
            });
            assert_eq!(told, expected, "{id}");
        }
    }
}
