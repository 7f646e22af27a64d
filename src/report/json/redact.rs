//! Hiding what may be secret: the values of environment variables in pod templates.

pub use crate::rollback::model::template::hide_environment as environment;

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
