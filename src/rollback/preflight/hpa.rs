//! `hpa`: will an autoscaler leave the count of pods as it is? An undo does not change it.

use serde_json::Value;

use super::{Preflight, Scene};
use crate::cluster::Path;
use crate::error::ErrorKind;
use crate::facts::{Ask, Facts};
use crate::rollback::model::check::{Finding, Level};
use crate::text::shell_quote;

pub(super) struct Hpa;

impl Preflight for Hpa {
    fn id(&self) -> &'static str {
        "hpa"
    }

    fn level(&self) -> Level {
        Level::Advisory
    }

    fn asks(&self, scene: &Scene<'_>) -> Vec<Ask> {
        ask(scene).into_iter().collect()
    }

    fn judge(&self, scene: &Scene<'_>, facts: &Facts<'_>) -> Finding {
        let Some(ask) = ask(scene) else {
            return Finding::skipped("no autoscaler scales it, as it is now");
        };
        let all = match facts.items(&ask) {
            Ok(all) => all,
            Err(error) if error.kind() == ErrorKind::NotFound => &[],
            Err(error) => return Finding::unknown(error.to_string()).hint_from(error),
        };
        let Some(hpa) = all.iter().find(|hpa| scales(hpa, scene)) else {
            return Finding::skipped("no HorizontalPodAutoscaler scales it");
        };
        let name = text(hpa, "/metadata/name");
        let (min, max) =
            (count(hpa, "/spec/minReplicas").unwrap_or(1), count(hpa, "/spec/maxReplicas"));
        let max = max.unwrap_or(i64::MAX);
        let desired = scene.pods().desired;
        let range =
            format!("HorizontalPodAutoscaler {name} keeps {min} to {max} pods, {desired} now");
        let inactive = condition(hpa, "ScalingActive").filter(|c| text(c, "/status") == "False");
        let (reason, message) = if desired < min {
            ("BelowMinimum", format!("{desired} pods are too few: {range}"))
        } else if let Some(condition) = inactive {
            let why = text(condition, "/message");
            ("ScalingInactive", format!("{range}, and cannot scale: {why}"))
        } else if desired >= max && min < max {
            ("AtMaximum", format!("there is no room to scale up: {range}"))
        } else {
            return Finding::pass(range);
        };
        let hint = scene.kubectl(&format!("describe hpa {}", shell_quote(name)));
        Finding::warn(message).because(reason).hint(hint)
    }
}

/// An autoscaler leaves alone what is scaled to 0, and knows no DaemonSets.
fn ask(scene: &Scene<'_>) -> Option<Ask> {
    let is_scaled = scene.plan.target.kind != "DaemonSet" && scene.pods().desired > 0;
    let path =
        Path::namespaced("apis/autoscaling/v2", scene.namespace(), "horizontalpodautoscalers");
    is_scaled.then(|| Ask::Read(path.query("limit", "500").to_string()))
}

fn scales(hpa: &Value, scene: &Scene<'_>) -> bool {
    let target = &scene.plan.target;
    let group = |version: &str| version.split_once('/').map(|(group, _)| group.to_owned());
    text(hpa, "/spec/scaleTargetRef/kind") == target.kind
        && text(hpa, "/spec/scaleTargetRef/name") == target.name
        && group(text(hpa, "/spec/scaleTargetRef/apiVersion")) == group(&target.api_version)
}

fn condition<'h>(hpa: &'h Value, kind: &str) -> Option<&'h Value> {
    let conditions = hpa.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|condition| text(condition, "/type") == kind)
}

fn count(hpa: &Value, pointer: &str) -> Option<i64> {
    hpa.pointer(pointer).and_then(Value::as_i64)
}

fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::given::Given;
    use super::*;
    use crate::error::Error;
    use crate::rollback::model::check::CheckStatus;
    use serde_json::json;

    fn autoscaler(name: &str, min: i64, max: i64, active: &str) -> Value {
        json!({"metadata": {"name": "auto"},
            "spec": {"minReplicas": min, "maxReplicas": max, "scaleTargetRef":
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}},
            "status": {"conditions": [
                {"type": "ScalingActive", "status": active, "message": "no metrics"}]}})
    }

    #[test]
    fn an_autoscaler_of_the_workload_is_told_of() {
        let given = Given::specs(&json!({}), &json!({}));
        for (item, status, message) in [
            (autoscaler("other", 9, 9, "True"), CheckStatus::Skipped, "no HorizontalPodAutoscaler"),
            (autoscaler("web", 2, 5, "True"), CheckStatus::Pass, "auto keeps 2 to 5 pods, 3 now"),
            (autoscaler("web", 3, 3, "True"), CheckStatus::Pass, "auto keeps 3 to 3 pods, 3 now"),
            (autoscaler("web", 4, 5, "True"), CheckStatus::Warn, "3 pods are too few"),
            (autoscaler("web", 1, 3, "True"), CheckStatus::Warn, "no room to scale up"),
            (autoscaler("web", 1, 5, "False"), CheckStatus::Warn, "cannot scale: no metrics"),
        ] {
            let found = given.find_in(&Hpa, &json!([item]));
            assert_eq!(found.status, status, "{item} {found:?}");
            assert!(found.message.contains(message), "{}", found.message);
        }
        let found = given.find_in(&Hpa, &json!([autoscaler("web", 4, 5, "True")]));
        assert_eq!(found.hint.as_deref(), Some("kubectl describe hpa auto -n shop"));
    }

    #[test]
    fn no_autoscaler_is_asked_about_where_none_can_be() {
        let mut given = Given::specs(&json!({}), &json!({}));
        given.plan.target.kind = "DaemonSet".into();
        assert!(Hpa.asks(&given.scene()).is_empty());
        let replicas = json!({"spec": {"replicas": 0}, "status": {"replicas": 0}});
        let given = Given::workload(&json!({}), &json!({}), &replicas);
        assert!(Hpa.asks(&given.scene()).is_empty());
    }

    #[test]
    fn without_the_right_it_is_unknown() {
        let given = Given::specs(&json!({}), &json!({}));
        let scene = given.scene();
        let error = Error::new(ErrorKind::Forbidden, "not allowed to list").hint("kubectl auth");
        let ask = Hpa.asks(&scene).pop().unwrap();
        let found = Hpa.judge(&scene, &Facts::of([]).with_error(ask, error));
        assert_eq!(
            (found.status, found.hint.as_deref()),
            (CheckStatus::Unknown, Some("kubectl auth"))
        );
    }
}
