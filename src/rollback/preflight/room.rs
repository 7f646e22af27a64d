//! How many pods a roll makes, and whether the quotas of the namespace have room for them.

use serde_json::Value;

use super::{Scene, dryrun_pod};
use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::rollback::model::footprint::Footprint;
use crate::rollback::model::quantity::Quantity;
use crate::rollback::model::rolling::Rolling;

/// Asks for the quotas; nothing where no pod will be made.
pub(super) fn ask(scene: &Scene<'_>) -> Option<Ask> {
    scene.template_to_run()?;
    let path = Path::namespaced("api/v1", scene.namespace(), "resourcequotas");
    Some(Ask::Read(path.query("limit", "500").to_string()))
}

/// The way from the pods that there are to those of the old template.
pub(super) struct Roll {
    /// The limits of the update; `None` where pods are not replaced step by step.
    pub(super) rolling: Option<Rolling>,
    /// Pods wanted.
    pub(super) desired: i64,
    /// Pods that have to be made.
    pub(super) missing: i64,
    /// Pods that are not of the old template.
    pub(super) others: i64,
    /// Pods that are made before the first one goes.
    pub(super) at_once: i64,
}

impl Roll {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let (pods, workload) = (scene.pods(), &scene.subject.workload);
        let kind = scene.subject.backend.kind().kind;
        let rolling = Rolling::of(kind, workload, pods.desired);
        let current = scene.plan.to.replicas.current;
        let missing = (pods.desired - current).max(0);
        let surge = rolling.map_or(0, |rolling| rolling.surge);
        Self {
            rolling,
            desired: pods.desired,
            missing,
            others: (pods.total - current).max(0),
            at_once: (pods.desired + surge - pods.total).clamp(0, missing),
        }
    }
}

/// What a quota has too little of.
pub(super) struct Shortage {
    pub(super) quota: String,
    /// In its own words: `requests.cpu`.
    resource: String,
    needs: Quantity,
    left: Quantity,
}

impl Shortage {
    /// `quota small: requests.memory 1Gi wanted, 512Mi left`.
    pub(super) fn words(&self) -> String {
        let Self { quota, resource, needs, left } = self;
        let left = (*left).max(Quantity::default());
        format!("quota {quota}: {resource} {needs} wanted, {left} left")
    }
}

/// What the quotas have, held against pods of the old template.
pub(super) struct Room<'f> {
    quotas: Vec<&'f Value>,
    old: Footprint,
    left: Footprint,
    /// Quotas that cannot be told about, and why.
    pub(super) untold: Vec<String>,
}

impl<'f> Room<'f> {
    pub(super) fn of(scene: &Scene<'_>, facts: &Facts<'_>, quotas: &'f [Value]) -> Self {
        // What the API server made of the pod has the defaults of the namespace in it.
        let admitted = dryrun_pod::admitted(scene, facts);
        let spec = admitted.or_else(|| scene.template()).and_then(|pod| pod.get("spec"));
        let spec = spec.unwrap_or(&Value::Null);
        let (old, mut untold) = (Footprint::of(spec), Vec::new());
        let counts = |quota: &&Value| match is_in_scope(quota, spec, &old) {
            Ok(is_in_scope) => is_in_scope,
            Err(scope) => {
                let name = text(quota, "/metadata/name");
                untold.push(format!("quota {name} is left out: its scope {scope} is not known"));
                false
            }
        };
        let quotas = quotas.iter().filter(counts).collect();
        let left = scene.left_template().and_then(|left| left.get("spec"));
        Self { quotas, old, left: Footprint::of(left.unwrap_or(&Value::Null)), untold }
    }

    /// Whether there is no quota that pods count for.
    pub(super) fn is_unlimited(&self) -> bool {
        self.quotas.is_empty()
    }

    /// What is short where so many pods come, and so many of those that are left go.
    pub(super) fn shortages(&self, come: i64, go: i64) -> Vec<Shortage> {
        let short = |quota: &&'f Value| {
            let hard = quota.pointer("/status/hard").or_else(|| quota.pointer("/spec/hard"));
            let hard = hard.and_then(Value::as_object).into_iter().flatten();
            hard.filter_map(|(resource, hard)| {
                let used = quota.pointer("/status/used").and_then(|used| used.get(resource));
                let used = used.and_then(Quantity::read).unwrap_or_default();
                let left = Quantity::read(hard)?.minus(used);
                let frees = self.left.under(resource)?.times(go);
                let needs = self.old.under(resource)?.times(come).minus(frees);
                let quota = text(quota, "/metadata/name").to_owned();
                let is_short = needs > left && needs > Quantity::default();
                is_short.then(|| Shortage { quota, resource: resource.clone(), needs, left })
            })
            .collect::<Vec<_>>()
        };
        self.quotas.iter().flat_map(short).collect()
    }
}

/// Whether a quota counts such pods; the name of the scope where that is not known.
fn is_in_scope<'q>(quota: &'q Value, spec: &Value, pod: &Footprint) -> Result<bool, &'q str> {
    let scopes = quota.pointer("/spec/scopes").and_then(Value::as_array);
    let scopes = scopes.into_iter().flatten().filter_map(Value::as_str);
    let expressions = quota.pointer("/spec/scopeSelector/matchExpressions");
    let expressions = expressions.and_then(Value::as_array).into_iter().flatten();
    let plain = scopes.map(|scope| (scope, &Value::Null));
    let selected = expressions.map(|expression| (text(expression, "/scopeName"), expression));
    let mut is_in_scope = true;
    for (scope, expression) in plain.chain(selected) {
        let ends = spec.get("activeDeadlineSeconds").is_some_and(Value::is_number);
        is_in_scope &= match scope {
            "Terminating" => ends,
            "NotTerminating" => !ends,
            "BestEffort" => pod.is_best_effort(),
            "NotBestEffort" => !pod.is_best_effort(),
            "PriorityClass" => has_priority(expression, text(spec, "/priorityClassName")),
            scope => return Err(scope),
        };
    }
    Ok(is_in_scope)
}

fn has_priority(expression: &Value, class: &str) -> bool {
    let values = expression.get("values").and_then(Value::as_array);
    let is_named = values.is_some_and(|values| values.contains(&Value::from(class)));
    match text(expression, "/operator") {
        "In" => is_named,
        "NotIn" => !is_named,
        "DoesNotExist" => class.is_empty(),
        _ => !class.is_empty(),
    }
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scopes_are_those_of_kubernetes() {
        let spec = json!({"priorityClassName": "high",
            "containers": [{"resources": {"requests": {"cpu": 1}}}]});
        let selector = |operator: &str, values: &[&str]| {
            json!({"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass",
                "operator": operator, "values": values}]}})
        };
        for (quota, expected) in [
            (json!({}), Ok(true)),
            (json!({"scopes": ["NotTerminating", "NotBestEffort"]}), Ok(true)),
            (json!({"scopes": ["Terminating"]}), Ok(false)),
            (json!({"scopes": ["BestEffort"]}), Ok(false)),
            (selector("In", &["high", "low"]), Ok(true)),
            (selector("In", &["low"]), Ok(false)),
            (selector("NotIn", &["low"]), Ok(true)),
            (selector("Exists", &[]), Ok(true)),
            (selector("DoesNotExist", &[]), Ok(false)),
            (json!({"scopes": ["CrossNamespacePodAffinity"]}), Err("CrossNamespacePodAffinity")),
        ] {
            let quota = json!({"spec": quota});
            assert_eq!(is_in_scope(&quota, &spec, &Footprint::of(&spec)), expected, "{quota}");
        }
    }
}
