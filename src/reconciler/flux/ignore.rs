//! Fields that an owner leaves alone: `spec.ignore` of a Kustomization, `spec.driftDetection.ignore` of a
//! `HelmRelease`. A rule names paths and, by regular expressions, the objects that it is about.

use regex_lite::Regex;
use serde_json::Value;

use crate::rollback::model::target::Target;

use super::fields::{is_set, list, text, word};

/// Paths that hold all that a release is made of.
const ALL: [&str; 3] = ["", "/spec", "/spec/template"];

/// What is left alone of an object.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Ignored(Vec<String>);

impl Ignored {
    /// Of this object, by these rules. Rules with a selector of labels or annotations count as being about
    /// it: what is left alone is then told once too often.
    pub(super) fn of(object: &Target, rules: &[Value]) -> Self {
        let about_it = rules.iter().filter(|rule| is_about(rule, object));
        let paths = about_it.flat_map(|rule| list(rule, "/paths"));
        Self(paths.filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// Whether that is all that a release is made of.
    pub(super) fn is_all(&self) -> bool {
        self.0.iter().any(|path| ALL.contains(&path.trim_end_matches('/')))
    }

    /// Those that are, or hold, a part of the pod template.
    pub(super) fn of_template(&self) -> Vec<String> {
        let is_of = |path: &&String| {
            ALL.contains(&path.trim_end_matches('/')) || path.starts_with("/spec/template/")
        };
        self.0.iter().filter(is_of).cloned().collect()
    }

    /// For people; `None` where nothing is left alone.
    pub(super) fn words(&self) -> Option<String> {
        let paths: Vec<&str> =
            self.0.iter().map(|path| if path.is_empty() { "/" } else { path.as_str() }).collect();
        (!paths.is_empty()).then(|| super::fields::first_few(&paths))
    }
}

fn is_about(rule: &Value, object: &Target) -> bool {
    if !is_set(rule, "/target") {
        return true;
    }
    let (group, version) =
        object.api_version.split_once('/').unwrap_or(("", object.api_version.as_str()));
    let fits = |member: &str, value: &str| {
        let pattern = text(rule, &format!("/target/{member}"));
        // An expression that cannot be read may be about it.
        word(rule, &format!("/target/{member}")).is_none()
            || Regex::new(&format!("^(?:{pattern})$")).map_or(true, |regex| regex.is_match(value))
    };
    fits("group", group)
        && fits("version", version)
        && fits("kind", &object.kind)
        && fits("name", &object.name)
        && fits("namespace", &object.namespace)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn web() -> Target {
        Target {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            namespace: "shop".into(),
            name: "web".into(),
        }
    }

    #[test]
    fn a_rule_is_about_the_objects_that_it_selects() {
        for (target, expected) in [
            (json!(null), true),
            (json!({}), true),
            (json!({"kind": "Deployment"}), true),
            (json!({"kind": "Deploy"}), false),
            (json!({"kind": "Deployment|StatefulSet", "name": "web"}), true),
            (json!({"name": "we.*"}), true),
            (json!({"name": "eb"}), false),
            (json!({"name": "(unbalanced"}), true),
            (json!({"namespace": "other"}), false),
            (json!({"group": "apps", "version": "v1"}), true),
            (json!({"group": "batch"}), false),
            (json!({"labelSelector": "app=web"}), true),
            (json!({"kind": ["Deployment"]}), true),
        ] {
            let rules = [json!({"paths": ["/spec/replicas"], "target": target})];
            let ignored = Ignored::of(&web(), &rules);
            assert_eq!(ignored.words().is_some(), expected, "{target}");
            assert!(!ignored.is_all());
        }
        let absurd = [json!(1), json!({"paths": "/spec"}), json!({"paths": [1, {}]})];
        assert_eq!(Ignored::of(&web(), &absurd), Ignored::default());
    }

    #[test]
    fn the_whole_template_may_be_left_alone() {
        for (path, expected) in [
            ("", true),
            ("/", true),
            ("/spec", true),
            ("/spec/template", true),
            ("/spec/template/", true),
            ("/spec/template/spec/containers/0/image", false),
            ("/metadata/annotations", false),
        ] {
            let rules = [json!({"paths": ["/spec/replicas", path]})];
            assert_eq!(Ignored::of(&web(), &rules).is_all(), expected, "{path}");
        }
        let root = Ignored::of(&web(), &[json!({"paths": [""]})]);
        assert_eq!(root.words().as_deref(), Some("/"));
    }
}
