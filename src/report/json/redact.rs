//! Hiding what may be secret: the values of environment variables in pod templates.

use serde_json::Value;

/// What stands in the place of a value.
const HIDDEN: &str = "<hidden>";

/// Replaces the literal values of all environment variables, however deep the template is inside.
pub fn environment(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (key, member) in members.iter_mut() {
                match member {
                    Value::Array(variables) if key == "env" => hide(variables),
                    member => environment(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(environment),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn hide(variables: &mut [Value]) {
    for variable in variables {
        if let Some(value) = variable.get_mut("value") {
            *value = Value::from(HIDDEN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_hidden_and_references_are_kept() {
        let mut plan = json!({"steps": [{"body": [{"value": {"spec": {"containers": [{
            "env": [{"name": "A", "value": "s3cret"},
                    {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s"}}}],
        }]}}}]}]});
        environment(&mut plan);
        let text = plan.to_string();
        assert!(!text.contains("s3cret") && text.contains("secretKeyRef"), "{text}");
    }
}
