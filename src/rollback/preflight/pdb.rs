//! `pdb`: does a `PodDisruptionBudget` have pods to spare? A rolling update does not ask it, and the
//! deletion of a pod does not either; drains and autoscalers of nodes do.

use serde_json::Value;

use super::{Preflight, Scene};
use crate::cluster::Path;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::rollback::model::label_selector::selects;
use crate::rollback::model::plan::Action;
use crate::text::{plural, shell_quote};

pub(super) struct Pdb;

impl Preflight for Pdb {
    fn id(&self) -> &'static str {
        "pdb"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        ask(scene).into_iter().collect()
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let Some(ask) = ask(scene) else { return Finding::skipped("no pod runs") };
        let all = match facts.items(&ask) {
            Ok(all) => all,
            Err(error) => return Finding::unknown(error.to_string()).hint_from(error),
        };
        let own: Vec<&Value> = all.iter().filter(|budget| protects(budget, scene)).collect();
        let deleted = i64::try_from(deleted_while_ready(scene)).unwrap_or(i64::MAX);
        let mut sentences = Vec::new();
        let mut first = None;
        for budget in &own {
            let name = text(budget, "/metadata/name");
            let count = |member: &str| {
                let pointer = format!("/status/{member}");
                budget.pointer(&pointer).and_then(Value::as_i64).unwrap_or_default()
            };
            let (healthy, wanted) = (count("currentHealthy"), count("desiredHealthy"));
            let sentence = if healthy < wanted {
                format!(
                    "PodDisruptionBudget {name} wants {wanted} healthy pods and has {healthy}: no \
                     node drains until then"
                )
            } else if deleted > 0 && count("disruptionsAllowed") < 1 {
                let pods = plural(deleted, "serving pod");
                format!(
                    "PodDisruptionBudget {name} can spare no pod, and the plan deletes {pods}: a \
                     deletion does not ask it"
                )
            } else {
                continue;
            };
            first.get_or_insert(name);
            sentences.push(sentence);
        }
        match first {
            Some(name) => Finding::warn(sentences.join("; "))
                .because("NothingToSpare")
                .hint(scene.kubectl(&format!("describe pdb {}", shell_quote(name)))),
            None if own.is_empty() => Finding::skipped("no PodDisruptionBudget is about its pods"),
            None => Finding::pass("its PodDisruptionBudget has the pods that it wants"),
        }
    }
}

fn ask(scene: &Scene<'_>) -> Option<Ask> {
    let path = Path::namespaced("apis/policy/v1", scene.namespace(), "poddisruptionbudgets");
    (scene.pods().desired > 0).then(|| Ask::Read(path.query("limit", "500").to_string()))
}

/// Whether it is about the pods that are there, or about those to come.
fn protects(budget: &Value, scene: &Scene<'_>) -> bool {
    let selector = budget.pointer("/spec/selector").unwrap_or(&Value::Null);
    let templates = [scene.template(), scene.left_template()];
    let of_templates = templates.into_iter().flatten();
    let mut labels = of_templates.filter_map(|template| template.pointer("/metadata/labels"));
    // Where nothing is patched, what the workload selects is known of its pods.
    let selected = scene.subject.workload.pointer("/spec/selector/matchLabels");
    labels.any(|labels| selects(selector, labels))
        || scene.template().is_none() && selected.is_some_and(|labels| selects(selector, labels))
}

/// How many pods that serve the plan deletes.
fn deleted_while_ready(scene: &Scene<'_>) -> usize {
    let is_ready = |action: &Action| matches!(action, Action::DeletePod { ready: true, .. });
    scene.plan.steps.iter().filter(|step| is_ready(&step.action)).count()
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::given::Given;
    use super::*;
    use crate::rollback::model::check::CheckStatus;
    use crate::rollback::model::plan::Step;
    use serde_json::json;

    fn budget(app: &str, healthy: i64, wanted: i64) -> Value {
        json!({"metadata": {"name": "spare"},
            "spec": {"selector": {"matchLabels": {"app": app}}},
            "status": {"currentHealthy": healthy, "desiredHealthy": wanted,
                "disruptionsAllowed": (healthy - wanted).max(0)}})
    }

    fn deletion(ready: bool) -> Step {
        serde_json::from_value(json!({"id": "delete", "summary": "", "preconditions": [],
            "expects": "", "optional": false, "action":
            {"type": "deletePod", "path": "/p", "uid": "u", "name": "web-0", "ready": ready}}))
        .unwrap()
    }

    #[test]
    fn budgets_about_its_pods_are_told_of() {
        for (item, ready, status, message) in [
            (budget("other", 0, 2), None, CheckStatus::Skipped, "no PodDisruptionBudget"),
            (budget("web", 3, 2), None, CheckStatus::Pass, "has the pods"),
            (budget("web", 2, 2), None, CheckStatus::Pass, "has the pods"),
            (budget("web", 1, 2), None, CheckStatus::Warn, "wants 2 healthy pods and has 1"),
            (budget("web", 2, 2), Some(false), CheckStatus::Pass, "has the pods"),
            (budget("web", 2, 2), Some(true), CheckStatus::Warn, "the plan deletes 1 serving pod"),
            (budget("web", 3, 2), Some(true), CheckStatus::Pass, "has the pods"),
        ] {
            let mut given = Given::specs(&json!({}), &json!({}));
            given.plan.steps.extend(ready.map(deletion));
            let found = given.find_in(&Pdb, &json!([item]));
            assert_eq!(found.status, status, "{item} {found:?}");
            assert!(found.message.contains(message), "{}", found.message);
        }
    }
}
