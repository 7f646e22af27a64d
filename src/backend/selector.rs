//! Label selectors: from the workload's spec to the query of a list.

use serde_json::Value;

/// The `labelSelector` of a `spec.selector`: `app=web,tier in (a,b),!legacy`.
#[must_use]
pub(super) fn to_query(selector: &Value) -> String {
    let labels = selector.get("matchLabels").and_then(Value::as_object);
    let equal = labels
        .into_iter()
        .flatten()
        .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()));
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    equal
        .chain(expressions.into_iter().flatten().filter_map(expression))
        .collect::<Vec<_>>()
        .join(",")
}

fn expression(expression: &Value) -> Option<String> {
    let key = expression.get("key")?.as_str()?;
    let values = expression.get("values").and_then(Value::as_array).map_or_else(String::new, |v| {
        v.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(",")
    });
    match expression.get("operator")?.as_str()? {
        "In" => Some(format!("{key} in ({values})")),
        "NotIn" => Some(format!("{key} notin ({values})")),
        "Exists" => Some(key.to_owned()),
        "DoesNotExist" => Some(format!("!{key}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn labels_and_expressions_become_one_query() {
        let selector = json!({
            "matchLabels": {"app": "web", "empty": ""},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]},
                {"key": "x", "operator": "NotIn", "values": ["c"]},
                {"key": "y", "operator": "Exists"},
                {"key": "z", "operator": "DoesNotExist"},
            ],
        });
        assert_eq!(to_query(&selector), "app=web,empty=,tier in (a,b),x notin (c),y,!z");
        assert_eq!(to_query(&Value::Null), "");
    }
}
