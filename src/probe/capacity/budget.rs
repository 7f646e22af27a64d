//! The disruption budgets of the pods: are as many healthy as somebody thinks are needed?

use serde_json::Value;

use super::{cut, list};
use crate::facts::{Ask, Facts};
use crate::probe::{Scene, words};
use crate::rollback::model::check::Finding;
use crate::rollback::model::label_selector::selects;
use crate::text::shell_quote;

pub(super) fn ask(scene: &Scene<'_>) -> Ask {
    list(scene, "apis/policy/v1", "poddisruptionbudgets")
}

/// What the budgets that cover the pods say.
pub(super) fn findings(scene: &Scene<'_>, facts: &Facts<'_>) -> Vec<Finding> {
    let ask = ask(scene);
    let all = match facts.items(&ask) {
        Ok(all) => all,
        Err(error) => {
            let command = scene.hints.kubectl("get poddisruptionbudgets");
            return vec![words::unread("the disruption budgets", error, command)];
        }
    };
    let labels = scene.seen.workload.pointer("/spec/template/metadata/labels");
    let labels = labels.unwrap_or(&Value::Null);
    let selector = |budget: &Value| budget.pointer("/spec/selector").cloned().unwrap_or_default();
    let own = all.iter().filter(|budget| selects(&selector(budget), labels));
    own.map(|budget| of(scene, budget))
        .chain(cut(scene, facts, &ask, "poddisruptionbudgets"))
        .collect()
}

fn of(scene: &Scene<'_>, budget: &Value) -> Finding {
    let name = words::name(budget);
    let number = |pointer: &str| budget.pointer(pointer).and_then(Value::as_i64);
    let describe = scene.hints.kubectl(&format!("describe pdb {}", shell_quote(name)));
    let (healthy, wanted) = (number("/status/currentHealthy"), number("/status/desiredHealthy"));
    let observed = number("/status/observedGeneration") == number("/metadata/generation");
    match (healthy, wanted) {
        (Some(healthy), Some(wanted)) if observed && healthy < wanted => {
            let message = format!("PDB {name} wants {wanted} healthy pods, and {healthy} are");
            Finding::fail(message).because("BudgetShort").hint(describe)
        }
        (Some(healthy), Some(wanted)) if observed => {
            Finding::pass(format!("PDB {name}: {healthy} healthy pods, {wanted} wanted"))
        }
        _ => {
            let message = format!("PDB {name} is not counted yet");
            Finding::unknown(message).because("BudgetUnknown").hint(describe)
        }
    }
}
