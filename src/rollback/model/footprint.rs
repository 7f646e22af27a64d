//! What one pod counts for in a `ResourceQuota`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::quantity::Quantity;

/// Amounts by the names that a `ResourceQuota` has for them: `requests.cpu`, `limits.memory`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footprint(BTreeMap<String, Quantity>);

impl Footprint {
    /// Of a pod with this spec, as the scheduler and the quota count it
    /// (`k8s.io/component-helpers/resource`).
    #[must_use]
    pub fn of(spec: &Value) -> Self {
        let mut amounts = BTreeMap::new();
        for kind in ["requests", "limits"] {
            for (name, amount) in total(spec, kind) {
                amounts.insert(format!("{kind}.{name}"), amount);
            }
        }
        Self(amounts)
    }

    /// What it counts for under a name in a quota; `None` where a quota counts something else than
    /// pods by it.
    #[must_use]
    pub fn under(&self, name: &str) -> Option<Quantity> {
        let key = match name {
            "pods" | "count/pods" => return Some(Quantity::of(1)),
            // The old names; what is huge has no prefix either.
            "cpu" | "memory" | "ephemeral-storage" => format!("requests.{name}"),
            huge if huge.starts_with("hugepages-") => format!("requests.{huge}"),
            "requests.storage" => return None,
            full if full.starts_with("requests.") || full.starts_with("limits.") => full.to_owned(),
            _ => return None,
        };
        Some(self.0.get(&key).copied().unwrap_or_default())
    }

    /// Whether no container asks for anything or has a limit: the pod is then of the class
    /// `BestEffort`.
    #[must_use]
    pub fn is_best_effort(&self) -> bool {
        let names = ["requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];
        let amounts = names.iter().filter_map(|name| self.0.get(*name));
        amounts.into_iter().all(|amount| *amount == Quantity::default())
    }
}

type Amounts = BTreeMap<String, Quantity>;

fn total(spec: &Value, kind: &str) -> Amounts {
    let mut sum = Amounts::new();
    for container in items(spec, "containers") {
        add(&mut sum, &of_container(container, kind));
    }
    // One after the other; those that stay count from their turn on.
    let (mut staying, mut most) = (Amounts::new(), Amounts::new());
    for container in items(spec, "initContainers") {
        let own = of_container(container, kind);
        let mut now = staying.clone();
        add(&mut now, &own);
        if container.get("restartPolicy").is_some_and(|policy| policy == "Always") {
            add(&mut sum, &own);
            staying.clone_from(&now);
        }
        raise(&mut most, &now);
    }
    raise(&mut sum, &most);
    // What the pod says of itself as a whole wins.
    sum.extend(of_container(spec, kind));
    add(&mut sum, &amounts(spec.get("overhead")));
    sum
}

/// A container that has only a limit asks for as much.
fn of_container(container: &Value, kind: &str) -> Amounts {
    let resources = container.get("resources");
    let of = |kind: &str| amounts(resources.and_then(|resources| resources.get(kind)));
    let mut own = if kind == "requests" { of("limits") } else { Amounts::new() };
    own.extend(of(kind));
    own
}

fn amounts(map: Option<&Value>) -> Amounts {
    let members = map.and_then(Value::as_object).into_iter().flatten();
    members.filter_map(|(name, value)| Some((name.clone(), Quantity::read(value)?))).collect()
}

fn add(to: &mut Amounts, more: &Amounts) {
    for (name, amount) in more {
        let sum = to.entry(name.clone()).or_default();
        *sum = sum.plus(*amount);
    }
}

fn raise(to: &mut Amounts, at_least: &Amounts) {
    for (name, amount) in at_least {
        let most = to.entry(name.clone()).or_default();
        *most = (*most).max(*amount);
    }
}

fn items<'v>(value: &'v Value, member: &str) -> impl Iterator<Item = &'v Value> {
    value.get(member).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn container(requests: &Value, limits: &Value) -> Value {
        json!({"resources": {"requests": requests, "limits": limits}})
    }

    #[test]
    fn a_pod_counts_as_kubernetes_counts_it() {
        let null = Value::Null;
        let half = container(&json!({"cpu": "500m"}), &null);
        let sidecar = json!({"restartPolicy": "Always",
            "resources": {"requests": {"cpu": "100m"}}});
        let first = container(&json!({"cpu": 2}), &null);
        for (spec, name, amount) in [
            (json!({"containers": [half, half]}), "requests.cpu", "1"),
            (json!({"containers": [half, half]}), "cpu", "1"),
            (json!({"containers": [half]}), "limits.cpu", "0"),
            (json!({"containers": [half]}), "pods", "1"),
            (json!({"containers": [half]}), "count/pods", "1"),
            (json!({"containers": [container(&null, &json!({"memory": "1Gi"}))]}), "memory", "1Gi"),
            (
                json!({"containers": [container(&json!({"memory": "1Mi"}), &json!({"memory": "1Gi"}))]}),
                "requests.memory",
                "1Mi",
            ),
            (json!({"containers": [half], "initContainers": [first]}), "cpu", "2"),
            (json!({"containers": [half], "initContainers": [sidecar]}), "cpu", "600m"),
            (json!({"containers": [half], "initContainers": [sidecar, first]}), "cpu", "2100m"),
            (json!({"containers": [half], "initContainers": [first, sidecar]}), "cpu", "2"),
            (json!({"containers": [half], "resources": {"requests": {"cpu": "3"}}}), "cpu", "3"),
            (json!({"containers": [half], "overhead": {"cpu": "250m"}}), "cpu", "750m"),
            (
                json!({"containers": [container(&json!({"example.com/gpu": 1}), &null)]}),
                "requests.example.com/gpu",
                "1",
            ),
            (
                json!({"containers": [container(&json!({"hugepages-2Mi": "4Mi"}), &null)]}),
                "hugepages-2Mi",
                "4Mi",
            ),
        ] {
            let found = Footprint::of(&spec).under(name);
            assert_eq!(found, Quantity::parse(amount), "{name} of {spec}");
        }
        for other in ["services", "count/deployments.apps", "requests.storage"] {
            assert_eq!(Footprint::default().under(other), None, "{other}");
        }
        assert!(Footprint::of(&json!({"containers": [{}]})).is_best_effort());
        assert!(!Footprint::of(&json!({"containers": [half]})).is_best_effort());
    }
}
