//! Values that an owner takes from objects of the cluster, besides its source.

use serde_json::Value;

use crate::rollback::model::hint::kubectl_on;
use crate::rollback::model::target::Target;

use super::versions;

/// Some of them, from one object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// A `ConfigMap` or a `Secret`.
    pub object: Target,
    /// The key that is read; `None`: each of them is a variable.
    pub key: Option<String>,
    /// The value that the text of the key is. Empty: it is YAML with many of them.
    pub value: String,
    /// The member of the owner that names it, for people.
    pub by: String,
    /// Who takes it.
    pub owner: Target,
    /// What follows `kubectl annotate` to have the owner read it now.
    pub asks: String,
}

impl Taken {
    /// Whether what stands there may be read: a `Secret` is not.
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.object.kind == "ConfigMap"
    }

    /// Whether it lies over what the files say. A variable only fills in what they leave open.
    #[must_use]
    pub fn lies_over(&self) -> bool {
        self.key.is_some()
    }

    /// `key values.yaml of ConfigMap shop/web (spec.valuesFrom of HelmRelease shop/web)`
    #[must_use]
    pub fn place(&self) -> String {
        let key = self.key.as_ref().map(|key| format!("key {key} of ")).unwrap_or_default();
        self.of(&key)
    }

    fn of(&self, what: &str) -> String {
        let named =
            |target: &Target| format!("{} {}/{}", target.kind, target.namespace, target.name);
        format!("{what}{} ({} of {})", named(&self.object), self.by, named(&self.owner))
    }

    /// Where in the object something stands: in which key, and which value of that.
    #[must_use]
    pub fn find(&self, object: &Value, mut is_it: impl FnMut(&str) -> bool) -> Option<String> {
        let data = object.pointer("/data")?.as_object()?;
        let text = |key: &str| data.get(key).and_then(Value::as_str).map(str::trim);
        let Some(key) = &self.key else {
            let key = data.keys().find(|key| text(key).is_some_and(&mut is_it))?;
            return Some(self.of(&format!("key {key} of ")));
        };
        if !self.value.is_empty() {
            return text(key).is_some_and(&mut is_it).then(|| self.place());
        }
        let values = versions::of_text(text(key)?, &str::to_owned);
        let value = values.into_iter().find(|value| is_it(&value.value))?;
        Some(self.of(&format!("value {} in key {key} of ", value.place)))
    }

    /// The command that changes it.
    #[must_use]
    pub fn edit(&self) -> String {
        kubectl_on("edit", &self.object, "")
    }

    /// The command that has the owner read it now.
    #[must_use]
    pub fn ask(&self) -> String {
        kubectl_on("annotate --overwrite", &self.owner, &self.asks)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn target(kind: &str, name: &str) -> Target {
        let api_version = if kind == "HelmRelease" { "helm.toolkit.fluxcd.io/v2" } else { "v1" };
        let [api_version, kind, name] = [api_version, kind, name].map(str::to_owned);
        Target { api_version, kind, namespace: "shop".to_owned(), name }
    }

    fn taken(key: Option<&str>, value: &str) -> Taken {
        Taken {
            object: target("ConfigMap", "versions"),
            key: key.map(str::to_owned),
            value: value.to_owned(),
            by: "spec.valuesFrom".to_owned(),
            owner: target("HelmRelease", "web"),
            asks: "now=1".to_owned(),
        }
    }

    #[test]
    fn it_is_found_by_its_key() {
        let object = json!({"data": {
            "tag": "1.1\n", "values.yaml": "image:\n  tag: 1.1\n", "other": "1.2", "odd": 7}});
        let of = "of ConfigMap shop/versions (spec.valuesFrom of HelmRelease shop/web)";
        for (key, value, expected) in [
            (None, "", Some("key tag")),
            (Some("tag"), "image.tag", Some("key tag")),
            (Some("values.yaml"), "", Some("value image.tag in key values.yaml")),
            // A text that is one value is none with others in it.
            (Some("values.yaml"), "image.tag", None),
            (Some("other"), "image.tag", None),
            (Some("missing"), "", None),
            (Some("odd"), "", None),
        ] {
            let found = taken(key, value).find(&object, |text| text == "1.1");
            let expected = expected.map(|expected| format!("{expected} {of}"));
            assert_eq!(found, expected, "{key:?} {value}");
        }
        for odd in [json!({}), json!({"data": []}), json!([])] {
            assert_eq!(taken(None, "").find(&odd, |_| true), None);
        }
    }

    #[test]
    fn commands_name_the_object_and_who_takes_it() {
        let taken = taken(Some("values.yaml"), "");
        assert_eq!(taken.edit(), "kubectl edit configmap/versions -n shop");
        assert_eq!(
            taken.ask(),
            "kubectl annotate --overwrite helmrelease.helm.toolkit.fluxcd.io/web -n shop now=1"
        );
    }
}
