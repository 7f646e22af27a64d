//! What the last client-side `kubectl apply` declared, as the workload itself carries it.
//!
//! The next apply deletes what stands in there and is not declared any more, and nothing else. A
//! rollback that leaves it alone brings fields back that no later apply removes (kubectl#1301).

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::defaults;

/// The annotation that holds it.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

#[derive(Deserialize)]
struct Manifest<'a> {
    #[serde(borrow)]
    spec: Spec<'a>,
}

#[derive(Deserialize)]
struct Spec<'a> {
    #[serde(borrow)]
    template: &'a RawValue,
}

/// The same document with this pod template, as a manifest would declare it; every byte outside of
/// `spec.template` stays. `None` where it is not JSON or has no such member.
///
/// A template that a cluster has stored says everything that the API server fills in. If that stood in
/// here, too, the manifest would seem to delete it: Argo CD takes that for a difference.
#[must_use]
pub fn with_template(document: &str, template: &Value) -> Option<String> {
    let manifest: Manifest<'_> = serde_json::from_str(document).ok()?;
    let old = manifest.spec.template.get();
    // `old` is a part of `document`, so its place is the difference of the two addresses.
    let start = (old.as_ptr() as usize).checked_sub(document.as_ptr() as usize)?;
    let (before, after) = (document.get(..start)?, document.get(start + old.len()..)?);
    let template = defaults::without(template);
    Some(format!("{before}{template}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_template_changes() {
        let template = json!({"spec": {"b": 2, "dnsPolicy": "ClusterFirst", "a": 1}});
        for (document, expected) in [
            (
                "{\"kind\":\"Deployment\", \"x\":\"\\u003c\",\"spec\":{\"template\":{\"old\":[1]},\"replicas\":3}}\n",
                Some(
                    "{\"kind\":\"Deployment\", \"x\":\"\\u003c\",\"spec\":{\"template\":{\"spec\":{\"b\":2,\"a\":1}},\"replicas\":3}}\n",
                ),
            ),
            (
                "{ \"spec\" : { \"template\" : null } }",
                Some("{ \"spec\" : { \"template\" : {\"spec\":{\"b\":2,\"a\":1}} } }"),
            ),
            // An escaped name is a name, too.
            (
                r#"{"sp\u0065c":{"template":1}}"#,
                Some(r#"{"sp\u0065c":{"template":{"spec":{"b":2,"a":1}}}}"#),
            ),
            (r#"{"spec":{"replicas":3}}"#, None),
            (r#"{"spec":"template"}"#, None),
            // Whichever of the two kubectl would take: it is not for rb to say.
            (r#"{"spec":{"template":1,"template":2}}"#, None),
            (r#"{"spec":{"template":1}} x"#, None),
            ("", None),
            ("[]", None),
        ] {
            assert_eq!(with_template(document, &template).as_deref(), expected, "{document}");
        }
    }
}
