//! How Argo CD's objects select Applications: patterns of names, and labels.

use regex_lite::Regex;
use serde_json::Value;

use super::fields::{items, text, texts};

/// Whether a pattern fits the whole text: `*`, `?`, `[ab]`, `[!ab]`, `{one,two}`. A broken one fits
/// nothing.
pub(super) fn fits(pattern: &str, subject: &str) -> bool {
    if pattern == "*" || pattern == subject {
        return true;
    }
    Regex::new(&expression(pattern)).is_ok_and(|regex| regex.is_match(subject))
}

fn expression(pattern: &str) -> String {
    let mut regex = String::from("(?s)^");
    let mut depth = 0_u32;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '*' => {
                while chars.next_if_eq(&'*').is_some() {}
                regex.push_str(".*");
            }
            '?' => regex.push('.'),
            '[' => {
                regex.push('[');
                if chars.next_if(|c| matches!(c, '!' | '^')).is_some() {
                    regex.push('^');
                }
            }
            ']' => regex.push(']'),
            '{' => {
                depth += 1;
                regex.push_str("(?:");
            }
            '}' if depth > 0 => {
                depth -= 1;
                regex.push(')');
            }
            ',' if depth > 0 => regex.push('|'),
            '-' => regex.push('-'),
            '\\' => regex.push_str(&regex_lite::escape(&chars.next().unwrap_or('\\').to_string())),
            c => regex.push_str(&regex_lite::escape(&c.to_string())),
        }
    }
    regex.push('$');
    regex
}

/// Whether a label selector of Kubernetes takes an object. An operator that is not known takes none.
pub(super) fn selects(selector: &Value, object: &Value) -> bool {
    let labels = object.pointer("/metadata/labels");
    let label = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
    let exact = selector.get("matchLabels").and_then(Value::as_object);
    let exact = exact.is_none_or(|wanted| {
        wanted.iter().all(|(key, value)| label(key).is_some() && label(key) == value.as_str())
    });
    exact
        && items(selector, "/matchExpressions").iter().all(|rule| {
            let value = label(text(rule, "/key"));
            let is_in = || value.is_some_and(|value| texts(rule, "/values").any(|v| v == value));
            match text(rule, "/operator") {
                "In" => is_in(),
                "NotIn" => !is_in(),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patterns_fit_whole_texts() {
        for (pattern, subject, fitting) in [
            ("*", "anything", true),
            ("web", "web", true),
            ("web", "web2", false),
            ("web*", "web2", true),
            ("*-prod", "web-prod", true),
            ("*-prod", "web-prod2", false),
            ("w?b", "wab", true),
            ("w?b", "wb", false),
            ("web.*", "webx", false),
            ("https://*.test", "https://a.b.test", true),
            ("{web,api}-*", "api-1", true),
            ("{web,api}-*", "db-1", false),
            ("[ab]x", "bx", true),
            ("[!ab]x", "bx", false),
            ("[a-c]x", "bx", true),
            ("a,b", "a,b", true),
            ("a}", "a}", true),
            ("\\*", "*", true),
            ("\\*", "x", false),
            ("**", "x", true),
            ("", "", true),
            ("", "x", false),
            // Broken ones.
            ("[", "[x", false),
            ("{a", "a1", false),
            ("\\", "x", false),
            ("(", "x", false),
        ] {
            assert_eq!(fits(pattern, subject), fitting, "{pattern:?} {subject:?}");
        }
        assert!(!fits(&"*a".repeat(500), &"a".repeat(400)));
    }

    #[test]
    fn labels_are_selected_as_kubernetes_does() {
        let object = json!({"metadata": {"labels": {"tier": "web", "env": "prod"}}});
        for (selector, taken) in [
            (json!({}), true),
            (json!({"matchLabels": {"tier": "web"}}), true),
            (json!({"matchLabels": {"tier": "web", "env": "test"}}), false),
            (json!({"matchLabels": {"other": null}}), false),
            (
                json!({"matchExpressions": [{"key": "env", "operator": "In", "values": ["prod"]}]}),
                true,
            ),
            (
                json!({"matchExpressions": [{"key": "env", "operator": "NotIn", "values": ["prod"]}]}),
                false,
            ),
            (
                json!({"matchExpressions": [{"key": "x", "operator": "NotIn", "values": ["prod"]}]}),
                true,
            ),
            (json!({"matchExpressions": [{"key": "env", "operator": "Exists"}]}), true),
            (json!({"matchExpressions": [{"key": "env", "operator": "DoesNotExist"}]}), false),
            (json!({"matchExpressions": [{"key": "env", "operator": "Gt"}]}), false),
            (json!({"matchExpressions": {}, "matchLabels": []}), true),
        ] {
            assert_eq!(selects(&selector, &object), taken, "{selector}");
        }
        assert!(!selects(&json!({"matchLabels": {"a": "b"}}), &json!([])));
    }
}
