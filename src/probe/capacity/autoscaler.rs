//! The autoscalers of the workload: do they work, and do they get what they want at least?

use serde_json::Value;

use super::{cut, list, wanted};
use crate::facts::{Ask, Facts};
use crate::probe::{Scene, words};
use crate::rollback::model::check::{CheckStatus, Finding};
use crate::text::{plural, shell_quote};

pub(super) fn ask(scene: &Scene<'_>) -> Ask {
    list(scene, "apis/autoscaling/v2", "horizontalpodautoscalers")
}

/// Those that scale the workload, or why nobody knows.
pub(super) fn of<'f>(scene: &Scene<'_>, facts: &'f Facts<'_>) -> Result<Vec<&'f Value>, Finding> {
    let ask = ask(scene);
    let all = facts.items(&ask).map_err(|error| {
        let command = scene.hints.kubectl("get horizontalpodautoscalers");
        words::unread("the autoscalers", error, command)
    })?;
    let scales = |autoscaler: &&Value| {
        let target = |member: &str| {
            words::text(autoscaler, &format!("/spec/scaleTargetRef/{member}")).to_owned()
        };
        target("kind") == scene.target.kind
            && target("name") == scene.target.name
            && target("apiVersion").starts_with("apps/")
    };
    let own: Vec<&Value> = all.iter().filter(scales).collect();
    match cut(scene, facts, &ask, "horizontalpodautoscalers") {
        Some(finding) if own.is_empty() => Err(finding),
        _ => Ok(own),
    }
}

/// What one of them says.
pub(super) fn findings(scene: &Scene<'_>, autoscaler: &Value) -> Vec<Finding> {
    let name = words::name(autoscaler);
    let describe = scene.hints.kubectl(&format!("describe hpa {}", shell_quote(name)));
    let minimum = autoscaler.pointer("/spec/minReplicas").and_then(Value::as_i64).unwrap_or(1);
    let wanted = wanted(scene);
    let mut findings = Vec::new();
    // It does not scale what is switched off.
    if wanted > 0 && wanted < minimum {
        let message =
            format!("{} wanted, and HPA {name} wants {minimum} at least", plural(wanted, "pod"));
        findings.push(Finding::fail(message).because("BelowMinimum").hint(describe.clone()));
    }
    let active = active(autoscaler, name);
    let is_good = active.status == CheckStatus::Pass;
    findings.push(if is_good { active } else { active.hint(describe) });
    findings
}

fn active(autoscaler: &Value, name: &str) -> Finding {
    let conditions = autoscaler.pointer("/status/conditions").and_then(Value::as_array);
    let is_it = |condition: &&Value| words::text(condition, "/type") == "ScalingActive";
    let Some(condition) = conditions.into_iter().flatten().find(is_it) else {
        let message = format!("HPA {name} does not say yet whether it can scale");
        return Finding::unknown(message).because("ScalingUnknown");
    };
    let (reason, message) = (words::text(condition, "/reason"), words::text(condition, "/message"));
    match words::text(condition, "/status") {
        "True" => Finding::pass(format!("HPA {name} scales")),
        "False" if reason == "ScalingDisabled" => {
            let message = format!("HPA {name} does not scale what is scaled to 0");
            Finding::warn(message).because("ScalingDisabled")
        }
        "False" => Finding::fail(format!("HPA {name} cannot scale: {reason}"))
            .because("ScalingInactive")
            .evidence([words::one_line(message)]),
        _ => Finding::unknown(format!("HPA {name} does not know whether it can scale: {reason}"))
            .because("ScalingUnknown"),
    }
}
