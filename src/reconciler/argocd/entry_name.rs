//! What the Application of an entry of a Git generator is called, as far as the entry alone decides it.
//!
//! A name is a template, in the language of Go or with plain names in double braces. What is no plain name
//! is not worked out, and stands for any text.

use serde_json::Value;

use crate::git::manifest::entries::is_of_pattern;

use super::fields::{flag, text, text_or};

/// The longest name of a label of DNS.
const LONGEST: usize = 253;

/// An entry of a generator.
pub(super) struct Entry<'a> {
    /// The folder, or the one in which the file is.
    pub(super) path: &'a str,
    pub(super) file: Option<&'a str>,
    /// What the file holds of it.
    pub(super) params: &'a Value,
}

/// How the entries of a generator are named.
pub(super) struct Words<'a> {
    template: &'a str,
    is_go: bool,
    /// What the path is called among the parameters.
    path: String,
}

/// A name, or what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    text: String,
    /// Whether anything in it is not known.
    is_open: bool,
    /// Whether anything in it comes from the entry.
    is_of_entry: bool,
}

impl<'a> Words<'a> {
    pub(super) fn of(set: &'a Value, generator: &'a Value) -> Self {
        let own = text(generator, "/git/template/metadata/name");
        let template = if own.is_empty() { text(set, "/spec/template/metadata/name") } else { own };
        let path = match text_or(generator, "/git/pathParamPrefix", "") {
            "" => "path".to_owned(),
            prefix => format!("{prefix}.path"),
        };
        Self { template, is_go: flag(set, "/spec/goTemplate"), path }
    }

    /// The name that an entry makes.
    pub(super) fn name(&self, entry: &Entry<'_>) -> Pattern {
        let mut pattern = Pattern { text: String::new(), is_open: false, is_of_entry: false };
        let mut rest = self.template;
        while let Some((before, opened)) = rest.split_once("{{") {
            let Some((inner, after)) = opened.split_once("}}") else { break };
            pattern.text.push_str(before);
            let value = self.key(inner).and_then(|key| self.value(key, entry));
            if let Some(value) = value.filter(|value| !value.contains(['*', '?', '[', '\\', '{'])) {
                pattern.text.push_str(&value);
                pattern.is_of_entry = true;
            } else {
                pattern.text.push('*');
                pattern.is_open = true;
            }
            rest = after;
        }
        pattern.text.push_str(rest);
        pattern
    }

    /// The name in double braces, where it is plain.
    fn key<'t>(&self, inner: &'t str) -> Option<&'t str> {
        let key = inner.trim();
        let key = if self.is_go {
            let key = key.strip_prefix("- ").unwrap_or(key);
            key.strip_suffix(" -").unwrap_or(key).trim().strip_prefix('.')?
        } else {
            key
        };
        let is_plain = |c: char| c.is_alphanumeric() || "._-[]".contains(c);
        (!key.is_empty() && key.chars().all(is_plain)).then_some(key)
    }

    fn value(&self, key: &str, entry: &Entry<'_>) -> Option<String> {
        let base = || entry.path.rsplit('/').next().unwrap_or(entry.path).to_owned();
        let of_path = key.strip_prefix(&self.path);
        match of_path {
            Some("") if !self.is_go => return Some(entry.path.to_owned()),
            Some(".path") if self.is_go => return Some(entry.path.to_owned()),
            Some(".basename") => return Some(base()),
            Some(".basenameNormalized") => return Some(normalized(&base())),
            Some(".filename") => return entry.file.map(str::to_owned),
            Some(".filenameNormalized") => return entry.file.map(normalized),
            Some(index) if index.starts_with('[') && !self.is_go => {
                let index: usize = index.strip_prefix('[')?.strip_suffix(']')?.parse().ok()?;
                return entry.path.split('/').nth(index).map(str::to_owned);
            }
            _ => {}
        }
        let mut value = entry.params;
        for part in key.split('.') {
            value = value.get(part)?;
        }
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

impl Pattern {
    /// The name, where all of it is known.
    pub(super) fn exact(&self) -> Option<String> {
        (!self.is_open).then(|| self.text.clone())
    }

    /// Whether an Application of this name may be of the entry.
    pub(super) fn fits(&self, name: &str) -> bool {
        is_of_pattern(&self.text, name, true)
    }

    /// Whether it tells Applications of the entry from those of others.
    pub(super) fn says_something(&self) -> bool {
        self.is_of_entry
    }
}

/// As Argo CD makes names of what may be none.
fn normalized(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' };
    let text: String = text.to_lowercase().chars().map(plain).take(LONGEST).collect();
    text.trim_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_is_made_of_what_the_entry_says() {
        let params =
            json!({"cluster": {"name": "eu"}, "n": 3, "on": true, "list": [1], "odd": "a*b"});
        for (is_go, template, name) in [
            (true, "web-{{.path.basename}}", "web-prod_1"),
            (true, "web-{{ .path.basenameNormalized }}", "web-prod-1"),
            (true, "{{- .cluster.name -}}-{{.n}}-{{.on}}", "eu-3-true"),
            (true, "{{.path.path}}", "envs/prod_1"),
            (true, "{{.path.filename}}", "Config.json"),
            (true, "{{.path.filenameNormalized}}", "config.json"),
            (true, "plain", "plain"),
            (false, "{{cluster.name}}-{{path[0]}}", "eu-envs"),
            (false, "{{path}}", "envs/prod_1"),
            (false, "{{ path.basename }}", "prod_1"),
            // What is worked out, and what another generator says.
            (true, "web-{{index .path.segments 1}}", "web-*"),
            (true, "{{.path.basename | lower}}", "*"),
            (true, "{{.server}}-{{.cluster.name}}", "*-eu"),
            (true, "{{.list}}-{{.odd}}", "*-*"),
            (true, "{{cluster.name}}", "*"),
            (false, "{{path[9]}}", "*"),
            (true, "{{.cluster", "{{.cluster"),
        ] {
            let set = json!({"spec": {"goTemplate": is_go, "template": {"metadata": {"name": template}}}});
            let entry = Entry { path: "envs/prod_1", file: Some("Config.json"), params: &params };
            let pattern = Words::of(&set, &json!({"git": {}})).name(&entry);
            assert_eq!(pattern.text, name, "{template}");
            assert_eq!(pattern.exact().is_some(), !name.contains('*'), "{template}");
        }
    }

    #[test]
    fn a_generator_may_have_a_template_and_a_prefix_of_its_own() {
        let set = json!({"spec": {"goTemplate": true, "template": {"metadata": {"name": "x"}}}});
        let generator = json!({"git": {"pathParamPrefix": "app",
            "template": {"metadata": {"name": "{{.app.path.basename}}-{{.path.basename}}"}}}});
        let entry = Entry { path: "apps/web", file: None, params: &Value::Null };
        let pattern = Words::of(&set, &generator).name(&entry);
        assert_eq!(pattern.text, "web-*");
        assert!(pattern.says_something() && pattern.fits("web-eu") && !pattern.fits("api-eu"));
    }
}
