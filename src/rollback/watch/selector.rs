//! Whether labels fit a workload's selector, for streams that several workloads share.

use serde_json::Value;

/// Whether an object with these labels is selected; a selector without conditions selects nothing
/// here, since no workload has one.
pub(super) fn matches(selector: &Value, labels: &Value) -> bool {
    let wanted = selector.get("matchLabels").and_then(Value::as_object);
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    let conditions = wanted.map_or(0, serde_json::Map::len) + expressions.map_or(0, Vec::len);
    conditions > 0
        && wanted.into_iter().flatten().all(|(key, value)| labels.get(key) == Some(value))
        && expressions.into_iter().flatten().all(|expression| holds(expression, labels))
}

fn holds(expression: &Value, labels: &Value) -> bool {
    let key = expression.get("key").and_then(Value::as_str).unwrap_or_default();
    let values = expression.get("values").and_then(Value::as_array);
    let label = labels.get(key);
    let listed = || label.is_some_and(|label| values.is_some_and(|all| all.contains(label)));
    match expression.get("operator").and_then(Value::as_str) {
        Some("In") => listed(),
        Some("NotIn") => !listed(),
        Some("Exists") => label.is_some(),
        Some("DoesNotExist") => label.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_and_expressions_all_have_to_hold() {
        let selector = json!({
            "matchLabels": {"app": "web"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]},
                {"key": "x", "operator": "NotIn", "values": ["c"]},
                {"key": "y", "operator": "Exists"},
                {"key": "z", "operator": "DoesNotExist"},
            ],
        });
        let fits = json!({"app": "web", "tier": "b", "y": ""});
        assert!(matches(&selector, &fits));
        for (key, value) in [("app", "db"), ("tier", "c"), ("x", "c"), ("z", "")] {
            let mut labels = fits.clone();
            labels[key] = json!(value);
            assert!(!matches(&selector, &labels), "{key}={value}");
        }
        assert!(!matches(&json!({}), &fits));
        assert!(!matches(&selector, &Value::Null));
    }
}
