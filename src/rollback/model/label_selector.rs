//! Whether labels are those that a `LabelSelector` selects.

use serde_json::Value;

/// An empty selector selects everything, a missing one nothing.
#[must_use]
pub fn selects(selector: &Value, labels: &Value) -> bool {
    let Some(selector) = selector.as_object() else { return false };
    let mut pairs = selector.get("matchLabels").and_then(Value::as_object).into_iter().flatten();
    let mut expressions =
        selector.get("matchExpressions").and_then(Value::as_array).into_iter().flatten();
    pairs.all(|(key, value)| labels.get(key) == Some(value))
        && expressions.all(|expression| holds(expression, labels))
}

fn holds(expression: &Value, labels: &Value) -> bool {
    let text = |member: &str| expression.get(member).and_then(Value::as_str).unwrap_or_default();
    let label = labels.get(text("key"));
    let values = expression.get("values").and_then(Value::as_array);
    let is_one = || label.is_some_and(|label| values.is_some_and(|all| all.contains(label)));
    match text("operator") {
        "In" => is_one(),
        "NotIn" => !is_one(),
        "Exists" => label.is_some(),
        "DoesNotExist" => label.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn selectors_select_as_kubernetes_has_it() {
        let labels = json!({"app": "web", "tier": "front"});
        let one = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        for (selector, selected) in [
            (Value::Null, false),
            (json!({}), true),
            (json!({"matchLabels": {"app": "web"}}), true),
            (json!({"matchLabels": {"app": "web", "tier": "back"}}), false),
            (one("app", "In", &["api", "web"]), true),
            (one("app", "In", &["api"]), false),
            (one("zone", "In", &["a"]), false),
            (one("app", "NotIn", &["api"]), true),
            (one("app", "NotIn", &["web"]), false),
            (one("zone", "NotIn", &["a"]), true),
            (one("app", "Exists", &[]), true),
            (one("zone", "Exists", &[]), false),
            (one("zone", "DoesNotExist", &[]), true),
            (one("app", "DoesNotExist", &[]), false),
            (one("app", "Resembles", &["web"]), false),
        ] {
            assert_eq!(selects(&selector, &labels), selected, "{selector}");
        }
        assert!(!selects(&json!({"matchLabels": {"app": "web"}}), &Value::Null));
    }
}
