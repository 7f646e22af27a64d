//! Whose the fields of a pod template are, as the managed fields tell.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value;

/// Somebody who owns fields of a template that its owner does not own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// The field manager.
    pub manager: String,
    /// When it last wrote, by the API server's clock, in whole seconds.
    pub at: Option<Timestamp>,
    /// The fields below the template, e.g. `spec.containers[web].image`, in order.
    pub fields: Vec<String>,
}

impl Stranger {
    /// Whether all of it is labels and annotations of the pods: a restart, the mark of a tool.
    #[must_use]
    pub fn is_marks_only(&self) -> bool {
        self.fields.iter().all(|field| field.starts_with("metadata."))
    }
}

/// Those who own fields that whoever `is_owner` does not own; `None` where the object does not tell whose
/// its template is.
#[must_use]
pub fn strangers(workload: &Value, is_owner: impl Fn(&str) -> bool) -> Option<Vec<Stranger>> {
    let entries = workload.pointer("/metadata/managedFields")?.as_array()?;
    let template = |entry: &Value| {
        let is_whole =
            entry.get("subresource").and_then(Value::as_str).unwrap_or_default().is_empty();
        let fields = entry.pointer("/fieldsV1/f:spec/f:template").filter(|_| is_whole)?;
        let mut names = BTreeSet::new();
        list(fields, "", &mut names);
        Some((entry.get("manager")?.as_str()?.to_owned(), entry.get("time").cloned(), names))
    };
    let all: Vec<_> = entries.iter().filter_map(template).collect();
    if all.is_empty() {
        return None;
    }
    let own: BTreeSet<&String> = all
        .iter()
        .filter(|(manager, ..)| is_owner(manager))
        .flat_map(|(.., names)| names)
        .collect();
    let mut strangers: Vec<Stranger> = Vec::new();
    for (manager, time, names) in &all {
        let mut fields: Vec<String> =
            names.iter().filter(|name| !own.contains(name)).cloned().collect();
        if is_owner(manager) || fields.is_empty() {
            continue;
        }
        let at: Option<Timestamp> =
            time.as_ref().and_then(Value::as_str).and_then(|time| time.parse().ok());
        match strangers.iter_mut().find(|stranger| stranger.manager == *manager) {
            Some(stranger) => {
                stranger.at = stranger.at.max(at);
                stranger.fields.append(&mut fields);
                stranger.fields.sort();
                stranger.fields.dedup();
            }
            None => strangers.push(Stranger { manager: manager.clone(), at, fields }),
        }
    }
    Some(strangers)
}

/// The names of the fields of a set, as `fieldsV1` writes it.
fn list(fields: &Value, place: &str, names: &mut BTreeSet<String>) {
    let Some(members) = fields.as_object() else { return };
    if members.is_empty() {
        names.insert(place.trim_start_matches('.').to_owned());
    }
    // The map or the item itself says nothing of what is in it.
    for (key, member) in members.iter().filter(|(key, _)| *key != ".") {
        let place = match key.split_once(':') {
            Some(("f", name)) => format!("{place}.{name}"),
            Some(("k", keys)) => format!("{place}[{}]", item(keys)),
            Some((_, rest)) => format!("{place}[{rest}]"),
            None => format!("{place}.{key}"),
        };
        list(member, &place, names);
    }
}

/// `web` for `{"name":"web"}`.
fn item(keys: &str) -> String {
    let Ok(Value::Object(keys)) = serde_json::from_str(keys) else { return keys.to_owned() };
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    keys.values().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const AT: &str = "2026-11-25T21:04:00Z";

    fn entry(manager: &str, subresource: &str, template: &Value) -> Value {
        json!({"manager": manager, "operation": "Update", "subresource": subresource, "time": AT,
            "fieldsV1": {"f:spec": {"f:template": template}}})
    }

    fn image() -> Value {
        json!({"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}})
    }

    fn workload(entries: &[Value]) -> Value {
        json!({"metadata": {"managedFields": entries}})
    }

    fn found(entries: &[Value]) -> Option<Vec<(String, Vec<String>)>> {
        let strangers = strangers(&workload(entries), |manager| manager == "owner")?;
        Some(strangers.into_iter().map(|one| (one.manager, one.fields)).collect())
    }

    #[test]
    fn who_has_what_the_owner_has_not_is_a_stranger() {
        let restart = json!({"f:metadata": {"f:annotations": {".": {}, "f:x/restartedAt": {}}}});
        let none: Vec<(String, Vec<String>)> = Vec::new();
        let stranger = |fields: &[&str]| {
            let fields = fields.iter().map(|field| (*field).to_owned()).collect();
            vec![("kubectl-set".to_owned(), fields)]
        };
        let image_of_web = "spec.containers[web].image";
        for (entries, expected) in [
            (vec![entry("owner", "", &image())], Some(none.clone())),
            (
                vec![
                    entry("owner", "", &json!({"f:spec": {}})),
                    entry("kubectl-set", "", &image()),
                ],
                Some(stranger(&[image_of_web])),
            ),
            // Both have the same value then.
            (
                vec![entry("owner", "", &image()), entry("kubectl-set", "", &image())],
                Some(none.clone()),
            ),
            (vec![entry("owner", "", &image()), entry("hpa", "scale", &image())], Some(none)),
            (
                vec![entry("kubectl-set", "", &image()), entry("kubectl-set", "", &restart)],
                Some(stranger(&["metadata.annotations.x/restartedAt", image_of_web])),
            ),
            (vec![json!({"manager": "owner", "fieldsV1": {"f:spec": {"f:replicas": {}}}})], None),
            (vec![json!("absurd"), json!({"fieldsV1": {"f:spec": {"f:template": {}}}})], None),
        ] {
            assert_eq!(found(&entries), expected, "{entries:?}");
        }
        assert_eq!(strangers(&json!({"metadata": {}}), |_| true), None);
    }

    #[test]
    fn marks_are_told_from_the_rest() {
        let one = |template: &Value| {
            let workload = workload(&[entry("other", "", template)]);
            strangers(&workload, |_| false).unwrap().remove(0)
        };
        assert!(one(&json!({"f:metadata": {"f:labels": {"f:a": {}}}})).is_marks_only());
        let other = one(&image());
        assert!(!other.is_marks_only());
        assert_eq!(other.at, Some(AT.parse().unwrap()));
    }

    #[test]
    fn keys_of_any_shape_have_a_name() {
        let odd = json!({"f:a": {"k:{\"p\":80,\"n\":\"x\"}": {}, "k:junk": {}, "v:\"y\"": {}, "i:0": {}, "z": {}}});
        let names = found(&[entry("other", "", &odd)]).unwrap().remove(0).1;
        assert_eq!(names, ["a.z", "a[\"y\"]", "a[0]", "a[80,x]", "a[junk]"]);
    }
}
