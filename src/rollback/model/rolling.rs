//! How many pods more and how many fewer than wanted a rolling update may have at once.

use serde_json::Value;

/// The two limits of a rolling update, in pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rolling {
    /// How many more than wanted.
    pub surge: i64,
    /// How many fewer than wanted.
    pub unavailable: i64,
}

impl Rolling {
    /// Of a workload of this kind with so many pods wanted; `None` where pods are not replaced step
    /// by step.
    #[must_use]
    pub fn of(kind: &str, workload: &Value, desired: i64) -> Option<Self> {
        let (strategy, surge, unavailable) = match kind {
            "Deployment" => ("/spec/strategy", "25%", "25%"),
            _ => ("/spec/updateStrategy", "0", "1"),
        };
        let strategy = workload.pointer(strategy).unwrap_or(&Value::Null);
        let is_rolling = strategy.get("type").is_none_or(|kind| kind == "RollingUpdate");
        let limits = strategy.get("rollingUpdate").unwrap_or(&Value::Null);
        let limit = |member: &str, otherwise: &str, rounds_up: bool| {
            let limit = limits.get(member).filter(|limit| !limit.is_null());
            let otherwise = || resolved(&Value::from(otherwise), desired, rounds_up).unwrap_or(0);
            limit.and_then(|l| resolved(l, desired, rounds_up)).unwrap_or_else(otherwise)
        };
        let surge = if kind == "StatefulSet" { 0 } else { limit("maxSurge", surge, true) };
        // Only Deployments round these down
        // (kubernetes:pkg/controller/{deployment/util,daemon,statefulset}).
        let unavailable = limit("maxUnavailable", unavailable, kind != "Deployment");
        // Neither more nor fewer would be for ever: the controllers then take one away.
        let unavailable = if surge == 0 { unavailable.max(1) } else { unavailable };
        is_rolling.then_some(Self { surge, unavailable })
    }
}

/// A count, or a percentage of what is wanted.
fn resolved(limit: &Value, desired: i64, rounds_up: bool) -> Option<i64> {
    if let Some(count) = limit.as_i64() {
        return Some(count);
    }
    let text = limit.as_str()?;
    let Some(percent) = text.strip_suffix('%') else { return text.parse().ok() };
    let hundredths = percent.parse::<i64>().ok()?.saturating_mul(desired.max(0));
    Some(hundredths / 100 + i64::from(rounds_up && hundredths % 100 != 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn limits_are_rounded_as_the_controllers_round_them() {
        let rolling = |surge: Value, unavailable: Value| {
            let limits = json!({"maxSurge": surge, "maxUnavailable": unavailable});
            json!({"type": "RollingUpdate", "rollingUpdate": limits})
        };
        let null = Value::Null;
        for (kind, strategy, desired, limits) in [
            ("Deployment", null.clone(), 1, Some((1, 0))),
            ("Deployment", null.clone(), 4, Some((1, 1))),
            ("Deployment", rolling(json!("25%"), json!("25%")), 3, Some((1, 0))),
            ("Deployment", rolling(json!("30%"), json!("50%")), 5, Some((2, 2))),
            ("Deployment", rolling(json!(2), json!(0)), 3, Some((2, 0))),
            ("Deployment", rolling(json!(0), json!("10%")), 3, Some((0, 1))),
            ("Deployment", rolling(json!("0%"), json!(0)), 3, Some((0, 1))),
            ("Deployment", json!({"type": "Recreate"}), 3, None),
            ("DaemonSet", null.clone(), 3, Some((0, 1))),
            ("DaemonSet", rolling(null.clone(), json!("30%")), 5, Some((0, 2))),
            ("DaemonSet", rolling(json!("10%"), json!(0)), 3, Some((1, 0))),
            ("DaemonSet", json!({"type": "OnDelete"}), 3, None),
            ("StatefulSet", null.clone(), 3, Some((0, 1))),
            ("StatefulSet", rolling(null, json!(2)), 3, Some((0, 2))),
        ] {
            let field = if kind == "Deployment" { "strategy" } else { "updateStrategy" };
            let workload = json!({"spec": {field: strategy}});
            let found = Rolling::of(kind, &workload, desired);
            assert_eq!(found.map(|r| (r.surge, r.unavailable)), limits, "{kind} {workload}");
        }
    }
}
