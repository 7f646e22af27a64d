//! What nearly all checks look at: the workload, its pods, and the Services that select them.

use serde_json::Value;

use super::Member;
use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::probe::Seen;
use crate::rollback::model::check::Finding;

/// Objects of a list that are read at most.
const LIMIT: &str = "500";

/// How they are asked for.
pub(super) struct Asks {
    workload: Ask,
    pods: Ask,
    services: Ask,
}

impl Asks {
    pub(super) fn of(member: &Member<'_>) -> Self {
        let namespace = &member.target.namespace;
        let list = |resource: &str| Path::namespaced("api/v1", namespace, resource);
        // The selector of a workload never changes; a template that was read before has it.
        let selector = &member.pod_selector;
        Self {
            workload: Ask::Read(member.backend.path(member.target)),
            pods: Ask::Read(
                list("pods").query("labelSelector", selector).query("limit", LIMIT).to_string(),
            ),
            services: Ask::Read(list("services").query("limit", LIMIT).to_string()),
        }
    }

    pub(super) fn all(&self) -> Vec<Ask> {
        vec![self.workload.clone(), self.pods.clone(), self.services.clone()]
    }
}

/// What the answers say; a finding where the workload itself cannot be read.
pub(super) fn read(member: &Member<'_>, facts: &Facts<'_>) -> Result<Seen, Finding> {
    let asks = Asks::of(member);
    let workload = facts
        .value(&asks.workload)
        .map_err(|error| Finding::unknown(format!("the workload cannot be read: {error}")))?;
    let (pods, pods_gap) = match facts.value(&asks.pods) {
        Ok(list) => {
            (items(list), is_cut(list).then(|| format!("only the first {LIMIT} pods were read")))
        }
        Err(error) => (Vec::new(), Some(format!("the pods cannot be read: {error}"))),
    };
    let template = member.expected.template.as_ref();
    let labels = template.or_else(|| workload.pointer("/spec/template"));
    let labels = labels.and_then(|t| t.pointer("/metadata/labels")).unwrap_or(&Value::Null);
    let services = match facts.value(&asks.services) {
        Ok(list) if is_cut(list) => Err(format!("only the first {LIMIT} Services were read")),
        Ok(list) => {
            Ok(items(list).into_iter().filter(|service| selects(service, labels)).collect())
        }
        Err(error) => Err(error.to_string()),
    };
    Ok(Seen { workload: workload.clone(), pods, pods_gap, services, owners: Vec::new().into() })
}

fn items(list: &Value) -> Vec<Value> {
    list.get("items").and_then(Value::as_array).cloned().unwrap_or_default()
}

fn is_cut(list: &Value) -> bool {
    list.pointer("/metadata/continue").and_then(Value::as_str).is_some_and(|more| !more.is_empty())
}

/// Whether a Service selects pods with these labels. One without a selector selects none.
fn selects(service: &Value, labels: &Value) -> bool {
    let selector = service.pointer("/spec/selector").and_then(Value::as_object);
    selector.is_some_and(|selector| {
        !selector.is_empty() && selector.iter().all(|(key, value)| labels.get(key) == Some(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_service_selects_pods_that_have_all_its_labels() {
        let labels = json!({"app": "web", "tier": "front"});
        for (selector, is_selected) in [
            (json!({"app": "web"}), true),
            (json!({"app": "web", "tier": "front"}), true),
            (json!({"app": "web", "version": "2"}), false),
            (json!({}), false),
            (Value::Null, false),
        ] {
            let service = json!({"spec": {"selector": selector}});
            assert_eq!(selects(&service, &labels), is_selected, "{selector}");
        }
    }
}
