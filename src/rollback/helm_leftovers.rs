//! What the next `helm upgrade` keeps of an old template where Helm applies on the client. Pure.
//!
//! Such a Helm computes three ways: it deletes what its newest record declares and the new manifest
//! does not. A direct rollback leaves that record alone, so what only the old template has is in
//! neither of the two, and stays. Server-side apply (Helm 4) has no such gap: it goes by owned fields.

use serde_json::{Value, json};

use crate::text::shell_quote;

use super::managed_fields;
use super::model::plan::Change;

const RELEASE: &str = "/metadata/annotations/meta.helm.sh~1release-name";
const NAMESPACE: &str = "/metadata/annotations/meta.helm.sh~1release-namespace";

/// Values that the API server puts where a manifest says nothing: a change away from one of them may
/// be a field that the old template has and the newest record does not declare.
fn default_of(field: &str) -> Option<Value> {
    Some(match field {
        "terminationGracePeriodSeconds" => json!(30),
        "dnsPolicy" => json!("ClusterFirst"),
        "schedulerName" => json!("default-scheduler"),
        "terminationMessagePath" => json!("/dev/termination-log"),
        "terminationMessagePolicy" => json!("File"),
        "imagePullPolicy" => json!("IfNotPresent"),
        "periodSeconds" => json!(10),
        "timeoutSeconds" | "successThreshold" => json!(1),
        "failureThreshold" => json!(3),
        "scheme" => json!("HTTP"),
        "protocol" => json!("TCP"),
        "securityContext" | "resources" => json!({}),
        _ => return None,
    })
}

/// The warning, where there is something to warn of.
pub(super) fn warning(workload: &Value, diff: &[Change]) -> Option<String> {
    let owner = managed_fields::template_owner(workload)?;
    if owner.manager != "helm" || owner.applies() {
        return None;
    }
    let fields: Vec<&str> = diff.iter().filter_map(kept).collect();
    if fields.is_empty() {
        return None;
    }
    let text = |pointer| workload.pointer(pointer).and_then(Value::as_str);
    let release = text(RELEASE).map_or_else(|| "RELEASE".into(), shell_quote);
    let namespace = text(NAMESPACE)
        .or_else(|| text("/metadata/namespace"))
        .map(|namespace| format!(" -n {}", shell_quote(namespace)))
        .unwrap_or_default();
    Some(format!(
        "the next helm upgrade will keep {} even if its chart does not have that, since Helm's \
         newest record does not; the clean way: helm rollback {release}{namespace}",
        fields.join(", ")
    ))
}

/// What a change brings back that a three-way patch will not take away again, in words.
fn kept(change: &Change) -> Option<&str> {
    if let Some(variable) = change.summary.strip_suffix(" added") {
        return Some(variable);
    }
    let field = change.path.rsplit('.').next().unwrap_or_default();
    let was_default = change.before.is_some() && change.before == default_of(field);
    let path = change.path.strip_prefix("spec.").unwrap_or(&change.path);
    (was_default && change.after.is_some()).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollback::diff;

    fn workload(manager: &str, operation: &str) -> Value {
        json!({"metadata": {
            "annotations": {"meta.helm.sh/release-name": "shop",
                            "meta.helm.sh/release-namespace": "prod"},
            "managedFields": [{"manager": manager, "operation": operation, "apiVersion": "apps/v1",
                               "fieldsV1": {"f:spec": {"f:template": {}}}}],
        }})
    }

    fn template(spec: &Value) -> Value {
        let mut template = json!({ "spec": spec });
        template["spec"]["containers"] = json!([{"name": "app", "image": "web:1"}]);
        template
    }

    #[test]
    fn what_stays_is_named_and_nothing_else() {
        let bare = || template(&json!({"terminationGracePeriodSeconds": 30}));
        let mut with_variable = bare();
        with_variable["spec"]["containers"][0]["env"] = json!([{"name": "OLD", "value": "1"}]);
        let mut image = bare();
        image["spec"]["containers"][0]["image"] = json!("web:2");
        for (live, target, kept) in [
            (bare(), with_variable.clone(), Some("keep env OLD even if")),
            (
                bare(),
                template(&json!({"terminationGracePeriodSeconds": 60})),
                Some("keep terminationGracePeriodSeconds even if"),
            ),
            (
                bare(),
                template(&json!({"terminationGracePeriodSeconds": 30, "hostNetwork": true})),
                Some("keep hostNetwork even if"),
            ),
            // What is taken away, and what both have: the next upgrade declares it or deletes it.
            (with_variable, bare(), None),
            (bare(), image, None),
            (template(&json!({"terminationGracePeriodSeconds": 10})), bare(), None),
        ] {
            let diff = diff::templates(&live, &target, false);
            let said = warning(&workload("helm", "Update"), &diff);
            match kept {
                Some(kept) => {
                    let said = said.expect("a warning");
                    assert!(said.contains(kept), "{said}");
                    assert!(said.contains("helm rollback shop -n prod"), "{said}");
                }
                None => assert_eq!(said, None),
            }
            assert_eq!(warning(&workload("helm", "Apply"), &diff), None);
            assert_eq!(warning(&workload("kubectl", "Update"), &diff), None);
        }
    }
}
