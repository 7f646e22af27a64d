//! What changes between two pod templates, in words and as values. Pure.
//!
//! Lists of named items (containers, variables, volumes, ports) are compared by name. Values of
//! environment variables may be secrets: they are left out unless they are asked for.

use serde_json::{Map, Value};

use crate::text;

use super::image::ImageRef;
use super::plan::Change;
use super::template;

/// The differences, images first, in the order of the templates otherwise.
#[must_use]
pub fn templates(before: &Value, after: &Value, show_values: bool) -> Vec<Change> {
    let mut walk = Walk { changes: Vec::new(), show_values };
    walk.values("", Some(before), Some(after));
    let mut changes = walk.changes;
    changes.sort_by_key(|change| !is_image(&change.path));
    changes
}

/// How the path of a list of variables ends.
const ENV: &str = ".env";
/// How the paths of annotations and labels begin.
const METADATA: &str = "metadata.";

struct Walk {
    changes: Vec<Change>,
    show_values: bool,
}

impl Walk {
    fn values(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>) {
        let (before, after) = (present(before), present(after));
        if before == after {
            return;
        }
        match (before, after) {
            (Some(Value::Object(a)), Some(Value::Object(b))) => self.objects(path, a, b),
            (Some(Value::Array(a)), Some(Value::Array(b))) => match (by_name(a), by_name(b)) {
                (Some(a), Some(b)) => self.named(path, &a, &b),
                _ => self.note(path, before, after),
            },
            // The first variables and the last: each is named, as any other.
            (None, Some(Value::Array(list))) | (Some(Value::Array(list)), None)
                if path.ends_with(ENV) && !list.is_empty() =>
            {
                match by_name(list) {
                    Some(list) if before.is_none() => self.named(path, &[], &list),
                    Some(list) => self.named(path, &list, &[]),
                    None => self.note(path, before, after),
                }
            }
            // The first annotations and the last, likewise.
            (None, Some(Value::Object(b))) if path.starts_with(METADATA) => {
                self.objects(path, &Map::new(), b);
            }
            (Some(Value::Object(a)), None) if path.starts_with(METADATA) => {
                self.objects(path, a, &Map::new());
            }
            _ => self.note(path, before, after),
        }
    }

    fn objects(&mut self, path: &str, a: &Map<String, Value>, b: &Map<String, Value>) {
        let added = b.keys().filter(|key| !a.contains_key(*key));
        for key in a.keys().chain(added) {
            self.values(&member(path, key), a.get(key), b.get(key));
        }
    }

    fn named(&mut self, path: &str, a: &[(&str, &Value)], b: &[(&str, &Value)]) {
        let find = |list: &[(&str, &Value)], name: &str| {
            list.iter().find(|item| item.0 == name).map(|item| (*item.1).clone())
        };
        let added = b.iter().filter(|item| find(a, item.0).is_none());
        let mut changed = false;
        for (name, _) in a.iter().chain(added) {
            let before = self.changes.len();
            let (old, new) = (find(a, name), find(b, name));
            self.values(&format!("{path}[{name}]"), old.as_ref(), new.as_ref());
            changed |= self.changes.len() > before;
        }
        if !changed {
            self.push(path, format!("order of {}", subject(path)), None, None);
        }
    }

    fn note(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>) {
        if let Some(variable) = variable(path) {
            let verb = match (before, after) {
                (None, _) => "added",
                (_, None) => "removed",
                _ => "changed",
            };
            let summary = format!("env {variable} {verb}");
            // One variable, one line: `value` and `valueFrom` may both have changed.
            if self.changes.iter().any(|change| change.summary == summary) {
                return;
            }
            let (before, after) = if self.show_values { (before, after) } else { (None, None) };
            return self.push(path, summary, before, after);
        }
        let summary = if is_image(path) {
            image_change(before, after)
        } else {
            format!("{} {}", subject(path), words(before, after))
        };
        self.push(path, summary, before, after);
    }

    fn push(&mut self, path: &str, summary: String, before: Option<&Value>, after: Option<&Value>) {
        let value = |value: Option<&Value>| self.shown(path, value?.clone());
        let change =
            Change { path: path.to_owned(), summary, before: value(before), after: value(after) };
        self.changes.push(change);
    }

    /// A whole container that comes or goes has variables inside.
    fn shown(&self, path: &str, mut value: Value) -> Option<Value> {
        if !self.show_values {
            if path.ends_with(ENV) {
                return None;
            }
            template::hide_environment(&mut value);
        }
        Some(value)
    }
}

fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// The items with their names, where every item has one and no name is there twice.
fn by_name(list: &[Value]) -> Option<Vec<(&str, &Value)>> {
    let items: Vec<(&str, &Value)> =
        list.iter().map(|item| Some((item.get("name")?.as_str()?, item))).collect::<Option<_>>()?;
    let unique =
        items.iter().enumerate().all(|(i, a)| items.iter().skip(i + 1).all(|b| a.0 != b.0));
    unique.then_some(items)
}

fn member(path: &str, key: &str) -> String {
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    match (path, plain) {
        ("", _) => key.to_owned(),
        (_, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[{key}]"),
    }
}

/// Whether a path is about the image of a container.
#[must_use]
pub fn is_image(path: &str) -> bool {
    path.rsplit('.').next() == Some("image")
}

/// The environment variable that a path is about.
fn variable(path: &str) -> Option<&str> {
    path.split_once(".env[")?.1.split_once(']').map(|(name, _)| name)
}

/// What a path is about, without the parts that are the same for every template.
fn subject(path: &str) -> &str {
    path.strip_prefix("spec.").unwrap_or(path)
}

fn image_change(before: Option<&Value>, after: Option<&Value>) -> String {
    let reference =
        |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or("none").to_owned();
    let (before, after) = (reference(before), reference(after));
    let (a, b) = (ImageRef::parse(&before), ImageRef::parse(&after));
    match (a.repository == b.repository, b.version()) {
        (true, Some(version)) if a.version() != b.version() => {
            format!("image {} -> {version}", a.short())
        }
        _ => format!("image {before} -> {after}"),
    }
}

fn words(before: Option<&Value>, after: Option<&Value>) -> String {
    match (before, after) {
        (None, _) => "added".to_owned(),
        (_, None) => "removed".to_owned(),
        (Some(a), Some(b)) if is_short(a) && is_short(b) => format!("{} -> {}", plain(a), plain(b)),
        _ => "changed".to_owned(),
    }
}

fn is_short(value: &Value) -> bool {
    !value.is_object() && !value.is_array() && text::width(&plain(value)) <= 40
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn summaries(before: &Value, after: &Value) -> Vec<String> {
        templates(before, after, false).into_iter().map(|change| change.summary).collect()
    }

    #[test]
    fn changes_are_said_in_words() {
        let before = json!({"metadata": {"annotations": {"a.b/c": "1"}}, "spec": {"containers": [{
            "name": "app", "image": "r/shop:2", "args": ["-x"],
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "secret"}],
            "resources": {"limits": {"memory": "1Gi"}},
        }]}});
        let after = json!({"metadata": {}, "spec": {"containers": [{
            "name": "app", "image": "r/shop:1", "args": ["-y"],
            "env": [{"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                    {"name": "C", "value": "3"}],
            "resources": {"limits": {"memory": "2Gi"}},
        }]}});
        assert_eq!(
            summaries(&before, &after),
            [
                "image shop:2 -> 1",
                "metadata.annotations[a.b/c] removed",
                "containers[app].args changed",
                "env A removed",
                "env B removed",
                "env B added",
                "env C added",
                "containers[app].resources.limits.memory 1Gi -> 2Gi",
            ]
        );
    }

    #[test]
    fn values_of_variables_are_left_out_unless_asked_for() {
        let with = |value: &str| json!({"spec": {"containers": [{"name": "a", "env": [{"name": "PW", "value": value}]}]}});
        let hidden =
            serde_json::to_string(&templates(&with("s3cret"), &with("t0p"), false)).unwrap();
        assert!(!hidden.contains("s3cret") && !hidden.contains("t0p"), "{hidden}");
        let shown = serde_json::to_string(&templates(&with("s3cret"), &with("t0p"), true)).unwrap();
        assert!(shown.contains("s3cret") && shown.contains("t0p"), "{shown}");
    }

    #[test]
    fn variables_that_come_with_their_list_or_container_are_hidden_too() {
        let containers = |list: Value| json!({"spec": {"containers": list}});
        let env = json!([{"name": "PW", "value": "s3cret"}]);
        let twice = json!([{"name": "PW", "value": "s3cret"}, {"name": "PW", "value": "s3cret"}]);
        let bare = json!({"name": "a"});
        let with = json!({"name": "a", "env": env});
        for (before, after, said) in [
            (json!([bare]), json!([with]), "env PW added"),
            (json!([with]), json!([bare]), "env PW removed"),
            (json!([bare]), json!([{"name": "a", "env": twice}]), "containers[a].env added"),
            (json!([]), json!([with]), "containers[a] added"),
        ] {
            let changes = templates(&containers(before), &containers(after), false);
            assert_eq!(changes.iter().map(|c| c.summary.as_str()).collect::<Vec<_>>(), [said]);
            let text = serde_json::to_string(&changes).unwrap();
            assert!(!text.contains("s3cret"), "{text}");
        }
    }

    #[test]
    fn an_order_counts_as_a_change() {
        let a = json!({"spec": {"containers": [{"name": "a"}, {"name": "b"}]}});
        let b = json!({"spec": {"containers": [{"name": "b"}, {"name": "a"}]}});
        assert_eq!(summaries(&a, &b), ["order of containers"]);
        assert_eq!(summaries(&a, &a), [] as [&str; 0]);
    }
}
